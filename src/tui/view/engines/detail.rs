//! The detail of the chosen row below the list: charts, latencies, and its ranks.

use ratatui::layout::Rect;

use super::columns::{Tops, of_tokens};
use super::line::EngineLine;
use super::lines::ranks_of;
use crate::history::Subject;
use crate::tui::app::RefreshPace;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::layout::{LayoutRows, from_chosen, split, stacked};
use crate::tui::theme::Role;
use crate::tui::view::cells::full;
use crate::tui::view::engine_charts::EngineCharts;
use crate::tui::view::list::{Col, List, count, figure, said};
use crate::tui::view::{ListKey, ViewId, latencies};
use crate::tui::widgets::Canvas;
use crate::tui::widgets::table::{Cell, Tree};
use crate::units::Ratio;

/// The minimum and maximum rows of a row of charts.
pub(super) const CHARTS: u16 = 5;
const MOST_CHARTS: u16 = 16;
/// The least rows of a further row's detail.
const LEAST_MORE: u16 = 2 * CHARTS + latencies::ROWS;
/// The least columns for four charts side by side.
pub(super) const WIDE: u16 = 100;
/// Columns that latencies take before the ranks, and those from which ranks stand beside them.
const LATENCIES: u16 = 80;
pub(super) const WITH_RANKS: u16 = LATENCIES + 38;
/// Cells of a rank's line of tokens.
const LINE: u16 = 30;

/// The chosen row, or the parent of a chosen rank.
struct ChosenEngine<'l, 'a> {
    line: &'l EngineLine<'a>,
    /// The subject that its samples are stored under; for a node, that of its engine or of the engine's unit.
    subject: Subject,
    name: String,
    /// Whether the samples are those of exactly this row.
    is_its_own: bool,
}

/// The rows that are no ranks, the chosen one or the parent of a chosen rank first.
fn parents<'l, 'a>(input: &FrameInput<'_>, lines: &'l [EngineLine<'a>]) -> Vec<&'l EngineLine<'a>> {
    let keys: Vec<ListKey> = lines.iter().map(|line| line.key).collect();
    let at = input.app.list_of(ViewId::Engines).place(&keys);
    let is_parent = |line: &&EngineLine<'_>| !matches!(line.tree, Tree::Child | Tree::LastChild);
    let before = lines.get(..=at).unwrap_or(&[]).iter().filter(is_parent).count();
    let parents: Vec<&EngineLine<'a>> = lines.iter().filter(is_parent).collect();
    from_chosen(&parents, before.saturating_sub(1)).copied().collect()
}

/// What is shown of a row.
fn chosen<'l, 'a>(input: &FrameInput<'_>, line: &'l EngineLine<'a>) -> Option<ChosenEngine<'l, 'a>> {
    let name = line.name.clone();
    if let Some(row) = line.engine {
        let is_its_own = row.unit.is_none();
        let subject = row.unit.clone().map_or_else(|| Subject::Engine(row.target.clone(), None), Subject::Unit);
        return Some(ChosenEngine { line, subject, name, is_its_own });
    }
    let Some(Subject::Node(node)) = &line.subject else {
        let subject = line.subject.clone()?;
        return Some(ChosenEngine { line, subject, name, is_its_own: true });
    };
    let mut engines = input.snap.engines.iter().filter(|row| row.node == *node);
    let first = engines.next()?;
    Some(match &first.unit {
        Some(unit) => {
            let name = format!("{unit}, of {name}");
            ChosenEngine { line, subject: Subject::Unit(unit.clone()), name, is_its_own: false }
        }
        None if engines.all(|row| row.target == first.target) => {
            ChosenEngine { line, subject: Subject::Engine(first.target.clone(), None), name, is_its_own: true }
        }
        None => ChosenEngine { line, subject: Subject::Fleet, name: "all engines".to_owned(), is_its_own: false },
    })
}

/// Draws the chosen row, and below it as many of the next as fit with all of their parts.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, lines: &[EngineLine<'_>]) {
    let parents = parents(input, lines);
    let whole = 2 * MOST_CHARTS + latencies::ROWS + 1;
    for (line, area) in parents.iter().zip(stacked(area, whole, LEAST_MORE, parents.len())) {
        if let Some(chosen) = chosen(input, line) {
            draw_one(canvas, area, input, &chosen);
        }
    }
}

/// Draws the charts, where there is room, and below them the latencies and the ranks.
fn draw_one(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, chosen: &ChosenEngine<'_, '_>) {
    // The ranks of an open row stand in the list.
    let has_ranks = area.width >= WITH_RANKS && chosen.line.tree != Tree::Open;
    let ranks = if has_ranks { ranks_of(&input.at(RefreshPace::FiveSeconds), chosen.line) } else { Vec::new() };
    let wanted = if ranks.len() > 1 { ranks.len().min(1_000) as u16 + 1 } else { 0 };
    let mut rows = LayoutRows(area);
    let room = area.height.saturating_sub(wanted.min(area.height / 3).max(latencies::ROWS));
    let has_charts = room >= CHARTS && chosen.subject != Subject::Fleet;
    if has_charts && area.width < WIDE {
        let charts = EngineCharts::of(input, &chosen.subject, &chosen.line.served);
        charts.draw_pairs(canvas, rows.top(room.min(2 * MOST_CHARTS)), input);
    } else if has_charts {
        let is_twice = room >= 2 * CHARTS + 2;
        let height = if is_twice { (room / 2).min(MOST_CHARTS) } else { room.min(MOST_CHARTS + CHARTS) };
        let charts = EngineCharts::of(input, &chosen.subject, &chosen.line.served);
        charts.draw(canvas, rows.top(height), input);
        if is_twice {
            charts.draw_tokens(canvas, rows.top(height), input);
        }
    }
    let (left, right) = if wanted > 0 { split(rows.0, LATENCIES - 2, 2) } else { (rows.0, Rect::default()) };
    let below = Rect { height: left.height.min(latencies::ROWS), ..left };
    latencies::draw(canvas, below, input, &chosen.subject, &chosen.name, now(input, chosen).as_ref());
    if wanted > 0 {
        draw_ranks(canvas, right, input, chosen, &ranks);
    }
}

/// The current p99 of the row.
fn now(input: &FrameInput<'_>, chosen: &ChosenEngine<'_, '_>) -> Option<latencies::Now> {
    let seconds = input.snap.window_seconds.filter(|_| chosen.is_its_own && input.app.then().is_none())?;
    let served = &chosen.line.served;
    let p99 = [served.ttft_p99, served.itl_p99, served.e2e_p99];
    let p99 = std::array::from_fn(|nth| latencies::bounded(p99[nth], served.beyond[nth]));
    let share = |share: Option<Ratio>, what: &str| {
        let share = format::percent1(share);
        vec![(Role::Text, share.trim().to_owned()), (Role::Dim, format!(" {what}"))]
    };
    let within = served.within_slo();
    let accepted = served.drafts_accepted();
    let facts = [within.map(|_| share(within, "in SLO")), accepted.map(|_| share(accepted, "of drafts accepted"))];
    Some(latencies::Now { seconds, p99, facts: facts.into_iter().flatten().collect() })
}

/// Draws the ranks, the busiest first.
fn draw_ranks(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    chosen: &ChosenEngine<'_, '_>,
    ranks: &[EngineLine<'_>],
) {
    type C<'s, 'a> = Col<'s, EngineLine<'a>>;
    let mut columns = vec![
        C::left("", 12, |line| Cell::text(line.name.clone())).stretch(1, 24),
        C::right("of mean", 7, |line| match line.over_mean {
            Some(over) if over >= 1.2 => said(Role::Warning, format!("{:.2}x", over.min(99.0))),
            Some(over) => Cell::dim(format!("{over:.2}x")),
            None => Cell::unknown(),
        })
        .rank(2),
        C::right("run", 4, |line| count(line.served.running)).rank(4),
        C::right("wait", 4, |line| count(line.served.waiting)).rank(1),
        C::right("KV", 5, |line| full(line.served.kv())),
    ];
    let tops = Tops::of(input, ranks);
    columns.extend(of_tokens(input, ranks, (10, LINE), tops));
    columns.push(C::right("share", 6, |line| figure(&format::percent1(line.share.and_then(Ratio::new)))).rank(3));
    let of = Some(chosen.line.name.clone());
    List { gap: 1, of, ..List::plain("Ranks", &columns, ranks) }.draw(canvas, area);
}
