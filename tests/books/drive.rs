//! Watches a case's fleet run by run, with a ledger on disk and a clock that the case sets.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use margintop::clock::{Clock, ScriptedClock};
use margintop::config::{Settings, load_at};
use margintop::fleet::{FleetConfig, TargetInfo};
use margintop::reading::{Event, Finished, GpuId, GpuReading, Label, NodeName, UnitName};
use margintop::session::PlaybackConfig;
use margintop::store::Reader;
use margintop::units::{Energy, Moment, Power, Span, Timestamp, Tokens};
use rusqlite::Connection;

use super::case::{Case, Node, Run};
use super::script::{self, Script};
use super::support::{answered, counters, ledger_settings, member, page};
use super::terms::Config;

/// What each GPU draws, in watts: so many millijoules a millisecond.
pub const WATTS: i64 = 400;
const PATIENCE: Duration = Duration::from_secs(8);

/// The ledger of a case, and the configuration of its last run beside it.
pub struct Kept {
    pub ledger: PathBuf,
    pub config: PathBuf,
    home: tempfile::TempDir,
}

impl Kept {
    /// Runs the whole case.
    pub fn of(case: &Case) -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("margintop.toml");
        let mut kept = Self { ledger: home.path().join("0/ledger.db"), config, home };
        let mut made = vec![case.before(); case.engines().count()];
        for (nth, run) in case.runs.iter().enumerate() {
            if let Some(copy) = kept.run(case, run, nth + 1, &mut made) {
                kept.ledger = copy;
            }
        }
        kept
    }

    fn settings(&self, config: &Config, now: i64) -> Settings {
        std::fs::write(&self.config, config.text()).unwrap();
        std::fs::write(self.config.with_file_name("house.toml"), config.price_file()).unwrap();
        load_at(Some(&self.config), Timestamp::from_millis(now)).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
    }

    /// One run; after a kill, the ledger as it was when the last poll that was written was.
    fn run(&self, case: &Case, run: &Run, nth: usize, made: &mut [[u64; 3]]) -> Option<PathBuf> {
        let began = run.polls[0].0;
        let settings = self.settings(&run.config, began);
        let clock = ScriptedClock::at(Timestamp::from_millis(began));
        let mut kept = ledger_settings(Some(&self.ledger), Clock::Scripted(clock.clone()));
        kept.book = (settings.book.revision(), settings.book.canonical());
        let config = PlaybackConfig {
            fleet: fleet_config(case, &settings),
            book: settings.book.clone(),
            ledger: kept,
            absence: Span::from_secs(86_400),
            history: None,
        };
        let polls = polls(case, run, clock.now(), made);
        let instants = || run.polls.iter().map(|(at, _)| Timestamp::from_millis(*at));
        let source = || {
            let mut polls = polls.clone().into_iter();
            Script::new(&clock, instants(), move |_| polls.next().unwrap_or_default())
        };
        let mut playback = script::writing(source, &clock, &config);
        let mut copy = None;
        for (poll, at) in instants().enumerate() {
            script::play(&mut playback, Some(at));
            if run.killed == Some(poll) {
                wait_for(&self.ledger, at);
                let path = self.home.path().join(format!("{nth}/ledger.db"));
                copied(&self.ledger, &path);
                copy = Some(path);
            }
        }
        drop(playback.scripted.close());
        wait_for(&self.ledger, clock.now().wall);
        copy
    }
}

/// The readings of each poll of a run that begins at `began`, with what is made by then.
fn polls(case: &Case, run: &Run, began: Moment, made: &mut [[u64; 3]]) -> Vec<Vec<Event>> {
    let poll = |(at, work): &(i64, Vec<[u64; 3]>)| {
        let finished = made.to_vec();
        for (made, work) in made.iter_mut().zip(work) {
            *made = std::array::from_fn(|class| made[class] + work[class]);
        }
        readings(case, (made, &finished), began + (Timestamp::from_millis(*at) - began.wall))
    };
    run.polls.iter().map(poll).collect()
}

fn wait_for(ledger: &Path, at: Timestamp) {
    let waited = Instant::now();
    loop {
        let last = Reader::open(ledger).map(|reader| reader.header().last);
        if last.as_ref().is_ok_and(|last| *last == at) {
            return;
        }
        assert!(waited.elapsed() < PATIENCE, "the poll at {at} is not written; the ledger ends at {last:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn copied(ledger: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    Connection::open(ledger).unwrap().execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
}

fn fleet_config(case: &Case, settings: &Settings) -> FleetConfig {
    let target = |node: &Node, url: &str, tenant: Option<&str>| TargetInfo {
        unit: node.unit.map(UnitName::new),
        tenant: tenant.map(Label::new),
        ..member(url, node.name, None)
    };
    let engines = case.engines().map(|(node, engine)| target(node, &engine.url, engine.tenant));
    let exporters = case.nodes.iter().filter(|node| node.gpus > 0).map(|node| target(node, &exporter(node), None));
    FleetConfig {
        interval: Span::from_millis(case.step),
        targets: engines.chain(exporters).collect(),
        leases: settings.leases.clone(),
        bill: settings.bill,
        overhead: settings.overhead,
        ..FleetConfig::local("box")
    }
}

fn exporter(node: &Node) -> String {
    format!("http://{}:9400", node.name)
}

/// Pages of all engines, with what each made and, of that, what is finished.
fn readings(case: &Case, (made, finished): (&[[u64; 3]], &[[u64; 3]]), at: Moment) -> Vec<Event> {
    let mut starts = (0..).map(|nth| Timestamp::from_millis(1_700_000_000_000 + nth * 60_000));
    let gpus = case.nodes.iter().filter(|node| node.gpus > 0).map(|node| gpus(node, at));
    let engines = case.engines().zip(made.iter().zip(finished)).map(|((_, engine), (made, finished))| {
        let [prompt, cached, output] = *made;
        let mut page = page(engine.model, counters(prompt, cached, output), starts.next());
        if case.is_finished {
            let tokens = |class: usize| Some(Tokens::new(finished[class]));
            page.engines[0].finished = Finished { prompt: tokens(0), output: tokens(2), ..Finished::default() };
        }
        answered(&engine.url, at, page)
    });
    gpus.chain(engines).collect()
}

fn gpus(node: &Node, at: Moment) -> Event {
    let reading = |index: u32| GpuReading {
        index,
        id: Some(GpuId::from_uuid(&format!("GPU-{}-{index}", node.name))),
        name: Some(Label::new(node.gpu)),
        energy: Some(Energy::new(u64::try_from((at.wall.millis() - 1_700_000_000_000) * WATTS).unwrap())),
        power_limit: Power::from_watts(700.0),
        ..GpuReading::default()
    };
    let mut listed = page("none", counters(0, 0, 0), None);
    listed.engines.clear();
    listed.gpus = (0..node.gpus).map(|index| (Some(NodeName::new(node.name)), reading(index))).collect();
    answered(&exporter(node), at, listed)
}
