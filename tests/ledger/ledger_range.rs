//! What leaves the range of a sum: refused with a word, never wrapped, and never a panic.
//!
//! The class of fault: one absurd counter, rate or reading that makes money of the other sign, or a ledger that ends.

use crate::support;

use margintop::ledger::{
    Classes, CostAccount, CostAccountId, CostKind, Entry, Evidence, GpuTimeChange, Ledger, PendingPostings, Posting,
    PostingSource, RevenueAccount, RevenueAccountId, Timing, TokenChange,
};
use margintop::pricing::{Book, ClassPrices, ListFile, PriceFile, TierFile};
use margintop::reading::{EngineRole, Label, ModelName, NodeName, TargetId, TokenCounters};
use margintop::units::{CounterError, GpuTime, HourlyRate, Money, Price, Share, Span, Timestamp, Tokens};
use support::instant;

fn now() -> Timestamp {
    instant("2026-03-10T10:00:00Z")
}

/// A ledger in which a model costs as much as a price may be.
fn ledger() -> (Ledger, RevenueAccountId) {
    let mut book = Book::built_in().unwrap();
    let tier = TierFile::new(Price::MOST, Price::MOST, Price::MOST);
    let list = ListFile::flat("dear".to_owned(), "USD".to_owned(), [("standard".to_owned(), tier)].into());
    let models = vec!["dear".to_owned()];
    let histories = vec![margintop::pricing::HistoryFile { models, lists: vec!["dear".to_owned()] }];
    book.add(PriceFile { lists: vec![list], histories, ..PriceFile::default() }).unwrap();
    let mut ledger = Ledger::new(book, instant("2026-03-10T00:00:00Z"));
    ledger.record_changes();
    let account = ledger.account(&account("dear"));
    (ledger, account)
}

fn account(model: &str) -> RevenueAccount {
    let (node, model) = (NodeName::new("n"), Some(ModelName::new(model)));
    RevenueAccount { node, unit: None, model, role: EngineRole::Unified, tenant: None, costed: true }
}

fn posting(account: RevenueAccountId, output: u64) -> Posting {
    let tokens = Classes { output: Tokens::new(output), ..Classes::default() };
    Posting {
        account,
        from: now(),
        to: now() + Span::from_secs(1),
        tokens,
        hits_known: true,
        timing: Timing::Seen,
        source: PostingSource::default(),
    }
}

fn posted(ledger: &Ledger) -> u64 {
    ledger.today().tokens().map(|(.., tokens)| tokens.output.count()).sum()
}

#[test]
fn a_posting_of_more_than_a_counter_holds_is_refused_and_named() {
    for output in [Tokens::LIMIT + 1, 1 << 62, 1 << 63, u64::MAX - 1, u64::MAX] {
        let (mut ledger, account) = ledger();
        let mut postings = 0;
        ledger.post(&posting(account, output), |_| postings += 1);
        assert_eq!((posted(&ledger), postings, ledger.earned()[account.index()]), (0, 0, Money::ZERO), "{output}");
        assert_eq!(ledger.uncertainty().lost_windows, 1, "the total is a lower bound");
        let pending = ledger.take_changes().unwrap();
        assert!(pending.tokens.is_empty() && pending.markers.len() == 1, "{pending:?}");
        let text = pending.markers[0].text.as_str();
        assert!(text.contains("of dear on n are more than a ledger can hold: not posted"), "{text}");
        // What is possible goes on.
        ledger.post(&posting(account, 7), |_| {});
        assert_eq!(posted(&ledger), 7);
    }
}

#[test]
fn sums_stay_in_range_however_often_the_most_is_posted() {
    let (mut ledger, account) = ledger();
    let mut refused = 0;
    for _ in 0..2_000 {
        let before = posted(&ledger);
        ledger.post(&posting(account, Tokens::LIMIT), |_| {});
        let after = posted(&ledger);
        assert!(after >= before && i64::try_from(after).is_ok());
        refused += u32::from(after == before);
        let earned = ledger.earned()[account.index()];
        assert!(earned >= Money::ZERO, "{earned}");
    }
    assert!(refused > 0, "there is an end to it");
    let pending = ledger.take_changes().unwrap();
    assert!(pending.tokens.values().all(|change| change.output > 0));
}

#[test]
fn changes_never_wrap() {
    let mut change = TokenChange { miss: i64::MAX, hit: 1, output: i64::MIN };
    change += TokenChange { miss: 1, hit: i64::MAX, output: -1 };
    assert_eq!(change, TokenChange { miss: i64::MAX, hit: i64::MAX, output: i64::MIN });
    let mut rent = GpuTimeChange { allocated: i64::MAX, idle: i64::MIN, energy: 5 };
    rent += GpuTimeChange { allocated: 1, idle: -1, energy: i64::MAX };
    assert_eq!(rent, GpuTimeChange { allocated: i64::MAX, idle: i64::MIN, energy: i64::MAX });
    let all = Classes { miss: Tokens::new(u64::MAX), hit: Tokens::new(1 << 63), output: Tokens::new(1) };
    assert_eq!(TokenChange::taken_back(all).miss, -i64::MAX);
    assert_eq!((all.total(), all.checked_add(all)), (Tokens::new(u64::MAX), None));
    let (mut earlier, mut later) = (PendingPostings::default(), PendingPostings::default());
    let key = (now(), RevenueAccountId::at(0), None);
    earlier.tokens.insert(key, TokenChange { output: i64::MAX, ..TokenChange::default() });
    later.tokens.insert(key, TokenChange { output: i64::MAX, ..TokenChange::default() });
    earlier.merge(later);
    assert_eq!(earlier.tokens[&key].output, i64::MAX);
}

#[test]
fn money_never_wraps() {
    let most = Money::from_grains(i128::MAX);
    assert_eq!((most + Money::from_grains(1), most.checked_add(Money::from_grains(1))), (most, None));
    let least = Money::from_grains(i128::MIN);
    assert_eq!((least - most, -least), (least, most));
    let prices = ClassPrices { hit: Price::MOST, miss: Price::MOST, output: Price::MOST };
    let all = Tokens::new(u64::MAX);
    assert!(prices.of(all, all, all) > Money::ZERO);
    assert_eq!(Price::MOST.checked_of_share(all, Share::ALL), None);
    assert!(HourlyRate::whole(u16::MAX).of(GpuTime::from_millis(i64::MAX)) > Money::ZERO);
    assert_eq!(GpuTime::of(u32::MAX, Span::from_millis(i64::MAX)).millis(), i64::MAX);
}

#[test]
fn a_counter_or_a_rate_that_is_none_is_refused() {
    assert_eq!(Tokens::from_counter(9.3e18), Err(CounterError::TooLarge), "above 2^63");
    assert_eq!(Tokens::from_counter(1.9e19), Err(CounterError::TooLarge), "above 2^64");
    assert_eq!(Tokens::from_counter(-1.0), Err(CounterError::Negative));
    for text in ["-1", "-0.01", "1000001", "NaN", "1e3", ""] {
        assert!(text.parse::<HourlyRate>().is_err() && HourlyRate::of_parts(-1, 1).is_none(), "{text}");
    }
    assert_eq!((HourlyRate::of_parts(1, 0), HourlyRate::of_parts(1, -1)), (None, None));
}

fn cost_account(ledger: &mut Ledger) -> CostAccountId {
    ledger.cost_account(&CostAccount {
        node: Some(NodeName::new("n")),
        unit: None,
        gpu: Label::new("H100"),
        rate: "3.60".parse().ok(),
        power: None,
        kind: CostKind::Gpus,
        lease: None,
    })
}

#[test]
fn gpu_time_and_energy_beyond_every_clock_are_refused_and_cost_never_falls_below_none() {
    let (mut ledger, _) = ledger();
    let id = cost_account(&mut ledger);
    ledger.charge(id, now(), GpuTimeChange { allocated: i64::MAX, ..GpuTimeChange::default() });
    ledger.charge(id, now(), GpuTimeChange { energy: i64::MAX, ..GpuTimeChange::default() });
    ledger.charge(id, now(), GpuTimeChange { energy: -5, ..GpuTimeChange::default() });
    ledger.meter(id, -2_147_483_648, now(), now() + Span::from_secs(1));
    ledger.meter(id, i64::MAX, now(), now() + Span::from_secs(1));
    let gpu_times: Vec<_> =
        ledger.today().gpu_times().map(|(_, time)| (time.allocated.millis(), time.energy)).collect();
    assert!(gpu_times.iter().all(|(allocated, energy)| (*allocated, *energy) == (0, 0)), "{gpu_times:?}");
    let pending = ledger.take_changes().unwrap();
    let markers: Vec<&str> = pending.markers.iter().map(|marker| marker.text.as_str()).collect();
    assert!(markers.contains(&"rent of H100 on n is not posted: energy below zero"), "{markers:?}");
    assert!(markers.contains(&"rent of H100 on n is not posted: more than a ledger can hold"), "{markers:?}");
    // What was posted can be taken back, and no more than that.
    ledger.post_gpu_time(id, 8, now(), now() + Span::from_secs(10));
    ledger.refund(id, 8, now(), now() + Span::from_secs(30));
    let allocated: Vec<i64> = ledger.today().gpu_times().map(|(_, time)| time.allocated.millis()).collect();
    assert_eq!(allocated, [0]);
}

#[test]
fn misses_become_hits_at_the_same_tariff_and_minute() {
    let (mut ledger, _) = ledger();
    let account = ledger.account(&account("deepseek-v3.2"));
    let misses = Classes { miss: Tokens::new(100_000), ..Classes::default() };
    let mut posted: Vec<Entry> = Vec::new();
    ledger.post(&Posting { tokens: misses, ..posting(account, 0) }, |entry| posted.push(entry));
    let before = ledger.earned()[account.index()];
    let moved = |tokens: Classes| vec![Entry { tokens, ..posted[0] }];
    let tokens = Tokens::new(60_000);
    ledger.reverse(&moved(Classes { miss: tokens, ..Classes::default() }));
    ledger.repost(&moved(Classes { hit: tokens, ..Classes::default() }));
    let today: Vec<_> = ledger.today().tokens().map(|(.., tokens)| tokens).collect();
    assert_eq!(today, [Classes { miss: Tokens::new(40_000), hit: tokens, output: Tokens::ZERO }]);
    let after = ledger.earned()[account.index()];
    let change = Money::from_micros(60_000 * 28 / 1_000) + Money::from_micros(-60_000 * 28 / 100);
    assert_eq!(after, before + change, "0.028 instead of 0.28 a million");
    let pending = ledger.take_changes().unwrap();
    let all: Vec<_> = pending.tokens.values().collect();
    assert_eq!(all, [&TokenChange { miss: 40_000, hit: 60_000, output: 0 }]);
}

#[test]
fn a_dispute_of_any_size_is_kept_and_its_worth_stays_in_range() {
    let (mut ledger, account) = ledger();
    let evidence = |at: Timestamp| Evidence {
        before: TokenCounters::default(),
        after: TokenCounters::default(),
        start_before: None,
        start_after: None,
        from: at,
        to: at,
        bound: String::new(),
    };
    for _ in 0..3 {
        let entries = ledger.draft(&posting(account, u64::MAX));
        ledger.dispute(TargetId::new("t"), None, None, None, entries, evidence(now()));
    }
    let (worth, tokens) = ledger.disputed();
    assert_eq!((worth, tokens), (Money::from_grains(i128::MAX), Tokens::new(u64::MAX)));
    assert_eq!(posted(&ledger), 0);
}
