//! Processes that follow one another at the same two addresses.
//!
//! A process may end before enough of its values agree. Its successor at both addresses, with one start time again, adds to
//! the evidence; the verdict on it is also one on those before it.

use super::{Duplicates, Pair, Place, Settled, Side, Verdict, pairs};

impl Duplicates {
    /// The comparison of a new place with another one. It begins with the evidence of their predecessors'.
    pub(super) fn new_pair(&self, place: &Place, other: &Place, (since, late): (u64, Option<Side>)) -> Pair {
        let former = self.former_pairs(place, other).into_iter().last();
        let former = former.and_then(|(place, other)| self.pairs.get(&place, &other));
        former.map_or_else(|| Pair::new(since, late), |former| former.successor(since, late))
    }

    /// After a place turned out to be a duplicate of another one: its predecessors were duplicates of the other's.
    pub(super) fn join_former(&mut self, place: &Place, other: &Place) -> Vec<Settled> {
        let mut settled = Vec::new();
        for (place, other) in self.former_pairs(place, other) {
            let is_open = self.pairs.get(&place, &other).is_some_and(|pair| pair.verdict == Verdict::Undecided);
            if is_open {
                let (lower, upper, ours) = pairs::sorted(&place, &other);
                settled.extend(self.join_without(lower, upper, ours));
            }
        }
        settled
    }

    /// Records that a place replaced another process, for which a lost window was counted.
    pub(in crate::metering) fn note_lost_window(&mut self, place: &Place) {
        if let Some(known) = self.places.get_mut(place) {
            known.lost_window = true;
        }
    }

    /// Whether a lost window was counted for a duplicate's restart that was also counted where its process is. Told once.
    pub(in crate::metering) fn take_window_lost_twice(&mut self, place: &Place) -> bool {
        let lost = |place: &Place| self.places.get(place).is_some_and(|known| known.lost_window);
        let is_twice = lost(place) && self.winner(place).is_some_and(lost);
        if let Some(known) = self.places.get_mut(place).filter(|_| is_twice) {
            known.lost_window = false;
        }
        is_twice
    }

    /// The compared places of earlier processes of the same two instances, in order.
    fn former_pairs(&self, place: &Place, other: &Place) -> Vec<(Place, Place)> {
        let is_of = |former: &&Place| former.target == other.target && former.instance == other.instance;
        let ours = self.of_instance(&place.target, place.instance.as_ref()).filter(|ours| ours.process < place.process);
        let with = |ours: &Place| {
            let theirs = self.alike(ours).filter(is_of).find(|theirs| self.pairs.get(ours, theirs).is_some());
            theirs.map(|theirs| (ours.clone(), theirs.clone()))
        };
        ours.filter_map(with).collect()
    }
}
