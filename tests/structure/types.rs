//! The types that files define, by name.

use std::collections::BTreeMap;

use proc_macro2::TokenTree;

use super::files::Source;

/// What begins a type's definition.
const DEFINES: [&str; 4] = ["struct", "enum", "trait", "type"];

/// Where each name is given to a type. Files of one thing for several systems (`lock.rs` and `lock_windows.rs`, `unix.rs` and
/// `other.rs`) are one place.
pub(crate) fn defined(sources: &[Source]) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources {
        let place = source.path.display().to_string().replace("_windows.rs", ".rs").replace("/other.rs", "/unix.rs");
        for name in names(&source.tokens) {
            let places = found.entry(name).or_default();
            if !places.contains(&place) {
                places.push(place.clone());
            }
        }
    }
    found
}

fn names(tokens: &[TokenTree]) -> impl Iterator<Item = String> + '_ {
    tokens.windows(2).filter_map(|pair| match pair {
        [TokenTree::Ident(word), TokenTree::Ident(name)] if DEFINES.iter().any(|define| word == define) => {
            Some(name.to_string())
        }
        _ => None,
    })
}
