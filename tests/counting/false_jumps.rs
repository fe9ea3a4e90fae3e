//! Counters that jump by tokens that were not produced and fall back to their old path. Without the jumps, what is posted and
//! disputed is never more than what was produced.

use margintop::reading::{EngineReading, PageReading, TargetId};

use crate::rate_truth::{rows, started};
use crate::reports::scene::{HERE, Scene};
use crate::support;
use crate::world::dice::Dice;

/// What a counter jumps by.
const JUMP: u64 = 8_000_000_000;

/// A watched process whose counters may be above the truth.
struct Jumper {
    scene: Scene,
    /// The pace of each counter in tokens a second: prompts, hits, output.
    pace: [u64; 3],
    before: [u64; 3],
    second: i64,
    interval: i64,
    what: Vec<String>,
    /// The first thing that is wrong.
    found: Option<String>,
}

impl Jumper {
    /// A process that had made something before it was watched, for so many seconds.
    fn new(interval: i64, before: u64) -> Self {
        let pace = [2000, 600, 300];
        let before = pace.map(|pace| pace * before);
        let what = vec![format!("every {interval} s, {before:?} before")];
        Self { scene: Scene::one(), pace, before, second: 0, interval, what, found: None }
    }

    /// What was made since the first page.
    fn made(&self) -> u64 {
        let second = u64::try_from(self.second).unwrap() - u64::try_from(self.interval).unwrap();
        (self.pace[0] + self.pace[2]) * second
    }

    fn page(&self, above: [u64; 3]) -> PageReading {
        let second = u64::try_from(self.second).unwrap();
        let [prompt, hits, output] = std::array::from_fn(|i| self.before[i] + self.pace[i] * second + above[i]);
        let page = rows(&[("0", "m", output)], started(9000));
        let tokens = support::counters(prompt, hits, output);
        PageReading { engines: page.engines.into_iter().map(|row| EngineReading { tokens, ..row }).collect(), ..page }
    }

    /// So many pages with each counter so much above the truth.
    fn pages(&mut self, pages: u64, above: [u64; 3]) {
        for _ in 0..pages {
            self.second += self.interval;
            self.scene.take(HERE, self.second, self.page(above));
            let (posted, disputed) = (self.posted(), self.disputed() % JUMP);
            let made = self.made();
            let mut is_marked = || self.scene.snapshot(self.second).money.upper_bound;
            if posted + disputed > made && !is_marked() {
                self.note(&format!("{posted} posted and {disputed} disputed of {made}"));
            }
        }
    }

    /// A counter or all of them jump, for so many pages.
    fn jump(&mut self, pages: u64, which: [bool; 3]) {
        self.what.push(format!("{which:?} jump for {pages} pages from second {}", self.second));
        self.pages(pages, which.map(|jumps| if jumps { JUMP } else { 0 }));
    }

    fn note(&mut self, wrong: &str) {
        let what = || format!("{}: second {}: {wrong}", self.what.join("; "), self.second);
        self.found.get_or_insert_with(what);
    }

    fn restart(&mut self) {
        self.what.push(format!("restart at second {}", self.second));
        self.scene.restart(self.second);
    }

    fn posted(&self) -> u64 {
        self.scene.posted().iter().sum()
    }

    fn disputed(&self) -> u64 {
        self.scene.disputed()
    }

    /// How much of what was made is neither posted nor in a dispute.
    fn missing(&self) -> u64 {
        self.made().saturating_sub(self.posted() + self.disputed() % JUMP)
    }
}

/// Class: a counter that jumped and fell back to its old path was taken for one that was reset: all that was posted since its
/// process began was posted a second time.
#[test]
fn a_false_jump_doubles_nothing() {
    let mut found = Vec::new();
    for which in [[true, false, false], [false, true, false], [false, false, true], [true, true, false]] {
        for interval in [1, 10] {
            for (long, before) in [(1, 0), (2, 0), (3, 0), (4, 700), (15, 0), (90, 0)] {
                let mut jumper = Jumper::new(interval, before);
                jumper.pages(65, [0; 3]);
                for _ in 0..3 {
                    jumper.jump(long, which);
                    jumper.pages(10, [0; 3]);
                    let snapshot = jumper.scene.snapshot(jumper.second);
                    let rates = [snapshot.tokens.output_per_second, snapshot.tokens.cached_per_second];
                    if interval == 1 && rates.iter().any(Option::is_none) {
                        jumper.note(&format!("{rates:?} a second"));
                    }
                    if jumper.missing() > 0 {
                        jumper.note(&format!("{} are missing", jumper.missing()));
                    }
                    if jumper.disputed() > 0 {
                        jumper.note(&format!("{} in a dispute that the counter took back", jumper.disputed()));
                    }
                    jumper.pages(80, [0; 3]);
                }
                found.extend(jumper.found);
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(12).collect::<Vec<_>>());
}

/// Class: the same of all counters, whose values may be those of another process that started at the same time. What is posted
/// of that one may be too much.
#[test]
fn a_false_jump_of_all_counters_is_an_upper_bound() {
    for interval in [1, 10] {
        for long in [1, 3, 15, 90] {
            let mut jumper = Jumper::new(interval, 0);
            jumper.pages(65, [0; 3]);
            for _ in 0..3 {
                for (pages, above) in [(long, JUMP), (90, 0)] {
                    for _ in 0..pages {
                        jumper.second += interval;
                        jumper.scene.take(HERE, jumper.second, jumper.page([above; 3]));
                        let is_marked = jumper.scene.snapshot(jumper.second).money.upper_bound;
                        let (posted, made) = (jumper.posted(), jumper.made());
                        assert!(posted <= made || is_marked, "{long}, {interval}: {posted} of {made}");
                    }
                }
            }
        }
    }
}

/// The same of some counters of a process at random, with restarts of the watch and resets of the target.
#[test]
fn random_false_jumps_double_nothing() {
    let mut found = Vec::new();
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let mut jumper = Jumper::new(*dice.pick(&[1, 2, 10]), *dice.pick(&[0, 100, 5000]));
        jumper.what.push(format!("seed {seed}"));
        jumper.pages(1 + dice.below(90), [0; 3]);
        let which = *dice.pick(&[[true, false, false], [false, false, true], [true, false, true]]);
        for _ in 0..2 + dice.below(6) {
            let most = *dice.pick(&[2, 15, 80]);
            jumper.jump(1 + dice.below(most), which);
            if dice.one_in(5) {
                jumper.restart();
            }
            let most = *dice.pick(&[2, 15, 80]);
            jumper.pages(1 + dice.below(most), [0; 3]);
            if dice.one_in(5) {
                jumper.restart();
            }
            if dice.one_in(8) {
                jumper.what.push(format!("reset by hand at second {}", jumper.second));
                jumper.scene.fleet.reset_targets(vec![(jumper.second, TargetId::new(HERE))]);
                jumper.pages(1, [0; 3]);
            }
        }
        found.extend(jumper.found);
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(12).collect::<Vec<_>>());
}

/// Class: a person decides on the dispute while the counter is still high; its fall to the old path is no reset.
#[test]
fn a_false_jump_that_a_person_decided_on_doubles_nothing() {
    for accepted in [false, true] {
        for which in [[true, false, false], [false, false, true], [true, true, false]] {
            for long in [3, 15, 90] {
                let mut jumper = Jumper::new(1, 5000);
                jumper.pages(65, [0; 3]);
                jumper.jump(long, which);
                let disputes = jumper.scene.fleet.ledger().disputes().to_vec();
                let given = disputes.iter().map(|dispute| dispute.tokens().count()).sum::<u64>();
                assert!(given >= JUMP, "{which:?}: {disputes:?}");
                let decisions = disputes.into_iter().map(|dispute| dispute.decided(accepted)).collect();
                jumper.scene.fleet.decide(decisions);
                jumper.pages(2, which.map(|jumps| if jumps { JUMP } else { 0 }));
                if long == 15 {
                    jumper.restart();
                }
                jumper.found = None;
                for _ in 0..200 {
                    jumper.second += 1;
                    jumper.scene.take(HERE, jumper.second, jumper.page([0; 3]));
                    let of_person = if accepted { given } else { 0 };
                    let (posted, made) = (jumper.posted() - of_person.min(jumper.posted()), jumper.made());
                    assert!(posted <= made, "accepted: {accepted}, {which:?}, {long}: {posted} posted of {made}");
                }
                // What was accepted turned out to be false.
                let snapshot = jumper.scene.snapshot(jumper.second);
                assert_eq!(snapshot.money.upper_bound, accepted, "{which:?}, {long}: {:?}", snapshot.money);
                let about: f64 = snapshot.money.uncertainty.to_string().parse().unwrap();
                assert_eq!(about >= 800.0, accepted, "{which:?}, {long}: {about}");
                let rows = &snapshot.engines;
                assert_eq!(rows[0].revenue, snapshot.money.revenue, "{which:?}, {long}, accepted: {accepted}");
            }
        }
    }
}

/// Class: the same without a start time, where the values after a jump may be another process's: what is posted may be too
/// much, but then that is said.
#[test]
fn a_false_jump_without_a_start_time_is_marked() {
    let mut found = Vec::new();
    for jump in [400_000, 5_000_000, JUMP] {
        for which in [[true, false, false], [false, true, false], [false, false, true], [true, true, true]] {
            for (long, apart) in [(1, 10), (1, 90), (2, 30), (3, 80), (15, 80)] {
                for before in [0, 5000] {
                    let mut jumper = Jumper::new(1, before);
                    jumper.what.push(format!("{which:?} jump by {jump} for {long} pages, {apart} pages between them"));
                    for round in 0..4 {
                        for (pages, above) in [(if round == 0 { 65 } else { apart }, 0), (long, jump), (apart, 0)] {
                            for _ in 0..pages {
                                jumper.second += 1;
                                let page = jumper.page(which.map(|jumps| if jumps { above } else { 0 }));
                                jumper.scene.take(HERE, jumper.second, PageReading { start: None, ..page });
                                let (posted, made) = (jumper.posted(), jumper.made());
                                let money = jumper.scene.snapshot(jumper.second).money;
                                if posted > made && !money.upper_bound {
                                    jumper.note(&format!("{posted} posted of {made}, round {round}"));
                                }
                            }
                        }
                    }
                    found.extend(jumper.found);
                }
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found);
}
