//! The keys: one table that dispatches them and writes the help, so that the two cannot differ.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::app::{Action, App, Command, Direction, Motion};
use super::instead::Start;
use super::view::ViewId;

/// The heading of a key in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum KeyGroup {
    Views,
    Move,
    Lists,
    Time,
    Charts,
    Other,
}

impl KeyGroup {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Views, Self::Move, Self::Lists, Self::Time, Self::Charts, Self::Other];

    /// The heading.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Views => "Views",
            Self::Move => "Move",
            Self::Lists => "Lists",
            Self::Time => "Time",
            Self::Charts => "Charts and map",
            Self::Other => "Other",
        }
    }
}

/// One line of the table.
pub struct Binding {
    keys: &'static [(KeyCode, KeyModifiers)],
    /// Its command.
    pub command: Command,
    /// Its heading in the help.
    pub group: KeyGroup,
    /// The keys, as the help shows them; empty if they are part of the previous line.
    pub shown: &'static str,
    /// Its text in the help, in at most 26 cells.
    pub help: &'static str,
    /// Its word in the footer; empty if it is not shown there.
    pub footer: &'static str,
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;

macro_rules! bind {
    ($group:ident: $($key:expr),+ => $command:expr, $shown:literal, $help:literal, $footer:literal) => {
        Binding { keys: &[$($key),+], command: $command, group: KeyGroup::$group, shown: $shown, help: $help, footer: $footer }
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
    bind!(Views: plain('1') => Command::Show(ViewId::Overview), "1 … 7", "the views of the tabs", ""),
    bind!(Views: plain('2') => Command::Show(ViewId::Nodes), "", "", ""),
    bind!(Views: plain('3') => Command::Show(ViewId::Models), "", "", ""),
    bind!(Views: plain('4') => Command::Show(ViewId::Engines), "", "", ""),
    bind!(Views: plain('5') => Command::Show(ViewId::Money), "5", "money; again: next pane", "next pane"),
    bind!(Views: plain('6') => Command::Show(ViewId::Balance), "", "", ""),
    bind!(Views: plain('7') => Command::Show(ViewId::Alerts), "", "", ""),
    bind!(Views: code(KeyCode::Enter) => Command::Enter, "⏎", "into the chosen row", "open"),
    bind!(Views: code(KeyCode::Esc) => Command::Back, "Esc", "out: of filter, of view", "back"),
    bind!(Views: code(KeyCode::Tab) => Command::Block(Direction::Next), "Tab", "next block; Shift-Tab back", ""),
    bind!(Views: code(KeyCode::BackTab), (KeyCode::BackTab, KeyModifiers::SHIFT) => Command::Block(Direction::Previous), "", "", ""),
    bind!(Views: plain('<'), (KeyCode::PageUp, CTRL) => Command::StepView(Direction::Previous), "<  >", "view before; Ctrl-PgUp", ""),
    bind!(Views: plain('>'), (KeyCode::PageDown, CTRL) => Command::StepView(Direction::Next), "", "", ""),
    bind!(Views: plain('w') => Command::WhatIf, "w", "what if prices, nodes …", "what-if"),
    bind!(Views: plain('b') => Command::Against, "b", "bridge against; balancer", "bridge"),
    bind!(Views: plain('d') => Command::By, "d", "money by model, tier, node", "by"),
    bind!(Views: plain('e') => Command::Export, "e", "money into a CSV file", "export CSV"),
    bind!(Views: plain('i') => Command::Explain, "i", "what is this figure?", "figures"),
    bind!(Views: plain('a') => Command::AlertsOf, "a", "alerts of the chosen row", "its alerts"),
    bind!(Views: plain('n') => Command::Neighbour(Direction::Next), "n  N", "next node, the one before", "next node"),
    bind!(Views: plain('N') => Command::Neighbour(Direction::Previous), "", "", ""),
    bind!(Move: plain('j'), code(KeyCode::Down) => Command::Move(Motion::Down), "j ↓  k ↑", "one row down, up", ""),
    bind!(Move: plain('k'), code(KeyCode::Up) => Command::Move(Motion::Up), "", "", ""),
    bind!(Move: code(KeyCode::PageDown), ctrl('d'), ctrl('f') => Command::Move(Motion::PageDown), "PgDn PgUp", "one page", ""),
    bind!(Move: code(KeyCode::PageUp), ctrl('u'), ctrl('b') => Command::Move(Motion::PageUp), "", "", ""),
    bind!(Move: plain('g'), code(KeyCode::Home) => Command::Move(Motion::Top), "g  G", "first row, last row", ""),
    bind!(Move: plain('G') => Command::Move(Motion::Bottom), "", "", ""),
    bind!(Lists: plain('/') => Command::Filter, "/", "filter: node:a* util<20", "filter"),
    bind!(Lists: plain('s') => Command::Sort, "s", "sort by the next column", "sort"),
    bind!(Lists: plain('S') => Command::Reverse, "S", "the other way round", ""),
    bind!(Lists: plain('o') => Command::Fold, "o", "open or close the row", "fold"),
    bind!(Lists: plain('O') => Command::FoldAll, "O", "open or close all rows", "all"),
    bind!(Lists: plain('u') => Command::Group, "u", "group: unit, node, model", "group"),
    bind!(Lists: plain('x') => Command::Silence, "x", "silence an alert for 1 h", "silence 1 h"),
    bind!(Other: plain('l') => Command::Load, "l", "what if: next scenario", ""),
    bind!(Other: plain('r') => Command::AsItWas, "r", "order of ranks; as it was", "order"),
    bind!(Charts: plain('m') => Command::Cells, "m", "cells: load, memory …", "cells"),
    bind!(Charts: plain('c') => Command::Cursor, "c", "cursor: values at a time", "cursor"),
    bind!(Charts: plain('v') => Command::Form, "v", "stack, or profit about 0", "chart"),
    bind!(Time: plain('[') => Command::StepSpan(Direction::Previous), "[ ]", "span; money: day to month", "span"),
    bind!(Time: plain(']') => Command::StepSpan(Direction::Next), "", "", ""),
    bind!(Time: code(KeyCode::Left) => Command::Step(Direction::Previous), "← →", "back and forth by a cell", "time"),
    bind!(Time: code(KeyCode::Right) => Command::Step(Direction::Next), "", "", ""),
    bind!(Time: plain('{'), (KeyCode::Left, KeyModifiers::SHIFT), (KeyCode::Left, CTRL) => Command::Leap(Direction::Previous), "{  }", "by ten cells; also Shift ←", ""),
    bind!(Time: plain('}'), (KeyCode::Right, KeyModifiers::SHIFT), (KeyCode::Right, CTRL) => Command::Leap(Direction::Next), "", "", ""),
    bind!(Time: code(KeyCode::End) => Command::Now, "End", "back to now, or last row", ""),
    bind!(Time: plain(' '), plain('p') => Command::Pause, "space", "freeze the screen", "pause"),
    bind!(Other: plain(':') => Command::Prompt, ":", "a command: theme, node …", "command"),
    bind!(Other: plain('t') => Command::NextTheme, "t", "next theme", "theme"),
    bind!(Other: plain('?'), plain('h'), code(KeyCode::F(1)) => Command::Help, "?", "these keys", "help"),
    bind!(Other: plain('+'), plain('=') => Command::Interval(Direction::Next), "+  −", "poll less or more often", ""),
    bind!(Other: plain('-') => Command::Interval(Direction::Previous), "", "", ""),
    bind!(Other: plain('y') => Command::Copy, "y  Y", "copy the row, the frame", "copy"),
    bind!(Other: plain('Y') => Command::CopyFrame, "", "", ""),
    bind!(Other: plain('P') => Command::Picture, "P", "a picture: SVG and text", ""),
    bind!(Other: ctrl('z') => Command::Suspend, "Ctrl-Z", "stop; fg comes back", ""),
    bind!(Other: plain('q'), ctrl('c') => Command::Quit, "q", "quit; nothing is lost", "quit"),
];

/// Keys for a screen on which nothing was found. They take precedence over those of views.
pub const FIRST_RUN: &[Binding] = &[
    bind!(Other: plain('d') => Command::Instead(Start::Demo), "d", "a simulated fleet, to look around", "demo"),
    bind!(Other: plain('D') => Command::Instead(Start::Day), "D", "DeepSeek's published day: 278 nodes in a minute", "published day"),
    bind!(Other: plain('e') => Command::AskTarget, "e", "type a target: an engine, an exporter, an agent", "target"),
    bind!(Other: plain('r') => Command::Instead(Start::Again), "r", "search again now", "again"),
];

/// The command of a key press; `None` for keys without one.
pub fn action(app: &App, key: KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if app.prompt().is_some() {
        return prompting(key);
    }
    if app.what_if.open && app.what_if.naming.is_some() {
        return prompting(key);
    }
    let written = match (app.filter.editing, app.what_if.open) {
        (true, _) => editing(key),
        (false, true) => filling_in(key),
        (false, false) => None,
    };
    if written.is_some() {
        return written;
    }
    // Some terminals report the shift of a capital letter, others do not.
    let modifiers = match key.code {
        KeyCode::Char(_) => key.modifiers.difference(KeyModifiers::SHIFT),
        _ => key.modifiers,
    };
    let pressed = (key.code, modifiers);
    let first_run = FIRST_RUN.iter().filter(|_| app.finds_nothing());
    first_run
        .chain(BINDINGS)
        .find(|binding| binding.keys.contains(&pressed))
        .map(|binding| Action::Command(binding.command))
}

/// Keys while a command line is entered: no other key works.
fn prompting(key: KeyEvent) -> Option<Action> {
    let command = match (key.code, key.modifiers.contains(CTRL)) {
        (KeyCode::Char('c'), true) => Command::Quit,
        (KeyCode::Char('z'), true) => Command::Suspend,
        (KeyCode::Tab, _) => Command::Complete(Direction::Next),
        (KeyCode::BackTab, _) => Command::Complete(Direction::Previous),
        (KeyCode::Up, _) | (KeyCode::Char('p'), true) => Command::Recall(Direction::Previous),
        (KeyCode::Down, _) | (KeyCode::Char('n'), true) => Command::Recall(Direction::Next),
        (KeyCode::Esc, _) => Command::Back,
        _ => return editing(key),
    };
    Some(Action::Command(command))
}

/// Keys while a filter is entered: keys other than text work as usual.
fn editing(key: KeyEvent) -> Option<Action> {
    match key.code {
        KeyCode::Char(c) if key.modifiers.difference(KeyModifiers::SHIFT).is_empty() => Some(Action::Typed(c)),
        KeyCode::Backspace => Some(Action::Erase),
        KeyCode::Enter => Some(Action::Accept),
        _ => None,
    }
}

/// Keys while a form is open: digits are entered, other keys work as usual.
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
        for view in ViewId::tabs() {
            let binding = BINDINGS.iter().find(|binding| binding.command == Command::Show(view));
            assert_eq!(binding.map(|b| b.keys), Some(&[plain(view.view().key().unwrap_or(' '))][..]), "{view:?}");
        }
    }

    #[test]
    fn what_a_footer_names_has_a_key() {
        for view in ViewId::ALL {
            for command in view.view().commands() {
                assert!(crate::tui::pane::binding(*command).is_some(), "{command:?} of {view:?}");
            }
        }
    }

    #[test]
    fn the_help_finds_room_for_every_line() {
        for binding in BINDINGS {
            assert!(crate::tui::format::width(binding.help) <= 26, "{}", binding.help);
        }
    }
}
