//! Gaps of the watch: where their tokens belong, which of them are bridged, and hits that come after their prompts.

use crate::restart;
use crate::support;

use std::collections::BTreeMap;

use margintop::fleet::{Fleet, FleetConfig, SavedState, TargetInfo};
use margintop::pricing::Book;
use margintop::reading::{
    Event, GpuId, GpuReading, Label, NodeName, PageReading, PromptCount, ScrapeCost, ScrapeError, TargetId,
    TokenCounters,
};
use margintop::units::{Moment, Span, Tokens};
use support::{answered, at, counters, moment, page, target};

const ENGINE: &str = "http://10.0.0.5:8000";
const EXPORTER: &str = "http://10.0.0.5:9400";
const OTHER: &str = "http://10.0.0.6:8000";
/// The limit of an absence.
const DAY: i64 = 86_400;

fn after(seconds: i64) -> Moment {
    at(moment("2025-02-20T00:00:00Z").wall + Span::from_secs(seconds))
}

/// A watch, and the next one that goes on from what a store has of it. Its day never ends.
struct Watch {
    fleet: Fleet,
    config: FleetConfig,
}

impl Watch {
    fn of(urls: &[&str]) -> Self {
        // A loopback address is this machine.
        let host = |url: &str| target(url, None).host.filter(|host| host.as_str() != "127.0.0.1");
        let targets = urls.iter().map(|url| TargetInfo { host: host(url), ..target(url, None) }).collect();
        let config = FleetConfig { targets, zone: None, ..FleetConfig::local("hub") };
        let mut fleet = Fleet::new(config.clone(), Book::built_in().unwrap(), after(0));
        fleet.restore(SavedState::default(), Span::from_secs(DAY));
        Self { fleet, config }
    }

    fn restart(&mut self, second: i64) {
        let saved = restart::saved(&mut self.fleet);
        self.fleet = restart::restart(&self.fleet, self.config.clone(), saved, after(second));
    }

    fn take(&mut self, url: &str, second: i64, page: PageReading) {
        self.fleet.apply(answered(url, after(second), page));
    }

    /// A page of a process that has made so many output tokens.
    fn poll(&mut self, url: &str, second: i64, output: u64) {
        let born = Some(after(-500).wall);
        self.take(url, second, page("deepseek-r1", counters(10 * output, 4 * output, output), born));
    }

    /// A page of prompts and hits alone.
    fn prompts(&mut self, second: i64, prompts: u64, hits: u64) {
        self.take(ENGINE, second, page("deepseek-r1", counters(prompts, hits, 0), Some(after(-500).wall)));
    }

    /// The same, of an engine that says its hits or does not.
    fn hits_or_none(&mut self, second: i64, prompts: u64, hits: Option<u64>) {
        let tokens = TokenCounters { cached: hits.map(Tokens::new), ..counters(prompts, 0, 0) };
        self.take(ENGINE, second, page("deepseek-r1", tokens, Some(after(-500).wall)));
    }

    fn fail(&mut self, url: &str, second: i64) {
        let (target, at, cost) = (TargetId::new(url), after(second), ScrapeCost::default());
        self.fleet.apply(Event::Page { target, at, cost, outcome: Err(ScrapeError::Refused) });
    }

    fn tick(&mut self, second: i64) {
        self.fleet.apply(Event::Tick(after(second)));
    }

    /// Output tokens by the node that they are posted to.
    fn by_node(&self) -> BTreeMap<String, u64> {
        let ledger = self.fleet.ledger();
        let mut nodes = BTreeMap::new();
        for (account, _, tokens) in ledger.today().tokens() {
            let node = ledger.accounts()[account.index()].node.to_string();
            *nodes.entry(node).or_default() += tokens.output.count();
        }
        nodes
    }

    fn output(&self) -> u64 {
        self.by_node().values().sum()
    }

    /// Posted misses and hits.
    fn posted(&self) -> [u64; 2] {
        let add = |[miss, hit]: [u64; 2], tokens: margintop::ledger::Classes| {
            [miss + tokens.miss.count(), hit + tokens.hit.count()]
        };
        self.fleet.ledger().today().tokens().fold([0; 2], |sum, (.., tokens)| add(sum, tokens))
    }
}

/// The page of the node's exporter, with a hostname that is not the host of its address.
fn exporter(node: &str) -> PageReading {
    let reading = GpuReading {
        id: Some(GpuId::from_uuid("GPU-5")),
        name: Some(Label::new("NVIDIA H800")),
        ..GpuReading::default()
    };
    let gpus = vec![(Some(NodeName::new(node)), reading)];
    PageReading { engines: Vec::new(), gpus, ..page("", counters(0, 0, 0), None) }
}

fn on(node: &str, output: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([(node.to_owned(), output)])
}

#[test]
fn tokens_of_a_gap_belong_to_the_node_they_were_made_on_whichever_page_answers_first() {
    for engine_first in [true, false] {
        let mut watch = Watch::of(&[ENGINE, EXPORTER]);
        watch.take(EXPORTER, 0, exporter("gpu-05"));
        watch.poll(ENGINE, 0, 1_000);
        watch.poll(ENGINE, 10, 1_100);
        watch.take(EXPORTER, 10, exporter("gpu-05"));
        assert_eq!(watch.by_node(), on("gpu-05", 100));
        watch.restart(3_610);
        if engine_first {
            watch.fail(EXPORTER, 3_610);
            watch.poll(ENGINE, 3_610, 5_000);
            assert_eq!(watch.by_node(), on("gpu-05", 4_000), "the exporter has not answered yet");
            watch.fail(EXPORTER, 3_611);
            watch.poll(ENGINE, 3_611, 5_010);
            watch.take(EXPORTER, 3_612, exporter("gpu-05"));
        } else {
            watch.take(EXPORTER, 3_610, exporter("gpu-05"));
        }
        watch.poll(ENGINE, 3_613, 5_030);
        watch.tick(3_613);
        assert_eq!(watch.by_node(), on("gpu-05", 4_030), "engine first: {engine_first}");
        let snapshot = watch.fleet.snapshot();
        let names: Vec<&str> = snapshot.nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!((names, snapshot.money.uncosted_engines), (vec!["gpu-05"], 0));
    }
}

/// Class: an engine and an exporter on one host, or on this machine, whose driver answers nothing.
#[test]
fn an_exporter_that_fails_at_first_gives_its_name_to_what_was_made_before() {
    for [engine, exporter_url, before] in
        [[ENGINE, EXPORTER, "10.0.0.5"], ["http://127.0.0.1:8000", "http://127.0.0.1:9400", "hub"]]
    {
        let mut watch = Watch::of(&[engine, exporter_url]);
        watch.fail(exporter_url, 0);
        watch.poll(engine, 0, 1_000);
        watch.poll(engine, 10, 1_100);
        assert_eq!(watch.by_node(), on(before, 100), "no other name is known");
        watch.take(exporter_url, 11, exporter("gpu-05"));
        watch.poll(engine, 20, 1_200);
        watch.tick(20);
        let snapshot = watch.fleet.snapshot();
        let nodes: Vec<_> = snapshot.nodes.iter().map(|node| (node.name.to_string(), node.revenue)).collect();
        assert_eq!(nodes, [("gpu-05".to_owned(), snapshot.money.revenue)], "renamed, with all that it earned");
    }
}

/// What is posted of 700 tokens after a silence of so many seconds in which another target was watched; margintop was
/// restarted at its end or not.
fn after_silence(seconds: i64, restarted: bool) -> u64 {
    let mut watch = Watch::of(&[ENGINE, OTHER]);
    watch.poll(ENGINE, 0, 1_000);
    for second in (0..seconds).step_by(60) {
        watch.poll(OTHER, second, 1_000);
        watch.tick(second);
    }
    if restarted {
        watch.restart(seconds);
    }
    watch.poll(OTHER, seconds, 1_000);
    watch.poll(ENGINE, seconds, 1_700);
    let posted = watch.output();
    watch.poll(ENGINE, seconds + 1, 1_709);
    assert_eq!(watch.output(), posted + 9, "and it is counted from then on");
    posted
}

#[test]
fn the_limit_of_an_absence_is_each_targets_own() {
    assert_eq!(after_silence(DAY, true), 700, "a day is bridged");
    assert_eq!(after_silence(DAY + 1, true), 0, "watched again after more than a day");
    assert_eq!(after_silence(DAY + 3_600, true), 0, "although margintop was away for a minute only");
}

#[test]
fn while_margintop_runs_a_gap_is_always_bridged() {
    assert_eq!(after_silence(DAY + 3_600, false), 700);
    assert_eq!(after_silence(31 * DAY, false), 700);
}

#[test]
fn a_node_that_was_silent_for_too_long_is_paid_from_its_next_report() {
    // Two dollars an hour, and those of the last minute before the restart.
    for (seconds, cost) in [(DAY, "2.033333"), (DAY + 3_600, "2.00")] {
        let mut watch = Watch::of(&[EXPORTER, OTHER]);
        watch.take(EXPORTER, 0, exporter("gpu-05"));
        for second in (0..seconds).step_by(60) {
            watch.poll(OTHER, second, 1_000);
            watch.tick(second);
        }
        watch.restart(seconds);
        watch.take(EXPORTER, seconds, exporter("gpu-05"));
        watch.take(EXPORTER, seconds + 3_600, exporter("gpu-05"));
        watch.tick(seconds + 3_600);
        assert_eq!(watch.fleet.snapshot().money.cost.unwrap().to_string(), cost, "after {seconds} s");
    }
}

/// By hit 0.14 and miss 0.55 a million.
#[test]
fn hits_that_come_after_their_prompts_correct_the_misses() {
    let mut watch = Watch::of(&[ENGINE]);
    watch.prompts(0, 0, 0);
    watch.prompts(1, 100_000, 0);
    assert_eq!(watch.posted(), [100_000, 0]);
    assert_eq!(watch.fleet.snapshot().money.revenue.unwrap().to_string(), "0.055");
    watch.prompts(2, 100_000, 60_000);
    watch.tick(2);
    assert_eq!(watch.posted(), [40_000, 60_000]);
    let snapshot = watch.fleet.snapshot();
    let money = &snapshot.money;
    assert_eq!(money.revenue.unwrap().to_string(), "0.0304", "40,000 misses and 60,000 hits");
    assert_eq!(snapshot.engines[0].revenue, money.revenue, "the row says the same");
    assert_eq!((money.upper_bound, money.lower_bound, money.lost_windows), (false, false, 0));
    assert_eq!(money.uncertainty.to_string(), "0.00");
    watch.prompts(3, 100_000, 100_000);
    assert_eq!(watch.posted(), [0, 100_000]);
    watch.prompts(4, 100_000, 130_000);
    assert_eq!(watch.posted(), [0, 100_000], "no more hits than prompts");
    assert_eq!(watch.fleet.snapshot().money.revenue.unwrap().to_string(), "0.014");
}

/// Class: what was uncertain of unknown hits stays so after they became known.
#[test]
fn hits_that_become_known_leave_no_uncertainty() {
    for (first, restarts) in [(Some(0), false), (None, false), (Some(0), true), (None, true)] {
        let mut watch = Watch::of(&[ENGINE]);
        watch.hits_or_none(0, 0, first);
        for second in 1..=5 {
            watch.hits_or_none(second, 14_001 * second.unsigned_abs(), None);
        }
        watch.hits_or_none(65, 100_000, None);
        watch.tick(65);
        let money = watch.fleet.snapshot().money.clone();
        assert_eq!((money.upper_bound, money.uncertainty.to_string()), (true, "0.041".to_owned()));
        if restarts {
            watch.restart(66);
        }
        watch.hits_or_none(67, 100_000, Some(60_000));
        watch.tick(67);
        assert_eq!(watch.posted(), [40_000, 60_000]);
        let money = watch.fleet.snapshot().money.clone();
        assert_eq!((money.upper_bound, money.uncertainty.to_string()), (false, "0.00".to_owned()), "{first:?}");
        watch.restart(68);
        watch.tick(68);
        assert!(!watch.fleet.snapshot().money.upper_bound, "also in what is kept");
        for second in 69..=73 {
            watch.hits_or_none(second, 150_000, None);
        }
        watch.tick(73);
        assert_eq!(watch.fleet.snapshot().money.uncertainty.to_string(), "0.0205", "of the later ones alone");
    }
}

/// A counter of hits that appears with more than the prompts since the baseline says nothing of those.
#[test]
fn hits_of_before_the_baseline_settle_nothing() {
    let mut watch = Watch::of(&[ENGINE]);
    watch.hits_or_none(0, 1_000_000, None);
    watch.hits_or_none(1, 1_100_000, None);
    watch.hits_or_none(2, 1_100_000, Some(600_000));
    watch.hits_or_none(3, 1_200_000, Some(640_000));
    watch.tick(3);
    assert_eq!(watch.posted(), [160_000, 40_000]);
    let money = watch.fleet.snapshot().money.clone();
    assert_eq!((money.upper_bound, money.uncertainty.to_string()), (true, "0.041".to_owned()));
}

/// Class: a counter that could not be read from the baseline on (NaN, blank, too large) is taken for one that was known.
#[test]
fn counters_that_could_not_be_read_at_the_baseline_say_nothing_of_what_they_missed() {
    let poll = |watch: &mut Watch, second: i64, tokens: TokenCounters| {
        let mut read = page("deepseek-r1", tokens, Some(after(-500).wall));
        let is_whole = tokens.cached.is_some() && tokens.prompt != PromptCount::Unknown;
        read.refusals.values = u32::from(!is_whole);
        watch.take(ENGINE, second, read);
        watch.tick(second);
    };
    // Hits: what they could take off stays.
    let mut watch = Watch::of(&[ENGINE]);
    poll(&mut watch, 0, TokenCounters { cached: None, ..counters(1_000_000, 0, 0) });
    poll(&mut watch, 1, TokenCounters { cached: None, ..counters(1_100_000, 0, 0) });
    poll(&mut watch, 2, counters(1_100_000, 50_000, 0));
    poll(&mut watch, 3, counters(1_200_000, 90_000, 0));
    assert_eq!(watch.posted(), [160_000, 40_000]);
    let money = watch.fleet.snapshot().money.clone();
    assert_eq!((money.upper_bound, money.uncertainty.to_string()), (true, "0.041".to_owned()));
    // Prompts: what they missed is a lost window, and the hits of those prompts are not those of later ones.
    let mut watch = Watch::of(&[ENGINE]);
    poll(&mut watch, 0, TokenCounters { prompt: PromptCount::Unknown, ..counters(0, 600_000, 0) });
    poll(&mut watch, 1, TokenCounters { prompt: PromptCount::Unknown, ..counters(0, 650_000, 0) });
    poll(&mut watch, 2, counters(1_100_000, 650_000, 0));
    poll(&mut watch, 3, counters(1_200_000, 690_000, 0));
    assert_eq!(watch.posted(), [60_000, 40_000]);
    let money = watch.fleet.snapshot().money.clone();
    assert_eq!((money.lower_bound, money.lost_windows), (true, 1));
}

/// What is taken back is uncertain no more.
#[test]
fn a_dip_that_is_taken_back_leaves_no_uncertainty() {
    let mut watch = Watch::of(&[ENGINE]);
    let mut second = 0;
    let mut poll = |watch: &mut Watch, prompts: u64| {
        second += 1;
        let tokens = TokenCounters { cached: None, ..counters(prompts, 0, 0) };
        watch.take(ENGINE, second, page("deepseek-r1", tokens, None));
        watch.tick(second);
    };
    for prompts in [9_000, 9_010, 5, 12, 20, 28] {
        poll(&mut watch, prompts);
    }
    assert_eq!(watch.posted(), [10 + 28, 0]);
    for prompts in [9_100, 9_110] {
        poll(&mut watch, prompts);
    }
    assert_eq!(watch.posted(), [110, 0], "the reset was a dip");
    let uncertainty = watch.fleet.snapshot().money.uncertainty;
    assert_eq!(uncertainty.to_string(), "0.000046", "110 tokens at 0.41 a million, rounded up");
}

/// Class: hits that late ones turned earlier misses into stayed, as what was on trial was taken back.
#[test]
fn late_hits_on_trial_are_turned_back() {
    for restarts in [false, true] {
        let mut watch = Watch::of(&[ENGINE]);
        let mut second = 0;
        let mut poll = |watch: &mut Watch, prompts: u64, hits: u64| {
            second += 1;
            if restarts && second == 8 {
                watch.restart(second);
            }
            watch.take(ENGINE, second, page("deepseek-r1", counters(prompts, hits, 0), None));
            watch.tick(second);
        };
        for (prompts, hits) in [(9_000, 4_000), (9_010, 4_000), (5, 0), (12, 0), (20, 0), (520, 0), (520, 300)] {
            poll(&mut watch, prompts, hits);
        }
        assert_eq!(watch.posted(), [10 + 220, 300], "the reset is on trial");
        for (prompts, hits) in [(9_700, 4_020), (9_710, 4_020)] {
            poll(&mut watch, prompts, hits);
        }
        assert_eq!(watch.posted(), [690, 20], "the reset was a dip");
    }
}

#[test]
fn late_hits_that_no_kept_miss_can_take_go_to_the_next_prompts() {
    let mut watch = Watch::of(&[ENGINE]);
    watch.prompts(0, 0, 0);
    watch.prompts(1, 100_000, 0);
    watch.restart(60);
    watch.prompts(61, 100_000, 60_000);
    watch.prompts(62, 200_000, 60_000);
    assert_eq!(watch.posted(), [140_000, 60_000], "none is lost");
}

/// Hits that come late correct the misses, also if the watch restarted in between.
#[test]
fn late_hits_correct_the_misses_over_a_restart_of_the_watch() {
    let mut watch = Watch::of(&[ENGINE]);
    watch.prompts(0, 0, 0);
    watch.prompts(1, 100_000, 0);
    watch.restart(60);
    watch.prompts(61, 100_000, 60_000);
    watch.tick(61);
    assert_eq!(watch.posted(), [40_000, 60_000]);
    assert_eq!(watch.fleet.snapshot().money.revenue.unwrap().to_string(), "0.0304");
}

/// Class: hits that come after their prompts make money an hour negative, at the page that has them or while they are in the
/// window.
#[test]
fn late_hits_leave_money_an_hour_between_its_bounds() {
    let an_hour = |watch: &Watch| watch.fleet.snapshot().money.revenue_per_hour.unwrap();
    // Far later than the window, and in its midst.
    for late in [101, 30] {
        let mut watch = Watch::of(&[ENGINE]);
        watch.prompts(0, 0, 0);
        for second in 1..200 {
            watch.prompts(second, 100_000, if second < late { 0 } else { 60_000 });
            watch.tick(second);
            if second < 2 {
                continue;
            }
            assert!(an_hour(&watch) >= margintop::units::Money::ZERO, "{second} s: {}", an_hour(&watch));
        }
        assert_eq!(watch.posted(), [40_000, 60_000]);
    }
    // 1,000 prompts a second, 600 of them hits that are counted every twenty seconds: 1.0944 an hour, at most 1.98.
    let mut watch = Watch::of(&[ENGINE]);
    for second in 0..300 {
        let made = u64::try_from(second).unwrap();
        watch.prompts(second, made * 1_000, made / 20 * 20 * 600);
        watch.tick(second);
        if second > 80 {
            let rate = an_hour(&watch).rounded(4);
            assert!((10_900..=15_000).contains(&rate), "{second} s: {rate}");
        }
    }
}
