//! Prefill and decode engines over a restart: what is known of both must not wait for the page of one of them.

use margintop::fleet::TargetInfo;
use margintop::reading::{EngineKind, EngineRole, InstanceId, PageReading};
use margintop::units::{Span, Tokens};

use crate::reports::scene::{Scene, after, target};
use crate::support::{counters, page};

const PREFILL: &str = "http://10.0.0.1:8000";
const DECODE: &str = "http://10.0.0.2:8000";

/// The pages after so many requests of 400 prompt and 50 output tokens, in the order (prefill, decode). vLLM's are reported
/// apart by what they count; SGLang's say their role.
fn pages(kind: EngineKind, requests: u64) -> [PageReading; 2] {
    let start = Some(after(0).wall - Span::from_secs(500));
    let mut prefill = page("m", counters(400 * requests, 100 * requests, requests), start);
    let mut decode = page("m", counters(400 * requests, 400 * requests, 50 * requests), start);
    decode.start = start.map(|start| start - Span::from_secs(7));
    if kind == EngineKind::named("sglang") {
        for (page, role) in [(&mut prefill, EngineRole::Prefill), (&mut decode, EngineRole::Decode)] {
            page.kind = kind;
            (page.engines[0].kind, page.engines[0].role) = (kind, Some(role));
        }
        prefill.engines[0].tokens = counters(400 * requests, 100 * requests, 0);
    } else {
        let finished = &mut prefill.engines[0].finished;
        (finished.requests, finished.length) = (Some(requests), Some(requests));
        decode.engines[0].transferred = Some(Tokens::new(400 * requests));
    }
    [prefill, decode]
}

/// Class: what two pages tell together is forgotten at a restart, and the first one is then taken for a whole engine.
/// The prompts of the gap are posted once, on the prefill engine, whichever page answers first.
#[test]
fn prompts_of_a_restart_belong_to_the_prefill_engine_once() {
    for kind in [EngineKind::named("vllm"), EngineKind::named("sglang")] {
        for decode_first in [false, true] {
            let mut scene = Scene::of(vec![target(PREFILL, Some("p")), target(DECODE, Some("d"))]);
            for second in 0..=60 {
                if second == 30 {
                    scene.restart(second);
                }
                if (25..40).contains(&second) {
                    continue;
                }
                let [prefill, decode] = pages(kind, 1000 + 10 * u64::try_from(second).unwrap());
                if decode_first {
                    scene.take(DECODE, second, decode);
                    scene.take(PREFILL, second, prefill);
                } else {
                    scene.take(PREFILL, second, prefill);
                    scene.take(DECODE, second, decode);
                }
                let _ = scene.snapshot(second);
            }
            let ledger = scene.fleet.ledger();
            let mut prompts = [0, 0];
            for (account, _, tokens) in ledger.today().tokens() {
                let side = usize::from(ledger.accounts()[account.index()].node.as_str() == "d");
                prompts[side] += (tokens.miss + tokens.hit).count();
            }
            let case = format!("{kind:?}, decode first: {decode_first}");
            assert_eq!(prompts.iter().sum::<u64>(), 240_000, "{case}: {prompts:?}");
            // SGLang's first shares are of prompts that no prefill page has counted yet.
            assert!(prompts[1] <= 4_000, "{case}: {prompts:?}");
        }
    }
}

/// Class: tokens that count on engines of another role, of which none is watched.
#[test]
fn tokens_that_no_watched_engine_counts_are_a_lower_bound_and_said() {
    let (vllm, sglang) = (EngineKind::named("vllm"), EngineKind::named("sglang"));
    for (kind, role, lacks) in [
        (vllm, EngineRole::Decode, Some("its prompts are")),
        (vllm, EngineRole::Prefill, Some("its output is")),
        (sglang, EngineRole::Prefill, Some("its tokens are")),
        (sglang, EngineRole::Decode, None),
    ] {
        let (url, at) = if role == EngineRole::Prefill { (PREFILL, 0) } else { (DECODE, 1) };
        let mut scene = Scene::of(vec![TargetInfo { role: Some(role), ..target(url, Some("n")) }]);
        for second in 0..=20 {
            let page = pages(kind, 1000 + 10 * u64::try_from(second).unwrap()).into_iter().nth(at).unwrap();
            scene.take(url, second, page);
        }
        let snapshot = scene.snapshot(20);
        let note = snapshot.engines[0].note.as_ref().map_or("", |note| note.as_str());
        assert_eq!(snapshot.money.lower_bound, lacks.is_some(), "{kind:?} {role:?}");
        assert_eq!(snapshot.money.lost_windows, u64::from(lacks.is_some()), "{kind:?} {role:?}");
        let said = lacks.is_none_or(|lacks| note.contains(&format!("{lacks} counted nowhere")));
        assert!(said && note.contains("counted nowhere") == lacks.is_some(), "{kind:?} {role:?}: {note}");
        let [miss, hit, output] = scene.posted();
        let counts_prompts = matches!(lacks, None | Some("its output is"));
        assert_eq!(miss + hit > 0, counts_prompts, "{kind:?} {role:?}");
        assert_eq!(output > 0, role == EngineRole::Decode, "{kind:?} {role:?}");
    }
}

/// Class: a bound that nothing lost asks for.
#[test]
fn prompts_that_a_watched_engine_counts_are_no_lower_bound() {
    for kind in [EngineKind::named("vllm"), EngineKind::named("sglang")] {
        let info = |url, role| TargetInfo { role: Some(role), ..target(url, Some("n")) };
        let mut scene = Scene::of(vec![info(PREFILL, EngineRole::Prefill), info(DECODE, EngineRole::Decode)]);
        for second in 0..=20 {
            let [prefill, decode] = pages(kind, 1000 + 10 * u64::try_from(second).unwrap());
            scene.take(DECODE, second, decode);
            // The prefill engine answers a little later.
            if second > 1 {
                scene.take(PREFILL, second, prefill);
            }
        }
        assert!(!scene.snapshot(20).money.lower_bound, "{kind:?}");
    }
}

/// The requests of a prefill and of a decode engine up to a second.
type Requests = fn(u64) -> [u64; 2];

/// The pages of a prefill and a decode engine whose requests differ in number, or whose pages come in bursts.
fn coverage(kind: &str, requests: impl Fn(u64) -> [u64; 2], seconds: i64) -> margintop::snapshot::Snapshot {
    let kind = EngineKind::named(kind);
    let mut scene = Scene::of(vec![target(PREFILL, Some("p")), target(DECODE, Some("d"))]);
    for second in 0..=seconds {
        let [ours, theirs] = requests(u64::try_from(second).unwrap());
        let [prefill, _] = pages(kind, 1000 + ours);
        let [_, decode] = pages(kind, 1000 + theirs);
        scene.take(PREFILL, second, prefill);
        scene.take(DECODE, second, decode);
    }
    scene.snapshot(seconds)
}

/// Class: engines of one role are not all watched, or two engines are taken for a pair that are none: what counts on the other
/// side is posted nowhere, which makes the total a lower bound.
#[test]
fn a_side_with_more_prompts_than_the_other_lacks_engines() {
    let cases: [(&str, Requests); 4] = [
        ("half of the prefill engines", |second| [4 * second, 8 * second]),
        ("half of the decode engines", |second| [8 * second, 4 * second]),
        ("no pair", |second| [second, 16 * second]),
        ("from half a minute on", |second| [4 * second, 4 * second + 6 * second.saturating_sub(30)]),
    ];
    for (what, requests) in cases {
        let snapshot = coverage("vllm", requests, 80);
        assert!(snapshot.money.lower_bound && snapshot.money.lost_windows == 1, "{what}: {:?}", snapshot.money);
        let notes: Vec<_> = snapshot.engines.iter().filter_map(|row| row.note.clone()).collect();
        assert!(notes.iter().any(|note| note.as_str().contains("counted nowhere")), "{what}: {notes:?}");
    }
}

/// A pair whose pages are read at other times, or whose requests come in bursts or wait between prefill and decode, is whole.
#[test]
fn a_pair_of_one_traffic_is_whole() {
    let cases: [(&str, Requests); 5] = [
        ("steady", |second| [8 * second, 8 * second]),
        ("two seconds later", |second| [8 * second, 8 * second.saturating_sub(2)]),
        ("bursts", |second| [second / 10 * 200, second.saturating_sub(3) / 10 * 200]),
        ("some are cut", |second| [10 * second, 9 * second]),
        ("idle", |_| [0, 0]),
    ];
    for (what, requests) in cases {
        let snapshot = coverage("vllm", requests, 700);
        assert!(!snapshot.money.lower_bound && snapshot.money.lost_windows == 0, "{what}: {:?}", snapshot.money);
    }
    // SGLang's prompts count on its decode engine.
    let snapshot = coverage("sglang", |second| [4 * second, 8 * second], 80);
    assert!(!snapshot.money.lower_bound, "{:?}", snapshot.money);
}

/// Class: a prefill and a decode engine on one page, as of a federation: the roles are of its instances, and not of the page.
#[test]
fn a_page_of_a_prefill_and_a_decode_engine_counts_both() {
    for restarts in [false, true] {
        let mut scene = Scene::of(vec![target(PREFILL, Some("f"))]);
        for second in 0..=40 {
            let made = 1000 + 10 * u64::try_from(second).unwrap();
            let [mut page, decode] = pages(EngineKind::named("vllm"), made);
            let starts = [page.start.take(), decode.start];
            page.engines.extend(decode.engines);
            for ((row, name), start) in page.engines.iter_mut().zip(["p:8000", "d:8000"]).zip(starts) {
                let id = InstanceId::new(name);
                row.instance = Some(id.clone());
                page.instance_starts.push((id, start.unwrap()));
            }
            scene.take(PREFILL, second, page);
            if restarts && second == 20 {
                scene.restart(second);
            }
        }
        let snapshot = scene.snapshot(40);
        assert_eq!(scene.posted(), [300 * 400, 100 * 400, 50 * 400], "restarts: {restarts}");
        assert!(!snapshot.money.lower_bound && !snapshot.money.upper_bound, "{:?}", snapshot.money);
    }
}

/// Class: an engine whose requests ended after one token, beside one with an offload connector, serves other requests later.
#[test]
fn an_engine_that_makes_answers_is_no_prefill_engine() {
    let mut scene = Scene::of(vec![target(PREFILL, Some("p")), target(DECODE, Some("d"))]);
    let made = |second: i64| 10 * u64::try_from(second).unwrap();
    for second in 0..=60 {
        let [mut first, second_page] = pages(EngineKind::named("vllm"), 1000 + made(second));
        if second > 20 {
            first.engines[0].tokens =
                counters(400 * (1000 + made(second)), 100 * (1000 + made(second)), 1200 + 80 * made(second - 20));
        }
        scene.take(PREFILL, second, first);
        scene.take(DECODE, second, second_page);
    }
    let [.., output] = scene.posted();
    let money = scene.snapshot(60).money;
    assert!(output >= 50 * 600 + 80 * 10 * 38 && money.lower_bound, "{output}: {money:?}");
    let roles: Vec<_> = scene.snapshot(60).engines.iter().map(|row| row.role).collect();
    assert!(roles.iter().all(|role| *role == EngineRole::Unified), "{roles:?}");
}
