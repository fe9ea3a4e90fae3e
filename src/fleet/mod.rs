//! All that is known of the fleet: events in, the picture out.
//!
//! Pure: it reads no clock and does no I/O, so the same events give the same picture to the last digit. It decides what
//! a page's counters are worth posting (`targets`), what GPUs are held (`gpus`), what rent runs (`rent`), and draws the
//! [`Snapshot`](crate::snapshot::Snapshot) from it (`picture`). It does not judge what is wrong; that is `alert`.

mod doubles;
mod earning;
mod gpus;
mod idle;
mod leakage;
mod lines;
mod memory;
mod nodes;
mod pairs;
mod picture;
mod release;
mod rent;
mod row;
mod site;
mod spreading;
mod targets;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::tz::TimeZone;

pub use leakage::{FinishedMemory, Leakage};
pub use memory::{GpuMemory, Handover, Memory, NodeMemory, RowMemory, TargetMemory};
pub use site::{Member, Site};

use crate::ledger::{Ledger, Pace};
use crate::pricing::Book;
use crate::reading::{Event, GpuId, NodeName, TargetId, Trouble};
use crate::snapshot::{LedgerBasis, Snapshot};
use crate::units::{Moment, Span, Timestamp};
use gpus::Gpu;
use lines::Lines;
use nodes::Node;
use pairs::Pairs;
use rent::{Held, Rents};
use targets::Target;

/// How long money an hour is taken over.
const PACE: Span = Span::from_secs(60);
/// A calendar that moves against the clock which is never set, by so much between two ticks, was set.
const STEP: Span = Span::from_secs(2);
/// How often the pace is marked.
const PACE_STEP: Span = Span::from_secs(5);

/// Everything that is known, from the first event to the last.
#[derive(Debug)]
pub struct Fleet {
    site: Site,
    ledger: Ledger,
    pace: Pace,
    targets: BTreeMap<TargetId, Target>,
    nodes: BTreeMap<NodeName, Node>,
    gpus: BTreeMap<GpuId, Gpu>,
    aliases: nodes::Aliases,
    births: doubles::Births,
    /// The nodes that each page of GPUs has listed.
    listings: HashMap<TargetId, BTreeSet<NodeName>>,
    rents: Rents,
    lines: Lines,
    driver_trouble: Option<Trouble>,
    troubles: Vec<Trouble>,
    served: HashSet<String>,
    pairs: Pairs,
    /// When the first look was, of this run or of the ledger's.
    began: Option<Timestamp>,
    /// Since when it is watched without a gap that was too long to be bridged.
    watched_from: Option<Timestamp>,
    now: Moment,
    /// When the last event came after so long that this machine slept, or was stopped.
    resumed: Option<Moment>,
    remembered: memory::Remembered,
    /// The last tick.
    ticked: Option<Moment>,
    /// Where the ledger is kept.
    kept_where: LedgerBasis,
    /// Ends of leases by hand that are applied and not handed on.
    ended: Vec<i64>,
}

impl Fleet {
    /// A fleet of which nothing has answered yet; `began` is the beginning of the watch.
    pub fn new(site: Site, book: Book, began: Moment) -> Self {
        let pace = Pace::new(site.pace.unwrap_or(PACE), PACE_STEP);
        let mut fleet = Self {
            ledger: Ledger::new(book, site.midnight(began.wall))
                .following(site.pace.unwrap_or(PACE))
                .with_overhead(site.overhead.of_revenue),
            pace,
            targets: BTreeMap::new(),
            nodes: BTreeMap::new(),
            gpus: BTreeMap::new(),
            aliases: nodes::Aliases::default(),
            births: doubles::Births::new(),
            listings: HashMap::new(),
            rents: Rents::new(&site, began.wall),
            lines: Lines::new(site.line_step),
            driver_trouble: None,
            troubles: Vec::new(),
            served: HashSet::new(),
            pairs: Pairs::default(),
            began: None,
            watched_from: None,
            now: began,
            resumed: None,
            remembered: memory::Remembered::default(),
            ended: Vec::new(),
            ticked: None,
            kept_where: LedgerBasis::default(),
            site,
        };
        for member in std::mem::take(&mut fleet.site.members) {
            fleet.enlist(member);
        }
        fleet
    }

    /// Adds a target that was named or found; it is `never` until it answers.
    pub fn enlist(&mut self, member: Member) {
        let id = member.target.clone();
        let named = self.targets.len();
        self.targets.entry(id.clone()).or_insert_with(|| Target::new(member, named, self.site.window));
        self.recall_target(&id);
    }

    /// Says what cannot work here and how to mend it.
    pub fn set_troubles(&mut self, troubles: Vec<Trouble>) {
        self.troubles = troubles;
    }

    /// Says where the ledger is kept.
    pub fn set_ledger(&mut self, basis: LedgerBasis) {
        self.kept_where = basis;
    }

    /// Takes the zone of the ledger's days; a day that never turns has none.
    pub fn set_zone(&mut self, zone: TimeZone) {
        if self.site.zone.is_some() {
            self.site.zone = Some(zone);
            let midnight = self.site.midnight(self.now.wall);
            self.ledger.begin_day(midnight);
        }
    }

    /// Takes an event in. Events of one source come in the order of their time; sources may come in any order.
    pub fn apply(&mut self, event: Event) {
        let at = event.at();
        self.pass_to(at);
        match event {
            Event::Page { target, at, cost, outcome } => self.apply_page(&target, at, cost, outcome),
            Event::Gpus { node, at, outcome } => self.apply_driver(&node, at, outcome),
            Event::Tick(at) => self.tick(at),
        }
    }

    /// The picture of the present.
    pub fn picture(&self) -> Snapshot {
        picture::draw(self)
    }

    /// The ledger, to look at.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The latest moment that any event brought.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Whether nothing had the time to answer since this machine slept.
    fn is_resuming(&self) -> bool {
        self.resumed.is_some_and(|at| self.now.since(at) < self.site.stale_after())
    }

    /// Money is counted since this instant.
    fn since(&self) -> Option<Timestamp> {
        Some(self.began?.max(self.ledger.day_began()))
    }

    /// Lets the day change where midnight has passed.
    fn pass_to(&mut self, at: Moment) {
        self.began.get_or_insert(at.wall);
        self.watched_from.get_or_insert(at.wall);
        if at.boot >= self.now.boot {
            if at.since(self.now) >= self.site.stale_after() {
                self.resumed = Some(at);
            }
            self.now = at;
        }
        let midnight = self.site.midnight(self.now.wall);
        if midnight > self.ledger.day_began() {
            let held = Held { site: &self.site, nodes: &self.nodes, gpus: &self.gpus };
            self.rents.run_to(&mut self.ledger, held, self.now);
            self.ledger.begin_day(midnight);
        }
    }

    /// Marks it where the calendar was set: the clock that never is moved by another span. No delta and no rent is placed by
    /// the calendar alone, so nothing else changes.
    fn note_step(&mut self, at: Moment) {
        let Some(last) = self.ticked.replace(at) else { return };
        let step = (at.wall - last.wall) - at.since(last);
        if step.millis().abs() >= STEP.millis() {
            self.mark(at.wall, &format!("the clock was set by {:+} s", step.millis() / 1000));
        }
    }

    fn tick(&mut self, at: Moment) {
        self.note_step(at);
        let held = Held { site: &self.site, nodes: &self.nodes, gpus: &self.gpus };
        self.rents.run_to(&mut self.ledger, held, at);
        idle::judge(&mut self.ledger);
        self.ledger.settle(at.wall);
        self.pace.mark(&self.ledger, at);
        let rates = picture::rates(self);
        self.lines.set(at.wall, &rates);
    }
}
