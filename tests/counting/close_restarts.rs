//! Processes that restart within two seconds: the second one may be the first, with a clock that was set.
//!
//! Each test names the class of fault that it stands for.

#[allow(dead_code, unreachable_pub, reason = "this test uses a part")]
use crate::support;

use crate::world::dice::Dice;
use margintop::fleet::Fleet;
use margintop::units::{Moment, Span, Timestamp};
use support::{answered, answered_dated, at, counters, fleet, gpus, member, moment, page};

const URL: &str = "http://engine:8000";

fn after(millis: i64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_millis(millis))
}

fn watched() -> Fleet {
    let mut fleet = fleet(vec![member(URL, "n", None)], after(0));
    fleet.apply(gpus("n", "NVIDIA H800", 8, after(0)));
    fleet
}

/// Prompt tokens that are posted.
fn posted(fleet: &Fleet) -> u64 {
    fleet.ledger().today().tokens().map(|(.., tokens)| tokens.miss.count() + tokens.hit.count()).sum()
}

fn poll(fleet: &mut Fleet, millis: i64, start: Timestamp, total: u64) -> u64 {
    let page = page("deepseek-r1", counters(total, total / 3, total / 10), Some(start));
    fleet.apply(answered_dated(URL, after(millis), page));
    posted(fleet)
}

/// Class: the tokens of a process that died within two seconds are missing, and nothing says so.
#[test]
fn a_young_process_whose_start_time_moves_makes_a_bound() {
    for (again, pace) in [(700, 5_000), (1_300, 60_000), (1_900, 200)] {
        let mut fleet = watched();
        assert_eq!(poll(&mut fleet, 600, after(400).wall, 20_000), 20_000, "born while it was watched");
        assert!(!fleet.snapshot().money.lower_bound);
        for second in 0..20_u64 {
            let total = 30_000 + pace * second;
            let posted = poll(&mut fleet, 1_000 + again + 1_000 * second.cast_signed(), after(again).wall, total);
            assert!(posted <= 20_000 + total, "{posted}: {again} {pace}");
        }
        let produced = 20_000 + 30_000 + 19 * pace;
        let money = fleet.snapshot().money;
        assert!(posted(&fleet) == produced || money.lower_bound, "{}: {again} {pace}", posted(&fleet));
        assert!(posted(&fleet) >= produced - 20_000, "{}: {again} {pace}", posted(&fleet));
    }
}

/// Class: processes that restarted within two seconds make of every later restart a clock that was set.
#[test]
fn restarts_within_two_seconds_hide_no_later_ones() {
    for seed in 1..400 {
        let mut dice = Dice::new(seed);
        let (mut fleet, mut now, mut produced, mut last) = (watched(), 400, 0, 0);
        for _ in 0..30 {
            let start = after(now).wall;
            // Those that begin above the last one's values may be that one.
            let mut total = if seed % 2 == 0 { last } else { 0 };
            let polls = if seed % 4 < 2 { 1 + dice.below(2) } else { 4 + dice.below(3) };
            for _ in 0..polls {
                now += 100 + dice.below(600 / polls).cast_signed();
                total += 1_000 + dice.below(90_000);
                poll(&mut fleet, now, start, total);
                assert!(posted(&fleet) <= produced + total, "{} of {}: seed {seed}", posted(&fleet), produced + total);
            }
            produced += total;
            // No process begins with more than the hardware makes.
            last = if dice.one_in(8) || total > 600_000 { 0 } else { total };
            now += 50 + dice.below(400).cast_signed();
        }
        // From here on each life is distinguished from the last one: by its start time, or as its counters are lower.
        now += if seed % 3 == 0 { 3_000 } else { 300 };
        for life in 0..8 {
            let (start, before, mut total) = (after(now).wall, posted(&fleet), 0);
            let apart = if seed % 3 == 0 { 2_200 } else { 500 };
            let begin = now;
            for nth in 0..3 {
                now += 100 + dice.below(200).cast_signed();
                total += if nth == 0 { 1_000 } else { 90_000 } + dice.below(9_000);
                poll(&mut fleet, now, start, total);
            }
            assert_eq!(posted(&fleet), before + total, "life {life}: seed {seed}");
            now = (begin + apart).max(now + 100);
        }
        assert!(fleet.snapshot().money.lower_bound);
    }
}

/// Class: a server that works its start time out from its uptime makes a bound with each process that is born.
#[test]
fn a_new_process_whose_start_time_never_rests_makes_no_bound() {
    for interval in [100, 250, 1_000] {
        for whole in [true, false] {
            let mut fleet = watched();
            let born = 4_321;
            for nth in 0..120_i64 {
                let now = 4_400 + nth * interval;
                let uptime = if whole { (now - born) / 1_000 * 1_000 } else { now - born + now * 37 % 400 - 200 };
                let total = 10_000 + 900 * nth.unsigned_abs();
                let mut page = page("deepseek-r1", counters(total, 0, total / 10), Some(after(now - uptime).wall));
                page.date = Some(after(now / 1_000 * 1_000).wall);
                fleet.apply(answered(URL, after(now), page));
                assert!(posted(&fleet) <= total, "{} of {total} at {nth}: {interval} {whole}", posted(&fleet));
            }
            assert_eq!(posted(&fleet), 10_000 + 900 * 119, "{interval} {whole}");
            assert!(!fleet.snapshot().money.lower_bound, "{interval} {whole}");
        }
    }
}
