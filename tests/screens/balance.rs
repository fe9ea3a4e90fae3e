//! Whether the ranks of a unit share its work, by the three balancers.

use crate::samples;
use crate::support;

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::tz::TimeZone;

use margintop::balance::{Balancer, Group, GroupBalance, Waiting, balances, node_balances};
use margintop::dialect::{self, Hint};
use margintop::reading::{EngineRole, Event, Health, NodeName, Rank, TargetId, UnitName};
use margintop::snapshot::{EngineRow, Snapshot};
use margintop::tui::app::{Action, App};
use margintop::units::{Money, Ratio, Span};

/// A rank of a unit: prompt tokens a second, KV in percent, running requests.
fn rank(unit: Option<&str>, role: EngineRole, rank: &str, loads: (f64, f64, u64)) -> EngineRow {
    let base = (*samples::one_box(1, 0).engines[0]).clone();
    EngineRow {
        in_engine_row: false,
        has_live_counters: false,
        target: TargetId::new("http://gpu-1:8000"),
        node: NodeName::new("gpu-1"),
        unit: unit.map(UnitName::new),
        role,
        rank: Some(Rank::new(rank)),
        state: Health::Live,
        prompt_per_second: Some(loads.0),
        kv_usage: Ratio::of(loads.1, 100.0),
        running: Some(loads.2),
        ..base
    }
}

fn of(rows: Vec<EngineRow>) -> Vec<GroupBalance> {
    balances(&snapshot(rows))
}

fn snapshot(rows: Vec<EngineRow>) -> Snapshot {
    Snapshot { engines: rows.into_iter().map(Arc::new).collect(), ..samples::fleet(0) }
}

fn close(ratio: Ratio, expected: f64) -> bool {
    (ratio.get() - expected).abs() < 1e-9
}

#[test]
fn decode_ranks_are_compared_by_kv_and_requests() {
    let rows = (0..12).map(|nth| {
        let (kv, running) = if nth == 10 { (97.0, 107) } else { (72.0, 86) };
        rank(Some("decode-4"), EngineRole::Decode, &nth.to_string(), (0.0, kv, running))
    });
    let groups = of(rows.collect());
    let group = &groups[0];
    assert_eq!(groups.len(), 1);
    assert_eq!((group.group.clone(), group.role), (Group::Unit(UnitName::new("decode-4")), Some(EngineRole::Decode)));
    let kinds: Vec<Balancer> = group.balances.iter().map(|balance| balance.balancer).collect();
    assert_eq!(kinds, [Balancer::Kv, Balancer::Requests], "the worst first, and no prompt tokens");
    let kv = &group.balances[0];
    assert!(close(kv.over_mean, 97.0 / ((97.0 + 11.0 * 72.0) / 12.0)), "{:?}", kv.over_mean);
    assert_eq!((kv.worst, kv.ranks[kv.worst].rank.as_str()), (10, "10"), "natural order: 10 stands after 9");
    assert_eq!(kv.ranks[2].rank.as_str(), "2");
}

#[test]
fn prefill_ranks_are_compared_by_tokens_and_unified_ones_by_all() {
    let prefill =
        |nth: u64| rank(Some("p"), EngineRole::Prefill, &nth.to_string(), (100.0 * (nth + 1) as f64, 50.0, 3));
    let groups = of((0..3).map(prefill).collect());
    assert_eq!(groups[0].balances.len(), 1);
    assert!(close(groups[0].balances[0].over_mean, 1.5));
    let unified = |nth: u64| rank(None, EngineRole::Unified, &nth.to_string(), (100.0, 50.0 + nth as f64, 3));
    let groups = of((0..3).map(unified).collect());
    assert_eq!(groups[0].group.name(), "http://gpu-1:8000", "an engine without a unit is its own group");
    assert_eq!(groups[0].balances.len(), 3);
}

#[test]
fn groups_are_reported_the_worst_first() {
    let even = (0..2).map(|nth| rank(Some("even"), EngineRole::Decode, &nth.to_string(), (0.0, 50.0, 5)));
    let skewed = (0..2)
        .map(|nth| rank(Some("skewed"), EngineRole::Decode, &nth.to_string(), (0.0, 30.0 + 40.0 * f64::from(nth), 5)));
    let groups = of(even.chain(skewed).collect());
    assert_eq!(groups.iter().map(|group| group.group.name()).collect::<Vec<_>>(), ["skewed", "even"]);
    assert!(close(groups[1].balances[0].over_mean, 1.0));
}

#[test]
fn what_does_not_carry_or_is_not_known_is_not_compared() {
    let lone = vec![rank(Some("u"), EngineRole::Decode, "0", (0.0, 50.0, 5))];
    assert!(of(lone).is_empty(), "one rank has none to share with");
    let idle = (0..2).map(|nth| rank(Some("u"), EngineRole::Decode, &nth.to_string(), (0.0, 0.0, 0)));
    assert!(of(idle.collect()).is_empty(), "no load has no mean");
    let mut dead: Vec<_> =
        (0..3).map(|nth| rank(Some("u"), EngineRole::Decode, &nth.to_string(), (0.0, 50.0, 5))).collect();
    dead[2].state = Health::Stale;
    dead[2].kv_usage = Ratio::of(99.0, 100.0);
    assert_eq!(of(dead.clone())[0].balances[0].ranks.len(), 2, "a silent rank is not compared");
    dead[1].kv_usage = None;
    dead[1].running = Some(15);
    let groups = of(dead);
    assert_eq!(groups[0].balances.len(), 1, "one rank alone reports its KV");
    assert!(close(groups[0].balances[0].over_mean, 1.5));
    assert!(
        of(vec![rank(Some("u"), EngineRole::Decode, "0", (f64::NAN, f64::NAN, 5)); 2])
            .iter()
            .all(|group| { group.balances.iter().all(|balance| balance.over_mean.get() >= 1.0) })
    );
}

#[test]
fn waiting_costs_its_share_of_the_units_rent() {
    let rows =
        (0..2).map(|nth| rank(Some("u"), EngineRole::Decode, &nth.to_string(), (0.0, 25.0 + 50.0 * f64::from(nth), 5)));
    let mut snapshot = snapshot(rows.collect());
    let mut unit = snapshot.units[0].clone();
    (unit.unit, unit.cost_per_hour) = (UnitName::new("u"), Some(Money::from_micros(288_000_000)));
    snapshot.units = vec![unit];
    let group = &balances(&snapshot)[0];
    assert!(close(group.balances[0].over_mean, 1.5));
    assert_eq!(group.waiting_per_hour.map(|money| money.rounded(2)), Some(9600), "a third of 288");
    snapshot.units[0].cost_per_hour = None;
    assert_eq!(balances(&snapshot)[0].waiting_per_hour, None, "the rent is not known");
}

#[test]
fn an_engine_without_a_unit_costs_its_nodes_or_the_one_rate() {
    let rows =
        (0..2).map(|nth| rank(None, EngineRole::Decode, &nth.to_string(), (0.0, 25.0 + 50.0 * f64::from(nth), 5)));
    let mut snapshot = snapshot(rows.collect());
    let mut node = (*snapshot.nodes[0]).clone();
    (node.name, node.cost_per_hour) = (NodeName::new("gpu-1"), None);
    node.gpus.truncate(8);
    let gpus = i64::try_from(node.gpus.len()).unwrap();
    snapshot.nodes.push(Arc::new(node));
    let rate = snapshot.money.rates[0].clone();
    snapshot.money.rates = vec![rate.clone()];
    let third = Money::from_micros(rate.rate.micros() * gpus).scaled(33_333, 100_000);
    assert_eq!(balances(&snapshot)[0].waiting_per_hour, third);
    snapshot.money.rates = vec![rate.clone(), rate];
    assert_eq!(balances(&snapshot)[0].waiting_per_hour, None);
    let last = snapshot.nodes.last_mut().unwrap();
    Arc::make_mut(last).cost_per_hour = Some(Money::from_micros(22_000_000));
    let third = Money::from_micros(22_000_000).scaled(33_333, 100_000);
    assert_eq!(balances(&snapshot)[0].waiting_per_hour, third, "its own cost, whatever the rates");
}

#[test]
fn what_an_engine_counts_itself_takes_the_place_of_the_estimate() {
    let waited = |nth: u64, waited: f64| EngineRow {
        rank_wait_share: Ratio::new(waited),
        expert_balancedness: Ratio::new(0.8).filter(|_| nth == 0),
        ..rank(Some("decode-4"), EngineRole::Unified, &nth.to_string(), (100.0, 50.0, 3))
    };
    let group = &of(vec![waited(0, 0.0), waited(1, 0.2), waited(2, 0.1), waited(3, 0.1)])[0];
    assert_eq!(group.waiting, Waiting::Counted(0.1), "{:?}", group.waiting);
    let experts = &group.balances[0];
    assert_eq!((experts.balancer, experts.ranks.len()), (Balancer::Experts, 0), "the worst of the balancers");
    assert!(close(experts.over_mean, 1.25), "{:?}", experts.over_mean);
    let cost = snapshot(Vec::new()).units.iter().find(|unit| unit.unit.as_str() == "decode-4").unwrap().cost_per_hour;
    assert_eq!(group.waiting_per_hour, cost.unwrap().scaled(1, 10));
    // Without such counters the ranks' loads are all there is.
    let plain = |nth: u64| rank(Some("decode-4"), EngineRole::Unified, &nth.to_string(), (100.0, 50.0, 3 + nth));
    let group = &of((0..3).map(plain).collect())[0];
    assert!(matches!(group.waiting, Waiting::Estimated(share) if (share - 0.2).abs() < 1e-9), "{:?}", group.waiting);
}

#[test]
fn nodes_of_a_unit_are_compared_by_the_load_of_their_gpus() {
    let mut snapshot = snapshot(Vec::new());
    snapshot.nodes.truncate(4);
    for (nth, node) in snapshot.nodes.iter_mut().enumerate() {
        let node = Arc::make_mut(node);
        (node.unit, node.state) = (Some(UnitName::new(if nth < 3 { "decode-1" } else { "alone" })), Health::Live);
        let load = [0.4, 0.8, 0.6, 0.5][nth];
        node.gpus.iter_mut().for_each(|gpu| gpu.utilization = Ratio::new(load));
    }
    let groups = node_balances(&snapshot);
    assert_eq!(groups.len(), 1, "one node is not compared");
    let load = &groups[0].balances[0];
    assert_eq!((load.balancer, load.ranks.len(), load.worst), (Balancer::Load, 3, 1));
    assert!(close(load.over_mean, 0.8 / 0.6) && (load.mean - 0.6).abs() < 1e-9, "{load:?}");
    assert_eq!(load.name_of(&load.ranks[1]), snapshot.nodes[1].name.to_string());
    assert_eq!(groups[0].waiting_per_hour, None, "what waiting costs is not known of nodes");
    // One whose load is unknown is none of them; where nothing is known, nothing is compared.
    Arc::make_mut(&mut snapshot.nodes[1]).gpus.iter_mut().for_each(|gpu| gpu.utilization = None);
    assert!(close(node_balances(&snapshot)[0].balances[0].over_mean, 0.6 / 0.5));
    Arc::make_mut(&mut snapshot.nodes[2]).gpus.clear();
    assert!(node_balances(&snapshot).is_empty());
}

/// Class: of a unit of several engines with the same rank numbers, the ranks of a node stand apart: r0 of every node, then r1.
#[test]
fn ranks_whose_numbers_repeat_stand_by_their_nodes() {
    let of_node = |node: &str, target: &str, number: &str| EngineRow {
        node: NodeName::new(node),
        target: TargetId::new(target),
        ..rank(Some("p"), EngineRole::Prefill, number, (100.0, 50.0, 3))
    };
    let nodes = [("gpu-10", "http://a:1"), ("gpu-9", "http://c:1"), ("gpu-2", "http://b:1")];
    let rows = ["1", "0"].iter().flat_map(|number| nodes.map(|(node, target)| of_node(node, target, number)));
    let groups = of(rows.collect());
    let ranks: Vec<String> =
        groups[0].balances[0].ranks.iter().map(|rank| format!("{} r{}", rank.node, rank.rank)).collect();
    assert_eq!(ranks, ["gpu-2 r0", "gpu-2 r1", "gpu-9 r0", "gpu-9 r1", "gpu-10 r0", "gpu-10 r1"]);
}

/// Class: lines of the balance view that differ by less than what is shown change places with each refresh.
#[test]
fn balancers_that_hardly_differ_keep_their_places() {
    let at = |second: i64, engines: &[(&str, [f64; 3])]| {
        let mut rows = Vec::new();
        for (unit, [tokens, kv, running]) in engines {
            for (nth, over) in [(0, 1.0), (1, -1.0)] {
                let loads = (1e4 + over * tokens, 50.0 + over * kv, (200.0 + over * running) as u64);
                rows.push(rank(Some(unit), EngineRole::Unified, &nth.to_string(), loads));
            }
        }
        let snapshot = snapshot(rows);
        Arc::new(Snapshot { at: snapshot.at + Span::from_secs(second), ..snapshot })
    };
    let lines = |app: &App| -> Vec<String> {
        let frame = samples::hands::text(app, 120, 36);
        let is_of = |line: &&str| [" tokens ", " KV ", " requests "].iter().any(|name| line.contains(name));
        let list = frame.lines().skip(3).take(6).filter(is_of);
        list.map(|line| line.chars().take(24).collect::<String>().trim().to_owned()).collect()
    };
    let mut app =
        App::new(at(0, &[("b", [300.0, 1.5, 6.0]), ("a", [300.0, 1.5, 6.0])]), TimeZone::UTC, Span::from_secs(1), 1);
    samples::hands::type_(&mut app, "6");
    let first = lines(&app);
    assert_eq!(
        first,
        ["a          tokens", "KV", "requests", "b          tokens", "KV", "requests"],
        "as they are named"
    );
    app.update(Action::Fresh(at(5, &[("b", [301.0, 1.56, 7.0]), ("a", [302.0, 1.51, 7.0])])));
    assert_eq!(lines(&app), first, "by hundredths no line moves");
    app.update(Action::Fresh(at(10, &[("b", [900.0, 8.0, 7.0]), ("a", [302.0, 1.51, 7.0])])));
    assert_eq!(lines(&app), ["b          KV", "tokens", "requests", "a          tokens", "KV", "requests"]);
    app.update(Action::Fresh(at(15, &[("b", [900.0, 4.2, 7.0]), ("a", [302.0, 1.51, 7.0])])));
    assert_eq!(lines(&app)[..2], ["b          KV", "tokens"], "nor back for a hundredth");
}

/// A page of an SGLang engine with two ranks after so many seconds. By the pairs rank 1 did two thirds of rank 0's work, by the
/// tokens both did the same; the busiest GPU's experts got 1.25 times the mean.
fn counted(seconds: u64, families: &[&str]) -> String {
    let mut page = String::new();
    let mut put = |family: &str, labels: &str, value: u64| {
        if family.starts_with("num_") || families.iter().any(|wanted| family.starts_with(wanted)) {
            writeln!(page, "sglang:{family}{{model_name=\"m\",tp_rank=\"0\",{labels}}} {value}").unwrap();
        }
    };
    for (rank, scheduled, imbalance) in [(0, 90, 0), (1, 60, 30)] {
        put("num_running_reqs", &format!("dp_rank=\"{rank}\""), 4);
        for (kind, pairs, tokens) in [("scheduled", scheduled, 50), ("imbalance", imbalance, 0), ("later", 7, 7)] {
            let labels = format!("dp_rank=\"{rank}\",kind=\"{kind}\"");
            put("dp_attention_pairs_total", &labels, 1_000 + pairs * seconds);
            put("dp_attention_tokens_total", &labels, 1_000 + tokens * seconds);
        }
    }
    for (mode, sum) in [("decode", 7), ("extend", 9)] {
        let labels = format!("dp_rank=\"0\",forward_mode=\"{mode}\"");
        put("eplb_balancedness_sum", &labels, 100 + sum * seconds);
        put("eplb_balancedness_count", &labels, 100 + 10 * seconds);
    }
    page
}

/// The balance view of an engine whose page tells these families.
fn view_of_page(families: &[&str]) -> String {
    const TARGET: &str = "http://gpu-1:30000";
    let began = support::moment("2026-11-20T10:00:00Z");
    let mut fleet = support::fleet(vec![support::member(TARGET, "gpu-1", None)], began);
    let mut now = began;
    for second in 0..=20 {
        now = support::at(began.wall + Span::from_secs(second));
        let page = dialect::read(counted(second.unsigned_abs(), families).as_bytes(), &Hint::default()).unwrap();
        fleet.apply(support::answered_dated(TARGET, now, page));
    }
    fleet.apply(Event::Tick(now));
    let mut app = App::new(Arc::new(fleet.snapshot()), TimeZone::UTC, Span::from_secs(1), 1);
    samples::hands::type_(&mut app, "6");
    samples::hands::text(&app, 120, 36)
}

#[test]
fn the_view_shows_what_a_page_counts_of_ranks_and_experts() {
    let frame = view_of_page(&["dp_attention_pairs_total", "dp_attention_tokens_total", "eplb_balancedness"]);
    let line = |part: &str| frame.lines().find(|line| line.contains(part)).unwrap_or_default();
    assert!(line("load of a GPU").contains("1.25"), "{frame}");
    assert!(frame.contains("experts       1.25 a GPU"), "the list has them too: {frame}");
    // Of 180 pairs 30 lacked to the busiest rank of a step; what another kind counts is not added.
    assert!(frame.contains("its ranks wait 16.7 % of the time"), "{frame}");
    let frame = view_of_page(&["dp_attention_tokens_total"]);
    assert!(frame.contains("its ranks wait 0.0 % of the time"), "tokens where no pairs are counted: {frame}");
    assert!(frame.contains("not reported (SGLang: press i)"), "{frame}");
    let frame = view_of_page(&[]);
    assert!(!frame.contains("of the time, as") && frame.contains("not reported (SGLang: press i)"), "{frame}");
}

/// Class: each group takes a row for each of its balancers, and most groups are not seen.
#[test]
fn groups_are_folded_to_their_worst_balancer_where_rows_run_out() {
    let mut app = samples::hands::watched();
    samples::hands::type_(&mut app, "6");
    samples::hands::draw(&mut app);
    let groups = balances(app.shown());
    assert!(
        groups.len() > 20 && groups.iter().filter(|group| group.balances.len() > 1).count() > 5,
        "{}",
        groups.len()
    );
    let shown = |app: &App| {
        let frame = samples::hands::text(app, 120, 36);
        let list: Vec<String> = frame.lines().skip(3).map(|line| line.chars().skip(1).take(22).collect()).collect();
        let end = list.iter().position(|line| line.starts_with('…')).unwrap_or_else(|| panic!("{frame}"));
        list[..end].to_vec()
    };
    let named = |lines: &[String]| lines.iter().filter(|line| !line.starts_with(' ')).count();
    let lines = shown(&app);
    assert!(named(&lines) >= 14, "{} groups: {lines:#?}", named(&lines));
    assert!(lines[1].starts_with(' ') && lines[1].contains("requests"), "the chosen one has all: {lines:#?}");
    // Down: through the balancers of the chosen group, then to the next one, which unfolds.
    let (first, second) = (lines[0].clone(), lines[2].clone());
    for _ in 0..2 {
        samples::hands::press(
            &mut app,
            ratatui::crossterm::event::KeyCode::Down,
            ratatui::crossterm::event::KeyModifiers::NONE,
        );
    }
    let lines = shown(&app);
    assert_eq!([lines[0].as_str(), lines[1].as_str()], [first.as_str(), second.as_str()], "{lines:#?}");
    assert!(lines[2].contains("requests"), "{lines:#?}");
}
