//! The effect of each command.

use super::{App, Command, Direction, Effect, Motion};
use crate::tui::instead::Instead;
use crate::tui::ledger_query::command;
use crate::tui::view::{Hit, ViewId, ViewPlace};

impl App {
    pub(super) fn command(&mut self, command: Command) -> Effect {
        if self.what_if.open && self.fill_in(command) {
            return Effect::Redraw;
        }
        if self.read_on(command) {
            return Effect::Redraw;
        }
        if let Some(effect) = self.command_of_view(command) {
            return effect;
        }
        match command {
            Command::Quit => return Effect::Quit,
            Command::Suspend => return Effect::Suspend,
            Command::Help => self.path.enter(ViewPlace::of(ViewId::Help)),
            Command::Pause => self.pause(),
            Command::NextTheme => self.choose_theme((self.theme + 1) % self.themes),
            Command::Show(_) | Command::StepView(_) if self.finds_nothing() => {
                self.say("nothing is watched yet: no view has anything to show; ? lists the keys");
            }
            Command::Show(view) => self.path.show(view),
            Command::StepView(turn) => self.path.show(self.view().turned(turn == Direction::Previous)),
            Command::Block(turn) => return self.turn_block(turn),
            Command::Move(motion) => self.step(motion),
            Command::Sort => {
                let says = self.orders().iter().map(|order| order.says_something).collect::<Vec<_>>();
                self.list_mut().next_order_of(&says);
            }
            Command::Reverse => self.list_mut().reverse(),
            Command::FoldAll => self.fold_all(),
            Command::StepSpan(turn) => self.charts.choose(self.charts.span.stepped(turn == Direction::Next)),
            Command::Group => self.grouping = self.grouping.next(),
            Command::Cells => self.charts.cells = self.charts.cells.next(),
            Command::Form => self.charts.turn_form(),
            Command::WhatIf => self.what_if.open = true,
            Command::Prompt => self.open_prompt(""),
            Command::AskTarget => self.open_prompt("watch "),
            Command::Instead(start) => return self.leave_for(Instead::Start(start)),
            Command::Complete(turn) => self.complete(turn),
            Command::Recall(turn) => self.recall(turn),
            Command::Explain => self.explaining = Some(0),
            Command::Cursor => self.turn_cursor(),
            Command::Step(turn) if self.has_cursor() => self.move_cursor(turn, false),
            Command::Leap(turn) if self.has_cursor() => self.move_cursor(turn, true),
            Command::Step(turn) => return self.travel(turn, false),
            Command::Leap(turn) => return self.travel(turn, true),
            Command::Now if self.then.is_some() => return self.return_to_now(),
            Command::Now => self.step(Motion::Bottom),
            Command::Filter => {
                self.what_if.open = false;
                self.filter.editing = true;
            }
            Command::Copy => return Effect::Copy(self.chosen_area()),
            Command::CopyFrame => return Effect::Copy(None),
            Command::Picture => return Effect::Picture,
            Command::Interval(turn) => return self.step_interval(turn == Direction::Next),
            Command::Back => self.back(),
            _ => return Effect::None,
        }
        Effect::Redraw
    }

    /// Ends the dashboard and starts something else.
    pub(super) fn leave_for(&mut self, instead: Instead) -> Effect {
        self.instead = Some(instead);
        Effect::Leave
    }

    /// The action of a command in the open view and its rows; `None` if it has none there.
    fn command_of_view(&mut self, command: Command) -> Option<Effect> {
        if let Some(said) = self.elsewhere(command) {
            self.say(said);
            return Some(Effect::Redraw);
        }
        match command {
            Command::Export if self.what_if.open => Some(self.copy_command()),
            Command::Enter => Some(self.enter()),
            Command::Fold => Some(self.fold()),
            Command::AlertsOf => Some(self.alerts_of()),
            Command::Silence => Some(self.silence()),
            _ => self.view().view().obey(self, command),
        }
    }

    /// Applies a command to the open form; false if it has no meaning there.
    fn fill_in(&mut self, command: Command) -> bool {
        let nodes = self.shown.coverage.nodes_known;
        match command {
            Command::Back if self.what_if.naming.is_some() => self.what_if.naming = None,
            Command::Sort => self.what_if.begin_naming(),
            Command::Load => {
                let loaded = self.what_if.load_next();
                self.tell_of(loaded);
            }
            Command::AsItWas => self.what_if.reset(),
            Command::WhatIf | Command::Back => self.what_if.open = false,
            Command::Help => {
                self.what_if.open = false;
                return false;
            }
            Command::Move(Motion::Up) | Command::Block(Direction::Previous) => self.what_if.turn(false),
            Command::Move(Motion::Down) | Command::Block(Direction::Next) => self.what_if.turn(true),
            Command::Step(turn) => self.what_if.step(turn == Direction::Next, nodes),
            _ => return false,
        }
        true
    }

    /// The shown table of the money view as a file.
    pub(in crate::tui) fn export(&mut self) -> Effect {
        let Some(page) = &self.money.page else {
            self.complain("nothing to export: the ledger has not answered yet");
            return Effect::Redraw;
        };
        let (_, statement) = page.table(self.money.by.of());
        Effect::Export(crate::tui::view::money_csv(statement, self.shown.money.currency.as_str()))
    }

    /// The command that prints what the form shows.
    fn copy_command(&mut self) -> Effect {
        let command = self.what_if.page.as_ref().and_then(|page| command(&page.changed));
        let Some(words) = command else {
            self.complain("nothing is changed yet: there is no command to copy");
            return Effect::Redraw;
        };
        Effect::CopyText(words.join(" "), "copied the report command")
    }

    pub(super) fn choose_theme(&mut self, theme: usize) {
        self.theme = theme;
        if let Some(name) = self.theme_names.get(theme) {
            let text = format!("theme {name}");
            self.say(text);
        }
    }

    /// The position of the selected row or block in the last frame.
    fn chosen_area(&self) -> Option<ratatui::layout::Rect> {
        if let Some(block) = self.block_beside() {
            return self.hits.parts().iter().find(|(part, _)| *part == block).map(|(_, area)| *area);
        }
        let chosen = self.list().key(&self.rows())?;
        let is_chosen = |(_, hit): &&(_, Hit)| *hit == Hit::Row(chosen);
        self.hits.areas().iter().find(is_chosen).map(|(area, _)| *area)
    }
}
