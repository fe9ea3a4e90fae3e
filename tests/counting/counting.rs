//! What is billed, and to whom: finished requests, leakage, adapters.

use crate::support;

use std::collections::BTreeMap;
use std::time::Duration;

use margintop::clock::{Clock, ScriptedClock};
use margintop::counters::FinishedMeter;
use margintop::fleet::{Fleet, FleetConfig, SavedState, TargetInfo};
use margintop::ledger::Classes;
use margintop::pricing::{Bill, Book};
use margintop::reading::{
    EngineKind, EngineRole, Event, Finished, Label, PageReading, PromptCount, TokenCounters, UnitName,
};
use margintop::store::{LedgerEvent, Store};
use margintop::units::{Moment, Money, Span, Tokens};
use proptest::prelude::*;
use support::{answered, at, counters, ledger_settings, member, moment, open_store, page};

const MODEL: &str = "deepseek-r1";

fn began() -> Moment {
    moment("2025-02-20T10:00:00Z")
}

fn after(seconds: i64) -> Moment {
    at(began().wall + Span::from_secs(seconds))
}

fn fleet(bill: Bill) -> Fleet {
    let config = FleetConfig { bill, targets: vec![member("e", "n", None)], ..FleetConfig::local("box") };
    Fleet::new(config, Book::built_in().unwrap(), began())
}

/// A page of an engine that counts its finished requests apart.
fn working(all: TokenCounters, finished_prompt: u64, finished_output: u64) -> PageReading {
    let mut page = page(MODEL, all, Some(began().wall - Span::from_secs(3600)));
    page.engines[0].finished = finished(finished_prompt, finished_output);
    page
}

fn finished(prompt: u64, output: u64) -> Finished {
    Finished { prompt: Some(Tokens::new(prompt)), output: Some(Tokens::new(output)), ..Finished::default() }
}

fn posted(fleet: &Fleet) -> (u64, u64, u64) {
    let mut sum = Classes::default();
    fleet.ledger().today().tokens().for_each(|(.., tokens)| sum += tokens);
    (sum.miss.count(), sum.hit.count(), sum.output.count())
}

/// An hour of which an eighth of the prompts and a quarter of the output was cut by clients.
fn an_hour(bill: Bill) -> Fleet {
    let mut fleet = fleet(bill);
    fleet.apply(answered("e", after(0), working(counters(0, 0, 0), 0, 0)));
    fleet.apply(answered("e", after(3600), working(counters(8_000_000, 4_000_000, 4_000_000), 7_000_000, 3_000_000)));
    fleet.apply(Event::Tick(after(3600)));
    fleet
}

#[test]
fn finished_requests_are_billed_with_their_share_of_the_hits() {
    let money = an_hour(Bill::Finished).snapshot().money;
    assert_eq!(posted(&an_hour(Bill::Finished)), (3_500_000, 3_500_000, 3_000_000));
    assert_eq!(money.revenue.unwrap().to_string(), "8.985", "3.5 x 0.55 + 3.5 x 0.14 + 3 x 2.19, less nothing");
    assert_eq!(money.bill, Bill::Finished);
}

#[test]
fn what_leaks_is_the_same_whatever_is_billed() {
    let all = an_hour(Bill::All);
    assert_eq!(posted(&all), (4_000_000, 4_000_000, 4_000_000));
    let (all, finished) = (all.snapshot().money, an_hour(Bill::Finished).snapshot().money);
    let leakage = all.leakage.unwrap();
    assert_eq!((leakage.prompt_tokens, leakage.output_tokens), (1_000_000, 1_000_000));
    assert_eq!(leakage.amount, Some(all.revenue.unwrap() - finished.revenue.unwrap()));
    assert_eq!(finished.leakage, Some(leakage));
    let json = serde_json::to_value(&all).unwrap();
    assert_eq!((json["bill"].as_str(), json["leakage"]["prompt_tokens"].as_i64()), (Some("all"), Some(1_000_000)));
}

#[test]
fn an_engine_without_finished_counters_is_billed_in_full_and_says_so() {
    let mut fleet = fleet(Bill::Finished);
    fleet.apply(answered("e", after(0), page(MODEL, counters(0, 0, 0), None)));
    fleet.apply(answered("e", after(1), page(MODEL, counters(10, 5, 7), None)));
    assert_eq!(posted(&fleet), (5, 5, 7));
    let snapshot = fleet.snapshot();
    assert_eq!(snapshot.money.leakage, None, "unknown, not zero");
    let note = snapshot.engines[0].note.clone().unwrap();
    assert_eq!(note.as_str(), "finished requests are not counted apart: all are billed");
}

#[test]
fn finished_counters_that_come_late_bill_nothing_a_second_time() {
    let mut fleet = fleet(Bill::Finished);
    fleet.apply(answered("e", after(0), page(MODEL, counters(0, 0, 0), None)));
    fleet.apply(answered("e", after(1), page(MODEL, counters(10, 5, 7), None)));
    fleet.apply(answered("e", after(2), working(counters(20, 10, 14), 20, 14)));
    assert_eq!(posted(&fleet), (10, 10, 14));
}

#[test]
fn a_restart_counts_its_finished_requests_from_zero() {
    let mut fleet = fleet(Bill::Finished);
    let born = |mut page: PageReading, seconds| {
        page.start = Some(after(seconds).wall);
        page
    };
    fleet.apply(answered("e", after(0), born(working(counters(900, 0, 900), 900, 900), -500)));
    fleet.apply(answered("e", after(5), born(working(counters(1000, 0, 1000), 950, 960), -500)));
    fleet.apply(answered("e", after(10), born(working(counters(30, 0, 30), 20, 10), 7)));
    assert_eq!(posted(&fleet), (50 + 20, 0, 60 + 10));
    let leakage = fleet.snapshot().money.leakage.unwrap();
    assert_eq!((leakage.prompt_tokens, leakage.output_tokens), (50 + 10, 40 + 20), "in flight ones are part of it");
}

#[test]
fn unpriced_leakage_has_tokens_and_no_amount() {
    let mut fleet = fleet(Bill::All);
    for (seconds, value, done) in [(0, 0, 0), (1, 100, 60)] {
        let mut page = page("my-finetune", counters(value, 0, value), None);
        page.engines[0].finished = finished(done, done);
        fleet.apply(answered("e", after(seconds), page));
    }
    let leakage = fleet.snapshot().money.leakage.unwrap();
    assert_eq!((leakage.prompt_tokens, leakage.amount), (40, None));
}

#[test]
fn adapters_are_said_to_be_priced_as_their_base_model() {
    let text = "# TYPE vllm:prompt_tokens_total counter
vllm:prompt_tokens_total{engine=\"0\",model_name=\"deepseek-r1\"} 10
vllm:prompt_tokens_cached_total{engine=\"0\",model_name=\"deepseek-r1\"} 0
# TYPE vllm:lora_requests_info gauge
vllm:lora_requests_info{max_lora=\"4\",running_lora_adapters=\"\",waiting_lora_adapters=\"\"} 1.79e+09
vllm:lora_requests_info{max_lora=\"4\",running_lora_adapters=\"sql,chat\",waiting_lora_adapters=\"law\"} 1.79e+09
";
    let page = margintop::dialect::read(text.as_bytes(), &margintop::dialect::Hint::default()).unwrap();
    assert_eq!(page.engines[0].adapters, ["chat", "law", "sql"].map(Label::new));
    // A series stays on the page; its value says when its adapters last ran.
    let later = text.replacen("1.79e+09", "1.7900006e+09", 1);
    let old = margintop::dialect::read(later.as_bytes(), &margintop::dialect::Hint::default()).unwrap();
    assert!(old.engines[0].adapters.is_empty(), "{:?}", old.engines[0].adapters);
    let mut fleet = fleet(Bill::All);
    fleet.apply(answered("e", after(0), page));
    let note = fleet.snapshot().engines[0].note.clone().unwrap();
    assert_eq!(note.as_str(), "LoRA adapters chat, law, sql priced as the base model");
}

/// Who opens the ledger of a file, and what it remembers.
fn sit_down(path: &std::path::Path) -> (Store, SavedState) {
    let clock = Clock::Scripted(ScriptedClock::at(began().wall));
    let (store, news) = open_store(ledger_settings(Some(path), clock));
    loop {
        if let LedgerEvent::Opened { saved: memory, .. } = news.recv_timeout(Duration::from_secs(20)).unwrap() {
            return (store, memory.onto(after(60), false));
        }
    }
}

#[test]
fn finished_requests_and_what_leaked_survive_the_process() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    let poll = |fleet: &mut Fleet, seconds, value: u64, done: u64| {
        let all = counters(value * 4, value * 2, value);
        fleet.apply(answered("e", after(seconds), working(all, done * 4, done)));
        fleet.snapshot().money.leakage.map(|leakage| (leakage.prompt_tokens, leakage.output_tokens))
    };
    let (store, memory) = sit_down(&path);
    let mut before = fleet(Bill::Finished);
    before.restore(memory, Span::from_secs(86_400));
    poll(&mut before, 0, 1_000_000, 1_000_000);
    assert_eq!(poll(&mut before, 10, 1_100_000, 1_060_000), Some((160_000, 40_000)));
    store.commit(before.take_changes().unwrap());
    store.close(Duration::from_secs(20));
    let (store, memory) = sit_down(&path);
    let mut after = fleet(Bill::Finished);
    after.restore(memory, Span::from_secs(86_400));
    assert_eq!(poll(&mut after, 70, 1_200_000, 1_150_000), Some((200_000, 50_000)));
    assert_eq!(posted(&after), (300_000, 300_000, 150_000));
    assert!(after.snapshot().money.leakage.unwrap().amount.is_some());
    store.close(Duration::from_secs(20));
}

/// Class: what is billed is changed between two runs. What runs at the change is not counted in both ways, and what may be
/// missing makes the total a lower bound. Each change may come with a request that is cut and never finishes.
#[test]
fn a_change_of_what_is_billed_counts_no_request_twice() {
    for (before, later) in [(Bill::All, Bill::Finished), (Bill::Finished, Bill::All), (Bill::All, Bill::All)] {
        for running in [0, 60] {
            let poll = |fleet: &mut Fleet, seconds, made: u64, done: u64| {
                fleet.apply(answered("e", after(seconds), working(counters(made, 0, made), done, done)));
            };
            let mut first = fleet(before);
            first.restore(SavedState::default(), Span::from_secs(86_400));
            poll(&mut first, 0, 1000, 1000);
            poll(&mut first, 1, 1100, 1100 - running);
            let saved = crate::restart::saved(&mut first);
            let config =
                FleetConfig { bill: later, targets: vec![member("e", "n", None)], ..FleetConfig::local("box") };
            let mut next = crate::restart::restart(&first, config, saved, after(2));
            // All that ran finishes, and nothing else.
            poll(&mut next, 3, 1100, 1100);
            poll(&mut next, 4, 1200, 1200);
            let (money, (miss, hit, output)) = (next.snapshot().money, posted(&next));
            let what = format!("{before:?} to {later:?}, {running} running: {miss} {hit} {output}, {money:?}");
            assert!(miss <= 200 && output <= 200 && hit == 0, "{what}");
            let is_short = miss < 200 || output < 200;
            assert!(!is_short || money.lower_bound, "{what}");
            assert_eq!(money.lower_bound, running > 0 && before != later, "{what}");
        }
    }
}

/// A page of `SGLang` in one role.
fn sglang(role: EngineRole, tokens: TokenCounters) -> PageReading {
    let mut page = page(MODEL, tokens, None);
    page.kind = EngineKind::named("sglang");
    (page.engines[0].kind, page.engines[0].role) = (EngineKind::named("sglang"), Some(role));
    page
}

fn in_unit(target: &str, unit: &str) -> TargetInfo {
    TargetInfo { unit: Some(UnitName::new(unit)), ..member(target, &format!("node-of-{target}"), None) }
}

/// What each node earned, by role.
fn by_node(fleet: &Fleet) -> Vec<(String, EngineRole, (u64, u64, u64))> {
    let mut sums: BTreeMap<(String, EngineRole), Classes> = BTreeMap::new();
    for (account, _, tokens) in fleet.ledger().today().tokens() {
        let account = &fleet.ledger().accounts()[account.index()];
        *sums.entry((account.node.to_string(), account.role)).or_default() += tokens;
    }
    sums.into_iter().map(|((node, role), t)| (node, role, (t.miss.count(), t.hit.count(), t.output.count()))).collect()
}

#[test]
fn decode_earns_output_and_prefill_the_prompts_that_it_computed() {
    let members = vec![in_unit("d", "u"), in_unit("p1", "u"), in_unit("p2", "u"), in_unit("p3", "elsewhere")];
    let mut fleet = support::fleet(members, began());
    let poll = |fleet: &mut Fleet, target, seconds, role, prompt, output| {
        fleet.apply(answered(target, after(seconds), sglang(role, counters(prompt, prompt / 2, output))));
    };
    for target in ["p1", "p2", "p3"] {
        poll(&mut fleet, target, 0, EngineRole::Prefill, 0, 0);
    }
    poll(&mut fleet, "d", 0, EngineRole::Decode, 0, 0);
    for (target, prompt) in [("p1", 300), ("p2", 100), ("p3", 900)] {
        poll(&mut fleet, target, 1, EngineRole::Prefill, prompt, 1);
    }
    poll(&mut fleet, "d", 1, EngineRole::Decode, 402, 7);
    let of = |node: &str, role, tokens| (format!("node-of-{node}"), role, tokens);
    let expected = [
        of("d", EngineRole::Decode, (0, 0, 7)),
        of("p1", EngineRole::Prefill, (150, 150, 0)),
        of("p2", EngineRole::Prefill, (51, 51, 0)),
    ];
    assert_eq!(by_node(&fleet), expected);
    poll(&mut fleet, "d", 2, EngineRole::Decode, 442, 9);
    let expected = [
        of("d", EngineRole::Decode, (0, 0, 9)),
        of("p1", EngineRole::Prefill, (165, 165, 0)),
        of("p2", EngineRole::Prefill, (56, 56, 0)),
    ];
    assert_eq!(by_node(&fleet), expected, "to the last known proportion");
    let rows = fleet.snapshot().engines;
    let whole = fleet.snapshot().money.revenue.unwrap();
    assert_eq!(rows.iter().map(|row| row.revenue.unwrap()).sum::<Money>(), whole.round_to(6));
}

#[test]
fn decode_alone_keeps_what_it_counts() {
    let mut fleet = support::fleet(vec![in_unit("d", "u"), in_unit("p1", "u")], began());
    fleet.apply(answered("d", after(0), sglang(EngineRole::Decode, counters(0, 0, 0))));
    fleet.apply(answered("d", after(1), sglang(EngineRole::Decode, counters(40, 10, 7))));
    assert_eq!(by_node(&fleet), [("node-of-d".to_owned(), EngineRole::Decode, (30, 10, 7))]);
}

/// What an engine did between two instants: prompts, the tenths of them that hit, output; and how much of what is in
/// flight finished, in tenths.
fn steps() -> impl Strategy<Value = Vec<(u64, u64, u64, u64)>> {
    proptest::collection::vec((0_u64..10_000, 0_u64..=10, 0_u64..10_000, 0_u64..=10), 1..40)
}

/// The counters after each step: all requests', and finished ones'.
fn history(steps: &[(u64, u64, u64, u64)]) -> Vec<(TokenCounters, Finished)> {
    let (mut all, mut done) = ((0, 0, 0), (0, 0));
    let step = |(prompt, tenths, output, ends): &(u64, u64, u64, u64)| {
        all = (all.0 + prompt, all.1 + prompt * tenths / 10, all.2 + output);
        done = (done.0 + (all.0 - done.0) * ends / 10, done.1 + (all.2 - done.1) * ends / 10);
        (counters(all.0, all.1, all.2), finished(done.0, done.1))
    };
    steps.iter().map(step).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn finished_tokens_are_the_same_in_any_number_of_polls(steps in steps(), seen in proptest::collection::vec(any::<bool>(), 40)) {
        let history = history(&steps);
        let run = |polls: &dyn Fn(usize) -> bool| {
            let (mut meter, mut sum) = (FinishedMeter::default(), Classes::default());
            meter.baseline(&counters(0, 0, 0), &finished(0, 0));
            for (_, (all, done)) in history.iter().enumerate().filter(|(place, _)| polls(*place) || place + 1 == history.len()) {
                let delta = meter.grow(all, done).unwrap();
                sum += Classes { miss: delta.miss, hit: delta.hit, output: delta.output };
            }
            (sum, meter.hits_due())
        };
        let ((often, due), (once, due_once)) = (run(&|place| seen[place]), run(&|_| false));
        let (all, done) = history.last().unwrap();
        prop_assert_eq!(often.miss + often.hit, done.prompt.unwrap());
        prop_assert_eq!((often.output, once.output), (done.output.unwrap(), done.output.unwrap()));
        prop_assert_eq!(once.miss + once.hit, done.prompt.unwrap());
        // Hits that were counted early, or wait for their prompts, are known to the token.
        let hits = |classes: Classes, due: i64| i64::try_from(classes.hit.count()).unwrap() + due;
        prop_assert_eq!(hits(often, due), hits(once, due_once));
        let PromptCount::Whole(prompt) = all.prompt else { unreachable!() };
        let share = (all.cached.unwrap().count() * done.prompt.unwrap().count()).checked_div(prompt.count()).unwrap_or(0);
        prop_assert_eq!(once.hit.count(), share);
    }

    #[test]
    fn spreading_changes_no_total(polls in proptest::collection::vec((0_usize..6, 0_u64..100_000, 0_u64..=10, 100_u64..1000), 1..60)) {
        let members = vec![in_unit("d1", "u"), in_unit("d2", "v"), in_unit("p1", "u"), in_unit("p2", "u"), in_unit("p3", "v"), in_unit("p4", "w")];
        let mut fleet = support::fleet(members, began());
        let targets = ["d1", "d2", "p1", "p2", "p3", "p4"];
        let mut sums = [(0, 0, 0); 6];
        let role = |place: usize| if place < 2 { EngineRole::Decode } else { EngineRole::Prefill };
        for (place, target) in targets.iter().enumerate() {
            fleet.apply(answered(target, after(0), sglang(role(place), counters(0, 0, 0))));
        }
        for (second, (place, prompt, tenths, output)) in (1_i64..).zip(polls) {
            let (p, h, o) = sums[place];
            sums[place] = (p + prompt, h + prompt * tenths / 10, o + output);
            let (p, h, o) = sums[place];
            fleet.apply(answered(targets[place], after(second), sglang(role(place), counters(p, h, o))));
        }
        let decoded = (sums[0].0 + sums[1].0, sums[0].1 + sums[1].1, sums[0].2 + sums[1].2);
        prop_assert_eq!(posted(&fleet), (decoded.0 - decoded.1, decoded.1, decoded.2));
        for (node, role, (.., output)) in by_node(&fleet) {
            prop_assert!(role == EngineRole::Decode || output == 0, "{} made output", node);
        }
    }

    #[test]
    fn a_steady_share_is_hit_to_the_token_in_any_number_of_polls(made in proptest::collection::vec(1_u64..100_000, 1..30), tenths in 0_u64..=10) {
        let mut fleet = fleet(Bill::Finished);
        fleet.apply(answered("e", after(0), working(counters(0, 0, 0), 0, 0)));
        let mut sum = 0;
        for (second, made) in (1_i64..).zip(&made) {
            sum += made * 10;
            fleet.apply(answered("e", after(10 * second), working(counters(sum, sum / 10 * tenths, sum), sum / 2, sum / 5)));
        }
        let hit = sum / 10 * tenths * (sum / 2) / sum;
        prop_assert_eq!(posted(&fleet), (sum / 2 - hit, hit, sum / 5));
    }
}
