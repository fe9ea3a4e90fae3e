//! The laws of money as properties: splits, orders, restarts and zones change no token.
#![allow(clippy::cast_possible_wrap, clippy::needless_for_each)]

use crate::support;

use margintop::fleet::{Fleet, FleetConfig};
use margintop::ledger::{Classes, Ledger, Posting, PostingSource, RevenueAccount, Timing, apportion};
use margintop::pricing::Book;
use margintop::reading::{EngineRole, Event, ModelName, NodeName};
use margintop::units::{Money, Span, Timestamp, Tokens};
use proptest::prelude::*;
use support::{answered, answered_dated, at, counters, fleet, instant, member, page};

const MODEL: &str = "deepseek-r1";

/// Instants around which the list of 2025 has edges: 00:30 and 16:30 UTC.
fn around_an_edge() -> impl Strategy<Value = Timestamp> {
    (0_i64..3, -7200_i64..7200)
        .prop_map(|(day, seconds)| instant("2025-03-10T16:30:00Z") + Span::from_secs(day * 86_400 + seconds))
}

fn classes() -> impl Strategy<Value = Classes> {
    (0_u64..2_000_000, 0_u64..2_000_000, 0_u64..2_000_000).prop_map(|(miss, hit, output)| Classes {
        miss: Tokens::new(miss),
        hit: Tokens::new(hit),
        output: Tokens::new(output),
    })
}

fn ledger() -> (Ledger, margintop::ledger::RevenueAccountId) {
    let forever = Span::from_millis(i64::MAX);
    let mut ledger = Ledger::new(Book::built_in().unwrap(), Timestamp::default()).following(forever);
    let account = RevenueAccount {
        node: NodeName::new("n"),
        unit: None,
        model: Some(ModelName::new(MODEL)),
        role: EngineRole::Unified,
        tenant: None,
        costed: true,
    };
    let id = ledger.account(&account);
    (ledger, id)
}

fn post(
    ledger: &mut Ledger,
    account: margintop::ledger::RevenueAccountId,
    from: Timestamp,
    to: Timestamp,
    tokens: Classes,
) {
    ledger.post(
        &Posting {
            account,
            from,
            to,
            tokens,
            hits_known: true,
            timing: Timing::Estimated,
            source: PostingSource::default(),
        },
        |_| (),
    );
}

fn tokens_of(ledger: &Ledger) -> Classes {
    let mut total = Classes::default();
    ledger.today().tokens().for_each(|(.., tokens)| total += tokens);
    total
}

/// What all minutes hold, folded at their tariffs.
fn refold(ledger: &Ledger) -> Money {
    let entries = ledger.minutes().flat_map(|(_, sums)| sums.tokens());
    entries.map(|(_, tariff, tokens)| ledger.tariff(tariff.unwrap()).value(tokens)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn parts_add_up_to_the_delta(delta: u32, from in 0_i64..1_000_000, span in 0_i64..10_000_000, cuts in proptest::collection::vec(0_i64..10_000_000, 0..20)) {
        let (from, to) = (Timestamp::from_millis(from), Timestamp::from_millis(from + span));
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| from + Span::from_millis(cut)).filter(|cut| *cut > from && *cut < to).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let parts = apportion(Tokens::new(delta.into()), from, to, &cuts);
        prop_assert_eq!(parts.len(), cuts.len() + 1);
        prop_assert_eq!(parts.into_iter().sum::<Tokens>().count(), u64::from(delta));
    }

    #[test]
    fn a_split_delta_is_the_same_tokens_and_lies_inside_the_bounds(from in around_an_edge(), span in 1_i64..7_200_000, cut in 0.0_f64..1.0, whole in classes()) {
        let to = from + Span::from_millis(span);
        let (mut at_once, account) = ledger();
        post(&mut at_once, account, from, to, whole);
        let (mut in_parts, account) = ledger();
        let middle = from + Span::from_millis((span as f64 * cut) as i64);
        let part = |tokens: Tokens| Tokens::new((tokens.count() as f64 * cut) as u64);
        let first = Classes { miss: part(whole.miss), hit: part(whole.hit), output: part(whole.output) };
        let rest = |all: Tokens, some: Tokens| all.saturating_sub(some);
        let second = Classes { miss: rest(whole.miss, first.miss), hit: rest(whole.hit, first.hit), output: rest(whole.output, first.output) };
        post(&mut in_parts, account, from, middle, first);
        post(&mut in_parts, account, middle, to, second);
        prop_assert_eq!(tokens_of(&at_once), whole);
        prop_assert_eq!(tokens_of(&in_parts), whole);
        let apart = at_once.earned()[0] - in_parts.earned()[0];
        let width = at_once.uncertainty().timing + at_once.uncertainty().timing + Money::from_micros(10);
        prop_assert!(apart <= width && -apart <= width, "{} over {}", apart, width);
    }

    #[test]
    fn the_running_sum_is_the_fold_of_the_minutes(postings in proptest::collection::vec((around_an_edge(), 0_i64..600_000, classes()), 1..12)) {
        let (mut ledger, account) = ledger();
        for (from, span, tokens) in &postings {
            post(&mut ledger, account, *from, *from + Span::from_millis(*span), *tokens);
        }
        prop_assert_eq!(ledger.earned()[0], refold(&ledger));
    }

    #[test]
    fn the_order_of_postings_changes_no_digit(postings in proptest::collection::vec((around_an_edge(), 0_i64..600_000, classes()), 1..12), seed: u64) {
        let (mut forwards, account) = ledger();
        postings.iter().for_each(|(from, span, tokens)| post(&mut forwards, account, *from, *from + Span::from_millis(*span), *tokens));
        let mut order: Vec<_> = postings.iter().collect();
        order.sort_by_key(|(from, span, _)| (from.millis() as u64 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ *span as u64);
        let (mut shuffled, account) = ledger();
        order.into_iter().for_each(|(from, span, tokens)| post(&mut shuffled, account, *from, *from + Span::from_millis(*span), *tokens));
        prop_assert_eq!(forwards.earned()[0], shuffled.earned()[0]);
        prop_assert_eq!(tokens_of(&forwards), tokens_of(&shuffled));
    }

    #[test]
    fn a_counter_entry_takes_back_to_the_grain(kept in classes(), taken in classes(), from in around_an_edge(), span in 0_i64..600_000) {
        let (mut ledger, account) = ledger();
        let to = from + Span::from_millis(span);
        post(&mut ledger, account, from, to, kept);
        let before = (ledger.earned()[0], tokens_of(&ledger), refold(&ledger));
        let mut entries = Vec::new();
        ledger.post(&Posting { account, from, to, tokens: taken, hits_known: true, timing: Timing::Seen, source: PostingSource::default() }, |entry| entries.push(entry));
        ledger.reverse(&entries);
        prop_assert_eq!((ledger.earned()[0], tokens_of(&ledger), refold(&ledger)), before);
    }

    #[test]
    fn restarts_anywhere_lose_nothing_that_was_seen(steps in proptest::collection::vec((1_u64..5000, any::<bool>(), any::<bool>()), 1..60)) {
        // An engine whose true production is known: it restarts at some polls, and some polls fail.
        let began = at(instant("2025-03-10T10:00:00Z"));
        let mut fleet = fleet(vec![member("e", "n", None)], began);
        let (mut start, mut value, mut seen, mut counted) = (began.wall - Span::from_secs(9999), 1_000_u64, 1_000_u64, 0_u64);
        fleet.apply(answered_dated("e", began, page(MODEL, counters(0, 0, value), Some(start))));
        for (second, (made, restarts, fails)) in (1_i64..).zip(&steps) {
            let now = at(began.wall + Span::from_secs(second * 20));
            if *restarts {
                // What it made since the last poll dies with it; what follows counts from zero.
                (start, value, seen) = (now.wall - Span::from_secs(5), 0, 0);
            }
            value += made;
            if !*fails {
                counted += value - seen;
                seen = value;
                fleet.apply(answered_dated("e", now, page(MODEL, counters(0, 0, value), Some(start))));
            }
        }
        let total: u64 = fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum();
        prop_assert_eq!(total, counted);
    }

    #[test]
    fn no_zone_changes_a_token(zone in prop::sample::select(vec!["UTC", "Asia/Shanghai", "America/St_Johns", "Pacific/Kiritimati", "Europe/Berlin"]), grown in proptest::collection::vec(0_u64..100_000, 1..20)) {
        let began = at(instant("2025-03-30T00:40:00Z"));
        let run = |zone: Option<jiff::tz::TimeZone>| {
            let config = FleetConfig { zone, targets: vec![member("e", "n", None)], ..FleetConfig::local("box") };
            let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began);
            let mut value = 0;
            for (step, grown) in (0_i64..).zip(&grown) {
                value += grown;
                fleet.apply(answered("e", at(began.wall + Span::from_secs(step * 700)), page(MODEL, counters(0, 0, value), None)));
            }
            fleet.apply(Event::Tick(at(began.wall + Span::from_secs(20 * 700))));
            fleet.ledger().earned().to_vec()
        };
        prop_assert_eq!(run(Some(jiff::tz::TimeZone::get(zone).unwrap())), run(None));
    }
}
