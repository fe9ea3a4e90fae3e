//! Statements of pasts made by hand: the published day, the rows that sums need, what-if, the month and the bridge.
#![allow(clippy::cast_possible_wrap)]

use crate::past;

use jiff::tz::TimeZone;
use margintop::ledger::{CostAccount, CostKind, Past, Tariff};
use margintop::reading::{EngineRole, Label, NodeName};
use margintop::statement::{
    BreakEven, Bridge, By, Cause, MonthToDate, RowKind, Statement, StatementRow, Totals, WhatIfChange, compare,
    differences, reprice, what_if,
};
use margintop::units::{GpuTime, Money, NodeCount, Span, Tokens};
use past::{Making, R1, book, classes, deepseek_day, gpu_time, instant};

fn beijing() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

fn statement(past: &Past, by: By) -> Statement {
    Statement::of(past, by, &beijing()).rounded(6)
}

fn row<'a>(statement: &'a Statement, key: &str) -> &'a StatementRow {
    statement.rows.iter().find(|row| row.key.as_str() == key).unwrap_or_else(|| panic!("no row {key}"))
}

fn text(money: Option<Money>) -> String {
    money.map_or_else(|| "unknown".to_owned(), |money| money.to_string())
}

/// Revenue, cost and profit of a row.
fn money(row: &StatementRow) -> [String; 3] {
    [text(row.revenue), text(row.cost), text(row.profit)]
}

#[test]
fn the_published_day_by_hour_is_the_published_table() {
    let day = statement(&deepseek_day(), By::Hour);
    let published = [
        (4448, 27022),
        (4448, 28515),
        (4448, 30464),
        (4448, 30924),
        (4448, 30465),
        (4448, 27826),
        (4448, 26793),
        (4448, 29547),
        (4448, 30694),
        (4448, 30809),
        (4448, 31038),
        (4448, 29777),
        (3488, 21745),
        (3128, 17958),
        (2408, 13138),
        (1328, 7975),
        (1088, 6369),
        (1088, 6369),
        (1328, 7976),
        (2528, 13713),
        (3968, 23121),
        (4448, 29432),
        (4448, 30465),
        (4448, 29892),
    ];
    let hours: Vec<_> = day.rows.iter().filter(|row| row.kind == RowKind::Key).collect();
    assert_eq!(hours.len(), 24);
    assert_eq!((hours[0].key.as_str(), hours[23].key.as_str()), ("2025-02-27 12:00+08:00", "2025-02-28 11:00+08:00"));
    for (hour, (cost, income)) in hours.into_iter().zip(published) {
        assert_eq!(text(hour.cost), format!("{cost}.00"), "{}", hour.key);
        let revenue = hour.revenue.unwrap().rounded(0);
        assert!((revenue - income).abs() * 100 <= income, "{}: {revenue} is not within 1 % of {income}", hour.key);
    }
    assert_eq!(money(&day.total), ["562100.00", "87072.00", "475028.00"]);
    assert_eq!(day.total.gpu_time, gpu_time(8, 5442 * 60));
    let special: Vec<_> = day.rows.iter().filter(|row| row.kind != RowKind::Key).map(|row| row.key.as_str()).collect();
    assert_eq!(special, ["(uncosted)", "(unpriced)", "(idle)"]);
}

#[test]
fn the_night_discount_took_what_it_is_said_to_have_taken() {
    let (day, mut book) = (deepseek_day(), book());
    let change = WhatIfChange { list: book.list("deepseek-r1-2025"), ..WhatIfChange::default() };
    let result = what_if(&day, &change).unwrap();
    assert_eq!(result.before.rounded(2).revenue.to_string(), "562100.00");
    // V25 says 490,037 of 562,027; the same share of the exact 562,100 is 490,101.
    let discounted = result.after.revenue.rounded(0);
    assert!((489_900..490_300).contains(&discounted), "{discounted}");
    let pinned = "[[history]]\nmodels = [\"deepseek-r1\"]\nlists = [\"deepseek-r1-2025\"]\n";
    book.add(toml::from_str(pinned).unwrap()).unwrap();
    let again = statement(&reprice(&day, &book), By::Tier);
    assert_eq!(again.total.revenue.unwrap().rounded(0), discounted);
    assert_eq!(again.rows[0].key.as_str(), "standard");
    assert_eq!(again.rows[1].key.as_str(), "offpeak");
    let differs = differences(&day, &book);
    assert_eq!(differs.len(), 1, "{differs:?}");
    assert_eq!(differs[0].posted.as_ref().unwrap().list.as_str(), "deepseek-r1-standard");
    assert_eq!(differs[0].today.as_ref().unwrap().tier.as_str(), "offpeak");
    // 00:30 to 08:30 in Beijing.
    assert_eq!(
        (differs[0].since, differs[0].until),
        (instant("2025-02-27T16:30:00Z"), instant("2025-02-28T00:30:00Z"))
    );
}

#[test]
fn the_published_day_breaks_even_where_it_is_said_to() {
    let result = what_if(&deepseek_day(), &WhatIfChange::default()).unwrap();
    assert_eq!(result.before, result.after);
    assert_eq!(result.break_even.load_ppm, Some(154_904));
    assert_eq!(result.break_even.gpu_rate.unwrap().to_string(), "12.911154");
    assert_eq!(result.break_even.hit_rate_ppm, None, "even nothing but hits pays");
    let nodes =
        what_if(&deepseek_day(), &WhatIfChange { nodes: NodeCount::whole(278), ..WhatIfChange::default() }).unwrap();
    assert_eq!(text(nodes.after.cost), "106752.00", "the staircase is 226.75 nodes on average");
    let rate = WhatIfChange { gpu_rate: Some("4".parse().unwrap()), ..WhatIfChange::default() };
    assert_eq!(text(what_if(&deepseek_day(), &rate).unwrap().after.cost), "174144.00");
    let paid = WhatIfChange { paid: Some("0.5".parse().unwrap()), ..WhatIfChange::default() };
    assert_eq!(what_if(&deepseek_day(), &paid).unwrap().after.revenue.to_string(), "281050.00");
    let hits =
        what_if(&deepseek_day(), &WhatIfChange { hit_rate: Some("1".parse().unwrap()), ..WhatIfChange::default() })
            .unwrap();
    assert_eq!(hits.after.tokens, classes(0, 608_000_000_000, 168_000_000_000));
}

#[test]
fn a_hit_rate_at_which_it_breaks_even_is_found() {
    let mut making = Making::new("2025-03-01T00:00:00Z", "2025-03-01T01:00:00Z");
    let at = making.0.since;
    let tariff = making.tariff("l", "t", ["1", "0", "0"]);
    let account = making.account("n", None, "m", EngineRole::Unified);
    let cost_account = making.cost_account(Some("n"), None, Some("0.25"));
    making.tokens(at, account, Some(tariff), classes(1_000_000, 0, 0));
    making.rent(at, cost_account, gpu_time(1, 60), GpuTime::ZERO);
    assert_eq!(what_if(&making.0, &WhatIfChange::default()).unwrap().break_even.hit_rate_ppm, Some(750_000));
}

/// One hour with everything that has a row of its own.
fn mixed() -> Past {
    let mut making = Making::new("2025-03-01T00:00:00Z", "2025-03-01T01:00:00Z");
    let at = making.0.since;
    let tariff = making.tariff("l", "t", ["1", "0", "2"]);
    let priced = making.account("a", Some("u"), "m", EngineRole::Unified);
    let unpriced = making.account("a", Some("u"), "x", EngineRole::Unified);
    let uncosted = making.account("b", None, "m", EngineRole::Unified);
    making.0.accounts[uncosted.index()].costed = false;
    let (rated, unrated) =
        (making.cost_account(Some("a"), Some("u"), Some("2")), making.cost_account(Some("c"), None, None));
    let spare = making.cost_account(Some("d"), Some("u"), Some("1"));
    let extra = |kind| CostAccount {
        node: Some(NodeName::new("a")),
        unit: None,
        gpu: Label::new("H800"),
        rate: "1".parse().ok(),
        power: None,
        kind,
        lease: Some(Label::new("lease of a")),
    };
    let (rounding, overhead) = (extra(CostKind::Rounding), CostAccount { node: None, ..extra(CostKind::Overhead) });
    let (rounding, overhead) = (making.landlord_of(rounding), making.landlord_of(overhead));
    making.tokens(at, priced, Some(tariff), classes(3_000_000, 0, 0));
    making.tokens(at, unpriced, None, classes(0, 1_000_000, 0));
    making.tokens(at, uncosted, Some(tariff), classes(0, 0, 5_000_000));
    making.rent(at, rated, gpu_time(8, 60), gpu_time(8, 15));
    making.rent(at, unrated, gpu_time(4, 60), gpu_time(4, 60));
    making.rent(at, spare, gpu_time(1, 60), gpu_time(1, 60));
    making.rent(at, rounding, gpu_time(1, 6), GpuTime::ZERO);
    making.rent(at, overhead, gpu_time(1, 60), GpuTime::ZERO);
    making.0
}

#[test]
fn each_thing_stands_in_one_row() {
    let by_model = statement(&mixed(), By::Model);
    assert_eq!(money(row(&by_model, "m")), ["13.00", "9.00", "-6.00"], "three quarters of the busy rent");
    assert_eq!(text(Some(row(&by_model, "m").uncosted_revenue)), "10.00", "b's part is in no profit");
    assert_eq!(money(row(&by_model, "(uncosted)")), ["0.00", "unknown", "unknown"]);
    assert_eq!(row(&by_model, "(uncosted)").gpu_time, gpu_time(4, 60));
    assert_eq!(money(row(&by_model, "(unpriced)")), ["unknown", "3.00", "-3.00"]);
    assert!(row(&by_model, "(unpriced)").lower_bound && by_model.total.lower_bound);
    assert_eq!(money(row(&by_model, "(overhead)")), ["0.00", "1.00", "-1.00"]);
    assert_eq!(money(row(&by_model, "(rounding)")), ["0.00", "0.10", "-0.10"]);
    assert_eq!(money(row(&by_model, "(idle)")), ["0.00", "5.00", "-5.00"]);
    assert_eq!(money(&by_model.total), ["13.00", "18.10", "-15.10"]);
    let by_node = statement(&mixed(), By::Node);
    assert_eq!(money(row(&by_node, "a")), ["3.00", "9.10", "-6.10"], "rounding stays with its node");
    assert_eq!(money(row(&by_node, "b")), ["10.00", "unknown", "unknown"], "revenue without a cost is a row");
    assert_eq!(row(&by_node, "b").tokens, Some(classes(0, 0, 5_000_000)));
    assert_eq!(by_node.total.cost, by_model.total.cost);
    let by_hour = statement(&mixed(), By::Hour);
    assert_eq!(money(&by_hour.rows[0]), ["13.00", "18.10", "-15.10"], "an hour holds all that was due in it");
    assert_eq!(text(by_hour.rows[0].idle_cost), "5.00");
    assert_eq!(money(row(&by_hour, "(idle)")), ["0.00", "0.00", "0.00"]);
}

/// By node and by unit a row says what stands in other rows and is its own.
#[test]
fn a_node_and_a_unit_say_their_whole_cost() {
    let result = |by, key: &str| {
        let statement = statement(&mixed(), by);
        let row = statement.rows.iter().find(|row| row.key.as_str() == key).unwrap().clone();
        (text(row.whole_cost), row.unpriced_tokens.map(Tokens::count))
    };
    // 8 GPUs at 2.00 for an hour, a quarter of it idle and a quarter of the rest for tokens without a price; rounding.
    assert_eq!(result(By::Node, "a"), ("16.10".to_owned(), Some(1_000_000)));
    assert_eq!(result(By::Node, "b"), ("unknown".to_owned(), Some(0)), "it has no GPU time of its own");
    assert_eq!(result(By::Unit, "u"), ("17.00".to_owned(), Some(1_000_000)), "with the node that idled");
    assert_eq!(result(By::Unit, "(no unit)"), ("unknown".to_owned(), Some(0)), "c has no rate");
    assert_eq!(result(By::Node, "(idle)"), ("unknown".to_owned(), None));
    // A node that has neither a price nor GPUs.
    let mut bare = mixed();
    bare.cost_accounts
        .iter_mut()
        .filter(|account| account.node.as_ref().is_some_and(|node| node.as_str() == "a"))
        .for_each(|account| account.node = Some(NodeName::new("elsewhere")));
    bare.tokens.retain(|cell| cell.tariff.is_none());
    let by_node = statement(&bare, By::Node);
    assert_eq!(row(&by_node, "a").unpriced_tokens.map(Tokens::count), Some(1_000_000));
    for by in [By::Model, By::Tenant, By::Hour, By::Tier, By::Role] {
        let result = statement(&mixed(), by);
        assert!(result.rows.iter().all(|row| row.whole_cost.is_none() && row.unpriced_tokens.is_none()), "{by}");
    }
    let mut past = mixed();
    past.cost_accounts[0].rate = None;
    let result = statement(&past, By::Node);
    assert_eq!(text(row(&result, "a").whole_cost), "unknown");
}

/// Class: an amount that does not say where its price and its rate came from.
#[test]
fn every_row_names_the_lists_and_rates_behind_its_amounts() {
    let past = mixed();
    for by in [By::Node, By::Unit, By::Model, By::Hour, By::Tier, By::Role, By::Lease] {
        let result = statement(&past, by);
        for row in result.rows.iter().chain([&result.total]) {
            let origins = &row.origins;
            let earns = row.revenue.is_some_and(|revenue| revenue > Money::ZERO);
            assert_eq!(earns, !origins.lists.is_empty(), "{by} {}: {origins:?}", row.key);
            // Overhead by share of revenue has no rate.
            let costs = row.cost.is_some_and(|cost| cost > Money::ZERO) && row.kind != RowKind::Overhead;
            assert!(!costs || !origins.rates.is_empty(), "{by} {}: {origins:?}", row.key);
        }
    }
    let result = statement(&past, By::Node);
    let rates = |key: &str| {
        let rates = row(&result, key).origins.rates.iter();
        rates.map(|it| (it.rate.to_string(), it.lease.as_ref().map(ToString::to_string))).collect::<Vec<_>>()
    };
    assert!(rates("a").iter().any(|(rate, _)| rate == "2.00"), "{:?}", rates("a"));
    assert!(rates("(idle)").iter().any(|(rate, _)| rate == "1.00"), "the node that idled: {:?}", rates("(idle)"));
}

#[test]
fn a_lease_is_laid_beside_its_invoice() {
    let leases = statement(&mixed(), By::Lease);
    let keys: Vec<_> = leases.rows.iter().map(|row| row.key.as_str()).collect();
    let expected = ["H800 assumed 1.00", "H800 assumed 2.00", "lease of a (rounding)"];
    assert_eq!(keys[..3], expected);
    let lease = row(&leases, "H800 assumed 2.00");
    assert_eq!((lease.start, lease.end), (Some(leases.since), Some(leases.until)));
    assert_eq!(lease.node.as_ref().map(NodeName::as_str), Some("a"));
    assert_eq!((money(lease), lease.tokens), (["unknown", "16.00", "unknown"].map(str::to_owned), None));
    assert_eq!(text(leases.total.cost), "18.10");
}

#[test]
fn a_model_at_no_known_cost_has_no_profit() {
    let mut past = mixed();
    past.cost_accounts.iter_mut().for_each(|cost_account| cost_account.rate = None);
    past.accounts.iter_mut().for_each(|account| account.costed = false);
    let result = statement(&past, By::Model);
    assert_eq!(money(&result.total), ["13.00", "unknown", "unknown"]);
    assert_eq!(text(Some(result.uncosted_revenue)), "13.00");
    for by in [By::Hour, By::Day, By::Model, By::Role, By::Tier] {
        let result = statement(&past, by);
        assert_eq!(money(&result.rows[0]), ["13.00", "unknown", "unknown"], "{by}: it is a row by any key");
        assert_eq!(result.rows[0].kind, RowKind::Key, "{by}");
    }
    assert_eq!(what_if(&past, &WhatIfChange::default()).unwrap().break_even, BreakEven::default());
}

/// Class: a row of which all revenue, a part of it, or none has a known cost. An hour in which nothing had a cost has none,
/// beside hours that have one.
#[test]
fn a_row_has_a_cost_if_anything_in_it_has() {
    let mut past = mixed();
    let later = past.since + Span::from_secs(3600);
    past.until = later + Span::from_secs(3600);
    let uncosted = past.tokens.iter().find(|cell| cell.tokens.output.count() > 0).copied().unwrap();
    past.tokens.push(margintop::ledger::TokenCell { bucket: later, ..uncosted });
    let result = statement(&past, By::Hour);
    assert_eq!(money(&result.rows[0]), ["13.00", "18.10", "-15.10"]);
    assert_eq!(money(&result.rows[1]), ["10.00", "unknown", "unknown"]);
    assert_eq!(money(&result.total), ["23.00", "18.10", "-15.10"]);
    assert_eq!(text(Some(result.uncosted_revenue)), "20.00");
}

#[test]
fn overhead_takes_its_share_of_revenue() {
    let mut past = mixed();
    past.tariffs[0] = Tariff { overhead: Some("0.1".parse().unwrap()), ..past.tariffs[0].clone() };
    let result = statement(&past, By::Model);
    // Revenue whose cost is unknown bears none of it.
    assert_eq!(money(row(&result, "(overhead)")), ["0.00", "1.30", "-1.30"]);
    assert_eq!(Totals::of(&past).rounded(6).profit(), result.total.profit);
}

#[test]
fn a_day_on_which_clocks_are_set_has_all_its_hours() {
    let mut making = Making::new("2025-10-25T22:00:00Z", "2025-10-26T23:00:00Z");
    let cost_account = making.cost_account(Some("n"), None, Some("1"));
    for hour in 0..25 {
        making.rent(making.0.since + Span::from_secs(hour * 3600), cost_account, gpu_time(1, 60), GpuTime::ZERO);
    }
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let day = Statement::of(&making.0, By::Day, &berlin);
    assert_eq!(day.rows.iter().filter(|row| row.kind == RowKind::Key).count(), 1);
    assert_eq!(text(row(&day, "2025-10-26").cost), "25.00");
    let hours = Statement::of(&making.0, By::Hour, &berlin);
    assert_eq!(hours.rows.iter().filter(|row| row.kind == RowKind::Key).count(), 25);
}

#[test]
fn the_month_costs_what_it_will_at_this_rate() {
    let mut making = Making::new("2025-02-01T00:00:00Z", "2025-02-08T00:00:00Z");
    let cost_account = making.cost_account(Some("n"), None, Some("1"));
    for day in 0..7 {
        making.rent(making.0.since + Span::from_secs(day * 86_400), cost_account, gpu_time(1, 1440), GpuTime::ZERO);
    }
    let end = instant("2025-03-01T00:00:00Z");
    let budget = "600".parse::<margintop::units::HourlyRate>().unwrap().of(gpu_time(1, 60));
    let month = MonthToDate::of(&making.0, making.0.since, end, Some(budget));
    assert_eq!((text(month.cost), text(month.projected_cost)), ("168.00".to_owned(), "672.00".to_owned()));
    assert_eq!(text(month.over_budget()), "72.00");
    making.0.gpu_times.drain(..3);
    let late = MonthToDate::of(&making.0, instant("2025-02-04T00:00:00Z"), end, None);
    assert_eq!(text(late.projected_cost), "600.00", "what was not watched was not cheap");
}

/// Class: a profit of the month that is a cent off its revenue and cost, and off the rows of the month.
#[test]
fn the_months_amounts_are_rounded_once_and_its_profit_is_their_difference() {
    let mut making = Making::new("2025-02-01T00:00:00Z", "2025-02-08T00:00:00Z");
    let cost_account = making.cost_account(Some("n"), None, Some("0.333"));
    for day in 0..7 {
        making.rent(making.0.since + Span::from_secs(day * 86_400), cost_account, gpu_time(1, 61), GpuTime::ZERO);
    }
    let end = instant("2025-03-01T00:00:00Z");
    let month = MonthToDate::rounded(&making.0, making.0.since, end, None, 2);
    let total = Statement::of(&making.0, By::Month, &TimeZone::UTC).rounded(2).total;
    assert_eq!((month.cost, month.profit), (total.cost, total.profit));
    assert_eq!(month.cost.map(|cost| cost.round_to(2)), month.cost);
    assert_eq!(month.profit, month.revenue.zip(month.cost).map(|(revenue, cost)| revenue - cost));
}

/// Class: a projection of what was owed once, of time that nobody watched, or of too little time.
#[test]
fn only_what_goes_on_is_projected_and_only_when_enough_was_watched() {
    let mut making = Making::new("2025-02-01T00:00:00Z", "2025-02-08T00:00:00Z");
    let end = instant("2025-03-01T00:00:00Z");
    let gpus = making.cost_account(Some("n"), None, Some("1"));
    let rounding = CostAccount { kind: CostKind::Rounding, ..making.0.cost_accounts[0].clone() };
    let rounding = making.landlord_of(rounding);
    let at = making.0.since;
    making.rent(at, gpus, gpu_time(1, 4 * 1440), GpuTime::ZERO);
    making.rent(at, rounding, gpu_time(1, 60), GpuTime::ZERO);
    let correction = GpuTime::from_millis(-gpu_time(1, 120).millis());
    making.rent(at, gpus, correction, GpuTime::ZERO);
    making.0.unwatched = vec![(instant("2025-02-03T00:00:00Z"), instant("2025-02-06T00:00:00Z"))];
    let month = MonthToDate::of(&making.0, making.0.since, end, None);
    // 96 dollars in four watched days, one of rounding and two taken back; 24 dollars a day for 21 days more.
    assert_eq!((text(month.cost), text(month.projected_cost)), ("95.00".to_owned(), "599.00".to_owned()));
    assert_eq!(month.watched, Span::from_secs(4 * 86_400));
    for (minutes, projected) in [(59, "unknown"), (60, "599.00")] {
        making.0.unwatched.clear();
        let began = making.0.until - Span::from_secs(minutes * 60);
        let month = MonthToDate::of(&making.0, began, end, None);
        assert_eq!(month.is_early(), projected == "unknown");
        assert_eq!(month.projected_cost.is_none(), projected == "unknown", "{minutes}");
    }
}

#[test]
fn the_same_tokens_stand_at_every_list() {
    let lists = compare(&deepseek_day(), &book(), "USD");
    let at = |name: &str| lists.iter().find(|list| list.list.as_str() == name).unwrap();
    assert_eq!(at("deepseek-r1-standard").revenue.to_string(), "562100.00");
    assert_eq!(text(at("deepseek-r1-standard").profit()), "475028.00");
    assert_eq!(at("deepseek-v3-standard").revenue.to_string(), "280560.00");
    assert!(lists.is_sorted_by(|a, b| a.revenue >= b.revenue));
}

/// An hour of one model and its GPUs.
fn hour(tokens: [u64; 3], prices: [&str; 3], gpus: u32, idle: u32) -> Past {
    let mut making = Making::new("2025-03-01T00:00:00Z", "2025-03-01T01:00:00Z");
    let at = making.0.since;
    let tariff = making.tariff("l", "t", prices);
    let account = making.account("n", None, "m", EngineRole::Unified);
    let cost_account = making.cost_account(Some("n"), None, Some("1"));
    let [miss, hit, output] = tokens.map(|millions| millions * 1_000_000);
    making.tokens(at, account, Some(tariff), classes(miss, hit, output));
    making.rent(at, cost_account, gpu_time(gpus, 60), gpu_time(idle, 60));
    making.0
}

#[test]
fn each_cause_is_distinguished() {
    let before = hour([8, 2, 10], R1, 2, 0);
    let parts = |after: &Past| {
        let bridge = Bridge::between(&before, after);
        let result = bridge.parts.iter().filter(|(_, part)| !part.is_zero());
        result.map(|(cause, part)| (*cause, part.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(parts(&before), []);
    assert_eq!(parts(&hour([16, 4, 20], R1, 2, 0)), [(Cause::Traffic, "26.58".to_owned())]);
    assert_eq!(parts(&hour([4, 6, 10], R1, 2, 0)), [(Cause::HitRate, "-1.64".to_owned())]);
    assert_eq!(parts(&hour([8, 2, 10], ["0.55", "0.14", "1.19"], 2, 0)), [(Cause::Price, "-10.00".to_owned())]);
    assert_eq!(parts(&hour([8, 2, 10], R1, 3, 0)), [(Cause::Gpus, "-1.00".to_owned())]);
    assert_eq!(parts(&hour([8, 2, 10], R1, 3, 1)), [(Cause::Idle, "-1.00".to_owned())]);
    let mut unpriced = before.clone();
    unpriced.tokens[0].tariff = None;
    assert_eq!(parts(&unpriced), [(Cause::Unpriced, "-26.58".to_owned())]);
    let mixed = parts(&hour([12, 3, 5], R1, 2, 0));
    assert_eq!(mixed, [(Cause::Mix, "-8.61".to_owned())], "more prompts and less output, as many tokens");
    // Overhead that is a share of revenue is a part of what changed the revenue.
    let with_overhead = |past: &Past, share: &str| {
        let mut past = past.clone();
        past.tariffs[0].overhead = share.parse().ok();
        past
    };
    let tenth = with_overhead(&before, "0.1");
    let parts = |after: &Past| {
        let bridge = Bridge::between(&tenth, after);
        let result: Vec<_> = bridge.parts.iter().filter(|(_, part)| !part.is_zero()).copied().collect();
        assert_eq!(result.iter().map(|(_, part)| *part).sum::<Money>(), bridge.change());
        result.into_iter().map(|(cause, part)| (cause, part.to_string())).collect::<Vec<_>>()
    };
    for (tokens, prices, cause, part) in [
        ([16, 4, 20], R1, Cause::Traffic, "23.922"),
        ([4, 6, 10], R1, Cause::HitRate, "-1.476"),
        ([12, 3, 5], R1, Cause::Mix, "-7.749"),
        ([8, 2, 10], ["0.55", "0.14", "1.19"], Cause::Price, "-9.00"),
    ] {
        let after = with_overhead(&hour(tokens, prices, 2, 0), "0.1");
        assert_eq!(parts(&after), [(cause, part.to_owned())]);
    }
    assert_eq!(parts(&with_overhead(&before, "0.2")), [(Cause::Price, "-2.658".to_owned())]);
    let mut unpriced = tenth.clone();
    unpriced.tokens[0].tariff = None;
    assert_eq!(parts(&unpriced), [(Cause::Unpriced, "-23.922".to_owned())]);
    let bridge = Bridge::between(&before, &hour([16, 4, 20], R1, 2, 0));
    assert_eq!(bridge.models[0].key.as_str(), "m");
    assert_eq!(bridge.nodes[0].change().to_string(), "26.58");
}
