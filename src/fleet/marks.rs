//! What the present says of the total beside its postings. It is saved with them, for a report to say it too.

/// Why the total may be too high or too low while nothing of it is lost, held or disputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// What is posted may be taken back.
    pub on_trial: bool,
    /// A counter had much at once after nothing: some of it may be of before the watch.
    pub may_be_earlier: bool,
    /// A page does not have the value of a counter that is billed.
    pub lacks_counter: bool,
}

impl Marks {
    /// In words, as they are saved.
    pub fn words(self) -> String {
        let Self { on_trial, may_be_earlier, lacks_counter } = self;
        let words = [("on_trial", on_trial), ("may_be_earlier", may_be_earlier), ("lacks_counter", lacks_counter)];
        words.into_iter().filter_map(|(word, is_set)| is_set.then_some(word)).collect::<Vec<_>>().join(" ")
    }

    /// From those words; what is not known is not set.
    pub fn from_words(words: &str) -> Self {
        let has = |word| words.split_whitespace().any(|known| known == word);
        Self { on_trial: has("on_trial"), may_be_earlier: has("may_be_earlier"), lacks_counter: has("lacks_counter") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for bits in 0..8 {
            let [on_trial, may_be_earlier, lacks_counter] = [1, 2, 4].map(|bit| bits & bit != 0);
            let marks = Marks { on_trial, may_be_earlier, lacks_counter };
            assert_eq!(Marks::from_words(&marks.words()), marks);
        }
    }
}
