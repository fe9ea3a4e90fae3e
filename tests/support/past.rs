//! Pasts made by hand.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use margintop::ledger::{
    Classes, CostAccount, CostAccountId, CostKind, GpuTimeCell, Past, RevenueAccount, RevenueAccountId, Tariff,
    TariffId, TokenCell, UncertaintyCell,
};
use margintop::pricing::{Book, ClassPrices};
use margintop::reading::{EngineRole, Label, ModelName, NodeName, UnitName};
use margintop::units::{GpuTime, Money, Span, Timestamp, Tokens};
use serde_json::Value;

/// Tokens as misses, hits and output.
pub fn classes(miss: u64, hit: u64, output: u64) -> Classes {
    Classes { miss: Tokens::new(miss), hit: Tokens::new(hit), output: Tokens::new(output) }
}

/// An instant written in RFC 3339.
pub fn instant(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// GPU time of so many GPUs for so many minutes.
pub fn gpu_time(gpus: u32, minutes: i64) -> GpuTime {
    GpuTime::of(gpus, Span::from_secs(minutes * 60))
}

/// A past under construction.
#[derive(Default)]
pub struct Making(pub Past);

impl Making {
    pub fn new(since: &str, until: &str) -> Self {
        Self(Past { since: instant(since), until: instant(until), ..Past::default() })
    }

    pub fn account(&mut self, node: &str, unit: Option<&str>, model: &str, role: EngineRole) -> RevenueAccountId {
        self.0.accounts.push(RevenueAccount {
            node: NodeName::new(node),
            unit: unit.map(UnitName::new),
            model: Some(ModelName::new(model)),
            role,
            tenant: None,
            costed: true,
        });
        RevenueAccountId::at(self.0.accounts.len() as u32 - 1)
    }

    pub fn cost_account(&mut self, node: Option<&str>, unit: Option<&str>, rate: Option<&str>) -> CostAccountId {
        self.landlord_of(CostAccount {
            node: node.map(NodeName::new),
            unit: unit.map(UnitName::new),
            gpu: Label::new("H800"),
            rate: rate.map(|rate| rate.parse().unwrap()),
            power: None,
            kind: CostKind::Gpus,
            lease: None,
        })
    }

    pub fn landlord_of(&mut self, cost_account: CostAccount) -> CostAccountId {
        self.0.cost_accounts.push(cost_account);
        CostAccountId::at(self.0.cost_accounts.len() as u32 - 1)
    }

    pub fn tariff(&mut self, list: &str, tier: &str, [miss, hit, output]: [&str; 3]) -> TariffId {
        self.tariff_of(Tariff {
            list: Label::new(list),
            tier: Label::new(tier),
            prices: ClassPrices {
                miss: miss.parse().unwrap(),
                hit: hit.parse().unwrap(),
                output: output.parse().unwrap(),
            },
            paid: None,
            overhead: None,
            book: 0,
        })
    }

    pub fn tariff_of(&mut self, tariff: Tariff) -> TariffId {
        self.0.tariffs.push(tariff);
        TariffId::at(self.0.tariffs.len() as u32 - 1)
    }

    pub fn tokens(&mut self, at: Timestamp, account: RevenueAccountId, tariff: Option<TariffId>, tokens: Classes) {
        self.0.tokens.push(TokenCell { bucket: at, account, tariff, tokens });
    }

    pub fn rent(&mut self, at: Timestamp, cost_account: CostAccountId, allocated: GpuTime, idle: GpuTime) {
        self.0.gpu_times.push(GpuTimeCell { bucket: at, cost_account, allocated, idle, energy: 0 });
    }

    pub fn uncertain(&mut self, at: Timestamp, timing: Money, excess: Money, lost_windows: i64) {
        self.0.uncertainty.push(UncertaintyCell { bucket: at, timing, excess, lost_windows });
    }
}

/// R1's prices without windows.
pub const R1: [&str; 3] = ["0.55", "0.14", "2.19"];

/// The published day by quarter hours, at the list that it was valued at: one prefill and one decode account, rent of
/// 278 nodes by the published staircase, tokens along the published hourly income.
pub fn deepseek_day() -> Past {
    let vectors: Value = serde_json::from_str(include_str!("../fixtures/economics-vectors.json")).unwrap();
    let all = vectors["vectors"].as_array().unwrap();
    let vector = |id: &str| all.iter().find(|v| v["id"].as_str().unwrap().starts_with(id)).unwrap();
    let (stairs, shape) = (&vector("V02")["input"], &vector("V25")["expected"]["hourly_income_usd"]);
    let income: Vec<u64> = shape.as_array().unwrap().iter().map(|hour| hour.as_u64().unwrap()).collect();
    let steps = stairs["node_steps"].as_array().unwrap();
    let mut day = Making::new("2025-02-27T04:00:00Z", "2025-02-28T04:00:00Z");
    day.0.began = day.0.since;
    let tariff = day.tariff("deepseek-r1-standard", "standard", R1);
    let prefill = day.account("gpu-0001", Some("prefill-01"), "deepseek-r1", EngineRole::Prefill);
    let decode = day.account("gpu-0002", Some("decode-1"), "deepseek-r1", EngineRole::Decode);
    let cost_accounts: Vec<_> =
        (1..=278).map(|n| day.cost_account(Some(&format!("gpu-{n:04}")), None, Some("2.00"))).collect();
    let whole: u64 = income.iter().sum::<u64>() * 4;
    let upto = |total: u64, quarters: usize| {
        let done: u64 = (0..quarters).map(|quarter| income[quarter / 4]).sum();
        (u128::from(total) * u128::from(done) / u128::from(whole)) as u64
    };
    for quarter in 0..96 {
        let at = day.0.since + Span::from_secs(quarter as i64 * 900);
        let part = |total| upto(total, quarter + 1) - upto(total, quarter);
        day.tokens(at, prefill, Some(tariff), classes(part(266_000_000_000), part(342_000_000_000), 0));
        day.tokens(at, decode, Some(tariff), classes(0, 0, part(168_000_000_000)));
        let step = steps.iter().rev().find(|step| instant(step[0].as_str().unwrap()) <= at).unwrap();
        for cost_account in cost_accounts.iter().take(step[1].as_u64().unwrap() as usize) {
            day.rent(at, *cost_account, gpu_time(8, 15), GpuTime::ZERO);
        }
    }
    day.0
}

/// The built-in book.
pub fn book() -> Book {
    Book::built_in().unwrap()
}
