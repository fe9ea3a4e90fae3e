//! The command line: what is typed, what completes it, what was entered before.

use super::{App, Direction, Effect, Filter, Prompt};
use crate::tui::instead::Instead;
use crate::tui::prompt::{PromptLine, Word, candidates, parse};
use crate::tui::view::{ViewId, ViewPlace};

/// The most characters of a line, and the most lines that are remembered.
const LONGEST: usize = 120;
const REMEMBERED: usize = 50;
/// Intervals that are offered.
const INTERVALS: [&str; 7] = ["250ms", "500ms", "1s", "2s", "5s", "10s", "30s"];

impl App {
    /// The line that is being written.
    pub const fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }

    /// Begins a line with these words.
    pub(super) fn open_prompt(&mut self, text: &str) {
        self.what_if.open = false;
        self.prompt = Some(Prompt { theme: self.theme, text: text.to_owned(), ..Prompt::default() });
        self.offer();
    }

    /// Ends the writing, with the theme of before.
    pub(super) fn close_prompt(&mut self) {
        if let Some(prompt) = self.prompt.take() {
            self.theme = prompt.theme;
        }
    }

    pub(super) fn prompt_typed(&mut self, c: char) {
        let Some(prompt) = &mut self.prompt else { return };
        if prompt.text.chars().count() < LONGEST && !c.is_control() {
            prompt.text.push(c);
        }
        self.offer();
    }

    pub(super) fn prompt_erased(&mut self) {
        let Some(prompt) = &mut self.prompt else { return };
        if prompt.text.pop().is_none() {
            return self.close_prompt();
        }
        self.offer();
    }

    /// Writes the next or the previous of what completes the line.
    pub(super) fn complete(&mut self, turn: Direction) {
        let Some(prompt) = &mut self.prompt else { return };
        let count = prompt.candidates.len();
        if count == 0 {
            return;
        }
        let at = match (prompt.chosen, turn) {
            (None, Direction::Next) => 0,
            (None, Direction::Previous) => count - 1,
            (Some(at), Direction::Next) => (at + 1) % count,
            (Some(at), Direction::Previous) => (at + count - 1) % count,
        };
        let is_only = count == 1;
        if let Some(candidate) = prompt.candidates.get(at) {
            prompt.text = candidate.line.clone();
            prompt.chosen = Some(at);
        }
        if is_only {
            self.offer();
        }
        self.preview();
    }

    /// A line that was entered before.
    pub(super) fn recall(&mut self, turn: Direction) {
        let Some(prompt) = &mut self.prompt else { return };
        let count = self.entered.len();
        let at = match (prompt.recalled, turn) {
            (None, Direction::Previous) => count.checked_sub(1),
            (None, Direction::Next) => None,
            (Some(at), Direction::Previous) => Some(at.saturating_sub(1)),
            (Some(at), Direction::Next) => Some(at + 1).filter(|at| *at < count),
        };
        prompt.text = at.and_then(|at| self.entered.get(at)).cloned().unwrap_or_default();
        self.offer();
        if let Some(prompt) = &mut self.prompt {
            prompt.recalled = at;
        }
    }

    /// Does what the line says; what is not finished is completed first.
    pub(super) fn enter_prompt(&mut self) -> Effect {
        let Some(prompt) = &self.prompt else { return Effect::None };
        let best = prompt.candidates.first().filter(|_| prompt.chosen.is_none());
        let (typed, completed) = (prompt.text.trim().to_owned(), best.map(|best| best.line.clone()));
        if typed.is_empty() {
            self.close_prompt();
            return Effect::Redraw;
        }
        // A word that wants something more is written, and waited for.
        if let Some(line) = completed.as_ref().filter(|line| line.ends_with(' ') && Word::named(&typed).is_none()) {
            let line = line.clone();
            if let Some(prompt) = &mut self.prompt {
                prompt.text = line;
            }
            self.offer();
            return Effect::Redraw;
        }
        // What is typed freely is not taken for something that only has its letters.
        let word = typed.split(' ').next().and_then(Word::meant);
        let is_free = matches!(word, Some(Word::Filter | Word::Interval)) && typed.contains(' ');
        let line = completed.filter(|line| !is_free && !line.ends_with(' ')).unwrap_or(typed);
        let parsed = parse(&line).and_then(|parsed| match self.unknown_name(&parsed) {
            Some(why) => Err(why),
            None => Ok(parsed),
        });
        match parsed {
            Ok(parsed) => self.run_line(line, parsed),
            // What is written stays, to be corrected.
            Err(why) => {
                self.complain(why);
                Effect::Redraw
            }
        }
    }

    /// The message for a name that nothing here has.
    fn unknown_name(&self, line: &PromptLine) -> Option<String> {
        let (what, name, is_known) = match line {
            PromptLine::Theme(name) => ("theme", name, self.theme_names.contains(name)),
            PromptLine::Node(name) => ("node", name, self.shown.nodes.iter().any(|node| node.name.as_str() == name)),
            PromptLine::Sort(name) => ("column", name, self.orders().iter().any(|order| order.title == *name)),
            _ => return None,
        };
        let here = if what == "column" { " here" } else { "" };
        (!is_known).then(|| format!("no {what} {name}{here}; Tab shows them"))
    }

    fn run_line(&mut self, line: String, parsed: PromptLine) -> Effect {
        self.close_prompt();
        self.entered.retain(|entered| *entered != line);
        self.entered.push(line);
        if self.entered.len() > REMEMBERED {
            self.entered.remove(0);
        }
        match parsed {
            PromptLine::Theme(name) => {
                if let Some(theme) = self.theme_names.iter().position(|known| *known == name) {
                    self.choose_theme(theme);
                }
            }
            PromptLine::View(view) => self.path.show(view),
            PromptLine::Node(name) => self.path.enter(ViewPlace::about(ViewId::Node, &name)),
            PromptLine::Sort(column) => {
                if let Some(order) = self.orders().iter().position(|order| order.title == column) {
                    self.list_mut().sort_by(order);
                }
            }
            PromptLine::Filter(words) => {
                self.filter = Filter::of(&words);
                self.accept_filter();
            }
            PromptLine::Span(chosen) => self.charts.choose(chosen),
            PromptLine::Cells(cells) => self.charts.cells = cells,
            PromptLine::Interval(interval) => return self.set_interval(interval),
            PromptLine::Watch(target) => return self.leave_for(Instead::Watch(target)),
            PromptLine::Help => self.path.enter(ViewPlace::of(ViewId::Help)),
            PromptLine::Quit => return Effect::Quit,
        }
        Effect::Redraw
    }

    /// Looks for what completes what is written.
    fn offer(&mut self) {
        let Some(prompt) = &self.prompt else { return };
        let found = candidates(&prompt.text, |word| self.values(word));
        if let Some(prompt) = &mut self.prompt {
            (prompt.candidates, prompt.chosen, prompt.recalled) = (found, None, None);
        }
        self.preview();
    }

    fn values(&self, word: Word) -> Vec<String> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        match word {
            Word::Theme => self.theme_names.clone(),
            Word::View => ViewId::tabs().map(|id| id.view().title().to_owned()).collect(),
            Word::Node => self.shown.nodes.iter().map(|node| node.name.to_string()).collect(),
            Word::Sort => {
                let titles = self.orders().into_iter().map(|order| order.title.to_string());
                titles.filter(|title| !title.trim().is_empty()).collect()
            }
            Word::Span => super::ChartSpan::ALL.map(|chosen| chosen.word().to_owned()).to_vec(),
            Word::Cells => super::Cells::ALL.map(|cells| cells.names().0.to_owned()).to_vec(),
            Word::Interval => names(&INTERVALS),
            Word::Filter | Word::Watch | Word::Help | Word::Quit => Vec::new(),
        }
    }

    /// Shows the theme that the line means as it stands, or that of before.
    fn preview(&mut self) {
        let Some(prompt) = &self.prompt else { return };
        let meant = prompt.candidates.get(prompt.chosen.unwrap_or(0)).map(|candidate| candidate.line.as_str());
        let is_theme = prompt.text.split_once(' ').is_some_and(|(word, _)| Word::meant(word) == Some(Word::Theme));
        let name = meant.filter(|_| is_theme).and_then(|line| line.strip_prefix("theme "));
        let theme = name.and_then(|name| self.theme_names.iter().position(|known| known == name));
        // Before anything is typed behind the word, nothing is meant yet.
        let is_begun = prompt.chosen.is_some() || prompt.text.trim().contains(' ');
        self.theme = theme.filter(|_| is_begun).unwrap_or(prompt.theme);
    }
}
