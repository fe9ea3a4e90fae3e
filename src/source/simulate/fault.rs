//! The faults of a simulated fleet and their times, determined by the seed.
//!
//! Time is divided into periods, called acts. In about every second act a few nodes have a fault, which begins with the
//! act; in the hour before the fleet opens, in one act of five.

/// The length of an act, in seconds.
const ACT: f64 = 120.0;
/// In an act with faults, one of this many nodes has a fault.
const STRUCK: u32 = 60;
/// How long a restarting engine is down, in seconds.
const DOWN: f64 = 15.0;
/// One of this many acts has faults: after the opening, and before it.
const STRIKES: u64 = 2;
const STRIKES_BEFORE: u64 = 5;
/// The first act: an hour before the opening.
const FIRST: i64 = -30;

/// A fault of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The engine's process ends and restarts with its counters at zero.
    Restart,
    /// The engine accepts requests and does not answer.
    Hang,
    /// The engine answers with an error.
    Error,
    /// This GPU falls off the bus.
    LostGpu(u32),
    /// This rank is overloaded.
    HotRank(u32),
}

/// The faults of a fleet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Script {
    seed: u64,
    nodes: u32,
}

impl Script {
    pub(super) const fn new(seed: u64, nodes: u32) -> Self {
        Self { seed, nodes }
    }

    /// The fault of `node` at `time`, in seconds since the opening.
    pub(super) fn fault(&self, node: u32, time: f64) -> Option<Fault> {
        let (act, begun) = act(time);
        let fault = self.strike(node, act)?;
        let length = match fault {
            Fault::Restart => DOWN,
            Fault::Hang => 45.0,
            Fault::Error => 30.0,
            Fault::LostGpu(_) | Fault::HotRank(_) => ACT,
        };
        (time < begun + length).then_some(fault)
    }

    /// When the engine's process of `node` last restarted, if it was ever down.
    pub(super) fn came_back(&self, node: u32, time: f64) -> Option<f64> {
        let (last, _) = act(time - DOWN);
        let act = (0..=last).rev().find(|act| self.strike(node, *act) == Some(Fault::Restart))?;
        Some(act as f64 * ACT + DOWN)
    }

    /// The fault of `node` in an act. Acts around the opening have none.
    fn strike(&self, node: u32, act: i64) -> Option<Fault> {
        let is_before = act < 0;
        let odds = if is_before { STRIKES_BEFORE } else { STRIKES };
        if act < FIRST || act == -1 || act == 0 || chance(&[self.seed, act as u64], odds) != 0 {
            return None;
        }
        let struck = (0..self.nodes.div_ceil(STRUCK)).map(u64::from);
        let mut hits = struck.map(|n| [self.seed, act as u64, n]);
        let hit = hits.find(|hit| chance(hit, u64::from(self.nodes)) == u64::from(node))?;
        let which = (chance(&[hit[0], hit[1], hit[2], 1], 8)) as u32;
        Some(match chance(&[hit[0], hit[1], hit[2], 2], 5) {
            0 if !is_before => Fault::Restart,
            1 if !is_before => Fault::Hang,
            // The hour before the opening is read in a second with few polls: a hang would block it, and a process that
            // ends between two polls loses tokens.
            1 | 2 => Fault::Error,
            3 => Fault::LostGpu(which),
            _ => Fault::HotRank(which % 4),
        })
    }
}

fn act(time: f64) -> (i64, f64) {
    let act = (time / ACT).floor();
    (act as i64, act * ACT)
}

/// A number below `sides`, determined by `key`.
pub(super) fn chance(key: &[u64], sides: u64) -> u64 {
    key.iter().fold(0x9e37_79b9_7f4a_7c15, |state, part| mix(state ^ mix(*part))) % sides.max(1)
}

/// Splitmix64's finalizer.
const fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_happens_and_none_to_everybody() {
        let script = Script::new(7, 120);
        let mut kinds = [0; 5];
        for act in 0..400 {
            let struck: Vec<_> = (0..120).filter_map(|node| script.strike(node, act)).collect();
            assert!(struck.len() <= 2, "{struck:?}");
            for fault in struck {
                kinds[match fault {
                    Fault::Restart => 0,
                    Fault::Hang => 1,
                    Fault::Error => 2,
                    Fault::LostGpu(_) => 3,
                    Fault::HotRank(_) => 4,
                }] += 1;
            }
        }
        assert!(kinds.iter().all(|count| *count > 20), "{kinds:?}");
    }

    #[test]
    fn the_hour_before_the_opening_has_a_handful_and_nothing_hangs_or_ends() {
        for seed in 1..40 {
            for nodes in [8, 12, 60] {
                let script = Script::new(seed, nodes);
                let of_act = |act| (0..nodes).filter_map(move |node| script.strike(node, act));
                let before: Vec<_> = (-40..0).flat_map(of_act).collect();
                assert!((1..=16).contains(&before.len()), "{seed} {nodes}: {before:?}");
                assert!(!before.iter().any(|fault| matches!(fault, Fault::Hang | Fault::Restart)));
            }
        }
    }

    #[test]
    fn a_process_is_away_before_it_is_back() {
        let script = Script::new(1, 4);
        let away = (0..40_000).map(f64::from).find(|t| script.fault(0, *t) == Some(Fault::Restart));
        let away = away.unwrap_or_default();
        assert!(away > 0.0);
        assert!(script.came_back(0, away).is_none_or(|back| back < away));
        assert_eq!(script.came_back(0, away + DOWN), Some(away + DOWN));
        assert_eq!(script.fault(0, away + DOWN), None);
    }
}
