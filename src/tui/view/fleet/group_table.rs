//! The units as a table, for screens too narrow for the map.

use ratatui::layout::Rect;

use super::groups::FleetGroup;
use crate::tui::app::RefreshPace;
use crate::tui::figures_of;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::view::cells::full;
use crate::tui::view::heat::FleetHeat;
use crate::tui::view::list::{Col, List, OrderedBy, by_profit, count, figure, said};
use crate::tui::view::profit_cells::hidden_profit;
use crate::tui::view::served::name_role;
use crate::tui::view::{Hits, ViewId, list, tables};
use crate::tui::widgets::Canvas;
use crate::tui::widgets::table::{Cell, TableRow};
use crate::units::Ratio;

pub(super) fn columns<'s, 'a: 's>(input: &FrameInput<'a>, names: u16) -> Vec<Col<'s, FleetGroup<'a>>> {
    type C<'s, 'a> = Col<'s, FleetGroup<'a>>;
    let heat = FleetHeat::new(input.at(RefreshPace::TenSeconds));
    let what = input.app.charts.cells.names().0;
    vec![
        C::left("Units", names, |group| said(name_role(group.gravest), group.label()))
            .stretch(1, 18)
            .rising(|group| OrderedBy::Name(group.name.to_owned())),
        C::left(format!("{what}, a cell a node"), 18, move |group| {
            Cell::Heat(group.nodes.iter().map(|node| heat.node(*node)).collect())
        })
        .rank(2)
        .stretch(1, 24),
        C::right("now", 5, |group| figure(&format::percent(group.load)))
            .falling(|group| OrderedBy::Number(group.load.map(Ratio::get))),
        C::right("KV", 5, |group| full(group.kv)).falling(|group| OrderedBy::Number(group.kv.map(Ratio::get))),
        C::right("queue", 5, |group| count(group.waiting))
            .falling(|group| OrderedBy::Number(group.waiting.map(|n| n as f64))),
        C::right("worst rank", 10, worst).rank(1),
        C::right("profit/h", 9, |group| tables::profit(group.profit))
            .rising(|group| by_profit(group.profit, group.is_unpriced()))
            .first(),
    ]
}

fn worst(group: &FleetGroup<'_>) -> Cell<'static> {
    group.worst.map_or_else(Cell::unknown, |worst| {
        let text = format!("r{} {:.2}x", format::shorten(worst.rank.as_str(), 4), worst.over_mean.get().min(99.0));
        if worst.over_mean.get() >= 1.2 { said(Role::Warning, text) } else { Cell::dim(text) }
    })
}

/// The last row, for the groups that did not fit: their nodes, and the sum of their profits.
fn hidden(groups: &[&FleetGroup<'_>], columns: &[Col<'_, FleetGroup<'_>>], heat: &FleetHeat<'_>) -> TableRow<'static> {
    let nodes = || groups.iter().flat_map(|group| &group.nodes).map(|node| heat.node(*node)).collect();
    TableRow::new(columns.iter().enumerate().map(|(place, col)| match (place, col.name()) {
        (1, _) => Cell::Heat(nodes()),
        (_, "profit/h") => hidden_profit(groups.iter().map(|group| (group.profit, group.cost))),
        _ => Cell::Empty,
    }))
}

/// The least columns of a name.
pub(super) const NAME: u16 = 10;

/// Draws the table.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, groups: &[FleetGroup<'_>]) -> Hits {
    let longest = groups.iter().map(|group| format::width(&group.label())).max().unwrap_or(0);
    let columns = columns(input, longest.clamp(usize::from(NAME), 14) as u16);
    let state = Some(input.app.list_of(ViewId::Overview));
    let note = list::filter_note(&input.app.filter, &figures_of::GROUP, groups.len(), 0);
    let heat = FleetHeat::new(input.at(RefreshPace::TenSeconds));
    let rest = |groups: &[&FleetGroup<'_>]| hidden(groups, &columns, &heat);
    List {
        key: &|group: &FleetGroup<'_>| group.key(),
        state,
        note,
        hidden: Some(&rest),
        ..List::plain("Units", &columns, groups)
    }
    .draw(canvas, area)
}
