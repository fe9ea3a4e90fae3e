//! Counters that jump by what nobody made and fall back to their old path: what is posted and disputed without the jumps is
//! never more than what was produced.

use margintop::reading::{EngineReading, PageReading, TargetId};

use crate::dice::Dice;
use crate::rate_truth::{rows, started};
use crate::reports::scene::{HERE, Scene};
use crate::support;

/// What a counter jumps by.
const JUMP: u64 = 8_000_000_000;

/// A watched process whose counters may be above the truth.
struct Jumper {
    scene: Scene,
    start: bool,
    /// The pace of each counter in tokens a second: prompts, hits, output.
    pace: [u64; 3],
    before: [u64; 3],
    second: i64,
    interval: i64,
    /// What was disputed before the watch was restarted.
    disputed: u64,
    what: String,
    /// The first thing that is wrong.
    found: Option<String>,
}

impl Jumper {
    /// A process that had made something before it was watched, for so many seconds.
    fn new(start: bool, interval: i64, before: u64) -> Self {
        let pace = [2000, 600, 300];
        let before = pace.map(|pace| pace * before);
        let what = format!("start time {start}, every {interval} s, {before:?} before");
        Self { scene: Scene::one(), start, pace, before, second: 0, interval, disputed: 0, what, found: None }
    }

    /// What was made since the first page.
    fn made(&self) -> u64 {
        let second = u64::try_from(self.second).unwrap() - u64::try_from(self.interval).unwrap();
        (self.pace[0] + self.pace[2]) * second
    }

    fn page(&self, above: [u64; 3]) -> PageReading {
        let second = u64::try_from(self.second).unwrap();
        let [prompt, hits, output] = std::array::from_fn(|i| self.before[i] + self.pace[i] * second + above[i]);
        let page = rows(&[("0", "m", output)], started(9000).filter(|_| self.start));
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
            if posted + disputed > made {
                self.note(&format!("{posted} posted and {disputed} disputed of {made}"));
            }
        }
    }

    /// A counter or all of them jump, for so many pages.
    fn jump(&mut self, pages: u64, which: [bool; 3]) {
        self.what += &format!("; {which:?} jump for {pages} pages from second {}", self.second);
        self.pages(pages, which.map(|jumps| if jumps { JUMP } else { 0 }));
    }

    fn note(&mut self, wrong: &str) {
        let what = || format!("{}: second {}: {wrong}", self.what, self.second);
        self.found.get_or_insert_with(what);
    }

    fn restart(&mut self) {
        self.what += &format!("; restart at second {}", self.second);
        self.disputed = self.disputed();
        self.scene.restart(self.second);
    }

    fn posted(&self) -> u64 {
        self.scene.posted().iter().sum()
    }

    fn disputed(&self) -> u64 {
        self.disputed + self.scene.disputed()
    }

    /// How much of what was made is neither posted nor in a dispute.
    fn missing(&self) -> u64 {
        self.made().saturating_sub(self.posted() + self.disputed() % JUMP)
    }
}

/// Class: after a second jump, what was posted since the first page of the process is disputed as well.
#[test]
fn a_false_jump_doubles_nothing() {
    let mut found = Vec::new();
    let start = true;
    {
        for which in [[true, false, false], [false, true, false], [false, false, true], [true; 3], [true, true, false]]
        {
            for interval in [1, 10] {
                for (long, before) in [(1, 0), (2, 0), (3, 0), (4, 700), (15, 0), (90, 0)] {
                    let mut jumper = Jumper::new(start, interval, before);
                    jumper.pages(65, [0; 3]);
                    for _ in 0..3 {
                        jumper.jump(long, which);
                        jumper.pages(10, [0; 3]);
                        // Half of it is lost at most in the pages of the jump and those that follow.
                        let a_page = jumper.made() / u64::try_from(jumper.second / jumper.interval).unwrap();
                        let missing = jumper.missing() / a_page;
                        if start && missing > 3 * 4 {
                            jumper.note(&format!("{missing} pages are missing"));
                        }
                        let picture = jumper.scene.picture(jumper.second);
                        let rates = [picture.tokens.output_per_second, picture.tokens.cached_per_second];
                        if start && interval == 1 && rates.iter().any(Option::is_none) {
                            jumper.note(&format!("{rates:?} a second"));
                        }
                        jumper.pages(80, [0; 3]);
                    }
                    found.extend(jumper.found);
                }
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(12).collect::<Vec<_>>());
}

/// The same of some counters of a process with a start time, with jumps, falls, restarts of the watch and resets of the target at random.
#[test]
fn random_false_jumps_double_nothing() {
    let mut found = Vec::new();
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let mut jumper = Jumper::new(true, *dice.pick(&[1, 2, 10]), *dice.pick(&[0, 100, 5000]));
        jumper.what = format!("seed {seed}, {}", jumper.what);
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
                jumper.what += &format!("; reset by hand at second {}", jumper.second);
                jumper.scene.fleet.reset_targets(vec![(jumper.second, TargetId::new(HERE))]);
                jumper.pages(1, [0; 3]);
            }
        }
        found.extend(jumper.found);
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(12).collect::<Vec<_>>());
}
