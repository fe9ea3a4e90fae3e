//! Rows of a snapshot, made by hand.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use margintop::reading::{
    Activity, Ecc, EngineKind, EngineRole, GpuId, Health, ModelName, NodeName, Rank, TargetId, UnitName,
};
use margintop::snapshot::{
    EngineRow, GpuRow, ModelMoney, ModelRow, NodeRow, Quantiles, RequestRates, ScrapeRow, UnitRow,
};
use margintop::units::Ratio;

/// A GPU of a node.
pub fn gpu(node: usize, index: u32, load: f64) -> GpuRow {
    GpuRow {
        index,
        uuid: GpuId::from_place(&NodeName::new(&format!("gpu-{node}")), index),
        name: None,
        state: Health::Live,
        reason: None,
        cost_missing: None,
        also_reported_by: Vec::new(),
        utilization: Ratio::new(load),
        heat: None,
        memory_used_bytes: None,
        memory_total_bytes: None,
        power_watts: None,
        power_limit_watts: None,
        energy_joules: None,
        temperature_celsius: None,
        sm_clock_mhz: None,
        memory_clock_mhz: None,
        fan: None,
        ecc: Ecc::default(),
        throttle: None,
        mig: None,
        activity: Activity::default(),
        pcie: None,
        xid: None,
        processes: Vec::new(),
    }
}

/// A node at a load.
pub fn node(number: usize, gpus: u32, load: f64) -> NodeRow {
    NodeRow {
        name: NodeName::new(&format!("gpu-{number:04}")),
        unit: None,
        state: Health::Live,
        age_seconds: Some(0.1),
        gpus: (0..gpus).map(|index| gpu(number, index, (load + f64::from(index) / 100.0).fract())).collect(),
        output_per_second: Some(load * 14_800.0),
        prompt_per_second: Some(load * 73_700.0),
        cache_hit_rate: Ratio::new(0.56),
        revenue: None,
        cost: None,
        profit: None,
        revenue_per_hour: None,
        cost_per_hour: None,
        idle_per_hour: None,
        profit_per_hour: None,
    }
}

/// A rank of an engine.
pub fn rank(engine: usize, rank: usize, output: f64) -> EngineRow {
    EngineRow {
        in_engine_row: false,
        has_live_counters: false,
        target: TargetId::new(&format!("http://10.0.0.{engine}:8000/metrics")),
        node: NodeName::new(&format!("gpu-{engine:04}")),
        unit: None,
        kind: EngineKind::named("sglang"),
        model: Some(ModelName::new("deepseek-r1")),
        role: EngineRole::Unified,
        role_inferred: false,
        instance: None,
        rank: Some(Rank::new(&rank.to_string())),
        state: Health::Live,
        age_seconds: Some(0.1),
        prompt_total: None,
        cached_total: None,
        output_total: None,
        prompt_per_second: Some(output * 5.0),
        output_per_second: Some(output),
        cache_hit_rate: Ratio::new(0.5),
        running: Some(9),
        waiting: Some(rank as u64 % 7),
        kv_usage: Ratio::new((rank % 100) as f64 / 100.0),
        ttft_seconds: Quantiles::default(),
        itl_seconds: Quantiles::default(),
        e2e_seconds: Quantiles::default(),
        within_slo: None,
        rank_wait_share: None,
        expert_balancedness: None,
        requests_per_minute: RequestRates::default(),
        preemptions: None,
        spec_acceptance: None,
        revenue: None,
        scrape: ScrapeRow::default(),
        processes: 1,
        note: None,
    }
}

/// A unit at a load.
pub fn unit(number: usize, load: f64) -> UnitRow {
    UnitRow {
        unit: UnitName::new(&format!("unit-{number}")),
        role: Some(EngineRole::Decode),
        nodes: 7,
        gpus: 56,
        utilization: Ratio::new(load),
        kv_usage: Ratio::new(load),
        waiting: Some(3),
        output_per_second: Some(load * 1e5),
        prompt_per_second: Some(load * 5e5),
        worst: None,
        revenue_per_hour: None,
        cost_per_hour: None,
    }
}

/// A model.
pub fn model(output: f64) -> ModelRow {
    ModelRow {
        model: ModelName::new("deepseek-r1"),
        prompt_total: None,
        cached_total: None,
        output_total: None,
        cache_hit_rate: Ratio::new(0.5),
        prompt_per_second: Some(output * 4.0),
        output_per_second: Some(output),
        money: ModelMoney::default(),
    }
}
