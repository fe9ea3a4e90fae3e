//! Proxies in front of observed engines: their tokens are posted, withheld, or left to the engine that serves the model.

use super::chained_proxies::ProxyModel;
use super::counts::Counts;
use super::entries::subtract;
use super::left_to_engines::LeftToEngines;
use super::model_names::{PageNames, SavedName};
use super::proxy_comparison::WATCHED;
use super::proxy_guard::{self, EngineStates, ProxyGuard, WaitingTokens};
use super::row::Row;
use super::{Context, Engine, Metering};
use crate::ledger::{Classes, Entry, TokenChange};
use crate::reading::{EngineReading, EngineRole, PageReading, TargetId};
use crate::units::{Moment, Timestamp};

impl Metering {
    /// Holds a proxy's tokens while an observed engine may count them too. Returns the tokens to post now.
    pub(super) fn guard(&self, row: &mut Row, role: EngineRole, withheld: WaitingTokens) -> Option<WaitingTokens> {
        if role != EngineRole::Proxy {
            return Some(withheld);
        }
        row.guard.get_or_insert_default().advance(withheld, self.names.any_served())
    }

    /// Moves the counting of a model from a proxy's row to engines, or back. `own` is the row's growth if no engine served
    /// its model, `counted` the part that counts. Returns whether nothing of this page is posted, since the other side may
    /// have counted it.
    pub(super) fn moves_over(
        &mut self,
        context: &mut Context<'_>,
        (engine, place): (&mut Engine, usize),
        reading: &EngineReading,
        (role, counts): (EngineRole, Counts),
        [own, counted]: [WaitingTokens; 2],
    ) -> bool {
        let row = &mut engine.rows[place];
        if role != EngineRole::Proxy {
            let doubled = !counted.tokens.is_zero() && self.was_proxied(reading, counted.from, context.at);
            if doubled {
                context.ledger.lose_window(context.at.wall);
            }
            return doubled;
        }
        if counts != Counts::NOTHING {
            return self.resume_counting(row, role, counted);
        }
        let doubled = self.stop_counting(context, row, reading, own);
        self.leave(row, reading, !own.tokens.is_zero());
        self.take_back(context, engine, place, &doubled);
        false
    }

    /// Stops counting a proxy's row when an observed engine serves its model. The engine's first page is a baseline, so
    /// tokens before it are lost and a lost window is counted. If the engine was counted before the name was known to be
    /// its model's, the proxy's postings since then may be the engine's: they are returned to be reversed.
    fn stop_counting(
        &self,
        context: &mut Context<'_>,
        row: &mut Row,
        reading: &EngineReading,
        now: WaitingTokens,
    ) -> Vec<Entry> {
        let Some(mut guard) = row.guard.take() else { return Vec::new() };
        let served_since = reading.model.as_ref().and_then(|model| self.names.served(model)).map(|served| served.since);
        let from = guard.withheld().map_or(now.from, |withheld| withheld.from);
        let uncounted = guard.withheld().is_some() || !now.tokens.is_zero();
        let Some(since) = served_since else { return Vec::new() };
        let doubled = if since < now.from { guard.take_recent() } else { Vec::new() };
        // If the engine answered before the first page with tokens, both began at their baselines.
        if uncounted && since > from && guard.has_counted_before(since) || !doubled.is_empty() {
            context.ledger.lose_window(context.at.wall);
        }
        doubled
    }

    /// Records what was posted of a proxy's row, to compare it with other proxies.
    pub(super) fn note_chained(&mut self, context: &mut Context<'_>, reading: &EngineReading, posted: &[Entry]) {
        let (target, kind) = (context.info.target.clone(), reading.kind);
        let root = reading.model.as_ref().map(|model| self.names.root_of(model)).unwrap_or_default();
        self.chained.note(context.ledger, ProxyModel { target, kind, root }, posted, context.at);
    }

    /// Models of proxies that are probably counted at another proxy, too, with the target and model there.
    pub(crate) fn chained(&self) -> impl Iterator<Item = [(&TargetId, &str); 2]> {
        self.chained.duplicates().map(|pair| <[&ProxyModel; 2]>::from(pair).map(|model| (&model.target, &*model.root)))
    }

    /// Decides about the rows of a proxy whose page was just read.
    pub(super) fn judge_proxies(&mut self, context: &mut Context<'_>, engine: &mut Engine) {
        let at = context.at;
        let mut guards: Vec<_> = engine.rows.iter_mut().filter_map(|row| row.guard.as_deref_mut()).collect();
        if guards.iter().any(|guard| guard.is_due(at) || guard.is_sampled(at)) {
            let behind = self.engines.values().any(|engine| self.is_behind(context, engine));
            let known = EngineStates { behind, all_names: !self.names.may_have_others() };
            let parted = proxy_guard::judge(&mut guards, at, &self.produced, known);
            (0..parted).for_each(|_| context.ledger.lose_window(at.wall));
            self.take_back_proxied(context, engine);
        }
    }

    /// Reverses what was posted for rows of a proxy that are probably an engine's.
    fn take_back_proxied(&mut self, context: &mut Context<'_>, engine: &mut Engine) {
        for place in 0..engine.rows.len() {
            let back = engine.rows[place].guard.as_deref_mut().map(ProxyGuard::take_back).unwrap_or_default();
            self.take_back(context, engine, place, &back);
        }
    }

    /// Reverses entries of a proxy's row.
    fn take_back(&mut self, context: &mut Context<'_>, engine: &mut Engine, place: usize, back: &[Entry]) {
        if back.is_empty() {
            return;
        }
        let (day, row) = (context.ledger.day_began(), &mut engine.rows[place]);
        context.ledger.reverse(back);
        self.chained.drop_entries(context.ledger, &context.info.target, back);
        super::presence::end_row(context, row);
        row.forget_correctable();
        for entry in back {
            row.earned.add(day, entry.tariff, TokenChange::taken_back(entry.tokens));
        }
        let Some(instance) = engine.instances.iter_mut().find(|instance| instance.id == row.instance) else { return };
        instance.trial.values_mut().for_each(|kept| subtract(&mut kept.entries, back));
        for process in instance.processes.all() {
            self.drop_entries(context, row.instance.as_ref(), process.id(), back);
        }
    }

    /// Whether growth of an engine is probably still to come: it has been silent, but not for long.
    fn is_behind(&self, context: &Context<'_>, engine: &Engine) -> bool {
        let Some(last) = engine.last_page else { return false };
        let silent = context.at.since(last);
        let watched = context.at.wall - self.began;
        let serves = || engine.rows.iter().any(Row::serves);
        silent >= context.config.stale_after() && silent.min(watched) < WATCHED && serves()
    }

    /// Leaves a proxy's row to the engines that serve its model. Once all of them show other models, the row's growth is
    /// counted nowhere.
    fn leave(&self, row: &mut Row, reading: &EngineReading, grew: bool) {
        let Some(served) = reading.model.as_ref().and_then(|model| self.names.served(model)) else { return };
        let lacks = served.replaced && (grew || row.left.is_some_and(|left| left.lacks));
        row.left = Some(LeftToEngines { lacks, ended: false });
    }

    /// Counts a proxy's row again if its model was left to engines until now. This page is a baseline, since an engine may
    /// have counted a part of its growth. Returns whether the row is counted again.
    fn resume_counting(&self, row: &mut Row, role: EngineRole, now: WaitingTokens) -> bool {
        let Some(left) = row.left.filter(|left| !left.ended) else { return false };
        row.left = Some(LeftToEngines { lacks: left.lacks || !now.tokens.is_zero(), ended: true });
        let _ = self.guard(row, role, WaitingTokens { from: now.to, tokens: Classes::default(), ..now });
        true
    }

    /// Whether a proxy counted a model in the interval up to an engine's first page with it: then that page's growth may
    /// have been posted for the proxy.
    fn was_proxied(&self, reading: &EngineReading, from: Timestamp, at: Moment) -> bool {
        let Some(model) = &reading.model else { return false };
        if self.names.served(model).is_none_or(|served| served.since != at.wall) {
            return false;
        }
        let root = self.names.root_of(model);
        let counted = |row: &Row| row.seen.wall > from && row.guard.as_deref().is_some_and(ProxyGuard::has_posted);
        let rows = self.engines.values().flat_map(|engine| &engine.rows).filter(|row| counted(row));
        rows.filter_map(|row| row.reading.model.as_ref()).any(|model| self.names.root_of(model) == root)
    }

    /// Records which models the engines of a page serve, and under which names.
    pub(super) fn note_served(&mut self, context: &Context<'_>, page: &PageReading) {
        let rows = page.engines.iter();
        let engines: Vec<_> = rows.filter(|row| self.role(context.info, row) != EngineRole::Proxy).collect();
        let names_models = page.engines.iter().any(|row| row.model.is_some());
        let (list, is_refused) = (page.aliases.as_deref(), page.list_refused.is_some());
        let names = PageNames { engines: &engines, names_models, list, is_refused, at: context.at };
        if self.names.note_page(&context.info.target, &names) {
            self.produced.retain(|root| self.names.serves_root(root));
        }
    }

    /// Restores the models that were served before the restart, and their other names.
    pub(super) fn restore_served(&mut self, target: &TargetId, engine: &Engine, names: Vec<SavedName>) {
        let Some(answered) = engine.last_page else { return };
        let rows = engine.rows.iter().filter(|row| row.serves()).map(|row| (&row.reading, row.seen));
        self.names.restore(target, rows, names, answered);
    }
}

/// Counts a lost window for each dropped row with tokens that are counted nowhere.
pub(super) fn note_dropped(context: &mut Context<'_>, dropped: &[Row]) {
    let is_withheld = |row: &&Row| row.guard.as_ref().is_some_and(|guard| guard.withheld().is_some());
    let withheld = dropped.iter().filter(|row| is_withheld(row) || row.left.is_some_and(LeftToEngines::has_lost));
    withheld.for_each(|_| context.ledger.lose_window(context.at.wall));
}
