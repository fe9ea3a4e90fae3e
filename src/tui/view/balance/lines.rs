//! The rows of the list: each group of ranks, once for each balancer that the ranks report.

use std::collections::HashMap;

use crate::balance::{Balance, Balancer, GroupBalance};
use crate::reading::NodeName;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::view::list::{Col, OrderedBy, amount, said};
use crate::tui::view::settled::settle;
use crate::tui::view::{ListKey, ViewId};
use crate::tui::widgets::table::Cell;
use crate::units::Money;

use super::terms::{NODES, RANKS, UNEVEN, name, node};

/// The maximum ratio that is displayed.
const MOST: f64 = 99.0;

/// A group by one balancer. Only the first line of a group has its name and cost.
#[derive(Clone, Copy)]
pub(super) struct BalanceLine<'a> {
    pub(super) group: &'a GroupBalance,
    /// Whether the engine is the only one on its node, so that the node's name suffices.
    is_alone: bool,
    balance: &'a Balance,
    is_first: bool,
}

impl BalanceLine<'_> {
    /// The short name of its group.
    pub(super) fn name(&self) -> String {
        name(self.group, self.is_alone)
    }

    /// Whether it is the first line of its group: that of its worst balancer.
    pub(super) const fn is_first(&self) -> bool {
        self.is_first
    }

    fn over(&self) -> f64 {
        self.balance.over_mean.get()
    }

    fn waiting(&self) -> Option<Money> {
        self.group.waiting_per_hour.filter(|_| self.is_first)
    }
}

pub(super) fn key(line: &BalanceLine<'_>) -> ListKey {
    key_of(line.group, line.balance)
}

pub(super) fn key_of(group: &GroupBalance, balance: &Balance) -> ListKey {
    ListKey::of((group.group.name(), balance.balancer))
}

/// The groups in the sort order of the list, each with its lines, the worst balancer first.
pub(super) fn lines<'a>(input: &FrameInput<'_>, groups: &'a [GroupBalance]) -> Vec<BalanceLine<'a>> {
    let mut engines: HashMap<&NodeName, usize> = HashMap::new();
    groups.iter().filter_map(node).for_each(|node| *engines.entry(node).or_default() += 1);
    let of = |group: &'a GroupBalance, balance: &'a Balance, is_first| {
        let is_alone = node(group).is_some_and(|node| engines.get(node) == Some(&1));
        BalanceLine { group, is_alone, balance, is_first }
    };
    let first = |group: &'a GroupBalance| group.balances.first().map(|balance| of(group, balance, true));
    let mut firsts: Vec<BalanceLine<'a>> = groups.iter().filter_map(first).collect();
    settle(&mut firsts, &columns("/h", RANKS), input, ViewId::Balance, key);
    let all = |line: BalanceLine<'a>| {
        let balances = line.group.balances.iter().enumerate();
        balances.map(move |(nth, balance)| of(line.group, balance, nth == 0))
    };
    firsts.into_iter().flat_map(all).collect()
}

/// The columns. `an_hour` is the heading of the costs, `of` that of the groups.
pub(super) fn columns<'s, 'a>(an_hour: &str, of: &'static str) -> Vec<Col<'s, BalanceLine<'a>>> {
    type C<'s, 'a> = Col<'s, BalanceLine<'a>>;
    vec![
        C::left(of, 10, |line| if line.is_first { Cell::text(line.name()) } else { Cell::Empty })
            .stretch(1, 30)
            .rising(|line| OrderedBy::Name(line.group.group.name().to_owned())),
        C::left("balancer", 9, |line| Cell::dim(line.balance.balancer.name())),
        C::right("max/mean", 8, |line| {
            let over = line.over();
            said(if over >= UNEVEN { Role::Warning } else { Role::Text }, format!("{:.2}", over.min(MOST)))
        })
        .falling(|line| OrderedBy::Number(Some(line.over())))
        .first(),
        C::right("worst", if of == NODES { 8 } else { 5 }, |line| {
            let worst = line.balance.ranks.get(line.balance.worst);
            let of_gpus =
                || if line.balance.balancer == Balancer::Experts { Cell::dim("a GPU") } else { Cell::unknown() };
            worst.map_or_else(of_gpus, |worst| Cell::dim(line.balance.name_of(worst)))
        }),
        C::right(format!("{an_hour} ≈"), 6, |line| match line.waiting() {
            Some(cost) => amount(Some(cost), 6),
            None if line.is_first => Cell::unknown(),
            None => Cell::Empty,
        })
        .rank(1)
        .falling(|line| OrderedBy::Money(line.waiting())),
    ]
}
