//! Replicas behind one address that are restarted within two seconds of each other and sampled in turn.
//!
//! Each test names the class of fault that it stands for.

#[allow(dead_code, unreachable_pub, reason = "this test uses a part")]
use crate::support;

use crate::world::dice::Dice;
use margintop::fleet::Fleet;
use margintop::units::{Moment, Span, Timestamp};
use support::{answered, at, counters, fleet, gpus, member, moment, page};

const URL: &str = "http://engine:8000";

fn after(millis: i64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_millis(millis))
}

/// One process: when it started, and how its counters go.
#[derive(Debug, Clone, Copy)]
struct Replica {
    born: i64,
    base: [u64; 3],
    rates: [u64; 3],
    /// The values of its first page if it was there before, else zero; and of its last one.
    first: Option<[u64; 3]>,
    last: [u64; 3],
}

impl Replica {
    fn new(slot: u64, born: i64) -> Self {
        let base = if born < 0 { [1_000_000, 100_000, 100_000].map(|base| base * (slot + 1)) } else { [0; 3] };
        let rates = [100 + slot * 50, 20, 80 + slot * 10];
        Self { born, base, rates, first: (born >= 0).then_some([0; 3]), last: [0; 3] }
    }

    fn poll(&mut self, now: i64) -> [u64; 3] {
        let life = (now - self.born.max(0)).unsigned_abs();
        self.last = std::array::from_fn(|i| self.base[i] + self.rates[i] * life / 1_000);
        self.first.get_or_insert(self.last);
        self.last
    }

    fn produced(&self) -> u64 {
        self.first.map_or(0, |first| (self.last[0] - first[0]) + (self.last[2] - first[2]))
    }
}

/// Replicas behind one address, and who watches them.
struct Address {
    fleet: Fleet,
    slots: Vec<Replica>,
    ended: u64,
    now: i64,
    poll: usize,
    /// Pages come at random instead of in turn.
    random: Option<Dice>,
}

impl Address {
    fn new(slots: u64, now: i64) -> Self {
        let mut fleet = fleet(vec![member(URL, "n", None)], after(0));
        fleet.apply(gpus("n", "NVIDIA H800", 8, after(0)));
        let slots = (0..slots).map(|slot| Replica::new(slot, -500_000 - 100_000 * slot.cast_signed())).collect();
        Self { fleet, slots, ended: 0, now, poll: 0, random: None }
    }

    fn restart(&mut self, slot: usize, born: i64) {
        self.ended += self.slots[slot].produced();
        self.slots[slot] = Replica::new(slot as u64, born);
    }

    /// Reads the page of a slot. The server's time has whole seconds.
    fn read(&mut self, slot: usize) {
        let replica = &mut self.slots[slot];
        let [prompt, cached, output] = replica.poll(self.now);
        let mut page = page("m", counters(prompt, cached, output), Some(start_of(replica.born)));
        page.date = Some(after(self.now.div_euclid(1_000) * 1_000).wall);
        self.fleet.apply(answered(URL, after(self.now), page));
    }

    /// Reads pages in turn until an instant, with these births of slots on the way.
    fn turn(&mut self, until: i64, every: i64, births: &mut Vec<(usize, i64)>) {
        while self.now < until {
            while let Some((slot, born)) = births.first().copied().filter(|(_, born)| *born <= self.now) {
                births.remove(0);
                self.restart(slot, born);
            }
            let slots = self.slots.len();
            self.poll = match &mut self.random {
                Some(dice) => usize::try_from(dice.below(slots as u64)).unwrap(),
                None => (self.poll + 1) % slots,
            };
            self.read(self.poll);
            self.now += every;
        }
    }

    fn produced(&self) -> u64 {
        self.ended + self.slots.iter().map(Replica::produced).sum::<u64>()
    }

    fn posted(&self) -> u64 {
        let today = self.fleet.ledger().today();
        today.tokens().map(|(.., all)| all.miss.count() + all.hit.count() + all.output.count()).sum()
    }
}

fn start_of(born: i64) -> Timestamp {
    let exact = after(born).wall.millis();
    Timestamp::from_millis((exact + 5).div_euclid(10) * 10)
}

/// What goes wrong with births at an address: tokens that are missing in silence, or beyond what was produced, or that are
/// still not counted when all is known.
fn fault(mut address: Address, every: i64, births: &[(usize, i64)]) -> Option<String> {
    let (slots, mut births) = (address.slots.len() as u64, births.to_vec());
    let settled = births.last().map_or(0, |(_, born)| *born) + every * 12 * slots.cast_signed() + 2_000;
    address.turn(settled, every, &mut births);
    let before = (address.posted(), address.produced());
    address.turn(settled + every * 20 * slots.cast_signed(), every, &mut births);
    let (posted, produced) = (address.posted(), address.produced());
    let money = address.fleet.snapshot().money;
    let grown = (posted.saturating_sub(before.0), produced - before.1);
    let case = format!("{posted} of {produced}, then {grown:?}, lost {}", money.lost_windows);
    match () {
        () if posted > produced => Some(format!("too much: {case}")),
        () if grown.0 != grown.1 => Some(format!("not counted: {case}")),
        () if posted < produced && !money.lower_bound => Some(format!("missing in silence: {case}")),
        () => None,
    }
}

/// Class: of replicas that are restarted within two seconds of each other, one is never counted.
#[test]
fn replicas_that_restart_together_are_each_counted() {
    let cases: [(u64, &[(usize, i64)]); 8] = [
        (3, &[(2, 3_000), (1, 3_390), (0, 4_590)]),
        (4, &[(3, 2_000), (3, 2_890), (2, 4_090)]),
        (5, &[(0, 3_000), (2, 4_100), (2, 5_200), (1, 6_300)]),
        (4, &[(3, 2_890), (2, 4_090)]),
        (2, &[(1, 3_000), (0, 3_100)]),
        (2, &[(1, 3_000), (0, 3_240)]),
        (2, &[(1, 3_000), (0, 3_900)]),
        (2, &[(0, 3_000), (1, 4_200)]),
    ];
    let mut faults = Vec::new();
    for (slots, births) in cases {
        for every in [250, 1_000] {
            for from in (20..1_000).step_by(70) {
                let fault = fault(Address::new(slots, from), every, births);
                faults.extend(fault.map(|fault| format!("{slots} each {every} from {from}, {births:?}: {fault}")));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Class: the same of any number of replicas, births and intervals.
#[test]
fn replicas_that_restart_at_any_time_are_each_counted() {
    let mut faults = Vec::new();
    for seed in 0..500 {
        let mut dice = Dice::new(seed);
        let slots = 2 + dice.below(5);
        let mut born = 2_000;
        let births: Vec<_> = (0..2 + dice.below(6))
            .map(|_| {
                born += 10 + dice.below(1_800).cast_signed();
                (usize::try_from(dice.below(slots)).unwrap(), born)
            })
            .collect();
        let every = [250, 500, 1_000, 2_000][usize::try_from(dice.below(4)).unwrap()];
        let from = dice.below(1_000).cast_signed();
        let fault = fault(Address::new(slots, from), every, &births);
        faults.extend(fault.map(|fault| format!("seed {seed}, {slots} each {every} from {from}, {births:?}: {fault}")));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Class: the same of replicas that were there before the watch, of any pace, and whose pages come in any order.
#[test]
fn replicas_that_started_together_before_the_watch_are_each_counted() {
    let mut faults = Vec::new();
    for seed in 0..500 {
        let mut dice = Dice::new(seed);
        let slots = 2 + dice.below(3);
        let mut address = Address::new(slots, dice.below(1_000).cast_signed());
        address.random = dice.one_in(2).then(|| Dice::new(seed + 9_000));
        let base = [20_000, 300_000][usize::try_from(dice.below(2)).unwrap()];
        for (slot, nth) in address.slots.iter_mut().zip(0..) {
            slot.born = -700_000 + 20 * nth + 100 * dice.below(19).cast_signed();
            // Apart by more than a turn's growth: nearer ones may be one process.
            let apart = base * ((nth.unsigned_abs() + seed) % slots) / 2;
            slot.base = [base + apart + dice.below(base / 3), base / 4, base + dice.below(base)];
            let pace = [10, 100, 1_000, 6_000][usize::try_from((dice.below(2) * 2 + nth.unsigned_abs()) % 4).unwrap()];
            slot.rates = [pace + dice.below(pace), pace / 4, pace / 2 + dice.below(pace)];
        }
        let every = [250, 500, 1_000][usize::try_from(dice.below(3)).unwrap()];
        let slots = address.slots.clone();
        let fault = fault(address, every, &[]);
        faults.extend(fault.map(|fault| format!("seed {seed}, each {every}, {slots:?}: {fault}")));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Class: the dips of a process whose start time moves make two of it.
#[test]
fn a_process_whose_start_time_moves_and_that_dips_is_one() {
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let mut address = Address::new(1, 20);
        address.slots[0].born = -700_000;
        let (moves, longest) = (2 + dice.below(6), 1 + dice.below(3));
        let (mut dips, mut posted) = (0, 0);
        for poll in 0..300_u64 {
            address.now += 1_000;
            let [prompt, cached, output] = address.slots[0].poll(address.now);
            dips = if dips == 0 && poll > 40 && dice.one_in(6) { longest } else { u64::saturating_sub(dips, 1) };
            let parts = if dips > 0 && poll < 290 { 3 } else { 1 };
            let nth_move = if poll < 40 { poll % moves } else { dice.below(moves) };
            let start = start_of(-700_000 + 240 * nth_move.cast_signed());
            let mut page = page("m", counters(prompt / parts, cached / parts, output / parts), Some(start));
            page.date = Some(after(address.now.div_euclid(1_000) * 1_000).wall);
            address.fleet.apply(answered(URL, after(address.now), page));
            posted = address.posted();
            assert!(posted <= address.produced(), "seed {seed} at {poll}: {posted} of {}", address.produced());
        }
        assert_eq!(posted, address.produced(), "seed {seed}");
    }
}
