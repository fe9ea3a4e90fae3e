//! Joined names: each name leads to a root, and names of one model have the same root.

use std::collections::HashMap;

/// The root of each name that is an alias.
#[derive(Debug, Default)]
pub(super) struct Roots(HashMap<String, String>);

impl Roots {
    /// The roots of pairs of an alias and a name, both in canonical form. Cycles end.
    pub(super) fn of<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut next: HashMap<&str, &str> = HashMap::new();
        for (name, model) in pairs {
            // Only roots are joined, so there are no cycles.
            let (name, model) = (end(&next, name), end(&next, model));
            if name != model {
                next.insert(name, model);
            }
        }
        Self(next.keys().map(|name| ((*name).to_owned(), end(&next, name).to_owned())).collect())
    }

    /// The root of a name.
    pub(super) fn root(&self, name: String) -> String {
        self.0.get(&name).cloned().unwrap_or(name)
    }
}

fn end<'a>(next: &HashMap<&'a str, &'a str>, name: &'a str) -> &'a str {
    let mut root = name;
    // The bound guards against an error in this file.
    for _ in 0..=next.len() {
        match next.get(root) {
            Some(further) => root = further,
            None => break,
        }
    }
    root
}
