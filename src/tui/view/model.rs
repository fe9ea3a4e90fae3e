//! One model: its figures, its money over time, its tokens.

use ratatui::layout::Rect;

use super::charts::{self, Chart, Kind, Margin};
use super::engine_charts::latency;
use super::models::{cost, is_beside};
use crate::history::{Measure, Subject};
use crate::snapshot::ModelRow;
use crate::tui::human;
use crate::tui::layout::split;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::framed_chart::side_by_side;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment, flow};
use crate::units::Money;

/// The chosen model: its figures, its money over time, its tokens.
pub(super) fn detail(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, row: &ModelRow) {
    let subject = Subject::Model(row.model.clone());
    let head = Rect { y: area.y + 1, height: area.height.saturating_sub(6).min(9), ..area };
    let (left, right) = if area.width >= 100 {
        split(head, 37, 2)
    } else {
        (Rect { height: 3, ..head }, Rect { y: head.y + 3, height: head.height.saturating_sub(3), ..head })
    };
    let title = TitledRule::new(human::shorten(row.model.as_str(), 32));
    title.draw(canvas, Rect { height: 1, ..left });
    let amount = |money: Option<Money>| scene.money(money, 10);
    let mut facts = vec![
        pair("revenue ", &amount(row.money.revenue)),
        pair("revenue /h ", &amount(row.money.revenue_per_hour)),
        pair("cost /h ", &amount(cost(row))),
        pair("profit /h ", &amount(row.money.profit_per_hour)),
    ];
    if let Some(list) = &row.money.list {
        facts.push(pair("list ", &human::shorten(list.as_str(), 28)));
    }
    if row.money.revenue.is_none() && !is_beside(row) {
        facts.insert(0, vec![(Role::Warning, "unpriced: set [[price]]".to_owned())]);
    }
    let below = Rect { y: left.y + 1, height: left.height.saturating_sub(1), ..left };
    flow(canvas, below, &facts, 2);
    if is_beside(row) {
        return;
    }
    Margin { subject: subject.clone(), now: [row.money.revenue_per_hour, cost(row)], scale_width: 7, is_day: true }
        .draw(canvas, right, scene);
    let vitals = Rect { y: head.bottom(), height: area.bottom().saturating_sub(head.bottom()).min(8), ..area };
    let places = side_by_side(vitals, if area.width >= 110 { 4 } else { 2 }, 2);
    let hits = row.cache_hit_rate;
    let charts = [
        Chart {
            layers: vec![(Measure::Output, Role::Output)],
            kind: Kind::Area,
            format: charts::rate,
            ..blank("Output", human::scaled_tight(row.output_per_second).trim().to_owned() + " tok/s", &subject)
        },
        Chart {
            layers: vec![(Measure::PromptComputed, Role::Prompt), (Measure::PromptCached, Role::Hit)],
            kind: Kind::Area,
            format: charts::rate,
            ..blank("Prompt", human::scaled_tight(row.prompt_per_second).trim().to_owned() + " tok/s", &subject)
        },
        Chart {
            layers: vec![(Measure::HitRate, Role::Hit)],
            kind: Kind::Line,
            format: charts::share,
            ..blank("Hit rate", human::percent1(hits).trim().to_owned(), &subject)
        },
        latency("TTFT", "median to p99".to_owned(), [Measure::TtftMedian, Measure::TtftTail], &subject)
            .with(scene.snap.slo.and_then(|slo| slo.ttft_p99_seconds)),
    ];
    for (chart, place) in charts.into_iter().zip(places) {
        chart.draw(canvas, place, scene);
    }
}

fn pair(label: &str, value: &str) -> Vec<(Role, String)> {
    vec![(Role::Dim, label.to_owned()), (Role::Text, human::pad_right(value, 9))]
}

/// A chart with a name and a figure of now.
pub(super) fn blank(name: &'static str, figure: String, subject: &Subject) -> Chart<'static> {
    let mut rule = TitledRule::new(name);
    rule.title.extend([Segment::dim("  "), Segment::title(figure)]);
    Chart {
        rule,
        subject: subject.clone(),
        layers: Vec::new(),
        top: None,
        even: None,
        kind: Kind::Area,
        format: charts::rate,
        scale_width: 6,
    }
}
