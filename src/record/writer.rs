//! Writes a recording on a thread of its own, so that a slow disk delays only the recording.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use super::error::{RecordError, RecordErrorKind};
use super::{RecordingEntry, RecordingHeader, Redactor};

/// The capacity of the channel to the thread, in entries.
const BACKLOG: usize = 256;
/// The time between two flushes to the file.
const FLUSH: Duration = Duration::from_secs(1);
/// The time between two checks whether the recording has ended itself.
const CHECK: Duration = Duration::from_millis(500);
/// The compression level: a thirtieth of the size, for a hundredth of a core with one box.
const LEVEL: i32 = 3;

/// The settings of a recording.
#[derive(Debug)]
pub struct Settings {
    /// The file; it must not exist.
    pub path: PathBuf,
    /// The largest size of the file in bytes. The recording ends there.
    pub limit: u64,
    /// Replaces names by hashes.
    pub redactor: Option<Redactor>,
}

/// The result of a finished recording.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// Entries.
    pub entries: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Whether it ended at its limit.
    pub is_full: bool,
    /// The system's error that ended it early.
    pub error: Option<String>,
}

/// A recording that is being written.
#[derive(Debug)]
pub struct Recording {
    lines: Option<SyncSender<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
    redactor: Option<Redactor>,
    /// Missed entries that are not recorded as missing yet.
    missed: u64,
    progress: Arc<Progress>,
}

/// The progress of a recording.
#[derive(Debug, Default)]
pub struct Progress {
    written: OnceLock<Written>,
    missed: AtomicU64,
}

impl Progress {
    /// The result; `None` while it is being written.
    pub fn written(&self) -> Option<&Written> {
        self.written.get()
    }

    /// Waits until the recording has ended itself, at its limit or at an error of the disk.
    pub async fn ended(&self) {
        while self.written().is_none() {
            tokio::time::sleep(CHECK).await;
        }
    }

    /// The number of entries that are missing because the disk was too slow.
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}

impl Recording {
    /// Creates the file and writes its first line.
    ///
    /// # Errors
    /// [`RecordError`] if the file exists or can't be written.
    pub fn create(settings: Settings, mut header: RecordingHeader) -> Result<Self, RecordError> {
        let Settings { path, limit, redactor } = settings;
        let file = create(&path)?;
        if let Some(redactor) = &redactor {
            redactor.header(&mut header);
        }
        let io = |error: io::Error| RecordError::new(&path, RecordErrorKind::Io(error));
        let mut out = RecordOutput::new(file, limit).map_err(io)?;
        let first = serde_json::to_vec(&header).map_err(|error| io(error.into()))?;
        out.line(&first).and_then(|()| out.flush()).map_err(io)?;
        let (lines, inbox) = sync_channel(BACKLOG);
        let progress = Arc::new(Progress::default());
        let shared = Arc::clone(&progress);
        // It is set once, here.
        let work = move || drop(shared.written.set(write(&inbox, out)));
        let thread = std::thread::Builder::new().name("recording".to_owned()).spawn(work).map_err(io)?;
        Ok(Self { lines: Some(lines), thread: Some(thread), redactor, missed: 0, progress })
    }

    /// Queues an entry. Never waits: entries are dropped when the disk is too slow, and the recording notes how many.
    pub fn note(&mut self, entry: RecordingEntry<'_>) {
        let Some(lines) = &self.lines else { return };
        let entry = match &self.redactor {
            Some(redactor) => redactor.entry(entry),
            None => entry,
        };
        if self.missed > 0 {
            let Ok(line) = serde_json::to_vec(&RecordingEntry::Missed(self.missed)) else { return };
            if lines.try_send(line).is_ok() {
                self.missed = 0;
            }
        }
        // An entry has only maps with text keys, so that it can always be serialized.
        let Ok(line) = serde_json::to_vec(&entry) else { return };
        match lines.try_send(line) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.missed += 1;
                self.progress.missed.fetch_add(1, Ordering::Relaxed);
            }
            Err(TrySendError::Disconnected(_)) => self.lines = None,
        }
    }

    /// The progress, while it is written and afterwards.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }
}

/// Writes the remaining entries.
impl Drop for Recording {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            // If the writer panicked, the progress shows that nothing more was written.
            let _ = thread.join();
        }
    }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

fn create(path: &Path) -> Result<File, RecordError> {
    private(OpenOptions::new().write(true).create_new(true)).open(path).map_err(|error| {
        let kind = match error.kind() {
            io::ErrorKind::AlreadyExists => RecordErrorKind::Exists,
            _ => RecordErrorKind::Io(error),
        };
        RecordError::new(path, kind)
    })
}

/// Writes lines until the channel is closed, the limit is reached or the disk reports an error.
fn write(inbox: &Receiver<Vec<u8>>, mut out: RecordOutput) -> Written {
    let mut written = Written::default();
    let result = write_all(inbox, &mut out, &mut written);
    let ended = result.and_then(|()| out.finish());
    written.error = ended.err().map(|error| error.to_string());
    written.bytes = out.bytes();
    written
}

fn write_all(inbox: &Receiver<Vec<u8>>, out: &mut RecordOutput, written: &mut Written) -> io::Result<()> {
    use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
    let mut waiting = false;
    loop {
        match inbox.recv_timeout(FLUSH) {
            Ok(line) => {
                out.line(&line)?;
                written.entries += 1;
                waiting = true;
            }
            Err(Timeout) if waiting => {
                out.flush()?;
                waiting = false;
            }
            Err(Timeout) => {}
            Err(Disconnected) => return Ok(()),
        }
        if waiting && out.is_flush_due() {
            out.flush()?;
            waiting = false;
        }
        if out.is_full() {
            written.is_full = true;
            return Ok(());
        }
    }
}

/// The compressed file.
struct RecordOutput {
    encoder: zstd::stream::write::Encoder<'static, Counted>,
    limit: u64,
    flushed: std::time::Instant,
}

impl RecordOutput {
    fn new(file: File, limit: u64) -> io::Result<Self> {
        let mut encoder = zstd::stream::write::Encoder::new(Counted { file, bytes: 0 }, LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self { encoder, limit, flushed: std::time::Instant::now() })
    }

    fn line(&mut self, text: &[u8]) -> io::Result<()> {
        self.encoder.write_all(text)?;
        self.encoder.write_all(b"\n")
    }

    fn is_flush_due(&self) -> bool {
        self.flushed.elapsed() >= FLUSH
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = std::time::Instant::now();
        self.encoder.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.encoder.do_finish()?;
        self.encoder.get_ref().file.sync_all()
    }

    fn bytes(&self) -> u64 {
        self.encoder.get_ref().bytes
    }

    fn is_full(&self) -> bool {
        self.bytes() >= self.limit
    }
}

/// A file whose bytes are counted.
struct Counted {
    file: File,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.file.write(data)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
