//! What every rank of a group carries: a chart for each balancer, in the order of the ranks.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::name;
use crate::balance::{Balance, Balancer, GroupBalance, RankLoad};
use crate::tui::format;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::area::{AreaChart, Layer};
use crate::tui::widgets::axis_rule::{AxisRule, Tick};
use crate::tui::widgets::framed_chart::{FramedChart, ScaleColumn, ScaleLabel};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::scale::step_above;
use crate::tui::widgets::{Canvas, Segment};

const SCALE: u16 = 6;
/// The least rows of a chart with its rule, and the most.
const LEAST: u16 = 4;
const MOST: u16 = 20;
/// The most dots of a rank's column.
const WIDEST: usize = 24;
/// The least cells between two names of ranks.
const BETWEEN: usize = 7;

/// Draws as many charts as `area` has room for, the worst balancer first.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, group: &GroupBalance) {
    let room = area.height.saturating_sub(1);
    let by_load = scene.app.ranks.by_load;
    let of_ranks = group.balances.iter().filter(|balance| !balance.ranks.is_empty());
    let of_ranks: Vec<Balance> =
        of_ranks.map(|balance| if by_load { sorted(balance) } else { balance.clone() }).collect();
    let count = u16::try_from(of_ranks.len()).unwrap_or(1).min((room / LEAST).max(1));
    let height = (room / count.max(1)).min(MOST);
    for (nth, balance) in (0..count).zip(of_ranks) {
        let is_last = nth + 1 == count;
        let chart = Rect { y: area.y + nth * height, height: height + u16::from(is_last), ..area };
        let title = (nth == 0).then(|| name(group));
        draw_one(canvas, chart, &balance, title, (is_last, by_load));
    }
}

fn draw_one(
    canvas: &mut Canvas<'_>,
    area: Rect,
    balance: &Balance,
    title: Option<String>,
    (is_last, by_load): (bool, bool),
) {
    let cells = FramedChart::chart_width(area.width, SCALE);
    let shown = Columns::of(balance, cells);
    let most = balance.ranks.get(balance.worst).and_then(|worst| worst.load).unwrap_or(0.0);
    let top = if matches!(balance.balancer, Balancer::Kv | Balancer::Load) { 1.0 } else { step_above(1.02 * most) };
    let colour = match balance.balancer {
        Balancer::Tokens => Role::Prompt,
        Balancer::Kv | Balancer::Requests | Balancer::Experts | Balancer::Load => Role::Output,
    };
    let layers =
        vec![Layer { values: &shown.others, role: colour }, Layer { values: &shown.worst, role: Role::Warning }];
    let chart = AreaChart { layers, low: 0.0, top, even: Some(balance.mean), is_heat: false };
    let what = what(balance.balancer);
    let titled = match title {
        Some(title) => TitledRule::new(title).note([Segment::dim(format!("  {what}"))]),
        None => TitledRule { title: vec![Segment::dim(what)], ..TitledRule::default() },
    };
    let rule = titled.right(figures(balance));
    // Sorted by load they are no longer in the order of their numbers.
    let ticks = if by_load { vec![Tick { cell: 0, text: "┴the busiest first".to_owned() }] } else { shown.ticks };
    FramedChart {
        rule,
        plots: vec![&chart],
        scale: ScaleColumn { labels: vec![ScaleLabel::end(top, written(balance.balancer, top))] },
        scale_width: SCALE,
        axis: is_last.then(|| AxisRule { ticks, marks: Vec::new(), floor: Some(("0", SCALE)) }),
    }
    .draw(canvas, area);
}

/// The ranks by what they carry, the busiest first.
fn sorted(balance: &Balance) -> Balance {
    let mut sorted = balance.clone();
    let worst = sorted.ranks.get(sorted.worst).cloned();
    sorted.ranks.sort_by(|a, b| b.load.unwrap_or(-1.0).total_cmp(&a.load.unwrap_or(-1.0)));
    sorted.worst = worst.and_then(|worst| sorted.ranks.iter().position(|rank| *rank == worst)).unwrap_or(0);
    sorted
}

/// `worst r017 97 %   mean 74 %`.
fn figures(balance: &Balance) -> Vec<Segment<'static>> {
    let worst = balance.ranks.get(balance.worst);
    let load = |rank: &RankLoad| written(balance.balancer, rank.load.unwrap_or(0.0));
    let node = |rank: &RankLoad| if repeats(balance) { format!("{} ", rank.node) } else { String::new() };
    let text = worst.map(|rank| format!("{}{} {}", node(rank), balance.name_of(rank), load(rank)));
    vec![
        Segment::dim("worst "),
        Segment::text(text.unwrap_or_else(|| format::UNKNOWN.to_owned())),
        Segment::dim("   mean "),
        Segment::text(written(balance.balancer, balance.mean)),
    ]
}

/// Whether several engines number their ranks alike, so that a number alone names none.
fn repeats(balance: &Balance) -> bool {
    let mut seen = BTreeSet::new();
    !balance.ranks.iter().all(|rank| seen.insert(&rank.rank))
}

/// What a balancer compares, for a title.
pub(super) fn what(balancer: Balancer) -> &'static str {
    match balancer {
        Balancer::Tokens => "prompt tokens a second, a rank",
        Balancer::Kv => "KV cache, a rank",
        Balancer::Requests => "requests in work, a rank",
        Balancer::Experts => "load of a GPU's experts",
        Balancer::Load => "GPU load, a node",
    }
}

/// A load as it is written.
pub(super) fn written(balancer: Balancer, load: f64) -> String {
    match balancer {
        Balancer::Kv | Balancer::Load => format!("{:.0} %", load * 100.0),
        Balancer::Tokens => format::scaled_tight(Some(load)).trim().to_owned(),
        Balancer::Experts => format!("{load:.2}"),
        Balancer::Requests if load < 100.0 && load.fract() > 0.05 => format!("{load:.1}"),
        Balancer::Requests => format::scaled_tight(Some(load.round())).trim().to_owned(),
    }
}

/// The ranks as columns of dots: each as wide as there is room for, several in one where there are too many.
struct Columns {
    others: Vec<Option<f64>>,
    worst: Vec<Option<f64>>,
    ticks: Vec<Tick>,
}

impl Columns {
    fn of(balance: &Balance, cells: u16) -> Self {
        let dots = 2 * usize::from(cells);
        let ranks = &balance.ranks;
        let each = (dots / ranks.len().max(1)).clamp(1, WIDEST);
        // A dot of air between columns that are wide enough.
        let air = usize::from(each > 2);
        let together = ranks.len().div_ceil(dots.max(1)).max(1);
        let mut columns = Self { others: Vec::new(), worst: Vec::new(), ticks: Vec::new() };
        let (mut free, by_node) = (0, repeats(balance));
        let mut named = None;
        for (nth, chunk) in ranks.chunks(together).enumerate() {
            let load = chunk
                .iter()
                .filter_map(|rank| rank.load)
                .fold(None, |most: Option<f64>, load| Some(most.map_or(load, |most| most.max(load))));
            let is_worst = (nth * together..nth * together + chunk.len()).contains(&balance.worst);
            if let Some(rank) = chunk.first().filter(|rank| !by_node || named != Some(&rank.node)) {
                let text = if by_node { rank.node.to_string() } else { balance.name_of(rank) };
                if columns.tick(nth * each / 2, &text, &mut free) {
                    named = Some(&rank.node);
                }
            }
            for dot in 0..each {
                let load = load.filter(|_| dot < each - air);
                columns.others.push(load.filter(|_| !is_worst));
                columns.worst.push(load.filter(|_| is_worst));
            }
        }
        columns.others.resize(dots, None);
        columns.worst.resize(dots, None);
        columns
    }

    /// Names what begins at a cell; `false` where the name before leaves no room.
    fn tick(&mut self, cell: usize, name: &str, free: &mut usize) -> bool {
        if cell < *free {
            return false;
        }
        let text = format!("┴{name}");
        *free = cell + BETWEEN.max(format::width(&text) + 1);
        self.ticks.push(Tick { cell: u16::try_from(cell).unwrap_or(u16::MAX), text });
        true
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::balance::Group;
    use crate::reading::{NodeName, Rank, TargetId, UnitName};
    use crate::units::Ratio;

    /// Nodes of so many ranks each.
    fn balance(nodes: usize, each: usize) -> Balance {
        let rank = |nth: usize| RankLoad {
            rank: Rank::new(&(nth % each).to_string()),
            target: TargetId::new("http://a:1"),
            node: NodeName::new(&format!("gpu-{:04}", nth / each)),
            load: Some(nth as f64),
        };
        Balance {
            group: Group::Unit(UnitName::new("decode-1")),
            balancer: Balancer::Requests,
            ranks: (0..nodes * each).map(rank).collect(),
            mean: 1.0,
            worst: 0,
            over_mean: Ratio::new(1.0).unwrap(),
        }
    }

    #[test]
    fn a_node_stands_once_below_its_ranks() {
        for (nodes, each) in [(2, 4), (4, 4), (18, 8), (3, 1)] {
            let texts: Vec<String> =
                Columns::of(&balance(nodes, each), 72).ticks.into_iter().map(|tick| tick.text).collect();
            let mut once = texts.clone();
            once.dedup();
            assert_eq!(texts, once, "{nodes} nodes of {each}");
            assert!(texts.len() > 1);
        }
        // Ranks of one engine are named by their numbers.
        let ticks = Columns::of(&balance(1, 16), 72).ticks;
        assert_eq!(ticks[0].text, "┴r0");
    }
}
