//! Prices that changed under one name, the columns of CSV, and amounts that add up as they are printed.

use super::*;
use crate::units::Money;

/// A past whose prices change in the middle of its first day, under the same name and tier.
fn changed(at: Timestamp) -> Past {
    let mut past = past();
    let mut dearer = past.tariffs[0].clone();
    dearer.prices = ClassPrices { output: "3".parse().unwrap(), ..dearer.prices };
    dearer.book = 7;
    past.tariffs.push(dearer);
    let later = past.tokens.iter_mut().filter(|cell| cell.bucket >= at && cell.tariff.is_some());
    later.for_each(|cell| cell.tariff = Some(TariffId::at(1)));
    past
}

/// Class: two prices under one name that are shown as one.
#[test]
fn lists_whose_prices_changed_are_distinguished() {
    let at = BEGAN + Span::from_secs(10 * 900);
    let mut past = changed(at);
    let data = rendered(&past, "--by hour");
    let spans: Vec<_> = data.statement.lists.iter().map(|used| (used.from, used.until)).collect();
    assert!(spans.contains(&(None, Some(at))) && spans.contains(&(Some(at), None)) && spans.len() == 2, "{spans:?}");
    let table = table::render(&data);
    for said in
        ["deepseek-r1-standard, until 2025-03-01 10:30+08:00", "deepseek-r1-standard, from 2025-03-01 10:30+08:00"]
    {
        assert!(table.contains(said), "{said}: {table}");
    }
    let sum: Money = data.statement.lists.iter().map(|used| used.revenue).sum();
    assert_eq!(Some(sum.round_to(2)), data.statement.total.revenue);
    // A bucket of a day does not say when: the book's first use does.
    past.tokens.iter_mut().for_each(|cell| cell.bucket = BEGAN);
    past.books = vec![(7, at + Span::from_secs(61))];
    let until = rendered(&past, "").statement.lists.iter().find_map(|used| used.until);
    assert_eq!(until, Some(at + Span::from_secs(61)));
    // Prices that hold at the same time, as of two tenants, are no change.
    past = changed(at);
    past.tokens[0].tariff = Some(TariffId::at(1));
    let spans: Vec<_> = rendered(&past, "").statement.lists.iter().map(|used| (used.from, used.until)).collect();
    assert_eq!(spans, [(None, None)]);
}

/// Class: a difference between two payers that is shown as a change over time.
#[test]
fn shares_that_two_tenants_pay_at_once_are_distinguished_by_themselves() {
    let own = |past: &mut Past, cells: fn(usize) -> bool| {
        let mut tariff = past.tariffs[0].clone();
        tariff.paid = "0.37".parse().ok();
        past.tariffs.push(tariff);
        let priced = past.tokens.iter_mut().filter(|cell| cell.tariff.is_some()).enumerate();
        priced.filter(|(nth, _)| cells(*nth)).for_each(|(_, cell)| cell.tariff = Some(TariffId::at(1)));
    };
    let at_once: fn(usize) -> bool = |nth| nth % 2 == 1;
    // A tenant that comes when the other one has left does not change the price either.
    for (cells, by) in [(at_once, "hour"), (at_once, "day"), (|nth| nth > 190, "hour")] {
        let mut past = past();
        own(&mut past, cells);
        if by == "day" {
            past.tokens.iter_mut().for_each(|cell| cell.bucket = BEGAN);
        }
        let table = table::render(&rendered(&past, &format!("--by {by}")));
        for said in [
            "deepseek-r1-standard standard at a paid share of 0.37: ",
            "deepseek-r1-standard standard without a paid share: ",
        ] {
            assert!(table.contains(said), "{said}: {table}");
        }
        assert!(!table.contains("deepseek-r1-standard, "), "{table}");
    }
    // A book that sets another share is a change, and both are said.
    let mut past = past();
    own(&mut past, |nth| nth > 190);
    past.tariffs[1].book = 7;
    let table = table::render(&rendered(&past, "--by hour"));
    let said = ["without a paid share: ", "at a paid share of 0.37: "];
    assert!(said.iter().all(|said| table.contains(said)) && table.contains("deepseek-r1-standard, until"), "{table}");
}

#[test]
fn csv_names_currency_lease_and_node() {
    let past = past();
    for (by, key, lease, node) in
        [("lease", "contract of a", "contract of a", "a"), ("node", "a", "", "a"), ("model", "deepseek-r1", "", "")]
    {
        let csv = csv::render(&rendered(&past, &format!("--by {by} --csv")));
        let head: Vec<_> = csv.lines().next().unwrap().split(',').collect();
        assert_eq!(head[13..19], ["uncosted_revenue", "currency", "lease", "node", "whole_cost", "unpriced_tokens"]);
        assert_eq!(head[19..], ["lower_bound", "upper_bound", "lists", "rates"]);
        let row = csv.lines().find(|line| line.starts_with(&format!("{key},"))).unwrap();
        let cells: Vec<_> = row.split(',').collect();
        assert_eq!(cells[14..17], ["USD", lease, node], "{by}: {row}");
        assert_eq!((cells[17].is_empty(), cells[18].is_empty()), (by != "node", by != "node"), "{by}: {row}");
    }
}

/// Class: an amount that is printed, and a part that it lacks and that stands nowhere.
#[test]
fn what_is_left_out_of_a_profit_stands_beside_it() {
    let mut uncosted = past();
    uncosted.accounts[1].costed = false;
    let csv = csv::render(&rendered(&uncosted, "--by hour --csv"));
    for line in csv.lines().skip(1) {
        let cells: Vec<_> = line.split(',').collect();
        let amount = |nth: usize| (!cells[nth].is_empty()).then(|| micros(&Value::from(cells[nth])));
        if let (Some(revenue), Some(cost), Some(profit), Some(left_out)) = (amount(7), amount(8), amount(9), amount(13))
        {
            assert_eq!(revenue - left_out - cost, profit, "{line}");
        }
    }
    let table = table::render(&rendered(&uncosted, "--by hour"));
    let head = table.lines().nth(2).unwrap();
    assert!(head.contains("of it uncosted") && head.contains("of it idle"), "{head}");
    let what_if = table::render(&rendered(&uncosted, "--what-if paid=0.5"));
    assert!(what_if.contains("of it uncosted"), "{what_if}");
    let whole = table::render(&rendered(&past(), "--by model"));
    assert!(!whole.contains("of it"), "{whole}");
}
