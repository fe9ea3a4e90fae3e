//! A past span from the raw samples of a Prometheus, in a ledger of its own that ends with the report.

use std::path::PathBuf;
use std::time::Duration;

use super::query::ReportQuery;
use crate::cli::sources::{SourcePlan, known};
use crate::cli::{Failure, to_stderr};
use crate::clock::{Clock, ScriptedClock};
use crate::config::Settings;
use crate::platform::host_name;
use crate::reading::NodeName;
use crate::session::{Playback, runtime};
use crate::source::scrape;
use crate::source::{PolledTarget, PrometheusPast, TargetError};
use crate::store::Reader;
use crate::units::Timestamp;

/// The longest wait for the last transaction of the ledger.
const CLOSING: Duration = Duration::from_secs(60);
/// The timeout of a question: one covers more samples than when a fleet is watched.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many folders of a name are tried.
const FOLDERS: u32 = 1000;

/// A span that was read, in a ledger of its own.
#[derive(Debug)]
pub(super) struct PastRead {
    ledger: OwnFolder,
    /// The present.
    pub(super) now: Timestamp,
}

impl PastRead {
    /// The reader of its ledger.
    pub(super) fn reader(&self) -> Result<Reader, Failure> {
        Ok(Reader::open(&self.ledger.file())?)
    }
}

/// Reads the span of a query from a server.
pub(super) fn read(server: &str, query: &ReportQuery, settings: &Settings) -> Result<PastRead, Failure> {
    let now = Clock::System.now().wall;
    let Some(since) = query.since else {
        return Err(Failure::Usage("--from reads a span: add --since T, as in --since 24h".to_owned()));
    };
    let since = since.resolve(&settings.zone, now);
    let until = query.until.map_or(now, |until| until.resolve(&settings.zone, now)).min(now);
    if since >= until {
        return Err(Failure::Usage(format!("--since {since} is not before {until}: write an earlier one")));
    }
    let named = known(server, &settings.targets);
    let mut target: PolledTarget =
        named.address.parse().map_err(|error: TargetError| Failure::Usage(error.to_string()))?;
    if !target.announces_targets() {
        let why = "only a Prometheus has past samples: write --from prometheus+http://HOST:PORT, and times with --since and --until";
        return Err(Failure::Usage(format!("--from {server}: {why}")));
    }
    target.options = named.options;
    let id = target.id.clone();
    let plan = SourcePlan::bare(settings.clone(), NodeName::new(&host_name()));
    let ledger = OwnFolder::new()?;
    let clock = ScriptedClock::at(PrometheusPast::begin(since));
    let scrapes = scrape::Settings { timeout: PATIENCE, ..scrape::Settings::default() };
    let source = PrometheusPast::new(target, &scrapes, &clock, (since, until), now);
    let mut playback = Playback::of_source(source, &clock, plan.playback(Some(ledger.file()), None));
    crate::cli::ledger::kept(&playback.basis)?;
    runtime(1)?.block_on(playback.scripted.play(None, None, &playback.publish));
    playback.scripted.collector.commit();
    playback.store.settle(CLOSING);
    let source = playback.scripted.close();
    if let Some(failure) = source.failure() {
        return Err(Failure::Run(format!("{id}: {failure}")));
    }
    source.left_out().into_iter().for_each(|left_out| to_stderr(&format!("{id}: {left_out}")));
    Ok(PastRead { ledger, now })
}

/// A folder for one run, removed when it is dropped.
#[derive(Debug)]
struct OwnFolder(PathBuf);

impl OwnFolder {
    /// A new folder that only this user reads.
    fn new() -> Result<Self, Failure> {
        let within = std::env::temp_dir();
        for nth in 0..FOLDERS {
            let path = within.join(format!("margintop-report-{}-{nth}", std::process::id()));
            match create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Failure::of_file(&path, &error)),
            }
        }
        Err(Failure::Run(format!("{}: no name for a folder is free; remove margintop-report-*", within.display())))
    }

    fn file(&self) -> PathBuf {
        self.0.join("ledger.db")
    }
}

impl Drop for OwnFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn create(path: &std::path::Path) -> std::io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}
