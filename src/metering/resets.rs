//! Resets of targets by hand: asked for, then applied by the target's next page.

use std::collections::BTreeMap;

use crate::reading::TargetId;

/// The resets of this watch.
#[derive(Debug, Default)]
pub(super) struct Resets {
    /// Those of targets that have not answered since.
    asked: BTreeMap<TargetId, Vec<i64>>,
    /// Those that are applied and not in a checkpoint yet.
    applied: Vec<i64>,
}

impl Resets {
    /// Asks for a reset. Returns whether it is new.
    pub(super) fn ask(&mut self, id: i64, target: &TargetId) -> bool {
        let asked = self.asked.entry(target.clone()).or_default();
        let is_new = !asked.contains(&id) && !self.applied.contains(&id);
        if is_new {
            asked.push(id);
        }
        is_new
    }

    /// The target answered: its resets are applied.
    pub(super) fn answered(&mut self, target: &TargetId) {
        self.applied.extend(self.asked.remove(target).into_iter().flatten());
    }

    /// Takes those that were applied.
    pub(super) fn take_applied(&mut self) -> Vec<i64> {
        std::mem::take(&mut self.applied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_applied_once_by_the_next_page() {
        let (mut resets, target) = (Resets::default(), TargetId::new("a"));
        assert!(resets.ask(1, &target));
        assert!(!resets.ask(1, &target));
        assert!(resets.take_applied().is_empty());
        resets.answered(&target);
        resets.answered(&target);
        assert!(!resets.ask(1, &target));
        assert_eq!(resets.take_applied(), [1]);
        assert!(resets.take_applied().is_empty());
    }
}
