//! The alerts view: active alerts with their start and remedy, and past ones.

mod lanes;
mod log;
mod outages;
mod resolved;
mod rows;
mod watched;

use super::{about, node_parts};
use ratatui::layout::Rect;

use super::engine_charts::EngineCharts;
use super::engine_rows::engine_rows;
use super::list::List;
use super::served::{ServedTogether, word_of};
use super::{Hits, Layout, ListKey, OnEnter, Part, SortOrder, View, ViewId, ViewPlace, charts, list, overview, tables};
use crate::history::{HistoryEvent, Subject};
use crate::snapshot::{Rule, Severity};
use crate::tui::app::{Command, Direction, RefreshPace};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::layout::{LayoutRows, split};
use crate::tui::pane;
use crate::tui::theme::Role;
use crate::tui::together;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment};
use log::Log;
use rows::{AlertLine, columns, glyph, key, lines};

/// The minimum rows of the profit chart, and the rows that it may grow by when no other part needs them.
const CHART: u16 = 6;
const MORE_CHART: u16 = 8;
/// The minimum rows of the list of active alerts, and of the chosen alert in full.
const LIST: u16 = 3;
const WHOLE: u16 = 4;
/// The minimum and maximum rows of the detail about the chosen alert's subject.
const DETAIL: u16 = 12;
const MOST_DETAIL: u16 = 26;
/// The rows of a node with all of its parts, on a screen that has them to spare.
const WHOLE_DETAIL: u16 = 44;
/// The rows of the fleet's charts, and those that the rules take below the events.
const VITALS: u16 = 9;
/// The least number of columns for what burns and what changed below the rules.
const TABLES: u16 = 120;
/// The rows that the rules must leave for them.
const MORE_ROWS: u16 = 6;
const RULES: u16 = 14;

/// The alerts view.
pub(super) struct Alerts;

impl View for Alerts {
    fn title(&self) -> &'static str {
        "alerts"
    }

    fn key(&self) -> Option<char> {
        Some('7')
    }

    fn orders(&self, input: &FrameInput<'_>) -> Vec<SortOrder> {
        list::orders(&columns(input))
    }

    fn rows(&self, input: &FrameInput<'_>) -> Vec<ListKey> {
        keys(input, &lines(input), &Log::of(input))
    }

    fn layout(&self, input: &FrameInput<'_>, area: Rect) -> Layout {
        let mut layout = Layout::default();
        let basis = u16::from(area.height > 12);
        layout.put(Part::Basis, Rect { y: area.bottom().saturating_sub(1), height: basis, ..area });
        let has_lanes = area.width >= 100 && area.height >= 24;
        let chart = if has_lanes { CHART } else { 0 };
        let lanes = if has_lanes { lanes::rows(input) } else { 0 };
        let room = area.height - basis - chart - lanes;
        let log = Log::of(input);
        let active = lines(input);
        let alerts = active.len().min(1_000) as u16;
        let has_cut = active.iter().any(|line| line.is_cut(area.width));
        let wanted = (alerts + 1).max(LIST) + if has_cut { WHOLE } else { 0 };
        // Active alerts come first; the past gets the remaining rows, at least a third.
        let list = wanted.min(room).min(room - (room / 3).min(log.rows(input)));
        // The chosen alert is shown in full, or its rows go to the resolved alerts.
        let list = if list < wanted { list.min((alerts + 1).max(LIST)) } else { list };
        // Rows that neither list needs show the chosen alert's subject, or else the profit.
        let spare = (room - list).saturating_sub(log.wanted(input));
        let has_detail = has_lanes && spare >= DETAIL && detail_of(input).is_some();
        let most = if spare >= WHOLE_DETAIL + RULES { WHOLE_DETAIL } else { MOST_DETAIL };
        let detail = if has_detail { spare.min(most) } else { 0 };
        let more = if has_lanes { (spare - detail).min(MORE_CHART) } else { 0 };
        let chart = chart + more;
        // What not even the rules need shows what the fleet does in that time.
        let vitals = if has_lanes { (spare - detail - more).saturating_sub(RULES).min(VITALS) } else { 0 };
        let vitals = if vitals == VITALS { vitals } else { 0 };
        layout.put(Part::Chart, Rect { height: chart, ..area });
        layout.put(Part::Table(0), Rect { y: area.y + chart, height: lanes, ..area });
        layout.put(Part::Vitals, Rect { y: area.y + chart + lanes, height: vitals, ..area });
        let mut rest = Rect { y: area.y + chart + lanes + vitals, height: room - more - vitals, ..area };
        layout.put(Part::List, Rect { height: list, ..rest });
        rest = Rect { y: rest.y + list, height: rest.height - list, ..rest };
        layout.put(Part::Table(3), Rect { height: detail, ..rest });
        rest = Rect { y: rest.y + detail, height: rest.height - detail, ..rest };
        let [resolved, events] = log.heights(input, rest.height);
        layout.put(Part::Table(1), Rect { height: resolved, ..rest });
        // Rows that the events leave free list the rules.
        let spare = events.saturating_sub(log.events_wanted() + 1);
        let rules = if spare >= watched::LEAST { spare } else { 0 };
        layout.put(Part::Table(2), Rect { y: rest.y + resolved, height: events - rules, ..rest });
        let rules = Rect { y: rest.bottom() - rules, height: rules, ..rest };
        put_rules(input, rules, &mut layout);
        layout
    }

    fn draw(&self, canvas: &mut Canvas<'_>, input: &FrameInput<'_>, layout: &Layout) -> Hits {
        if let Some(area) = layout.area(Part::Chart) {
            let lanes = layout.area(Part::Table(0)).unwrap_or_default();
            lanes::draw(canvas, area, lanes, input);
        }
        if let Some(area) = layout.area(Part::Vitals) {
            overview::draw_vitals(canvas, area, input);
        }
        let (lines, log) = (lines(input), Log::of(input));
        let is_active = chosen(input, &lines).is_some();
        let is_event = chosen_event(input, &lines, &log).is_some();
        let mut hits = Hits::default();
        if let Some(area) = layout.area(Part::Table(1)) {
            hits = resolved::draw(canvas, area, input, &log.resolved, !is_active && !is_event);
        }
        if let Some(area) = layout.area(Part::Table(2)) {
            hits.extend(log.draw_events(canvas, area, input, is_event));
        }
        if let Some(area) = layout.area(Part::Table(4)) {
            watched::draw(canvas, area, input);
        }
        let slow = input.at(RefreshPace::FiveSeconds);
        if let Some(area) = layout.area(Part::Table(5)) {
            tables::burns(canvas, area, &slow);
        }
        if let Some(area) = layout.area(Part::Table(6)) {
            tables::changes(canvas, area, &slow);
        }
        if let Some(area) = layout.area(Part::Table(7)) {
            let engines: Vec<_> = slow.snap.engines.iter().map(AsRef::as_ref).collect();
            engine_rows(canvas, area, &slow, &engines);
        }
        if let (Some(area), Some(subject)) = (layout.area(Part::Table(3)), detail_of(input)) {
            detail(canvas, area, input, &subject);
        }
        if let Some(area) = layout.area(Part::Basis) {
            pane::basis(canvas, area, input);
        }
        let Some(area) = layout.area(Part::List) else { return hits };
        let columns = columns(input);
        let alerts: usize = lines.iter().map(AlertLine::count).sum();
        let filtered = list::filter_note(&input.app.filter, &[], lines.len(), 0);
        let well = if input.app.then().is_some() { "nothing was wrong" } else { "nothing is wrong" };
        let well = if input.app.subject().is_some() { format!("{well} with it") } else { well.to_owned() };
        let mut list = List {
            key: &key,
            state: Some(input.app.list_of(ViewId::Alerts)),
            is_chosen_elsewhere: !is_active,
            note: filtered.or_else(|| lines.is_empty().then_some(well)),
            gap: if area.width < 100 { 1 } else { 2 },
            ..List::plain(format!("Active {alerts}"), &columns, &lines)
        };
        if let Some(subject) = input.app.subject() {
            list.of = Some(about::about(input, subject.as_str()));
            list.hint.push(Segment::dim(" · Esc: all"));
        }
        hits.extend(list.draw(canvas, area));
        // What the row shows is not repeated.
        if let Some(line) = chosen(input, &lines).filter(|line| line.is_cut(area.width)) {
            whole(canvas, area, input, lines.len(), line);
        }
        hits
    }

    fn enter(&self, input: &FrameInput<'_>) -> OnEnter {
        let (lines, log) = (lines(input), Log::of(input));
        let entries = resolved::entries(input, &log.resolved);
        let word = match (chosen(input, &lines), chosen_entry(input, (&lines, &log), &entries)) {
            (Some(line), _) => line.word(),
            // The subject is shown for a single alert; several of a group fold.
            (None, Some(entry)) => {
                let Some(event) = entry.single() else { return OnEnter::Fold(entry.key) };
                return past(input, event);
            }
            (None, None) => {
                return chosen_event(input, &lines, &log).map_or(OnEnter::Nowhere, |event| past(input, event));
            }
        };
        place_of(input, word, word).map_or(OnEnter::Nowhere, OnEnter::Into)
    }

    fn chosen_alerts(&self, input: &FrameInput<'_>) -> Vec<(Rule, crate::reading::Label)> {
        chosen(input, &lines(input)).map(AlertLine::names).unwrap_or_default()
    }

    fn commands(&self) -> &'static [Command] {
        &[
            Command::Silence,
            Command::Enter,
            Command::Fold,
            Command::Filter,
            Command::Sort,
            Command::StepSpan(Direction::Previous),
        ]
    }

    fn waiting(&self, input: &FrameInput<'_>) -> Option<(Role, usize)> {
        let gravest = input.snap.alerts.iter().map(|alert| alert.severity).max()?;
        let role = match gravest {
            Severity::Critical => Role::Critical,
            Severity::Warning => Role::Warning,
            Severity::Info => Role::Dim,
        };
        Some((role, together::count(input.snap)))
    }

    fn legend(&self, _input: &FrameInput<'_>) -> Option<&'static str> {
        None
    }
}

/// The rules, and below them, where they leave rows, what burns, what changed and the engines with their notes.
fn put_rules(input: &FrameInput<'_>, area: Rect, layout: &mut Layout) {
    let rules = watched::wanted(area.width);
    let mut rows = LayoutRows(area);
    if area.width < TABLES || area.height < rules + MORE_ROWS {
        layout.put(Part::Table(4), area);
        return;
    }
    layout.put(Part::Table(4), rows.top(rules));
    rows.top(1);
    let wanted = tables::burn_rows(input).max(tables::change_rows(input));
    let (left, right) = split(rows.top(wanted.min(rows.0.height)), area.width / 2 - 1, 3);
    layout.put(Part::Table(5), left);
    layout.put(Part::Table(6), if tables::change_rows(input) > 1 { right } else { Rect::default() });
    rows.top(u16::from(rows.0.height > 0));
    let engines = input.snap.engines.len().min(1_000) as u16 + 1;
    layout.put(Part::Table(7), if rows.0.height >= LIST && engines > 1 { rows.top(engines) } else { Rect::default() });
}

/// The subject of a resolved alert or an event when it began. What is of no single thing is seen in the overview of that
/// time.
fn past(input: &FrameInput<'_>, event: &HistoryEvent) -> OnEnter {
    let place = place_of(input, event.name.as_str(), word_of(event.name.as_str()));
    OnEnter::At(place.unwrap_or(ViewPlace::of(ViewId::Overview)), event.at)
}

/// The view of what an alert or an event is about, by its name and by the first word of it: its node, unit or model.
fn place_of(input: &FrameInput<'_>, name: &str, word: &str) -> Option<ViewPlace> {
    let snap = input.snap;
    let engine = snap.engines.iter().find(|row| row.target.as_str() == word);
    if snap.nodes.iter().any(|node| node.name.as_str() == word) {
        Some(ViewPlace::about(ViewId::Node, word))
    } else if snap.units.iter().any(|unit| unit.unit.as_str() == word) {
        Some(ViewPlace::about(ViewId::Engines, word))
    } else if snap.models.iter().any(|model| model.model.as_str() == name) {
        Some(ViewPlace::about(ViewId::Engines, name))
    } else {
        engine.map(|row| ViewPlace::about(ViewId::Node, row.node.as_str()))
    }
}

/// The keys of all lists: active alerts, resolved ones, other events.
fn keys(input: &FrameInput<'_>, lines: &[AlertLine<'_>], log: &Log) -> Vec<ListKey> {
    let over = resolved::entries(input, &log.resolved);
    lines.iter().map(key).chain(over.iter().map(|entry| entry.key)).chain(log.events.iter().map(log::key)).collect()
}

/// The chosen row among the active alerts; `None` if one of another list is chosen.
fn chosen<'l, 'a>(input: &FrameInput<'_>, lines: &'l [AlertLine<'a>]) -> Option<&'l AlertLine<'a>> {
    lines.get(input.app.list_of(ViewId::Alerts).place(&keys(input, lines, &Log::of(input))))
}

/// The chosen row among the resolved alerts.
fn chosen_entry<'l, 'a>(
    input: &FrameInput<'_>,
    (lines, log): (&[AlertLine<'_>], &Log),
    entries: &'l [resolved::ResolvedAlert<'a>],
) -> Option<&'l resolved::ResolvedAlert<'a>> {
    let keys = keys(input, lines, log);
    entries.get(input.app.list_of(ViewId::Alerts).place(&keys).checked_sub(lines.len())?)
}

/// The chosen row among the events.
fn chosen_event<'l>(input: &FrameInput<'_>, lines: &[AlertLine<'_>], log: &'l Log) -> Option<&'l HistoryEvent> {
    let keys = keys(input, lines, log);
    let place = input.app.list_of(ViewId::Alerts).place(&keys);
    log.events.get(place.checked_sub(keys.len() - log.events.len())?)
}

/// The subject of the chosen alert, where a detail can be shown: its unit, else its node. Without one, that of the latest
/// alert that has one.
fn detail_of(input: &FrameInput<'_>) -> Option<Subject> {
    let lines = lines(input);
    let of_chosen = chosen(input, &lines).and_then(|line| subject_of(input, line.word()));
    of_chosen.or_else(|| {
        let others = lines.iter().find_map(|line| subject_of(input, line.word()));
        let until = input.snap.at;
        let over = || input.app.history.events(until - log::DAY, until, None).into_iter().rev();
        others.or_else(|| {
            over().filter(HistoryEvent::is_alert).find_map(|event| subject_of(input, word_of(event.name.as_str())))
        })
    })
}

/// The unit or node of this name, or that of the engine of this address.
fn subject_of(input: &FrameInput<'_>, word: &str) -> Option<Subject> {
    if let Some(unit) = input.snap.units.iter().find(|unit| unit.unit.as_str() == word) {
        return Some(Subject::Unit(unit.unit.clone()));
    }
    let engine = input.snap.engines.iter().find(|row| row.target.as_str() == word);
    let name = engine.map_or(word, |row| row.node.as_str());
    let node = input.snap.nodes.iter().find(|node| node.name.as_str() == name)?;
    Some(Subject::Node(node.name.clone()))
}

fn detail(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, subject: &Subject) {
    match subject {
        Subject::Node(name) => node_parts::summary(canvas, area, input, name.as_str()),
        Subject::Unit(unit) => {
            let rows = input.snap.engines.iter().filter(|row| row.unit.as_ref() == Some(unit));
            TitledRule::new(unit.to_string()).draw(canvas, area);
            let below = Rect { y: area.y + 1, height: (area.height - 1).min(MOST_DETAIL / 2), ..area };
            EngineCharts::of(input, subject, &ServedTogether::of(rows.map(AsRef::as_ref))).draw(canvas, below, input);
        }
        _ => {}
    }
}

/// Draws the chosen alert in full below the list, where the list leaves room.
fn whole(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, rows: usize, line: &AlertLine<'_>) {
    let used = rows.min(1_000) as u16 + 2;
    if area.height < used + 3 {
        return;
    }
    let below = Rect { y: area.y + used, height: area.height - used, ..area };
    let age = format::duration(input.ago(line.since()));
    let parts: Vec<&str> =
        line.alerts.iter().filter_map(|alert| alert.subject.as_str().split_once(' ')).map(|(_, part)| part).collect();
    let parts = if parts.len() > 1 { format!(": {}", parts.join(", ")) } else { String::new() };
    let mut writer = canvas.writer(below, 0);
    writer.strong(charts::severity(line.severity()), &format!("{} {}", glyph(line.severity()), line.about));
    writer.put(Role::Dim, &format::cut(&format!("{parts} · for {age}"), usize::from(below.width) / 2));
    for (row, text) in (1..below.height).zip(format::wrapped(&line.text(), usize::from(below.width))) {
        canvas.writer(below, row).put(Role::Text, &text);
    }
}
