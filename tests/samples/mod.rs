//! Snapshots to draw: one box, a fleet, and everything that can be wrong with them. Deterministic: figures come from
//! places and a seed, never from chance.
#![allow(dead_code, missing_docs, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_possible_wrap, clippy::cast_lossless)]

mod cases;
pub mod hands;
pub mod pages;
#[path = "../support/past.rs"]
pub mod past;
mod rows;

use std::sync::Arc;

#[allow(unused_imports, reason = "not every test draws every case")]
pub use cases::{Case, case};
use jiff::tz::TimeZone;
use margintop::history::History;
use margintop::ledger::{Classes, GpuTimeCell, Past, TokenCell};
use margintop::reading::{EngineKind, EngineRole, Label, ModelName};
use margintop::snapshot::{
    Coverage, GpuTotals, LedgerBasis, ListBasis, MoneyView, RateBasis, Requests, Rule, SCHEMA, Severity, SloStatus,
    Snapshot, TokenTotals, VitalLine, Vitals, WriterStatus,
};
use margintop::tui::app::{Action, App, ChartSpan, Command};
use margintop::units::{GpuTime, Money, Ratio, Span, Timestamp, Tokens};
#[allow(unused_imports, reason = "not every test builds every row")]
pub use rows::{alert, engine, model, node, unit};

/// 2026-11-23T15:04:07Z.
pub const NOON: Timestamp = Timestamp::from_millis(1_795_446_247_000);

/// A past by the quarter hour as one by the minute.
fn by_minute(mut past: Past) -> Past {
    const MINUTES: u64 = 15;
    let minutes = |at: Timestamp| (0..MINUTES as i64).map(move |minute| at + Span::from_secs(60 * minute));
    let of_minute = |tokens: Tokens| Tokens::new(tokens.count() / MINUTES);
    let split = |cell: &TokenCell| {
        let Classes { miss, hit, output } = cell.tokens;
        let tokens = Classes { miss: of_minute(miss), hit: of_minute(hit), output: of_minute(output) };
        let cell = *cell;
        minutes(cell.bucket).map(move |bucket| TokenCell { bucket, tokens, ..cell }).collect::<Vec<_>>()
    };
    past.tokens = past.tokens.iter().flat_map(split).collect();
    let time = |time: GpuTime| GpuTime::from_millis(time.millis() / MINUTES as i64);
    let split = |cell: &GpuTimeCell| {
        let cell = *cell;
        let (allocated, idle) = (time(cell.allocated), time(cell.idle));
        minutes(cell.bucket).map(move |bucket| GpuTimeCell { bucket, allocated, idle, ..cell }).collect::<Vec<_>>()
    };
    past.gpu_times = past.gpu_times.iter().flat_map(split).collect();
    past
}

/// A dashboard over the fleet, which it watched for a quarter hour, on a ledger that knows the day.
pub fn watched() -> App {
    let history = History::default();
    history.read_past(&by_minute(pages::today(pages::Page::Fleet, NOON + Span::from_secs(900))));
    for beat in (0..=900).step_by(5) {
        let mut snapshot = fleet(beat);
        if (120..=480).contains(&beat) {
            let text = "held by heat: 1,410 of 1,980 MHz";
            let since = NOON + Span::from_secs(120);
            snapshot.alerts.push(alert(Rule::Throttled, Severity::Warning, "gpu-0019 GPU 6", since, text));
        }
        if beat >= 420 {
            snapshot.alerts.push(silent());
        }
        if beat < 300 {
            snapshot.nodes.truncate(snapshot.nodes.len() - 2);
        }
        history.record(&snapshot, Span::from_secs(5));
    }
    let mut app = App::new(Arc::new(empty()), TimeZone::UTC, Span::from_secs(1), 4);
    let mut last = fleet(900);
    last.alerts.push(silent());
    app.update(Action::Fresh(Arc::new(last)));
    app.history = history;
    // Not chosen by a key: the main chart keeps its day.
    app.charts.span = ChartSpan::Quarter;
    app
}

/// The ledger of one box from the begin of its day on: a start without traffic, and four minutes without any at 15:30.
fn box_past(until: Timestamp) -> Past {
    let since = NOON - Span::from_secs(3_720);
    let mut made = past::Making::default();
    (made.0.since, made.0.until, made.0.began) = (since, until, since);
    let account = made.account("gpu-07", None, "Llama-3.3-70B-Instruct", EngineRole::Unified);
    let cost_account = made.cost_account(Some("gpu-07"), None, Some("3.70"));
    let tariff = made.tariff("my-llama", "standard", ["0.45", "0.09", "1.25"]);
    for minute in 0..(until - since).millis() / 60_000 {
        let at = since.minute() + Span::from_secs(60 * minute);
        let load = if is_quiet(at) { 0 } else { 25 * minute.clamp(0, 4) as u64 + (minute % 7) as u64 };
        let of = |tokens: u64| tokens * 60 * load / 100;
        made.tokens(at, account, Some(tariff), past::classes(of(6_300), of(13_500), of(4_210)));
        let paid = past::gpu_time(8, 1);
        made.rent(at, cost_account, paid, if load == 0 { paid } else { GpuTime::ZERO });
    }
    made.0
}

/// Whether one box has no traffic.
fn is_quiet(at: Timestamp) -> bool {
    (1_560..1_800).contains(&((at - NOON).millis() / 1_000))
}

/// A dashboard over one box, which it watched for an hour, on a ledger that knows the hour before. `ranks` are those of its
/// engine; none is an engine without any.
pub fn watched_box(ranks: u64) -> App {
    let at = |beat: u64| {
        let mut snapshot = one_box(8, beat);
        snapshot.models[0].cache_hit_rate = snapshot.cache_hit_rate;
        snapshot.models[0].money.cost_per_hour = snapshot.money.cost_per_hour;
        if is_quiet(snapshot.at) {
            rows::quieten(&mut snapshot);
        }
        rows::settle_box(&mut snapshot);
        if ranks > 0 {
            rows::split_into_ranks(&mut snapshot, ranks);
        }
        snapshot
    };
    let history = History::default();
    history.read_past(&box_past(NOON + Span::from_secs(3_600)));
    for beat in (0..=3_600).step_by(5) {
        history.record(&at(beat), Span::from_secs(5));
    }
    let mut app = App::new(Arc::new(empty()), TimeZone::UTC, Span::from_secs(1), 4);
    app.update(Action::Fresh(Arc::new(at(3_600))));
    app.history = history;
    app
}

/// A dashboard that loses money all day long, on a ledger that knows it; less may be earned than is shown.
pub fn lost_all_day() -> App {
    let mut app = pages::app(pages::Page::Loss);
    let history = History::default();
    history.read_past(&by_minute(pages::today(pages::Page::Loss, NOON)));
    history.record(app.shown(), Span::from_secs(5));
    app.history = history;
    app.update(Action::Command(Command::Show(margintop::tui::view::ViewId::Overview)));
    app
}

/// A node of which the ledger knows what it costs.
fn silent() -> margintop::snapshot::Alert {
    let since = NOON + Span::from_secs(420);
    alert(Rule::NodeSilent, Severity::Warning, "gpu-0002", since, "silent for 8 min; its rent runs on")
}

/// The fleet's first nodes, in no unit.
pub fn without_units(nodes: usize) -> Snapshot {
    let mut snapshot = fleet(0);
    snapshot.nodes.truncate(nodes);
    for node in &mut snapshot.nodes {
        Arc::make_mut(node).unit = None;
    }
    snapshot.units.clear();
    snapshot
}

/// Objectives for latency, which every third engine misses.
pub fn set_objectives(snapshot: &mut Snapshot) {
    for (nth, row) in snapshot.engines.iter_mut().enumerate() {
        Arc::make_mut(row).within_slo = ratio(if nth % 3 == 0 { 0.972 } else { 0.998 });
    }
    snapshot.slo = Some(SloStatus {
        ttft_p99_seconds: Some(0.45),
        itl_p99_seconds: Some(0.05),
        e2e_p99_seconds: None,
        within: ratio(0.981),
        goodput_per_second: snapshot.tokens.output_per_second.map(|output| 0.981 * output),
    });
}

pub fn ratio(value: f64) -> Option<Ratio> {
    Ratio::new(value)
}

pub fn dollars(value: f64) -> Money {
    Money::from_micros((value * 1e6).round() as i64)
}

/// A figure between 0 and 1 that depends on its place and on `beat` only.
pub fn wave(place: usize, beat: u64) -> f64 {
    let mut x = (place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ beat.wrapping_mul(0xd1b5_4a32_d192_ed03);
    x ^= x >> 31;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 29;
    (x % 10_000) as f64 / 10_000.0
}

pub fn empty() -> Snapshot {
    Snapshot {
        schema: SCHEMA,
        at: Timestamp::default(),
        window_seconds: None,
        resuming: false,
        coverage: Coverage::default(),
        gpus: GpuTotals::default(),
        tokens: TokenTotals::default(),
        cache_hit_rate: None,
        requests: Requests::default(),
        money: money(),
        nodes: Vec::new(),
        engines: Vec::new(),
        samples: Vec::new(),
        models: Vec::new(),
        slo: None,
        units: Vec::new(),
        alerts: Vec::new(),
        notices: Vec::new(),
        source_errors: Vec::new(),
        absence: None,
        vitals: Vitals::default(),
    }
}

pub fn money() -> MoneyView {
    MoneyView {
        currency: Label::new("USD"),
        since: None,
        revenue: None,
        cost: None,
        profit: None,
        revenue_per_hour: None,
        cost_per_hour: None,
        profit_per_hour: None,
        profit_beside_models: Vec::new(),
        per_hour_preliminary: false,
        profit_on_cost: None,
        gross_margin: None,
        theoretical: false,
        unpriced_tokens: 0,
        uncosted_revenue: Money::ZERO,
        uncosted_engines: 0,
        lower_bound: false,
        upper_bound: false,
        on_trial: false,
        growth_uncertain: false,
        uncertainty: Money::ZERO,
        disputed: Money::ZERO,
        disputed_tokens: 0,
        idle_cost: None,
        cost_per_million: None,
        cost_per_million_output: None,
        break_even_load: None,
        break_even_price: None,
        compare: None,
        priced_share: None,
        lost_windows: 0,
        bill: margintop::pricing::Bill::All,
        leakage: None,
        ledger: LedgerBasis {
            path: Some(Label::new("/home/me/ledger.db")),
            writer: WriterStatus::Ours,
            write_error: None,
            first_run: false,
        },
        rates: Vec::new(),
        unrated_gpus: 0,
        lists: Vec::new(),
    }
}

/// The published day's money, at three in the afternoon.
fn fleet_money() -> MoneyView {
    let (revenue, cost) = (dollars(369_611.40), dollars(57_204.22));
    MoneyView {
        since: Some(Timestamp::from_millis(NOON.millis() - 15 * 3_600_000 - 247_000)),
        revenue: Some(revenue),
        cost: Some(cost),
        profit: Some(revenue - cost),
        revenue_per_hour: Some(dollars(23_002.0)),
        cost_per_hour: Some(dollars(3_628.0)),
        profit_per_hour: Some(dollars(19_374.0)),
        profit_on_cost: ratio(5.4613),
        gross_margin: ratio(0.8452),
        theoretical: true,
        unpriced_tokens: 3_100_000,
        lower_bound: true,
        uncertainty: dollars(12.0),
        idle_cost: Some(dollars(1_204.0)),
        cost_per_million: Some(dollars(0.118)),
        cost_per_million_output: Some(dollars(0.545)),
        break_even_load: ratio(0.15),
        priced_share: ratio(0.9981),
        rates: vec![RateBasis {
            gpu: Label::new("H800"),
            rate: "2.00".parse().unwrap(),
            assumed: false,
            dated: None,
            leases: Vec::new(),
        }],
        lists: vec![ListBasis {
            model: ModelName::new("deepseek-r1"),
            list: Label::new("deepseek-r1-2025"),
            tier: Label::new("standard"),
            until: Some(Timestamp::from_millis(NOON.millis() + 33_953_000)),
            ended: None,
        }],
        ..money()
    }
}

/// A quarter hour that ends with the point `newest`.
fn line(seed: usize, newest: u64, base: f64, swing: f64) -> VitalLine {
    let points = (0..180_u64).map(|i| {
        let at = newest + i - 179;
        let slow = ((at as f64) / 23.0 + seed as f64).sin() * 0.5 + 0.5;
        Some((base * (1.0 - swing + swing * (0.7 * slow + 0.3 * wave(seed, at)))) as f32)
    });
    VitalLine { points: points.collect(), change: Some(wave(seed + 7, newest / 12) * 0.1 - 0.05) }
}

fn vitals(at: Timestamp, output: f64, prompt: f64, hit: f64, load: f64) -> Vitals {
    let step = Span::from_secs(5);
    let newest = at.millis().div_euclid(step.millis());
    let number = newest.unsigned_abs() % 100_000;
    let total = line(2, number, prompt, 0.5);
    let scaled = |share: f32| VitalLine {
        points: total.points.iter().map(|p| p.map(|p| p * share)).collect(),
        change: total.change,
    };
    Vitals {
        step,
        until: Timestamp::from_millis(newest * step.millis()),
        output: line(1, number, output, 0.6),
        prompt_miss: scaled(1.0 - hit as f32),
        prompt_hit: scaled(hit as f32),
        prompt: total,
        hit_rate: line(3, number, hit, 0.15),
        load: line(4, number, load, 0.25),
    }
}

/// Eight H100s and one vLLM, `beat` seconds after noon; every figure differs from the beat before.
#[allow(clippy::too_many_lines, reason = "one snapshot, field by field")]
pub fn one_box(gpus: usize, beat: u64) -> Snapshot {
    let at = NOON + Span::from_secs(beat as i64);
    let output = 4_210.0 + wave(1, beat) * 400.0;
    let prompt = 19_800.0 + wave(2, beat) * 900.0;
    let (revenue, cost) = (dollars(35.10 + beat as f64 * 0.0123), dollars(30.98 + beat as f64 * 0.0082));
    let mut engine_row =
        engine(0, beat, EngineKind::named("vllm"), "Llama-3.3-70B-Instruct", EngineRole::Unified, output, prompt);
    engine_row.target = margintop::reading::TargetId::new("http://127.0.0.1:8000");
    engine_row.rank = None;
    engine_row.revenue = Some(revenue);
    let box_node = node("gpu-07", None, gpus, beat, "NVIDIA H100 80GB HBM3");
    let load = box_node.gpus.iter().filter_map(|g| g.utilization).map(Ratio::get).sum::<f64>() / gpus.max(1) as f64;
    Snapshot {
        at,
        window_seconds: Some(10.0),
        coverage: Coverage { nodes_live: 1, nodes_known: 1, engines_live: 1, engines_known: 1 },
        gpus: GpuTotals { count: gpus, utilization: ratio(load), reporting: gpus, ..GpuTotals::default() },
        tokens: TokenTotals {
            prompt_total: Some(Tokens::new(80_000_000)),
            cached_total: Some(Tokens::new(50_000_000)),
            output_total: Some(Tokens::new(17_000_000)),
            prompt_per_second: Some(prompt),
            cached_per_second: Some(prompt * 0.68),
            output_per_second: Some(output),
        },
        cache_hit_rate: ratio(0.682 + wave(3, beat) * 0.01),
        requests: Requests { running: Some(30), waiting: Some(2) },
        nodes: vec![Arc::new(box_node)],
        vitals: vitals(at, 4_210.0, 19_800.0, 0.68, 0.75),
        models: vec![model("Llama-3.3-70B-Instruct", output, prompt, Some(revenue), Some(dollars(33.1)))],
        engines: vec![Arc::new(engine_row)],
        samples: vec![rows::samples(0, beat)],
        money: box_money(revenue, cost, beat),
        ..empty()
    }
}

fn box_money(revenue: Money, cost: Money, beat: u64) -> MoneyView {
    MoneyView {
        since: Some(Timestamp::from_millis(NOON.millis() - 3_720_000)),
        revenue: Some(revenue),
        cost: Some(cost),
        profit: Some(revenue - cost),
        revenue_per_hour: Some(dollars(33.1 + wave(4, beat))),
        cost_per_hour: Some(dollars(29.6)),
        profit_per_hour: Some(dollars(3.5 + wave(4, beat))),
        profit_on_cost: ratio(0.13 + wave(4, beat) * 0.004),
        gross_margin: ratio(0.12 + wave(4, beat) * 0.004),
        theoretical: true,
        idle_cost: Some(dollars(2.20)),
        break_even_load: ratio(0.88),
        priced_share: ratio(1.0),
        cost_per_million: Some(dollars(0.32)),
        cost_per_million_output: Some(dollars(1.82)),
        rates: vec![RateBasis {
            gpu: Label::new("H100"),
            rate: "3.70".parse().unwrap(),
            assumed: true,
            dated: Some(Label::new("2026-11")),
            leases: Vec::new(),
        }],
        lists: vec![ListBasis {
            model: ModelName::new("Llama-3.3-70B-Instruct"),
            list: Label::new("llama-3.3-70b-2026"),
            tier: Label::new("standard"),
            until: None,
            ended: None,
        }],
        ..money()
    }
}

/// 278 nodes of 8 GPUs in prefill and decode units, as on the published day; seven are stale and one is lost.
pub fn fleet(beat: u64) -> Snapshot {
    let at = NOON + Span::from_secs(beat as i64);
    let (nodes, mut units) = rows::fleet_nodes(beat);
    let output = 1_940_000.0 + wave(1, beat) * 9_000.0;
    let prompt = 7_040_000.0 + wave(2, beat) * 90_000.0;
    let engines = rows::fleet_engines(&nodes, beat);
    for unit in &mut units {
        let of = || engines.iter().filter(|row| row.unit.as_ref() == Some(&unit.unit));
        unit.output_per_second = Some(of().filter_map(|row| row.output_per_second).sum());
        unit.prompt_per_second = Some(of().filter_map(|row| row.prompt_per_second).sum());
    }
    let live = |state| nodes.iter().filter(|n| n.state == state).count();
    let nodes_live = live(margintop::reading::Health::Live);
    let mut snapshot = Snapshot {
        at,
        window_seconds: Some(10.0),
        coverage: Coverage { nodes_live, nodes_known: nodes.len(), engines_live: 540, engines_known: 556 },
        gpus: GpuTotals {
            count: nodes.iter().map(|n| n.gpus.len()).sum(),
            utilization: ratio(0.71 + wave(9, beat) * 0.02),
            reporting: nodes_live * 8,
            ..GpuTotals::default()
        },
        tokens: TokenTotals {
            prompt_total: Some(Tokens::new(400_000_000_000)),
            cached_total: Some(Tokens::new(225_000_000_000)),
            output_total: Some(Tokens::new(110_000_000_000)),
            prompt_per_second: Some(prompt),
            cached_per_second: Some(prompt * 0.5625),
            output_per_second: Some(output),
        },
        cache_hit_rate: ratio(0.5625 + wave(3, beat) * 0.01),
        requests: Requests { running: Some(61_000), waiting: Some(412) },
        nodes,
        samples: (0..engines.len()).map(|place| rows::samples(place, beat)).collect(),
        engines,
        models: vec![
            model("deepseek-r1", 1_210_000.0, 4_400_000.0, Some(dollars(251_338.0)), Some(dollars(15_904.0))),
            model("deepseek-v3", 731_000.0, 2_640_000.0, Some(dollars(118_273.0)), Some(dollars(7_098.0))),
            model("qwen3-32b", 9_000.0, 41_000.0, None, None),
        ],
        units,
        alerts: rows::fleet_alerts(at),
        vitals: vitals(at, 1_940_000.0, 7_040_000.0, 0.5625, 0.72),
        money: fleet_money(),
        ..empty()
    };
    let more = dollars(beat as f64 * 6.39);
    snapshot.money.revenue = snapshot.money.revenue.map(|r| r + more);
    snapshot.money.profit = snapshot.money.profit.map(|p| p + more);
    snapshot
}

/// Twelve nodes: six in two units, three of a second model, and three of one without a price.
pub fn twelve() -> Snapshot {
    let mut snapshot = fleet(0);
    snapshot.nodes.truncate(12);
    for (place, node) in snapshot.nodes.iter_mut().enumerate() {
        let node = Arc::make_mut(node);
        if place >= 6 {
            node.unit = None;
        }
        if place >= 9 {
            (node.revenue, node.revenue_per_hour, node.profit, node.profit_per_hour) = (None, None, None, None);
        }
    }
    snapshot.engines.truncate(12);
    snapshot.units.truncate(2);
    snapshot.alerts.truncate(1);
    snapshot.coverage.nodes_known = 12;
    snapshot.coverage.nodes_live = 11;
    snapshot.gpus.count = 96;
    snapshot.gpus.reporting = 88;
    snapshot
}
