//! A world of processes that knows the truth, and the fleet that watches it.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]
#![allow(clippy::struct_excessive_bools, reason = "each says that one thing happened")]

mod address;
mod books;
pub mod dice;
mod life;
mod process;

use std::fmt::Write;

use margintop::fleet::{Checkpoint, Fleet, FleetConfig, SavedState};
use margintop::pricing::Book;
use margintop::reading::{
    EngineKind, Event, InstanceId, PageReading, PromptCount, Refusals, ScrapeCost, ScrapeError, TargetId,
};
use margintop::units::{Moment, Span, Timestamp};

use crate::support::{gpus, instant, member};
use address::blank;
use books::{disputed, kept, posted, put, tokens};
use dice::Dice;
use process::{Process, Tally, minus, plus};

/// How the processes behind an address are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One process that says its start.
    One,
    /// Two to five that say their starts, sampled in turn.
    Several,
    /// One that says no start.
    Silent,
    /// Two that say none.
    SilentPair,
    /// Three to five that say none.
    SilentSeveral,
    /// Several instances on one page, each with its start.
    Instances,
}

impl Kind {
    /// Whether its processes may not be distinguishable.
    fn is_ambiguous(self) -> bool {
        matches!(self, Self::SilentPair | Self::SilentSeveral)
    }
}

/// Why the world and the ledger differ.
type Told = Result<(), String>;

struct Address {
    target: TargetId,
    kind: Kind,
    processes: Vec<Process>,
    /// What processes that are gone produced after they were first seen, as their last pages showed it.
    gone: Tally,
    /// What they produced after that.
    lost: Tally,
    next: usize,
    answered: Option<Moment>,
    /// The number of the next process.
    names: u64,
    /// Whether something happened that its pages may not show for what it is.
    is_vague: bool,
    /// Whether a dip hid one series of a counter while another showed growth, which is then posted before the sum is back.
    sees_more: bool,
    /// Whether it had more tokens at once than the hardware can produce.
    has_burst: bool,
    /// Whether a process restarted, ended or was born.
    has_changed: bool,
    /// Whether it did not answer for long, or margintop did not listen.
    was_silent: bool,
    /// Processes that died since the last checkpoint.
    buried: Vec<Process>,
    /// What the last checkpoint had of it.
    kept: Kept,
}

/// What a checkpoint has of an address.
#[derive(Debug, Clone, Copy, Default)]
struct Kept {
    gone: Tally,
    lost: Tally,
    answered: Option<Moment>,
}

/// The world and who watches it.
pub struct World {
    dice: Dice,
    fleet: Fleet,
    config: FleetConfig,
    now: Moment,
    /// When the watch began.
    began: Moment,
    /// When the first one did.
    first: Moment,
    addresses: Vec<Address>,
    saved: SavedState,
    /// Whether the calendar was set since the last checkpoint.
    was_set: bool,
    /// When the last checkpoint was taken.
    committed: Moment,
    /// Whether processes at several addresses have the same start time.
    has_twins: bool,
    /// Disputed tokens that were rejected.
    rejected: Tally,
    was_above: bool,
    history: String,
}

const KINDS: [Kind; 6] =
    [Kind::One, Kind::Several, Kind::Silent, Kind::SilentPair, Kind::SilentSeveral, Kind::Instances];
/// How often what was counted is committed.
const CHECKPOINTS: Span = Span::from_secs(1);
const STEPS: usize = 24;
const SETTLING: usize = 8;

impl World {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let wall = instant("2026-03-10T10:00:00Z");
        let now = Moment { wall, boot: Span::from_secs(5000) };
        let count = if seed.is_multiple_of(2) { 1 } else { 1 + dice.below(3) as usize };
        let mut addresses = Vec::new();
        let mut has_twins = false;
        for nth in 0..count {
            let kind = *dice.pick(&KINDS);
            // Of processes at two addresses that one script starts in the same instant, one may be taken for the other.
            has_twins = nth > 0 && seed.is_multiple_of(4);
            let apart = Span::from_secs(if has_twins { 0 } else { 7 * i64::try_from(nth).unwrap() });
            addresses.push(Address::new(&mut dice, nth, kind, now.wall - Span::from_secs(3600) - apart));
        }
        let targets = addresses.iter().map(|address| member(address.target.as_str(), "n", None)).collect();
        let config = FleetConfig { targets, ..FleetConfig::local("n") };
        let mut fleet = Fleet::new(config.clone(), Book::built_in().unwrap(), now);
        fleet.restore(SavedState::default(), Span::from_secs(86_400));
        fleet.apply(gpus("n", "NVIDIA H800", 8, now));
        Self {
            dice,
            fleet,
            config,
            now,
            began: now,
            first: now,
            addresses,
            saved: SavedState::default(),
            was_set: false,
            committed: now,
            has_twins,
            rejected: [0; 3],
            was_above: false,
            history: String::new(),
        }
    }

    pub fn history(&self) -> &str {
        &self.history
    }

    /// How its processes are told apart, by address.
    pub fn kinds(&self) -> String {
        let kind = |address: &Address| format!("{:?}{}", address.kind, if address.is_vague { " vague" } else { "" });
        self.addresses.iter().map(kind).collect::<Vec<_>>().join(", ")
    }

    pub fn run(&mut self) -> Told {
        for step in 0..STEPS + SETTLING {
            let calm = step >= STEPS;
            self.pass_time();
            for at in 0..self.addresses.len() {
                self.live(at, calm);
                self.scrape(at, calm);
            }
            self.check(false)?;
            if !calm && self.dice.one_in(12) {
                self.kill();
            } else if self.now.since(self.committed) >= CHECKPOINTS {
                self.checkpoint();
                if self.dice.one_in(3) {
                    self.decide();
                }
            }
        }
        self.check(true)
    }

    fn pass_time(&mut self) {
        let millis = *self.dice.pick(&[250, 1000, 1000, 1000, 2000, 5000]);
        self.now = self.now + Span::from_millis(millis);
        let unseen =
            self.addresses.iter().flat_map(|address| &address.processes).any(|process| process.baseline.is_none());
        if self.dice.one_in(40) && !unseen {
            // The calendar is set; the clock that never is goes on.
            let step = Span::from_secs(self.dice.below(120).cast_signed() - 60);
            self.now.wall = self.now.wall + step;
            self.was_set = true;
            writeln!(self.history, "clock set by {} ms", step.millis()).unwrap();
        }
    }

    fn scrape(&mut self, at: usize, calm: bool) {
        let (dice, now, began) = (&mut self.dice, self.now, self.began);
        let address = &mut self.addresses[at];
        if !calm && dice.one_in(10) {
            let outcome = Err(ScrapeError::TimedOut);
            writeln!(self.history, "{}: no answer", address.target).unwrap();
            address.was_silent = true;
            self.fleet.apply(Event::Page {
                target: address.target.clone(),
                at: now,
                cost: ScrapeCost::default(),
                outcome,
            });
            return;
        }
        let mut page = address.page(now);
        if !calm && dice.one_in(16) && address.may_blank() {
            blank(&mut page, dice.below(3));
            writeln!(self.history, "{}: blank", address.target).unwrap();
            address.take_back_sight();
        } else if !calm && dice.one_in(14) {
            page.complete = false;
            writeln!(self.history, "{}: cut", address.target).unwrap();
            address.take_back_sight();
        } else {
            address.seen(now, began);
        }
        let row = |row: &margintop::reading::EngineReading| {
            let series =
                |list: &[margintop::reading::SeriesValue]| list.iter().map(|it| it.value.count()).collect::<Vec<_>>();
            let of = &row.series;
            (row.instance.as_ref().map(ToString::to_string), series(&of.prompt), series(&of.cached), series(&of.output))
        };
        let tokens: Vec<_> = page.engines.iter().map(row).collect();
        writeln!(self.history, "{} {} start {:?}: {tokens:?}", now.boot.millis(), address.target, page.start).unwrap();
        let cost = ScrapeCost { seconds: 0.01, bytes: 1000 };
        self.fleet.apply(Event::Page { target: address.target.clone(), at: now, cost, outcome: Ok(Box::new(page)) });
        writeln!(self.history, "    posted {:?}, disputed {:?}", posted(&self.fleet), disputed(&self.fleet)).unwrap();
    }

    /// Kills the watch, and starts another that goes on from the last checkpoint.
    fn kill(&mut self) {
        writeln!(self.history, "killed, {} ms after a checkpoint", self.now.since(self.committed).millis()).unwrap();
        let mut next = Fleet::new(self.config.clone(), Book::built_in().unwrap(), self.now);
        next.restore(self.saved.clone(), Span::from_secs(86_400));
        next.apply(gpus("n", "NVIDIA H800", 8, self.now));
        self.fleet = next;
        for address in &mut self.addresses {
            address.forget();
            // The start time of a process that is new again is of the old calendar.
            address.is_vague |= self.was_set && address.processes.iter().any(|process| process.baseline.is_none());
        }
        if self.committed == self.first {
            self.began = self.now;
        }
    }

    fn checkpoint(&mut self) {
        self.fleet.apply(Event::Tick(self.now));
        if let Some(checkpoint) = self.fleet.take_changes() {
            self.commit(checkpoint);
        }
        assert!(self.fleet.uncommitted().is_empty(), "all that changed is in the checkpoint");
        (self.committed, self.was_set) = (self.now, false);
        self.addresses.iter_mut().for_each(Address::keep);
    }

    /// Someone who knows the truth accepts or rejects a dispute.
    fn decide(&mut self) {
        let open = self.fleet.ledger().disputes();
        if open.is_empty() {
            return;
        }
        let dispute = open[self.dice.below(open.len() as u64) as usize].clone();
        let known = |address: &&Address| address.target == dispute.target;
        let address = self.addresses.iter().find(known).unwrap();
        let is_true = !address.is_vague && !address.kind.is_ambiguous();
        let accepts = is_true && self.dice.one_in(2);
        if !accepts {
            self.rejected = plus(self.rejected, tokens(&dispute));
        }
        writeln!(self.history, "{:?} {}", dispute.id, if accepts { "accepted" } else { "rejected" }).unwrap();
        self.fleet.decide(vec![dispute.decided(accepts)]);
        self.saved.kept = kept(&self.fleet);
    }

    /// Keeps a checkpoint as a store does.
    fn commit(&mut self, checkpoint: Checkpoint) {
        let saved = &mut self.saved;
        put(&mut saved.targets, checkpoint.targets);
        put(&mut saved.nodes, checkpoint.nodes);
        (saved.began, saved.watched_from, saved.last) = (checkpoint.began, checkpoint.watched_from, checkpoint.last);
        saved.kept = kept(&self.fleet);
    }

    /// Holds the ledger to the truth.
    fn check(&mut self, settled: bool) -> Told {
        let mut sum = [0; 3];
        let mut exact = !self.has_twins;
        let mut produced = [0; 3];
        for address in &self.addresses {
            sum = plus(sum, address.seen_produced());
            produced = plus(produced, address.produced());
            exact &= !address.kind.is_ambiguous() && !address.is_vague;
            // Without a start time a burst may be another process: beside a dip it may be lost, with a mark.
            exact &= !address.has_burst || address.says_start();
        }
        let posted = posted(&self.fleet);
        let disputed = disputed(&self.fleet);
        let both = plus(plus(posted, disputed), self.rejected);
        let above = (0..3).any(|i| posted[i] > produced[i]);
        // Of two processes that say no start one may be believed on trial, until the other one answers again.
        let above = if exact { above } else { above && std::mem::replace(&mut self.was_above, above) };
        if above && (exact || settled) {
            return Err(format!("posted {posted:?} above produced {produced:?}, {}", self.marks()));
        }
        let sees_more = self.addresses.iter().any(|address| address.sees_more);
        let within = (0..3).all(|i| both[i] >= sum[i] && both[i] <= produced[i]);
        if settled && exact && both != sum && !(sees_more && within) {
            return Err(format!(
                "posted {posted:?} + disputed {disputed:?} + rejected {:?} is not what was seen produced {sum:?}, {}",
                self.rejected,
                self.marks()
            ));
        }
        let is_bound = self.fleet.snapshot().money.lower_bound;
        let rejected = self.rejected;
        if settled && !is_bound && both != sum && !(sees_more && within) {
            return Err(format!(
                "posted {posted:?} + disputed {disputed:?} + rejected {rejected:?} of {sum:?} without a bound"
            ));
        }
        if settled && is_bound && !self.has_twins && !self.addresses.iter().any(Address::may_have_lost) {
            let snapshot = self.fleet.snapshot();
            let notes: Vec<_> = snapshot.engines.iter().map(|engine| engine.note.clone()).collect();
            let windows = snapshot.money.lost_windows;
            return Err(format!(
                "a bound that nothing justifies: {windows} lost windows, {notes:?}; posted {posted:?} of {sum:?}"
            ));
        }
        Ok(())
    }

    /// What the snapshot says of its total.
    fn marks(&self) -> String {
        let money = self.fleet.snapshot().money;
        format!("lower bound {}, upper bound {}", money.lower_bound, money.upper_bound)
    }
}
