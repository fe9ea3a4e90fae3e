//! What a module declares, imports and names, and the module that a written path leads to.
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proc_macro2::{Delimiter, TokenTree};

use super::files::{Source, is};

/// A path as it is written: `["super", "pages", "Page"]`.
pub(crate) type Written = Vec<String>;

/// An import: the name that it brings in and the path behind it.
pub(crate) struct Import {
    pub name: String,
    pub path: Written,
    /// `pub use`, `pub(crate) use` and their like: handed on, not used by itself.
    pub handed_on: bool,
}

/// A module: a file, or `mod name { … }` inside one.
#[derive(Default)]
pub(crate) struct Module {
    pub file: PathBuf,
    /// The modules that it declares.
    pub declared: BTreeSet<String>,
    /// Those of them that others may name.
    pub open: BTreeSet<String>,
    pub imports: Vec<Import>,
    /// Paths of two names and more, outside imports.
    pub paths: Vec<Written>,
    /// Names that stand alone or begin a path, outside imports.
    pub words: BTreeSet<String>,
}

/// Every module of the library by its path.
pub(crate) struct Modules(pub BTreeMap<Vec<String>, Module>);

/// Where a path leads: the module that defines what it names, and the name there (none: the module itself).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub module: Vec<String>,
    pub name: Option<String>,
}

impl Modules {
    pub(crate) fn of(sources: &[Source]) -> Self {
        let mut modules = Self(BTreeMap::new());
        for source in sources {
            let Some(path) = source.module() else { continue };
            modules.read(&path, &source.path, &source.tokens);
        }
        // What is declared for tests or for no target of this machine is no part of the structure.
        let declared = |path: &[String]| {
            path.split_last()
                .is_none_or(|(name, parent)| modules.0.get(parent).is_some_and(|module| module.declared.contains(name)))
        };
        let kept = |path: &Vec<String>| (0..=path.len()).all(|length| declared(&path[..length]));
        let left_out: Vec<_> = modules.0.keys().filter(|path| !kept(path)).cloned().collect();
        modules.0.retain(|path, _| !left_out.contains(path));
        modules
    }

    fn read(&mut self, path: &[String], file: &std::path::Path, tokens: &[TokenTree]) {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        let mut inner = Vec::new();
        scan(tokens, &mut module, &mut inner);
        self.0.insert(path.to_owned(), module);
        for (name, tokens) in inner {
            let path: Vec<String> = path.iter().cloned().chain([name]).collect();
            self.read(&path, file, &tokens);
        }
    }

    /// A path of the library from its root on, as it is written: with the import of its first name put in, and no other.
    pub(crate) fn rooted(&self, from: &[String], written: &[String]) -> Option<Written> {
        let (first, rest) = written.split_first()?;
        let mut at = match first.as_str() {
            "crate" => Vec::new(),
            "self" => from.to_owned(),
            "super" => from[..from.len().checked_sub(1)?].to_owned(),
            name => {
                let import = self.0.get(from)?.imports.iter().find(|import| import.name == name)?;
                if import.path.first() == Some(first) {
                    return None;
                }
                self.rooted(from, &import.path)?
            }
        };
        for name in rest {
            if name == "super" {
                at.pop()?;
            } else {
                at.push(name.clone());
            }
        }
        Some(at)
    }

    /// Where a path that is written in a module leads, through every import that hands its names on; none outside the library.
    pub(crate) fn resolve(&self, from: &[String], written: &[String]) -> Option<Place> {
        self.follow(from, written, 0)
    }

    fn follow(&self, from: &[String], written: &[String], depth: usize) -> Option<Place> {
        assert!(depth < 20, "{written:?} in {from:?} leads in circles");
        let (first, mut rest) = written.split_first()?;
        let mut at = match first.as_str() {
            "crate" => Vec::new(),
            "self" => from.to_owned(),
            "super" => from[..from.len().checked_sub(1)?].to_owned(),
            _ => return self.named(from, first, rest, depth),
        };
        while let Some((next, further)) = rest.split_first() {
            if next == "super" {
                at.pop()?;
                rest = further;
                continue;
            }
            return self.named(&at, next, further, depth).or_else(|| {
                Some(Place { module: at, name: Some(next.clone()) }) // Defined there.
            });
        }
        Some(Place { module: at, name: None })
    }

    /// What a name of a module means: a module below it, an import, or nothing that is known here.
    fn named(&self, at: &[String], name: &str, rest: &[String], depth: usize) -> Option<Place> {
        let below: Vec<String> = at.iter().cloned().chain([name.to_owned()]).collect();
        if self.0.contains_key(&below) {
            let within: Vec<String> = ["self".to_owned()].into_iter().chain(rest.iter().cloned()).collect();
            return self.follow(&below, &within, depth + 1);
        }
        let import = self.0.get(at)?.imports.iter().find(|import| import.name == name)?;
        let whole: Vec<String> = import.path.iter().chain(rest).cloned().collect();
        // `use serde;` and `use x as x` name something outside: no path of ours begins with its own name.
        if import.path.first().is_some_and(|first| first == name) {
            return None;
        }
        self.follow(at, &whole, depth + 1)
    }
}

fn scan(tokens: &[TokenTree], module: &mut Module, inner: &mut Vec<(String, Vec<TokenTree>)>) {
    let mut at = 0;
    let mut public = false;
    while at < tokens.len() {
        let token = &tokens[at];
        match token {
            TokenTree::Ident(word) if word == "pub" => {
                public = true;
                at += 1;
                if matches!(tokens.get(at), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
                {
                    at += 1;
                }
                continue;
            }
            TokenTree::Ident(word) if word == "use" && !tokens.get(at + 1).is_some_and(|next| is(next, '<')) => {
                let end = (at..tokens.len()).find(|end| is(&tokens[*end], ';')).unwrap_or(tokens.len());
                tree(&tokens[at + 1..end], &[], public, &mut module.imports);
                at = end;
            }
            TokenTree::Ident(word) if word == "mod" => {
                let name = tokens[at + 1].to_string();
                module.declared.insert(name.clone());
                if public {
                    module.open.insert(name.clone());
                }
                if let Some(TokenTree::Group(group)) = tokens.get(at + 2) {
                    inner.push((name, group.stream().into_iter().collect()));
                }
                at += 2;
            }
            TokenTree::Ident(_) if at > 0 && is(&tokens[at - 1], '.') => {}
            TokenTree::Ident(_) => at = path(tokens, at, module),
            TokenTree::Group(group) => scan(&group.stream().into_iter().collect::<Vec<_>>(), module, inner),
            _ => {}
        }
        public = false;
        at += 1;
    }
}

/// Reads the path that begins at a word; the place of its last word.
fn path(tokens: &[TokenTree], begin: usize, module: &mut Module) -> usize {
    let outside = begin >= 2 && is(&tokens[begin - 1], ':') && is(&tokens[begin - 2], ':');
    let mut words = vec![tokens[begin].to_string()];
    let mut at = begin;
    while let (Some(first), Some(second), Some(TokenTree::Ident(next))) =
        (tokens.get(at + 1), tokens.get(at + 2), tokens.get(at + 3))
        && is(first, ':')
        && is(second, ':')
    {
        words.push(next.to_string());
        at += 3;
    }
    if !outside {
        module.words.insert(words[0].clone());
        if words.len() > 1 {
            module.paths.push(words);
        }
    }
    at
}

/// Reads the tree of an import: `a::{b, c::D as E, self}`.
fn tree(tokens: &[TokenTree], before: &[String], handed_on: bool, imports: &mut Vec<Import>) {
    for branch in tokens.split(|token| is(token, ',')) {
        let mut path = before.to_owned();
        let mut name = None;
        let mut grouped = false;
        let mut at = 0;
        while at < branch.len() {
            match &branch[at] {
                TokenTree::Ident(word) if word == "as" => {
                    name = Some(branch[at + 1].to_string());
                    break;
                }
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Group(group) => {
                    tree(&group.stream().into_iter().collect::<Vec<_>>(), &path, handed_on, imports);
                    grouped = true;
                }
                TokenTree::Punct(mark) if mark.as_char() == '*' => path.push("*".to_owned()),
                _ => {}
            }
            at += 1;
        }
        if let (false, Some(last)) = (grouped, path.last()) {
            imports.push(Import { name: name.unwrap_or_else(|| last.clone()), path, handed_on });
        }
    }
}
