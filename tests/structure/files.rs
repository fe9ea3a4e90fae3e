//! The Rust files of a folder, their tokens without tests, and the module that each is.
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A file of the repository.
pub(crate) struct Source {
    /// From the root of the repository on.
    pub path: PathBuf,
    pub text: String,
    /// The whole file without comments, doc comments and what is compiled for tests only.
    pub tokens: Vec<TokenTree>,
    /// The same as text, a space between two tokens that are no punctuation.
    pub code: String,
}

/// The Rust files below a folder of the repository, in the order of their paths.
pub(crate) fn files_of(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    collect(&root.join(folder), root, &mut found);
    assert!(!found.is_empty(), "{folder} has no Rust files");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, root: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, root, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push(Source::of(path.strip_prefix(root).unwrap().to_owned(), text));
        }
    }
}

impl Source {
    pub(crate) fn of(path: PathBuf, text: String) -> Self {
        let stream: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let tokens = without_tests(stream);
        let code = written(&tokens);
        Self { path, text, tokens, code }
    }

    /// `src/fleet/saved.rs` is `["fleet", "saved"]`, `src/fleet/mod.rs` is `["fleet"]`, `src/lib.rs` is `[]`; none for `main.rs`.
    pub(crate) fn module(&self) -> Option<Vec<String>> {
        let inside = self.path.strip_prefix("src").ok()?.with_extension("");
        let mut names: Vec<String> =
            inside.components().map(|part| part.as_os_str().to_str().unwrap().to_owned()).collect();
        match names.last()?.as_str() {
            "mod" => drop(names.pop()),
            "lib" if names.len() == 1 => drop(names.pop()),
            "main" if names.len() == 1 => return None,
            _ => {}
        }
        Some(names)
    }
}

/// The tokens with neither attributes nor what `#[cfg(test)]` and `#[test]` stand before.
pub(crate) fn without_tests(stream: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = stream.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if !is(&token, '#') {
            kept.push(match token {
                TokenTree::Group(group) => {
                    let inner = without_tests(group.stream()).into_iter().collect();
                    TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inner))
                }
                token => token,
            });
            continue;
        }
        let inner = tokens.next_if(|next| is(next, '!')).is_some();
        let attribute = tokens.next_if(|next| bracketed(next).is_some());
        let of_tests = attribute.as_ref().and_then(bracketed).is_some_and(|text| is_of_tests(&text));
        if of_tests && !inner {
            skip_item(&mut tokens);
        }
    }
    kept
}

/// Passes over an item, a statement, a field or an arm: up to its semicolon, comma or braces.
fn skip_item(tokens: &mut impl Iterator<Item = TokenTree>) {
    for token in tokens {
        let braces = matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        if braces || is(&token, ';') || is(&token, ',') {
            break;
        }
    }
}

fn is_of_tests(attribute: &str) -> bool {
    let dense: String = attribute.split_whitespace().collect();
    dense == "test" || dense == "cfg(test)" || dense.starts_with("cfg(all(test,")
}

fn bracketed(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => Some(group.stream().to_string()),
        _ => None,
    }
}

pub(crate) fn is(token: &TokenTree, punctuation: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == punctuation)
}

/// Tokens as text: `a::b(c)`, with a space only where two words would become one.
fn written(tokens: &[TokenTree]) -> String {
    let mut text = String::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                text.push_str(&written(&group.stream().into_iter().collect::<Vec<_>>()));
                text.push_str(close);
            }
            token => {
                let word = token.to_string();
                let joins = text.chars().last().is_some_and(|c| c.is_alphanumeric() || c == '_')
                    && word.starts_with(|c: char| c.is_alphanumeric() || c == '_');
                if joins {
                    text.push(' ');
                }
                text.push_str(&word);
            }
        }
    }
    text
}
