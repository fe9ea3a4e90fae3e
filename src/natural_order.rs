//! The natural order of names with numbers.

use std::cmp::Ordering;

/// Compares names with their numbers as numbers: `127.0.1.2` before `127.0.1.10`. Only equal names are equal.
pub fn natural_cmp(a: &str, b: &str) -> Ordering {
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

/// A name as a key to sort by: compared by [`natural_cmp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Natural<T>(pub T);

impl<T: AsRef<str> + Eq> PartialOrd for Natural<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: AsRef<str> + Eq> Ord for Natural<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        natural_cmp(self.0.as_ref(), other.0.as_ref())
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
    fn numbers_in_names_are_numbers() {
        let mut names = ["b", "127.0.1.10", "127.0.1.2:8000", "a10", "127.0.1.2", "a", "a01", "a1", "a9b", "a9"];
        names.sort_by(|a, b| natural_cmp(a, b));
        assert_eq!(names, ["127.0.1.2", "127.0.1.2:8000", "127.0.1.10", "a", "a01", "a1", "a9", "a9b", "a10", "b"]);
        names.sort_unstable();
        names.sort_by_key(|name| Natural(*name));
        assert_eq!((names[2], names[8]), ("127.0.1.10", "a10"));
        let long = ["x99999999999999999999999", "x100000000000000000000000"];
        assert_eq!(natural_cmp(long[0], long[1]), Ordering::Less);
        assert_eq!((natural_cmp("a1", "a01"), natural_cmp("a", "a")), (Ordering::Greater, Ordering::Equal));
    }

    #[test]
    fn the_order_is_total() {
        let names = ["", "0", "00", "1", "01", "a", "a0", "a00", "a0b", "a00a", "é1", "é", "10a", "9a"];
        for a in names {
            for b in names {
                assert_eq!(natural_cmp(a, b), natural_cmp(b, a).reverse(), "{a} {b}");
                for c in names {
                    let rises = natural_cmp(a, b).is_lt() && natural_cmp(b, c).is_lt();
                    assert!(!rises || natural_cmp(a, c).is_lt(), "{a} {b} {c}");
                }
            }
        }
    }
}
