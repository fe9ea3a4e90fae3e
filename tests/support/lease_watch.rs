//! Watches of one node in runs, with changes of the configuration between them, in a time that the test sets.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use margintop::clock::{Clock, ScriptedClock};
use margintop::config::load;
use margintop::fleet::{FleetConfig, TargetInfo};
use margintop::ledger::{CostAccount, Grain, Past};
use margintop::pricing::Book;
use margintop::reading::{Event, GpuId, GpuReading, Label, NodeName, UnitName};
use margintop::session::PlaybackConfig;
use margintop::store::Reader;
use margintop::units::{Energy, Moment, Power, Span, Timestamp};

use super::script::{self, Script};
use super::support::{answered, counters, instant, ledger_settings, member, page};

const ENGINE: &str = "http://gpu-01:8000";
const EXPORTER: &str = "http://gpu-01:9400";
const NODE: &str = "gpu-01";
/// What each GPU draws, in watts.
const WATTS: i64 = 400;

/// One run of a watch.
#[derive(Debug, Clone)]
pub struct Run {
    text: String,
    unit: Option<String>,
    after: i64,
    seconds: i64,
    gpus: u32,
    name: String,
    work: u64,
    by_page: bool,
    silent: (i64, i64),
}

impl Run {
    /// A run with a configuration: only what it says of leases and overhead is used.
    pub fn of(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            unit: None,
            after: 0,
            seconds: 10,
            gpus: 0,
            name: "NVIDIA H800".to_owned(),
            work: 0,
            by_page: false,
            silent: (i64::MAX, i64::MAX),
        }
    }

    /// The node's unit.
    pub fn unit(self, unit: &str) -> Self {
        Self { unit: Some(unit.to_owned()), ..self }
    }

    /// Seconds without a watch before it.
    pub fn after(self, after: i64) -> Self {
        Self { after, ..self }
    }

    /// How long it lasts.
    pub fn seconds(self, seconds: i64) -> Self {
        Self { seconds, ..self }
    }

    /// How many GPUs the node has.
    pub fn gpus(self, gpus: u32) -> Self {
        Self { gpus, ..self }
    }

    /// The driver's name for them.
    pub fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// The engine makes so many tokens a second.
    pub fn work(self, work: u64) -> Self {
        Self { work, ..self }
    }

    /// The GPUs are reported by an exporter's page.
    pub fn by_page(self) -> Self {
        Self { by_page: true, ..self }
    }

    /// The node says nothing after a second of the run.
    pub fn silent_after(self, second: i64) -> Self {
        Self { silent: (second, i64::MAX), ..self }
    }

    /// The node says nothing between two seconds of the run.
    pub fn silent_between(self, from: i64, to: i64) -> Self {
        Self { silent: (from, to), ..self }
    }

    /// What is reported each second, by a node that has made so much before.
    fn script(&self, clock: &ScriptedClock, made: u64) -> Script<impl FnMut(Moment) -> Vec<Event> + Send + 'static> {
        let (run, began) = (self.clone(), clock.now().wall);
        let instants: Vec<_> = (0..=self.seconds).map(|second| began + Span::from_secs(second)).collect();
        Script::new(clock, instants, move |at| {
            let second = (at.wall - began).millis() / 1_000;
            let mut events = Vec::new();
            if second > run.silent.0 && second < run.silent.1 {
                return events;
            }
            if run.gpus > 0 {
                events.push(gpus(&run, at));
            }
            if run.work > 0 {
                let made = made + run.work * second.unsigned_abs();
                events.push(answered(ENGINE, at, page("deepseek-r1", counters(0, 0, made), None)));
            }
            events
        })
    }

    fn config(&self) -> FleetConfig {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("margintop.toml");
        std::fs::write(&path, &self.text).unwrap();
        let settings = load(Some(&path)).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let unit = self.unit.as_deref().map(UnitName::new);
        let mut targets = vec![TargetInfo { unit, ..member(ENGINE, NODE, None) }];
        if self.by_page {
            targets.push(member(EXPORTER, NODE, None));
        }
        FleetConfig { targets, leases: settings.leases, overhead: settings.overhead, ..FleetConfig::local(NODE) }
    }
}

/// A ledger over several runs.
pub struct Fleets {
    path: PathBuf,
    now: std::cell::Cell<(Timestamp, u64)>,
    _home: tempfile::TempDir,
}

impl Fleets {
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("state/ledger.db");
        Self { path, now: std::cell::Cell::new((instant("2025-03-10T10:00:00Z"), 0)), _home: home }
    }

    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Watches: the first poll is at the beginning of the run and the last one at its end.
    pub fn run(&self, run: &Run) {
        let (ended, mut made) = self.now.get();
        let began = ended + Span::from_secs(run.after);
        made += run.work * u64::try_from(run.after).unwrap();
        let clock = ScriptedClock::at(began);
        let config = PlaybackConfig {
            fleet: run.config(),
            book: Book::built_in().unwrap(),
            ledger: ledger_settings(Some(&self.path), Clock::Scripted(clock.clone())),
            absence: Span::from_secs(86_400),
            history: None,
        };
        let mut playback = script::writing(|| run.script(&clock, made), &clock, &config);
        script::play(&mut playback, None);
        drop(playback.scripted.close());
        made += run.work * u64::try_from(run.seconds).unwrap();
        let (waited, now) = (Instant::now(), clock.now().wall);
        while !Reader::open(&self.path).is_ok_and(|reader| reader.header().last == now) {
            assert!(waited.elapsed() < Duration::from_secs(20), "the last poll is not written");
            std::thread::sleep(Duration::from_millis(5));
        }
        self.now.set((now, made));
    }

    /// Ends the leases of a node by hand.
    pub fn end(&self, node: &str, at: &str) {
        margintop::store::end_lease(&self.path, &NodeName::new(node), instant(at)).unwrap();
    }

    fn past(&self) -> Past {
        let reader = Reader::open(&self.path).unwrap();
        reader.past(Timestamp::default(), instant("2030-01-01T00:00:00Z"), Grain::Day).unwrap()
    }

    fn time(&self, of: impl Fn(&CostAccount) -> bool) -> i64 {
        let past = self.past();
        let cells = past.gpu_times.iter().filter(|cell| of(&past.cost_accounts[cell.cost_account.index()]));
        cells.map(|cell| cell.allocated.millis()).sum()
    }

    /// GPU-milliseconds of a lease.
    pub fn allocated(&self, lease: &str) -> i64 {
        self.time(|account| account.lease.as_ref().is_some_and(|name| name.as_str() == lease))
    }

    /// GPU-milliseconds at a rate.
    pub fn at_rate(&self, rate: &str) -> i64 {
        self.time(|account| account.rate.is_some_and(|known| known == rate.parse().unwrap()))
    }

    /// All GPU-milliseconds.
    pub fn all(&self) -> i64 {
        self.time(|_| true)
    }

    /// Energy in millijoules.
    pub fn energy(&self) -> i64 {
        self.past().gpu_times.iter().map(|cell| cell.energy).sum()
    }

    /// Output tokens whose GPUs' cost was known, or not.
    pub fn output(&self, costed: bool) -> u64 {
        let past = self.past();
        let cells = past.tokens.iter().filter(|cell| past.accounts[cell.account.index()].costed == costed);
        cells.map(|cell| cell.tokens.output.count()).sum()
    }
}

fn gpus(run: &Run, at: margintop::units::Moment) -> Event {
    let reading = |index: u32| GpuReading {
        index,
        id: Some(GpuId::from_uuid(&format!("GPU-{index}"))),
        name: Some(Label::new(&run.name)),
        energy: Some(Energy::new(u64::try_from((at.wall.millis() % 1_000_000_000) * WATTS).unwrap())),
        power_limit: Power::from_watts(700.0),
        ..GpuReading::default()
    };
    let readings: Vec<_> = (0..run.gpus).map(reading).collect();
    if run.by_page {
        let mut listed = page("deepseek-r1", counters(0, 0, 0), None);
        listed.engines.clear();
        listed.gpus = readings.into_iter().map(|reading| (None, reading)).collect();
        return answered(EXPORTER, at, listed);
    }
    Event::nvml(NodeName::new(NODE), at, Ok(readings))
}
