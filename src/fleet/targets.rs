//! Targets: what each page is to the one before it, and what of it is posted.

use super::doubles::Likeness;
use super::earning::{Interval, measure};
use super::pairs::Pairs;
use super::rent::Held;
use super::row::Row;
use super::{Fleet, Member};
use crate::counters::{Incarnation, Page, Turn};
use crate::ledger::{Entry, Timing};
use crate::pricing::RentWhen;
use crate::reading::{
    EngineKind, EngineReading, Health, Label, NodeName, PageReading, PromptCount, Refusals, Role, ScrapeCost,
    ScrapeTrouble, TargetId,
};
use crate::units::{Moment, Span, Tokens};

/// How far an engine's clock may be from ours for its start time to be used on our calendar.
const CLOCKS_AGREE: Span = Span::from_secs(60);

/// One target.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) member: Member,
    /// Its place in the order in which targets were named.
    pub(super) named: usize,
    /// Whether it is another's engine under a second name.
    pub(super) likeness: Likeness,
    pub(super) process: Incarnation,
    pub(super) rows: Vec<Row>,
    pub(super) kind: Option<EngineKind>,
    pub(super) answered: Option<Moment>,
    pub(super) trouble: Option<ScrapeTrouble>,
    pub(super) cost: Option<ScrapeCost>,
    pub(super) refusals: Refusals,
    pub(super) restarts: u64,
    pub(super) failures: u64,
    pub(super) cut_pages: u64,
    pub(super) only_gpus: bool,
    /// What was posted since the last restart: taken back if it was no restart.
    pub(super) since_restart: Vec<Entry>,
    pub(super) restarted: Option<Moment>,
    window: Span,
    /// Whether it answered since it was last handed on.
    pub(super) changed: bool,
}

impl Target {
    pub(super) fn new(member: Member, named: usize, window: Span) -> Self {
        Self {
            member,
            named,
            likeness: Likeness::default(),
            process: Incarnation::default(),
            rows: Vec::new(),
            kind: None,
            answered: None,
            trouble: None,
            cost: None,
            refusals: Refusals::default(),
            restarts: 0,
            failures: 0,
            cut_pages: 0,
            only_gpus: false,
            since_restart: Vec::new(),
            restarted: None,
            window,
            changed: false,
        }
    }

    /// What could still be taken back.
    pub(super) fn probation(&self) -> (Option<Moment>, Vec<Entry>) {
        (self.restarted, self.since_restart.clone())
    }

    /// What can still be taken back, as it was remembered.
    pub(super) fn recall(&mut self, restarted: Option<Moment>, since_restart: Vec<Entry>) {
        (self.restarted, self.since_restart) = (restarted, since_restart);
    }

    /// The role of a row: the user's word first, then the page's, then what the figures show.
    pub(super) fn role(&self, reading: &EngineReading, pairs: &Pairs) -> Role {
        let said = self.member.role.or(reading.role);
        said.or_else(|| pairs.role(&self.member.target, reading)).unwrap_or(Role::Unified)
    }

    /// Whether a row's role is a guess.
    pub(super) fn infers_role(&self, reading: &EngineReading, pairs: &Pairs) -> bool {
        self.member.role.or(reading.role).is_none() && pairs.role(&self.member.target, reading).is_some()
    }

    /// How fresh the target is.
    pub(super) fn health(&self, fleet: &Fleet) -> Health {
        self.answered.map_or(Health::Never, |at| fleet.health(at))
    }

    /// Whether rates are drawn from a row: where any row has live counters, only from those.
    pub(super) fn draws(&self, row: &Row) -> bool {
        row.reading.live.is_some() || self.rows.iter().all(|row| row.reading.live.is_none())
    }

    /// What a page is to the one before it.
    fn turn(&mut self, page: &PageReading, at: Moment) -> Turn {
        let known = |reading: &EngineReading| {
            self.rows.iter().find(|row| row.is(reading.rank.as_ref(), reading.model.as_ref()))
        };
        let pairs: Vec<_> = page.engines.iter().filter_map(|reading| Some((known(reading)?, reading.tokens))).collect();
        let fell = pairs.iter().any(|(row, tokens)| row.meter.fell(*tokens));
        let recovered = self.process.holds() && pairs.iter().all(|(row, tokens)| row.meter.recovered(*tokens));
        self.process.turn(Page { at, start: page.start, fell, recovered })
    }

    /// The row of a reading, made if it is new.
    fn row(&mut self, reading: &EngineReading) -> usize {
        let place = self.rows.iter().position(|row| row.is(reading.rank.as_ref(), reading.model.as_ref()));
        place.unwrap_or_else(|| {
            let blank = EngineReading::new(reading.kind, reading.model.clone(), reading.rank.clone());
            self.rows.push(Row::new(blank, self.window));
            self.rows.len() - 1
        })
    }
}

impl Fleet {
    /// How fresh something is that was last heard of at `at`.
    pub(super) fn health(&self, at: Moment) -> Health {
        let age = self.now.since(at);
        if age >= self.site.lost_after() {
            Health::Lost
        } else if age >= self.site.stale_after() {
            Health::Stale
        } else {
            Health::Live
        }
    }

    pub(super) fn apply_page(
        &mut self,
        id: &TargetId,
        at: Moment,
        cost: ScrapeCost,
        outcome: Result<Box<PageReading>, ScrapeTrouble>,
    ) {
        let Some(mut target) = self.targets.remove(id) else { return };
        let late = target.answered.is_some_and(|last| at.since(last) <= Span::ZERO);
        match outcome {
            Ok(_) if late => target.failures += 1,
            Ok(page) if page.complete => self.read_page(&mut target, *page, at, cost),
            Ok(page) => {
                target.failures += 1;
                target.cut_pages += 1;
                target.refusals = page.refusals;
                target.kind = target.kind.or(Some(page.kind));
                target.trouble = Some(match page.refusals.over_limit {
                    0 => ScrapeTrouble::Cut(cost.bytes),
                    n => ScrapeTrouble::Other(Label::new(&format!("{n} lines or series beyond a limit: not counted"))),
                });
            }
            Err(trouble) => {
                target.failures += 1;
                target.trouble = Some(trouble);
            }
        }
        self.targets.insert(id.clone(), target);
    }

    fn read_page(&mut self, target: &mut Target, mut page: PageReading, at: Moment, cost: ScrapeCost) {
        target.trouble = None;
        target.cost = Some(cost);
        target.refusals = page.refusals;
        target.kind = Some(page.kind);
        target.only_gpus = page.engines.is_empty() && !page.gpus.is_empty();
        let gpus = std::mem::take(&mut page.gpus);
        if !gpus.is_empty() {
            self.apply_gpu_page(&target.member, at, gpus);
        }
        if !target.only_gpus {
            let node = self.node_of(&target.member);
            self.recall_node(&node);
            self.see_node(&node, target.member.unit.as_ref(), at);
            let held = Held { site: &self.site, nodes: &self.nodes, gpus: &self.gpus };
            self.rents.run_node(&mut self.ledger, held, &node, at, RentWhen::Serving);
            self.read_engines(target, page, at, &node);
        }
        target.answered = Some(at);
        target.changed = true;
    }

    fn read_engines(&mut self, target: &mut Target, page: PageReading, at: Moment, node: &NodeName) {
        for model in
            page.engines.iter().filter(|e| target.role(e, &self.pairs) != Role::Proxy).filter_map(|e| e.model.as_ref())
        {
            if !self.served.contains(model.as_str()) {
                self.served.insert(model.as_str().to_owned());
            }
        }
        let was_held = target.process.holds();
        let turn = target.turn(&page, at);
        self.find_like(target, node);
        let interval = self.interval(target, &page, at, turn, node);
        self.note_turn(target, &page, at, turn);
        for reading in &page.engines {
            self.pairs.note(&target.member.target, reading);
        }
        for reading in page.engines {
            let place = target.row(&reading);
            let growth = measure(&mut target.rows[place], &reading, turn, interval.is_some(), was_held);
            if let (Some(growth), Some(interval)) = (growth, interval) {
                self.earn(target, place, &reading, growth, interval, node);
            }
            let window = self.site.window;
            let row = &mut target.rows[place];
            if matches!(turn, Turn::Restart { .. } | Turn::First) {
                row.forget();
            }
            row.advance(reading, at, growth.map(|growth| growth.all), window);
        }
        self.compare(target, at);
    }

    /// Between which instants a page's growth lies; `None` if nothing of it is to be posted.
    fn interval(
        &self,
        target: &Target,
        page: &PageReading,
        at: Moment,
        turn: Turn,
        node: &NodeName,
    ) -> Option<Interval> {
        let gap = target.answered.map(|last| at.since(last));
        let timing = match gap {
            Some(gap) if gap > self.site.stale_after() => Timing::Estimated,
            _ => Timing::Seen,
        };
        let started = page.start.filter(|_| clocks_agree(page, at));
        match turn {
            // Wall time may have been set since; the interval is placed by the clock that is not.
            Turn::Same => Some(Interval { from: at.wall - gap?, to: at.wall, timing }),
            Turn::Restart { .. } => {
                let earliest = at.wall - gap?;
                let from = started.map_or(earliest, |start| start.max(earliest)).min(at.wall);
                Some(Interval { from, to: at.wall, timing })
            }
            Turn::First => {
                let start = started.filter(|start| *start <= at.wall)?;
                let watched = self.watched_from.is_some_and(|began| began <= start);
                let rented = self.nodes.get(node).is_none_or(|node| node.held_since(start));
                (watched && rented).then_some(Interval { from: start, to: at.wall, timing: Timing::Seen })
            }
            Turn::Held | Turn::Shared | Turn::StillShared => None,
        }
    }

    /// Counts restarts and lost windows, and takes back what turned out not to be a restart.
    fn note_turn(&mut self, target: &mut Target, page: &PageReading, at: Moment, turn: Turn) {
        match turn {
            Turn::Restart { .. } => {
                target.restarts += 1;
                self.ledger.lose_window(at.wall);
                self.mark(at.wall, &format!("restart of {}", target.member.target));
                target.restarted = Some(at);
                target.since_restart.clear();
            }
            Turn::Shared => {
                self.ledger.reverse(&target.since_restart);
                target.since_restart = Vec::new();
            }
            Turn::Same => {
                let gap = target.answered.is_some_and(|last| at.since(last) > self.site.stale_after());
                if gap && page.start.is_none() {
                    self.ledger.lose_window(at.wall);
                }
            }
            Turn::First | Turn::Held | Turn::StillShared => {}
        }
    }
}

fn clocks_agree(page: &PageReading, at: Moment) -> bool {
    page.date.is_some_and(|date| (date - at.wall).millis().abs() < CLOCKS_AGREE.millis())
}

/// Whether a prompt counter is one that a row's total may show.
pub(super) const fn shows_prompt(prompt: PromptCount) -> Option<Tokens> {
    match prompt {
        PromptCount::Whole(tokens) => Some(tokens),
        PromptCount::ComputedOnly(_) | PromptCount::Unknown => None,
    }
}
