//! The command line under `:`: its words, their completion, and the command of a finished line. Pure.

mod line;
mod matching;

pub use line::{PromptLine, WORDS, Word, parse};
pub use matching::ranked;

/// A completion of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The whole line; one that ends with a space needs another word.
    pub line: String,
    /// The shown part of it.
    pub shown: String,
    /// Its effect, in a few words; empty if the name says it.
    pub about: &'static str,
}

/// The completions of a line, the best first. `values` are the possible second words.
pub fn candidates(text: &str, values: impl Fn(Word) -> Vec<String>) -> Vec<Candidate> {
    let text = text.trim_start();
    let Some((first, rest)) = text.split_once(' ') else {
        let names: Vec<&str> = WORDS.iter().map(|word| word.name()).collect();
        let words = ranked(text, &names).into_iter().filter_map(|place| WORDS.get(place));
        return words.map(|word| of_word(*word)).collect();
    };
    let Some(word) = Word::meant(first) else { return Vec::new() };
    let values = values(word);
    let names: Vec<&str> = values.iter().map(String::as_str).collect();
    let value = |place: usize| {
        let shown = values.get(place)?.clone();
        Some(Candidate { line: format!("{} {shown}", word.name()), shown, about: "" })
    };
    ranked(rest.trim(), &names).into_iter().filter_map(value).collect()
}

fn of_word(word: Word) -> Candidate {
    let space = if word.wants().is_empty() { "" } else { " " };
    let shown = format!("{} {}", word.name(), word.wants()).trim_end().to_owned();
    Candidate { line: format!("{}{space}", word.name()), shown, about: word.about() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let values = |word| match word {
            Word::Theme => ["dark", "light", "ember", "high-contrast"].map(str::to_owned).to_vec(),
            _ => Vec::new(),
        };
        candidates(text, values).into_iter().map(|candidate| candidate.line).collect()
    }

    #[test]
    fn a_word_is_completed_and_then_its_value() {
        assert_eq!(lines("").len(), WORDS.len());
        assert_eq!(lines("th")[0], "theme ");
        assert_eq!(lines("q"), ["quit"]);
        assert_eq!(lines("theme hc"), ["theme high-contrast"]);
        assert_eq!(lines("theme EMB"), ["theme ember"]);
        assert_eq!(lines("th EMB"), ["theme ember"]);
        assert_eq!(lines("theme "), ["theme dark", "theme light", "theme ember", "theme high-contrast"]);
        assert!(lines("theme xyz").is_empty() && lines("nonsense x").is_empty());
    }
}
