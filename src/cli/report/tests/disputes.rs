//! What is disputed is said in a report.

use super::*;
use crate::ledger::{Dispute, DisputeId, DisputedEnergy, EnergyEntry, Entry, Evidence};
use crate::reading::{GpuId, TargetId, TokenCounters};
use crate::units::PowerPrice;

/// A million output tokens without a price in the first minute, and two priced ones in the last.
pub(super) fn dispute() -> Dispute {
    let entry = |account, tariff, minute, millions: u64| Entry {
        account: RevenueAccountId::at(account),
        tariff,
        minute,
        tokens: Classes { output: Tokens::new(millions * 1_000_000), ..Classes::default() },
        unsure: Tokens::ZERO,
        unproven: false,
    };
    let (counters, end) = (TokenCounters::default(), header().last);
    Dispute {
        energy: None,
        id: DisputeId(1),
        target: TargetId::new("http://a:8000"),
        instance: None,
        rank: None,
        model: None,
        entries: vec![entry(2, None, BEGAN, 1), entry(0, Some(TariffId::at(0)), end, 2)],
        evidence: Evidence {
            before: counters,
            after: counters,
            start_before: None,
            start_after: None,
            from: BEGAN,
            to: end,
            bound: "too many".to_owned(),
        },
    }
}

/// Class: what is disputed in the reported span makes its total a lower bound, and is reported with its worth.
#[test]
fn open_disputes_of_the_span_are_reported() {
    for (line, tokens, worth) in [
        ("", 3_000_000, "4.38"),
        ("--until 2025-03-02", 1_000_000, "0.00"),
        ("--since 2025-03-02 --until 2025-03-03T08:00:00", 2_000_000, "4.38"),
        ("--since 2025-03-02 --until 2025-03-02T12:00:00", 0, "0.00"),
    ] {
        let report = report_json(line);
        let disputed = (report["disputed_tokens"].as_u64(), report["disputed"].as_str());
        assert_eq!(disputed, (Some(tokens), Some(worth)), "{line}");
        let table = table::render(&data(line).unwrap());
        let grouped = crate::tui::format::grouped(tokens.into());
        let said = match worth {
            "0.00" => format!("disputed     {grouped} tokens, in no total: a lower bound, without a price;"),
            _ => format!("disputed     {worth} USD of {grouped} tokens, in no total: a lower bound;"),
        };
        assert_eq!(table.contains(&said), tokens > 0, "{line}\n{table}");
    }
    let mut priced = past();
    priced.tokens.retain(|cell| cell.tariff.is_some());
    let bound = |disputes: &[Dispute]| {
        let query = ReportQuery::new(&ReportCommand::try_parse_from(["report"]).unwrap().report, &[]).unwrap();
        let book = Book::built_in().unwrap();
        let context = ReportContext {
            book: &book,
            budget: None,
            disputes,
            targets: &[],
            bill: Bill::All,
            now: header().last,
            exchange_zone: &TimeZone::UTC,
        };
        let ask = |since, until, _, _| Ok(Past { since, until, ..priced.clone() });
        ReportData::new(&query, &header(), context, &ask).unwrap().statement.total.lower_bound
    };
    assert!(bound(&[dispute()]) && !bound(&[]), "nothing else makes it one");
}

/// Class: energy in dispute that no report tells.
#[test]
fn open_disputes_about_energy_are_reported() {
    let power = PowerPrice { kwh: "0.10".parse().unwrap(), pue: "1.0".parse().unwrap() };
    let mut paid = past();
    paid.cost_accounts[1].power = Some(power);
    let entry = |minute, energy| EnergyEntry { cost_account: CostAccountId::at(1), minute, energy };
    let energy = DisputedEnergy {
        node: NodeName::new("b"),
        gpu: GpuId::from_uuid("GPU-1"),
        index: 0,
        before: 0,
        after: 0,
        entries: vec![entry(BEGAN, 3_600_000_000_i64), entry(header().last, 36_000_000_000)],
    };
    let open = Dispute { energy: Some(energy), entries: Vec::new(), ..dispute() };
    for (line, kwh, worth) in [("report", 11.0, "1.10"), ("report --until 2025-03-02", 1.0, "0.10")] {
        let query =
            ReportQuery::new(&ReportCommand::try_parse_from(line.split_whitespace()).unwrap().report, &[]).unwrap();
        let book = Book::built_in().unwrap();
        let context = ReportContext {
            book: &book,
            budget: None,
            disputes: std::slice::from_ref(&open),
            targets: &[],
            bill: Bill::All,
            now: header().last,
            exchange_zone: &TimeZone::UTC,
        };
        let ask = |since, until, _, _| Ok(Past { since, until, ..paid.clone() });
        let data = ReportData::new(&query, &header(), context, &ask).unwrap();
        let table = table::render(&data);
        let said = format!("disputed     {worth} USD of {kwh:.6} kWh of energy, in no total: the cost may lack it");
        assert!(table.contains(&said), "{line}\n{table}");
        let report: serde_json::Value = serde_json::from_str(&json::render(&data).unwrap()).unwrap();
        assert_eq!((report["disputed"].as_str(), report["disputed_kwh"].as_f64()), (Some(worth), Some(kwh)));
    }
}
