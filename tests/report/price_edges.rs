//! Prices change at any instant: postings are cut there to the millisecond, in any zone, whatever is merged later, and a
//! rate of exchange holds from its day on.
#![allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)]

use crate::past;
use crate::program;
use crate::support;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::tz::TimeZone;
use margintop::config::load_at;
use margintop::fleet::{Fleet, FleetConfig};
use margintop::ledger::{
    Entry, Grain, Ledger, Past, Posting, PostingSource, RevenueAccount, RevenueAccountId, TariffId, Timing,
};
use margintop::pricing::{Book, PriceFile, PriceQuery, Provenance};
use margintop::reading::{EngineRole, Event, ModelName, NodeName};
use margintop::statement::{Totals, WhatIfChange, reprice, what_if};
use margintop::units::{Span, Timestamp};
use past::{Making, classes, instant};
use program::Program;
use proptest::prelude::*;

/// Zones that are off by quarters of an hour, and zones whose clocks are set by an hour and by half of one.
const ZONES: [&str; 6] =
    ["UTC", "Asia/Kathmandu", "Asia/Kolkata", "Pacific/Chatham", "Australia/Lord_Howe", "Europe/Berlin"];
const DAY: i64 = 86_400;

fn book(prices: &str) -> Book {
    let mut book = Book::built_in().unwrap();
    let file: PriceFile = toml::from_str(prices).unwrap();
    book.add(file).unwrap();
    book
}

/// A list with a window in a zone, and another that replaces it at an instant.
fn two_lists(zone: &str, hours: &str, change: Timestamp) -> Book {
    book(&format!(
        "[[list]]\nname = \"old\"\ncurrency = \"USD\"\nzone = \"{zone}\"\n\
         [list.tiers.standard]\nhit = \"1\"\nmiss = \"2\"\noutput = \"3\"\n\
         [list.tiers.night]\nhit = \"0.1\"\nmiss = \"0.2\"\noutput = \"0.3\"\n\
         [[list.windows]]\ntier = \"night\"\nhours = [\"{hours}\"]\n\
         [[list]]\nname = \"new\"\ncurrency = \"USD\"\nfrom = \"{change}\"\n\
         [list.tiers.standard]\nhit = \"4\"\nmiss = \"5\"\noutput = \"6\"\n\
         [[history]]\nmodels = [\"m\"]\nlists = [\"old\", \"new\"]\n"
    ))
}

fn ledger(book: &Book) -> (Ledger, RevenueAccountId) {
    let mut ledger = Ledger::new(book.clone(), Timestamp::default()).following(Span::from_millis(i64::MAX));
    let account = RevenueAccount {
        node: NodeName::new("n"),
        unit: None,
        model: Some(ModelName::new("m")),
        role: EngineRole::Unified,
        tenant: None,
        costed: true,
    };
    let account = ledger.account(&account);
    (ledger, account)
}

/// A token a millisecond in an interval.
fn post(ledger: &mut Ledger, account: RevenueAccountId, from: Timestamp, to: Timestamp) -> Vec<Entry> {
    let tokens = classes(0, 0, (to - from).millis() as u64);
    let mut entries = Vec::new();
    let posting =
        Posting { account, from, to, tokens, hits_known: true, timing: Timing::Seen, source: PostingSource::default() };
    ledger.post(&posting, |entry| entries.push(entry));
    entries
}

/// Entries merged as the store merges them: by bucket and tariff.
fn merged(ledger: &Ledger, entries: &[Entry], millis: i64, grain: Grain) -> Past {
    let first = entries.iter().map(|entry| entry.minute).min().unwrap();
    let last = entries.iter().map(|entry| entry.minute).max().unwrap();
    let mut making = Making::default();
    making.account("n", None, "m", EngineRole::Unified);
    making.0.tariffs = ledger.tariffs().to_vec();
    let begin = |at: Timestamp| Timestamp::from_millis(at.millis() - at.millis().rem_euclid(millis));
    (making.0.since, making.0.until) = (begin(first), begin(last) + Span::from_millis(millis));
    making.0.began = first;
    making.0.grains = vec![(making.0.since, grain)];
    let mut cells: BTreeMap<(Timestamp, Option<u32>), u64> = BTreeMap::new();
    for entry in entries {
        let tariff = entry.tariff.map(|tariff| u32::try_from(tariff.index()).unwrap());
        *cells.entry((begin(entry.minute), tariff)).or_default() += entry.tokens.output.count();
    }
    for ((bucket, tariff), output) in cells {
        making.tokens(bucket, RevenueAccountId::at(0), tariff.map(TariffId::at), classes(0, 0, output));
    }
    making.0
}

/// What holds at an instant by the windows' meaning, without the program's own arithmetic.
fn holding(
    zone: &TimeZone,
    (start, end): (i64, i64),
    change: Timestamp,
    at: Timestamp,
) -> (&'static str, &'static str) {
    if at >= change {
        return ("new", "standard");
    }
    let local = zone.to_datetime(jiff::Timestamp::from_millisecond(at.millis()).unwrap()).time();
    let seconds = i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second());
    let time = seconds * 1000 + i64::from(local.millisecond());
    let night = if start < end { start <= time && time < end } else { time >= start || time < end };
    ("old", if night { "night" } else { "standard" })
}

fn clock(millis: i64) -> String {
    let (seconds, rest) = (millis / 1000, millis % 1000);
    format!("{:02}:{:02}:{:02}.{rest:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Class: an edge between two minutes, in a zone that is off by a quarter of an hour, on a day on which clocks are set.
    #[test]
    fn postings_are_cut_to_the_millisecond(
        zone in 0_usize..ZONES.len(),
        start in 0_i64..DAY * 1000,
        length in 1_i64..DAY * 1000,
        day in 0_i64..400,
        before in 1_i64..40_000,
        after in 1_i64..40_000,
        change in -30_000_i64..30_000,
        at_end in any::<bool>(),
    ) {
        let (zone, end) = (ZONES[zone], (start + length) % (DAY * 1000));
        let tz = TimeZone::get(zone).unwrap();
        let edge = if at_end { end } else { start };
        let midnight = instant("2026-01-01T00:00:00Z") + Span::from_secs(day * DAY);
        // About where the clocks of the zone show the edge.
        let offset = i64::from(tz.to_offset(jiff::Timestamp::from_millisecond(midnight.millis()).unwrap()).seconds());
        let middle = midnight + Span::from_millis(edge - offset * 1000);
        let change = middle + Span::from_millis(change);
        let book = two_lists(zone, &format!("{}-{}", clock(start), clock(end)), change);
        let (mut ledger, account) = ledger(&book);
        let (from, to) = (middle - Span::from_millis(before), middle + Span::from_millis(after));
        // Something earlier, so that a tariff stands already.
        post(&mut ledger, account, from - Span::from_secs(5), from);
        let entries = post(&mut ledger, account, from, to);
        let mut expected: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for millis in from.millis()..to.millis() {
            *expected.entry(holding(&tz, (start, end), change, Timestamp::from_millis(millis))).or_default() += 1;
        }
        let mut posted: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for entry in &entries {
            let tariff = ledger.tariff(entry.tariff.unwrap());
            *posted.entry((tariff.list.as_str(), tariff.tier.as_str())).or_default() += entry.tokens.output.count();
        }
        prop_assert_eq!(&posted, &expected);

        // Buckets that are merged later join no two prices, and the same book or list changes nothing.
        for (millis, grain) in [(60_000, Grain::Minute), (900_000, Grain::Quarter), (DAY * 1000, Grain::Day)] {
            let past = merged(&ledger, &entries, millis, grain);
            let before = Totals::of(&past);
            let worth = entries.iter().map(|entry| ledger.tariff(entry.tariff.unwrap()).value(entry.tokens)).sum();
            prop_assert_eq!(before.revenue, worth);
            prop_assert_eq!(Totals::of(&reprice(&past, &book)), before, "{:?}", grain);
            if expected.keys().all(|(list, _)| *list == "old") {
                let list = WhatIfChange { list: book.list("old"), ..WhatIfChange::default() };
                let printed = what_if(&past, &list).unwrap();
                prop_assert_eq!(printed.after, printed.before, "{:?}", grain);
            }
        }
    }
}

/// Class: a window that stays closed for longer than a week, as over the Chinese New Year with the weekends beside it.
#[test]
fn a_window_opens_again_after_long_holidays() {
    let book = book(
        "[holidays]\nlong = [\"2026-02-15..2026-03-20\"]\n\
         [[list]]\nname = \"old\"\ncurrency = \"USD\"\nzone = \"Asia/Shanghai\"\nholidays = \"long\"\ndefault = \"offpeak\"\n\
         [list.tiers.offpeak]\nhit = \"1\"\nmiss = \"1\"\noutput = \"1\"\n\
         [list.tiers.peak]\nhit = \"2\"\nmiss = \"2\"\noutput = \"2\"\n\
         [[list.windows]]\ntier = \"peak\"\nhours = [\"09:00-12:00\"]\nweekdays = [1, 2, 3, 4, 5]\nexcept_holidays = true\n\
         [[list]]\nname = \"late\"\ncurrency = \"USD\"\nfrom = \"2027-01-01T00:00:00Z\"\n\
         [list.tiers.standard]\nhit = \"9\"\nmiss = \"9\"\noutput = \"9\"\n\
         [[history]]\nmodels = [\"m\"]\nlists = [\"old\", \"late\"]\n",
    );
    let (mut ledger, account) = ledger(&book);
    let from = instant("2026-02-13T10:00:00Z");
    let mut peak = 0;
    for minute in 0..50 * 24 * 60 {
        let at = from + Span::from_secs(minute * 60);
        for entry in post(&mut ledger, account, at, at + Span::from_secs(60)) {
            let is_peak = ledger.tariff(entry.tariff.unwrap()).tier.as_str() == "peak";
            peak += if is_peak { entry.tokens.output.count() } else { 0 };
        }
    }
    // The fifteenth is a Sunday; from 23 March to 3 April there are ten working days, and 4 April is a Saturday.
    assert_eq!(peak, 10 * 3 * 3_600_000);
    let price = book.price_of("m").unwrap();
    assert_eq!(price.next_price_change(from), Some(instant("2026-03-23T01:00:00Z")));
}

/// Class: what is said to change, and does not.
#[test]
fn only_what_changes_a_price_is_a_change() {
    let flat = |name: &str, from: &str, output: &str| {
        format!(
            "[[list]]\nname = \"{name}\"\ncurrency = \"USD\"\nfrom = \"{from}\"\n\
             [list.tiers.standard]\nhit = \"1\"\nmiss = \"1\"\noutput = \"{output}\"\n"
        )
    };
    let lists = flat("a", "2027-01-01T00:00:00Z", "1")
        + &flat("b", "2027-02-01T00:00:00Z", "1.0")
        + &flat("c", "2027-03-01T00:00:00Z", "2")
        + "[[history]]\nmodels = [\"m\"]\nlists = [\"a\", \"b\", \"c\"]\n";
    let book = book(&lists);
    let at = instant("2026-11-27T00:00:00Z");
    let answer = book.look_up(PriceQuery { model: "M", tenant: None, tier: None, at }).unwrap();
    assert_eq!((answer.quote.list.name.as_str(), answer.provenance), ("a", Provenance::Configured));
    assert_eq!(answer.begins, Some(instant("2027-01-01T00:00:00Z")), "it is not in force yet");
    assert_eq!(answer.until, Some(instant("2027-03-01T00:00:00Z")), "the first price that differs");
    let price = book.price_of("m").unwrap();
    assert_eq!(price.next_change(at), Some(instant("2027-02-01T00:00:00Z")), "the first list that differs");
    let late = PriceQuery { model: "m", tenant: None, tier: Some("standard"), at: instant("2027-04-01T00:00:00Z") };
    let late_answer = book.look_up(late).unwrap();
    assert_eq!((late_answer.begins, late_answer.until), (None, None));
    assert!(book.look_up(PriceQuery { tier: Some("batch"), ..late }).is_none(), "no such tier");
    let built_in = book.look_up(PriceQuery { model: "deepseek-r1", ..late }).unwrap();
    assert_eq!((built_in.provenance, built_in.ended), (Provenance::BuiltIn, Some(instant("2025-09-05T16:00:00Z"))));
}

/// A window that is finer than the ledger counts is refused; the beginning of a list is taken to the millisecond.
#[test]
fn a_window_finer_than_a_millisecond_is_refused() {
    let list = |from: &str, hours: &str| {
        format!(
            "[[list]]\nname = \"a\"\ncurrency = \"USD\"\n{from}[list.tiers.standard]\nhit = \"1\"\nmiss = \"1\"\n\
             output = \"1\"\n[[list.windows]]\ntier = \"standard\"\nhours = [\"{hours}\"]\n"
        )
    };
    let why = |prices: &str| {
        let file: PriceFile = toml::from_str(prices).unwrap();
        Book::default().add(file).map_err(|error| error.to_string())
    };
    assert_eq!(why(&list("from = \"2026-01-01T00:00:00.001Z\"\n", "09:00:00.001-10:00")), Ok(()));
    assert_eq!(why(&list("from = \"2026-01-01T00:00:00.0001Z\"\n", "09:00-10:00")), Ok(()));
    assert!(why(&list("", "09:00:00.0001-10:00")).unwrap_err().contains("write them like"));
}

const NOW: &str = "2026-11-27T12:00:00Z";

fn fx(rate: &str, at: &str) -> String {
    format!("[[fx]]\nfrom = \"EUR\"\nto = \"USD\"\nrate = \"{rate}\"\nat = \"{at}\"\n")
}

const LEASE: &str = "[[lease]]\ngpu = \"H100\"\nrate = \"2\"\ncurrency = \"EUR\"\n";
const PRICE: &str = "[[price]]\nmodel = \"m\"\nhit = \"1\"\nmiss = \"2\"\noutput = \"3\"\ncurrency = \"EUR\"\n";

fn load(config: &str) -> Result<margintop::config::Settings, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let path: &Path = file.path();
    load_at(Some(path), instant(NOW)).map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// Class: a rate of exchange that is used before its day.
#[test]
fn a_rate_of_exchange_of_next_year_is_not_used_today() {
    for table in [LEASE, PRICE] {
        let why = load(&(fx("1.20", "2027-01-01") + table)).unwrap_err();
        for word in ["no rate to USD holds today", "the first is of 2027-01-01", "at = \"2026-11-27\""] {
            assert!(why.contains(word), "{why}");
        }
        assert!(load(&(fx("1.20", "2027-01-01") + &fx("1.10", "2026-11-01") + table)).is_ok());
    }
    let dollars = "currency = \"EUR\"\n".to_owned() + &fx("1.25", "2027-01-01");
    assert_eq!(load(&dollars).unwrap().book.gpu_rate("NVIDIA H100"), None, "an assumption in dollars");
    let compare = ["price", "--list", "deepseek-v3.2", "--input", "1e6", "--compare", "--json", "--at", "2026-11-22"];
    for (at, known) in [("2026-11-22", true), ("2026-11-23", false)] {
        let fx = format!("[[fx]]\nfrom = \"USD\"\nto = \"CNY\"\nrate = \"7\"\nat = \"{at}\"\n");
        let rows = Program::new(compare).config(&fx).run().good()["compare"].as_array().unwrap().clone();
        let row = rows.iter().find(|row| row["list"] == "deepseek-v3.2-cny").unwrap();
        assert_eq!(row["times_first"].is_number(), known, "{row}");
    }
}

#[test]
fn a_lease_and_prices_follow_the_rates_of_exchange_day_by_day() {
    let rates = fx("1.10", "2026-11-01") + &fx("1.20", "2027-01-01");
    let settings = load(&(rates.clone() + LEASE + PRICE)).unwrap();
    let printed: Vec<_> =
        settings.leases.iter().map(|lease| (lease.rate.to_string(), lease.from, lease.until)).collect();
    let (november, january) = (instant("2026-11-01T00:00:00Z"), instant("2027-01-01T00:00:00Z"));
    assert_eq!(printed, [("2.20".to_owned(), Some(november), Some(january)), ("2.40".to_owned(), Some(january), None)]);
    assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
    let price = settings.book.price_of("m").unwrap();
    let output = |at: &str| price.quote(instant(at)).unwrap().prices.output.to_string();
    assert_eq!((output(NOW).as_str(), output("2027-01-01T00:00:00Z").as_str()), ("3.30", "3.60"));
    assert_eq!(price.next_change(instant(NOW)), Some(january));
    let before = november - Span::from_millis(1);
    assert_eq!((price.quote(before), price.next_change(before)), (None, Some(november)), "it has not begun");
    let again = Book::from_canonical(&settings.book.canonical()).unwrap();
    assert_eq!(again.price_of("m").unwrap().edges(before, january + Span::from_secs(1)), [november, january]);
    assert_eq!(settings.lease_tables, [0, 0]);
    let second = "[[lease]]\nnode = \"n\"\ngpus = 8\nrate = \"3\"\n";
    let far = fx("1.10", "2020-11-01") + &fx("1.20", "2099-01-01");
    let checked = Program::new(["config", "check"]).config(&(far + LEASE + second)).run();
    for line in [
        "lease 1 from 2020-11-01T00:00:00Z: gpu H100: 2.20",
        "lease 1 from 2099-01-01T00:00:00Z: gpu H100: 2.40",
        "lease 2: node n: 8 GPUs",
    ] {
        assert!(checked.out.contains(line), "{line}\n{}{}", checked.out, checked.err);
    }
    // A lease whose time is rounded is one whole.
    let why = load(&(rates + LEASE + "rounding = \"hour\"\n")).unwrap_err();
    assert!(why.contains("2 rates of exchange") && why.contains("rounding = \"exact\""), "{why}");
    let ended = load(&(fx("1.10", "2026-11-01") + LEASE + "until = \"2026-10-01T00:00:00Z\"\n")).unwrap_err();
    assert!(ended.contains("ends before the first rate of exchange"), "{ended}");
}

/// Class: an assumed rate that is said in another currency, and the rate of exchange of the program's start for ever.
#[test]
fn an_assumed_rate_follows_the_rates_of_exchange_while_margintop_runs() {
    let fx = |rate: &str, at: &str| format!("[[fx]]\nfrom = \"USD\"\nto = \"CNY\"\nrate = \"{rate}\"\nat = \"{at}\"\n");
    let settings = load(&format!("currency = \"CNY\"\n{}{}", fx("7", "2026-11-01"), fx("8", "2026-11-28"))).unwrap();
    let dollars = Book::built_in().unwrap().gpu_rate_at("NVIDIA H100", instant(NOW)).unwrap().rate.micros();
    let midnight = instant("2026-11-28T00:00:00Z");
    let moment = |second: i64| support::at(midnight + Span::from_secs(second));
    let mut fleet = Fleet::new(FleetConfig::local("box"), settings.book, moment(-60));
    for second in -60..=60 {
        fleet.apply(support::gpus("box", "NVIDIA H100", 8, moment(second)));
        fleet.apply(Event::Tick(moment(second)));
    }
    let (mut allocated, accounts) = (BTreeMap::new(), fleet.ledger().cost_accounts());
    for (minute, sums) in fleet.ledger().minutes() {
        for (account, time) in sums.gpu_times() {
            let rate = accounts[account.index()].rate.unwrap().micros();
            *allocated.entry((minute < midnight, rate)).or_insert(0) += time.allocated.millis();
        }
    }
    let day = 8 * 60_000;
    assert_eq!(allocated, BTreeMap::from([((true, dollars * 7), day), ((false, dollars * 8), day)]));
}
