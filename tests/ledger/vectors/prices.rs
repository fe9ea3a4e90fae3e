//! What tokens are worth: lists, classes, tenants, currencies and the edges between them.

use std::collections::BTreeMap;

use margintop::ledger::Timing;
use margintop::pricing::{Book, Exchange, Fx, HistoryFile, ListFile, Pinned, PriceFile, Quote, TierFile, WindowFile};
use margintop::units::{Money, Price, Tokens, quotient};
use serde_json::Value;

use super::support::instant;
use super::{classes, fixed, post, text, vector};

/// A book of one list without windows.
fn book_of_list(list: ListFile) -> Book {
    let mut book = Book::default();
    let histories = vec![HistoryFile { models: vec!["m".to_owned()], lists: vec![list.name.clone()] }];
    book.add(PriceFile { lists: vec![list], histories, ..PriceFile::default() }).unwrap();
    book
}

fn price(value: &Value) -> Price {
    text(value).parse().unwrap()
}

fn flat(tier: TierFile) -> Book {
    let tiers = BTreeMap::from([("standard".to_owned(), tier)]);
    book_of_list(ListFile::flat("list".to_owned(), "USD".to_owned(), tiers))
}

fn quote(book: &Book) -> Quote<'_> {
    book.list("list").unwrap().quote(instant("2026-01-01T00:00:00Z"))
}

#[test]
fn v10_open_classes_and_a_batch_list() {
    let v = vector("V10");
    let tokens = &v["input"]["tokens"];
    for (key, expected) in [("usd_per_mtok", "revenue_usd"), ("batch_usd_per_mtok", "batch_revenue_usd")] {
        let prices = &v["input"][key];
        let mut tier = TierFile::new(price(&prices["read"]), price(&prices["input"]), price(&prices["out"]));
        tier.classes = ["write_5m", "write_1h"].map(|class| (class.to_owned(), price(&prices[class]))).into();
        let book = flat(tier);
        let quote = quote(&book);
        let count = |class: &str| Tokens::new(tokens[class].as_u64().unwrap());
        let written = |class: &str| quote.class(class).unwrap().of(count(class));
        let value = quote.prices.of(count("input"), count("read"), count("out"));
        assert_eq!(fixed(value + written("write_5m") + written("write_1h"), 6), text(&v["expected"][expected]));
        assert_eq!(quote.class("write_1y"), None);
    }
}

#[test]
fn v12_a_list_changes_and_its_window_ends_at_one_instant() {
    let v = vector("V12");
    let (from, to) = (instant(text(&v["input"]["t0"])), instant(text(&v["input"]["t1"])));
    let book = Book::built_in().unwrap();
    let price = book.price_of("deepseek-v3.1").unwrap();
    let evening = price.quote(instant("2025-09-05T16:30:00Z")).unwrap();
    assert_eq!((evening.list.name.as_str(), evening.tier), ("deepseek-v3.1", text(&v["expected"]["tier_at_16:30Z"])));
    let edges = price.edges(from, to);
    assert_eq!(edges, [instant(text(&v["expected"]["segments"][1]["from"]))]);
    let built_in = rename_to_m(book.clone(), &["deepseek-v3-2025", "deepseek-v3.1"]);
    for book in [built_in, super::book_of(text(&v["input"]["tariff"]), "m")] {
        let (ledger, value) = post(book, from, to, classes(&v["input"]["delta"]), Timing::Seen);
        let posted: Vec<_> = ledger.today().tokens().map(|(.., tokens)| tokens).collect();
        for segment in v["expected"]["segments"].as_array().unwrap() {
            assert!(posted.contains(&classes(&segment["tokens"])), "{posted:?}");
        }
        assert_eq!((posted.len(), fixed(value, 6).as_str()), (2, text(&v["expected"]["revenue_usd"])));
    }
}

/// The vectors' model priced by built-in lists.
fn rename_to_m(mut book: Book, lists: &[&str]) -> Book {
    let lists = lists.iter().map(|list| (*list).to_owned()).collect();
    let histories = vec![HistoryFile { models: vec!["m".to_owned()], lists }];
    book.add(PriceFile { histories, ..PriceFile::default() }).unwrap();
    book
}

#[test]
fn v13_a_share_is_paid_by_tenant() {
    let v = vector("V13");
    let tenants = v["input"]["tenants"].as_object().unwrap();
    let mut book = Book::built_in().unwrap();
    let share = |ppm: &Value| format!("{}.{:06}", ppm.as_u64().unwrap() / 1_000_000, ppm.as_u64().unwrap() % 1_000_000);
    let pinned = tenants.iter().map(|(tenant, it)| Pinned {
        tenant: Some(tenant.clone()),
        paid: share(&it["paid_ppm"]).parse().ok(),
        ..Pinned::list("deepseek-r1", "deepseek-r1-standard")
    });
    book.pin(pinned.collect()).unwrap();
    let (mut theoretical, mut billable) = (Money::ZERO, Money::ZERO);
    for (tenant, it) in tenants {
        let price = book.price_for("deepseek-ai/DeepSeek-R1", Some(tenant)).unwrap();
        let (prices, paid) = (price.quote(instant("2025-02-01T00:00:00Z")).unwrap().prices, price.paid.unwrap());
        let tokens = classes(&it["tokens"]);
        theoretical += prices.of(tokens.miss, tokens.hit, tokens.output);
        billable += prices.miss.of_share(tokens.miss, paid)
            + prices.hit.of_share(tokens.hit, paid)
            + prices.output.of_share(tokens.output, paid);
    }
    assert_eq!(fixed(theoretical, 6), text(&v["expected"]["theoretical_usd"]));
    assert_eq!(fixed(billable, 6), text(&v["expected"]["billable_usd"]));
    let effective = quotient(billable, theoretical).unwrap().get() * 100.0;
    assert_eq!(format!("{effective:.6}"), text(&v["expected"]["effective_paid_share_pct"]));
}

#[test]
fn v14_a_ledger_in_yuan_is_converted_once() {
    let v = vector("V14");
    let mut book = Book::built_in().unwrap();
    let at = instant("2026-11-01T00:00:00Z");
    let tokens = classes(&v["input"]["tokens"]);
    let value = |book: &Book| {
        let quote = book.price_of("deepseek-flash").unwrap().quote(at).unwrap();
        assert_eq!(quote.tier, "offpeak");
        quote.prices.of(tokens.miss, tokens.hit, tokens.output)
    };
    assert_eq!(fixed(value(&book), 6), text(&v["expected"]["official_usd_list_gives"]));
    let rate = Fx {
        from: "USD".to_owned(),
        to: "CNY".to_owned(),
        nanos: text(&v["input"]["cny_per_usd"]).parse::<Price>().unwrap().nanos(),
        since: at,
        dated: "2026-11-01".to_owned(),
    };
    let exchange = Exchange::new(vec![rate]);
    book.keep_currency("CNY", &exchange);
    assert_eq!(fixed(value(&book), 6), text(&v["expected"]["ledger_cny"]));
    let shown = exchange.conversion("CNY", "USD", at).unwrap().money(value(&book)).unwrap();
    assert_eq!(fixed(shown, 6), text(&v["expected"]["display_usd"]));
    assert_eq!(book.gpu_rate("NVIDIA H100").unwrap().rate.to_string(), "26.35658");
}

#[test]
fn v24_a_tier_by_length_needs_the_requests() {
    let v = vector("V24");
    let input = &v["input"];
    let book =
        |prices: &Value| flat(TierFile::new(price(&prices["miss"]), price(&prices["miss"]), price(&prices["out"])));
    let (short, long) = (book(&input["le_200k"]), book(&input["gt_200k"]));
    let value = |prompt: u64, output: u64| {
        let book = if prompt <= 200_000 { &short } else { &long };
        quote(book).prices.of(Tokens::new(prompt), Tokens::ZERO, Tokens::new(output))
    };
    let (mut prompts, mut outputs) = (0, 0);
    for (nth, request) in input["requests"].as_array().unwrap().iter().enumerate() {
        let (prompt, output) = (request[0].as_u64().unwrap(), request[1].as_u64().unwrap());
        assert_eq!(fixed(value(prompt, output), 6), text(&v["expected"]["usd"][nth]));
        (prompts, outputs) = (prompts + prompt, outputs + output);
    }
    // A half to even: 1.0300025 is printed so.
    assert_eq!(fixed(value(prompts, outputs), 6), text(&v["expected"]["wrong_from_sum_as_one_request"]));
}

#[test]
fn v26_the_engine_counts_what_nobody_is_billed() {
    let v = vector("V26");
    let book = Book::built_in().unwrap();
    let prices = book.list("deepseek-r1-standard").unwrap().quotes().next().unwrap().prices;
    let value = |names: &[&str]| {
        let requests = names.iter().map(|name| classes(&v["input"]["requests"][*name]));
        fixed(requests.map(|tokens| prices.of(tokens.miss, tokens.hit, tokens.output)).sum(), 9)
    };
    let (done, partial) = (["completed", "retry_of_error_500"], ["aborted_after_120_out"]);
    let lost = ["rejected_429", "error_500_after_prefill"];
    assert_eq!(value(&done), text(&v["expected"]["bill_completed_only_usd"]));
    assert_eq!(value(&[&done[..], &partial].concat()), text(&v["expected"]["bill_completed_and_partial_usd"]));
    assert_eq!(value(&[&done[..], &partial, &lost].concat()), text(&v["expected"]["engine_value_usd"]));
}

#[test]
fn v29_windows_on_the_days_when_clocks_are_set() {
    let v = vector("V29");
    let (start, end) = (text(&v["input"]["window"][0]), text(&v["input"]["window"][1]));
    let night = WindowFile {
        tier: "night".to_owned(),
        hours: vec![format!("{start}-{end}")],
        weekdays: Vec::new(),
        except_holidays: false,
    };
    let tiers = ["standard", "night"].map(|tier| (tier.to_owned(), TierFile::default())).into();
    let mut list = ListFile::flat("list".to_owned(), "USD".to_owned(), tiers);
    (list.zone, list.windows) = (Some(text(&v["input"]["tz"]).to_owned()), vec![night]);
    let book = book_of_list(list);
    let list = book.list("list").unwrap();
    for season in ["spring", "autumn"] {
        let (from, to) = (instant(text(&v["input"][season][0])), instant(text(&v["input"][season][1])));
        let edges = list.edges(from, to);
        let expected = v["expected"][format!("{season}_edges")].as_array().unwrap();
        assert_eq!(edges, expected.iter().map(|edge| instant(text(edge))).collect::<Vec<_>>(), "{season}");
        let bounds: Vec<_> = [from].into_iter().chain(edges).chain([to]).collect();
        let nights = bounds.windows(2).filter(|pair| list.tier_at(pair[0]) == "night").map(|pair| pair[1] - pair[0]);
        let seconds: i64 = nights.map(|span| span.millis() / 1000).sum();
        assert_eq!(seconds, v["expected"][format!("{season}_night_seconds")].as_i64().unwrap(), "{season}");
    }
}
