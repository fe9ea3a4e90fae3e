//! Replicas behind one address that say no start time: what they made is posted, and nothing above it without a word.
//!
//! `MARGINTOP_REPLICAS=N` sets the number of cases, `MARGINTOP_REPLICA_SEED=N` runs one of them and shows its pages,
//! `MARGINTOP_REPLICA_FAULTS=1` lists what is wrong.
#![allow(clippy::print_stdout)]

use crate::support;
#[allow(dead_code, unreachable_pub, reason = "this test uses a part")]
use crate::world::dice;

use std::fmt::Write;

use dice::Dice;
use margintop::reading::{Event, ScrapeCost, ScrapeError, TargetId};
use margintop::units::{Moment, Span};
use support::{answered_dated, at, counters, fleet, gpus, member, moment, page, posted};

const URL: &str = "http://engine:8000";

fn after(millis: i64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_millis(millis))
}

/// One process: what it had when the watch began or it was born, its pace, and what its pages showed.
#[derive(Debug, Clone)]
struct Replica {
    born: i64,
    base: [u64; 3],
    rates: [u64; 3],
    first: Option<[u64; 3]>,
    last: [u64; 3],
}

impl Replica {
    fn poll(&mut self, now: i64) -> [u64; 3] {
        let life = (now - self.born.max(0)).unsigned_abs();
        self.last = std::array::from_fn(|i| self.base[i] + self.rates[i] * life / 1_000);
        self.first.get_or_insert(if self.born > 0 { [0; 3] } else { self.last });
        self.last
    }

    fn produced(&self) -> [u64; 3] {
        self.first.map_or([0; 3], |first| std::array::from_fn(|i| self.last[i] - first[i]))
    }
}

/// What happens to one of the replicas at a time.
#[derive(Debug, Clone, Copy)]
struct Dip {
    from: i64,
    upto: i64,
    slot: usize,
    percent: u64,
    counters: [bool; 3],
}

/// A case: who answers when, and what happens.
#[derive(Debug)]
struct Case {
    slots: Vec<Replica>,
    ended: Vec<Replica>,
    every: i64,
    pages: i64,
    /// In how many of a hundred pages the one that answered last answers again; or strictly in turn.
    sticky: Option<u64>,
    dips: Vec<Dip>,
    silent: Option<(i64, i64)>,
    restarts: Vec<(i64, usize)>,
}

/// How many replicas there are and what may happen to them.
#[derive(Debug, Clone, Copy)]
struct Kind {
    replicas: u64,
    dips: bool,
    silent: bool,
    restarts: bool,
}

fn tokens(dice: &mut Dice) -> u64 {
    let decade = 10_u64.pow(2 + u32::try_from(dice.below(6)).unwrap());
    decade + dice.below(decade * 9)
}

impl Case {
    fn new(dice: &mut Dice, kind: Kind) -> Self {
        let slot = |dice: &mut Dice| {
            let prompts = tokens(dice);
            let base = [prompts, prompts * dice.below(60) / 100, prompts * dice.below(50) / 100];
            let rates = [*dice.pick(&[5, 50, 300, 3000]), *dice.pick(&[2, 20]), *dice.pick(&[5, 50, 200, 2000])];
            let rates = [rates[0], if rates[1] > rates[0] { rates[0] / 2 } else { rates[1] }, rates[2]];
            Replica { born: 0, base, rates, first: None, last: [0; 3] }
        };
        let slots: Vec<_> = (0..kind.replicas).map(|_| slot(dice)).collect();
        let every = *dice.pick(&[250, 250, 1_000]);
        let pages: i64 = 110;
        let end = every * pages;
        let within = |dice: &mut Dice| end / 7 + dice.below((end * 4 / 7).unsigned_abs()).cast_signed();
        let of = |dice: &mut Dice| usize::try_from(dice.below(kind.replicas)).unwrap();
        let dips = if kind.dips { 1 + dice.below(2) } else { 0 };
        let dips = (0..dips)
            .map(|_| {
                let (from, slot) = (within(dice), of(dice));
                let upto = from + every * (1 + dice.below(5).cast_signed());
                let counters = *dice.pick(&[[true; 3], [false, false, true], [false, true, false]]);
                Dip { from, upto, slot, percent: dice.below(95), counters }
            })
            .collect();
        let silent = (kind.silent && dice.one_in(2)).then(|| {
            let from = within(dice);
            (from, from + every * (1 + dice.below(12).cast_signed()))
        });
        let restarts = if kind.restarts { 1 + dice.below(2) } else { 0 };
        let mut restarts: Vec<_> = (0..restarts).map(|_| (within(dice), of(dice))).collect();
        restarts.sort_unstable();
        let sticky = if dice.below(10) < 3 { None } else { Some(*dice.pick(&[0, 0, 50, 85])) };
        Self { slots, ended: Vec::new(), every, pages, sticky, dips, silent, restarts }
    }

    /// Runs it. An error if more is posted at the end than was made, or less, without a word.
    fn run(mut self, dice: &mut Dice, history: &mut String) -> Result<[[u64; 3]; 2], String> {
        let mut fleet = fleet(vec![member(URL, "n", None)], after(0));
        fleet.apply(gpus("n", "NVIDIA H800", 8, after(0)));
        let (mut nth, count) = (0, self.slots.len());
        for poll in 0..self.pages {
            let now = 20 + poll * self.every;
            while let Some(&(at, slot)) = self.restarts.first().filter(|(at, _)| *at <= now) {
                self.restarts.remove(0);
                let old = self.slots[slot].clone();
                self.slots[slot] = Replica { born: at, base: [0; 3], first: None, last: [0; 3], ..old.clone() };
                self.ended.push(old);
            }
            if self.silent.is_some_and(|(from, upto)| (from..upto).contains(&now)) {
                let (target, cost) = (TargetId::new(URL), ScrapeCost::default());
                fleet.apply(Event::Page { target, at: after(now), cost, outcome: Err(ScrapeError::TimedOut) });
                continue;
            }
            match self.sticky {
                None => nth = (nth + 1) % count,
                Some(sticky) if dice.below(100) >= sticky => nth = usize::try_from(dice.below(count as u64)).unwrap(),
                Some(_) => {}
            }
            let mut values = self.slots[nth].poll(now);
            for dip in self.dips.iter().filter(|dip| dip.slot == nth && (dip.from..dip.upto).contains(&now)) {
                for i in (0..3).filter(|i| dip.counters[*i]) {
                    values[i] = values[i] * dip.percent / 100;
                }
            }
            let page = page("m", counters(values[0], values[1], values[2]), None);
            fleet.apply(answered_dated(URL, after(now), page));
            let made = self.made();
            writeln!(history, "{now} {nth} {values:?}: posted {:?} of {made:?}", posted(&fleet)).unwrap();
        }
        let (all, made, money) = (posted(&fleet), self.made(), fleet.snapshot().money);
        let what =
            format!("posted {all:?} of {made:?}, {} lost, disputed {}", money.lost_windows, money.disputed_tokens);
        if (0..3).any(|i| all[i] > made[i]) && !money.upper_bound {
            return Err(format!("above without a word: {what}"));
        }
        if all != made && !money.lower_bound {
            return Err(format!("below without a word: {what}"));
        }
        Ok([all, made])
    }

    fn made(&self) -> [u64; 3] {
        let all = self.slots.iter().chain(&self.ended).map(Replica::produced);
        all.fold([0; 3], |sum, one| std::array::from_fn(|i| sum[i] + one[i]))
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// What is posted wrongly.
fn faults_of(kind: Kind) -> Vec<String> {
    let one = number("MARGINTOP_REPLICA_SEED");
    let (first, cases) = one.map_or((1, number("MARGINTOP_REPLICAS").unwrap_or(600)), |seed| (seed, 1));
    let (mut faults, mut exact) = (Vec::new(), 0);
    for seed in first..first + cases {
        let mut dice = Dice::new(seed);
        let (case, mut history) = (Case::new(&mut dice, kind), String::new());
        let shown = format!("{case:?}");
        match case.run(&mut dice, &mut history) {
            Ok([all, made]) => exact += u64::from(all == made),
            Err(why) => faults.push(format!("seed {seed}: {why}; {shown}")),
        }
        if one.is_some() {
            println!("{shown}\n{history}");
        }
    }
    println!("{kind:?}: {exact} of {cases} to the token, {} faults", faults.len());
    if number("MARGINTOP_REPLICA_FAULTS").is_some() {
        println!("{}", faults.join("\n"));
    }
    faults
}

/// Where the first page of a replica lies on the way of another one, or three replicas cross, values alone do not tell: then
/// more may be posted than was made, and that is said.
fn hold(kind: Kind) {
    let faults = faults_of(kind);
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
}

/// Class: the past of a replica is billed as another one's growth.
#[test]
fn replicas_at_work_are_never_billed_for_each_other() {
    for replicas in [2, 3] {
        hold(Kind { replicas, dips: false, silent: true, restarts: false });
    }
}

/// Class: a counter of one replica dips while another one answers too.
#[test]
fn a_dip_of_one_of_several_replicas_is_billed_once() {
    for replicas in [2, 3] {
        hold(Kind { replicas, dips: true, silent: true, restarts: false });
    }
}

/// Class: one of several replicas is restarted, and nothing but its values says so.
#[test]
fn a_restart_of_one_of_several_replicas_is_billed_once() {
    hold(Kind { replicas: 2, dips: false, silent: false, restarts: true });
}
