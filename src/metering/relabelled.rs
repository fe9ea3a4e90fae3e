//! Instances whose labels change while their processes continue: an aggregator names them by address at first and later by
//! pod, or renumbers its workers.
//!
//! A process is identified by its start time. If several have the same one, the values distinguish them.

use super::{Context, Engine, Metering, Row};
use crate::reading::{EngineReading, InstanceId, PageReading};
use crate::units::Timestamp;

/// If the page's labels were known before with the same start time, the values must be this many times closer to the other
/// instance's.
const NEAR: u64 = 4;

/// The rows of a page that have the same instance labels.
pub(super) type InstancePart<'a> = (Option<&'a InstanceId>, Vec<&'a EngineReading>);

impl Metering {
    /// Gives instances of the last page the labels under which they continue, before the page is metered. If that is
    /// unknown, and an instance that left may be there under new labels, a lost window is counted. Returns whether one was.
    pub(super) fn follow_instances(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        page: &PageReading,
        parts: &[InstancePart<'_>],
    ) -> bool {
        engine.instances.iter_mut().for_each(|instance| instance.is_unproven = false);
        let is_alone = engine.instances.len() == 1 && parts.len() == 1;
        if is_alone && engine.known_instance(parts[0].0).is_some() {
            return false;
        }
        let starts: Vec<Option<Timestamp>> = parts.iter().map(|(id, _)| page.start_of(*id)).collect();
        engine.note_returns(&starts, parts);
        let strays = |((id, rows), start): (&InstancePart<'_>, &Option<Timestamp>)| {
            let own = engine.known_instance(*id).map(|own| &engine.instances[own].processes);
            start.is_some_and(|start| own.is_none_or(|own| own.is_astray(start, rows)))
        };
        let astray: Vec<bool> = parts.iter().zip(&starts).map(strays).collect();
        let is_renamed = engine.may_be_renamed(&starts, parts);
        if is_renamed {
            // It is unknown whether it is the instance that left: the first page of its labels is a baseline.
            context.ledger.lose_window(context.at.wall);
            let is_shown = |row: &Row| parts.iter().any(|(id, _)| *id == row.instance.as_ref());
            for row in engine.rows.iter_mut().filter(|row| row.instance.is_some() && !is_shown(row)) {
                row.may_be_renamed = true;
            }
        }
        if engine.instances.is_empty() || !astray.contains(&true) {
            return is_renamed;
        }
        let from = sources(context, engine, parts, &starts, &astray);
        let followed = from.iter().any(Option::is_some) && self.relabel(context, engine, parts, &from);
        let is_missed = |nth: usize| {
            let known = engine.known_instance(parts[nth].0).is_some();
            astray[nth] && !known && engine.may_have_left(starts[nth], parts)
        };
        let is_lost = (0..parts.len()).any(|nth| (from[nth].is_none() || !followed) && is_missed(nth));
        if is_lost {
            // The first page of its labels is a baseline.
            context.ledger.lose_window(context.at.wall);
        }
        is_renamed || is_lost
    }

    /// Gives known instances their labels on a page: each part is the instance at its index in `from`. Returns whether that
    /// was possible; an instance that another address shows too keeps its labels.
    fn relabel(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        parts: &[InstancePart<'_>],
        from: &[Option<usize>],
    ) -> bool {
        let target = &context.info.target;
        let changes: Vec<(Option<InstanceId>, Option<InstanceId>)> = parts
            .iter()
            .zip(from)
            .filter_map(|((id, _), from)| Some((engine.instances[(*from)?].id.clone(), id.cloned())))
            .collect();
        let ids = || changes.iter().flat_map(|(old, new)| [old.as_ref(), new.as_ref()]);
        if ids().any(|id| self.duplicates.is_seen_elsewhere(target, id)) {
            return false;
        }
        ids().for_each(|id| self.duplicates.forget_instance(target, id));
        let later = |id: &Option<InstanceId>| changes.iter().find(|(old, _)| old == id).map(|(_, new)| new.clone());
        // An instance whose labels another one has now, and that has no others, is gone.
        let is_gone = |id: &Option<InstanceId>| later(id).is_none() && changes.iter().any(|(_, new)| new == id);
        engine.instances.retain(|instance| !is_gone(&instance.id));
        let dropped: Vec<_> = engine.rows.extract_if(.., |row| is_gone(&row.instance)).collect();
        super::proxies::note_dropped(context, &dropped);
        for row in &dropped {
            super::presence::end_row(context, row);
        }
        for instance in &mut engine.instances {
            instance.id = later(&instance.id).unwrap_or_else(|| instance.id.take());
        }
        for row in &mut engine.rows {
            if let Some(new) = later(&row.instance) {
                row.reading.instance.clone_from(&new);
                row.instance = new;
            }
        }
        true
    }
}

impl Engine {
    /// The index of a known instance.
    fn known_instance(&self, id: Option<&InstanceId>) -> Option<usize> {
        self.instances.iter().position(|instance| instance.id.as_ref() == id)
    }

    /// Whether an instance without a start time is new on a page that lacks one of the last page.
    fn may_be_renamed(&self, starts: &[Option<Timestamp>], parts: &[InstancePart<'_>]) -> bool {
        let is_new = |((id, _), start): (&InstancePart<'_>, &Option<Timestamp>)| {
            id.is_some() && start.is_none() && self.known_instance(*id).is_none()
        };
        parts.iter().zip(starts).any(is_new) && self.one_left(parts)
    }

    /// Whether an instance of the last page without a start time is not on this one.
    fn one_left(&self, parts: &[InstancePart<'_>]) -> bool {
        let last = self.instances.iter().map(|instance| instance.seen.boot).max();
        self.instances.iter().any(|instance| {
            let is_shown = parts.iter().any(|(id, _)| *id == instance.id.as_ref());
            Some(instance.seen.boot) == last && !is_shown && instance.processes.lacks_starts()
        })
    }

    /// Marks the instances without a start time that return to a page that lacks one of the last page: both may be one
    /// process whose labels come and go, which was counted under the other labels meanwhile.
    fn note_returns(&mut self, starts: &[Option<Timestamp>], parts: &[InstancePart<'_>]) {
        let last = self.instances.iter().map(|instance| instance.seen.boot).max();
        let one_left = self.one_left(parts);
        for instance in &mut self.instances {
            let of_it = parts.iter().zip(starts).find(|((id, _), _)| *id == instance.id.as_ref());
            let returns = Some(instance.seen.boot) != last && of_it.is_some_and(|(_, start)| start.is_none());
            instance.is_unproven = one_left && returns;
        }
    }

    /// Whether an instance's growth on this page may have been counted under other labels.
    pub(super) fn is_unproven(&self, id: Option<&InstanceId>) -> bool {
        self.known_instance(id).is_some_and(|place| self.instances[place].is_unproven)
    }

    /// Whether an instance of the last page with a start time is not on this one.
    fn may_have_left(&self, start: Option<Timestamp>, parts: &[InstancePart<'_>]) -> bool {
        let Some(start) = start else { return false };
        let last = self.instances.iter().map(|instance| instance.seen.boot).max();
        self.instances.iter().any(|instance| {
            Some(instance.seen.boot) == last
                && !parts.iter().any(|(id, _)| *id == instance.id.as_ref())
                && instance.processes.has_start(start)
        })
    }
}

/// New labels whose page may lack a part of what the only instance with their start time that left had. Each with the distance,
/// the index of the part and that of the instance.
fn dips(
    engine: &Engine,
    parts: &[InstancePart<'_>],
    starts: &[Option<Timestamp>],
    own: &[Option<usize>],
) -> Vec<(u64, usize, usize)> {
    let last = engine.instances.iter().map(|instance| instance.seen.boot).max();
    let is_shown = |id: &Option<InstanceId>| parts.iter().any(|(shown, _)| *shown == id.as_ref());
    let left = |start: Timestamp| {
        let of_last = engine.instances.iter().enumerate().filter(|(_, known)| Some(known.seen.boot) == last);
        let gone = of_last.filter(move |(_, known)| !is_shown(&known.id) && known.processes.has_start(start));
        gone.map(|(place, _)| place).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    for (nth, (_, rows)) in parts.iter().enumerate().filter(|(nth, _)| own[*nth].is_none()) {
        let Some(start) = starts[nth] else { continue };
        let new = (0..parts.len()).filter(|other| own[*other].is_none() && starts[*other] == Some(start)).count();
        if let [place] = left(start)[..]
            && new == 1
            && let Some(fallen) = engine.instances[place].processes.dip_to(start, rows)
        {
            found.push((fallen, nth, place));
        }
    }
    found
}

/// For each part of a page that continues another known instance than its labels say, the index of that instance.
fn sources(
    context: &Context<'_>,
    engine: &Engine,
    parts: &[InstancePart<'_>],
    starts: &[Option<Timestamp>],
    astray: &[bool],
) -> Vec<Option<usize>> {
    let last = engine.instances.iter().map(|instance| instance.seen.boot).max();
    let own: Vec<Option<usize>> = parts.iter().map(|(id, _)| engine.known_instance(*id)).collect();
    let mut pairs = Vec::new();
    for (nth, ((_, rows), start)) in parts.iter().zip(starts).enumerate() {
        let Some(start) = *start else { continue };
        let of_own = own[nth].map(|own| &engine.instances[own].processes);
        if !astray[nth] && of_own.is_some_and(|own| own.growth_to(start, rows, context.at).is_some()) {
            continue;
        }
        let away = of_own.and_then(|own| own.distance_from(start, rows)).unwrap_or(u64::MAX);
        for (place, instance) in engine.instances.iter().enumerate() {
            let grown = instance.processes.growth_to(start, rows, context.at);
            if let Some(grown) = grown
                && own[nth] != Some(place)
                && Some(instance.seen.boot) == last
                && grown.saturating_mul(NEAR) <= away
            {
                pairs.push((grown, nth, place));
            }
        }
    }
    pairs.extend(dips(engine, parts, starts, &own));
    pairs.sort_unstable();
    let mut from = vec![None; parts.len()];
    for (_, nth, place) in pairs {
        if from[nth].is_none() && !from.contains(&Some(place)) {
            from[nth] = Some(place);
        }
    }
    // Labels that still belong to their instance are not given to another one.
    while let Some(nth) = (0..parts.len()).find(|nth| {
        from[*nth].is_some_and(|place| {
            let given_away = own[*nth].is_some_and(|own| from.contains(&Some(own)));
            let in_use = (0..parts.len()).any(|other| own[other] == Some(place) && from[other].is_none());
            in_use || !astray[*nth] && !given_away
        })
    }) {
        from[nth] = None;
    }
    from
}
