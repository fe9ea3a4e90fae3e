//! What differs from view to view stands in the view: outside `src/tui/view` no code decides by a view's name.

use proc_macro2::TokenTree;

use super::files::{Source, files_of, is};

/// Tables that name views as data, and decide nothing by them.
const TABLES: [&str; 2] = ["src/tui/keys.rs", "src/tui/figures.rs"];

/// The views named one by one in some code, apart from those that a place is made of: `ViewPlace::of(ViewId::Help)`.
fn named(tokens: &[TokenTree]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let makes_a_place = at > 1 && is_word(&tokens[at - 1], &["of", "about"]) && is(&tokens[at - 2], ':');
            found.extend(named(&inner[if makes_a_place { inner.len().min(4) } else { 0 }..]));
        }
        let is_path = is_word(token, &["ViewId"]) && tokens.get(at + 1).is_some_and(|next| is(next, ':'));
        let Some(TokenTree::Ident(name)) = tokens.get(at + 3).filter(|_| is_path) else { continue };
        let name = name.to_string();
        if name.starts_with(char::is_uppercase) && name.chars().any(char::is_lowercase) {
            found.push(name);
        }
    }
    found
}

fn is_word(token: &TokenTree, words: &[&str]) -> bool {
    matches!(token, TokenTree::Ident(word) if words.iter().any(|known| word == known))
}

#[test]
fn no_code_outside_the_views_decides_by_their_names() {
    let is_outside =
        |path: &str| !path.starts_with("src/tui/view/") && !TABLES.contains(&path) && path.starts_with("src/");
    let wrong: Vec<String> = files_of("src")
        .iter()
        .filter(|source| is_outside(&source.path.to_string_lossy()))
        .map(|source| (source.path.display(), named(&source.tokens)))
        .filter(|(_, names)| !names.is_empty())
        .map(|(path, names)| format!("{path}: {}", names.join(", ")))
        .collect();
    assert!(wrong.is_empty(), "move what differs into the trait View: {wrong:#?}");
}

#[test]
fn a_name_that_decides_is_found_and_one_that_makes_a_place_is_not() {
    let of = |text: &str| named(&Source::of("src/some.rs".into(), text.to_owned()).tokens);
    assert_eq!(
        of("fn f() { match view { ViewId::Money if one => 1, ViewId::Help | ViewId::Node => 2, _ => 3 } }").len(),
        3
    );
    assert_eq!(of("fn f() -> bool { view == ViewId::Money || VIEWS.contains(&ViewId::Alerts) }"), ["Money", "Alerts"]);
    assert_eq!(of("fn f() { path.enter(ViewPlace::about(ViewId::Node, name(ViewId::ALL))) }"), [""; 0]);
}
