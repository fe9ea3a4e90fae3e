//! Lists of targets that are read again when they change: new targets are polled, those that left no longer.
//!
//! A list that cannot be read keeps its last targets, and is an error with its remedy.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::file_sd::MOST;
use super::list_files::{FileState, ListFiles};
use super::listed::ListedSource;
use crate::clock::Clock;
use crate::reading::{Label, SourceError, SourceErrorKind, TargetId};
use crate::source::contract::{FoundTarget, Next, PollFuture, PollTiming, Sink, Source, SourceMessage};
use crate::source::scrape::Settings;
use crate::source::{PolledTarget, source_of};

/// The id of the source of all lists.
const LISTS: &str = "target lists";
/// The time between two looks at the files.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The source of listed targets. It has a thread of its own, so that a slow disk delays nothing else.
#[derive(Debug)]
pub struct TargetLists {
    id: TargetId,
    reader: Option<ListReader>,
    every: Duration,
    /// Ends the thread when it is dropped.
    running: Option<Sender<()>>,
}

impl TargetLists {
    /// Lists whose targets are polled with `settings`. The `named` targets are polled already.
    pub fn new(lists: Vec<ListFiles>, named: Vec<PolledTarget>, settings: Settings) -> Self {
        let lists = lists.into_iter().map(|files| WatchedList { files, ..WatchedList::default() }).collect();
        let reader = ListReader { lists, named, settings, known: BTreeMap::new(), errors: Vec::new() };
        Self { id: TargetId::new(LISTS), reader: Some(reader), every: LOOK_AGAIN, running: None }
    }

    /// Looks at the files at another interval.
    #[must_use]
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }
}

impl Source for TargetLists {
    fn id(&self) -> &TargetId {
        &self.id
    }

    /// Announces the targets that are listed now, and starts the thread.
    fn start(&mut self, sink: Sink, _clock: &Clock) {
        let Some(mut reader) = self.reader.take() else { return };
        for message in reader.read() {
            sink.send_at_once(message);
        }
        let ((running, stopped), every) = (channel(), self.every);
        let thread = std::thread::Builder::new().name("target lists".to_owned());
        if thread.spawn(move || follow(&mut reader, &sink, &stopped, every)).is_ok() {
            self.running = Some(running);
        }
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(async { Next::Scheduled })
    }

    fn timing(&self) -> PollTiming {
        PollTiming::Own
    }
}

/// Reads the lists until the source is dropped.
fn follow(reader: &mut ListReader, sink: &Sink, stopped: &Receiver<()>, every: Duration) {
    while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        for message in reader.read() {
            sink.send_blocking(message);
        }
    }
}

/// One list, with its last good state.
#[derive(Debug)]
struct WatchedList {
    files: ListFiles,
    /// The files that were read last.
    seen: Option<Vec<FileState>>,
    targets: Vec<PolledTarget>,
    error: Option<String>,
}

impl Default for WatchedList {
    fn default() -> Self {
        let files = ListFiles { path: <_>::default(), options: <_>::default() };
        Self { files, seen: None, targets: Vec::new(), error: None }
    }
}

impl WatchedList {
    /// Reads the list if its files have changed. Returns whether there is something new.
    fn read(&mut self) -> bool {
        let read = match self.files.states() {
            Ok(states) if self.seen.as_ref() == Some(&states) => return false,
            Ok(states) => {
                let read = self.files.read(&states);
                self.seen = Some(states);
                read
            }
            Err(why) => {
                self.seen = None;
                Err(why)
            }
        };
        match read {
            Ok(targets) => (self.targets, self.error) = (targets, None),
            Err(why) if self.error.as_ref() == Some(&why) => return false,
            Err(why) => self.error = Some(why),
        }
        true
    }

    fn source_error(&self) -> Option<SourceError> {
        let why = self.error.as_ref()?;
        let kept = if self.targets.is_empty() { "" } else { "; the targets of its last good state are polled" };
        let (cause, remedy) = why.split_once(": write ").or_else(|| why.split_once("; ")).unwrap_or((why, ""));
        let remedy = if why.contains(": write ") { format!("write {remedy}") } else { remedy.to_owned() };
        Some(SourceError {
            kind: SourceErrorKind::Other,
            source: Label::new(&format!("file_sd {}", self.files.path.display())),
            cause: Label::new(&format!("{cause}{kept}")),
            remedy: Label::new(&remedy),
        })
    }
}

/// The lists, and the targets that were announced.
#[derive(Debug)]
struct ListReader {
    lists: Vec<WatchedList>,
    named: Vec<PolledTarget>,
    settings: Settings,
    known: BTreeMap<TargetId, (PolledTarget, Arc<AtomicBool>)>,
    /// The errors that were sent last.
    errors: Vec<SourceError>,
}

impl ListReader {
    /// Reads the lists that have changed. Returns what to say about it.
    fn read(&mut self) -> Vec<SourceMessage> {
        // Each of them is read, also after one that has changed.
        if self.lists.iter_mut().filter_map(|list| list.read().then_some(())).count() == 0 {
            return Vec::new();
        }
        let (listed, over) = self.listed();
        let mut messages = Vec::new();
        let is_gone = |id: &TargetId, known: &PolledTarget| listed.get(id) != Some(known);
        let gone: Vec<TargetId> =
            self.known.iter().filter(|(id, (known, _))| is_gone(id, known)).map(|(id, _)| id.clone()).collect();
        for (_, is_listed) in gone.iter().filter_map(|id| self.known.remove(id)) {
            is_listed.store(false, Ordering::Relaxed);
        }
        if !gone.is_empty() {
            messages.push(SourceMessage::Gone(gone));
        }
        let new = listed.into_values().filter(|target| !self.known.contains_key(&target.id)).collect::<Vec<_>>();
        if !new.is_empty() {
            messages.push(SourceMessage::Targets(new.into_iter().map(|target| self.announce(target)).collect()));
        }
        let errors: Vec<SourceError> = self.lists.iter().filter_map(WatchedList::source_error).chain(over).collect();
        if errors != self.errors {
            self.errors.clone_from(&errors);
            messages.push(SourceMessage::Errors(TargetId::new(LISTS), errors));
        }
        messages
    }

    /// The targets of all lists that are polled by no other source, up to the limit; the error if there are more.
    fn listed(&self) -> (BTreeMap<TargetId, PolledTarget>, Option<SourceError>) {
        let is_named =
            |target: &PolledTarget| self.named.iter().any(|named| named.id == target.id || named.is_same_page(target));
        let mut listed = BTreeMap::new();
        let mut over = 0_usize;
        for target in self.lists.iter().flat_map(|list| &list.targets) {
            if listed.contains_key(&target.id) || is_named(target) {
                continue;
            }
            if listed.len() == MOST {
                over += 1;
            } else {
                listed.insert(target.id.clone(), target.clone());
            }
        }
        let error = (over > 0).then(|| SourceError {
            kind: SourceErrorKind::Other,
            source: Label::new("discover"),
            cause: Label::new(&format!("{over} targets beyond the limit of {MOST} are not polled")),
            remedy: Label::new("list fewer, or watch them with several hubs"),
        });
        (listed, error)
    }

    fn announce(&mut self, target: PolledTarget) -> FoundTarget {
        let is_listed = Arc::new(AtomicBool::new(true));
        let source = ListedSource::new(source_of(&target, &self.settings), Arc::clone(&is_listed));
        let info = target.info();
        self.known.insert(target.id.clone(), (target, is_listed));
        FoundTarget { info, source: Some(Box::new(source)) }
    }
}
