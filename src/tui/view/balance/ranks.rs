//! The load of every rank of a group: one chart for each balancer, in rank order.

use std::collections::{BTreeSet, HashMap};

use ratatui::layout::Rect;

use super::terms::UNEVEN;
use crate::balance::{Balance, Balancer, GroupBalance, RankLoad};
use crate::reading::Rank;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::area::{AreaChart, Layer};
use crate::tui::widgets::axis_rule::{AxisRule, Tick};
use crate::tui::widgets::framed_chart::{FramedChart, ScaleColumn, ScaleLabel};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::scale::step_above;
use crate::tui::widgets::{Canvas, Segment};

const SCALE: u16 = 6;
/// The minimum and maximum rows of a chart with its rule.
const LEAST: u16 = 4;
const MOST: u16 = 10;
/// The maximum dots of a rank's column.
const WIDEST: usize = 48;
/// The minimum cells between two rank names.
const BETWEEN: usize = 7;

/// The content of a chart: the compared loads, or the output of the ranks.
struct ShownRank {
    balance: Balance,
    /// Whether the values are the ranks' output.
    is_output: bool,
}

impl ShownRank {
    fn what(&self) -> &'static str {
        if self.is_output { "output tokens a second, a rank" } else { what(self.balance.balancer) }
    }

    fn written(&self, load: f64) -> String {
        if self.is_output {
            format::scaled_tight(Some(load)).trim().to_owned()
        } else {
            written(self.balance.balancer, load)
        }
    }
}

/// Draws as many charts as fit in `area`, the worst balancer first, and the output of decode ranks below. Returns
/// the rows used.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    (group, name): (&GroupBalance, &str),
) -> u16 {
    let room = area.height.saturating_sub(1);
    let by_load = input.app.ranks.by_load;
    let of_ranks = group.balances.iter().filter(|balance| !balance.ranks.is_empty());
    let mut shown: Vec<ShownRank> =
        of_ranks.map(|balance| ShownRank { balance: balance.clone(), is_output: false }).collect();
    shown.extend(group.balances.iter().find_map(|balance| output(input, balance)));
    for one in shown.iter_mut().filter(|_| by_load) {
        one.balance = sorted(&one.balance);
    }
    let count = u16::try_from(shown.len()).unwrap_or(1).min((room / LEAST).max(1));
    let height = (room / count.max(1)).min(MOST);
    for (nth, one) in (0..count).zip(shown) {
        let is_last = nth + 1 == count;
        let chart = Rect { y: area.y + nth * height, height: height + u16::from(is_last), ..area };
        let title = (nth == 0).then(|| name.to_owned());
        draw_one(canvas, chart, &one, title, (is_last, by_load));
    }
    count * height + 1
}

/// The output of a decode group's ranks, with the worst rank kept at its index.
fn output(input: &FrameInput<'_>, balance: &Balance) -> Option<ShownRank> {
    if balance.balancer != Balancer::Kv {
        return None;
    }
    let rates: HashMap<(&str, Option<&str>), f64> = (input.snap.engines.iter())
        .filter_map(|row| Some(((row.target.as_str(), row.rank.as_ref().map(Rank::as_str)), row.output_per_second?)))
        .collect();
    let mut balance = balance.clone();
    for rank in &mut balance.ranks {
        rank.load = rates.get(&(rank.target.as_str(), Some(rank.rank.as_str()))).copied();
    }
    let known: Vec<f64> = balance.ranks.iter().filter_map(|rank| rank.load).collect();
    balance.mean = known.iter().sum::<f64>() / known.len() as f64;
    (known.len() > 1 && known.iter().any(|rate| *rate > 0.0)).then_some(ShownRank { balance, is_output: true })
}

fn draw_one(
    canvas: &mut Canvas<'_>,
    area: Rect,
    one: &ShownRank,
    title: Option<String>,
    (is_last, by_load): (bool, bool),
) {
    let balance = &one.balance;
    let cells = FramedChart::chart_width(area.width, SCALE);
    let shown = Columns::of(balance, cells);
    let most = balance.ranks.iter().filter_map(|rank| rank.load).fold(0.0, f64::max);
    let is_share = !one.is_output && matches!(balance.balancer, Balancer::Kv | Balancer::Load);
    let top = if is_share { 1.0 } else { step_above(1.02 * most) };
    let colour = match balance.balancer {
        Balancer::Tokens => Role::Prompt,
        Balancer::Kv | Balancer::Requests | Balancer::Experts | Balancer::Load => Role::Output,
    };
    let is_uneven = balance.over_mean.get() >= UNEVEN;
    let of_worst = if is_uneven { Role::Warning } else { colour };
    let layers = vec![Layer { values: &shown.others, role: colour }, Layer { values: &shown.worst, role: of_worst }];
    let chart = AreaChart { layers, low: 0.0, top, even: Some(balance.mean), is_heat: false };
    let what = one.what();
    let titled = match title {
        Some(title) => TitledRule::new(title).note([Segment::dim(format!("  {what}"))]),
        None => TitledRule { title: vec![Segment::dim(what)], ..TitledRule::default() },
    };
    let [worst, mean] = figures(one);
    // Where only one fits, the worst rank is shown.
    let rule = titled.right(mean).right(worst);
    // Sorted by load, the ranks are not in numerical order.
    let ticks = if by_load { vec![Tick { cell: 0, text: "┴the busiest first".to_owned() }] } else { shown.ticks };
    FramedChart {
        rule,
        plots: vec![&chart],
        scale: ScaleColumn::of(vec![ScaleLabel::end(top, one.written(top))]),
        scale_width: SCALE,
        axis: is_last.then(|| AxisRule { ticks, marks: Vec::new(), floor: Some(("0", SCALE)) }),
    }
    .draw(canvas, area);
}

/// The ranks by load, the highest first.
fn sorted(balance: &Balance) -> Balance {
    let mut sorted = balance.clone();
    let worst = sorted.ranks.get(sorted.worst).cloned();
    sorted.ranks.sort_by(|a, b| b.load.unwrap_or(-1.0).total_cmp(&a.load.unwrap_or(-1.0)));
    sorted.worst = worst.and_then(|worst| sorted.ranks.iter().position(|rank| *rank == worst)).unwrap_or(0);
    sorted
}

/// The worst rank and the mean, as `worst r017 97 %` and `mean 74 %`.
fn figures(one: &ShownRank) -> [Vec<Segment<'static>>; 2] {
    let balance = &one.balance;
    let worst = balance.ranks.get(balance.worst);
    let load = |rank: &RankLoad| rank.load.map_or_else(|| format::UNKNOWN.to_owned(), |load| one.written(load));
    let text = worst.map(|rank| format!("{} {}", full_name(balance, rank), load(rank)));
    let worst = vec![Segment::dim("worst "), Segment::text(text.unwrap_or_else(|| format::UNKNOWN.to_owned()))];
    [worst, vec![Segment::dim("mean "), Segment::text(one.written(balance.mean)), Segment::dim("   ")]]
}

/// The name of a rank, with its node where several engines use the same rank numbers: `gpu-0192 r0`.
pub(super) fn full_name(balance: &Balance, rank: &RankLoad) -> String {
    let own = balance.name_of(rank);
    if repeats(balance) { format!("{} {own}", rank.node) } else { own }
}

/// Whether several engines use the same rank numbers.
fn repeats(balance: &Balance) -> bool {
    let mut seen = BTreeSet::new();
    !balance.ranks.iter().all(|rank| seen.insert(&rank.rank))
}

/// The name of the load that a balancer compares, for a title.
pub(super) fn what(balancer: Balancer) -> &'static str {
    match balancer {
        Balancer::Tokens => "prompt tokens a second, a rank",
        Balancer::Kv => "KV cache, a rank",
        Balancer::Requests => "requests in work, a rank",
        Balancer::Experts => "load of a GPU's experts",
        Balancer::Load => "GPU load, a node",
    }
}

/// Formats a load.
pub(super) fn written(balancer: Balancer, load: f64) -> String {
    match balancer {
        Balancer::Kv | Balancer::Load => format!("{:.0} %", load * 100.0),
        Balancer::Tokens => format::scaled_tight(Some(load)).trim().to_owned(),
        Balancer::Experts => format!("{load:.2}"),
        Balancer::Requests if load < 100.0 && load.fract() > 0.05 => format!("{load:.1}"),
        Balancer::Requests => format::scaled_tight(Some(load.round())).trim().to_owned(),
    }
}

/// The ranks as columns of dots, as wide as fits; too many ranks share a column.
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
        // A blank dot between columns that are wide enough.
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

    /// Adds a label at a cell; returns `false` if the previous label leaves no room.
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
    use crate::reading::{NodeName, TargetId, UnitName};
    use crate::units::Ratio;

    /// A balance of `nodes` nodes with `each` ranks each.
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
        // The ranks of a single engine are labelled with their numbers only.
        let ticks = Columns::of(&balance(1, 16), 72).ticks;
        assert_eq!(ticks[0].text, "┴r0");
    }
}
