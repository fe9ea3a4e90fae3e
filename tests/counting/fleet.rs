//! The rules of counting, one test each: samples in, snapshot out.

use crate::support;

use margintop::fleet::{Fleet, FleetConfig, TargetInfo};
use margintop::pricing::{Book, Lease, Leased, RentWhen};
use margintop::reading::{
    EngineKind, EngineRole, Event, GpuReading, GpuState, Health, ModelName, NodeName, PromptCount, ScrapeCost,
    ScrapeError, TargetId, TokenCounters,
};
use margintop::snapshot::Snapshot;
use margintop::units::{Moment, Ratio, Span, Timestamp};
use support::{answered, answered_dated, at, counters, fleet, gpus, instant, member, moment, page};

const MODEL: &str = "deepseek-r1";

fn began() -> Moment {
    moment("2025-02-20T10:00:00Z")
}

fn after(seconds: i64) -> Moment {
    at(began().wall + Span::from_secs(seconds))
}

#[allow(clippy::unnecessary_wraps, reason = "a page says its start or does not")]
fn started(seconds: i64) -> Option<Timestamp> {
    Some(began().wall + Span::from_secs(seconds))
}

/// A fleet of one engine `e` on one node `n`.
fn one() -> Fleet {
    fleet(vec![member("e", "n", None)], began())
}

fn output(fleet: &Fleet) -> u64 {
    fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum()
}

fn poll(fleet: &mut Fleet, seconds: i64, value: u64, start: Option<Timestamp>) {
    fleet.apply(answered_dated("e", after(seconds), page(MODEL, counters(10 * value, 4 * value, value), start)));
}

fn refused(seconds: i64) -> Event {
    let cost = ScrapeCost::default();
    Event::Page { target: TargetId::new("e"), at: after(seconds), cost, outcome: Err(ScrapeError::Refused) }
}

fn snapshot_at(fleet: &mut Fleet, seconds: i64) -> Snapshot {
    fleet.apply(Event::Tick(after(seconds)));
    fleet.snapshot()
}

#[test]
fn attaching_while_a_counter_is_zero_counts_what_follows() {
    let mut fleet = one();
    poll(&mut fleet, 0, 0, None);
    poll(&mut fleet, 1, 500, None);
    assert_eq!(output(&fleet), 500);
}

#[test]
fn an_outage_delays_revenue_and_loses_none() {
    let mut fleet = one();
    poll(&mut fleet, 0, 1000, started(-500));
    for second in 1..50 {
        fleet.apply(refused(second));
        fleet.apply(Event::Tick(after(second)));
    }
    let silent = fleet.snapshot();
    assert_eq!((output(&fleet), silent.engines[0].state), (0, Health::Lost));
    assert_eq!(silent.engines[0].output_total.unwrap().count(), 1000, "counters keep their last value");
    assert_eq!(silent.engines[0].running, None, "gauges do not");
    poll(&mut fleet, 50, 1700, started(-500));
    assert_eq!(output(&fleet), 700);
    assert_eq!(fleet.snapshot().money.lost_windows, 0, "the same process answered again");
}

#[test]
fn a_gap_without_a_start_time_is_posted_and_said() {
    let mut fleet = one();
    poll(&mut fleet, 0, 1000, None);
    poll(&mut fleet, 60, 1700, None);
    let money = fleet.snapshot().money;
    assert_eq!((output(&fleet), money.lost_windows, money.lower_bound), (700, 1, true));
}

#[test]
fn a_restart_counts_from_zero_and_no_token_twice() {
    let mut fleet = one();
    poll(&mut fleet, 0, 44_000_000, started(-500));
    poll(&mut fleet, 10, 44_001_000, started(-500));
    poll(&mut fleet, 12, 30, started(11));
    poll(&mut fleet, 13, 90, started(11));
    assert_eq!(output(&fleet), 1000 + 90);
    let row = fleet.snapshot().engines[0].clone();
    assert_eq!(row.scrape.restarts, 1);
    assert!(row.output_per_second.unwrap() > 0.0, "no rate is negative");
}

#[test]
fn a_quarantined_fall_that_goes_on_is_a_restart() {
    let mut fleet = one();
    poll(&mut fleet, 0, 1000, None);
    poll(&mut fleet, 1, 20, None);
    poll(&mut fleet, 2, 40, None);
    assert_eq!(output(&fleet), 0, "quarantined");
    poll(&mut fleet, 3, 60, None);
    assert_eq!(output(&fleet), 60);
    poll(&mut fleet, 4, 75, None);
    assert_eq!(output(&fleet), 75);
}

#[test]
fn two_processes_behind_one_address_are_both_counted() {
    let mut fleet = one();
    for nth in 0..20_u64 {
        let (value, start) = if nth % 2 == 0 { (5000 + nth, -500) } else { (90_000 + nth, -90) };
        poll(&mut fleet, i64::try_from(nth).unwrap(), value, started(start));
    }
    let row = fleet.snapshot().engines[0].clone();
    assert_eq!(output(&fleet), 18 + 18, "each from its own first page on");
    assert_eq!((row.processes, row.output_total.unwrap().count()), (2, 5018 + 90_019));
    assert!(row.note.as_ref().unwrap().as_str().contains("2 processes answer at this address, sampled in turn"));
    assert_eq!(row.scrape.restarts, 0);
}

#[test]
fn of_two_processes_that_cannot_be_distinguished_none_is_billed_for_the_other() {
    let mut blind = one();
    for nth in 0..20_u64 {
        let value = if nth % 3 == 1 { 90 + nth } else { 5000 + nth };
        poll(&mut blind, i64::try_from(nth).unwrap(), value, None);
    }
    assert_eq!(output(&blind), 18, "the upper one; the lower one may be a part of it");
    let money = blind.snapshot().money;
    assert!(money.lower_bound, "and that is said");
}

#[test]
fn a_late_series_counts_from_zero() {
    let mut fleet = one();
    let bare = TokenCounters { prompt: PromptCount::Unknown, cached: None, output: None };
    fleet.apply(answered("e", after(0), page(MODEL, bare, started(-9))));
    poll(&mut fleet, 1, 12, started(-9));
    assert_eq!(output(&fleet), 12);
}

#[test]
fn a_late_page_is_dropped_and_counted() {
    let mut fleet = one();
    poll(&mut fleet, 0, 100, None);
    poll(&mut fleet, 5, 200, None);
    poll(&mut fleet, 3, 150, None);
    assert_eq!((output(&fleet), fleet.snapshot().engines[0].scrape.failures), (100, 1));
}

#[test]
fn an_incomplete_page_posts_nothing() {
    let mut fleet = one();
    poll(&mut fleet, 0, 100, None);
    let mut cut = page(MODEL, counters(0, 0, 7), None);
    cut.complete = false;
    fleet.apply(answered("e", after(1), cut));
    assert_eq!(output(&fleet), 0);
    poll(&mut fleet, 2, 130, None);
    assert_eq!(output(&fleet), 30);
}

#[test]
fn unknown_hits_are_misses_with_an_upper_bound() {
    let mut fleet = one();
    let of = |prompt| TokenCounters { cached: None, ..counters(prompt, 0, 0) };
    fleet.apply(answered("e", after(0), page(MODEL, of(0), None)));
    fleet.apply(answered("e", after(1), page(MODEL, of(1_000_000), None)));
    let snapshot = fleet.snapshot();
    assert_eq!(snapshot.money.revenue.unwrap().to_string(), "0.55");
    assert!(snapshot.money.upper_bound);
    assert_eq!(snapshot.money.uncertainty.to_string(), "0.41");
    assert_eq!((snapshot.cache_hit_rate, snapshot.engines[0].cached_total), (None, None));
    assert!(snapshot.engines[0].note.as_ref().unwrap().as_str().contains("hit n/a"));
}

#[test]
fn rent_runs_for_a_node_that_stopped_answering() {
    let mut fleet = one();
    fleet.apply(gpus("n", "NVIDIA H800", 8, after(0)));
    poll(&mut fleet, 0, 100, None);
    let snapshot = snapshot_at(&mut fleet, 3600);
    assert_eq!(snapshot.money.cost.unwrap().to_string(), "16.00");
    assert_eq!(
        (snapshot.nodes[0].state, snapshot.nodes[0].gpus.len()),
        (Health::Lost, 8),
        "its GPUs stay in the table"
    );
    assert_eq!(snapshot.nodes[0].gpus[0].utilization, None);
    assert_eq!((snapshot.gpus.count, snapshot.gpus.reporting), (8, 0));
    assert_eq!(snapshot.coverage.nodes_live, 0);
}

#[test]
fn an_engine_without_known_gpus_has_revenue_and_no_profit() {
    let mut fleet = one();
    poll(&mut fleet, 0, 0, None);
    poll(&mut fleet, 10, 1_000_000, None);
    let money = snapshot_at(&mut fleet, 11).money;
    assert_eq!((money.cost, money.profit, money.profit_on_cost), (None, None, None));
    assert_eq!(money.revenue.unwrap(), money.uncosted_revenue);
    assert_eq!((money.uncosted_engines, money.revenue.unwrap().to_string().as_str()), (1, "6.05"));
}

#[test]
fn a_gpu_without_a_rate_has_an_unknown_cost() {
    let mut fleet = one();
    fleet.apply(gpus("n", "NVIDIA H20", 8, after(0)));
    poll(&mut fleet, 0, 0, None);
    poll(&mut fleet, 1, 10, None);
    let money = snapshot_at(&mut fleet, 60).money;
    assert_eq!((money.cost, money.profit, money.unrated_gpus), (None, None, 8));
}

#[test]
fn a_model_without_a_price_shows_what_can_be_said() {
    let config = FleetConfig {
        compare_to: Some("deepseek-r1-standard".to_owned()),
        targets: vec![member("e", "n", None)],
        ..FleetConfig::local("box")
    };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began());
    fleet.apply(gpus("n", "NVIDIA H800", 1, after(0)));
    fleet.apply(answered("e", after(0), page("my-finetune", counters(0, 0, 0), None)));
    fleet.apply(answered("e", after(1800), page("my-finetune", counters(1_000_000, 0, 1_000_000), None)));
    let money = snapshot_at(&mut fleet, 1800).money;
    assert_eq!((money.revenue, money.profit), (None, None));
    assert_eq!(money.cost.unwrap().to_string(), "1.00");
    assert_eq!(money.cost_per_million.unwrap().to_string(), "0.50");
    assert_eq!(money.cost_per_million_output.unwrap().to_string(), "1.00");
    assert_eq!(money.compare.unwrap().amount.to_string(), "2.74");
    assert_eq!((money.unpriced_tokens, money.lower_bound), (2_000_000, true));
}

#[test]
fn the_margins_are_named_and_agree() {
    let mut fleet = one();
    fleet.apply(gpus("n", "NVIDIA H800", 8, after(0)));
    poll(&mut fleet, 0, 0, None);
    poll(&mut fleet, 3600, 10_000_000, None);
    let money = snapshot_at(&mut fleet, 3600).money;
    let (profit, cost) = (money.profit.unwrap(), money.cost.unwrap());
    assert_eq!(profit, money.revenue.unwrap() - cost, "printed profit is printed revenue less printed cost");
    let on_cost = profit.grains() as f64 / cost.grains() as f64;
    assert!((money.profit_on_cost.unwrap().get() - on_cost).abs() < 1e-12);
    assert!(money.theoretical);
}

#[test]
fn idle_rent_is_separate() {
    let mut fleet = one();
    fleet.apply(gpus("n", "NVIDIA H800", 1, after(0)));
    poll(&mut fleet, 0, 0, None);
    for minute in 1..=30 {
        poll(&mut fleet, minute * 60, 100, None);
        fleet.apply(Event::Tick(after(minute * 60)));
    }
    // Tokens in the first minute only; the second is not idle until it is over, and 28 whole ones are.
    let idle = fleet.snapshot().money.idle_cost.unwrap().rounded(4);
    assert!((9_333..=9_667).contains(&idle), "{idle}");
}

#[test]
fn a_gpu_is_its_uuid_whoever_reports_it() {
    let mut fleet = one();
    fleet.apply(gpus("box", "NVIDIA H800", 2, after(0)));
    let id = |index| GpuReading {
        index,
        id: Some(margintop::reading::GpuId::from_uuid(&format!("box-{index}"))),
        ..GpuReading::default()
    };
    let mut exporter = page(MODEL, counters(0, 0, 0), None);
    exporter.engines.clear();
    exporter.gpus = (0..2).map(|index| (Some(NodeName::new("other-name")), id(index))).collect();
    fleet.apply(answered("e", after(1), exporter));
    let snapshot = snapshot_at(&mut fleet, 1);
    assert_eq!((snapshot.gpus.count, snapshot.nodes.len(), snapshot.nodes[0].name.as_str()), (2, 1, "box"));
}

#[test]
fn a_lost_gpu_stays_and_the_others_go_on() {
    let mut fleet = one();
    fleet.apply(gpus("n", "NVIDIA H800", 3, after(0)));
    let reading = |index, state| GpuReading {
        index,
        id: Some(margintop::reading::GpuId::from_uuid(&format!("GPU-n-{index}"))),
        state,
        utilization: Ratio::new(0.5),
        ..GpuReading::default()
    };
    let readings = vec![reading(0, GpuState::Answering), reading(1, GpuState::Lost), reading(2, GpuState::Hung)];
    fleet.apply(Event::nvml(NodeName::new("n"), after(4), Ok(readings)));
    let states: Vec<_> = fleet.snapshot().nodes[0].gpus.iter().map(|gpu| gpu.state).collect();
    assert_eq!(states, [Health::Live, Health::Lost, Health::Stale]);
    assert_eq!(fleet.snapshot().gpus.utilization, Ratio::new(0.5));
}

#[test]
fn a_gpu_that_leaves_a_node_that_answers_is_lost_and_its_rent_runs_on() {
    let mut fleet = one();
    fleet.apply(gpus("n", "NVIDIA H800", 2, after(0)));
    fleet.apply(gpus("n", "NVIDIA H800", 2, after(1800)));
    fleet.apply(gpus("n", "NVIDIA H800", 1, after(3600)));
    let snapshot = snapshot_at(&mut fleet, 3600);
    let states: Vec<_> = snapshot.nodes[0].gpus.iter().map(|gpu| gpu.state).collect();
    assert_eq!((snapshot.gpus.count, states), (2, vec![Health::Live, Health::Lost]));
    assert!(snapshot.nodes[0].gpus[1].reason.as_ref().unwrap().as_str().contains("answers without it"));
    assert_eq!(snapshot.money.cost.unwrap().to_string(), "4.00", "the lease is charged for the machine");
}

#[test]
fn another_card_at_its_index_releases_a_gpu_at_its_last_sight() {
    let mut fleet = one();
    fleet.apply(gpus("n", "NVIDIA H800", 2, after(0)));
    fleet.apply(gpus("n", "NVIDIA H800", 2, after(1800)));
    let card = |index: u32, uuid: &str| GpuReading {
        index,
        id: Some(margintop::reading::GpuId::from_uuid(uuid)),
        name: Some("NVIDIA H800".into()),
        ..GpuReading::default()
    };
    let readings = vec![card(0, "GPU-n-0"), card(1, "GPU-other")];
    fleet.apply(Event::nvml(NodeName::new("n"), after(3600), Ok(readings)));
    let snapshot = snapshot_at(&mut fleet, 3600);
    assert_eq!(snapshot.gpus.count, 2);
    assert_eq!(snapshot.money.cost.unwrap().to_string(), "3.00", "an hour of one, half an hour of the other");
}

#[test]
fn serving_leases_open_and_close_with_the_engine() {
    let lease = Lease { when: RentWhen::Serving, ..Lease::of(Leased::Gpu("H800".to_owned()), "2".parse().unwrap()) };
    let config =
        FleetConfig { leases: vec![lease], targets: vec![member("e", "n", None)], ..FleetConfig::local("box") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began());
    fleet.apply(gpus("n", "NVIDIA H800", 1, after(0)));
    poll(&mut fleet, 0, 0, None);
    poll(&mut fleet, 1800, 5, None);
    let snapshot = snapshot_at(&mut fleet, 7200);
    assert_eq!(snapshot.money.cost.unwrap().to_string(), "1.00", "the gap that tokens were posted for, and no more");
}

#[test]
fn a_lease_that_changes_is_cut_at_its_edge() {
    let lease = |rate: &str, from: Option<i64>, until: Option<i64>| Lease {
        from: from.and_then(started),
        until: until.and_then(started),
        ..Lease::of(Leased::Node(NodeName::new("n")), rate.parse().unwrap())
    };
    let leases = vec![lease("2", None, Some(1800)), lease("4", Some(1800), None)];
    let config = FleetConfig { leases, ..FleetConfig::local("box") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began());
    fleet.apply(gpus("n", "anything", 1, after(0)));
    assert_eq!(snapshot_at(&mut fleet, 3600).money.cost.unwrap().to_string(), "3.00");
}

#[test]
fn a_proxy_counts_only_for_models_that_no_engine_serves() {
    let members = vec![member("e", "n", None), member("proxy", "p", Some(EngineRole::Proxy))];
    let mut fleet = fleet(members, began());
    let poll = |fleet: &mut Fleet, target: &str, seconds, model: &str, value| {
        let mut page = page(model, counters(0, 0, value), None);
        page.kind = EngineKind::named("litellm");
        fleet.apply(answered(target, after(seconds), page));
    };
    for (seconds, value) in [(0, 0), (1, 100)] {
        poll(&mut fleet, "e", seconds, MODEL, value);
        poll(&mut fleet, "proxy", seconds, MODEL, value);
    }
    assert_eq!(output(&fleet), 100);
    assert_eq!(fleet.snapshot().tokens.output_total.unwrap().count(), 100);
}

#[test]
fn a_clock_that_steps_moves_no_money() {
    let mut fleet = one();
    fleet.apply(gpus("n", "NVIDIA H800", 1, after(0)));
    poll(&mut fleet, 0, 0, started(-500));
    let stepped = Moment { wall: after(3600 + 7200).wall, boot: after(3600).boot };
    fleet.apply(answered("e", stepped, page(MODEL, counters(0, 0, 1000), started(-500))));
    fleet.apply(Event::Tick(stepped));
    assert_eq!(output(&fleet), 1000);
    assert_eq!(fleet.snapshot().money.cost.unwrap().to_string(), "2.00", "an hour passed, whatever the calendar says");
}

#[test]
fn a_new_day_begins_at_local_midnight() {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let config = FleetConfig { zone: Some(zone), targets: vec![member("e", "n", None)], ..FleetConfig::local("box") };
    let began = moment("2025-02-20T15:59:30Z");
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began);
    let at = |seconds| at(began.wall + Span::from_secs(seconds));
    fleet.apply(answered("e", at(0), page(MODEL, counters(0, 0, 0), None)));
    fleet.apply(answered("e", at(20), page(MODEL, counters(0, 0, 500), None)));
    fleet.apply(answered("e", at(60), page(MODEL, counters(0, 0, 900), None)));
    fleet.apply(Event::Tick(at(61)));
    assert_eq!(output(&fleet), 300, "the part of the last delta after midnight");
    assert_eq!(fleet.snapshot().money.since, Some(instant("2025-02-20T16:00:00Z")));
}

#[test]
fn engines_join_the_node_that_their_hosts_gpu_page_names() {
    let of = |target: &str| {
        let host = Some(NodeName::new("10.0.0.7"));
        TargetInfo { host, node: None, ..member(target, "", None) }
    };
    let mut exporter = page(MODEL, counters(0, 0, 0), None);
    exporter.engines.clear();
    exporter.gpus =
        vec![(Some(NodeName::new("gpu-07")), GpuReading { name: Some("NVIDIA H800".into()), ..GpuReading::default() })];
    for engine_first in [false, true] {
        let mut fleet = fleet(vec![of("e"), of("gpus")], began());
        if engine_first {
            poll(&mut fleet, 0, 0, None);
        }
        fleet.apply(answered("gpus", after(0), exporter.clone()));
        if !engine_first {
            poll(&mut fleet, 0, 0, None);
        }
        poll(&mut fleet, 1, 100, None);
        fleet.apply(answered("gpus", after(1), exporter.clone()));
        let snapshot = snapshot_at(&mut fleet, 1);
        assert_eq!((snapshot.nodes.len(), snapshot.nodes[0].name.as_str()), (1, "gpu-07"));
        assert_eq!((snapshot.coverage.engines_known, snapshot.money.uncosted_engines), (1, 0));
        assert!(snapshot.money.profit.is_some());
    }
}

#[test]
fn the_order_of_sources_changes_nothing() {
    let events = |swap: bool| {
        let mut order = vec!["a", "b"];
        if swap {
            order.reverse();
        }
        let mut fleet = fleet(vec![member("a", "n", None), member("b", "m", None)], began());
        for second in 0..30_u64 {
            for target in &order {
                let grown = if *target == "a" { second * 997 } else { second * 31 };
                let page = page(MODEL, counters(grown * 3, grown, grown), None);
                fleet.apply(answered(target, after(i64::try_from(second).unwrap()), page));
            }
        }
        let snapshot = snapshot_at(&mut fleet, 30);
        serde_json::to_string(&snapshot).unwrap()
    };
    assert_eq!(events(false), events(true));
}

#[test]
fn names_are_matched_by_model_and_shown_as_served() {
    let mut fleet = one();
    fleet.apply(answered("e", after(0), page("deepseek-ai/DeepSeek-R1", counters(0, 0, 0), None)));
    let snapshot = snapshot_at(&mut fleet, 1);
    assert_eq!(snapshot.models[0].model, ModelName::new("deepseek-ai/DeepSeek-R1"));
    assert_eq!(snapshot.models[0].money.list.as_ref().unwrap().as_str(), "deepseek-r1-standard");
}

#[test]
fn prefill_and_decode_are_distinguished_where_both_are_seen() {
    let mut fleet = fleet(vec![member("p", "a", None), member("d", "b", None)], began());
    let poll = |fleet: &mut Fleet, seconds, requests: u64| {
        let mut prefill = page(MODEL, counters(4000 * requests, 1600 * requests, requests), None);
        (prefill.engines[0].finished.requests, prefill.engines[0].finished.length) = (Some(requests), Some(requests));
        let mut decode = page(MODEL, counters(4000 * requests, 3996 * requests, 512 * requests), None);
        decode.engines[0].transferred = Some(margintop::units::Tokens::new(3696 * requests));
        fleet.apply(answered("p", after(seconds), prefill));
        fleet.apply(answered("d", after(seconds), decode));
    };
    poll(&mut fleet, 0, 10);
    poll(&mut fleet, 10, 1010);
    let snapshot = snapshot_at(&mut fleet, 10);
    let roles: Vec<_> = snapshot.engines.iter().map(|row| (row.role, row.role_inferred)).collect();
    assert_eq!(roles, [(EngineRole::Decode, true), (EngineRole::Prefill, true)]);
    let posted = fleet
        .ledger()
        .today()
        .tokens()
        .fold((0, 0, 0), |sum, (.., t)| (sum.0 + t.miss.count(), sum.1 + t.hit.count(), sum.2 + t.output.count()));
    assert_eq!(posted, (2_400_000, 1_600_000, 512_000));
}

#[test]
fn prompts_that_are_counted_once_an_answer_are_said() {
    let mut fleet = one();
    let mut several = page(MODEL, counters(0, 0, 0), None);
    (several.engines[0].finished.asked, several.engines[0].finished.answers) = (Some(100), Some(150));
    fleet.apply(answered("e", after(0), several));
    let note = fleet.snapshot().engines[0].note.clone().unwrap();
    assert_eq!(note.as_str(), "n > 1: prompts are counted once an answer, 1.50 answers a request");
}
