//! Random leases over runs with changes of the configuration between them, against a model that is written from the rules.
//!
//! The model knows seconds, GPUs and rates only: every GPU is paid by one lease at every instant, leases of a number of
//! GPUs of a node or unit are paid whether they are seen or not, and what is new runs from the beginning of its run.

use crate::lease_watch;
use crate::support;

use std::collections::BTreeMap;
use std::fmt::Write;

use lease_watch::{Fleets, Run};
use support::instant;

const GPUS: i64 = 4;
const CASES: u64 = 80;
const BEGAN: &str = "2025-03-10T10:00:00Z";

/// Numbers that depend on a seed alone.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one_in(&mut self, limit: i64) -> bool {
        self.below(limit) == 0
    }
}

/// A lease as the model knows it; instants are seconds from the beginning.
#[derive(Debug, Clone, PartialEq)]
struct Terms {
    subject: &'static str,
    gpus: Option<i64>,
    from: Option<i64>,
    until: Option<i64>,
    cents: i64,
}

impl Terms {
    fn random(random: &mut Random) -> Self {
        let subject = ["node = \"gpu-01\"", "gpu = \"H800\"", "unit = \"a\"", "node = \"gpu-02\""]
            [usize::try_from(random.below(4)).unwrap()];
        let from = random.one_in(2).then(|| random.below(30));
        let until = random.one_in(2).then(|| from.unwrap_or(0) + 1 + random.below(30));
        let gpus = random.one_in(2).then(|| 1 + random.below(5));
        Self { subject, gpus, from, until, cents: 301 + random.below(600) }
    }

    /// Whether a later lease would never be paid beside this one: such a configuration is refused.
    fn contradicts(&self, later: &Self) -> bool {
        let ends = |terms: &Self| terms.until.unwrap_or(i64::MAX);
        let begins = |terms: &Self| terms.from.unwrap_or(i64::MIN);
        let at_one_time = begins(self) < ends(later) && begins(later) < ends(self);
        self.gpus.is_none() && !later.is_schedule() && self.subject == later.subject && at_one_time
    }

    fn is_schedule(&self) -> bool {
        self.gpus.is_some() && !self.subject.starts_with("gpu")
    }

    fn runs_at(&self, second: i64) -> bool {
        self.from.is_none_or(|from| from <= second) && self.until.is_none_or(|until| second < until)
    }

    fn text(&self) -> String {
        let at = |second: i64| instant(BEGAN) + margintop::units::Span::from_secs(second);
        let mut text =
            format!("[[lease]]\n{}\nrate = \"{}.{:02}\"\n", self.subject, self.cents / 100, self.cents % 100);
        self.gpus.iter().for_each(|gpus| writeln!(text, "gpus = {gpus}").unwrap());
        self.from.iter().for_each(|from| writeln!(text, "from = \"{}\"", at(*from)).unwrap());
        self.until.iter().for_each(|until| writeln!(text, "until = \"{}\"", at(*until)).unwrap());
        text
    }
}

/// GPU-seconds at each rate in cents, of a run that began at `start` after one that ended at `last`.
fn model(paid: &mut BTreeMap<i64, i64>, before: &[Terms], now: &[Terms], last: i64, start: i64, end: i64) {
    const ASSUMED: i64 = 200;
    for second in last..end {
        let is_known = |terms: &Terms| second >= start || before.iter().any(|old| old.subject == terms.subject);
        let runs = |terms: &&Terms| terms.runs_at(second) && (!terms.is_schedule() || is_known(terms));
        let schedules = now.iter().filter(runs).filter(|terms| terms.is_schedule());
        let others = now.iter().filter(runs).filter(|terms| !terms.is_schedule());
        for terms in schedules.clone() {
            *paid.entry(terms.cents).or_default() += terms.gpus.unwrap();
        }
        let here = |terms: &&Terms| terms.subject != "node = \"gpu-02\"";
        let mut bare = GPUS;
        for terms in schedules.chain(others).filter(here) {
            let taken = terms.gpus.unwrap_or(GPUS).min(bare);
            bare -= taken;
            if !terms.is_schedule() {
                *paid.entry(terms.cents).or_default() += taken;
            }
        }
        *paid.entry(ASSUMED).or_default() += bare;
    }
}

#[test]
fn every_gpu_is_paid_once_whatever_changes_between_runs() {
    for seed in 0..CASES {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1);
        let fleets = Fleets::new();
        let (mut paid, mut before, mut last, mut story) = (BTreeMap::new(), Vec::<Terms>::new(), 0, String::new());
        for nth in 0..3 {
            let kept = before.iter().filter(|_| !random.one_in(3)).cloned().collect::<Vec<_>>();
            let mut now = kept;
            for terms in &mut now {
                if random.one_in(3) {
                    *terms = Terms { subject: terms.subject, ..Terms::random(&mut random) };
                }
            }
            for _ in 0..random.below(3) {
                now.push(Terms::random(&mut random));
            }
            let all = std::mem::take(&mut now);
            for terms in all {
                if !now.iter().any(|earlier| earlier.contradicts(&terms)) {
                    now.push(terms);
                }
            }
            let text: String = now.iter().map(Terms::text).collect();
            let (gap, seconds) = (if nth == 0 { 0 } else { random.below(8) }, 1 + random.below(10));
            writeln!(story, "run {nth}: {gap} s after, {seconds} s\n{text}").unwrap();
            fleets.run(&Run::of(&text).unit("a").after(gap).seconds(seconds).gpus(4));
            model(&mut paid, &before, &now, last, last + gap, last + gap + seconds);
            (last, before) = (last + gap + seconds, now);
        }
        for (cents, seconds) in paid {
            let rate = format!("{}.{:02}", cents / 100, cents % 100);
            assert_eq!(fleets.at_rate(&rate), seconds * 1000, "seed {seed}, at {rate}\n{story}");
        }
    }
}
