//! The recent past of a group's ranks: the imbalance by minute, and the load of each rank.

use ratatui::layout::Rect;

use super::ranks::full_name;
use super::terms::UNEVEN;
use crate::balance::{Balance, Balancer, Group, GroupBalance, RankLoad};
use crate::history::{Measure, Query, Subject};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::series::{Points, axis};
use crate::tui::theme::Role;
use crate::tui::view::charts::{self, Reading};
use crate::tui::widgets::framed_chart::{FramedChart, ScaleColumn, ScaleLabel};
use crate::tui::widgets::heat_cell::Heat;
use crate::tui::widgets::line::LineChart;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Plot, Segment};
use crate::units::{Span, Timestamp};

/// The history keeps ranks for an hour.
const MINUTES: usize = 60;
const SCALE: u16 = 6;
/// The minimum scale maximum of the chart.
const TOP: f64 = 1.4;

/// The measure that the history keeps by minute for a balancer, if any.
fn kept(balance: &Balance) -> Option<Measure> {
    match balance.balancer {
        Balancer::Tokens => Some(Measure::Prompt),
        Balancer::Kv => Some(Measure::Kv),
        Balancer::Load => Some(Measure::Load),
        Balancer::Requests | Balancer::Experts => None,
    }
}

fn role(balance: &Balance) -> Role {
    if balance.balancer == Balancer::Tokens { Role::Prompt } else { Role::Output }
}

/// Draws the ratio of maximum to mean by minute over the chosen span; the history keeps ranks for an hour.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, (group, name): (&GroupBalance, &str)) {
    let kept: Vec<(&Balance, Measure)> =
        group.balances.iter().filter_map(|balance| Some((balance, kept(balance)?))).collect();
    let until = until(input);
    let chosen = input.app.charts.span;
    let points: Vec<Points> = kept
        .iter()
        .map(|(balance, measure)| {
            Points::ending(over_mean(&loads(input, balance, *measure, until)), until, Span::MINUTE)
        })
        .collect();
    let cells = FramedChart::chart_width(area.width, SCALE);
    let axis = axis(input, &points.iter().collect::<Vec<_>>(), chosen.length(), cells);
    let values: Vec<Vec<Option<f64>>> = points.iter().map(|points| points.on(&axis)).collect();
    let most = values.iter().flatten().flatten().copied().fold(TOP, f64::max);
    let top = (most * 5.0).ceil() / 5.0;
    let dashed: Vec<Option<f64>> = (0..axis.dots()).map(|dot| (dot / 2 % 2 == 0).then_some(UNEVEN)).collect();
    let line = |values, role| LineChart { values, low: 1.0, top, role };
    let mut lines = vec![line(&dashed, Role::Warning)];
    lines.extend(values.iter().zip(&kept).map(|(values, (balance, _))| line(values, role(balance))));
    let title = format!("Max/mean, {}", charts::known_span(&axis, chosen.length(), chosen.name()));
    let mut rule = TitledRule::new(title).note([Segment::dim(format!(" · {name}"))]);
    for (balance, _) in &kept {
        rule = rule.right([Segment::key(role(balance)), Segment::dim(format!(" {}  ", balance.balancer.name()))]);
    }
    rule = rule.right([Segment::new(Role::Warning, "╌"), Segment::dim(format!(" uneven from {UNEVEN}"))]);
    let scale = ScaleColumn::of(vec![
        ScaleLabel::end(top, format!("{top:.2}")),
        ScaleLabel::end(UNEVEN, format!("{UNEVEN}")),
        ScaleLabel::end(1.0, "1.00"),
    ]);
    let ratio = |value: f64| format!("{value:.2}");
    let readings: Vec<Reading<'_>> = kept
        .iter()
        .zip(&values)
        .map(|((balance, _), values)| Reading { role: role(balance), name: read_as(balance), values, format: &ratio })
        .collect();
    let absent = if kept.is_empty() { "requests are not kept by the minute" } else { charts::NOT_YET };
    let is_known = values.iter().any(|values| charts::ends(values).is_some());
    charts::framed(
        canvas,
        area,
        input,
        &axis,
        rule,
        &lines.iter().map(|line| line as &dyn Plot).collect::<Vec<_>>(),
        scale,
        (None, SCALE),
        (&subject(group), is_known, absent),
        &readings,
    );
}

/// The subject of a group, which the marks on the axis are about.
fn subject(group: &GroupBalance) -> Subject {
    match &group.group {
        Group::Unit(unit) => Subject::Unit(unit.clone()),
        Group::Engine(target) => Subject::Engine(target.clone(), None),
    }
}

/// The name of a balancer before its value at the cursor.
const fn read_as(balance: &Balance) -> &'static str {
    match balance.balancer {
        Balancer::Tokens => "tokens ",
        Balancer::Kv => "KV ",
        Balancer::Load => "load ",
        Balancer::Requests | Balancer::Experts => "",
    }
}

/// The rows that the ranks of a group take with their rule.
pub(super) fn heat_rows(group: &GroupBalance) -> u16 {
    let kept = group.balances.iter().find(|balance| kept(balance).is_some());
    kept.map_or(0, |balance| u16::try_from(balance.ranks.len()).unwrap_or(u16::MAX).saturating_add(1))
}

/// Draws a row for each rank that fits, the busiest first, with a cell for each minute.
pub(super) fn heat(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, group: &GroupBalance) {
    let Some((balance, measure)) = group.balances.iter().find_map(|balance| Some((balance, kept(balance)?))) else {
        return;
    };
    let mut ranks: Vec<&RankLoad> = balance.ranks.iter().collect();
    ranks.sort_by(|a, b| b.load.unwrap_or(-1.0).total_cmp(&a.load.unwrap_or(-1.0)));
    let rows = usize::from(area.height.saturating_sub(1));
    let (shown, more) = if ranks.len() > rows { (rows.saturating_sub(1), ranks.len() - rows + 1) } else { (rows, 0) };
    let what = match measure {
        Measure::Kv => "KV",
        Measure::Load => "load",
        _ => "prompts",
    };
    let title = if measure == Measure::Load { "Nodes by the minute" } else { "Ranks by the minute" };
    TitledRule::new(title).note([Segment::dim(format!(" · {what}, busiest first"))]).draw(canvas, area);
    let names: Vec<String> = ranks.iter().take(shown).map(|rank| full_name(balance, rank)).collect();
    let name_width = names.iter().map(|name| format::width(name)).max().unwrap_or(0).clamp(5, 16) as u16;
    let cells = usize::from(area.width.saturating_sub(name_width + 1)).min(MINUTES);
    let until = until(input);
    let lines: Vec<(&RankLoad, Vec<Option<f64>>)> =
        ranks.iter().take(shown).map(|rank| (*rank, of_rank(input, rank, measure, until))).collect();
    let most = lines.iter().flat_map(|(_, points)| points).flatten().copied().fold(0.0, f64::max);
    let top = if matches!(measure, Measure::Kv | Measure::Load) { 1.0 } else { most };
    for ((row, (_, points)), name) in (1..).zip(&lines).zip(&names) {
        canvas.writer(area, row).name(Role::Dim, name, usize::from(name_width));
        let mut clip = canvas.clip(area);
        let newest = points.get(points.len().saturating_sub(cells)..).unwrap_or(&[]);
        for (x, value) in (name_width + 1..).zip(newest) {
            Heat::of(value.map(|value| if top > 0.0 { value / top } else { 0.0 })).draw(&mut clip, x, row);
        }
    }
    if more > 0 {
        canvas.writer(area, area.height.saturating_sub(1)).put(Role::Dim, &format!("… {more} more"));
    }
}

/// The end of the current minute.
fn until(input: &FrameInput<'_>) -> Timestamp {
    let minute = Span::MINUTE.millis();
    Timestamp::from_millis((input.snap.at.millis().div_euclid(minute) + 1).saturating_mul(minute))
}

fn of_rank(input: &FrameInput<'_>, rank: &RankLoad, measure: Measure, until: Timestamp) -> Vec<Option<f64>> {
    let subject = match measure {
        Measure::Load => Subject::Node(rank.node.clone()),
        _ => Subject::Engine(rank.target.clone(), Some(rank.rank.clone())),
    };
    input.app.history.series(&Query { subject, measure, until, step: Span::MINUTE, points: MINUTES }).points
}

fn loads(input: &FrameInput<'_>, balance: &Balance, measure: Measure, until: Timestamp) -> Vec<Vec<Option<f64>>> {
    balance.ranks.iter().map(|rank| of_rank(input, rank, measure, until)).collect()
}

/// The maximum load of each minute divided by the mean; `None` if fewer than two ranks are known, or the mean is zero.
fn over_mean(loads: &[Vec<Option<f64>>]) -> Vec<Option<f64>> {
    let of_minute = |minute: usize| {
        let known: Vec<f64> = loads.iter().filter_map(|rank| rank.get(minute).copied().flatten()).collect();
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        let most = known.iter().copied().fold(0.0, f64::max);
        (known.len() > 1 && mean > 0.0).then(|| most / mean)
    };
    (0..MINUTES).map(of_minute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_with_one_rank_says_nothing() {
        let mut loads = vec![vec![None; MINUTES], vec![None; MINUTES]];
        loads[0][3] = Some(1.0);
        (loads[0][4], loads[1][4]) = (Some(1.0), Some(3.0));
        (loads[0][5], loads[1][5]) = (Some(0.0), Some(0.0));
        let over = over_mean(&loads);
        assert_eq!(over[3..6], [None, Some(1.5), None]);
    }
}
