//! Proxies in a chain: each counts what the next one counts, under another name, and no engine is watched that could tell.
//!
//! Every five minutes the growth of each model of a proxy, and that of all its models together, is compared with those of
//! the other proxies. Growth that agrees may be the same traffic. Both stay posted, and what the later of the two targets
//! posted is uncertain, for these five minutes and from then on until the two differ. Proxies of one kind with one name of
//! a model are replicas that share the requests, and are not compared.

use std::collections::{BTreeMap, BTreeSet};

use super::entries;
use super::proxy_comparison::{LEAST, WATCHED, is_close};
use super::steady_ratio::TokenPair;
use crate::ledger::{Entry, Ledger};
use crate::reading::{EngineKind, TargetId};
use crate::units::{Moment, Money, Span, Timestamp};

/// How long the uncertain amount of a minute is kept, in case that its postings are reversed.
const KEPT: Span = Span::from_secs(86_400);

/// A model that a proxy counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ProxyModel {
    pub(super) target: TargetId,
    pub(super) kind: EngineKind,
    /// The root of the model's names.
    pub(super) root: String,
}

/// What a proxy counted of a model since the last comparison.
#[derive(Debug, Default)]
struct CountedModel {
    grown: TokenPair,
    posted: Vec<Entry>,
    /// The model that may be the same, by the last comparison.
    same_as: Option<ProxyModel>,
    /// The uncertain amount of each minute.
    uncertain: BTreeMap<Timestamp, Money>,
}

/// What all proxies counted since the last comparison.
#[derive(Debug, Default)]
pub(super) struct ChainedProxies {
    models: BTreeMap<ProxyModel, CountedModel>,
    since: Option<Moment>,
}

/// Models of one proxy whose growth is compared: one, or all of them.
struct ModelGroup<'a> {
    models: Vec<&'a ProxyModel>,
    grown: TokenPair,
}

impl ModelGroup<'_> {
    fn target(&self) -> &TargetId {
        &self.models[0].target
    }

    /// Whether both may be the same traffic: two targets, no common name, and growth that agrees.
    fn may_be(&self, other: &Self) -> bool {
        let names = |group: &Self| group.models.iter().map(|model| (model.kind, model.root.clone())).collect();
        let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) = (names(self), names(other));
        self.target() != other.target() && is_close(self.grown, other.grown) && ours.is_disjoint(&theirs)
    }
}

impl CountedModel {
    fn change(&mut self, ledger: &mut Ledger, entry: &Entry, sign: i64) {
        let tariff = entry.tariff.filter(|_| !entry.unproven);
        let Some(value) = tariff.map(|tariff| ledger.tariff(tariff).value(entry.tokens)) else { return };
        let sum = self.uncertain.entry(entry.minute).or_default();
        let value = if sign < 0 { Money::ZERO - value.min(*sum) } else { value };
        *sum += value;
        ledger.change_excess(entry.minute, value);
    }

    /// Ends a comparison: what was posted since the last one is uncertain, or is not any more.
    fn judge(&mut self, ledger: &mut Ledger, same_as: Option<ProxyModel>) {
        let was = std::mem::replace(&mut self.same_as, same_as).is_some();
        let sign = i64::from(self.same_as.is_some()) - i64::from(was);
        self.grown = TokenPair::default();
        for entry in std::mem::take(&mut self.posted).iter().filter(|_| sign != 0) {
            self.change(ledger, entry, sign);
        }
    }
}

impl ChainedProxies {
    /// Records what was posted of a proxy's model.
    pub(super) fn note(&mut self, ledger: &mut Ledger, model: ProxyModel, posted: &[Entry], at: Moment) {
        self.since.get_or_insert(at);
        let counted = self.models.entry(model).or_default();
        for entry in posted.iter().filter(|entry| !entry.tokens.is_zero()) {
            counted.grown = counted.grown.plus(entry.tokens.into());
            entries::remember(&mut counted.posted, *entry);
            if counted.same_as.is_some() {
                counted.change(ledger, entry, 1);
            }
        }
    }

    /// Drops entries of a target that were reversed.
    pub(super) fn drop_entries(&mut self, ledger: &mut Ledger, target: &TargetId, taken: &[Entry]) {
        for (_, counted) in self.models.iter_mut().filter(|(model, _)| model.target == *target) {
            for entry in taken
                .iter()
                .filter(|entry| counted.posted.iter().any(|posted| posted.merges(entry)))
                .collect::<Vec<_>>()
            {
                counted.grown = counted.grown.since(entry.tokens.into());
                entries::subtract(&mut counted.posted, &[*entry]);
                if counted.same_as.is_some() {
                    counted.change(ledger, entry, -1);
                }
            }
        }
    }

    /// Drops all entries, since they were posted to another ledger.
    pub(super) fn forget_posted(&mut self) {
        for counted in self.models.values_mut() {
            counted.posted.clear();
            counted.uncertain.clear();
        }
    }

    /// Compares all models if it is time to.
    pub(super) fn judge(&mut self, ledger: &mut Ledger, at: Moment) {
        if self.since.is_none_or(|since| at.since(since) < WATCHED) {
            return;
        }
        self.since = Some(at);
        self.models.retain(|_, counted| !counted.posted.is_empty() || !counted.uncertain.is_empty());
        let mut duplicates = self.find_duplicates();
        for (model, counted) in &mut self.models {
            counted.judge(ledger, duplicates.remove(model));
            counted.uncertain = counted.uncertain.split_off(&(at.wall - KEPT));
        }
    }

    /// The models that may be counted at another target, too, with the first of those there.
    fn find_duplicates(&self) -> BTreeMap<ProxyModel, ProxyModel> {
        let mut groups = self.groups();
        groups.sort_by_key(|group| group.grown.total());
        let mut duplicates = BTreeMap::new();
        for (place, group) in groups.iter().enumerate() {
            let near = groups[place + 1..].iter().take_while(|other| {
                let (ours, theirs) = (group.grown.total(), other.grown.total());
                theirs - ours <= ours / 10
            });
            for other in near.filter(|other| group.may_be(other)) {
                let [first, later] = if group.target() < other.target() { [group, other] } else { [other, group] };
                for model in &later.models {
                    duplicates.entry((*model).clone()).or_insert_with(|| first.models[0].clone());
                }
            }
        }
        duplicates
    }

    /// The models that earned something, each alone, and those of a target together.
    fn groups(&self) -> Vec<ModelGroup<'_>> {
        let has_price = |counted: &CountedModel| counted.posted.iter().any(|entry| entry.tariff.is_some());
        let priced = self.models.iter().filter(|(_, counted)| has_price(counted));
        let mut groups: Vec<ModelGroup<'_>> = Vec::new();
        let mut together: BTreeMap<&TargetId, ModelGroup<'_>> = BTreeMap::new();
        for (model, counted) in priced {
            groups.push(ModelGroup { models: vec![model], grown: counted.grown });
            let all = together.entry(&model.target);
            let all = all.or_insert_with(|| ModelGroup { models: Vec::new(), grown: TokenPair::default() });
            all.models.push(model);
            all.grown = all.grown.plus(counted.grown);
        }
        groups.extend(together.into_values().filter(|all| all.models.len() > 1));
        groups.retain(|group| group.grown.total() >= LEAST);
        groups
    }

    /// The models that are probably counted twice, with the model that is probably the same.
    pub(super) fn duplicates(&self) -> impl Iterator<Item = (&ProxyModel, &ProxyModel)> {
        self.models.iter().filter_map(|(model, counted)| Some((model, counted.same_as.as_ref()?)))
    }
}
