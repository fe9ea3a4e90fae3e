//! What an engine that does not answer earns an hour: as unknown as its tokens a second, and nothing when it is lost.

use crate::rate_truth;

use margintop::reading::Event;
use margintop::units::{Money, Span};
use rate_truth::{both, poll, refused, rows, second, started};

const URLS: [&str; 2] = ["http://one:8000", "http://two:8000"];

/// Class: the rate of a stale engine is a part of what it was, or is shown as zero, although nothing of its span is known.
#[test]
fn money_an_hour_is_unknown_while_nothing_is_heard_of_all_engines() {
    for mut fleet in both(&URLS[..1]) {
        for nth in 0..100 {
            let output = u64::try_from(nth * 100).unwrap();
            poll(&mut fleet, URLS[0], nth, rows(&[("0", "m", output)], started(999)));
        }
        let before = fleet.snapshot().money.revenue_per_hour.unwrap();
        for nth in 0..120 {
            fleet.apply(refused(URLS[0], 100 + nth));
            fleet.apply(Event::Tick(second(100 + nth) + Span::from_millis(20)));
            let snapshot = fleet.snapshot();
            let (has_tokens, money) = (snapshot.tokens.output_per_second.is_some(), snapshot.money.revenue_per_hour);
            let is_right = match nth {
                0..=1 => has_tokens && money == Some(before),
                // Live for three intervals, stale until it is lost after 30 s. A mean would fall as the silence goes on.
                3..=27 => !has_tokens && money.is_none(),
                28.. => money.is_none_or(Money::is_zero),
                _ => true,
            };
            assert!(is_right, "poll {nth} without an answer: {has_tokens}, {money:?}");
        }
    }
}

/// One that answers is not hidden by one that does not.
#[test]
fn an_engine_that_answers_earns_beside_a_stale_one() {
    for mut fleet in both(&URLS) {
        for nth in 0..30 {
            let output = u64::try_from(nth * 100).unwrap();
            poll(&mut fleet, URLS[0], nth, rows(&[("0", "m", output)], started(999)));
            let snapshot = if nth < 20 {
                poll(&mut fleet, URLS[1], nth, rows(&[("0", "m", output)], started(777)))
            } else {
                fleet.apply(refused(URLS[1], nth));
                fleet.snapshot()
            };
            assert!(nth < 2 || snapshot.money.revenue_per_hour.is_some(), "poll {nth}");
        }
    }
}
