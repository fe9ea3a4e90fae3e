//! One connection: runs `ssh` and keeps the newest round of its output.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::command::{Mark, script, ssh};
use super::failure::{ended, not_started};
use super::rounds::{RoundReader, SshRound};
use crate::clock::Clock;
use crate::reading::ScrapeError;
use crate::source::target::SshAddress;
use crate::units::Moment;

/// The most bytes that are kept of what ssh prints as errors.
const SAID: usize = 8 * 1024;
/// How much is read at once.
const PIECE: usize = 64 * 1024;
/// How long an ended connection may take to say why.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A round with the time at which its last byte came, and its size in bytes.
#[derive(Debug)]
pub(super) struct TimedRound {
    pub(super) round: SshRound,
    pub(super) at: Moment,
    pub(super) bytes: u64,
}

/// A connection that is open or has just ended. Dropping it ends it.
#[derive(Debug)]
pub(super) struct SshConnection {
    rounds: watch::Receiver<Option<Arc<TimedRound>>>,
    task: JoinHandle<ScrapeError>,
}

impl SshConnection {
    /// Connects.
    pub(super) fn open(
        there: &SshAddress,
        interval: Duration,
        limit: usize,
        clock: &Clock,
    ) -> Result<Self, ScrapeError> {
        let mark = Mark::new();
        let script = script(&mark, interval);
        let child = ssh(there).spawn().map_err(|error| not_started(&error))?;
        let (publish, rounds) = watch::channel(None);
        let reader = RoundReader::new(mark, limit);
        let task = tokio::spawn(follow(child, script, reader, limit as u64, clock.clone(), publish));
        Ok(Self { rounds, task })
    }

    /// The newest round that was not returned yet; waits for one. An error if the connection ends first.
    pub(super) async fn next(&mut self) -> Result<Arc<TimedRound>, ScrapeError> {
        loop {
            if self.rounds.changed().await.is_err() {
                let why = (&mut self.task).await;
                return Err(why.unwrap_or_else(|_| ended(None, "", true)));
            }
            if let Some(round) = self.rounds.borrow_and_update().clone() {
                return Ok(round);
            }
        }
    }
}

impl Drop for SshConnection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Publishes rounds until the connection ends, and returns why it did.
async fn follow(
    mut child: Child,
    script: String,
    mut reader: RoundReader,
    limit: u64,
    clock: Clock,
    publish: watch::Sender<Option<Arc<TimedRound>>>,
) -> ScrapeError {
    let (Some(mut input), Some(mut output), Some(errors)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return ended(None, "", false);
    };
    let said = tokio::spawn(first_bytes(errors));
    // Of a connection that ends at once, ssh says why.
    let _ = input.write_all(script.as_bytes()).await;
    let _ = input.flush().await;
    let (mut piece, mut bytes) = (vec![0; PIECE], 0);
    loop {
        let length = match output.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(length) => length,
        };
        bytes += length as u64;
        match reader.take(piece.get(..length).unwrap_or_default()) {
            Ok(None) => {}
            Ok(Some(round)) => {
                let round = TimedRound { round, at: clock.now(), bytes: std::mem::take(&mut bytes) };
                publish.send_replace(Some(Arc::new(round)));
            }
            Err(_) => return ScrapeError::TooLarge(limit),
        }
    }
    drop(input);
    let status = tokio::time::timeout(LAST_WORDS, child.wait()).await.ok().and_then(Result::ok);
    let said = tokio::time::timeout(LAST_WORDS, said).await.ok().and_then(Result::ok).unwrap_or_default();
    ended(status, &said, reader.has_begun())
}

/// The first bytes of what is printed as errors; the rest is read and forgotten.
async fn first_bytes(mut errors: ChildStderr) -> String {
    let (mut said, mut piece) = (Vec::new(), vec![0; 1024]);
    while let Ok(length @ 1..) = errors.read(&mut piece).await {
        let room = SAID.saturating_sub(said.len()).min(length);
        said.extend_from_slice(piece.get(..room).unwrap_or_default());
    }
    String::from_utf8_lossy(&said).into_owned()
}
