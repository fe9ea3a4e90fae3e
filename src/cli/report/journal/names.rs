//! Names of a journal's accounts, which accounting programs can read: one for each thing that is paid for or earns.

use std::collections::{BTreeMap, BTreeSet};

/// The accounts of a journal. Two names that would be read as one, such as `qwen2.5` and `qwen2-5` in Beancount, have a
/// suffix each, which is the same in every journal with both.
#[derive(Debug, Default)]
pub(super) struct AccountNames {
    beancount: bool,
    /// The paths with the same spelling, by that spelling.
    alike: BTreeMap<String, BTreeSet<Vec<String>>>,
}

impl AccountNames {
    pub(super) fn of<'a>(paths: impl Iterator<Item = Vec<&'a str>>, beancount: bool) -> Self {
        let mut names = Self { beancount, alike: BTreeMap::new() };
        for path in paths {
            let written = names.written(&path);
            names.alike.entry(written).or_default().insert(owned(&path));
        }
        names
    }

    pub(super) fn name(&self, path: &[&str]) -> String {
        let written = self.written(path);
        let is_alone = self.alike.get(&written).is_none_or(|alike| alike.len() < 2);
        if is_alone { written } else { format!("{written}-{:06x}", mark(path)) }
    }

    fn written(&self, path: &[&str]) -> String {
        let part = |part: &&str| if self.beancount { beancount(part) } else { plain(part) };
        path.iter().map(part).collect::<Vec<_>>().join(":")
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|part| (*part).to_owned()).collect()
}

/// Twenty-four bits of a name, as FNV-1a has them.
fn mark(path: &[&str]) -> u32 {
    let bytes = path.iter().flat_map(|part| part.bytes());
    let whole = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (whole >> 24) ^ (whole & 0x00ff_ffff)
}

/// A part of an account's name for hledger: no colon, and nothing that begins a comment or a virtual posting.
fn plain(part: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "._-/+@".contains(c) { c } else { '-' };
    part.chars().map(kept).collect()
}

/// A part of an account's name for Beancount: letters, digits and dashes, the first a capital or a digit.
fn beancount(part: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || is_letter(c) { c } else { '-' };
    let name: String = part.chars().map(kept).collect();
    match name.chars().next() {
        Some(first) if first.is_ascii_alphanumeric() => first.to_ascii_uppercase().to_string() + &name[1..],
        _ => format!("X{name}"),
    }
}

/// A letter beyond ASCII that Beancount takes as one; it takes no marks, fractions or Roman numbers.
fn is_letter(c: char) -> bool {
    let is_cased = matches!(c, '\u{c0}'..='\u{2ff}' | '\u{370}'..='\u{52f}') && (c.is_lowercase() || c.is_uppercase());
    is_cased
        || matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parts_of_accounts() {
        assert_eq!(plain("deepseek-ai/DeepSeek-R1"), "deepseek-ai/DeepSeek-R1");
        assert_eq!(plain("a:b  (c); d"), "a-b---c---d");
        assert_eq!(beancount("deepseek-ai/r1.5"), "Deepseek-ai-r1-5");
        assert_eq!((beancount("4090"), beancount("(x)"), beancount("")), ("4090".into(), "X-x-".into(), "X".into()));
        assert_eq!(beancount("通义 72B"), "X通义-72B");
    }

    /// Class: two models whose money is one account's.
    #[test]
    fn no_two_things_share_an_account() {
        let models = ["qwen2.5", "qwen2-5", "a:b", "a b", "a-b", "Node", "node", "通义", "千问", "plain"];
        let path = |model| vec!["income", "tokens", model];
        for beancount in [true, false] {
            let names = AccountNames::of(models.iter().map(|model| path(model)), beancount);
            let accounts: BTreeSet<_> = models.iter().map(|model| names.name(&path(model))).collect();
            assert_eq!(accounts.len(), models.len(), "{accounts:?}");
            assert!(names.name(&path("plain")).to_lowercase() == "income:tokens:plain", "{accounts:?}");
            let both = AccountNames::of(["qwen2.5", "qwen2-5"].map(path).into_iter(), beancount);
            assert_eq!(both.name(&path("qwen2.5")), names.name(&path("qwen2.5")), "the same in every journal");
        }
    }
}
