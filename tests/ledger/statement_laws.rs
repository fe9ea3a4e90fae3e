//! The laws of statements as properties: whatever the past, rows add up, and so do the parts of a change.
#![allow(clippy::cast_possible_wrap)]

use crate::past;

use jiff::tz::TimeZone;
use margintop::ledger::{Classes, CostAccount, CostAccountId, CostKind, Past, RevenueAccountId, TariffId};
use margintop::reading::{EngineRole, Label, NodeName, UnitName};
use margintop::statement::{
    BreakEven, Bridge, By, RowKind, Statement, StatementRow, Totals, WhatIfChange, break_even, compare, differences,
    reprice, rounded_hours, what_if,
};
use margintop::units::{GpuTime, Money, Span, Timestamp};
use past::{Making, book, classes};
use proptest::prelude::*;

/// A cell of tokens: bucket, account, tariff, tokens.
type Tokens = (i64, u32, Option<u32>, (u64, u64, u64));
/// A cell of rent: bucket, cost account, GPU milliseconds, how many of them idle.
type Rent = (i64, u32, i64, i64);

const ACCOUNTS: u32 = 6;
const LANDLORDS: u32 = 7;

/// A past of a few nodes, with everything known, unknown and in between.
fn world(tokens: &[Tokens], gpu_times: &[Rent]) -> Past {
    let mut making = Making::new("2025-10-25T20:00:00Z", "2025-10-27T20:00:00Z");
    for (node, unit, model) in [
        ("a", Some("u"), "deepseek-r1"),
        ("a", Some("u"), "mystery"),
        ("b", Some("u"), "deepseek-r1"),
        ("b", None, "deepseek-v3"),
        ("c", None, "deepseek-v3"),
        ("d", Some("v"), "=cmd"),
    ] {
        making.account(node, unit, model, EngineRole::Unified);
    }
    making.tariff("deepseek-r1-2025", "standard", ["0.55", "0.14", "2.19"]);
    making.tariff("deepseek-r1-2025", "offpeak", ["0.135", "0.035", "0.55"]);
    let paid = making.tariff("yours", "standard", ["0.000000001", "0", "3.333333333"]);
    making.0.tariffs[paid.index()].paid = "0.370001".parse().ok();
    making.0.tariffs[paid.index()].overhead = "0.029".parse().ok();
    let kinds =
        [CostKind::Gpus, CostKind::Gpus, CostKind::Gpus, CostKind::Gpus, CostKind::Rounding, CostKind::Overhead];
    let nodes = [Some("a"), Some("b"), None, Some("c"), Some("a"), None, None];
    for (place, node) in nodes.into_iter().enumerate() {
        making.landlord_of(CostAccount {
            node: node.map(NodeName::new),
            unit: (place != 3).then(|| UnitName::new("u")),
            gpu: Label::new("H800"),
            rate: (place != 3).then(|| "2.000001".parse().unwrap()),
            power: None,
            kind: kinds.get(place).copied().unwrap_or(CostKind::Gpus),
            lease: (place == 2).then(|| Label::new("contract 7")),
        });
    }
    let at = |bucket: i64| making.0.since + Span::from_secs(bucket * 900);
    let token_cells: Vec<_> = tokens.iter().map(|(bucket, ..)| at(*bucket)).collect();
    let rent_cells: Vec<_> = gpu_times.iter().map(|(bucket, ..)| at(*bucket)).collect();
    for ((_, account, tariff, (miss, hit, output)), at) in tokens.iter().zip(token_cells) {
        making.tokens(at, RevenueAccountId::at(*account), tariff.map(TariffId::at), classes(*miss, *hit, *output));
    }
    for ((_, cost_account, allocated, idle), at) in gpu_times.iter().zip(rent_cells) {
        let time = |millis: i64| GpuTime::of(1, Span::from_millis(millis));
        making.rent(at, CostAccountId::at(*cost_account), time(*allocated), time(*idle.min(allocated)));
    }
    making.0
}

fn pasts() -> impl Strategy<Value = Past> {
    let count = 0_u64..5_000_000_000;
    let tokens =
        (0_i64..192, 0..ACCOUNTS, proptest::option::weighted(0.8, 0_u32..3), (count.clone(), count.clone(), count));
    let gpu_times = (0_i64..192, 0..LANDLORDS, 0_i64..7_200_000, 0_i64..7_200_000);
    (proptest::collection::vec(tokens, 0..40), proptest::collection::vec(gpu_times, 0..40))
        .prop_map(|(tokens, gpu_times)| world(&tokens, &gpu_times))
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn sum(rows: &[StatementRow], amount: fn(&StatementRow) -> Option<Money>) -> Option<Money> {
    rows.iter().filter_map(amount).fold(None, |sum, amount| Some(sum.unwrap_or_default() + amount))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rows_add_up_to_the_total_as_they_are_printed(past in pasts(), places in 0_u32..8) {
        for by in By::ALL {
            let result = Statement::of(&past, by, &zone()).rounded(places);
            prop_assert_eq!(sum(&result.rows, |row| row.revenue), result.total.revenue);
            prop_assert_eq!(sum(&result.rows, |row| row.cost), result.total.cost);
            prop_assert_eq!(sum(&result.rows, |row| row.idle_cost), result.total.idle_cost);
            prop_assert_eq!(sum(&result.rows, |row| row.profit), result.total.profit);
            prop_assert_eq!(result.rows.iter().map(|row| row.uncosted_revenue).sum::<Money>(), result.uncosted_revenue);
            prop_assert_eq!(result.total.uncosted_revenue, result.uncosted_revenue);
            for row in result.rows.iter().filter(|row| row.kind == RowKind::Key && row.cost.is_none()) {
                prop_assert_eq!(row.profit, None);
            }
            let hours = rounded_hours(result.rows.iter().map(|row| row.gpu_time), places.min(6));
            let (total, rows) = hours.split_last().unwrap();
            prop_assert_eq!(rows.iter().sum::<i128>(), *total);
            for kind in [RowKind::Uncosted, RowKind::Unpriced, RowKind::Idle] {
                prop_assert_eq!(result.rows.iter().filter(|row| row.kind == kind).count(), 1);
            }
        }
    }

    #[test]
    fn every_key_tells_the_same_total(past in pasts()) {
        let totals = Totals::of(&past);
        for by in By::ALL.into_iter().filter(|by| *by != By::Lease) {
            let result = Statement::of(&past, by, &zone());
            prop_assert_eq!(result.total.tokens.unwrap_or_default(), totals.tokens);
            prop_assert_eq!(result.total.gpu_time, totals.gpu_time);
            prop_assert_eq!(result.total.revenue.unwrap_or_default(), totals.revenue);
            prop_assert_eq!(result.total.cost, totals.cost);
            prop_assert_eq!(result.total.idle_cost.unwrap_or_default(), totals.cost.map_or(Money::ZERO, |_| totals.idle_cost));
            prop_assert_eq!(result.total.profit, totals.profit());
        }
    }

    #[test]
    fn the_order_of_cells_changes_nothing(past in pasts()) {
        let mut turned = past.clone();
        turned.tokens.reverse();
        turned.gpu_times.reverse();
        for by in By::ALL {
            prop_assert_eq!(Statement::of(&turned, by, &zone()).total, Statement::of(&past, by, &zone()).total);
        }
    }

    #[test]
    fn the_parts_of_a_bridge_are_the_change(before in pasts(), after in pasts(), places in 0_u32..8, halves in 0_i64..3) {
        let mut after = after;
        after.until = after.since + Span::from_secs(halves * 86_400);
        let bridge = Bridge::between(&before, &after);
        prop_assert_eq!(bridge.parts.iter().map(|(_, part)| *part).sum::<Money>(), bridge.change());
        let shown = bridge.rounded(places);
        prop_assert_eq!(shown.parts.iter().map(|(_, part)| *part).sum::<Money>(), shown.change());
        prop_assert!(shown.models.len() <= 5 && shown.nodes.len() <= 5);
    }

    #[test]
    fn nothing_changed_changes_nothing(past in pasts()) {
        let result = what_if(&past, &WhatIfChange::default()).unwrap();
        prop_assert_eq!(result.before, result.after);
        prop_assert_eq!(result.break_even, break_even(&past, &result.after));
        prop_assert!(Bridge::between(&past, &past).parts.iter().all(|(_, part)| part.is_zero()));
    }

    #[test]
    fn another_hit_rate_keeps_whole_prompts(past in pasts(), ppm in 0_u32..=1_000_000) {
        let share = format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000).parse().unwrap();
        let result = what_if(&past, &WhatIfChange { hit_rate: Some(share), ..WhatIfChange::default() }).unwrap();
        let prompts = |tokens: Classes| tokens.miss + tokens.hit;
        prop_assert_eq!(prompts(result.after.tokens), prompts(result.before.tokens));
        prop_assert_eq!(result.after.tokens.output, result.before.tokens.output);
    }

    #[test]
    fn what_todays_book_priced_does_not_differ_from_it(past in pasts()) {
        let book = book();
        let today = reprice(&past, &book);
        prop_assert_eq!(differences(&today, &book), vec![]);
        prop_assert_eq!(reprice(&today, &book), today);
        let lists = compare(&past, &book, "USD");
        prop_assert_eq!(lists.len(), book.lists().filter(|list| list.currency == "USD").count());
    }
}

#[test]
fn an_empty_past_is_reported_without_a_word_too_many() {
    let empty = Past { until: Timestamp::from_millis(1), ..Past::default() };
    for by in By::ALL {
        let result = Statement::of(&empty, by, &zone());
        assert!(result.rows.iter().all(StatementRow::is_empty) && result.total.is_empty());
        assert_eq!(result.rows.len(), 3);
    }
    assert_eq!(break_even(&empty, &Totals::of(&empty)), BreakEven::default());
}
