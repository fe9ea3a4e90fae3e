//! The worst group of each balancer, and the cost of waiting for the slowest rank.

use ratatui::layout::Rect;

use super::terms::UNEVEN;
use crate::balance::{Balance, Balancer, GroupBalance, Waiting};
use crate::burn::Reason;
use crate::history::BurntSum;
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::pane::{self, ProfitPeriod};
use crate::tui::theme::{Ink, Role};
use crate::tui::view::tables::SETTLED;
use crate::tui::widgets::row_bar::RowBar;
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Money, Ratio};

/// Draws each balancer with its worst group.
pub(super) fn balancers(canvas: &mut Canvas<'_>, area: Rect, groups: &[GroupBalance]) {
    // Bars begin at 1, an even load; the rule says so.
    TitledRule::new("Balancers").note([Segment::dim(" · max/mean, bars from 1.00")]).draw(canvas, area);
    // The nodes are in the list too; the row shows the experts of engines that report them.
    let has_nodes = worst(groups, Balancer::Load).is_some() && worst(groups, Balancer::Experts).is_none();
    let rows = [
        ("prefill", "prompt tokens", Balancer::Tokens),
        ("decode", "KV cache", Balancer::Kv),
        ("", "requests", Balancer::Requests),
        if has_nodes { ("nodes", "GPU load", Balancer::Load) } else { ("experts", "load of a GPU", Balancer::Experts) },
    ];
    for (row, (stage, what, balancer)) in (1..).zip(rows).filter(|(row, _)| *row < area.height) {
        let worst = worst(groups, balancer);
        let is_unknown = worst.is_none() && balancer == Balancer::Experts;
        let what = if is_unknown { "not reported (SGLang: press i)" } else { what };
        let mut writer = canvas.writer(area, row);
        writer.put(Role::Text, &format::pad_right(stage, 9)).put(Role::Dim, what);
        let Some(worst) = worst else {
            canvas.clip(area).line_to(area.width, row, &[Segment::dim(format::UNKNOWN)]);
            continue;
        };
        let over = worst.over_mean.get();
        let role = if over >= UNEVEN { Role::Warning } else { Role::Text };
        let bar = Rect { x: area.x + 24, y: area.y + row, width: 8.min(area.width.saturating_sub(30)), height: 1 };
        RowBar { value: Some(over - 1.0), top: 0.5, ink: Ink::Mixed(Role::Output, 75) }.draw(canvas, bar);
        canvas.clip(area).line_to(area.width, row, &[Segment::new(role, format!("{:.2}", over.min(99.0)))]);
    }
}

fn worst(groups: &[GroupBalance], balancer: Balancer) -> Option<&Balance> {
    let all = groups.iter().flat_map(|group| &group.balances).filter(|balance| balance.balancer == balancer);
    all.max_by(|a, b| a.over_mean.get().total_cmp(&b.over_mean.get()))
}

/// Draws the cost of waiting, of all groups and of the chosen one.
pub(super) fn costs(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    groups: &[GroupBalance],
    chosen: Option<(&GroupBalance, &str)>,
) {
    TitledRule::new("What it costs ≈").draw(canvas, area);
    let all = groups.iter().filter_map(|group| group.waiting_per_hour);
    let total = groups.iter().any(|group| group.waiting_per_hour.is_some()).then(|| all.sum::<Money>());
    let share = total.and_then(|total| Ratio::of(number(Some(total))?, number(input.snap.money.cost_per_hour)?));
    let an_hour = |money: Option<Money>| match money {
        Some(_) => format!("{} /h", input.money(money, 9)),
        None => format::UNKNOWN.to_owned(),
    };
    let mut rows = vec![("waiting for the slowest ranks".to_owned(), an_hour(total))];
    if let Some((group, name)) = chosen {
        rows.push((format!("of it in {name}"), an_hour(group.waiting_per_hour)));
    }
    // What was recorded is the sum up to now.
    let burnt = input.app.history.burnt(Reason::Imbalance).filter(|_| total.is_some() && input.app.then().is_none());
    if let Some(BurntSum { since, cost, .. }) = burnt {
        let midnight = input.snap.money.since.is_some_and(|began| since <= began + SETTLED);
        let period = match pane::period(input) {
            Some(ProfitPeriod::Today) if midnight => "today".to_owned(),
            _ => format!("since {}", format::clock_minute(since, input.zone())),
        };
        let cost = Money::from_micros((cost * 1e6).clamp(0.0, 9e18) as i64);
        rows.push((period, input.money(Some(cost), 9)));
    }
    rows.push(("share of all cost".to_owned(), format::percent1(share).trim().to_owned()));
    let filled = rows.len() as u16 + 1;
    for (row, (what, figure)) in (1..).zip(rows) {
        let room = usize::from(area.width).saturating_sub(format::width(&figure) + 2);
        canvas.writer(area, row).put(Role::Dim, &format::shorten(&what, room));
        canvas.clip(area).line_to(area.width, row, &[Segment::text(figure)]);
    }
    for (row, text) in (filled..).zip(formula(chosen.map(|(group, _)| group))) {
        canvas.writer(area, row).put(Role::Dim, &text);
    }
}

/// How the cost of the chosen group is computed, or why it is not known.
fn formula(chosen: Option<&GroupBalance>) -> [String; 2] {
    let is_by_node = |group: &GroupBalance| group.balances.iter().any(|one| one.balancer == Balancer::Load);
    let words = |lines: [&str; 2]| lines.map(str::to_owned);
    let share = |share: f64| format::percent1(Ratio::new(share)).trim().to_owned();
    match chosen {
        Some(group) if is_by_node(group) => {
            words(["unknown: its engine reports no ranks, and", "nodes need not wait for each other"])
        }
        Some(GroupBalance { waiting: Waiting::Counted(waits), waiting_per_hour, .. }) => [
            format!("its ranks wait {} of the time, as the", share(*waits)),
            match waiting_per_hour {
                Some(_) => "engine counts: that share of its GPU cost".to_owned(),
                None => "engine counts; its GPU cost is not known".to_owned(),
            },
        ],
        _ => words(["at most: cost of its GPUs x (1 − mean/max),", "as all ranks wait for the slowest"]),
    }
}
