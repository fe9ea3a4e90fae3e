//! What the present says of the total beside its postings. It is saved with them, for a report to say it too.

/// Why the total may be too high or too low while nothing of it is lost or disputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is another reason, and several may hold")]
pub struct Marks {
    /// What is posted may be taken back.
    pub on_trial: bool,
    /// A counter was first seen with a large value, of which a part may be older than this run.
    pub may_be_earlier: bool,
    /// A page does not have the value of a counter that is billed.
    pub lacks_counter: bool,
    /// Tokens are withheld until an open question about their counters is settled.
    pub holds_back: bool,
    /// Rates may hold a process that has stopped, or sums growth from before the watch.
    pub growth_uncertain: bool,
    /// Two addresses may show one process, and both are posted.
    pub seen_twice: bool,
}

/// The words of the marks, in the order of [`Marks::bits`].
const WORDS: [&str; 6] =
    ["on_trial", "may_be_earlier", "lacks_counter", "holds_back", "growth_uncertain", "seen_twice"];

/// A word that earlier builds saved, and its present one.
const FORMER: (&str, &str) = ("doubted", "growth_uncertain");

impl Marks {
    /// In words, as they are saved.
    pub fn words(self) -> String {
        let words = WORDS.into_iter().zip(self.bits());
        words.filter_map(|(word, is_set)| is_set.then_some(word)).collect::<Vec<_>>().join(" ")
    }

    /// From those words; what is not known is not set.
    pub fn from_words(words: &str) -> Self {
        let has = |word: &str| words.split_whitespace().any(|known| known == word || (known, word) == FORMER);
        let [on_trial, may_be_earlier, lacks_counter, holds_back, growth_uncertain, seen_twice] = WORDS.map(has);
        Self { on_trial, may_be_earlier, lacks_counter, holds_back, growth_uncertain, seen_twice }
    }

    const fn bits(self) -> [bool; 6] {
        let Self { on_trial, may_be_earlier, lacks_counter, holds_back, growth_uncertain, seen_twice } = self;
        [on_trial, may_be_earlier, lacks_counter, holds_back, growth_uncertain, seen_twice]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for set in 0..1 << WORDS.len() {
            let words: Vec<&str> =
                WORDS.into_iter().zip(0..).filter(|(_, bit)| set >> bit & 1 == 1).map(|(word, _)| word).collect();
            let marks = Marks::from_words(&words.join(" "));
            assert_eq!(marks.words(), words.join(" "));
        }
        // A ledger of an earlier version has none of the later words.
        assert_eq!(Marks::from_words("on_trial"), Marks { on_trial: true, ..Marks::default() });
        assert_eq!(Marks::from_words("doubted"), Marks { growth_uncertain: true, ..Marks::default() });
    }
}
