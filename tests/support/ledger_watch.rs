//! Someone who watches one engine and its node's GPUs and keeps a ledger, in a time that the test sets.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use margintop::clock::{Clock, ScriptedClock};
use margintop::fleet::{Fleet, FleetConfig, TargetInfo};
use margintop::ledger::{Classes, Grain, Past};
use margintop::pricing::Book;
use margintop::reading::{Event, GpuId, GpuReading, Label, NodeName};
use margintop::session::{Collector, Message};
use margintop::snapshot::{LedgerBasis, Snapshot, WriterStatus};
use margintop::store::{LedgerEvent, Reader, Settings};
use margintop::units::{Money, Span, Timestamp};

use super::support::{answered, counters, instant, ledger_settings, member, open_store, page};

pub const ENGINE: &str = "http://gpu-01:8000";
pub const MODEL: &str = "deepseek-r1";
const DAY: Span = Span::from_secs(86_400);

pub fn began() -> Timestamp {
    instant("2025-03-10T10:00:00Z")
}

/// The watch, its clock, and the ledger's last word.
pub struct LedgerWatch {
    pub collector: Collector,
    pub clock: ScriptedClock,
    pub news: Receiver<LedgerEvent>,
    pub basis: LedgerBasis,
    path: PathBuf,
}

impl LedgerWatch {
    /// Sits down at an instant and waits for the ledger's first word.
    pub fn at(path: &Path, at: Timestamp) -> Self {
        Self::with(path, at, "USD", TimeZone::UTC)
    }

    /// The same with another currency or zone.
    pub fn with(path: &Path, at: Timestamp, currency: &str, zone: TimeZone) -> Self {
        Self::of(path, at, currency, zone, FleetConfig::local("gpu-01"))
    }

    /// The same with another configuration.
    pub fn of(path: &Path, at: Timestamp, currency: &str, zone: TimeZone, config: FleetConfig) -> Self {
        let clock = ScriptedClock::at(at);
        let settings = ledger_settings(Some(path), Clock::Scripted(clock.clone()));
        let (store, news) = open_store(Settings { currency: currency.to_owned(), zone, ..settings });
        let targets: Vec<TargetInfo> = vec![member(ENGINE, "gpu-01", None)];
        let config = FleetConfig { targets, ..config };
        let fleet = Fleet::new(config, Book::built_in().unwrap(), clock.now());
        let collector = Collector::new(fleet).with_ledger(store, DAY);
        let mut watch = Self { collector, clock, news, basis: LedgerBasis::default(), path: path.to_owned() };
        watch.on_ledger_event(|basis| *basis != LedgerBasis::default());
        watch
    }

    /// Records what is published from now on.
    pub fn with_history(self, history: margintop::history::History) -> Self {
        Self { collector: self.collector.with_history(history), ..self }
    }

    /// Heeds the ledger's news until it stands as wanted.
    pub fn on_ledger_event(&mut self, wanted: impl Fn(&LedgerBasis) -> bool) {
        let began = Instant::now();
        while !wanted(&self.basis) {
            assert!(began.elapsed() < Duration::from_secs(20), "the ledger stands at {:?}", self.basis);
            let Ok(word) = self.news.recv_timeout(Duration::from_secs(20)) else { panic!("{:?}", self.basis) };
            if let LedgerEvent::Status(basis) = &word {
                self.basis = basis.clone();
            }
            self.collector.take(Message::Ledger(word));
        }
    }

    /// Heeds the ledger's news until the day's revenue is as wanted.
    pub fn heed_revenue(&mut self, wanted: Option<Money>) {
        while self.snapshot().money.revenue != wanted {
            let Ok(word) = self.news.recv_timeout(Duration::from_secs(20)) else { panic!("it shows no {wanted:?}") };
            self.collector.take(Message::Ledger(word));
        }
    }

    pub fn apply(&mut self, event: Event) {
        self.collector.take(Message::Events(vec![event]));
    }

    /// The engine answers at an instant with so many output tokens, born at `born`.
    pub fn poll(&mut self, output: u64, born: Option<Timestamp>) {
        let at = self.clock.now();
        self.apply(answered(ENGINE, at, page(MODEL, counters(output * 4, output * 2, output), born)));
    }

    /// The engine answers twice, `seconds` apart, with these output tokens. The driver lists the GPUs each time, if there
    /// are any.
    pub fn work(&mut self, uuids: &[&str], seconds: i64, outputs: [u64; 2]) {
        for (output, wait) in outputs.into_iter().zip([seconds, 0]) {
            if !uuids.is_empty() {
                self.gpus(uuids);
            }
            self.poll(output, None);
            self.advance(wait);
        }
    }

    /// The node's driver lists these GPUs.
    pub fn gpus(&mut self, uuids: &[&str]) {
        let reading = |(index, uuid): (u32, &&str)| GpuReading {
            index,
            id: Some(GpuId::from_uuid(uuid)),
            name: Some(Label::new("NVIDIA H800")),
            ..GpuReading::default()
        };
        let readings = (0..).zip(uuids).map(reading).collect();
        let (node, at) = (NodeName::new("gpu-01"), self.clock.now());
        self.apply(Event::nvml(node, at, Ok(readings)));
    }

    pub fn tick(&mut self) {
        let now = self.clock.now();
        self.apply(Event::Tick(now));
    }

    pub fn advance(&mut self, seconds: i64) {
        self.clock.advance(Span::from_secs(seconds));
    }

    pub fn snapshot(&mut self) -> std::sync::Arc<Snapshot> {
        self.collector.snapshot()
    }

    /// Status up, and waits until what is left is written, however busy the machine is.
    pub fn leave(mut self) {
        self.tick();
        self.collector.close();
        let (began, now) = (Instant::now(), self.clock.now().wall);
        let written = || Reader::open(&self.path).is_ok_and(|reader| reader.header().last == now);
        while self.basis.writer == WriterStatus::Ours && !written() {
            assert!(began.elapsed() < Duration::from_secs(20), "the last poll is not written");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

pub fn file() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("state/ledger.db");
    (home, path)
}

pub fn past(path: &Path, finest: Grain) -> Past {
    Reader::open(path).unwrap().past(Timestamp::default(), instant("2030-01-01T00:00:00Z"), finest).unwrap()
}

pub fn tokens(path: &Path) -> Classes {
    let mut sum = Classes::default();
    past(path, Grain::Day).tokens.iter().for_each(|cell| sum += cell.tokens);
    sum
}

pub fn output(path: &Path) -> u64 {
    tokens(path).output.count()
}

/// GPU-seconds that were posted.
pub fn allocated(path: &Path) -> i64 {
    past(path, Grain::Day).gpu_times.iter().map(|cell| cell.allocated.millis()).sum::<i64>() / 1000
}
