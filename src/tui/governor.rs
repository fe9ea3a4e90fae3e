//! What the screen may cost on the wire: above 100 kB in the last minute tables move every ten seconds instead of five,
//! until a minute costs much less. Pure: the time is an argument.

use std::collections::VecDeque;
use std::time::Duration;

/// Bytes of a minute above which it spares, and below which it no longer does.
const MOST: u64 = 100_000;
const CALM: u64 = 60_000;
const MINUTE: u64 = 60;

/// Bytes by the second, for a minute.
#[derive(Debug, Default)]
pub(super) struct Governor {
    seconds: VecDeque<(u64, u64)>,
    total: u64,
    is_sparing: bool,
}

impl Governor {
    /// Takes in how many bytes have been written in all, at a time since the beginning. Whether to spare, where that changed.
    pub(super) fn note(&mut self, at: Duration, total: u64) -> Option<bool> {
        let (second, bytes) = (at.as_secs(), total.saturating_sub(self.total));
        self.total = total;
        match self.seconds.back_mut() {
            Some((last, sum)) if *last == second => *sum += bytes,
            _ => self.seconds.push_back((second, bytes)),
        }
        while self.seconds.front().is_some_and(|(first, _)| first + MINUTE <= second) {
            self.seconds.pop_front();
        }
        let minute: u64 = self.seconds.iter().map(|(_, bytes)| bytes).sum();
        let spares = if self.is_sparing { minute >= CALM } else { minute > MOST };
        let has_changed = spares != self.is_sparing;
        self.is_sparing = spares;
        has_changed.then_some(spares)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that a test sets, and a line that so many bytes a second go over.
    fn run(governor: &mut Governor, seconds: std::ops::Range<u64>, bytes: u64) -> Vec<(u64, bool)> {
        let mut changes = Vec::new();
        for second in seconds {
            for part in [0, 1] {
                let at = Duration::from_millis(second * 1_000 + part * 500);
                let total = governor.total + bytes / 2;
                changes.extend(governor.note(at, total).map(|spares| (second, spares)));
            }
        }
        changes
    }

    #[test]
    fn it_spares_above_100_kb_a_minute_and_until_it_is_calm() {
        let mut governor = Governor::default();
        assert_eq!(run(&mut governor, 0..300, 1_600), [], "96 kB a minute are within bounds");
        let begun = run(&mut governor, 300..400, 2_000);
        assert!(matches!(begun.as_slice(), [(300..=320, true)]), "{begun:?}");
        assert_eq!(run(&mut governor, 400..600, 1_100), [], "66 kB are what sparing makes of it: it goes on");
        let ended = run(&mut governor, 600..700, 500);
        assert!(matches!(ended.as_slice(), [(601..=640, false)]), "{ended:?}");
    }

    #[test]
    fn one_burst_is_over_after_a_minute() {
        let mut governor = Governor::default();
        assert_eq!(governor.note(Duration::from_secs(5), 150_000), Some(true));
        assert_eq!(governor.note(Duration::from_secs(64), 150_100), None);
        assert_eq!(governor.note(Duration::from_secs(65), 150_200), Some(false));
        // After a long sleep of the machine nothing is left of what was before.
        assert_eq!(governor.note(Duration::from_secs(90_000), 250_000), None);
    }
}
