//! The counts of imported entries.

use std::fmt;

/// Entries that were read, repaired and left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportTally {
    /// Entries of the JSON.
    pub entries: usize,
    /// Lists made from them; each service tier is a list.
    pub lists: usize,
    /// Prices with floating-point noise that were repaired.
    pub repaired: usize,
    /// Lists without a price of hits: they are priced as misses.
    pub without_hit: usize,
    /// Entries without both token prices: images, audio, rerankers.
    pub without_tokens: usize,
    /// Lists with a price that is negative, no number, or finer than nine decimals a million.
    pub refused: usize,
    /// Entries with prices by the length of a request, which no engine's counter shows: none of their prices is read.
    pub by_length: usize,
    /// Entries with a separate price of reasoning tokens, which no engine counts: none of their prices is read.
    pub by_reasoning: usize,
    /// Names that keep their built-in list: the imported one gives no price of hits.
    pub kept: usize,
    /// Entries whose prices by the time of day are read as windows.
    pub windows: usize,
    /// Entries whose prices by the time of day cannot be expressed as windows: none of their prices is read.
    pub by_time: usize,
    /// Service tiers of entries with prices by the time of day: it is unknown which of the two applies.
    pub timed_services: usize,
    /// Entries with a discount of which it is unknown whether their prices include it.
    pub discounted: usize,
    /// Names with several lists of different prices: a `[[price]]` has to choose one.
    pub ambiguous: usize,
}

impl fmt::Display for ImportTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lists of {} entries", self.lists, self.entries)?;
        for (count, what) in [
            (self.repaired, "prices were float noise and are repaired"),
            (self.windows, "entries have prices by time of day: read as windows"),
            (self.without_hit, "lists give no price of hits: they are priced as misses"),
            (self.without_tokens, "entries have no price of input and output tokens: skipped"),
            (self.refused, "lists have a price that is negative, no number or finer than nine decimals: skipped"),
            (self.by_length, "entries have prices by request length, which engines' counters cannot show: skipped"),
            (self.by_reasoning, "entries price reasoning apart, which engines' counters cannot show: skipped"),
            (self.by_time, "entries have prices by time of day that windows cannot say: skipped"),
            (self.timed_services, "service tiers of entries with prices by time of day: skipped"),
            (self.discounted, "entries have a discount that may be in their prices or not: skipped"),
            (self.kept, "names keep their built-in list: the imported one gives no price of hits"),
            (self.ambiguous, "names stand for several prices: choose with [[price]] list = \"…\""),
        ] {
            if count > 0 {
                write!(f, "\n{count} {what}")?;
            }
        }
        Ok(())
    }
}
