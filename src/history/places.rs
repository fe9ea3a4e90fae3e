//! The positions of a subject's values in the rings.

use std::collections::HashMap;
use std::hash::Hash;

use super::query::Measure;
use crate::reading::Rank;

/// The measures of each subject, in the order of its channels.
pub(super) const WIDE: [Measure; 11] = [
    Measure::Output,
    Measure::Prompt,
    Measure::HitRate,
    Measure::Load,
    Measure::Kv,
    Measure::Waiting,
    Measure::Running,
    Measure::TtftMedian,
    Measure::TtftTail,
    Measure::ItlMedian,
    Measure::ItlTail,
];
/// The measures of a rank.
pub(super) const NARROW: [Measure; 4] = [Measure::Output, Measure::Prompt, Measure::Kv, Measure::Waiting];

/// The first channel of a subject, and the last minute in which anything was known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RingPlace {
    pub(super) first: u32,
    /// Four bytes, as there are thousands of ranks.
    seen: i32,
}

impl RingPlace {
    pub(super) fn new(first: u32, minute: i64) -> Self {
        Self { first, seen: narrow(minute) }
    }

    /// The last minute in which anything was known of it.
    pub(super) const fn seen(self) -> i64 {
        self.seen as i64
    }

    /// Notes that something is known of it.
    pub(super) fn see(&mut self, minute: i64) {
        self.seen = narrow(minute);
    }
}

/// Minutes since 1970 fit until the year 6053.
fn narrow(minute: i64) -> i32 {
    i32::try_from(minute).unwrap_or(i32::MAX)
}

/// Channels that are assigned in blocks.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    pub(super) free: Vec<u32>,
    pub(super) next: u32,
}

impl Blocks {
    pub(super) fn take(&mut self, size: usize) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            let first = self.next;
            self.next += size as u32;
            first
        })
    }
}

/// An engine's own place, and those of its ranks.
#[derive(Debug)]
pub(super) struct EnginePlace {
    pub(super) own: RingPlace,
    pub(super) ranks: Vec<(Rank, RingPlace)>,
}

/// A node's own place, the channel of its power, and the channels of its GPUs' loads by their index.
#[derive(Debug)]
pub(super) struct NodePlace {
    pub(super) own: RingPlace,
    pub(super) power: u32,
    pub(super) gpus: Vec<(u32, u32)>,
}

impl EnginePlace {
    /// The place of a rank, which is usually the `nth`.
    pub(super) fn rank(&mut self, rank: &Rank, nth: usize, blocks: &mut Blocks, minute: i64) -> &mut RingPlace {
        let usual = self.ranks.get(nth).is_some_and(|(known, _)| known == rank).then_some(nth);
        let known = usual.or_else(|| self.ranks.iter().position(|(known, _)| known == rank));
        let at = known.unwrap_or_else(|| {
            self.ranks.push((rank.clone(), RingPlace::new(blocks.take(NARROW.len()), minute)));
            self.ranks.len() - 1
        });
        &mut self.ranks[at].1
    }
}

impl NodePlace {
    /// The channel of a GPU, which is usually the `nth`.
    pub(super) fn gpu(&mut self, index: u32, nth: usize, blocks: &mut Blocks) -> u32 {
        let usual = self.gpus.get(nth).filter(|(known, _)| *known == index);
        let known = usual.or_else(|| self.gpus.iter().find(|(known, _)| *known == index));
        known.copied().map_or_else(
            || {
                let channel = blocks.take(1);
                self.gpus.push((index, channel));
                channel
            },
            |(_, channel)| channel,
        )
    }
}

pub(super) fn place_of<'a, K: Clone + Eq + Hash>(
    places: &'a mut HashMap<K, RingPlace>,
    key: &K,
    blocks: &mut Blocks,
    minute: i64,
) -> &'a mut RingPlace {
    entry(places, key, || RingPlace::new(blocks.take(WIDE.len()), minute))
}

/// The value of a key, added if it is missing.
pub(super) fn entry<'a, K: Clone + Eq + Hash, V>(
    map: &'a mut HashMap<K, V>,
    key: &K,
    new: impl FnOnce() -> V,
) -> &'a mut V {
    // A name is a shared text: a copy increments its count.
    map.entry(key.clone()).or_insert_with(new)
}
