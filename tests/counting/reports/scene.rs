//! A watch over pages that the test writes: made-up prices, polls by a scripted clock, and what came of them.

use std::path::Path;

use margintop::alert::AlertWatch;
use margintop::config;
use margintop::dialect::{self, Hint};
use margintop::fleet::{Fleet, FleetConfig, SavedState, TargetInfo};
use margintop::pricing::Bill;
use margintop::reading::{Event, PageReading, ScrapeCost, ScrapeError, TargetId};
use margintop::snapshot::{Alert, Rule, Snapshot};
use margintop::units::{Moment, Span};

use super::restart;
pub(crate) use super::support::target;
use super::support::{answered, at, moment};

/// The one address of most cases.
pub(crate) const HERE: &str = "http://10.0.0.5:8000";

/// Some seconds after the watch began.
pub(crate) fn after(seconds: i64) -> Moment {
    at(moment("2026-11-24T10:00:00Z").wall + Span::from_secs(seconds))
}

/// The reading of a page.
#[track_caller]
pub(crate) fn read(text: &str) -> PageReading {
    dialect::read(text.as_bytes(), &Hint::default()).unwrap()
}

/// A fleet and who watches it.
pub(crate) struct Scene {
    pub(crate) fleet: Fleet,
    config: FleetConfig,
    watch: AlertWatch,
}

impl Scene {
    /// Targets, by hit 0.10, miss 1.00, output 2.00 a million tokens and an H100 at 3.60.
    pub(crate) fn of(targets: Vec<TargetInfo>) -> Self {
        Self::priced("price.toml", targets)
    }

    /// One target.
    pub(crate) fn one() -> Self {
        Self::of(vec![target(HERE, None)])
    }

    /// One target, whose finished requests are billed.
    pub(crate) fn finished() -> Self {
        Self::billed("price.toml", vec![target(HERE, None)], Bill::Finished)
    }

    /// Targets, by the prices of a file.
    pub(crate) fn priced(file: &str, targets: Vec<TargetInfo>) -> Self {
        Self::billed(file, targets, Bill::All)
    }

    fn billed(file: &str, targets: Vec<TargetInfo>, bill: Bill) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reports").join(file);
        let settings = config::load(Some(&path)).unwrap();
        let site = FleetConfig { targets, leases: settings.leases, bill, ..FleetConfig::local("box") };
        let mut fleet = Fleet::new(site.clone(), settings.book, after(0));
        fleet.restore(SavedState::default(), Span::from_secs(86_400));
        Self { fleet, config: site, watch: AlertWatch::default() }
    }

    /// The watch is killed after its last checkpoint, and another goes on from it at a second.
    pub(crate) fn restart(&mut self, second: i64) {
        let saved = restart::saved(&mut self.fleet);
        self.fleet = restart::restart(&self.fleet, self.config.clone(), saved, after(second));
    }

    /// The same with other targets in the configuration.
    pub(crate) fn restart_with(&mut self, targets: Vec<TargetInfo>, second: i64) {
        self.config.targets = targets;
        self.restart(second);
    }

    /// A target does not answer.
    pub(crate) fn fail(&mut self, url: &str, second: i64) {
        let outcome = Err(ScrapeError::Status(500));
        let (target, at, cost) = (TargetId::new(url), after(second), ScrapeCost::default());
        self.fleet.apply(Event::Page { target, at, cost, outcome });
    }

    /// A target answers with a page that was read.
    pub(crate) fn take(&mut self, url: &str, second: i64, page: PageReading) {
        self.fleet.apply(answered(url, after(second), page));
    }

    /// Polls the one address at each of these seconds: the nth poll finds the nth page, counted from 1.
    pub(crate) fn poll(&mut self, seconds: std::ops::RangeInclusive<i64>, page: impl Fn(u64, u64) -> String) {
        for (n, second) in (1..).zip(seconds) {
            let text = page(n, u64::try_from(second).unwrap());
            self.take(HERE, second, read(&text));
            self.fleet.apply(Event::Tick(after(second)));
        }
    }

    /// The snapshot at a second, with its alerts.
    pub(crate) fn snapshot(&mut self, second: i64) -> Snapshot {
        self.fleet.apply(Event::Tick(after(second)));
        let mut snapshot = self.fleet.snapshot();
        self.watch.judge(&mut snapshot);
        snapshot
    }

    /// What is posted: computed prompt tokens, cached ones, output.
    pub(crate) fn posted(&self) -> [u64; 3] {
        self.fleet.ledger().today().tokens().fold([0; 3], |[miss, hit, output], (.., tokens)| {
            [miss + tokens.miss.count(), hit + tokens.hit.count(), output + tokens.output.count()]
        })
    }

    /// What is disputed.
    pub(crate) fn disputed(&self) -> u64 {
        self.fleet.ledger().disputes().iter().map(|dispute| dispute.tokens().count()).sum()
    }
}

/// The revenue, to the last digit.
pub(crate) fn revenue(snapshot: &Snapshot) -> f64 {
    snapshot.money.revenue.unwrap().to_string().parse().unwrap()
}

/// The alerts of a rule.
pub(crate) fn alerts(snapshot: &Snapshot, rule: Rule) -> Vec<&Alert> {
    snapshot.alerts.iter().filter(|alert| alert.rule == rule).collect()
}

/// Whether two amounts are the same but for the last digits.
pub(crate) fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-6
}
