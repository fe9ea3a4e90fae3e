//! Moves the counting of a process from one address to another that shows it.
//!
//! The new address continues from the values up to which the other one counted, so that no token is counted twice or lost,
//! however long the other one was silent.

use super::{Duplicates, Place, ProcessMark, Side, side};
use crate::counters::{Process, RowKey};
use crate::metering::agreement::{Values, Verdict, is_same};
use crate::metering::{Context, Engine, Metering};
use crate::reading::{EngineReading, InstanceId, TargetId};
use crate::units::{Moment, Span, Timestamp};

impl Metering {
    /// Makes this address count the page's process, if the address that counted it is stale or less direct, or its process
    /// was replaced. This comes before the page is applied: if the page shows at least the counted values, its growth is
    /// counted from them on.
    pub(in crate::metering) fn transfer_counting(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        id: Option<&InstanceId>,
        (start, page): (Option<Timestamp>, &[&EngineReading]),
    ) {
        let Some((place, mark)) = self.place_on(context, engine, id, start) else { return };
        let Some(counted) = self.replaceable(context, &place) else { return };
        let instance = engine.instances.iter_mut().find(|instance| instance.id.as_ref() == id);
        let Some(ours) = instance.and_then(|instance| instance.processes.get_mut(place.process)) else { return };
        let known = self.engines.get(&counted.target).or_else(|| self.unwatched.get(&counted.target));
        let theirs = known.filter(|engine| !engine.holds_back());
        match theirs.and_then(|engine| engine.process(counted.instance.as_ref(), counted.process)) {
            Some(theirs) => {
                let reaches = mark.values(Values::on(page, ours)).reaches(&mark.values(Values::of(theirs)));
                if reaches && go_on_from(ours, theirs, page, mark) {
                    let former = known.and_then(|engine| engine.address(counted.instance.as_ref()));
                    self.duplicates.count_at(&place);
                    // What this address posts next is also of the time that the former one's rate is kept for.
                    context
                        .ledger
                        .end_sources(|source| former == Some(source.address) && source.process == counted.process.0);
                }
            }
            None => {
                if self.duplicates.part(&place, &counted) {
                    context.ledger.lose_window(context.at.wall);
                }
            }
        }
    }

    /// The place of the process of an instance that a page shows, and its mark, if its page was read before.
    pub(super) fn place_on(
        &self,
        context: &Context<'_>,
        engine: &Engine,
        id: Option<&InstanceId>,
        start: Option<Timestamp>,
    ) -> Option<(Place, ProcessMark)> {
        let instance = engine.instances.iter().find(|instance| instance.id.as_ref() == id)?;
        if instance.processes.is_quarantined() {
            return None;
        }
        let ours = match start {
            Some(start) => instance.processes.answering(instance.seen).find(|process| process.has_start(start))?,
            None => instance.processes.current().filter(|process| process.start().is_none())?,
        };
        let place = Place { target: context.info.target.clone(), instance: id.cloned(), process: ours.id() };
        let mark = self.duplicates.mark(&place)?;
        Some((place, mark))
    }

    /// The place that counts a place's process, if the counting should move here.
    fn replaceable(&self, context: &Context<'_>, place: &Place) -> Option<Place> {
        let roots = self.duplicates.roots(place);
        let is_stale = |root: &Place| {
            let Some((_, last)) = self.duplicates.places.get(root)?.polled else { return Some(true) };
            self.is_silent(context, &root.target, last)
        };
        let replaces = |root: &Place| self.duplicates.replaces(place, root) || is_stale(root) != Some(false);
        let last =
            |root: &&Place| self.duplicates.places.get(*root).and_then(|known| known.polled).map(|(_, at)| at.boot);
        roots.iter().all(|root| replaces(root)).then(|| roots.into_iter().max_by_key(last).cloned())?
    }

    /// Whether a place last seen at a moment is stale; `None` if its target is no longer configured. Nothing is lost by
    /// moving the counting early, so staleness suffices.
    fn is_silent(&self, context: &Context<'_>, target: &TargetId, last: Moment) -> Option<bool> {
        context.inventory.target(target)?;
        let silent = context.at.since(last).min(context.at.wall - self.began);
        Some(silent >= context.config.stale_after())
    }
}

/// Makes a process's rows continue from those of the same process at another address, if it has all of them.
fn go_on_from(ours: &mut Process, theirs: &Process, page: &[&EngineReading], mark: ProcessMark) -> bool {
    let only = ours.rows().len() == 1 && theirs.rows().len() == 1 && matches!(mark, ProcessMark::Page(_));
    let is_its = |own: &RowKey, key: &RowKey| is_same(own, key) || only && own.rank == key.rank;
    let own = |key: &RowKey| ours.rows().iter().find(|own| is_its(&own.key, key)).map(|own| own.key.clone());
    let Some(keys) = theirs.rows().iter().map(|row| own(&row.key)).collect::<Option<Vec<_>>>() else { return false };
    for (key, row) in keys.iter().zip(theirs.rows()) {
        let reading = page.iter().find(|reading| key.is_of(reading)).map(|reading| reading.finished);
        let shows_finished = reading.is_some_and(|finished| finished.prompt.is_some() && finished.output.is_some());
        if let Some(own) = ours.row_mut(key) {
            own.go_on_from(&row.counters, theirs.last_seen(), shows_finished);
        }
    }
    true
}

impl Duplicates {
    /// The places that count a place's process, each followed to one that is not a duplicate itself.
    fn roots(&self, place: &Place) -> Vec<&Place> {
        let mut roots: Vec<&Place> = Vec::new();
        for first in self.alike(place).filter(|other| self.pairs.is_counted_at(place, other)) {
            let mut root = first;
            for _ in 0..super::OBSERVATIONS {
                let Some(next) = self.winner(root) else { break };
                root = next;
            }
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        roots
    }

    /// Whether a place counts instead of an answering one: it is more direct, or the other's process was replaced.
    fn replaces(&self, place: &Place, other: &Place) -> bool {
        let known = |place: &Place| self.places.get(place);
        let directness = |place: &Place| known(place).and_then(|known| known.directness);
        known(other).is_none_or(|other| other.has_ended)
            || directness(place).zip(directness(other)).is_some_and(|(ours, theirs)| ours < theirs)
    }

    /// Makes a place count before all places that it was a duplicate of.
    fn count_at(&mut self, place: &Place) {
        for other in self.counted_before(place) {
            let uncounted = if side(place, &other) == Side::Lower { Side::Upper } else { Side::Lower };
            let decided = self.next_segment();
            if let Some(pair) = self.pairs.get_mut(place, &other) {
                pair.decide(Verdict::Same { uncounted }, decided);
            }
        }
    }

    /// Makes a place count again from its own values, as the values up to which the other place counted are unknown; the
    /// two are compared again. Returns whether tokens may be missing.
    fn part(&mut self, place: &Place, counted: &Place) -> bool {
        let last = |place: &Place| self.places.get(place).and_then(|known| known.polled).map(|(_, at)| at);
        let begins_after =
            last(counted).is_none_or(|then| last(place).is_some_and(|now| now.since(then) >= Span::ZERO));
        if !begins_after {
            return false;
        }
        for other in self.counted_before(place) {
            let since = self.next_segment();
            if let Some(pair) = self.pairs.get_mut(place, &other) {
                pair.restart(since);
            }
        }
        if let Some(known) = self.places.get_mut(place) {
            known.logs = true;
        }
        true
    }

    fn counted_before(&self, place: &Place) -> Vec<Place> {
        self.alike(place).filter(|other| self.pairs.is_counted_at(place, other)).cloned().collect()
    }
}
