//! The snapshots that golden frames are kept of.

use std::sync::Arc;

use margintop::reading::{Health, Label, ModelName, NodeName, SourceError, SourceErrorKind, TargetId};
use margintop::snapshot::{GpuRow, ModelMoney, Rule, Severity, Snapshot, ValueAtList};
use margintop::units::{Bytes, Money, Span, Tokens};

use super::rows::{alert, silence};
use super::{NOON, dollars, empty, fleet, money, one_box, ratio};

/// A snapshot's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    OneBox,
    SixteenGpus,
    Fleet,
    Nothing,
    Blank,
    Down,
    Zeros,
    Huge,
    Unpriced,
    Uncosted,
    Loss,
    Hostile,
}

impl Case {
    pub const ALL: [Self; 12] = [
        Self::OneBox,
        Self::SixteenGpus,
        Self::Fleet,
        Self::Nothing,
        Self::Blank,
        Self::Down,
        Self::Zeros,
        Self::Huge,
        Self::Unpriced,
        Self::Uncosted,
        Self::Loss,
        Self::Hostile,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::OneBox => "one-box",
            Self::SixteenGpus => "sixteen-gpus",
            Self::Fleet => "fleet",
            Self::Nothing => "nothing-found",
            Self::Blank => "blank",
            Self::Down => "all-down",
            Self::Zeros => "zeros",
            Self::Huge => "huge",
            Self::Unpriced => "unpriced",
            Self::Uncosted => "uncosted",
            Self::Loss => "loss",
            Self::Hostile => "hostile",
        }
    }
}

pub fn case(case: Case) -> Snapshot {
    match case {
        Case::OneBox => with_alert(one_box(8, 0)),
        Case::SixteenGpus => one_box(16, 0),
        Case::Fleet => fleet(0),
        Case::Nothing => nothing(),
        Case::Blank => empty(),
        Case::Down => down(),
        Case::Zeros => zeros(),
        Case::Huge => huge(),
        Case::Unpriced => unpriced(),
        Case::Uncosted => uncosted(),
        Case::Loss => loss(),
        Case::Hostile => hostile(),
    }
}

fn with_alert(mut snapshot: Snapshot) -> Snapshot {
    let since = snapshot.at - Span::from_secs(95);
    let text = "KV near full at peak, 3 preemptions/min: raise gpu-memory-utilization";
    snapshot.alerts = vec![alert(Rule::KvNearFull, Severity::Warning, ":8000", since, text)];
    snapshot
}

fn failure(source: &str, cause: &str, remedy: &str) -> SourceError {
    let kind = if source == "NVML" { SourceErrorKind::DriverMissing } else { SourceErrorKind::Search };
    SourceError { kind, source: Label::new(source), cause: Label::new(cause), remedy: Label::new(remedy) }
}

fn nothing() -> Snapshot {
    let driver = failure(
        "NVML",
        "libnvidia-ml.so.1 not found",
        "no NVIDIA driver here, or the container lacks it: run with --gpus all",
    );
    let engines = failure(
        "engines",
        "nothing answers on 8000, 30000, 8080, 3000, 23333, 4000, 9400",
        "margintop http://HOST:PORT",
    );
    Snapshot { at: NOON, source_errors: vec![driver, engines], ..empty() }
}

fn down() -> Snapshot {
    let mut snapshot = with_alert(one_box(8, 0));
    let mut node = (*snapshot.nodes[0]).clone();
    node.age_seconds = Some(45.0);
    silence(&mut node, Health::Lost);
    snapshot.nodes = vec![Arc::new(node)];
    let mut engine = (*snapshot.engines[0]).clone();
    engine.state = Health::Stale;
    engine.age_seconds = Some(12.0);
    engine.running = None;
    engine.waiting = None;
    engine.kv_usage = None;
    engine.cache_hit_rate = None;
    engine.output_per_second = None;
    engine.prompt_per_second = None;
    engine.note = Some(Label::new("no answer in time; the last figures stand until it answers"));
    snapshot.engines = vec![Arc::new(engine)];
    snapshot.coverage.nodes_live = 0;
    snapshot.coverage.engines_live = 0;
    snapshot.gpus.utilization = None;
    snapshot.gpus.reporting = 0;
    snapshot.tokens.output_per_second = None;
    snapshot.tokens.prompt_per_second = None;
    snapshot.tokens.cached_per_second = None;
    snapshot.cache_hit_rate = None;
    snapshot.money.profit_per_hour = Some(dollars(-29.6));
    snapshot
}

fn zeros() -> Snapshot {
    let mut snapshot = one_box(8, 0);
    let mut node = (*snapshot.nodes[0]).clone();
    for gpu in &mut node.gpus {
        *gpu = GpuRow {
            utilization: ratio(0.0),
            heat: ratio(0.0),
            memory_used_bytes: Some(Bytes::new(0)),
            power_watts: Some(0.0),
            processes: Vec::new(),
            ..gpu.clone()
        };
    }
    snapshot.nodes = vec![Arc::new(node)];
    snapshot.gpus.utilization = ratio(0.0);
    snapshot.tokens.output_per_second = Some(0.0);
    snapshot.tokens.prompt_per_second = Some(0.0);
    snapshot.tokens.cached_per_second = Some(0.0);
    snapshot.cache_hit_rate = None;
    let zero = Some(Money::ZERO);
    snapshot.money.revenue = zero;
    snapshot.money.cost = zero;
    snapshot.money.profit = zero;
    snapshot.money.revenue_per_hour = zero;
    snapshot.money.cost_per_hour = zero;
    snapshot.money.profit_per_hour = zero;
    snapshot.money.profit_on_cost = None;
    snapshot.money.gross_margin = None;
    snapshot.money.break_even_load = None;
    snapshot.money.idle_cost = zero;
    snapshot
}

fn huge() -> Snapshot {
    let mut snapshot = fleet(0);
    let most = Some(Money::from_grains(i128::MAX / 2));
    snapshot.money.revenue = most;
    snapshot.money.cost = most;
    snapshot.money.profit = most;
    snapshot.money.profit_per_hour = most;
    snapshot.money.profit_on_cost = ratio(1e12);
    snapshot.money.gross_margin = ratio(-1e12);
    snapshot.money.uncertainty = Money::from_grains(i128::MAX / 2);
    snapshot.money.unpriced_tokens = u64::MAX;
    snapshot.money.break_even_load = ratio(1e9);
    snapshot.tokens.output_per_second = Some(1e18);
    snapshot.tokens.prompt_per_second = Some(f64::MAX);
    snapshot.tokens.cached_per_second = Some(f64::MAX);
    snapshot.cache_hit_rate = ratio(1.0);
    snapshot.coverage.nodes_known = 1_000_000;
    for model in &mut snapshot.models {
        model.money =
            ModelMoney { revenue: most, revenue_per_hour: most, profit_per_hour: most, ..ModelMoney::default() };
        model.output_per_second = Some(1e30);
    }
    snapshot
}

fn unpriced() -> Snapshot {
    let mut snapshot = one_box(8, 0);
    snapshot.money.revenue = None;
    snapshot.money.profit = None;
    snapshot.money.revenue_per_hour = None;
    snapshot.money.profit_per_hour = None;
    snapshot.money.profit_on_cost = None;
    snapshot.money.gross_margin = None;
    snapshot.money.break_even_load = None;
    snapshot.money.theoretical = false;
    snapshot.money.lower_bound = true;
    snapshot.money.unpriced_tokens = 97_000_000;
    snapshot.money.priced_share = ratio(0.0);
    snapshot.money.break_even_price = Some(dollars(0.305));
    snapshot.money.lists.clear();
    snapshot.money.compare = Some(ValueAtList {
        list: Label::new("deepseek-r1-standard"),
        amount: dollars(60.73),
        per_hour: Some(dollars(58.1)),
    });
    snapshot.models[0].money = ModelMoney::default();
    snapshot.models[0].model = ModelName::new("my-finetune-v3");
    let mut engine = (*snapshot.engines[0]).clone();
    engine.revenue = None;
    engine.cached_total = None;
    engine.cache_hit_rate = None;
    engine.model = Some(ModelName::new("my-finetune-v3"));
    snapshot.engines = vec![Arc::new(engine)];
    snapshot.tokens.cached_total = None;
    snapshot.tokens.cached_per_second = None;
    snapshot.cache_hit_rate = None;
    snapshot.models[0].cached_total = None;
    snapshot.models[0].cache_hit_rate = None;
    snapshot
}

fn uncosted() -> Snapshot {
    let mut snapshot = one_box(0, 0);
    snapshot.nodes.clear();
    snapshot.gpus.utilization = None;
    let revenue = snapshot.money.revenue;
    snapshot.money =
        margintop::snapshot::MoneyView { since: snapshot.money.since, revenue, lists: snapshot.money.lists, ..money() };
    snapshot.money.uncosted_engines = 1;
    snapshot.money.uncosted_revenue = revenue.unwrap_or(Money::ZERO);
    snapshot.money.revenue_per_hour = Some(dollars(33.1));
    snapshot.money.theoretical = true;
    snapshot.money.priced_share = ratio(1.0);
    snapshot
}

fn loss() -> Snapshot {
    let mut snapshot = with_alert(one_box(8, 0));
    snapshot.money.revenue = Some(dollars(3.10));
    snapshot.money.profit = Some(dollars(3.10 - 30.98));
    snapshot.money.revenue_per_hour = Some(dollars(2.8));
    snapshot.money.profit_per_hour = Some(dollars(-26.8));
    snapshot.money.profit_on_cost = ratio(-0.8999);
    snapshot.money.gross_margin = ratio(-8.9935);
    snapshot.money.break_even_load = ratio(9.99);
    snapshot.money.upper_bound = true;
    snapshot.money.uncertainty = dollars(0.84);
    let since = snapshot.at - Span::from_secs(310);
    let text = "profit has been below zero for 5 min: see models (3)";
    snapshot.alerts.insert(0, alert(Rule::Loss, Severity::Critical, "this box", since, text));
    snapshot
}

fn hostile() -> Snapshot {
    let evil = "evil\x1b]0;owned\x07\x1b[31m\u{9b}2J\u{202e}name\r\n{},\"\\ 深度求索 👩‍👩‍👧‍👦 e\u{301}\u{301}\u{301} ";
    let long = evil.repeat(40);
    let mut snapshot = with_alert(one_box(8, 0));
    let mut node = (*snapshot.nodes[0]).clone();
    node.name = NodeName::new(&long);
    for gpu in &mut node.gpus {
        gpu.name = Some(Label::new(&long));
        gpu.processes[0].name = Some(Label::new(&long));
    }
    node.gpus[0].name = Some(Label::new(""));
    snapshot.nodes = vec![Arc::new(node)];
    let mut engine = (*snapshot.engines[0]).clone();
    engine.target = TargetId::new(&format!("http://{long}:99999/{long}"));
    engine.model = Some(ModelName::new(&long));
    engine.note = Some(Label::new(&long));
    engine.prompt_total = Some(Tokens::new(u64::MAX));
    snapshot.engines = vec![Arc::new(engine)];
    snapshot.models[0].model = ModelName::new(&long);
    snapshot.models[0].money.list = Some(Label::new(&long));
    snapshot.money.currency = Label::new(&long);
    snapshot.money.lists[0].list = Label::new(&long);
    snapshot.money.lists[0].tier = Label::new(&long);
    snapshot.money.rates[0].gpu = Label::new(&long);
    snapshot.alerts[0].subject = Label::new(&long);
    snapshot.alerts[0].text = Label::new(&long);
    snapshot.source_errors = vec![failure(&long, &long, &long)];
    snapshot
}
