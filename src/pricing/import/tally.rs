//! The counts of imported entries.

use std::fmt;

/// The numbers of entries that were read, repaired and left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportTally {
    /// Entries in the JSON.
    pub entries: usize,
    /// Lists created; each service tier is a list.
    pub lists: usize,
    /// Prices with floating-point noise that were repaired.
    pub repaired: usize,
    /// Lists without a price of hits, which are priced as misses.
    pub without_hit: usize,
    /// Entries without both token prices: images, audio, rerankers.
    pub without_tokens: usize,
    /// Lists with a price that is negative, not a number, or has more than nine decimals per million.
    pub refused: usize,
    /// Entries with prices by the length of a request, which engines do not count. None of their prices is read.
    pub by_length: usize,
    /// Entries with a separate price of reasoning tokens, which engines do not count. None of their prices is read.
    pub by_reasoning: usize,
    /// Names that keep their built-in list, as the imported one has no price of hits.
    pub kept: usize,
    /// Entries whose prices by time of day became windows.
    pub windows: usize,
    /// Entries whose prices by time of day cannot be expressed as windows. None of their prices is read.
    pub by_time: usize,
    /// Service tiers of entries with prices by time of day; which price applies to them is unknown.
    pub timed_services: usize,
    /// Entries with a discount that may or may not be included in their prices.
    pub discounted: usize,
    /// Names with several lists of different prices; a `[[price]]` must choose one.
    pub ambiguous: usize,
}

impl fmt::Display for ImportTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        let lists = number(self.lists, "list", "lists");
        write!(f, "{lists} of {}", number(self.entries, "entry", "entries"))?;
        for (count, one, many, what) in [
            (self.repaired, "price was", "prices were", "float noise and repaired"),
            (self.windows, "entry has", "entries have", "prices by time of day: read as windows"),
            (self.without_hit, "list gives", "lists give", "no price of hits: priced as misses"),
            (self.without_tokens, "entry has", "entries have", "no price of input and output tokens: skipped"),
            (
                self.refused,
                "list has",
                "lists have",
                "a price that is negative, no number or finer than nine decimals: skipped",
            ),
            (
                self.by_length,
                "entry has",
                "entries have",
                "prices by request length, which engines' counters cannot show: skipped",
            ),
            (
                self.by_reasoning,
                "entry prices",
                "entries price",
                "reasoning apart, which engines' counters cannot show: skipped",
            ),
            (self.by_time, "entry has", "entries have", "prices by time of day that windows cannot say: skipped"),
            (self.timed_services, "service tier", "service tiers", "of entries with prices by time of day: skipped"),
            (self.discounted, "entry has", "entries have", "a discount that may be in the prices or not: skipped"),
            (self.kept, "name keeps", "names keep", "the built-in list: the imported one gives no price of hits"),
            (self.ambiguous, "name stands", "names stand", "for several prices: choose with [[price]] list = \"…\""),
        ] {
            if count > 0 {
                write!(f, "\n{} {what}", number(count, one, many))?;
            }
        }
        Ok(())
    }
}
