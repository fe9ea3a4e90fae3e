//! Which names a few letters mean.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// The places of the names in which all letters stand in their order, the best first; all of them for no letters.
pub fn ranked(letters: &str, names: &[&str]) -> Vec<usize> {
    let letters = letters.to_lowercase();
    if letters.is_empty() {
        return (0..names.len()).collect();
    }
    let mut config = Config::DEFAULT;
    config.prefer_prefix = true;
    let mut matcher = Matcher::new(config);
    let pattern = Pattern::new(&letters, CaseMatching::Respect, Normalization::Never, AtomKind::Fuzzy);
    let mut room = Vec::new();
    let mut found: Vec<(u32, usize)> = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let name = name.to_lowercase();
        if name == letters {
            found.push((u32::MAX, place));
        } else if let Some(score) = pattern.score(Utf32Str::new(&name, &mut room), &mut matcher) {
            found.push((score, place));
        }
    }
    found.sort_by_key(|(score, place)| (std::cmp::Reverse(*score), *place));
    found.into_iter().map(|(_, place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_come_first_and_equal_names_before_all() {
        let names = ["solarized-dark", "dark", "tokyo-night", "Darkness", "dracula"];
        assert_eq!(ranked("dark", &names)[..3], [1, 3, 0]);
        assert_eq!(ranked("tn", &names), [2]);
        assert_eq!(ranked("", &names), [0, 1, 2, 3, 4]);
        assert!(ranked("zzz", &names).is_empty());
        assert_eq!(ranked("模", &["模型", "x"]), [0]);
    }
}
