//! The keys: one table that dispatches them and writes the help, so that the two cannot differ.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::app::{Action, App, Command, Motion, Turn, View};

/// One line of the table.
pub struct Binding {
    keys: &'static [(KeyCode, KeyModifiers)],
    /// What it asks for.
    pub command: Command,
    /// The keys, as the help shows them; empty where the line above stands for this one too.
    pub shown: &'static str,
    /// What the help says.
    pub help: &'static str,
    /// One word for the footer; empty where it is not shown there.
    pub footer: &'static str,
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;

macro_rules! bind {
    ($($key:expr),+ => $command:expr, $shown:literal, $help:literal, $footer:literal) => {
        Binding { keys: &[$($key),+], command: $command, shown: $shown, help: $help, footer: $footer }
    };
}

const fn plain(c: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(c), NONE)
}

const fn ctrl(c: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(c), CTRL)
}

const fn code(code: KeyCode) -> (KeyCode, KeyModifiers) {
    (code, NONE)
}

/// All keys.
pub const BINDINGS: &[Binding] = &[
    bind!(plain('1') => Command::Show(View::Overview), "1 … 7", "overview nodes models engines money alerts", ""),
    bind!(plain('2') => Command::Show(View::Nodes), "", "", ""),
    bind!(plain('3') => Command::Show(View::Models), "", "", ""),
    bind!(plain('4') => Command::Show(View::Engines), "", "", ""),
    bind!(plain('5') => Command::Show(View::Money), "5", "money; again: its next pane", "next pane"),
    bind!(plain('7') => Command::Show(View::Alerts), "", "", ""),
    bind!(plain('w') => Command::WhatIf, "w", "what if prices, hits, rent or nodes changed", "what-if"),
    bind!(plain('b') => Command::Against, "b", "the bridge from 15 min ago, yesterday, last week", "bridge"),
    bind!(code(KeyCode::Left) => Command::Step(Turn::Previous), "←  →", "in a form: change the chosen field", ""),
    bind!(code(KeyCode::Right) => Command::Step(Turn::Next), "", "", ""),
    bind!(code(KeyCode::Tab) => Command::Turn(Turn::Next), "Tab", "next view or field (Shift-Tab: the one before)", ""),
    bind!(code(KeyCode::BackTab), (KeyCode::BackTab, KeyModifiers::SHIFT) => Command::Turn(Turn::Previous), "", "", ""),
    bind!(plain('j'), code(KeyCode::Down) => Command::Move(Motion::Down), "j ↓  k ↑", "one row down, up", ""),
    bind!(plain('k'), code(KeyCode::Up) => Command::Move(Motion::Up), "", "", ""),
    bind!(code(KeyCode::PageDown), ctrl('d'), ctrl('f') => Command::Move(Motion::PageDown), "PgDn PgUp", "one page", ""),
    bind!(code(KeyCode::PageUp), ctrl('u'), ctrl('b') => Command::Move(Motion::PageUp), "", "", ""),
    bind!(plain('g'), code(KeyCode::Home) => Command::Move(Motion::Top), "g  G", "first row, last row", ""),
    bind!(plain('G'), code(KeyCode::End) => Command::Move(Motion::Bottom), "", "", ""),
    bind!(plain('/') => Command::Filter, "/", "filter: words, or key:word, with * for anything", "filter"),
    bind!(plain('s') => Command::Sort, "s", "sort by the next order", "sort"),
    bind!(plain(' '), plain('p') => Command::Pause, "space", "hold the picture; the world goes on", "pause"),
    bind!(plain('t') => Command::NextTheme, "t", "next theme", "theme"),
    bind!(plain('?'), plain('h'), code(KeyCode::F(1)) => Command::Help, "?", "these keys", "help"),
    bind!(code(KeyCode::Esc) => Command::Back, "Esc", "out: of this, the filter, the view", ""),
    bind!(ctrl('z') => Command::Suspend, "Ctrl-Z", "stop; `fg` comes back", ""),
    bind!(plain('q'), ctrl('c') => Command::Quit, "q", "quit", "quit"),
];

/// What a key press asks of `app`; `None` for keys without a meaning.
pub fn action(app: &App, key: KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let written = match (app.filter.editing, app.what_if.open) {
        (true, _) => editing(key),
        (false, true) => filling_in(key),
        (false, false) => None,
    };
    if written.is_some() {
        return written;
    }
    // Terminals differ in whether they tell the shift that is in a capital already.
    let modifiers = match key.code {
        KeyCode::Char(_) => key.modifiers.difference(KeyModifiers::SHIFT),
        _ => key.modifiers,
    };
    let pressed = (key.code, modifiers);
    BINDINGS.iter().find(|binding| binding.keys.contains(&pressed)).map(|binding| Action::Command(binding.command))
}

/// Keys while a filter is written: what is not text stays with the table.
fn editing(key: KeyEvent) -> Option<Action> {
    match key.code {
        KeyCode::Char(c) if key.modifiers.difference(KeyModifiers::SHIFT).is_empty() => Some(Action::Typed(c)),
        KeyCode::Backspace => Some(Action::Erase),
        KeyCode::Enter => Some(Action::Accept),
        _ => None,
    }
}

/// Keys while a form is filled in: figures are figures, the rest stays with the table.
fn filling_in(key: KeyEvent) -> Option<Action> {
    match key.code {
        KeyCode::Char(c) if key.modifiers.is_empty() && (c.is_ascii_digit() || c == '.') => Some(Action::Typed(c)),
        KeyCode::Backspace | KeyCode::Delete => Some(Action::Erase),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things() {
        let mut seen = Vec::new();
        for key in BINDINGS.iter().flat_map(|binding| binding.keys) {
            assert!(!seen.contains(key), "{key:?} is bound twice");
            seen.push(*key);
        }
    }

    #[test]
    fn every_view_has_its_digit() {
        for view in View::ALL {
            let binding = BINDINGS.iter().find(|binding| binding.command == Command::Show(view));
            assert_eq!(binding.map(|b| b.keys), Some(&[plain(view.key())][..]), "{view:?}");
        }
    }
}
