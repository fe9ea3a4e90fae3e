//! Suggestions for mistyped names.

/// The letters that a word may lack at its end where several begin with it.
const MISSING: usize = 2;
/// The least length of a word that is taken for a prefix of another.
const SHORTEST_PREFIX: usize = 3;

/// The known word that was likely meant: one that begins with what was written, or one whose parts that differ do so by
/// one letter in three at most. `None` where no known word is that near.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let known: Vec<&str> = known.into_iter().collect();
    // What many words begin with says nothing of which is meant, unless one of them lacks a letter or two.
    let begins = |word: &&&str| word.to_lowercase().starts_with(&written);
    let is_common = known.iter().filter(begins).count() > 1 && !known.iter().any(|word| word.to_lowercase() == written);
    let is_whole = |word: &str| word.chars().count() <= written.chars().count() + MISSING;
    let known = known.into_iter().filter(|word| !is_common || !begins(&word) || is_whole(word));
    let near = known.into_iter().filter_map(|word| Some((distance(&written, &word.to_lowercase())?, word)));
    // Of two words that are as near, the first letter is more often right than the others.
    let begins_alike = |word: &str| word.to_lowercase().chars().next() == written.chars().next();
    near.min_by_key(|(distance, word)| (*distance, !begins_alike(word), word.len())).map(|(_, word)| word)
}

/// The number of edits from what was written to a word; `None` if it was not meant.
fn distance(written: &str, word: &str) -> Option<usize> {
    if written.chars().all(is_separator) {
        return None;
    }
    if written.chars().count() >= SHORTEST_PREFIX && word.starts_with(written) {
        return Some(1);
    }
    let begin = || {
        let ends = word.match_indices(is_separator).map(|(at, _)| at);
        ends.filter_map(|end| edits(written, word.get(..end)?)).min().map(|edits| edits + 1)
    };
    edits(written, word).or_else(begin)
}

/// The number of edits between two words; `None` if they are more than one in three letters of the parts that differ.
/// Names of models share most of their parts: what these have in common says nothing of the others.
fn edits(one: &str, other: &str) -> Option<usize> {
    let letters = |word: &str| word.replace(is_separator, "");
    if letters(one) == letters(other) {
        return Some(1);
    }
    let (one, other) = parts_that_differ(one, other);
    let shorter = one.chars().count().min(other.chars().count());
    // In a short part a digit makes another name: `1y` is not meant by `2y`, nor `v31` by `v32`.
    let is_number = shorter < 4 && [one, other].iter().any(|part| part.contains(|c: char| c.is_ascii_digit()));
    let most = if shorter < 2 || is_number { 0 } else { (shorter / 3).max(1) };
    Some(strsim::damerau_levenshtein(one, other)).filter(|edits| *edits <= most)
}

/// Two words without the parts in which both begin and end.
fn parts_that_differ<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    let begin = common(one.chars(), other.chars());
    let (one, other) = (&one[begin..], &other[begin..]);
    let end = common(one.chars().rev(), other.chars().rev());
    (&one[..one.len() - end], &other[..other.len() - end])
}

/// The length in bytes of what two words have in common, up to its last separator.
fn common(one: impl Iterator<Item = char>, other: impl Iterator<Item = char>) -> usize {
    let same = one.zip(other).take_while(|(a, b)| a == b).scan(0, |end, (c, _)| {
        *end += c.len_utf8();
        Some((*end, c))
    });
    same.filter(|(_, c)| is_separator(*c)).last().map_or(0, |(end, _)| end)
}

fn is_separator(c: char) -> bool {
    !c.is_alphanumeric()
}

/// The end of a message "no such …": the word that was likely meant, or nothing.
pub fn meant<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(written, known).map_or_else(String::new, |near| format!("; is it \"{near}\"?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_word_is_named() {
        let themes = ["dark", "light", "ember", "colour-blind", "nord"];
        assert_eq!(nearest("embre", themes), Some("ember"));
        assert_eq!(nearest("Ember", themes), Some("ember"));
        assert_eq!(nearest("colourblind", themes), Some("colour-blind"));
        assert_eq!(nearest("colour", themes), Some("colour-blind"));
        for far in ["nosuch", "x", "", "brightest", "or"] {
            assert_eq!(nearest(far, themes), None, "{far}");
        }
        assert_eq!(nearest("dmeo", ["once", "demo"]), Some("demo"));
        assert_eq!(nearest("bsh", ["zsh", "bash"]), Some("bash"), "as near as zsh");
        assert_eq!(
            nearest("gruvbx", ["gruvbox-dark", "gruvbox-light"]),
            Some("gruvbox-dark"),
            "a part that is mistyped"
        );
        assert_eq!((nearest("cm", ["cn"]), nearest("2y", ["1y", "3y"])), (Some("cn"), None));
        assert_eq!(nearest("gpu-01", ["once", "demo", "agent"]), None);
        for nothing in ["", "/", "-", "//"] {
            assert_eq!(nearest(nothing, ["/metrics", "--list", "once"]), None, "{nothing}");
        }
    }

    const LISTS: [&str; 9] = [
        "deepseek-r1-2025",
        "deepseek-r1-standard",
        "deepseek-v3.1",
        "deepseek-v3.2",
        "deepseek-v4-pro-2026",
        "glm-4.6-zai-2025",
        "gpt-4o-2025-02",
        "kimi-k2-moonshot-2025",
        "qwen3-235b-a22b-alibaba-2025",
    ];

    /// Class: names that have most of their parts in common, which makes every other version of a model look near.
    #[test]
    fn another_version_is_no_typo() {
        let others = ["deepseek-r2", "deepseek-v5", "glm-4.7-zai-2025", "gpt-5o-2025-02", "kimi-k3-moonshot-2025"];
        for other in others.into_iter().chain(["deepseek-x4-foo-2026", "qwen3-32b-a3b-alibaba-2025"]) {
            assert_eq!(nearest(other, LISTS), None, "{other}");
        }
        assert_eq!(nearest("http://gpu-02:8000", ["http://gpu-01:8000"]), None);
        assert_eq!(nearest("write_5m", ["write_1h"]), None);
        assert_eq!(nearest("/v1/metrcs", ["/metrics", "/v1/metrics"]), Some("/v1/metrics"));
        assert_eq!(nearest("deepseek-v3.2", ["deepseek-v3_2"]), Some("deepseek-v3_2"), "another separator");
        assert_eq!(nearest("glm--4.6 zai-2025", LISTS), Some("glm-4.6-zai-2025"));
        let currencies = ["deepseek-r1-standard", "deepseek-r1-standard-cny", "deepseek-v3-standard"];
        assert_eq!(nearest("deepseek-r1-standar", currencies), Some("deepseek-r1-standard"));
    }

    /// Class: one letter too many, too few, another or in the wrong place, anywhere in a word that is long enough.
    #[test]
    fn one_mistyped_letter_is_a_typo() {
        let names =
            LISTS.into_iter().chain(["themes", "report", "reconcile", "profit_per_hour", "colour-blind", "/metrics"]);
        for name in names {
            let letters: Vec<char> = name.chars().collect();
            let is_long = |at: usize| {
                let of = |c: &char| c.is_alphabetic();
                letters[at..].iter().take_while(|c| of(c)).count()
                    + letters[..at].iter().rev().take_while(|c| of(c)).count()
                    >= 4
            };
            for at in (0..letters.len()).filter(|at| is_long(*at)) {
                let (mut less, mut more, mut other) = (letters.clone(), letters.clone(), letters.clone());
                less.remove(at);
                more.insert(at, 'ß');
                other[at] = 'ß';
                let mut turned = letters.clone();
                if is_long(at) && letters.get(at + 1).is_some_and(|c| c.is_alphabetic()) {
                    turned.swap(at, at + 1);
                }
                for typo in [less, more, other, turned] {
                    let typo: String = typo.into_iter().collect();
                    assert_eq!(nearest(&typo, [name]), Some(name), "{typo}");
                }
            }
        }
    }
}
