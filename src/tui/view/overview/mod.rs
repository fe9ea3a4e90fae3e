//! The overview: the profit, its change and the causes, the largest costs without revenue, and what to do.

mod even;
mod head;
mod headline;
mod hours;
mod pointed;
mod published;
mod room;
mod same_tokens;
mod selection;
mod small;
mod vitals;
mod wanted;

pub(in crate::tui::view) use head::digits;
pub(in crate::tui::view) use headline::{draw_sentences, profit_changed};
use ratatui::layout::Rect;
pub(in crate::tui::view) use vitals::draw as draw_vitals;

use super::engine_charts::{self, engine_charts};
use super::engine_rows::engine_rows;
use super::fleet::{self, Form};
use super::{
    Hits, Layout, ListKey, OnEnter, Part, PastPart, SortOrder, View, ViewId, balance, model, models, node_events,
    tables,
};
use crate::snapshot::EngineRow;
use crate::tui::app::{Command, Direction, RefreshPace};
use crate::tui::frame_input::FrameInput;
use crate::tui::layout::{LayoutRows, split};
use crate::tui::pane;
use crate::tui::screen::Screen;
use crate::tui::together;
use crate::tui::widgets::Canvas;
use wanted::{alert_rows, all_engine_rows, are_alerts_all, beside_cells, model_rows, tables_wanted, unneeded};

/// The least numbers of columns and rows of the body for charts and tables.
const LARGE: (u16, u16) = (106, 27);
/// The least number of columns for three tables side by side.
const WIDE: u16 = 158;
/// The least number of columns for a fourth table next to them.
const FOUR: u16 = 250;
/// The least numbers of columns and rows for sparklines and a list.
const MEDIUM: (u16, u16) = (74, 16);

/// The overview.
pub(super) struct Overview;

impl View for Overview {
    fn title(&self) -> &'static str {
        "overview"
    }

    fn key(&self) -> Option<char> {
        Some('1')
    }

    fn orders(&self, input: &FrameInput<'_>) -> Vec<SortOrder> {
        fleet::orders(input)
    }

    fn rows(&self, input: &FrameInput<'_>) -> Vec<ListKey> {
        fleet::rows(input, self.list_area(input))
    }

    fn layout(&self, input: &FrameInput<'_>, area: Rect) -> Layout {
        if area.width >= LARGE.0 && area.height >= LARGE.1 {
            large(input, area)
        } else if area.width >= MEDIUM.0 && area.height >= MEDIUM.1 {
            medium(input, area)
        } else {
            small::layout(input, area)
        }
    }

    fn draw(&self, canvas: &mut Canvas<'_>, input: &FrameInput<'_>, layout: &Layout) -> Hits {
        let mut hits = Hits::default();
        let slow = input.at(RefreshPace::FiveSeconds);
        for (part, area) in layout.parts() {
            let area = *area;
            match part {
                Part::Digits if small::is_narrow(layout) => small::draw(canvas, area, &head::paced(input)),
                Part::Digits => head::digits(canvas, area, &head::paced(input), 1),
                Part::Chart => head::chart(canvas, area, input),
                Part::Headline => headline::draw(canvas, area, input),
                Part::Vitals => vitals::draw(canvas, area, input),
                Part::List => hits.extend(fleet::draw(canvas, area, input)),
                Part::Table(0) => models::table(canvas, area, &slow),
                Part::Table(1) => engine_rows(canvas, area, &slow, &engines(&slow)),
                Part::Table(2) if published::is_shown(input) => published::draw(canvas, area, &slow),
                Part::Table(2) => tables::burns(canvas, area, &slow),
                Part::Table(5) => hours::draw(canvas, area, &slow),
                Part::Table(6) => same_tokens::draw(canvas, area, &slow),
                Part::Table(7) => fleet::detail(canvas, area, input, self.list_area(input)),
                Part::Table(11) => balance::draw_brief(canvas, area, &slow),
                Part::Table(8) => node_events::of_all(canvas, area, &slow),
                Part::Table(4) => {
                    engine_charts(canvas, area, &slow, &engines(&slow));
                }
                Part::Table(9) => {
                    if let Some(model) = even::only_model(&slow) {
                        model::classes(canvas, area, &slow, model);
                    }
                }
                Part::Table(10) => {
                    if let Some(model) = even::only_model(&slow) {
                        even::draw(canvas, area, &slow, model);
                    }
                }
                Part::Table(_) => tables::changes(canvas, area, &slow),
                Part::Alerts if area.height == 1 && !input.snap.alerts.is_empty() => {
                    // On narrow screens the headline shows the most severe alert.
                    let is_shown = layout.area(Part::Headline).is_some() && area.width < headline::ROOM;
                    let from = usize::from(is_shown);
                    let alerts = together::alerts(input.snap);
                    tables::alert_lines(canvas, area, input, alerts.get(from..).unwrap_or(&[]));
                }
                Part::Alerts if layout.area(Part::Table(8)).is_some() => tables::alerts(canvas, area, input),
                Part::Alerts => alerts_and_events(canvas, area, input),
                Part::Basis => pane::basis(canvas, area, input),
            }
        }
        hits
    }

    fn enter(&self, input: &FrameInput<'_>) -> OnEnter {
        fleet::enter(input, self.list_area(input))
    }

    fn more(&self, block: Part) -> Option<ViewId> {
        Some(match block {
            Part::Table(0) => ViewId::Models,
            Part::Table(1 | 4) | Part::Vitals => ViewId::Engines,
            Part::Table(2) => ViewId::Nodes,
            Part::Table(11) => ViewId::Balance,
            Part::Digits | Part::Chart | Part::Table(_) => ViewId::Money,
            Part::Alerts => ViewId::Alerts,
            _ => return None,
        })
    }

    fn chosen(&self, input: &FrameInput<'_>) -> Option<String> {
        fleet::chosen(input, self.list_area(input)).map(fleet::Chosen::into_name)
    }

    fn commands(&self) -> &'static [Command] {
        &[
            Command::Enter,
            Command::Filter,
            Command::Sort,
            Command::Cells,
            Command::Form,
            Command::StepSpan(Direction::Previous),
        ]
    }

    fn legend(&self, _input: &FrameInput<'_>) -> Option<&'static str> {
        Some("╌ break-even")
    }

    fn row_name(&self) -> &'static str {
        "rows"
    }

    fn filtered(&self) -> &'static str {
        "rows"
    }

    fn past_parts(&self) -> &'static [PastPart] {
        &[PastPart::AtLists]
    }
}

impl Overview {
    /// The area of the fleet on a screen of the input's size.
    fn list_area(&self, input: &FrameInput<'_>) -> Rect {
        let view = Screen::of(input).map(|screen| screen.view);
        view.and_then(|area| self.layout(input, area).area(Part::List)).unwrap_or_default()
    }
}

/// The most rows of the charts of an engine.
const ENGINE: u16 = 9;

/// The engines and ranks that pass the filter, in their order.
fn engines<'a>(input: &FrameInput<'a>) -> Vec<&'a EngineRow> {
    let passes = |row: &&EngineRow| {
        let model = row.model.as_ref().map_or("", |model| model.as_str());
        let fields = [("target", row.target.as_str()), ("node", row.node.as_str()), ("model", model)];
        input.app.filter.accepts(&fields)
    };
    input.snap.engines.iter().map(AsRef::as_ref).filter(passes).collect()
}

/// Whether they are one engine, or the ranks of one.
fn is_one(engines: &[&EngineRow]) -> bool {
    engines.windows(2).all(|pair| pair[0].target == pair[1].target) && !engines.is_empty()
}

/// The layout from 80x24: large digits with facts next to them, four sparklines, the fleet.
fn medium(input: &FrameInput<'_>, area: Rect) -> Layout {
    let mut layout = Layout::default();
    let mut rows = LayoutRows(area);
    layout.put(Part::Digits, rows.top(if area.height >= 20 { 4 } else { 3 }));
    layout.put(Part::Headline, rows.top(1));
    layout.put(Part::Vitals, rows.top(5));
    layout.put(Part::Basis, rows.bottom(1));
    let alerts = together::count(input.snap);
    // The headline shows the most severe alert; the others follow the last GPU.
    let of_box = fleet::needs(input).filter(|_| fleet::form(input) == Form::Gpus).map(|gpus| gpus + LEAST_ENGINES);
    let is_last = of_box.is_some_and(|needs| needs == rows.0.height);
    layout.put(Part::Alerts, rows.bottom(u16::from(alerts > 1 && !are_alerts_all(input) && !is_last)));
    middle(input, rows, &mut layout);
    layout
}

/// An engine below its heading.
const LEAST_ENGINES: u16 = 2;

/// The layout for one machine with one engine: its charts are below the GPUs, if everything fits.
fn one_box(input: &FrameInput<'_>, area: Rect, is_wide: bool, extra: u16) -> Option<Layout> {
    let needs = fleet::needs(input).filter(|_| fleet::form(input) == Form::Gpus && is_one(&engines(input)))?;
    let (top, vitals, least) = if is_wide { (10, 7, 7) } else { (8, 5, 3) };
    // What a token earns and where it breaks even stand in the place of the only model.
    let earnings = model::CLASSES + even::ROWS;
    let has_earnings = is_wide
        && even::only_model(input).is_some()
        && area.height > top + 1 + vitals + needs + engine_charts::LEAST + 1 + earnings;
    let tables = if has_earnings { earnings } else { least };
    let spare = area.height.checked_sub(top + 1 + vitals + needs + tables + 1 + extra)?;
    let charts = Some(spare.min(ENGINE)).filter(|rows| *rows >= engine_charts::LEAST)?;
    let mut layout = Layout::default();
    let mut rows = LayoutRows(area);
    // The main chart, the vital ones and those of the engine share the rows that nothing else takes.
    let head = rows.top(top + (spare - charts).min(6) + extra.div_ceil(3));
    let (left, right) = split(head, if is_wide { 45 } else { 37 }, if is_wide { 1 } else { 2 });
    layout.put(Part::Digits, left);
    layout.put(Part::Chart, right);
    layout.put(Part::Headline, rows.top(1));
    layout.put(Part::Vitals, rows.top(vitals + extra / 3));
    layout.put(Part::Basis, rows.bottom(1));
    layout.put(Part::List, rows.top(needs));
    layout.put(Part::Table(4), rows.top(charts + extra - extra.div_ceil(3) - extra / 3));
    if is_wide {
        rows.top(rows.0.height.saturating_sub(tables));
        let (left, rest) = split(rows.0, rows.0.width.saturating_sub(6) / 3, 3);
        let (middle, right) = split(rest, (rest.width - 3) / 2, 3);
        if has_earnings {
            let (mut left, mut middle) = (LayoutRows(left), LayoutRows(middle));
            layout.put(Part::Table(9), left.top(model::CLASSES));
            layout.put(Part::Table(10), left.0);
            let changes = tables::change_rows(input).min(middle.0.height / 2);
            layout.put(Part::Table(3), middle.bottom(if changes > 1 { changes } else { 0 }));
            layout.put(Part::Table(2), middle.0);
        } else {
            layout.put(Part::Table(2), left);
            layout.put(Part::Table(if tables::change_rows(input) > 1 { 3 } else { 0 }), middle);
        }
        layout.put(Part::Alerts, right);
    } else {
        let (left, right) = split(rows.0, rows.0.width / 2, 2);
        layout.put(Part::Table(2), left);
        layout.put(Part::Alerts, right);
    }
    Some(layout)
}

/// The layout with charts and tables: 120x36 and larger. Rows that nothing takes are given to further tables, and what these
/// do not need to the charts.
fn large(input: &FrameInput<'_>, area: Rect) -> Layout {
    let layout = with_charts(input, area, 0);
    match room::unused(input, area, &layout) {
        0 => layout,
        extra => with_charts(input, area, extra),
    }
}

/// The same with so many further rows.
fn with_charts(input: &FrameInput<'_>, area: Rect, extra: u16) -> Layout {
    let is_wide = area.width >= WIDE && area.height >= 40;
    if let Some(layout) = one_box(input, area, is_wide, extra) {
        return layout;
    }
    let mut layout = Layout::default();
    let mut rows = LayoutRows(area);
    // Further rows are given to the chart first, then to the sparklines.
    let usual = if is_wide { 47 } else { 33 };
    let spare = area.height.saturating_sub(usual).max(unneeded(input, area.height, is_wide));
    let further = room::further(input, extra, is_wide);
    let [of_chart, of_vitals] = room::of_charts(extra - further.iter().sum::<u16>());
    let top = if is_wide { 10 } else { 8 } + spare.min(if is_wide { 6 } else { 8 }) + of_chart;
    let (left, right) = split(rows.top(top), if is_wide { 45 } else { 37 }, if is_wide { 1 } else { 2 });
    layout.put(Part::Digits, left);
    layout.put(Part::Chart, right);
    layout.put(Part::Headline, rows.top(1));
    let vitals = if is_wide { 7 + spare.saturating_sub(6).min(3) } else { 5 + spare.saturating_sub(8).min(3) };
    layout.put(Part::Vitals, rows.top(vitals + of_vitals));
    layout.put(Part::Basis, rows.bottom(1));
    if is_wide {
        three_tables(input, &mut rows, &mut layout);
    } else {
        // The rows of a small fleet have precedence over the alerts.
        let alerts = alert_rows(input);
        let is_short = fleet::needs(input).is_some_and(|needs| needs + LEAST_TABLE + alerts > rows.0.height);
        layout.put(Part::Alerts, rows.bottom(if is_short { alerts.min(1) } else { alerts }));
    }
    let [hours, engines] = further;
    layout.put(Part::Table(5), rows.bottom(hours));
    layout.put(Part::Table(1), rows.bottom(engines));
    if fleet::needs(input).is_none() && !is_wide {
        let has_others = published::is_shown(input) && same_tokens::is_known(input);
        layout.put(Part::Table(6), rows.bottom(if has_others { same_tokens::ROWS } else { 0 }));
        let (left, right) = split(rows.0, rows.0.width / 2, 2);
        layout.put(Part::List, left);
        two_tables(input, LayoutRows(right), &mut layout);
    } else {
        middle(input, rows, &mut layout);
    }
    layout
}

/// The least rows of events with their heading.
const EVENTS: u16 = 3;

/// Draws the alerts and, if rows are left, recent events.
fn alerts_and_events(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let rows = tables::alerts_rows(input, area);
    if area.height < rows + EVENTS {
        return tables::alerts(canvas, area, input);
    }
    tables::alerts(canvas, Rect { height: rows, ..area }, input);
    let below = Rect { y: area.y + rows, height: area.height - rows, ..area };
    node_events::of_all(canvas, below, &input.at(RefreshPace::FiveSeconds));
}

/// Draws costs without revenue, models and alerts side by side at the bottom.
fn three_tables(input: &FrameInput<'_>, rows: &mut LayoutRows, layout: &mut Layout) {
    let spare = match fleet::needs(input) {
        Some(_) => 0,
        None => rows.0.height.saturating_sub(fleet::needs_of_all(input, rows.0)),
    };
    let wanted = tables_wanted(input, if spare < DETAIL.1 { spare } else { 0 });
    let wanted = if fleet::needs(input).is_none() { beside_cells(input, rows.0, wanted) } else { wanted };
    // Engines below the GPUs have precedence over longer tables.
    let engines = if fleet::form(input) == Form::Gpus { all_engine_rows(input) } else { 0 };
    let free = fleet::needs(input).map_or(0, |needs| rows.0.height.saturating_sub(needs + engines + 10));
    let area = rows.bottom(wanted.max(if free > 0 { 8 } else { 0 }).min(rows.0.height / 2));
    rows.bottom(u16::from(free > 0));
    let columns = if area.width >= FOUR { 4 } else { 3 };
    let column = area.width.saturating_sub(3 * (columns - 1)) / columns;
    let (left, rest) = split(area, column, 3);
    let (middle, rest) = split(rest, column, 3);
    let (right, last) = if columns == 4 { split(rest, column, 3) } else { (rest, Rect::default()) };
    layout.put(Part::Table(8), last);
    costs_and_models(input, left, middle, layout);
    layout.put(Part::Alerts, right);
}

/// Draws costs without revenue at the left and models beside them. What changed stands below the one that leaves more rows,
/// and of a small fleet how even its ranks are, below the one that leaves more then.
fn costs_and_models(input: &FrameInput<'_>, left: Rect, middle: Rect, layout: &mut Layout) {
    let (mut left, mut middle) = (LayoutRows(left), LayoutRows(middle));
    let models = (model_rows(input) + 2) as u16;
    let burns = if published::is_shown(input) { published::ROWS } else { tables::burn_rows(input) };
    let [at_left, at_middle] =
        [(&left, burns), (&middle, models)].map(|(rows, needs)| rows.0.height.saturating_sub(needs));
    let changes = tables::change_rows(input).min(at_left.max(at_middle));
    let changes = if changes > 1 { changes } else { 0 };
    layout.put(Part::Table(2), left.top(left.0.height - at_left));
    let (column, at_left, at_middle) = if at_left > at_middle {
        (left.top(changes), at_left - changes, at_middle)
    } else {
        (middle.bottom(changes), at_left, at_middle - changes)
    };
    layout.put(Part::Table(3), column);
    let spare = at_left.max(at_middle);
    let rows = if fleet::needs(input).is_some() { balance::brief_rows(input).min(spare) } else { 0 };
    let rows = if rows >= EVENTS { rows } else { 0 };
    layout.put(Part::Table(11), if at_left > at_middle { left.bottom(rows) } else { middle.bottom(rows) });
    layout.put(Part::Table(0), middle.0);
}

/// Draws costs without revenue, models, and what changed below each other; the rows that are left are those of events.
fn two_tables(input: &FrameInput<'_>, mut rows: LayoutRows, layout: &mut Layout) {
    if published::is_shown(input) && hours::has_hours(input) {
        // The published day has one model, so its hours are shown instead.
        layout.put(Part::Table(2), rows.bottom(published::ROWS));
        layout.put(Part::Table(5), rows.0);
        return;
    }
    let models = (model_rows(input) + 2) as u16;
    let burns = if published::is_shown(input) { published::ROWS } else { tables::burn_rows(input) };
    let burns = burns.min(rows.0.height / 2);
    layout.put(Part::Table(2), rows.top(burns));
    layout.put(Part::Table(0), rows.top(models.min(rows.0.height)));
    let changes = tables::change_rows(input).min(rows.0.height);
    layout.put(Part::Table(3), rows.top(if changes > 1 { changes } else { 0 }));
    if rows.0.height > hours::LEAST && hours::has_hours(input) {
        rows.top(1);
        layout.put(Part::Table(5), rows.0);
    } else if rows.0.height >= EVENTS {
        layout.put(Part::Table(8), rows.0);
    }
}

/// The least rows of a table with its heading.
const LEAST_TABLE: u16 = 4;
/// The least numbers of columns and rows for details of the chosen row below the fleet.
const DETAIL: (u16, u16) = (100, 12);

/// Draws all rows of the fleet, and below it what else fits.
fn middle(input: &FrameInput<'_>, mut rows: LayoutRows, layout: &mut Layout) {
    let has_tables = layout.area(Part::Table(0)).is_some();
    let is_medium = rows.0.width < LARGE.0;
    let Some(needs) = fleet::needs(input) else {
        let needs = fleet::needs_of_all(input, rows.0);
        let spare = rows.0.height.saturating_sub(needs);
        let has_detail = rows.0.width >= DETAIL.0 && spare >= DETAIL.1;
        layout.put(Part::List, if has_detail { rows.top(needs) } else { rows.0 });
        layout.put(Part::Table(7), if has_detail { rows.0 } else { Rect::default() });
        return;
    };
    let form = fleet::form(input);
    let wants_engines = matches!(form, Form::Gpus | Form::Engines) && !input.snap.engines.is_empty();
    let engines = if wants_engines { all_engine_rows(input) } else { 0 };
    // All rows of the fleet have precedence, as long as the best models fit below.
    let most = rows.0.height.saturating_sub(engines.min(2));
    let keep = match most.saturating_sub(needs) {
        _ if is_medium || has_tables => 0,
        left if left >= LEAST_TABLE => left.min((model_rows(input) as u16 + 2).clamp(LEAST_TABLE, 6)),
        _ => LEAST_TABLE,
    };
    let list = needs.min(most.saturating_sub(keep).max(4));
    layout.put(Part::List, rows.top(list));
    layout.put(Part::Table(1), rows.top(engines.min(rows.0.height.saturating_sub(keep))));
    if rows.0.height < 3 {
        return;
    }
    if has_tables {
        let has_detail = form != Form::Engines && rows.0.width >= DETAIL.0 && rows.0.height >= DETAIL.1;
        layout.put(Part::Table(7), if has_detail { rows.0 } else { Rect::default() });
    } else if is_medium && are_alerts_all(input) {
        layout.put(Part::Alerts, rows.0);
    } else if is_medium {
        layout.put(Part::Table(0), rows.0);
    } else {
        rows.top(u16::from(rows.0.height > 6));
        let (left, right) = split(rows.0, rows.0.width / 2, 2);
        layout.put(Part::Table(0), left);
        layout.put(Part::Table(2), right);
    }
}
