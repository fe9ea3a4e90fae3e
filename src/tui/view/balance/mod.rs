//! The balance view: whether the ranks of a unit are evenly loaded, and what an uneven load costs.
//!
//! The figures come from `balance`; they are estimates and are never posted to the ledger.

mod advice;
mod brief;
mod costs;
mod layout;
mod lines;
mod over_time;
mod ranks;
mod terms;
mod yields;

use ratatui::layout::Rect;

use super::list::{self, List};
use super::settled::{SLACK, calm, place, places};
use super::{Hits, Layout, ListKey, OnEnter, Part, SortOrder, View, ViewId, ViewPlace, overview};
use crate::balance::{Balance, Balancer, GroupBalance, balances, node_balances};
use crate::snapshot::Snapshot;
use crate::tui::app::{App, Command, Direction, Effect, RefreshPace};
use crate::tui::frame_input::FrameInput;
use crate::tui::pane;
use crate::tui::screen::Screen;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use lines::{BalanceLine, columns, key, key_of, lines};
use terms::{NODES, RANKS, is_alone, name};

pub(super) use brief::{brief_rows, draw_brief};

/// The balance view.
pub(super) struct BalanceScreen;

impl View for BalanceScreen {
    fn title(&self) -> &'static str {
        "balance"
    }

    fn key(&self) -> Option<char> {
        Some('6')
    }

    fn orders(&self, _input: &FrameInput<'_>) -> Vec<SortOrder> {
        list::orders(&columns("/h", RANKS))
    }

    fn rows(&self, input: &FrameInput<'_>) -> Vec<ListKey> {
        let slow = input.at(RefreshPace::FiveSeconds);
        let groups = by_balancer(&slow, &groups(&slow));
        let lines = lines(&slow, &groups);
        let list = Screen::of(input).and_then(|screen| self.layout(input, screen.view).area(Part::List));
        let chosen = chosen(input, &lines).copied();
        folded(lines, chosen, list.unwrap_or_default().height).iter().map(key).collect()
    }

    fn layout(&self, input: &FrameInput<'_>, area: Rect) -> Layout {
        let groups = all(input.at(RefreshPace::FiveSeconds).snap);
        layout::layout(area, groups.len(), groups.iter().map(|group| group.balances.len()).sum())
    }

    fn draw(&self, canvas: &mut Canvas<'_>, input: &FrameInput<'_>, layout: &Layout) -> Hits {
        let slow = input.at(RefreshPace::FiveSeconds);
        let groups = groups(&slow);
        let shown = by_balancer(&slow, &groups);
        let lines = lines(&slow, &shown);
        let mut hits = Hits::default();
        let chosen = chosen(input, &lines).copied();
        let name = chosen.map_or_else(String::new, |line| line.name());
        let lines = folded(lines, chosen, layout.area(Part::List).unwrap_or_default().height);
        for (part, area) in layout.parts() {
            let group = chosen.map(|line| line.group);
            match (part, group) {
                (Part::List, _) => hits = list(canvas, *area, input, &lines),
                (Part::Chart, Some(group)) => {
                    let used = ranks::draw(canvas, *area, &slow, (group, &name)).min(area.height);
                    let below = Rect { y: area.y + used, height: area.height - used, ..*area };
                    if below.height >= MINUTES && layout.area(Part::Table(2)).is_none() {
                        over_time::heat(canvas, below, &slow, group);
                    }
                }
                // Without ranks, the fleet's charts are all that there is over time.
                (Part::Chart, None) if area.width >= LEAST_VITALS => {
                    overview::draw_vitals(canvas, Rect { height: area.height.min(MOST_VITALS), ..*area }, input);
                }
                (Part::Vitals, Some(group)) => over_time::draw(canvas, *area, &slow, (group, &name)),
                (Part::Headline, Some(group)) => advice::draw(canvas, *area, (group, &name)),
                (Part::Table(0), _) => costs::balancers(canvas, *area, &groups),
                (Part::Table(1), _) => {
                    costs::costs(canvas, *area, &slow, &groups, group.map(|group| (group, name.as_str())));
                }
                (Part::Table(2), Some(group)) => minutes(canvas, *area, &slow, group, &shown),
                (Part::Table(3), _) => yields::draw(canvas, *area, &slow),
                (Part::Basis, _) => pane::basis(canvas, *area, input),
                _ => {}
            }
        }
        hits
    }

    fn enter(&self, input: &FrameInput<'_>) -> OnEnter {
        self.chosen(input).map_or(OnEnter::Nowhere, |unit| OnEnter::Into(ViewPlace::about(ViewId::Engines, &unit)))
    }

    fn chosen(&self, input: &FrameInput<'_>) -> Option<String> {
        let slow = input.at(RefreshPace::FiveSeconds);
        let groups = by_balancer(&slow, &groups(&slow));
        let lines = lines(&slow, &groups);
        chosen(input, &lines).map(|line| line.group.group.name().to_owned())
    }

    fn commands(&self) -> &'static [Command] {
        &[
            Command::Against,
            Command::AsItWas,
            Command::Enter,
            Command::Filter,
            Command::Sort,
            Command::StepSpan(Direction::Previous),
            Command::AlertsOf,
        ]
    }

    fn obey(&self, app: &mut App, command: Command) -> Option<Effect> {
        match command {
            Command::Against => app.next_balancer(),
            Command::AsItWas => app.turn_ranks(),
            _ => return None,
        }
        Some(Effect::Redraw)
    }

    fn word(&self, input: &FrameInput<'_>, command: Command, usual: String) -> Option<String> {
        Some(match command {
            Command::Against => format!("by: {}", input.app.ranks.balancer.map_or("all", Balancer::name)),
            _ => usual,
        })
    }

    fn legend(&self, _input: &FrameInput<'_>) -> Option<&'static str> {
        None
    }
}

/// The lines of a list of so many rows: where not all have room, groups other than the chosen one have only that of their
/// worst balancer.
fn folded<'a>(mut lines: Vec<BalanceLine<'a>>, chosen: Option<BalanceLine<'a>>, rows: u16) -> Vec<BalanceLine<'a>> {
    if lines.len() >= usize::from(rows) {
        lines.retain(|line| line.is_first() || chosen.is_some_and(|chosen| chosen.group.group == line.group.group));
    }
    lines
}

/// The least columns and the most rows of the fleet's charts where there are no ranks.
const LEAST_VITALS: u16 = 70;
const MOST_VITALS: u16 = 16;
/// The minimum rows of the ranks by minute below the charts, where they do not stand beside them.
const MINUTES: u16 = 4;
/// The number of rows from which another group is shown below the minutes of the chosen one.
const ANOTHER: u16 = 12;

/// Draws the ranks of a group by minute and, where rows are left, the ranks of the next group in the list.
fn minutes(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, group: &GroupBalance, all: &[GroupBalance]) {
    let place = all.iter().position(|one| one.group == group.group);
    let next = place.and_then(|place| all.get(place + 1).or_else(|| all.get(place.checked_sub(1)?)));
    let rows = over_time::heat_rows(group).saturating_add(1);
    let spare = area.height.saturating_sub(rows);
    let Some(next) = next.filter(|_| spare >= ANOTHER) else {
        return over_time::heat(canvas, area, input, group);
    };
    over_time::heat(canvas, Rect { height: area.height - spare, ..area }, input, group);
    let name = name(next, is_alone(next, all));
    ranks::draw(canvas, Rect { y: area.bottom() - spare, height: spare, ..area }, input, (next, &name));
}

/// The groups that match the filter, the worst first, and so their balancers. Balancers that hardly differ keep the order
/// in which the list shows them.
fn groups(input: &FrameInput<'_>) -> Vec<GroupBalance> {
    let accepted = |group: &GroupBalance| input.app.filter.accepts(&[("unit", group.group.name())]);
    let places = places(input.app.settled(ViewId::Balance).unwrap_or_default());
    let settled = |mut group: GroupBalance| {
        let balances = std::mem::take(&mut group.balances);
        let rank = |one: &Balance| (place(&places, key_of(&group, one)), one.balancer);
        group.balances = calm(balances, SLACK, |one| one.over_mean.get(), rank);
        group
    };
    all(input.snap).into_iter().filter(accepted).map(settled).collect()
}

/// The groups of ranks; groups of nodes if no engine reports ranks.
fn all(snapshot: &Snapshot) -> Vec<GroupBalance> {
    let groups = balances(snapshot);
    if groups.is_empty() { node_balances(snapshot) } else { groups }
}

/// The groups with the chosen balancer only; all balancers if none is chosen.
fn by_balancer(input: &FrameInput<'_>, groups: &[GroupBalance]) -> Vec<GroupBalance> {
    let Some(balancer) = input.app.ranks.balancer else { return groups.to_vec() };
    let mut groups = groups.to_vec();
    for group in &mut groups {
        group.balances.retain(|balance| balance.balancer == balancer);
    }
    groups.retain(|group| !group.balances.is_empty());
    groups
}

/// The chosen line, or the first if none is chosen.
fn chosen<'l, 'a>(input: &FrameInput<'_>, lines: &'l [BalanceLine<'a>]) -> Option<&'l BalanceLine<'a>> {
    let keys: Vec<ListKey> = lines.iter().map(key).collect();
    lines.get(input.app.list_of(ViewId::Balance).place(&keys))
}

fn list(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, lines: &[BalanceLine<'_>]) -> Hits {
    let of_nodes = |line: &BalanceLine<'_>| line.group.balances.iter().any(|one| one.balancer == Balancer::Load);
    let of = if lines.iter().any(of_nodes) { NODES } else { RANKS };
    let columns = columns(&input.an_hour(), of);
    let state = Some(input.app.list_of(ViewId::Balance));
    let hits = List { key: &key, state, gap: 1, ..List::plain(of, &columns, lines) }.draw(canvas, area);
    if lines.is_empty() {
        let why: &[&str] = match input.snap.coverage {
            // Without an answer from an engine, its ranks are unknown.
            coverage if coverage.engines_live == 0 && coverage.engines_known > 0 => {
                &["No engine answers now: its ranks are", "compared as soon as one does."]
            }
            _ if !input.app.filter.text().is_empty() => &["No unit or engine passes the filter."],
            _ => &[
                "No engine reports two ranks or more.",
                "Name a `unit` in the [[target]]s that",
                "serve together to compare them.",
            ],
        };
        for (row, text) in (1..).zip(why) {
            canvas.writer(area, row).put(Role::Dim, text);
        }
    }
    hits
}
