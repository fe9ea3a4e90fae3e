//! Suggestions for mistyped names, and the natural order of names with numbers.

use std::cmp::Ordering;

/// The least length of a word that is taken for a prefix of another.
const SHORTEST_PREFIX: usize = 3;

/// The known word that was likely meant: one that begins with what was written, or that differs from it by one letter in
/// three at most. `None` where no known word is that near.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let letters = written.chars().count();
    let distance = |word: &str| {
        let word = word.to_lowercase();
        let is_begun = letters >= SHORTEST_PREFIX && word.starts_with(&written);
        let distance = strsim::damerau_levenshtein(&word, &written);
        let shorter = letters.min(word.chars().count());
        // Of two characters, one digit that differs is another word: `1y` is not meant by `2y`.
        let is_tiny = shorter < 2 || shorter < 3 && written.contains(|c: char| c.is_ascii_digit());
        let most = if is_tiny { 0 } else { (shorter / 3).max(1) };
        (is_begun || distance <= most).then_some(if is_begun { 1 } else { distance })
    };
    let near = known.into_iter().filter_map(|word| Some((distance(word)?, word)));
    // Of two words that are as near, the first letter is more often right than the others.
    let begins_alike = |word: &str| word.to_lowercase().chars().next() == written.chars().next();
    near.min_by_key(|(distance, word)| (*distance, !begins_alike(word), word.len())).map(|(_, word)| word)
}

/// The text of an error of the system, without its number: `No such file or directory`.
pub fn system_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words).to_owned()
}

/// The end of a message "no such …": the word that was likely meant, or nothing.
pub fn meant<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(written, known).map_or_else(String::new, |near| format!("; is it \"{near}\"?"))
}

/// Compares names with their numbers as numbers: `127.0.1.2` before `127.0.1.10`. Only equal names are equal.
pub fn in_order(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while !left.is_empty() && !right.is_empty() {
        let ((text, number), (other_text, other_number)) = (step(&mut left), step(&mut right));
        let by_number = significant(number).len().cmp(&significant(other_number).len());
        let order =
            text.cmp(other_text).then(by_number).then_with(|| significant(number).cmp(significant(other_number)));
        if order.is_ne() {
            return order;
        }
    }
    // `a` before `a1`; `01` and `1` differ by their spelling alone.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// A name as a key to sort by: compared by [`in_order`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InOrder<T>(pub T);

impl<T: AsRef<str> + Eq> PartialOrd for InOrder<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: AsRef<str> + Eq> Ord for InOrder<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        in_order(self.0.as_ref(), other.0.as_ref())
    }
}

/// Takes text up to a number, and that number, from the beginning of a name.
fn step<'a>(rest: &mut &'a str) -> (&'a str, &'a str) {
    let digits = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
    let (text, after) = rest.split_at(digits);
    let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let (number, after) = after.split_at(end);
    *rest = after;
    (text, number)
}

fn significant(number: &str) -> &str {
    number.trim_start_matches('0')
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
        assert_eq!((nearest("cm", ["cn"]), nearest("2y", ["1y", "3y"])), (Some("cn"), None));
        assert_eq!(nearest("gpu-01", ["once", "demo", "agent"]), None);
    }

    #[test]
    fn numbers_in_names_are_numbers() {
        let mut names = ["b", "127.0.1.10", "127.0.1.2:8000", "a10", "127.0.1.2", "a", "a01", "a1", "a9b", "a9"];
        names.sort_by(|a, b| in_order(a, b));
        assert_eq!(names, ["127.0.1.2", "127.0.1.2:8000", "127.0.1.10", "a", "a01", "a1", "a9", "a9b", "a10", "b"]);
        names.sort_unstable();
        names.sort_by_key(|name| InOrder(*name));
        assert_eq!((names[2], names[8]), ("127.0.1.10", "a10"));
        let long = ["x99999999999999999999999", "x100000000000000000000000"];
        assert_eq!(in_order(long[0], long[1]), Ordering::Less);
        assert_eq!((in_order("a1", "a01"), in_order("a", "a")), (Ordering::Greater, Ordering::Equal));
    }

    #[test]
    fn the_order_is_total() {
        let names = ["", "0", "00", "1", "01", "a", "a0", "a00", "a0b", "a00a", "é1", "é", "10a", "9a"];
        for a in names {
            for b in names {
                assert_eq!(in_order(a, b), in_order(b, a).reverse(), "{a} {b}");
                for c in names {
                    let rises = in_order(a, b).is_lt() && in_order(b, c).is_lt();
                    assert!(!rises || in_order(a, c).is_lt(), "{a} {b} {c}");
                }
            }
        }
    }
}
