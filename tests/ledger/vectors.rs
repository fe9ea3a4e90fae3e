//! The published vectors of the accounting model, through the program's own rooms, to equality.

mod cost;
mod prices;
use crate::support;

use std::collections::BTreeMap;

use margintop::fleet::Fleet;
use margintop::ledger::{Classes, Ledger, Posting, PostingSource, RevenueAccount, Timing, apportion};
use margintop::pricing::{Book, HistoryFile, ListFile, ModelPrice, PriceFile, TierFile, WindowFile};
use margintop::reading::{EngineRole, ModelName, NodeName, Speculation};
use margintop::units::{Money, Price, Ratio, Span, Timestamp, Tokens};
use serde_json::Value;
use support::{answered, answered_dated, at, counters, fleet, gpus, instant, member, moment, page};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../fixtures/economics-vectors.json")).unwrap()
}

fn vector(id: &str) -> Value {
    let all = vectors();
    all["vectors"].as_array().unwrap().iter().find(|v| v["id"].as_str().unwrap().starts_with(id)).unwrap().clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn count(value: &Value) -> Tokens {
    Tokens::new(value.as_u64().unwrap())
}

fn classes(value: &Value) -> Classes {
    Classes { miss: count(&value["miss"]), hit: count(&value["hit"]), output: count(&value["out"]) }
}

/// A vector's tariff as a history of lists, one an entry.
fn book_of(tariff: &str, model: &str) -> Book {
    let all = vectors();
    let tariff = &all["tariffs"][tariff];
    let entries = tariff["entries"].as_array().unwrap();
    let days: Vec<String> = tariff["holidays"].as_array().unwrap().iter().map(|day| text(day).to_owned()).collect();
    let mut file = PriceFile { holidays: BTreeMap::from([("cn".to_owned(), days)]), ..PriceFile::default() };
    for (nth, entry) in entries.iter().enumerate() {
        let tiers = entry["prices_per_mtok"].as_object().unwrap().iter();
        let price = |value: &Value| text(value).parse::<Price>().unwrap();
        let tiers = tiers
            .map(|(tier, p)| (tier.clone(), TierFile::new(price(&p["hit"]), price(&p["miss"]), price(&p["out"]))))
            .collect();
        let mut list = ListFile::flat(format!("entry {nth}"), "USD".to_owned(), tiers);
        list.from = Some(text(&entry["from"]).to_owned());
        list.zone = Some(text(&tariff["tz"]).to_owned());
        list.default = Some(text(&entry["default"]).to_owned());
        list.holidays = Some("cn".to_owned());
        list.windows = entry["windows"].as_array().unwrap().iter().map(window_of).collect();
        file.lists.push(list);
    }
    let lists = file.lists.iter().map(|list| list.name.clone()).collect();
    file.histories.push(HistoryFile { models: vec![model.to_owned()], lists });
    let mut book = Book::default();
    book.add(file).unwrap();
    book
}

fn window_of(value: &Value) -> WindowFile {
    let hours = value["hours"].as_array().unwrap().iter();
    WindowFile {
        tier: text(&value["tier"]).to_owned(),
        hours: hours.map(|span| format!("{}-{}", text(&span[0]), text(&span[1]))).collect(),
        weekdays: value["weekdays"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|day| i8::try_from(day.as_i64().unwrap()).unwrap())
            .collect(),
        except_holidays: value["except_holidays"].as_bool().unwrap_or(false),
    }
}

fn account(model: &str) -> RevenueAccount {
    RevenueAccount {
        node: NodeName::new("n"),
        unit: None,
        model: Some(ModelName::new(model)),
        role: EngineRole::Unified,
        tenant: None,
        costed: true,
    }
}

/// Posts one delta and gives the ledger and the value of what it holds.
fn post(book: Book, from: Timestamp, to: Timestamp, tokens: Classes, timing: Timing) -> (Ledger, Money) {
    let mut ledger = Ledger::new(book, Timestamp::default());
    let account = ledger.account(&account("m"));
    ledger.post(
        &Posting { account, from, to, tokens, hits_known: true, timing, source: PostingSource::default() },
        |_| (),
    );
    let value = value_of(&ledger);
    (ledger, value)
}

fn value_of(ledger: &Ledger) -> Money {
    ledger.today().tokens().map(|(_, tariff, tokens)| ledger.tariff(tariff.unwrap()).value(tokens)).sum()
}

/// Whole units of currency.
fn dollars(value: &Value) -> Money {
    Money::from_micros(text(value).parse::<i64>().unwrap() * 1_000_000)
}

/// A ratio as the vectors print percentages.
fn percent(ratio: Option<Ratio>) -> String {
    format!("{:.4}", ratio.unwrap().get() * 100.0)
}

/// An amount printed with so many decimals.
fn fixed(money: Money, places: usize) -> String {
    let scaled = money.rounded(u32::try_from(places).unwrap());
    let scale = 10_i128.pow(u32::try_from(places).unwrap());
    let (whole, fraction) = (scaled / scale, scaled % scale);
    if places == 0 { whole.to_string() } else { format!("{whole}.{fraction:0places$}") }
}

#[test]
fn v04_and_v11_tiers_of_instants() {
    let v = vector("V04");
    let book = book_of(text(&v["input"]["tariff"]), "m");
    let price = book.price_of("m").unwrap();
    let instants: Vec<_> = v["input"]["instants"].as_array().unwrap().iter().map(|i| instant(text(i))).collect();
    for (nth, at) in instants.iter().enumerate() {
        let quote = price.quote(*at).unwrap();
        assert_eq!(quote.tier, text(&v["expected"]["tiers"][nth]), "{at}");
        let out: Price = text(&v["expected"]["out_price"][nth]).parse().unwrap();
        assert_eq!(quote.prices.output, out, "{at}");
    }
    built_in_lists_agree(&price, &["deepseek-r1-standard", "deepseek-r1-2025", "deepseek-v3.1", "deepseek-v3.2"]);
    for (tariff, lists) in [
        ("deepseek-chat (USD)", ["deepseek-v3-promo", "deepseek-v3-standard", "deepseek-v3-2025", "deepseek-v3.1"]),
        (
            "deepseek-flash (USD)",
            ["deepseek-v4-flash-launch", "deepseek-v4-flash-peak", "deepseek-v4-flash-weekday", "deepseek-v4.1-flash"],
        ),
        (
            "deepseek-v4-pro (USD)",
            ["deepseek-v4-pro", "deepseek-v4-pro-peak", "deepseek-v4-pro-weekday", "deepseek-v4-pro-2026"],
        ),
    ] {
        let book = book_of(tariff, "m");
        built_in_lists_agree(&book.price_of("m").unwrap(), &lists);
    }
}

/// The built-in lists give the vector's prices at every half hour of their first ten days.
fn built_in_lists_agree(vector: &ModelPrice<'_>, lists: &[&str]) {
    let book = Book::built_in().unwrap();
    for name in lists {
        let list = book.list(name).unwrap();
        let (from, until) = (list.from.unwrap(), list.until.unwrap_or(instant("2026-10-12T00:00:00Z")));
        let instants = (0..480).map(|half| from + Span::from_secs(half * 1800)).filter(|at| *at < until);
        for at in instants {
            assert_eq!(list.quote(at).prices, vector.quote(at).unwrap().prices, "{name} at {at}");
        }
    }
}

#[test]
fn v05_an_interval_over_a_price_edge() {
    let v = vector("V05");
    let book = book_of(text(&v["input"]["tariff"]), "m");
    let (from, to) = (instant(text(&v["input"]["t0"])), instant(text(&v["input"]["t1"])));
    let (ledger, value) = post(book, from, to, classes(&v["input"]["delta"]), Timing::Seen);
    for segment in v["expected"]["segments"].as_array().unwrap() {
        let (.., tokens) = ledger
            .today()
            .tokens()
            .find(|(_, t, _)| ledger.tariff(t.unwrap()).tier.as_str() == text(&segment["tier"]))
            .unwrap();
        assert_eq!(tokens, classes(&segment["tokens"]));
    }
    assert_eq!((value.grains() / Money::GRAINS_PER_FEMTO).to_string(), text(&v["expected"]["revenue_fusd"]));
    assert_eq!(ledger.uncertainty().timing, Money::ZERO);
}

#[test]
fn v06_resets_through_the_fleet() {
    let v = vector("V06");
    let samples = v["input"]["samples"].as_array().unwrap();
    let mut fleet = fleet(vec![member("e", "n", None)], moment(text(&samples[0]["t"])));
    for sample in samples {
        let Some(value) = sample["value"].as_u64() else { continue };
        let start = sample["process_start_time"].as_str().map(instant);
        fleet.apply(answered_dated("e", moment(text(&sample["t"])), page("deepseek-r1", counters(0, 0, value), start)));
    }
    let total: Tokens = fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output).sum();
    assert_eq!(total.count(), v["expected"]["total"].as_u64().unwrap());
    assert_eq!(fleet.snapshot().engines[0].scrape.restarts, 2);
}

#[test]
fn v07_a_gap_over_a_price_edge_keeps_its_bounds() {
    let v = vector("V07");
    let book = book_of(text(&v["input"]["tariff"]), "m");
    let (from, to) = (instant(text(&v["input"]["t0"])), instant(text(&v["input"]["t1"])));
    let (ledger, value) = post(book, from, to, classes(&v["input"]["delta"]), Timing::Estimated);
    assert_eq!(fixed(value, 6), text(&v["expected"]["revenue_usd"]));
    let bound = |nth: usize| text(&v["expected"]["bounds_usd"][nth]).parse::<f64>().unwrap();
    let half = ledger.uncertainty().timing.rounded(6) as f64 / 1e6;
    assert!((half * 2.0 - (bound(1) - bound(0))).abs() < 1e-9, "{half}");
}

#[test]
fn v08_prefill_and_decode_are_counted_once() {
    let v = vector("V08");
    let began = moment("2025-02-20T10:00:00Z");
    let members =
        vec![member("p", "prefill", Some(EngineRole::Prefill)), member("d", "decode", Some(EngineRole::Decode))];
    let mut fleet = fleet(members, began);
    let of = |role: &str| {
        let counted = &v["input"][role];
        let number = |name: &str| counted[name].as_u64().unwrap();
        counters(number("prompt_tokens"), number("cached_tokens"), number("generation_tokens"))
    };
    let later = at(began.wall + Span::from_secs(1));
    for target in ["p", "d"] {
        fleet.apply(answered(target, began, page("deepseek-r1", counters(0, 0, 0), None)));
    }
    fleet.apply(answered("d", later, page("deepseek-r1", of("decode"), None)));
    fleet.apply(answered("p", later, page("deepseek-r1", of("prefill"), None)));
    let snapshot = fleet.snapshot();
    assert_eq!(snapshot.money.revenue.unwrap().to_string(), text(&v["expected"]["revenue_usd"]));
    let billable = classes(&v["expected"]["billable"]);
    assert_eq!(snapshot.tokens.prompt_total, Some(billable.miss + billable.hit));
    assert_eq!(snapshot.tokens.cached_total, Some(billable.hit));
    assert_eq!(snapshot.tokens.output_total, Some(billable.output));
}

#[test]
fn v09_drafts_are_never_billed() {
    let v = vector("V09");
    let number = |name: &str| v["input"][name].as_u64().unwrap();
    let speculation = Speculation {
        drafts: Some(number("num_drafts")),
        drafted: Some(number("num_draft_tokens")),
        accepted: Some(number("num_accepted_tokens")),
    };
    assert_eq!(
        format!("{:.4}", speculation.acceptance().unwrap().get() * 100.0),
        text(&v["expected"]["acceptance_rate_pct"])
    );
    assert_eq!(
        format!("{:.6}", speculation.mean_length().unwrap().get()),
        text(&v["expected"]["mean_accepted_length"])
    );
    let price: Price = text(&v["input"]["price_out"]).parse().unwrap();
    assert_eq!(
        fixed(price.of(Tokens::new(number("generation_tokens_total_delta"))), 6),
        text(&v["expected"]["revenue_usd"])
    );
}

#[test]
fn v19_small_prices_are_not_lost() {
    let v = vector("V19");
    let price = text(&v["input"]["usd_per_mtok"]).parse().unwrap();
    let tiers = BTreeMap::from([("standard".to_owned(), TierFile::new(price, Price::default(), Price::default()))]);
    let mut book = Book::default();
    let lists = vec![ListFile::flat("small".to_owned(), "USD".to_owned(), tiers)];
    let histories = vec![HistoryFile { models: vec!["m".to_owned()], lists: vec!["small".to_owned()] }];
    book.add(PriceFile { lists, histories, ..PriceFile::default() }).unwrap();
    let mut ledger = Ledger::new(book, Timestamp::default());
    let account = ledger.account(&account("m"));
    let tokens = Classes { hit: count(&v["input"]["hit_tokens_each"]), ..Classes::default() };
    for request in 0..v["input"]["requests"].as_i64().unwrap() {
        let (from, to) = (Timestamp::from_millis(request), Timestamp::from_millis(request + 1));
        ledger.post(
            &Posting {
                account,
                from,
                to,
                tokens,
                hits_known: true,
                timing: Timing::Seen,
                source: PostingSource::default(),
            },
            |_| (),
        );
    }
    assert_eq!(fixed(value_of(&ledger), 6), text(&v["expected"]["revenue_usd"]));
    assert_eq!(ledger.earned()[0], value_of(&ledger), "the running sum is the fold");
}

#[test]
fn v20_the_range_lasts() {
    let expected = &vector("V20")["expected"];
    let day = Money::from_micros(562_100_000_000);
    // What 64 bits would hold of it at coarser grains, in days.
    let days = |per_unit: f64| i64::MAX as f64 / per_unit / 562_100.0;
    assert_eq!(format!("{:.6}", days(1e15)), text(&expected["i64_femto_days"]));
    assert_eq!(format!("{:.2}", days(1e15) * 1440.0), text(&expected["i64_femto_minutes"]));
    assert_eq!(format!("{:.4}", days(1e12)), text(&expected["i64_pico_days"]));
    assert_eq!(format!("{:.1}", days(1e6) / 365.0), text(&expected["i64_micro_years"]));
    let femtos = day.grains() / Money::GRAINS_PER_FEMTO;
    assert!(i128::MAX / femtos / 365 >= 10_i128.pow(14));
    // Our grain is nine million times finer.
    assert!(i128::MAX / day.grains() / 365 > 10_000_000);
}

#[test]
fn v23_apportioning_conserves() {
    let v = vector("V23");
    let ms = |value: &Value| Timestamp::from_millis(value.as_i64().unwrap());
    let cuts: Vec<_> = v["input"]["cuts_ms"].as_array().unwrap().iter().map(ms).collect();
    let parts = apportion(count(&v["input"]["delta"]), ms(&v["input"]["t0_ms"]), ms(&v["input"]["t1_ms"]), &cuts);
    let expected: Vec<_> = v["expected"]["segments"].as_array().unwrap().iter().map(count).collect();
    assert_eq!(parts, expected);
}

#[test]
fn v30_an_unpriced_model_is_counted_and_said() {
    let v = vector("V30");
    let began = moment("2025-02-20T10:00:00Z");
    let models = v["input"]["models"].as_object().unwrap();
    let members = models.keys().map(|model| member(model, "n", None)).collect();
    let mut fleet = fleet(members, began);
    for (model, tokens) in models {
        let grown = classes(tokens);
        let whole = counters((grown.miss + grown.hit).count(), grown.hit.count(), grown.output.count());
        fleet.apply(answered(model, began, page(model, counters(0, 0, 0), None)));
        fleet.apply(answered(model, at(began.wall + Span::from_secs(1)), page(model, whole, None)));
    }
    let money = fleet.snapshot().money;
    assert_eq!(fixed(money.revenue.unwrap(), 6), text(&v["expected"]["priced_revenue_usd"]));
    assert_eq!(money.unpriced_tokens, v["expected"]["unpriced_tokens"].as_u64().unwrap());
    assert!(money.lower_bound);
}

#[test]
fn v31_the_first_sample_is_a_baseline_unless_the_engine_was_born_in_the_watch() {
    let v = vector("V31");
    let watch = moment(text(&v["input"]["session_start"]));
    let mut fleet = fleet(vec![member("old", "n", None), member("new", "n", None)], watch);
    fleet.apply(gpus("n", "NVIDIA H100", 1, watch));
    let old = v["input"]["old_series"].as_array().unwrap();
    for (nth, sample) in old.iter().enumerate() {
        let at = at(watch.wall + Span::from_secs(60 * i64::try_from(nth).unwrap()));
        let start = Some(instant(text(&sample[1])));
        fleet.apply(answered_dated("old", at, page("deepseek-r1", counters(0, 0, sample[0].as_u64().unwrap()), start)));
    }
    let output = |fleet: &Fleet| fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum::<u64>();
    assert_eq!(output(&fleet), v["expected"]["old_series_delta"].as_u64().unwrap());
    let new = &v["input"]["new_series_first_sample"];
    let tokens = counters(0, 0, new["value"].as_u64().unwrap());
    fleet.apply(answered_dated(
        "new",
        moment(text(&new["t"])),
        page("deepseek-v3", tokens, Some(instant(text(&new["start_time"])))),
    ));
    let both =
        v["expected"]["old_series_delta"].as_u64().unwrap() + v["expected"]["new_series_delta"].as_u64().unwrap();
    assert_eq!(output(&fleet), both);
}

#[test]
fn v32_nothing_is_extrapolated() {
    let v = vector("V32");
    let began = instant("2025-03-10T10:00:00Z");
    let mut fleet = fleet(vec![member("e", "n", None)], at(began));
    // So many tokens a minute take more than one node.
    fleet.apply(gpus("n", "NVIDIA H100", 32, at(began)));
    for (minute, sample) in (0..).zip(v["input"]["samples"].as_array().unwrap()) {
        let at = at(began + Span::from_secs(60 * minute));
        fleet.apply(answered("e", at, page("deepseek-r1", counters(0, 0, sample.as_u64().unwrap()), None)));
    }
    let total: Tokens = fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output).sum();
    assert_eq!(total.count(), v["expected"]["meter_delta"].as_u64().unwrap());
}

#[test]
fn every_vector_is_tested() {
    let tests =
        [include_str!("vectors.rs"), include_str!("vectors/cost.rs"), include_str!("vectors/prices.rs")].concat();
    let names: Vec<_> = tests.lines().filter_map(|line| line.strip_prefix("fn v")).collect();
    let all = vectors();
    let all = all["vectors"].as_array().unwrap();
    assert_eq!(all.len(), 32);
    for vector in all {
        let number = &text(&vector["id"])[1..3];
        let is_tested = names.iter().any(|name| name.starts_with(number) || name.contains(&format!("_v{number}_")));
        assert!(is_tested, "V{number}");
    }
}
