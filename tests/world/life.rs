//! What happens at an address between two scrapes.

use std::fmt::Write;

use margintop::units::Span;

use super::process::Process;
use super::{Dice, Kind, World};

impl World {
    /// What happens at an address between two scrapes.
    pub(super) fn live(&mut self, at: usize, calm: bool) {
        let (dice, address) = (&mut self.dice, &mut self.addresses[at]);
        // Of two processes that say no start, a page without one of its series may be either's.
        let may_evict = !address.kind.is_ambiguous() && (address.says_start() || !address.is_vague);
        if !calm && may_evict && dice.one_in(9) {
            let nth = dice.below(address.processes.len() as u64) as usize;
            let process = &mut address.processes[nth];
            // A series that returns in a dip is not distinguishable from one that was created anew.
            let is_whole = process.dip == 0 && !process.is_relabelled();
            if process.baseline.is_some() && is_whole && (process.evicted || process.shown == process.total()) {
                process.evicted = !process.evicted;
                process.returned = !process.evicted;
                writeln!(self.history, "{}: process {nth} evicted: {}", address.target, process.evicted).unwrap();
            }
        }
        // A dip of one of several, and other labels at the same time, are not distinguishable from other processes.
        if !calm && matches!(address.kind, Kind::One | Kind::Instances) && dice.one_in(20) {
            let nth = dice.below(address.processes.len() as u64) as usize;
            let process = &mut address.processes[nth];
            if process.baseline.is_some() && process.dip == 0 && !process.evicted && !process.returned {
                process.labels += 1;
                writeln!(self.history, "{}: process {nth} has other labels", address.target).unwrap();
            }
        }
        let burst = most_at_once(dice, calm);
        for process in &mut address.processes {
            process.work(dice, burst);
        }
        if !calm && dice.one_in(50) {
            let nth = dice.below(address.processes.len() as u64) as usize;
            // Siblings are told apart by values that fall: a page that is far above hides that until each was seen.
            if address.kind != Kind::Several || address.processes.iter().all(|process| process.pages > 2) {
                address.processes[nth].burst(dice);
                address.has_burst = true;
                writeln!(self.history, "{}: process {nth} has a burst", address.target).unwrap();
            }
        }
        if calm {
            address.processes.iter_mut().for_each(|process| (process.dip, process.evicted) = (0, false));
            return;
        }
        if dice.one_in(9) {
            let nth = dice.below(address.processes.len() as u64) as usize;
            let says_start = address.says_start();
            let process = &mut address.processes[nth];
            // A dip of a young process that lasts is not distinguishable from a new beginning.
            let most = if process.total()[2] < 60_000 { 2 } else { 5 };
            process.rest = process.rest.saturating_sub(1);
            // Without a start time, a dip that stays above the first page is not distinguishable from a second process there.
            let looks_alive = process.baseline.is_some_and(|first| (0..3).all(|i| process.dipped()[i] >= first[i]));
            if process.baseline.is_some()
                && process.dip == 0
                && process.rest == 0
                && !process.evicted
                && !process.returned
                && !process.is_relabelled()
            {
                address.is_vague |= !says_start && looks_alive;
                process.rest = 3;
                process.dip = 1 + dice.below(most) as u8;
                writeln!(self.history, "{}: process {nth} dips for {}", address.target, process.dip).unwrap();
            }
        }
        if dice.one_in(8) {
            self.change(at);
        }
    }

    /// A process restarts, ends or is born.
    fn change(&mut self, at: usize) {
        let (dice, now) = (&mut self.dice, self.now);
        let others = self.addresses.iter().enumerate().filter(|(nth, _)| *nth != at);
        let starts: Vec<_> = others.flat_map(|(_, other)| other.processes.iter().map(|it| it.start)).collect();
        let address = &mut self.addresses[at];
        let nth = dice.below(address.processes.len() as u64) as usize;
        let alone = matches!(address.kind, Kind::One | Kind::Silent);
        let what = if alone { Life::Restarts } else { *dice.pick(&[Life::Restarts, Life::Ends, Life::IsBorn]) };
        let says_start = address.says_start();
        if !says_start && address.processes[nth].evicted {
            return;
        }
        if what == Life::Ends && address.processes.len() < 2 || what == Life::IsBorn && address.processes.len() > 5 {
            return;
        }
        // Of two siblings born within two seconds, or of two lives of one process, the second may be taken for a clock that jitters; and what begins or
        // ends without saying so is recognised by its values alone.
        let born = now.wall - Span::from_millis(dice.below(200).cast_signed());
        let close = |other: &Process| (other.start - born).millis().abs() < 2100;
        // Two that are born in the same hundredth of a second at two addresses may be taken for one.
        let is_twin = starts.iter().any(|start| (*start - born).millis().abs() < 20);
        self.has_twins |= says_start && is_twin;
        let is_close = address.processes.iter().any(close) && what != Life::Ends;
        let apart = address.kind == Kind::Instances && what != Life::Restarts;
        address.is_vague |= !says_start || is_close && !apart;
        address.has_changed = true;
        // Of siblings that were started together, one that dies before it was told apart takes its last pages with it.
        let is_early = address.kind == Kind::Several && address.processes[nth].pages < 4 && what != Life::IsBorn;
        address.is_vague |= is_early;
        writeln!(self.history, "{}: process {nth} {what:?} at {born}", address.target).unwrap();
        if what != Life::IsBorn {
            address.bury(nth);
        }
        if what == Life::Ends {
            address.processes.remove(nth);
            return;
        }
        let mut process = Process { start: born, born: Some(now + (born - now.wall)), ..Process::default() };
        process.work(dice, 5_000);
        if what == Life::Restarts {
            process.name = address.processes[nth].name;
            address.processes[nth] = process;
        } else {
            process.name = address.names;
            address.names += 1;
            address.processes.push(process);
        }
    }
}

/// What happens to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Restarts,
    Ends,
    IsBorn,
}

/// The most tokens that a process makes between two scrapes. So much that it waits for three pages comes before the last ones.
fn most_at_once(dice: &mut Dice, calm: bool) -> u64 {
    match calm {
        true => 3_000,
        false if dice.one_in(10) => 90_000,
        false => 9_000,
    }
}
