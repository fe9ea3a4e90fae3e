//! The result for the chosen group's ranks and the recommended action, in a sentence or two.

use ratatui::layout::Rect;

use super::ranks::written;
use super::terms::UNEVEN;
use crate::balance::{Balance, Balancer, GroupBalance};
use crate::tui::format;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// Draws the sentence, and the action below it if one is needed.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, (group, name): (&GroupBalance, &str)) {
    let Some(first) = group.balances.first() else { return };
    // The first one may be a little below the worst: balancers that hardly differ keep their order.
    let worst = group.balances.iter().find(|balance| balance.over_mean.get() >= UNEVEN).unwrap_or(first);
    let width = usize::from(area.width);
    let lines = match action(worst) {
        None => {
            let of_ranks = group.balances.iter().filter(|balance| !balance.ranks.is_empty());
            let worst_of_ranks = of_ranks.max_by(|a, b| a.over_mean.get().total_cmp(&b.over_mean.get()));
            vec![(Role::Dim, even(name, worst_of_ranks.unwrap_or(worst)))]
        }
        Some(action) => vec![(Role::Text, uneven(worst)), (Role::Text, action.to_owned())],
    };
    for (row, (role, text)) in (0..area.height).zip(lines) {
        canvas.writer(area, row).put(role, &format::cut(&text, width));
    }
}

fn even(name: &str, worst: &Balance) -> String {
    let over = worst.over_mean.get();
    let what = if worst.balancer == Balancer::Load { "node" } else { "rank" };
    format!("{name} shares its work: no {what} carries more than {over:.2} x the mean.")
}

/// A sentence such as `r017 on gpu-0161 has 107 requests, the mean is 86: 1.24 x.`
fn uneven(worst: &Balance) -> String {
    if worst.balancer == Balancer::Experts {
        return format!("Its experts: the busiest GPU gets {:.2} x the mean.", worst.over_mean.get().min(99.0));
    }
    let Some(rank) = worst.ranks.get(worst.worst) else { return String::new() };
    let load = |load: f64| written(worst.balancer, load);
    let what = match worst.balancer {
        Balancer::Tokens => "prompt tokens a second",
        Balancer::Kv => "of its KV cache in use",
        Balancer::Requests => "requests in work",
        Balancer::Experts => "of the load on experts",
        Balancer::Load => "of GPU load",
    };
    let at = if worst.balancer == Balancer::Load { String::new() } else { format!(" on {}", rank.node) };
    format!(
        "{}{at}: {} {what}, the mean is {}: {:.2} x.",
        worst.name_of(rank),
        load(rank.load.unwrap_or(0.0)),
        load(worst.mean),
        worst.over_mean.get().min(99.0)
    )
}

/// The recommended action; `None` if the ranks are even.
fn action(worst: &Balance) -> Option<&'static str> {
    let is_uneven = worst.over_mean.get() >= UNEVEN;
    is_uneven.then_some(match worst.balancer {
        Balancer::Tokens => "→ route prompts by their length, or cap what a rank prefills at once",
        Balancer::Kv => "→ cap the running requests of a rank, or route by free KV cache",
        Balancer::Requests => "→ route each request to the rank with the fewest in work",
        Balancer::Load => "→ check how many requests are routed to this node; its engine reports no ranks",
        Balancer::Experts => "→ let SGLang place experts anew: --enable-eplb, --ep-num-redundant-experts",
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::balance::{Group, RankLoad, Waiting};
    use crate::reading::{EngineRole, NodeName, Rank, TargetId, UnitName};
    use crate::units::Ratio;

    fn group(loads: &[f64]) -> GroupBalance {
        let group = Group::Unit(UnitName::new("decode-4"));
        let rank = |(nth, load): (usize, &f64)| RankLoad {
            rank: Rank::new(&nth.to_string()),
            target: TargetId::new("http://a:1"),
            node: NodeName::new("gpu-0161"),
            load: Some(*load),
        };
        let mean = loads.iter().sum::<f64>() / loads.len() as f64;
        let most = loads.iter().copied().fold(0.0, f64::max);
        let balance = Balance {
            group: group.clone(),
            balancer: Balancer::Requests,
            ranks: loads.iter().enumerate().map(rank).collect(),
            mean,
            worst: loads.iter().position(|load| *load >= most).unwrap(),
            over_mean: Ratio::of(most, mean).unwrap(),
        };
        GroupBalance {
            group,
            role: Some(EngineRole::Decode),
            balances: vec![balance],
            waiting: Waiting::Estimated(0.0),
            waiting_per_hour: None,
        }
    }

    #[test]
    fn an_uneven_group_names_its_rank_and_what_to_do() {
        let group = group(&[50.0, 150.0]);
        let worst = &group.balances[0];
        assert_eq!(uneven(worst), "r1 on gpu-0161: 150 requests in work, the mean is 100: 1.50 x.");
        assert!(action(worst).is_some_and(|action| action.contains("fewest")));
    }

    #[test]
    fn an_even_group_has_nothing_to_do() {
        let group = group(&[99.0, 101.0]);
        assert_eq!(action(&group.balances[0]), None);
        assert_eq!(
            even("decode-4", &group.balances[0]),
            "decode-4 shares its work: no rank carries more than 1.01 x the mean."
        );
    }
}
