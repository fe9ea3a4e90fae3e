//! Which file takes what from which, and the circles among them.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::names::{Module, Modules, Place};

/// What each file takes from others of its module: file, from file, names.
pub(crate) type Takes = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

/// What every file takes from other files of the same first-level module. A path counts where it names something that the other file
/// defines: through imports, re-exports and whole paths. A module's name alone is not counted, nor is a re-export that its own file
/// does not use.
pub(crate) fn takes(modules: &Modules) -> Takes {
    let mut takes = Takes::new();
    for (path, module) in &modules.0 {
        for place in uses(modules, path, module) {
            let (Some(name), Some(other)) = (place.name, modules.0.get(&place.module)) else { continue };
            if other.file != module.file && place.module.first() == path.first() && !path.is_empty() {
                takes.entry(module.file.clone()).or_default().entry(other.file.clone()).or_default().insert(name);
            }
        }
    }
    takes
}

/// Where everything leads that a module imports for itself or names.
fn uses(modules: &Modules, path: &[String], module: &Module) -> Vec<Place> {
    let own = module.imports.iter().filter(|import| !import.handed_on || module.words.contains(&import.name));
    let imported = own.map(|import| &import.path);
    imported.chain(&module.paths).filter_map(|written| modules.resolve(path, written)).collect()
}

/// Every open module inside another first-level module that a path names, with the files that do so. What a module hands on itself is
/// named without its inner modules, and what is private the compiler refuses.
pub(crate) fn named_inside(modules: &Modules) -> BTreeMap<String, BTreeSet<PathBuf>> {
    let mut named: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
    for (path, module) in &modules.0 {
        let imported = module.imports.iter().map(|import| &import.path);
        for root in imported.chain(&module.paths).filter_map(|written| modules.rooted(path, written)) {
            let is_open = |length: &usize| {
                let (name, parent) = (&root[length - 1], &root[..length - 1]);
                modules.0.get(parent).is_some_and(|module| module.open.contains(name))
            };
            let deepest = (2..=root.len()).rev().find(is_open);
            if let Some(length) = deepest.filter(|_| path.first() != root.first() && !path.is_empty()) {
                named.entry(root[..length].join("::")).or_default().insert(module.file.clone());
            }
        }
    }
    named
}

/// Groups of files that lead to one another, the largest first.
pub(crate) fn circles(takes: &Takes) -> Vec<Vec<PathBuf>> {
    let reach: BTreeMap<&Path, BTreeSet<&Path>> =
        takes.keys().map(|file| (file.as_path(), reached(takes, file))).collect();
    let mut found = BTreeSet::new();
    for (file, others) in &reach {
        if others.contains(file) {
            let circle = others.iter().filter(|other| reach.get(*other).is_some_and(|back| back.contains(file)));
            found.insert(circle.map(|other| (*other).to_owned()).collect::<Vec<_>>());
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    found
}

fn reached<'a>(takes: &'a Takes, from: &Path) -> BTreeSet<&'a Path> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for next in takes.get(file).into_iter().flat_map(BTreeMap::keys) {
            if seen.insert(next.as_path()) {
                open.push(next);
            }
        }
    }
    seen
}

/// A circle for people: each of its files and what it takes from which other.
pub(crate) fn described(circle: &[PathBuf], takes: &Takes) -> String {
    let mut text = format!("{} files import one another:\n", circle.len());
    for file in circle {
        for (other, names) in takes.get(file).into_iter().flatten().filter(|(other, _)| circle.contains(other)) {
            let names = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let _ = writeln!(text, "  {} takes {names} from {}", file.display(), other.display());
        }
    }
    text
}
