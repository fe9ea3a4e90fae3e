//! Single rows, and the rows of the fleet.

use std::sync::Arc;

use margintop::pricing::ClassPrices;
use margintop::reading::{
    Activity, Ecc, EngineKind, EngineRole, GpuId, GpuProcess, Health, Histogram, Label, Latency, ModelName, NodeName,
    Pcie, Rank, Refusals, TargetId, UnitName,
};
use margintop::snapshot::{
    Alert, EngineRow, GpuRow, ModelMoney, ModelRow, NodeRow, PriceStep, Quantiles, RequestRates, Rule, ScrapeRow,
    Severity, Snapshot, UnitRow, WorstRank,
};
use margintop::units::{Bytes, BytesPerSecond, Celsius, Megahertz, Money, Price, Ratio, Span, Timestamp, Tokens};

use super::{NOON, dollars, ratio, wave};

pub fn gpu(node: &str, index: usize, place: usize, beat: u64, name: &str) -> GpuRow {
    let base = wave(place, 0);
    let load = (0.55 + base * 0.4 + wave(place, beat) * 0.04).min(1.0);
    GpuRow {
        index: index as u32,
        uuid: GpuId::from_uuid(&format!("GPU-{node}-{index:08}")),
        name: Some(Label::new(name)),
        state: Health::Live,
        reason: None,
        cost_missing: None,
        also_reported_by: Vec::new(),
        utilization: ratio(load),
        heat: ratio(0.1 + base * 0.85 + wave(place, beat / 10) * 0.05),
        memory_used_bytes: Some(Bytes::from_mib(55_000 + (wave(place, beat) * 900.0) as u64)),
        memory_total_bytes: Some(Bytes::from_mib(81_510)),
        power_watts: Some(480.0 + wave(place, beat) * 60.0),
        power_limit_watts: Some(700.0),
        energy_joules: None,
        temperature_celsius: Some(Celsius::new(58 + (wave(place, beat) * 6.0) as i32)),
        sm_clock_mhz: Some(Megahertz::new(1755 + (wave(place, beat) * 200.0) as u32)),
        memory_clock_mhz: Some(Megahertz::new(2619)),
        fan: None,
        ecc: Ecc { corrected: Some(if place % 7 == 2 { 4 } else { 0 }), uncorrected: Some(0) },
        throttle: None,
        mig: None,
        activity: Activity::default(),
        pcie: Some(Pcie { tx: BytesPerSecond::new(1_200_000_000), rx: BytesPerSecond::new(800_000_000) }),
        xid: None,
        processes: vec![GpuProcess {
            pid: 4242,
            name: Some(Label::new("VLLM::EngineCore")),
            memory: Some(Bytes::from_mib(54_000)),
        }],
    }
}

pub fn node(name: &str, unit: Option<&str>, gpus: usize, beat: u64, board: &str) -> NodeRow {
    let seed = name.bytes().fold(7_usize, |h, b| h.wrapping_mul(31).wrapping_add(b.into()));
    NodeRow {
        name: NodeName::new(name),
        unit: unit.map(UnitName::new),
        state: Health::Live,
        age_seconds: Some(0.4),
        gpus: (0..gpus).map(|i| gpu(name, i, seed.wrapping_add(i), beat, board)).collect(),
        output_per_second: Some(7_000.0 + wave(seed, beat) * 100.0),
        prompt_per_second: Some(25_000.0 + wave(seed, beat) * 900.0),
        cache_hit_rate: ratio(0.56),
        revenue: Some(dollars(1_329.0)),
        cost: Some(dollars(205.7)),
        profit: Some(dollars(1_123.3)),
        revenue_per_hour: Some(dollars(92.0 - wave(seed, 0) * 90.0)),
        cost_per_hour: Some(dollars(22.0)),
        idle_per_hour: Some(Money::ZERO),
        profit_per_hour: Some(dollars(70.0 - wave(seed, 0) * 90.0)),
    }
}

pub fn engine(
    place: usize,
    beat: u64,
    kind: EngineKind,
    model: &str,
    role: EngineRole,
    output: f64,
    prompt: f64,
) -> EngineRow {
    EngineRow {
        in_engine_row: false,
        has_live_counters: false,
        instance: None,
        target: TargetId::new(&format!("http://gpu-{place:04}:30000")),
        node: NodeName::new(&format!("gpu-{place:04}")),
        unit: None,
        kind,
        model: Some(ModelName::new(model)),
        role,
        role_inferred: false,
        rank: Some(Rank::new("0")),
        state: Health::Live,
        age_seconds: Some(0.4),
        prompt_total: Some(Tokens::new(80_000_000)),
        cached_total: Some(Tokens::new(50_000_000)),
        output_total: Some(Tokens::new(17_000_000)),
        prompt_per_second: Some(prompt),
        output_per_second: Some(output),
        cache_hit_rate: ratio(0.68 + wave(place, beat) * 0.02),
        running: Some(28 + (wave(place, beat) * 8.0) as u64),
        waiting: Some((wave(place + 1, beat) * 5.0) as u64),
        kv_usage: ratio(0.5 + wave(place + 2, beat) * 0.2),
        ttft_seconds: quantiles(0.2, 0.4 + wave(place, beat) * 0.1),
        itl_seconds: quantiles(0.012, 0.03 + wave(place, beat) * 0.01),
        e2e_seconds: quantiles(2.0, 9.0),
        within_slo: None,
        rank_wait_share: None,
        expert_balancedness: None,
        requests_per_minute: RequestRates {
            ended: Some(240.0),
            stopped: Some(221.0),
            length: Some(16.0),
            aborted: Some(2.6),
            failed: Some(0.4),
            preempted: Some(if place % 90 == 17 { 3.0 } else { 0.0 }),
        },
        preemptions: Some(3),
        spec_acceptance: None,
        revenue: Some(dollars(35.0)),
        scrape: ScrapeRow {
            seconds: Some(0.004),
            bytes: Some(81_000),
            restarts: 0,
            failures: 0,
            refusals: Refusals::default(),
            state: Health::Live,
            error: None,
        },
        processes: 1,
        note: None,
    }
}

fn quantiles(p50: f64, p99: f64) -> Quantiles {
    Quantiles { p50: Some(p50), p99: Some(p99), is_beyond: false }
}

/// Latencies of four requests a second since the engine began; a few of each hundred are slow.
pub fn samples(place: usize, beat: u64) -> std::sync::Arc<Latency> {
    let requests = 400 + 4 * beat + place as u64 % 3;
    let histogram = |bounds: [f64; 5], parts: [u64; 5], samples: u64| {
        let counts = parts.iter().map(|part| samples * part / 1_000).chain([samples]);
        Some(Histogram { bounds: bounds.into_iter().chain([f64::INFINITY]).collect(), counts: counts.collect() })
    };
    std::sync::Arc::new(Latency {
        ttft: histogram([0.1, 0.25, 0.5, 1.0, 2.5], [80, 570, 930, 984, 998], requests),
        itl: histogram([0.01, 0.025, 0.05, 0.1, 0.25], [120, 880, 985, 997, 999], 300 * requests),
        e2e: histogram([1.0, 5.0, 10.0, 30.0, 60.0], [30, 460, 870, 991, 999], requests),
        queue: if place.is_multiple_of(2) {
            histogram([0.01, 0.05, 0.1, 0.5, 2.5], [700, 900, 950, 985, 998], requests)
        } else {
            None
        },
    })
}

/// R1's prices by day, at night and by day again.
fn prices() -> Vec<PriceStep> {
    let step = |from: Option<i64>, tier: &str, [hit, miss, output]: [i64; 3]| PriceStep {
        from: from.map(|hours| NOON + Span::from_secs(3_600 * hours)),
        list: Label::new("deepseek-r1-2025"),
        tier: Label::new(tier),
        prices: ClassPrices {
            hit: Price::from_nanos(hit * 1_000_000),
            miss: Price::from_nanos(miss * 1_000_000),
            output: Price::from_nanos(output * 1_000_000),
        },
    };
    let standard = [140, 550, 2_190];
    vec![
        step(None, "standard", standard),
        step(Some(9), "off-peak", [35, 135, 550]),
        step(Some(17), "standard", standard),
    ]
}

pub fn model(name: &str, output: f64, prompt: f64, revenue: Option<Money>, per_hour: Option<Money>) -> ModelRow {
    ModelRow {
        model: ModelName::new(name),
        prompt_total: Some(Tokens::new(80_000_000)),
        cached_total: Some(Tokens::new(45_000_000)),
        output_total: Some(Tokens::new(17_000_000)),
        cache_hit_rate: ratio(0.57),
        prompt_per_second: Some(prompt),
        output_per_second: Some(output),
        money: ModelMoney {
            revenue,
            revenue_per_hour: per_hour,
            profit_per_hour: per_hour.and_then(|m| m.scaled(4, 5)),
            list: revenue.map(|_| Label::new(&format!("{}-2025", name.to_lowercase()))),
            cost_per_hour: per_hour.and_then(|m| m.scaled(1, 5)).or(Some(dollars(88.2))),
            compare_per_hour: None,
            prices: revenue.map(|_| prices()).unwrap_or_default(),
        },
    }
}

pub fn unit(name: &str, role: EngineRole, nodes: usize, place: usize, beat: u64) -> UnitRow {
    UnitRow {
        unit: UnitName::new(name),
        role: Some(role),
        nodes,
        gpus: nodes * 8,
        utilization: ratio(0.6 + wave(place, beat) * 0.35),
        kv_usage: (role == EngineRole::Decode).then(|| ratio(0.4 + wave(place, beat) * 0.58)).flatten(),
        waiting: Some((wave(place, beat) * 300.0) as u64),
        output_per_second: Some(230_000.0),
        prompt_per_second: Some(700_000.0),
        worst: Some(WorstRank { rank: Rank::new("17"), over_mean: ratio(1.0 + wave(place, 0) * 0.4).unwrap() }),
        revenue_per_hour: Some(dollars(3_204.0)),
        cost_per_hour: Some(dollars(288.0 * nodes as f64 / 18.0)),
    }
}

/// 32 prefill units of 4 nodes and 8 decode units of 18, and six nodes more in the last.
pub fn fleet_nodes(beat: u64) -> (Vec<Arc<NodeRow>>, Vec<UnitRow>) {
    let mut nodes = Vec::new();
    let mut units = Vec::new();
    let plan = (1..=32).map(|i| (format!("prefill-{i:02}"), EngineRole::Prefill, 4));
    let decode = (1..=8).map(|i| (format!("decode-{i}"), EngineRole::Decode, if i == 8 { 24 } else { 18 }));
    for (place, (name, role, size)) in plan.chain(decode).enumerate() {
        for _ in 0..size {
            let at = nodes.len();
            let mut row = node(&format!("gpu-{at:04}"), Some(&name), 8, beat, "NVIDIA H800");
            if at % 40 == 7 {
                row.state = Health::Stale;
                row.age_seconds = Some(12.0);
                silence(&mut row, Health::Stale);
            }
            if at == 231 {
                let lost = &mut row.gpus[3];
                *lost = GpuRow { state: Health::Lost, reason: Some(Label::new("XID 79")), ..silent(lost.clone()) };
            }
            nodes.push(Arc::new(row));
        }
        units.push(unit(&name, role, size, place, beat));
    }
    (nodes, units)
}

/// What is left of a GPU that does not answer.
pub fn silent(row: GpuRow) -> GpuRow {
    GpuRow {
        utilization: None,
        heat: None,
        memory_used_bytes: None,
        power_watts: None,
        temperature_celsius: None,
        sm_clock_mhz: None,
        processes: Vec::new(),
        ..row
    }
}

pub fn silence(row: &mut NodeRow, state: Health) {
    row.state = state;
    row.output_per_second = None;
    row.prompt_per_second = None;
    row.cache_hit_rate = None;
    row.profit_per_hour = None;
    for gpu in &mut row.gpus {
        *gpu = GpuRow { state, ..silent(gpu.clone()) };
    }
}

pub fn fleet_engines(nodes: &[Arc<NodeRow>], beat: u64) -> Vec<Arc<EngineRow>> {
    let row = |(place, node): (usize, &Arc<NodeRow>)| {
        let prefill = node.unit.as_ref().is_some_and(|u| u.as_str().starts_with("prefill"));
        let role = if prefill { EngineRole::Prefill } else { EngineRole::Decode };
        let mut row = engine(place, beat, EngineKind::named("sglang"), "deepseek-r1", role, 7_000.0, 25_000.0);
        row.unit.clone_from(&node.unit);
        row.state = node.state;
        if node.state != Health::Live {
            row.running = None;
            row.waiting = None;
            row.kv_usage = None;
            row.output_per_second = None;
            row.prompt_per_second = None;
            row.age_seconds = Some(12.0);
        }
        Arc::new(row)
    };
    nodes.iter().enumerate().map(row).collect()
}

pub fn alert(rule: Rule, severity: Severity, subject: &str, since: Timestamp, text: &str) -> Alert {
    Alert { rule, severity, subject: Label::new(subject), since, text: Label::new(text) }
}

pub fn fleet_alerts(at: Timestamp) -> Vec<Alert> {
    let ago = |seconds| at - Span::from_secs(seconds);
    vec![
        alert(Rule::GpuLost, Severity::Critical, "gpu-0231 GPU 3", ago(251), "lost (XID 79)"),
        alert(
            Rule::KvNearFull,
            Severity::Warning,
            "decode-1 r17",
            ago(130),
            "KV 97 %, 12 preemptions/min: fewer sequences",
        ),
        alert(Rule::NodeSilent, Severity::Warning, "gpu-0007", ago(75), "silent for 12 s; its rent runs on"),
        alert(Rule::Throttled, Severity::Info, "gpu-0101 GPU 2", ago(3_700), "held by heat: 1,410 of 1,980 MHz"),
        alert(Rule::PageRefused, Severity::Info, "http://gpu-0140:30000", ago(90_000), "2 lines refused in its page"),
    ]
}

/// Takes the traffic from one box.
pub fn quieten(snapshot: &mut Snapshot) {
    let idle = ratio(0.02);
    let node = Arc::make_mut(&mut snapshot.nodes[0]);
    node.gpus.iter_mut().for_each(|gpu| (gpu.utilization, gpu.heat) = (idle, idle));
    let engine = Arc::make_mut(&mut snapshot.engines[0]);
    (engine.output_per_second, engine.prompt_per_second) = (Some(0.0), Some(0.0));
    (engine.running, engine.waiting, engine.kv_usage) = (Some(0), Some(0), ratio(0.0));
    (engine.ttft_seconds, engine.itl_seconds) = Default::default();
    snapshot.gpus.utilization = idle;
    let tokens = &mut snapshot.tokens;
    (tokens.output_per_second, tokens.prompt_per_second, tokens.cached_per_second) = (Some(0.0), Some(0.0), Some(0.0));
    snapshot.cache_hit_rate = None;
}

/// Gives the node of one box the figures of the whole, and its engine the node.
pub fn settle_box(snapshot: &mut Snapshot) {
    let node = Arc::make_mut(&mut snapshot.nodes[0]);
    Arc::make_mut(&mut snapshot.engines[0]).node = node.name.clone();
    let (tokens, money) = (&snapshot.tokens, &snapshot.money);
    (node.output_per_second, node.prompt_per_second) = (tokens.output_per_second, tokens.prompt_per_second);
    node.cache_hit_rate = snapshot.cache_hit_rate;
    (node.revenue, node.cost, node.profit) = (money.revenue, money.cost, money.profit);
    node.revenue_per_hour = money.revenue_per_hour;
    (node.cost_per_hour, node.profit_per_hour) = (money.cost_per_hour, money.profit_per_hour);
}

/// Splits the engine of one box into ranks, of which the last carries most.
pub fn split_into_ranks(snapshot: &mut Snapshot, ranks: u64) {
    let whole = snapshot.engines.remove(0);
    let part = |amount: Option<f64>| amount.map(|amount| amount / ranks as f64);
    snapshot.engines = (0..ranks)
        .map(|nth| {
            let mut row = (*whole).clone();
            row.rank = Some(Rank::new(&nth.to_string()));
            (row.output_per_second, row.prompt_per_second) = (part(row.output_per_second), part(row.prompt_per_second));
            row.revenue = row.revenue.and_then(|revenue| revenue.scaled(1, ranks as i64));
            row.running = row.running.map(|running| running / ranks + u64::from(nth + 1 == ranks));
            row.kv_usage = row.kv_usage.and_then(|kv| Ratio::new(kv.get() * if nth + 1 == ranks { 1.2 } else { 1.0 }));
            Arc::new(row)
        })
        .collect();
}
