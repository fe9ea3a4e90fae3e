//! Resets of targets by hand: requested, then applied by the target's next page.

use std::collections::BTreeMap;

use crate::reading::TargetId;

/// The resets of this run.
#[derive(Debug, Default)]
pub(super) struct Resets {
    /// Resets of targets that have not answered since.
    asked: BTreeMap<TargetId, Vec<i64>>,
    /// Resets that are applied but not yet in a checkpoint.
    applied: Vec<i64>,
}

impl Resets {
    /// Requests a reset. Returns whether it is new.
    pub(super) fn ask(&mut self, id: i64, target: &TargetId) -> bool {
        let asked = self.asked.entry(target.clone()).or_default();
        let is_new = !asked.contains(&id) && !self.applied.contains(&id);
        if is_new {
            asked.push(id);
        }
        is_new
    }

    /// Marks the resets of a target as applied, since the target answered.
    pub(super) fn answered(&mut self, target: &TargetId) {
        self.applied.extend(self.asked.remove(target).into_iter().flatten());
    }

    /// Takes the applied resets.
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
