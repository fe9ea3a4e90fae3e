//! Resolved alerts: those of one rule on one node, unit or target share a row that unfolds into the single alerts.

use std::collections::{BTreeSet, HashMap};

use ratatui::layout::Rect;

use super::super::about::{about, about_all, found, lasted, named, said_of, what};
use super::super::list::{Col, List, known_sum};
use super::super::{Hits, ListKey, ViewId};
use super::outages::{GroupKey, Outages, rule_of};
use crate::history::{EventKind, HistoryEvent};
use crate::reading::Label;
use crate::snapshot::Rule;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::together;
use crate::tui::widgets::table::{Cell, Tree};
use crate::tui::widgets::{Canvas, Segment};
use crate::units::Span;

/// Resolved alerts of one rule on one node, unit or target, the latest first.
pub(super) struct Resolved {
    about: String,
    key: ListKey,
    /// The rule of the group; alerts of the engines of a silent node are in the node's.
    rule: Option<Rule>,
    /// Whether it is one outage of many things.
    is_of_many: bool,
    alerts: Vec<HistoryEvent>,
}

impl Resolved {
    fn latest(&self) -> Option<&HistoryEvent> {
        self.alerts.first()
    }

    /// The number of alerts that the group counts as: one outage of many things, or of a node with its engines, is one.
    fn count(&self) -> usize {
        let is_outage = self.is_of_many || self.rule == Some(Rule::NodeSilent);
        if is_outage { self.times() } else { self.alerts.len() }
    }

    /// How many times the alert fired; of several parts, the count of the part with most.
    fn times(&self) -> usize {
        let of = |name: &Label| self.alerts.iter().filter(|event| event.name == *name).count();
        self.alerts.iter().map(|event| of(&event.name)).max().unwrap_or(0)
    }
}

/// A row of the list: a group of alerts, or one alert of an unfolded group.
pub(super) struct ResolvedAlert<'a> {
    pub(super) key: ListKey,
    pub(super) tree: Tree,
    group: &'a Resolved,
    /// The single alert, if this is a row of an unfolded group.
    one: Option<&'a HistoryEvent>,
}

impl ResolvedAlert<'_> {
    /// The alert, if the row is about a single one.
    pub(super) fn single(&self) -> Option<&HistoryEvent> {
        match self.events() {
            [event] => Some(event),
            _ => None,
        }
    }

    fn is_group(&self) -> bool {
        self.one.is_none()
    }

    fn events(&self) -> &[HistoryEvent] {
        self.one.map_or(self.group.alerts.as_slice(), std::slice::from_ref)
    }

    fn lasted_for(&self) -> Span {
        lasted(self.events().iter().filter_map(|event| Some((event.at, event.until?)))).0
    }
}

/// Groups resolved alerts by rule and subject, the last to end first; those of one outage are in one group.
pub(super) fn together(input: &FrameInput<'_>, mut over: Vec<HistoryEvent>) -> Vec<Resolved> {
    over.sort_by_key(|event| std::cmp::Reverse(event.until));
    let outages = Outages::of(input, &over);
    let mut places: HashMap<GroupKey, usize> = HashMap::new();
    let mut groups: Vec<Resolved> = Vec::new();
    for event in over {
        let of = outages.group(&event);
        let key = ListKey::of(("resolved", of.rule, &of.name));
        let (rule, is_of_many) = (of.rule, of.is_of_many);
        let place = *places.entry(of).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.alerts.push(event),
            None => groups.push(Resolved { about: String::new(), key, rule, is_of_many, alerts: vec![event] }),
        }
    }
    for group in &mut groups {
        // The group says what its own rule says, not what its engines say.
        group.alerts.sort_by_key(|event| rule_of(event) != group.rule);
        let own = group.alerts.iter().filter(|event| rule_of(event) == group.rule);
        let names: BTreeSet<&str> = own.map(|event| event.name.as_str()).collect();
        group.about = match group.rule {
            Some(rule) if group.is_of_many => together::counted(rule, names.len()),
            _ => about_all(input, &names.into_iter().collect::<Vec<_>>()),
        };
    }
    groups
}

/// The rows of the list; each alert of an unfolded group has a row below it.
pub(super) fn entries<'a>(input: &FrameInput<'_>, groups: &'a [Resolved]) -> Vec<ResolvedAlert<'a>> {
    let of = |group: &'a Resolved| {
        let is_open = input.app.is_open(group.key);
        let tree = if is_open { Tree::Open } else { Tree::Folded };
        let first = ResolvedAlert { key: group.key, tree, group, one: None };
        let last = group.alerts.len().saturating_sub(1);
        let each = group.alerts.iter().enumerate().filter(move |_| is_open).map(move |(nth, event)| ResolvedAlert {
            key: ListKey::of((group.key, event.name.as_str(), event.at)),
            tree: if nth == last { Tree::LastChild } else { Tree::Child },
            group,
            one: Some(event),
        });
        std::iter::once(first).chain(each)
    };
    groups.iter().flat_map(of).collect()
}

/// Draws the resolved alerts. `has_chosen`: the view's chosen row is one of them.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    groups: &[Resolved],
    has_chosen: bool,
) -> Hits {
    let entries = entries(input, groups);
    let columns = columns(input, area.width, &entries);
    let alerts: usize = groups.iter().map(Resolved::count).sum();
    let mut list = List {
        gap: 1,
        key: &|entry: &ResolvedAlert<'_>| entry.key,
        tree: &|entry: &ResolvedAlert<'_>| entry.tree,
        state: Some(input.app.list_of(ViewId::Alerts)),
        is_chosen_elsewhere: !has_chosen,
        ..List::plain("Resolved", &columns, &entries)
    };
    list.title.push(Segment::dim(format!(" {} · 24 h", format::grouped(alerts as u128))));
    let hits = list.draw(canvas, area);
    if entries.is_empty() {
        canvas.writer(area, 1).put(Role::Dim, "none");
    }
    hits
}

fn columns<'s, 'a: 's>(
    input: &'s FrameInput<'_>,
    width: u16,
    entries: &[ResolvedAlert<'a>],
) -> Vec<Col<'s, ResolvedAlert<'a>>> {
    type C<'s, 'a> = Col<'s, ResolvedAlert<'a>>;
    let is_wide = width >= 100;
    let zone = input.zone();
    let currency = format::symbol(input.currency()).trim_end().to_owned();
    let has_cost = entries.iter().any(|entry| entry.events().iter().any(|event| event.cost.is_some()));
    vec![
        C::left("", 22, move |entry: &ResolvedAlert<'_>| name(input, entry)).stretch(1, 34),
        C::left("", 16, move |entry| {
            let latest = entry.group.latest().map_or("", |latest| what(latest.text.as_str())).to_owned();
            let text = entry.events().first().map(|event| match event.kind {
                // The row of the group says what all of them say; a remedy no longer applies.
                EventKind::Alert(rule, _) if !entry.is_group() => {
                    Some(said_of(rule, event.text.as_str()).long).filter(|own| *own != latest).unwrap_or_default()
                }
                // Where the alert's own text does not fit, or is that of one of many, the rule's text is used.
                EventKind::Alert(rule, _) if entry.group.is_of_many => found(rule).to_owned(),
                EventKind::Alert(rule, _) if !is_wide => named(rule, event.text.as_str()).to_owned(),
                _ => what(event.text.as_str()).to_owned(),
            });
            Cell::Phrase(text.unwrap_or_default().into())
        })
        .rank(2)
        .stretch(4, 200),
        C::right("times", 5, |entry| match entry.group.times() {
            times if entry.is_group() && times > 1 => Cell::text(times.to_string()),
            _ => Cell::Empty,
        })
        .rank(3),
        C::right("last", 5, move |entry| match entry.group.latest() {
            Some(latest) if entry.is_group() => Cell::dim(format::clock_minute(latest.at, zone)),
            _ => Cell::Empty,
        })
        .rank(1),
        C::right("for", 5, |entry| Cell::text(format::duration(entry.lasted_for()))),
        C::right(format!("{currency} ≈"), 8, |entry| {
            match known_sum(entry.events().iter().map(|event| event.cost)) {
                Some(cost) => Cell::text(format::tight(cost.max(0.0), 8)),
                None => Cell::unknown(),
            }
        })
        .rank(4)
        .only(has_cost),
        C::left("how it ended", 14, |entry| {
            Cell::dim(entry.events().first().map_or(String::new(), |event| event.ended.to_string()))
        })
        .rank(4)
        .stretch(1, 36),
    ]
}

/// The subject of a group; for a single alert its start and end.
fn name(input: &FrameInput<'_>, entry: &ResolvedAlert<'_>) -> Cell<'static> {
    let Some(event) = entry.one else { return Cell::dim(entry.group.about.clone()) };
    let clock = |at| format::clock_second(at, input.zone());
    let until = event.until.map_or_else(|| format::UNKNOWN.to_owned(), clock);
    let times = format!("{} to {until}", clock(event.at));
    let is_of_parts = entry.group.alerts.iter().any(|other| other.name != event.name);
    let part = if is_of_parts { format!(" {}", about(input, event.name.as_str())) } else { String::new() };
    Cell::text(format!("{times}{part}"))
}
