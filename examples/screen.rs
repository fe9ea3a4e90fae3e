//! The dashboard over scripted snapshots: for looking at it, and for the tests that drive it through a pty.
//!
//! `screen [one-box|fleet|CASE] [--still] [--panic]`
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, clippy::print_stderr)]

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::sync::Arc;
use std::time::Duration;

use margintop::tui::ledger_query::{LedgerQuery, LedgerResult, WhatIfPage};
use margintop::tui::{Exit, LedgerQueries, Options, run};
use samples::pages::{Page, book, money_page, today};
use samples::{Case, case, empty, fleet, one_box};

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let name = arguments.first().cloned().unwrap_or_default();
    let (still, panics) = (has("--still"), has("--panic"));
    let (sender, receiver) = tokio::sync::watch::channel(Arc::new(empty()));
    std::thread::spawn(move || {
        for beat in 0.. {
            let snapshot = match Case::ALL.into_iter().find(|c| c.name() == name) {
                _ if still => one_box(8, 0),
                None | Some(Case::OneBox) => one_box(8, beat),
                Some(Case::Fleet) => fleet(beat),
                Some(other) => case(other),
            };
            sender.send(Arc::new(snapshot)).ok();
            assert!(!panics || beat < 1, "asked to");
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    let theme = std::env::var("MARGINTOP_THEME").ok();
    match run(receiver, Options { theme, past: Some(past()), ..Options::default() }) {
        Ok(Exit::Signal(signal)) => std::process::ExitCode::from(128 + u8::try_from(signal).unwrap_or(0)),
        Ok(_) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("margintop: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// A ledger that remembers a fleet's day, and takes a moment to.
fn past() -> LedgerQueries {
    LedgerQueries::new(|question, reply| {
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            reply(match question {
                LedgerQuery::Money(asked) => LedgerResult::Money(Ok(Arc::new(money_page(Page::Fleet, asked)))),
                LedgerQuery::Day(begin) => LedgerResult::Day(begin, Ok(Vec::new())),
                LedgerQuery::AtLists(..) => LedgerResult::AtLists(Ok(Vec::new())),
                LedgerQuery::WhatIf(asked) => {
                    let today = today(Page::Fleet, asked.at);
                    LedgerResult::WhatIf(Ok(Arc::new(WhatIfPage::of(&asked, &today, &book()))))
                }
            });
        });
    })
}
