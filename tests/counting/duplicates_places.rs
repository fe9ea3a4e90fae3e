//! A process that several addresses show counts once: on aggregated pages, behind load balancers, under two hosts.

use crate::support;

use crate::restart;
use crate::two_targets::{after, poll};

use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::reading::{InstanceId, PageReading};
use margintop::units::{Span, Timestamp};
use support::{answered, counters, fleet, member, page, page_of_rank};

/// Rates and first values of two engines.
const A: Engine = Engine { first: 5_000_000, rate: 1000, born: -3_600_000, name: "a:8000" };
const B: Engine = Engine { first: 900_000, rate: 700, born: -3_500_000, name: "b:8000" };

#[derive(Clone, Copy)]
struct Engine {
    first: u64,
    /// Tokens a second.
    rate: u64,
    /// Its start, in milliseconds of the test.
    born: i64,
    name: &'static str,
}

impl Engine {
    /// Output tokens at a millisecond.
    fn made(self, millis: i64) -> u64 {
        self.first + self.rate * u64::try_from(millis).unwrap() / 1000
    }

    fn start(self) -> Timestamp {
        after(self.born).wall
    }

    /// The engine's own page.
    fn page(self, millis: i64) -> PageReading {
        let made = self.made(millis);
        page("deepseek-r1", counters(made * 4, made, made), Some(self.start()))
    }
}

/// A page of Prometheus, which read the engines at a millisecond.
fn federated(engines: &[Engine], millis: i64) -> PageReading {
    let mut page = engines[0].page(millis);
    page.start = None;
    page.engines.clear();
    for engine in engines {
        let (id, made) = (InstanceId::new(engine.name), engine.made(millis));
        let mut row = page_of_rank("deepseek-r1", "0", counters(made * 4, made, made));
        row.instance = Some(id.clone());
        page.engines.push(row);
        page.instance_starts.push((id, engine.start()));
    }
    page
}

fn watch(names: &[(&str, &str)]) -> Fleet {
    fleet(names.iter().map(|(name, node)| member(name, node, None)).collect(), after(0))
}

fn output(fleet: &Fleet) -> u64 {
    fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum()
}

fn revenue(fleet: &Fleet, target: &str) -> u64 {
    fleet
        .ledger()
        .today()
        .tokens()
        .filter(|(account, ..)| fleet.ledger().accounts()[account.index()].node.as_str() == target)
        .map(|(.., tokens)| tokens.output.count())
        .sum()
}

fn notes(fleet: &Fleet) -> Vec<String> {
    let note = |row: &margintop::snapshot::EngineRow| row.note.as_ref().map(ToString::to_string).unwrap_or_default();
    fleet.snapshot().engines.iter().map(|row| note(row)).collect()
}

/// What an engine made between two milliseconds.
fn grown(engine: Engine, from: i64, to: i64) -> u64 {
    engine.made(to) - engine.made(from)
}

const NODES: [(&str, &str); 2] = [("one", "n"), ("two", "m")];

#[test]
fn two_hosts_of_one_address_count_once() {
    let mut fleet = watch(&NODES);
    poll(&mut fleet, 0..20, |_, at| A.page(at), |_, at| A.page(at));
    assert_eq!(output(&fleet), grown(A, 0, 19_000));
    assert_eq!(notes(&fleet), ["also seen as two", "also seen as one, and counted there"]);
    let snapshot = fleet.snapshot();
    assert_eq!((snapshot.coverage.engines_known, snapshot.money.lower_bound), (1, false));
}

#[test]
fn an_engine_on_its_own_page_and_on_a_federated_one_counts_at_its_own() {
    for direct_first in [true, false] {
        let names = if direct_first { NODES } else { [("one", "n"), ("two", "m")] };
        let mut fleet = watch(&names);
        let (direct, page) = (|_: i64, at: i64| A.page(at), |_: i64, at: i64| federated(&[A, B], at));
        if direct_first {
            poll(&mut fleet, 0..20, direct, |_, at| federated(&[A, B], at));
        } else {
            poll(&mut fleet, 0..20, page, |_, at| A.page(at));
        }
        let (own, other) = if direct_first { ("n", "m") } else { ("m", "n") };
        let late = if direct_first { 0 } else { 137 };
        assert_eq!(revenue(&fleet, own), grown(A, late, 19_000 + late), "{direct_first}");
        assert_eq!(revenue(&fleet, other), grown(B, 137 - late, 19_000 + 137 - late), "{direct_first}");
        assert!(!fleet.snapshot().money.lower_bound);
    }
}

/// Prometheus reads the engines every 5 s, so that its page is up to 5 s old.
#[test]
fn a_federated_page_that_is_old_is_still_the_same_engine() {
    let mut fleet = watch(&NODES);
    poll(&mut fleet, 0..60, |_, at| A.page(at), |s, _| federated(&[A], s / 5 * 5000));
    assert_eq!(output(&fleet), grown(A, 0, 59_000));
}

/// Class: an aggregated page that shows each value some time after it was read, and says nothing of it.
#[test]
fn a_federated_page_that_lags_is_still_the_same_engine() {
    for (every, lag) in [(1, 1), (1, 3), (1, 30), (5, 1), (15, 12), (7, 20)] {
        for direct_first in [true, false] {
            let mut fleet = watch(&NODES);
            let old = |s: i64, _: i64| federated(&[A, B], ((s - lag).max(0) / every) * every * 1000);
            if direct_first {
                poll(&mut fleet, 0..180, |_, at| A.page(at), old);
            } else {
                poll(&mut fleet, 0..180, old, |_, at| A.page(at));
            }
            let seen = (179 - lag) / every * every * 1000;
            let most = grown(A, 0, 179_137) + grown(B, 0, seen);
            let posted = output(&fleet);
            assert!(posted <= most && posted + 137 * 2 >= most, "{every} {lag} {direct_first}: {posted} of {most}");
            assert!(!fleet.snapshot().money.lower_bound);
        }
    }
}

#[test]
fn two_federated_pages_of_the_same_engines_count_once() {
    let mut fleet = watch(&NODES);
    poll(&mut fleet, 0..20, |_, at| federated(&[A, B], at), |_, at| federated(&[A, B], at));
    assert_eq!(output(&fleet), grown(A, 0, 19_000) + grown(B, 0, 19_000));
}

#[test]
fn two_addresses_of_one_pool_count_once() {
    let in_turn = |turn: i64, millis: i64| if turn % 2 == 0 { A.page(millis) } else { B.page(millis) };
    for every in [1, 4] {
        let mut fleet = watch(&NODES);
        poll(&mut fleet, 0..61, |s, at| in_turn(s / every, at), |s, at| in_turn(s / every + 1, at));
        let most = grown(A, 0, 60_000) + grown(B, 137, 60_137);
        let posted = output(&fleet);
        assert!(posted <= most && posted >= most - 9000, "{every}: {posted} of {most}");
    }
}

#[test]
fn a_pod_and_its_service_count_the_pod_once() {
    for pod_first in [true, false] {
        let mut fleet = watch(&NODES);
        let service = |s: i64, millis: i64| if s % 2 == 0 { A.page(millis) } else { B.page(millis) };
        if pod_first {
            poll(&mut fleet, 0..41, |_, at| A.page(at), service);
        } else {
            poll(&mut fleet, 0..41, service, |_, at| A.page(at));
        }
        let (pod, other, late) = if pod_first { ("n", "m", 0) } else { ("m", "n", 137) };
        assert_eq!(revenue(&fleet, pod), grown(A, late, 40_000 + late), "{pod_first}");
        assert_eq!(revenue(&fleet, other), grown(B, 1137 - late, 39_137 - late), "{pod_first}");
        let partly = notes(&fleet).iter().any(|note| note.contains("1 of 2 processes also seen as"));
        assert!(partly, "{:?}", notes(&fleet));
        // What the service shows of the pod is in no total a second time.
        let total = fleet.snapshot().tokens.output_total.unwrap().count();
        assert_eq!(total, A.made(40_000 + late) + B.made(39_137 - late));
    }
}

/// Class: hits that are reported after their prompts, and turned into hits before the verdict.
#[test]
fn hits_that_come_late_are_taken_back_as_hits() {
    let late = |second: i64, millis: i64| {
        let made = A.made(millis);
        let hits = A.made((second - 1).max(0) * 1000) - A.first;
        page("deepseek-r1", counters(made, 1000 + hits, made), Some(A.start()))
    };
    let mut fleet = watch(&NODES);
    poll(&mut fleet, 0..30, late, late);
    let all = fleet.ledger().today().tokens().map(|(.., tokens)| tokens);
    let sum = all.fold([0; 3], |[miss, hit, output], tokens| {
        [miss + tokens.miss.count(), hit + tokens.hit.count(), output + tokens.output.count()]
    });
    assert_eq!(sum, [1000, 28_000, 29_000]);
}

/// Class: processes that one script starts in the same hundredth of a second, one read directly, both on another page.
#[test]
fn processes_that_started_together_and_differ_stay_two() {
    let twin = Engine { first: A.first + 300_000, rate: 950, name: "twin:8000", ..A };
    let mut fleet = watch(&NODES);
    poll(&mut fleet, 0..60, |_, at| A.page(at), |_, at| twin.page(at));
    assert_eq!(output(&fleet), grown(A, 0, 59_000) + grown(twin, 137, 59_137));
    let mut fleet = watch(&NODES);
    poll(&mut fleet, 0..60, |_, at| A.page(at), |_, at| federated(&[A, twin], at));
    assert_eq!(output(&fleet), grown(A, 0, 59_000) + grown(twin, 137, 59_137));
    // One that is some seconds behind the other, with the same load.
    let twin = Engine { first: A.first - 10_000, name: "twin:8000", ..A };
    let mut fleet = watch(&NODES);
    poll(&mut fleet, 0..60, |_, at| A.page(at), |_, at| federated(&[A, twin], at));
    assert_eq!(output(&fleet), grown(A, 0, 59_000) + grown(twin, 137, 59_137));
    let mut fleet = watch(&NODES);
    poll(&mut fleet, 0..60, |_, at| A.page(at), |_, at| twin.page(at));
    assert_eq!(output(&fleet), grown(A, 0, 59_000) + grown(twin, 137, 59_137));
}

fn saved_after(seconds: i64) -> (Fleet, SavedState) {
    let mut fleet = watch(&NODES);
    fleet.restore(SavedState::default(), Span::from_secs(86_400));
    poll(&mut fleet, 0..seconds, |_, at| A.page(at), |_, at| federated(&[A, B], at));
    let saved = restart::saved(&mut fleet);
    (fleet, saved)
}

#[test]
fn the_verdict_on_a_federated_page_survives_a_restart() {
    for killed in [1, 2, 3, 5, 12] {
        let (before, saved) = saved_after(killed);
        let targets = NODES.map(|(name, node)| member(name, node, None)).to_vec();
        let config = FleetConfig { targets, ..FleetConfig::local("box") };
        let mut fleet = restart::restart(&before, config, saved, after(30_000));
        poll(&mut fleet, 30..45, |_, at| A.page(at), |_, at| federated(&[A, B], at));
        assert_eq!(output(&fleet), grown(A, 0, 44_000) + grown(B, 137, 44_137), "killed after {killed}");
        assert!(!fleet.snapshot().money.lower_bound, "killed after {killed}");
    }
}

#[test]
fn the_other_address_takes_over_while_the_counted_one_is_lost() {
    let mut fleet = watch(&NODES);
    poll(&mut fleet, 0..20, |_, at| A.page(at), |_, at| federated(&[A, B], at));
    for second in 20..100 {
        fleet.apply(answered("two", after(second * 1000 + 137), federated(&[A, B], second * 1000 + 137)));
    }
    assert_eq!(output(&fleet), grown(A, 0, 99_137) + grown(B, 137, 99_137), "it goes on where the other one ended");
    assert!(!fleet.snapshot().money.lower_bound);
    poll(&mut fleet, 100..120, |_, at| A.page(at), |_, at| federated(&[A, B], at));
    assert_eq!(output(&fleet), grown(A, 0, 119_000) + grown(B, 137, 119_137));
}

#[test]
fn a_target_that_is_removed_leaves_its_process_to_the_other() {
    let (before, saved) = saved_after(20);
    let config = FleetConfig { targets: vec![member("two", "m", None)], ..FleetConfig::local("box") };
    let mut fleet = restart::restart(&before, config, saved, after(25_000));
    for second in 25..40 {
        fleet.apply(answered("two", after(second * 1000 + 137), federated(&[A, B], second * 1000 + 137)));
    }
    let most = grown(A, 0, 39_137) + grown(B, 137, 39_137);
    let posted = output(&fleet);
    assert!(posted <= most && posted + 1000 >= most, "{posted} of {most}");
}

/// An engine that ends and begins again every so many seconds, on its own page and on a federated one that is read every so
/// many seconds. Each life begins with nothing.
fn crashes(life: i64, every: i64, until: i64) -> Fleet {
    let mut fleet = watch(&NODES);
    let at_second = |second: i64| {
        let nth = second / life;
        Engine { first: 0, rate: 1000, born: nth * life * 1000 - 100, name: A.name }
    };
    let shown = |second: i64, millis: i64| {
        let engine = at_second(second);
        (engine, (millis - engine.born).max(0))
    };
    let own = |second: i64, millis: i64| {
        let (engine, age) = shown(second, millis);
        PageReading { date: Some(after(millis).wall), ..engine.page(age) }
    };
    let other = |second: i64, millis: i64| {
        let then = second / every * every;
        let (engine, age) = shown(then, then * 1000);
        PageReading { date: Some(after(millis).wall), ..federated(&[engine], age) }
    };
    poll(&mut fleet, 0..until, own, other);
    fleet
}

/// Class: processes that end before enough of their values agree. Their successors, with one start time again, tell.
#[test]
fn processes_that_end_early_at_two_addresses_count_once() {
    for (life, every) in [(8, 3), (8, 2), (12, 3), (12, 5), (20, 5), (30, 15)] {
        let until = life * 12;
        let fleet = crashes(life, every, until);
        let (posted, made) = (output(&fleet), u64::try_from(until).unwrap() * 1000);
        // The last life or two may not be decided yet.
        let undecided = u64::try_from(2 * life).unwrap() * 1000;
        assert!(posted <= made + undecided, "lives of {life} s, read every {every} s: {posted} of {made}");
        assert!(posted >= made / 2, "lives of {life} s, read every {every} s: {posted} of {made}");
    }
}

/// Class: one that ends early, and a successor that stays.
#[test]
fn a_process_that_ended_before_the_verdict_counts_once() {
    for (life, every) in [(7, 3), (12, 5), (24, 5), (40, 15)] {
        let mut fleet = watch(&NODES);
        let engine = |second: i64| {
            if second < life { A } else { Engine { first: 0, born: life * 1000 - 500, ..A } }
        };
        let age = |engine: Engine, millis: i64| if engine.first == 0 { millis - engine.born } else { millis };
        let own = |second: i64, millis: i64| {
            let engine = engine(second);
            PageReading { date: Some(after(millis).wall), ..engine.page(age(engine, millis)) }
        };
        let other = |second: i64, millis: i64| {
            let then = second / every * every;
            let engine = engine(then);
            PageReading { date: Some(after(millis).wall), ..federated(&[engine], age(engine, then * 1000)) }
        };
        poll(&mut fleet, 0..life + 12 * every + 20, own, other);
        let last = life + 12 * every + 19;
        let made = grown(A, 0, (life - 1) * 1000) + u64::try_from((last - life) * 1000 + 500).unwrap();
        let (posted, money) = (output(&fleet), fleet.snapshot().money);
        assert!(posted <= made, "{life}, {every}: {posted} of {made}");
        assert!(posted + 2000 >= made && money.lower_bound, "{life}, {every}: {posted} of {made}");
    }
}
