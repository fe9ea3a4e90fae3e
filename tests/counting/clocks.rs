//! Start times of processes under clocks that differ: what counts from zero, with the `Date` header and without it.

use crate::support;

use margintop::fleet::Fleet;
use margintop::reading::{Event, PageReading};
use margintop::units::{Moment, Span, Timestamp};
use support::{answered, at, counters, fleet, gpus, member, moment, page};

/// How far the server's clock is ahead of ours, in seconds.
const SKEWS: [i64; 11] = [0, 4, -4, 6, -6, 59, -59, 61, -61, 3600, -3600];

fn after(millis: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_millis(millis))
}

/// A server whose clock differs from ours, and whose responses have its time or not.
#[derive(Debug, Clone, Copy)]
struct Server {
    ahead: Span,
    dated: bool,
}

impl Server {
    /// All servers: each skew, with a `Date` header and without.
    fn all() -> impl Iterator<Item = Self> {
        SKEWS.into_iter().flat_map(|skew| [true, false].map(|dated| Self { ahead: Span::from_secs(skew), dated }))
    }

    fn exact() -> Self {
        Self { ahead: Span::ZERO, dated: true }
    }

    /// A page at `millis` of a process that started at `started`, both by our clock.
    fn page(self, millis: i64, started: i64, value: u64) -> PageReading {
        let start: Timestamp = after(started).wall + self.ahead;
        let date = self.dated.then(|| after(millis).wall + self.ahead);
        PageReading { date, ..page("deepseek-r1", counters(10 * value, 4 * value, value), Some(start)) }
    }
}

fn watched() -> Fleet {
    let mut fleet = fleet(vec![member("e", "n", None)], after(0));
    fleet.apply(Event::Tick(after(0)));
    fleet
}

fn poll(fleet: &mut Fleet, server: Server, millis: i64, started: i64, value: u64) {
    fleet.apply(answered("e", after(millis), server.page(millis, started, value)));
}

fn output(fleet: &Fleet) -> u64 {
    fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum()
}

/// What is posted of a process with 40 tokens that started at `started` and is first seen at 20 s, and the number of
/// restarts. The process before it was last seen at 10 s.
fn restarted(server: Server, started: i64) -> (u64, u64) {
    let mut fleet = watched();
    poll(&mut fleet, server, 0, -500_000, 1000);
    poll(&mut fleet, server, 10_000, -500_000, 1000);
    poll(&mut fleet, server, 20_000, started, 40);
    (output(&fleet), fleet.snapshot().engines[0].scrape.restarts)
}

#[test]
fn a_restart_is_dated_by_the_servers_own_clock() {
    for server in Server::all().filter(|server| server.dated) {
        assert_eq!(restarted(server, 15_000), (40, 1), "{server:?}: after the last page");
        assert_eq!(restarted(server, -2_000), (0, 0), "{server:?}: long before the last page");
        for (started, posted) in [(5_000, 0), (5_010, 40), (25_000, 40), (25_010, 0)] {
            assert_eq!(restarted(server, started).0, posted, "{server:?}: 5 s of slack, started at {started} ms");
        }
    }
}

/// Whether the total is a lower bound, and the lost windows, each second after a process whose start time lies before the
/// last page of another one. That one answers again at `again`.
fn bounds(started: i64, again: Option<i64>) -> Vec<(bool, i64)> {
    let (server, mut fleet) = (Server::exact(), watched());
    let mut bounds = Vec::new();
    for second in 0..90 {
        let old = second < 10 || again == Some(second);
        let started = if old { -500_000 } else { started };
        poll(&mut fleet, server, 1000 * second, started, (if old { 1000 } else { 40 }) + second.unsigned_abs());
        let money = &fleet.snapshot().money;
        bounds.push((money.lower_bound, i64::try_from(money.lost_windows).unwrap()));
    }
    bounds
}

#[test]
fn a_restart_that_a_wrong_clock_hides_is_a_lost_window_when_the_other_is_gone() {
    let hidden = bounds(-20_000, None);
    assert_eq!((hidden[9], hidden[10], hidden[17]), ((false, 0), (true, 0), (true, 0)), "it may be a restart");
    assert_eq!((hidden[18], hidden[89]), ((true, 1), (true, 1)), "the other one is gone");
    let beside = bounds(-20_000, Some(15));
    assert_eq!((beside[14], beside[15]), ((true, 0), (false, 0)), "it was there beside it");
    let late = bounds(-20_000, Some(80));
    assert_eq!((late[79], late[80]), ((true, 1), (false, 0)), "it was none: its lost window is taken back");
    let before = bounds(-10_000_000, None);
    assert_eq!((before[10], before[17]), ((false, 0), (false, 0)), "started long before: it may have been there");
    assert_eq!(before[89], (true, 1), "the other one is gone, and what it made after its last page");
}

/// Class: a start time from before the calendar was set proves no birth, and was taken for that of a process that was
/// there before, beside another one that answers.
#[test]
fn a_birth_before_the_calendar_was_set_is_a_lost_window() {
    for step in [-90_000, -56_000, 56_000, 3_600_000] {
        for born in [8_000, 11_000] {
            let mut fleet = watched();
            let set = |millis: i64| {
                let now = after(millis);
                Moment { wall: now.wall + Span::from_millis(step), ..now }
            };
            let poll = |fleet: &mut Fleet, at: Moment, started: i64, value: u64| {
                let page = page("deepseek-r1", counters(10 * value, 4 * value, value), Some(after(started).wall));
                fleet.apply(support::answered_dated("e", at, page));
            };
            for millis in [0, 10_000] {
                poll(&mut fleet, after(millis), -500_000, 1_000);
            }
            poll(&mut fleet, set(12_000), born, 40);
            poll(&mut fleet, set(13_000), -500_000, 1_000);
            poll(&mut fleet, set(14_000), born, 60);
            let money = fleet.snapshot().money.clone();
            let made = output(&fleet);
            assert!(made == 60 || made == 20 && money.lower_bound, "{step}, {born}: posted {made}");
        }
    }
}

#[test]
fn without_the_servers_time_its_start_is_taken_by_our_clock() {
    for server in Server::all().filter(|server| !server.dated) {
        let fits = server.ahead.millis().abs() <= 6_000;
        assert_eq!(restarted(server, 15_000).0, if fits { 40 } else { 0 }, "{server:?}");
        for (says, posted) in [(5_000, 0), (5_010, 40), (25_000, 40), (25_010, 0)] {
            let started = says - server.ahead.millis();
            assert_eq!(restarted(server, started).0, posted, "{server:?}: 5 s of slack, says {says} ms");
        }
    }
}

#[test]
fn a_process_that_appears_beside_others_counts_from_zero_only_by_the_servers_time() {
    for server in Server::all() {
        let mut fleet = watched();
        for second in 0..30_u64 {
            let (value, started) =
                if second % 2 == 0 { (5000 + second, -900_000) } else { (70_000 + second, -500_000) };
            poll(&mut fleet, server, i64::try_from(second * 1000).unwrap(), started, value);
        }
        let before = output(&fleet);
        assert_eq!(before, 28 + 28, "{server:?}: both are counted, whatever their clock says");
        poll(&mut fleet, server, 30_000, 27_000, 90);
        let born = if server.dated { 90 } else { 0 };
        assert_eq!(output(&fleet) - before, born, "{server:?}: first page");
        poll(&mut fleet, server, 33_000, 27_000, 97);
        assert_eq!(output(&fleet) - before, born + 7, "{server:?}: second page");
    }
}

/// What is posted of an engine with 300 tokens that is first seen 100 s after the watch began.
fn first_seen(server: Server, started: i64) -> u64 {
    let mut fleet = watched();
    fleet.apply(gpus("n", "NVIDIA H800", 8, after(0)));
    poll(&mut fleet, server, 100_000, started, 300);
    output(&fleet)
}

#[test]
fn a_first_page_counts_from_zero_within_sixty_seconds_of_our_clock() {
    for server in Server::all() {
        let agrees = server.dated && server.ahead.millis().abs() < 60_000;
        assert_eq!(first_seen(server, 50_000), if agrees { 300 } else { 0 }, "{server:?}");
        assert_eq!(first_seen(server, -1_000), 0, "{server:?}: it was there before the watch");
    }
    for (ahead, posted) in [(59_999, 300), (-59_999, 300), (60_000, 0), (-60_000, 0)] {
        let server = Server { ahead: Span::from_millis(ahead), dated: true };
        assert_eq!(first_seen(server, 50_000), posted, "{ahead} ms");
    }
}

#[test]
fn a_first_page_counts_from_zero_if_the_start_lies_in_the_watch_and_not_in_the_future() {
    for (started, posted) in [(-10, 0), (0, 300), (100_000, 300), (105_000, 300), (105_010, 0)] {
        assert_eq!(first_seen(Server::exact(), started), posted, "started at {started} ms");
    }
}

#[test]
fn a_first_page_counts_from_zero_only_if_its_gpus_were_paid_from_then_on() {
    for (started, posted) in [(50_000, 0), (59_990, 0), (60_000, 300), (70_000, 300)] {
        let mut fleet = watched();
        fleet.apply(gpus("n", "NVIDIA H800", 8, after(60_000)));
        poll(&mut fleet, Server::exact(), 100_000, started, 300);
        assert_eq!(output(&fleet), posted, "GPUs are paid from 60 s on, started at {started} ms");
    }
}

/// The first page of an engine whose GPUs are not known yet is a baseline: their rent does not run from the same moment.
#[test]
fn a_first_page_before_any_gpu_is_known_is_a_baseline() {
    let mut fleet = watched();
    poll(&mut fleet, Server::exact(), 100_000, 50_000, 300);
    fleet.apply(gpus("n", "NVIDIA H800", 8, after(101_000)));
    poll(&mut fleet, Server::exact(), 102_000, 50_000, 307);
    assert_eq!(output(&fleet), 7);
}
