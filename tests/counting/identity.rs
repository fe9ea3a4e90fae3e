//! Who is who: processes by their start times, rows by their names, nodes by their GPUs.
//!
//! Each test names the class of fault that it stands for.

use crate::support;

use margintop::dialect::{self, Hint};
use margintop::fleet::Fleet;
use margintop::reading::PageReading;
use margintop::units::{Moment, Span, Timestamp, Tokens};
use support::{answered, answered_dated, at, counters, fleet, gpus, member, moment, page, target};

const URL: &str = "http://engine:8000";
const MODEL: &str = "deepseek-r1";

fn after(millis: i64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_millis(millis))
}

fn long_ago() -> Timestamp {
    moment("2026-03-10T08:00:00Z").wall
}

fn watched() -> Fleet {
    let mut fleet = fleet(vec![member(URL, "n", None)], after(0));
    fleet.apply(gpus("n", "NVIDIA H800", 8, after(0)));
    fleet
}

/// Prompt and output tokens that are posted.
fn posted(fleet: &Fleet) -> (u64, u64) {
    fleet.ledger().today().tokens().fold((0, 0), |(prompt, output), (.., tokens)| {
        (prompt + tokens.miss.count() + tokens.hit.count(), output + tokens.output.count())
    })
}

fn disputed(fleet: &Fleet) -> u64 {
    fleet.ledger().disputes().iter().map(|dispute| dispute.tokens().count()).sum()
}

fn of(total: u64, start: Option<Timestamp>) -> PageReading {
    page(MODEL, counters(total, 0, total / 10), start)
}

fn nameless(mut page: PageReading) -> PageReading {
    page.engines.iter_mut().for_each(|row| row.model = None);
    page
}

/// Class: a name that a server does not say for once makes a row of its own, whose lifetime is billed.
#[test]
fn a_model_whose_name_is_missing_for_once_is_no_new_row() {
    let mut fleet = watched();
    for (second, total) in (0..6).zip([5_000_000, 5_001_000, 5_002_000, 5_003_000, 5_004_000, 5_005_000]) {
        let reading = of(total, Some(long_ago()));
        let reading = if second == 2 || second == 3 { nameless(reading) } else { reading };
        fleet.apply(answered_dated(URL, after(second * 1000), reading));
    }
    assert_eq!((posted(&fleet), disputed(&fleet)), ((5_000, 500), 0));
    let snapshot = fleet.snapshot();
    assert_eq!(
        (snapshot.engines.len(), snapshot.money.unpriced_tokens),
        (1, 0),
        "one row, and all of it has its price"
    );
}

/// Class: the same the other way about: the name becomes known after the first page.
#[test]
fn a_name_that_becomes_known_is_no_new_row() {
    let mut fleet = watched();
    fleet.apply(answered_dated(URL, after(0), nameless(of(5_000_000, None))));
    for second in 1..5 {
        fleet.apply(answered_dated(URL, after(second * 1000), of(5_000_000 + 1_000 * second.unsigned_abs(), None)));
    }
    assert_eq!((posted(&fleet), disputed(&fleet)), ((4_000, 400), 0));
}

/// Class: a clock that jitters makes processes of one.
#[test]
fn a_start_time_that_moves_by_less_than_two_seconds_is_the_same_process() {
    for step in [15, 300, 1_400] {
        let mut fleet = watched();
        for second in 0_i64..40 {
            let start = long_ago() + Span::from_millis(if second % 3 == 1 { step } else { 0 });
            let total = 9_000_000 + 700 * second.unsigned_abs();
            fleet.apply(answered_dated(URL, after(second * 1000), of(total, Some(start))));
        }
        assert_eq!((posted(&fleet), disputed(&fleet)), ((27_300, 2_730), 0), "{step} ms");
    }
}

/// Class: the same of an engine that idles, and gets its first load at a poll at which its start time moved.
#[test]
fn the_first_load_of_an_idle_engine_whose_start_time_moves_is_counted_once() {
    for moved in 0..3 {
        let mut fleet = watched();
        for second in 0_i64..60 {
            let start = long_ago() + Span::from_millis(if second % 3 == moved { 20 } else { 0 });
            let total = 9_000_000 + 50_000 * (second - 20).max(0).unsigned_abs();
            fleet.apply(answered_dated(URL, after(second * 1000), of(total, Some(start))));
        }
        assert_eq!((posted(&fleet), disputed(&fleet)), ((1_950_000, 195_000), 0), "{moved}");
    }
}

/// Class: the same of a busy engine whose start time moves from the first poll on, to a new value each time.
#[test]
fn a_busy_engine_whose_start_time_never_rests_is_counted() {
    for (speed, seed) in [(700, 7), (5_000, 3), (60_000, 11), (60_000, 13)] {
        let mut fleet = watched();
        for second in 0_i64..40 {
            let start = long_ago() + Span::from_millis(second * seed * 37 % 900);
            let total = 9_000_000 + speed * second.unsigned_abs();
            fleet.apply(answered_dated(URL, after(second * 1000), of(total, Some(start))));
        }
        assert_eq!((posted(&fleet), disputed(&fleet)), ((39 * speed, 39 * speed / 10), 0), "{speed} {seed}");
    }
}

/// Class: the same of one whose start time drifts, a little at each poll.
#[test]
fn an_engine_whose_start_time_drifts_is_counted() {
    for (step, speed) in [(20, 1_000), (200, 10), (900, 1_000), (-900, 5_000)] {
        let mut fleet = watched();
        for second in 0_i64..60 {
            let start = long_ago() + Span::from_millis(second * step);
            let total = 9_000_000 + speed * second.unsigned_abs();
            fleet.apply(answered_dated(URL, after(second * 1000), of(total, Some(start))));
        }
        assert_eq!((posted(&fleet), disputed(&fleet)), ((59 * speed, 59 * speed / 10), 0), "{step} {speed}");
    }
}

/// Class: the same of one that idles and then gets load, dips, and restarts.
#[test]
fn an_engine_whose_start_time_never_rests_may_idle_dip_and_restart() {
    let mut fleet = watched();
    let jitter = |second: u64| Span::from_millis(second.cast_signed() * 37 * 7 % 900);
    let mut take = |second: u64, start: Timestamp, total: u64| {
        fleet.apply(answered_dated(URL, after(second.cast_signed() * 1000), of(total, Some(start + jitter(second)))));
        posted(&fleet).0
    };
    (0..20).for_each(|second| assert_eq!(take(second, long_ago(), 9_000_000), 0));
    let loaded = (20..40).map(|second| take(second, long_ago(), 9_000_000 + 50_000 * (second - 19))).last();
    assert_eq!(loaded, Some(1_000_000));
    take(40, long_ago(), 4_000_000);
    assert_eq!(take(41, long_ago(), 10_050_000), 1_050_000);
    let again = (50..60).map(|second| take(second, after(45_000).wall, 1_000 * (second - 45))).last();
    assert_eq!(again, Some(1_064_000));
}

/// Class: a row that begins anew in a process that goes on counts from zero, whatever it made before.
#[test]
fn a_row_that_begins_anew_counts_from_zero_if_the_hardware_could() {
    for (before, first, pace) in [(1_000, 300, 1_000), (0, 40_000, 20_000), (100, 0, 60_000), (60_000, 5_000, 100)] {
        let mut fleet = watched();
        let at_loading = 20_000_000 + before * 9;
        for second in 0_u64..20 {
            let total = if second < 10 { 20_000_000 + before * second } else { first + pace * (second - 10) };
            fleet.apply(answered_dated(URL, after(second.cast_signed() * 1000), of(total, Some(long_ago()))));
        }
        let made = at_loading - 20_000_000 + first + 9 * pace;
        assert_eq!((posted(&fleet).0, disputed(&fleet)), (made, 0), "{before} {first} {pace}");
    }
}

/// Class: the same with values that no hardware made since the last poll: disputed, not billed and not lost.
#[test]
fn a_row_that_begins_anew_with_more_than_the_hardware_makes_is_disputed() {
    let mut fleet = watched();
    for second in 0_u64..20 {
        let total = if second < 10 { 90_000_000_000 + second } else { 8_000_000_000 + 1_000 * (second - 10) };
        fleet.apply(answered_dated(URL, after(second.cast_signed() * 1000), of(total, Some(long_ago()))));
    }
    assert!(posted(&fleet).0 <= 9_009, "{}", posted(&fleet).0);
    assert!(disputed(&fleet) >= 8_000_000_000, "{}", disputed(&fleet));
}

/// Class: the evidence of a dispute says less than was known: both processes are named by their start times.
#[test]
fn the_evidence_of_a_restart_names_both_processes() {
    let (mut fleet, began) = (watched(), after(4_500).wall);
    for second in 0_u64..8 {
        let (start, total) = if second < 5 { (long_ago(), 9_000_000) } else { (began, 80_000_000_000) };
        fleet.apply(answered_dated(URL, after(second.cast_signed() * 1000), of(total + second, Some(start))));
    }
    let evidence = &fleet.ledger().disputes()[0].evidence;
    assert_eq!((evidence.start_before, evidence.start_after), (Some(long_ago()), Some(began)));
    assert_eq!(posted(&fleet).0, 6);
}

/// Class: more processes behind one address than anyone keeps: their lifetimes are never billed.
#[test]
fn a_hundred_processes_in_turn_are_never_billed_for_what_they_counted_before() {
    let mut fleet = watched();
    for poll in 0..400_i64 {
        let nth = poll % 100;
        let start = long_ago() + Span::from_secs(nth * 10);
        let total = 1_000_000 * (1 + nth.unsigned_abs()) + 100 * (poll / 100).unsigned_abs();
        fleet.apply(answered_dated(URL, after(poll * 250), of(total, Some(start))));
    }
    let (prompt, _) = posted(&fleet);
    assert!(prompt <= 100 * 300, "{prompt}");
    let row = &fleet.snapshot().engines[0];
    assert!(row.processes <= 64, "{}", row.processes);
}

/// Class: a clock that was never set, or is ahead, makes a process new at every poll, or for ever.
#[test]
fn a_start_time_of_1970_or_of_the_future_bills_no_lifetime() {
    let starts = [Timestamp::from_millis(12_000), after(0).wall + Span::from_secs(86_400 * 365)];
    for start in starts {
        let mut fleet = watched();
        for second in 0_i64..10 {
            let total = 7_000_000 + 500 * second.unsigned_abs();
            fleet.apply(answered_dated(URL, after(second * 1000), of(total, Some(start))));
        }
        assert_eq!((posted(&fleet), disputed(&fleet)), ((4_500, 450), 0), "{start}");
    }
}

/// Class: a value beyond every counter wraps, or is posted.
#[test]
fn a_counter_beyond_63_bits_is_never_posted() {
    let mut fleet = watched();
    for (second, total) in (0..4).zip([1_000, u64::MAX - 5, u64::MAX, 2_000]) {
        fleet.apply(answered_dated(URL, after(second * 1000), of(total, Some(long_ago()))));
    }
    let (prompt, output) = posted(&fleet);
    assert!(prompt <= 1_000 && output <= 100, "{prompt}, {output}");
}

/// GPUs on an exporter's page that calls its node so.
fn boards(uuids: &[&str], node: &str) -> PageReading {
    let series = |(index, uuid): (usize, &&str)| {
        let labels = format!(
            "gpu=\"{index}\",UUID=\"GPU-{uuid}-1111-2222-3333-444444444444\",device=\"nvidia{index}\",\
             modelName=\"NVIDIA H100 80GB HBM3\",Hostname=\"{node}\""
        );
        format!("DCGM_FI_DEV_GPU_UTIL{{{labels}}} 50\nDCGM_FI_DEV_FB_USED{{{labels}}} 1000\n")
    };
    let text: String = uuids.iter().enumerate().map(series).collect();
    dialect::read(text.as_bytes(), &Hint::default()).unwrap()
}

fn exporter() -> Fleet {
    fleet(vec![target("http://10.0.0.5:9400", None)], after(0))
}

fn gpu_seconds(fleet: &Fleet) -> i64 {
    fleet.ledger().today().gpu_times().map(|(_, rent)| rent.allocated.millis()).sum::<i64>() / 1000
}

/// Class: a pod that is replaced gives its node a new name, and its GPUs are paid twice or not at all.
#[test]
fn a_hostname_that_changes_renames_the_node() {
    let mut fleet = exporter();
    for second in 0..=60 {
        let name = if second < 30 { "dcgm-exporter-x7k2p" } else { "dcgm-exporter-9qq4z" };
        fleet.apply(answered("http://10.0.0.5:9400", after(second * 1000), boards(&["0000000a", "0000000b"], name)));
    }
    let snapshot = fleet.snapshot();
    let names: Vec<_> = snapshot.nodes.iter().map(|node| node.name.to_string()).collect();
    assert_eq!(names, ["dcgm-exporter-9qq4z"]);
    assert_eq!((snapshot.gpus.count, gpu_seconds(&fleet)), (2, 120));
}

/// Class: a card that is replaced is paid for ever, or the machine's rent has a gap.
#[test]
fn a_card_that_takes_an_index_releases_the_one_before() {
    let mut fleet = exporter();
    for second in 0..=60 {
        let first = if second < 30 { "0000000a" } else { "0000000c" };
        fleet.apply(answered("http://10.0.0.5:9400", after(second * 1000), boards(&[first, "0000000b"], "gpu-1")));
    }
    assert_eq!(fleet.snapshot().gpus.count, 2);
    let allocated = gpu_seconds(&fleet);
    assert!((118..=120).contains(&allocated), "{allocated}");
}

/// Class: a start time that is ahead of its own server's clock proves a birth: its lifetime is billed.
#[test]
fn a_start_time_of_the_future_beside_another_process_bills_no_lifetime() {
    let mut fleet = watched();
    for second in 0_u64..20 {
        let ahead = second > 5 && second % 2 == 0;
        let (start, base) = if ahead { (after(86_400_000).wall, 400_000_000) } else { (long_ago(), 9_000_000) };
        fleet.apply(answered_dated(URL, after(second.cast_signed() * 1000), of(base + 100 * second, Some(start))));
    }
    assert!((1_900..=3_300).contains(&posted(&fleet).0), "{}", posted(&fleet).0);
    assert_eq!(disputed(&fleet), 0);
}

/// Class: processes beyond those that are kept are lost in silence.
#[test]
fn more_processes_than_are_kept_are_said_and_make_a_lower_bound() {
    let mut fleet = watched();
    for poll in 0..300_i64 {
        let start = long_ago() + Span::from_secs(poll % 70 * 10);
        let total = 1_000_000 + 100 * (poll / 70).unsigned_abs();
        fleet.apply(answered_dated(URL, after(poll * 250), of(total, Some(start))));
    }
    let snapshot = fleet.snapshot();
    let row = &snapshot.engines[0];
    assert!(snapshot.money.lower_bound);
    assert!(row.note.as_ref().unwrap().as_str().contains("more processes"), "{:?}", row.note);
    assert_eq!(row.prompt_per_second, None, "unknown, not nothing");
}

/// Class: a counter that leaves the page for good is taken for one that stands still.
#[test]
fn a_counter_that_is_gone_is_said_and_makes_a_lower_bound() {
    let mut fleet = watched();
    for second in 0_u64..40 {
        let mut page = of(9_000_000 + 1_000 * second, Some(long_ago()));
        if second > 9 {
            page.engines.iter_mut().for_each(|row| row.tokens.output = None);
        }
        fleet.apply(answered_dated(URL, after(second.cast_signed() * 1000), page));
        if second > 9 {
            let snapshot = fleet.snapshot();
            assert!(snapshot.money.lower_bound, "at {second}");
            assert!(snapshot.engines[0].note.is_some(), "at {second}");
            let rate = snapshot.engines[0].prompt_per_second;
            assert!(rate.is_none_or(|rate| (rate - 1_000.0).abs() < 1.0), "at {second}: {rate:?}");
        }
    }
    assert_eq!(posted(&fleet), (39_000, 900));
    fleet.apply(answered_dated(URL, after(40_000), of(9_040_000, Some(long_ago()))));
    assert_eq!(posted(&fleet), (40_000, 4_000), "it returns, and nothing is lost");
    assert!(!fleet.snapshot().money.lower_bound);
}

/// Class: what a process had in work counts on after another took its place.
#[test]
fn a_restart_takes_the_requests_of_the_process_before_with_it() {
    let mut fleet = watched();
    for second in 0_u64..12 {
        let (start, total) = if second < 6 { (long_ago(), 9_000_000) } else { (after(5_500).wall, 0) };
        let mut page = of(total + 1_000 * second, Some(start));
        page.engines.iter_mut().for_each(|row| row.running = Some(if second < 6 { 10 } else { 1 }));
        fleet.apply(answered_dated(URL, after(second.cast_signed() * 1000), page));
    }
    let row = &fleet.snapshot().engines[0];
    assert_eq!((row.running, row.processes), (Some(1), 1));
}

/// Class: what was quarantined for some polls comes at once, and makes a peak of money an hour.
#[test]
fn a_dip_that_returns_makes_no_peak_and_leaves_no_bound() {
    for start in [None, Some(long_ago())] {
        for polls in [1, 2, 3, 6, 9] {
            let mut fleet = watched();
            let mut whole: Option<f64> = None;
            for second in 0_u64..60 {
                let dips = (20..20 + polls).contains(&second);
                let total = if dips { 4_000_000 } else { 9_000_000 + 1_000 * second };
                fleet.apply(answered_dated(URL, after(second.cast_signed() * 1000), of(total, start)));
                let snapshot = fleet.snapshot();
                let an_hour: f64 = snapshot.money.revenue_per_hour.map_or(0.0, |it| it.to_string().parse().unwrap());
                if second == 19 {
                    whole = Some(an_hour);
                }
                let most = whole.map_or(f64::MAX, |whole| whole * 1.02);
                assert!(an_hour <= most, "{start:?} {polls} at {second}: {an_hour} above {most}");
                let rate = snapshot.engines[0].prompt_per_second;
                let even = |rate: f64| (rate - 1_000.0).abs() < 1.0;
                assert!(second == 0 || rate.is_none_or(even), "{start:?} {polls} at {second}: {rate:?}");
            }
            let money = fleet.snapshot().money;
            assert_eq!(posted(&fleet), (59_000, 5_900), "{start:?} {polls}");
            let bounds = (money.lower_bound, money.lost_windows);
            assert_eq!(bounds, (false, 0), "{start:?} {polls}: {:?}", fleet.snapshot().engines[0].note);
        }
    }
}

/// Class: an engine that counts computed prompts alone is called an upper bound for hits that it never says.
#[test]
fn hits_that_can_only_add_make_no_upper_bound() {
    let mut fleet = watched();
    for second in 0_u64..10 {
        let mut page = of(1_000 * second, Some(long_ago()));
        for row in &mut page.engines {
            row.tokens.prompt = margintop::reading::PromptCount::ComputedOnly(Tokens::new(1_000 * second));
            row.tokens.cached = None;
        }
        fleet.apply(answered_dated(URL, after(second.cast_signed() * 1000), page));
    }
    let money = fleet.snapshot().money;
    assert!(!money.upper_bound && money.uncertainty == margintop::units::Money::ZERO);
    assert_eq!(posted(&fleet).0, 9_000);
}

/// Class: a page without a start time is taken for a reset of a process that says one, whose lifetime is billed.
#[test]
fn a_process_without_a_start_time_beside_one_that_says_it_bills_no_lifetime() {
    for (quiet, turn) in [(500, 2), (90_000, 3), (500, 5), (40_000_000, 2)] {
        let mut fleet = watched();
        for second in 0_u64..60 {
            let has_start = second < 4 || second / (turn - 1) % 2 == 0;
            let (start, base) = if has_start { (Some(long_ago()), 300_000) } else { (None, quiet) };
            let page = of(base + 100 * second, start);
            fleet.apply(answered_dated(URL, after(second.cast_signed() * 1000), page));
        }
        let (prompt, _) = posted(&fleet);
        assert!((2_900..=11_800).contains(&prompt), "{quiet} {turn}: {prompt}");
        assert_eq!(disputed(&fleet), 0, "{quiet} {turn}");
    }
}

/// Tokens of a row at one poll: prompt, cached, output.
type Poll = [u64; 3];

/// What is posted and disputed of an engine that says its start and whose counters go by these polls.
fn counted(polls: impl IntoIterator<Item = Poll>) -> (Poll, u64) {
    let mut fleet = watched();
    for (second, [prompt, cached, output]) in (0..).zip(polls) {
        let page = page(MODEL, counters(prompt, cached, output), Some(long_ago()));
        fleet.apply(answered_dated(URL, after(second * 1000), page));
    }
    let sum = fleet.ledger().today().tokens().fold([0; 3], |[prompt, hit, output], (.., tokens)| {
        let (miss, hits) = (tokens.miss.count(), tokens.hit.count());
        [prompt + miss + hits, hit + hits, output + tokens.output.count()]
    });
    (sum, disputed(&fleet))
}

/// Class: one counter falls, and the others of its row are counted from zero with it.
#[test]
fn a_counter_that_falls_alone_takes_no_other_with_it() {
    let steady = |n: u64| [1_000_000 + 500 * n, 200_000 + 250 * n, 300_000 + 100 * n];
    for fallen in 0..3 {
        for first in [0, 40] {
            let poll = |n: u64| {
                let mut poll = steady(n);
                if n >= 10 {
                    poll[fallen] = first + [500, 250, 100][fallen] * (n - 10);
                }
                poll
            };
            let (posted, disputed) = counted((0..40).map(poll));
            let made: Poll = std::array::from_fn(|i| {
                let each = [500, 250, 100][i];
                if i == fallen { each * 9 + first + each * 29 } else { each * 39 }
            });
            let near = |i: usize| posted[i] <= made[i] && posted[i] + 300 * [500, 250, 100][i] / 100 >= made[i];
            assert!((0..3).all(near) && disputed == 0, "{fallen} {first}: {posted:?} of {made:?}, {disputed}");
        }
    }
}

/// Class: a part of a sum is gone for good, and what is left is billed as if it had been made since.
#[test]
fn a_sum_that_loses_a_part_is_disputed_and_not_billed() {
    let poll = |n: u64| {
        let total = if n < 10 { 5_000_000 } else { 2_500_000 } + 100 * n;
        [total, 0, total]
    };
    let (posted, disputed) = counted((0..40).map(poll));
    assert!(posted[0] <= 3_900 && posted[2] <= 3_900, "{posted:?}");
    assert!(disputed >= 5_000_000, "{disputed}");
}

/// Class: a dip that grows is believed to be a reset, and its return is billed as growth.
#[test]
fn a_dip_that_grows_and_returns_is_billed_once() {
    for polls in 1..=8 {
        let poll = |n: u64| {
            let dips = (10..10 + polls).contains(&n);
            let total = if dips { 1_000 * (n - 10) } else { 1_000_000 + 1_000 * n };
            [total, total / 5, total / 2]
        };
        let (posted, disputed) = counted((0..60).map(poll));
        assert_eq!((posted, disputed), ([59_000, 11_800, 29_500], 0), "{polls}");
    }
}
