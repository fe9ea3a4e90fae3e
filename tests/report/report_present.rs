//! What the screen says of the end of a ledger, a report says too: what is withheld, and work that is not finished.

use crate::program;
use crate::support;

use std::path::Path;
use std::time::Duration;

use margintop::clock::{Clock, ScriptedClock};
use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::pricing::{Bill, Book};
use margintop::reading::{Event, Finished, PageReading};
use margintop::snapshot::MoneyView;
use margintop::store::LedgerEvent;
use margintop::units::{Moment, Span, Tokens};
use program::Program;
use serde_json::Value;
use support::{answered, at, counters, instant, ledger_settings, member, open_store, page};

fn after(seconds: i64) -> Moment {
    at(instant("2025-02-20T10:00:00Z") + Span::from_secs(seconds))
}

/// A page of an engine that counts its finished requests apart.
fn working(prompt: u64, output: u64, finished: [u64; 2]) -> PageReading {
    let start = after(-3_600).wall;
    let mut page = page("deepseek-r1", counters(prompt, prompt / 2, output), Some(start));
    let [prompt, output] = finished.map(|count| Some(Tokens::new(count)));
    page.engines[0].finished = Finished { prompt, output, ..Finished::default() };
    page
}

/// A ledger that is kept over these pages, one every 100 seconds, and the screen's money at its end.
fn keep(path: &Path, bill: Bill, pages: &[PageReading]) -> MoneyView {
    let clock = ScriptedClock::at(after(0).wall);
    let (store, news) = open_store(ledger_settings(Some(path), Clock::Scripted(clock)));
    let LedgerEvent::Opened { .. } = news.recv().unwrap() else { panic!("it is not ours") };
    let config = FleetConfig { bill, targets: vec![member("http://e:8000", "n", None)], ..FleetConfig::local("box") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), after(0));
    fleet.restore(SavedState::default(), Span::ZERO);
    if pages.is_empty() {
        (0..3).for_each(|minute| fleet.apply(Event::Tick(after(60 * minute))));
    }
    for (nth, page) in (0..).zip(pages) {
        fleet.apply(answered("http://e:8000", after(100 * nth), page.clone()));
    }
    store.commit(fleet.take_changes().unwrap());
    store.close(Duration::from_secs(5));
    fleet.snapshot().money
}

fn report(path: &Path, bill: &str, arguments: &[&str]) -> program::Ran {
    let all: Vec<_> = ["report"].iter().chain(arguments).copied().collect();
    Program::new(&all).env("MARGINTOP_LEDGER", path).config(&format!("bill = \"{bill}\"\n")).run()
}

#[test]
fn leakage_is_that_of_the_screen() {
    let pages = [working(0, 0, [0, 0]), working(8_000, 4_000, [7_000, 3_000])];
    for (bill, name, said) in [
        (Bill::All, "all", "engine value: unfinished and aborted work included"),
        (Bill::Finished, "finished", "finished requests only: unfinished and aborted work left out"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ledger.db");
        let screen = keep(&path, bill, &pages).leakage.unwrap();
        let printed = report(&path, name, &["--json"]).good();
        let leakage = &printed["leakage"];
        assert_eq!(
            (printed["bill"].as_str(), leakage["prompt_tokens"].as_i64()),
            (Some(name), Some(screen.prompt_tokens))
        );
        assert_eq!(leakage["output_tokens"].as_i64(), Some(screen.output_tokens));
        assert_eq!(leakage["amount"], screen.amount.unwrap().round_to(6).to_string(), "{name}");
        let text = report(&path, name, &[]).out;
        assert!(text.contains(said), "{name}: {text}");
    }
}

/// Class: tokens that may still be posted, and a total that does not say so.
#[test]
fn what_is_withheld_makes_a_lower_bound() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    // The last page has fallen: a dip or a reset is not known yet.
    let pages = [working(0, 0, [0, 0]), working(8_000, 4_000, [8_000, 4_000]), working(10, 5, [10, 5])];
    assert!(keep(&path, Bill::All, &pages).lower_bound);
    let printed = report(&path, "all", &["--json"]).good();
    assert_eq!((&printed["quarantined_targets"], &printed["lower_bound"]), (&1.into(), &true.into()));
    let text = report(&path, "all", &[]).out;
    assert!(text.contains("quarantined") && text.contains("at least"), "{text}");
    // What was before is not touched by it.
    let before = report(&path, "all", &["--json", "--until", "2025-02-20T10:01:00Z"]).good();
    assert_eq!(before["quarantined_targets"], Value::from(0));
}

/// Class: tokens without a price, and no word of the rate of exchange that would give them one.
#[test]
fn what_is_before_the_first_rate_of_exchange_is_named_with_what_to_write() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    keep(&path, Bill::All, &[working(0, 0, [0, 0]), working(8_000, 4_000, [8_000, 4_000])]);
    // Posted without a price: this book has none for it.
    let open = rusqlite::Connection::open(&path).unwrap();
    for grain in ["minute", "quarter", "day"] {
        open.execute(&format!("UPDATE {grain}_tokens SET tariff = -1"), []).unwrap();
    }
    drop(open);
    let fx = |day: &str| format!("[[fx]]\nfrom = \"EUR\"\nto = \"USD\"\nrate = \"1.1\"\nat = \"{day}\"\n");
    let price = "timezone = \"America/New_York\"\n[[price]]\nmodel = \"*\"\nhit = \"1\"\nmiss = \"1\"\noutput = \"1\"\ncurrency = \"EUR\"\n";
    let report = |days: &[&str], more: &[&str]| {
        let config: String = price.to_owned() + &days.iter().map(|day| fx(day)).collect::<String>();
        Program::new(["report"].iter().chain(more)).env("MARGINTOP_LEDGER", &path).config(&config).run()
    };
    let late = "2025-03-01";
    for more in [&["--by", "day"][..], &["--by", "model"], &["--reprice"]] {
        let printed = report(&[late], more);
        assert_eq!(printed.code, Some(0), "{}", printed.err);
        // The ledger is of 10:00 UTC, when it is the same day in New York.
        let write = "[[fx]] from = \"EUR\" to = \"USD\" rate = \"…\" at = \"2025-02-20\"";
        assert!(printed.out.contains("before the first rate of exchange from EUR"), "{more:?}: {}", printed.out);
        assert!(printed.out.contains(write), "{more:?}: {}", printed.out);
    }
    let printed = report(&[late], &["--json", "--reprice"]).good();
    assert_eq!(
        (&printed["unconverted"][0]["currency"], printed["unconverted"].as_array().unwrap().len()),
        (&"EUR".into(), 1)
    );
    assert_eq!(printed["unconverted"][0]["tokens"], Value::from(12_000));
    assert_eq!(printed["unpriced"][0]["tokens"], Value::from(12_000));
    let unpriced = Program::new(["report"]).env("MARGINTOP_LEDGER", &path).run();
    assert!(unpriced.out.contains(" 12,000 tokens without a price: write a [[price]]"), "{}", unpriced.out);
    // With that it has a price.
    let printed = report(&[late, "2025-02-20"], &["--json", "--reprice"]).good();
    assert_eq!((&printed["unconverted"], &printed["total"]["revenue"]), (&Value::Array(Vec::new()), &"0.0132".into()));
}

/// A page of a process that does not say when it started.
fn silent(prompt: u64, output: u64) -> PageReading {
    page("deepseek-r1", counters(prompt, 0, output), None)
}

/// Class: what may be taken back or may be of before the watch is marked on the screen, and not in a report.
#[test]
fn what_may_be_taken_back_makes_an_upper_bound() {
    let start = Some(after(-3_600).wall);
    let idle = |prompt, output| page("deepseek-r1", counters(prompt, 0, output), start);
    let one_more = |pages: &[PageReading]| [pages, &[silent(9_000, 4_700)]].concat();
    let grown = vec![silent(9_000, 4_000), silent(9_500, 4_300), silent(9_600, 4_400)];
    let reset = [&grown[..], &[10, 110, 210, 310, 410].map(|n| silent(n, n))].concat();
    for (case, pages, on_trial, words) in [
        ("alone", grown.clone(), false, &[][..]),
        ("a reset", reset.clone(), true, &["on trial", "an upper bound"]),
        ("two processes", one_more(&reset), true, &["on trial", "an upper bound"]),
        (
            "at once",
            vec![idle(0, 0), idle(0, 0), idle(0, 0), idle(90_000, 20_000)],
            false,
            &["older than this run", "an upper bound"],
        ),
    ] {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ledger.db");
        let screen = keep(&path, Bill::All, &pages);
        assert_eq!(screen.on_trial, on_trial, "{case}");
        assert_eq!(screen.upper_bound, !words.is_empty(), "{case}");
        let printed = report(&path, "all", &["--json"]).good();
        let printed = ["on_trial", "upper_bound", "lower_bound"].map(|key| printed[key].as_bool());
        assert_eq!(printed, [screen.on_trial, screen.upper_bound, screen.lower_bound].map(Some), "{case}");
        let text = report(&path, "all", &[]).out;
        assert!(words.iter().all(|word| text.contains(word)), "{case}: {text}");
        assert!(!words.is_empty() || !text.contains("upper bound"), "{case}: {text}");
        let csv = report(&path, "all", &["--csv"]).out;
        let total = format!(",{},{},", screen.lower_bound, screen.upper_bound);
        assert!(csv.lines().next().unwrap().ends_with(",lower_bound,upper_bound,lists,rates"), "{csv}");
        assert!(csv.lines().last().unwrap().contains(&total), "{case}: {csv}");
        // What was before cannot be taken back.
        let begin =
            report(&path, "all", &["--json", "--until", "2025-02-20T09:59:00Z", "--since", "2025-02-20T09:00:00Z"]);
        assert_eq!(begin.good()["upper_bound"], Value::from(false), "{case}");
    }
}

/// Class: a counter that is billed is not on the page, so that the screen has a lower bound, and the report has none.
#[test]
fn a_counter_that_is_missing_makes_a_lower_bound() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    let mut pages =
        [working(0, 0, [0, 0]), working(8_000, 4_000, [8_000, 4_000]), working(9_000, 5_000, [9_000, 5_000])];
    pages[2].engines[0].tokens.output = None;
    pages[2].engines[0].refused = [false, true];
    let screen = keep(&path, Bill::All, &pages);
    assert!(screen.lower_bound && screen.lost_windows == 0);
    let printed = report(&path, "all", &["--json"]).good();
    assert_eq!(printed["lower_bound"], Value::from(true));
    assert!(report(&path, "all", &[]).out.contains("does not have the value of a counter"));
}

/// Class: where no engine was ever counted a report has a revenue of 0, which is unknown.
#[test]
fn revenue_is_unknown_where_nothing_with_a_price_was_seen() {
    for (case, pages, revenue) in [
        ("no engine", vec![], None),
        ("no price", vec![page("a-fine-tune", counters(0, 0, 0), None)], None),
        ("idle", vec![working(0, 0, [0, 0]), working(0, 0, [0, 0])], Some("0.00")),
        ("at work", vec![working(0, 0, [0, 0]), working(1_000_000, 0, [1_000_000, 0])], Some("0.345")),
    ] {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ledger.db");
        let screen = keep(&path, Bill::All, &pages).revenue.map(|revenue| revenue.round_to(6).to_string());
        assert_eq!(screen.as_deref(), revenue, "{case}");
        for by in ["model", "hour", "node", "unit"] {
            let printed = report(&path, "all", &["--json", "--by", by]).good();
            assert_eq!(printed["total"]["revenue"].as_str(), revenue, "{case}, by {by}");
            assert!(revenue.is_some() || printed["total"]["profit"].is_null(), "{case}, by {by}");
        }
    }
}
