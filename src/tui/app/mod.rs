//! What the dashboard knows of itself: which view, how far scrolled, paused or not. [`App::update`] is the only way in.
//!
//! Pure: no clock, no terminal, no thread. The same actions give the same app.

mod filter;
mod heat;
mod list;
mod money;
mod view;
mod what_if;

use std::sync::Arc;

use jiff::tz::TimeZone;

pub use filter::Filter;
pub use heat::HeatMap;
pub use list::{ListState, Motion};
pub use money::{MoneyState, Pane};
pub use view::View;
pub use what_if::{Field, WhatIfForm};

use crate::reading::Label;
use crate::snapshot::Snapshot;
use crate::tui::inquiry::{Question, Reply};
use crate::tui::{overview, pane};
use crate::units::{Span, Timestamp};

/// Memory, temperature and clocks are redrawn once in so long.
const SLOW: Span = Span::from_secs(5);

/// Rows that a notch of the wheel moves.
const WHEEL: usize = 3;
/// Rows of the money view's lower pane, more or less.
const LOWER_PANE: usize = 6;
/// Rows above a list's first one: header, tabs, air, headings. Two more are below it.
const ABOVE_LIST: u16 = 4;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// End.
    Quit,
    /// Stop until `fg`.
    Suspend,
    /// Show or hide the keys.
    Help,
    /// Hold the picture, or let it go on.
    Pause,
    /// The next theme.
    NextTheme,
    /// A view by its place; where it is open already, its next part.
    Show(View),
    /// The view after or before this one.
    Turn(Turn),
    /// Move in the list.
    Move(Motion),
    /// Sort by the next order.
    Sort,
    /// Begin a filter.
    Filter,
    /// Open or close the what-if form.
    WhatIf,
    /// Change the chosen field of the form.
    Step(Turn),
    /// Compare with another time.
    Against,
    /// Out: of the help, the filter, the view.
    Back,
}

/// A direction among views and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "a direction says itself")]
pub enum Turn {
    Next,
    Previous,
}

/// What can happen.
#[derive(Debug, Clone)]
pub enum Action {
    /// A key of the table.
    Command(Command),
    /// A character while a filter or a field is written.
    Typed(char),
    /// The last character is taken back.
    Erase,
    /// A filter is finished.
    Accept,
    /// The wheel turned a notch.
    Wheel {
        /// Towards the end of the list.
        down: bool,
    },
    /// The mouse was pressed at a column and row.
    Click(u16, u16),
    /// A new picture.
    Fresh(Arc<Snapshot>),
    /// The past answered.
    Answered(Reply),
    /// The past will not answer what it was asked.
    Unanswered,
    /// No picture for so long.
    Quiet(Span),
    /// The terminal has so many columns and rows.
    Resize(u16, u16),
}

/// What the loop must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// Draw.
    Redraw,
    /// End.
    Quit,
    /// Give the terminal back and stop.
    Suspend,
}

/// The dashboard's state.
#[derive(Debug, Clone)]
pub struct App {
    /// The open view.
    pub view: View,
    /// Whether the keys are shown.
    pub help: bool,
    /// Which theme of the shelf.
    pub theme: usize,
    /// The fleet's name, where one is given.
    pub title: Option<Label>,
    /// The zone in which times are shown.
    pub zone: TimeZone,
    /// How often sources are looked at.
    pub interval: Span,
    /// What rows must match.
    pub filter: Filter,
    /// How long nothing came, if longer than it should be.
    pub quiet: Option<Span>,
    /// Levels of the heat map.
    pub heat: HeatMap,
    /// The money view.
    pub money: MoneyState,
    /// The what-if form.
    pub what_if: WhatIfForm,
    /// Whether there is a past to ask.
    pub has_past: bool,
    /// The picture from which slow figures are read.
    pub slow: Arc<Snapshot>,
    shown: Arc<Snapshot>,
    held: Option<Arc<Snapshot>>,
    lists: [ListState; View::COUNT],
    themes: usize,
    size: (u16, u16),
    waiting: Option<Question>,
}

impl App {
    /// A dashboard over `first`, which may be empty; `themes` is how many the shelf holds.
    pub fn new(first: Arc<Snapshot>, zone: TimeZone, interval: Span, themes: usize) -> Self {
        Self {
            view: View::Overview,
            help: false,
            theme: 0,
            title: None,
            zone,
            interval,
            filter: Filter::default(),
            quiet: None,
            heat: HeatMap::of(&first),
            money: MoneyState::default(),
            what_if: WhatIfForm::default(),
            has_past: false,
            slow: first.clone(),
            shown: first,
            held: None,
            lists: [ListState::default(); View::COUNT],
            themes: themes.max(1),
            size: (80, 24),
            waiting: None,
        }
    }

    /// The picture to draw: the newest, or the one at which it was paused.
    pub fn shown(&self) -> &Arc<Snapshot> {
        &self.shown
    }

    /// Whether the picture is held.
    pub fn paused(&self) -> bool {
        self.held.is_some()
    }

    /// The open view's list.
    pub fn list(&self) -> &ListState {
        &self.lists[self.view as usize]
    }

    /// Takes one action in.
    pub fn update(&mut self, action: Action) -> Effect {
        match action {
            Action::Command(command) => return self.command(command),
            Action::Typed(c) if self.filter.editing => self.filter.push(c),
            Action::Typed(c) => self.what_if.typed(c),
            Action::Erase if self.filter.editing => self.filter.pop(),
            Action::Erase => self.what_if.erase(),
            Action::Accept => self.filter.editing = false,
            Action::Wheel { .. } | Action::Click(..) if self.what_if.open => return Effect::None,
            Action::Wheel { down } => {
                for _ in 0..WHEEL {
                    self.step(if down { Motion::Down } else { Motion::Up });
                }
            }
            Action::Click(x, y) => self.click(x, y),
            Action::Fresh(snapshot) => return self.fresh(snapshot),
            Action::Answered(reply) => self.answered(reply),
            Action::Unanswered => self.unanswered(),
            Action::Quiet(span) => self.quiet = Some(span),
            Action::Resize(columns, rows) => self.size = (columns, rows),
        }
        Effect::Redraw
    }

    fn command(&mut self, command: Command) -> Effect {
        if self.what_if.open && self.fill_in(command) {
            return Effect::Redraw;
        }
        match command {
            Command::Quit => return Effect::Quit,
            Command::Suspend => return Effect::Suspend,
            Command::Help => self.help = !self.help,
            Command::Pause => self.pause(),
            Command::NextTheme => self.theme = (self.theme + 1) % self.themes,
            Command::Show(View::Money) if self.view == View::Money => self.next_pane(),
            Command::Show(view) => self.view = view,
            Command::Turn(Turn::Next) => self.view = self.view.next(),
            Command::Turn(Turn::Previous) => self.view = self.view.previous(),
            Command::Move(motion) => self.step(motion),
            Command::Sort => self.lists[self.view as usize].next_order(self.view.orders().len()),
            Command::WhatIf => {
                self.help = false;
                self.what_if.open = true;
            }
            Command::Against if self.view == View::Money => self.money.against = self.money.against.next(),
            Command::Against | Command::Step(_) => return Effect::None,
            Command::Filter => {
                self.help = false;
                self.what_if.open = false;
                self.filter.editing = true;
            }
            Command::Back => self.back(),
        }
        Effect::Redraw
    }

    /// What a command means to the open form; false leaves it to the table.
    fn fill_in(&mut self, command: Command) -> bool {
        let nodes = self.shown.coverage.nodes_known;
        match command {
            Command::WhatIf | Command::Back => self.what_if.open = false,
            Command::Move(Motion::Up) | Command::Turn(Turn::Previous) => self.what_if.turn(false),
            Command::Move(Motion::Down) | Command::Turn(Turn::Next) => self.what_if.turn(true),
            Command::Step(turn) => self.what_if.step(turn == Turn::Next, nodes),
            _ => return false,
        }
        true
    }

    fn next_pane(&mut self) {
        self.money.pane = self.money.pane.next();
        self.lists[View::Money as usize] = ListState::default();
    }

    /// The question that is due, if any: never more than one is under way. Whoever is told it must answer it.
    pub fn question(&mut self) -> Option<Question> {
        let at = self.shown.at;
        if self.waiting.is_some() || !self.has_past || at == Timestamp::default() {
            return None;
        }
        let form = if self.what_if.open { self.what_if.due(at) } else { None };
        let view = || if self.view == View::Money { self.money.due(at).map(Question::Money) } else { None };
        self.waiting = form.map(Question::WhatIf).or_else(view);
        self.waiting.clone()
    }

    fn answered(&mut self, reply: Reply) {
        self.waiting = None;
        match reply {
            Reply::Money(answer) => self.money.answered(answer),
            Reply::WhatIf(answer) => self.what_if.answered(answer),
        }
    }

    fn unanswered(&mut self) {
        let why = Label::new("the ledger does not answer; it is asked again");
        match self.waiting.take() {
            Some(Question::Money(_)) => self.money.answered(Err(why)),
            Some(Question::WhatIf(_)) => self.what_if.answered(Err(why)),
            None => {}
        }
    }

    /// Rows of the open view's list.
    fn rows(&self) -> usize {
        if self.view == View::Money { self.money.rows() } else { self.view.rows(&self.shown) }
    }

    /// Rows of a list that the terminal shows.
    fn page(&self) -> usize {
        if self.view == View::Money {
            return LOWER_PANE;
        }
        usize::from(self.size.1.saturating_sub(ABOVE_LIST + 2))
    }

    fn step(&mut self, motion: Motion) {
        let (page, rows) = (self.page(), self.rows());
        self.lists[self.view as usize].step(motion, page, rows);
    }

    /// A tab opens its view, a row is chosen; what lies elsewhere means nothing.
    fn click(&mut self, x: u16, y: u16) {
        let tabs_shown = match self.view {
            View::Overview => overview::has_tabs(self.size),
            View::Money => pane::money_has_tabs(self.size),
            _ => true,
        };
        if y == 1 && tabs_shown {
            let place = View::tabs(self.shown.alerts.len()).find(|(_, cells)| cells.contains(&x));
            self.view = place.map_or(self.view, |(view, _)| view);
        } else if let Some(row) = y.checked_sub(ABOVE_LIST).filter(|_| self.view != View::Money) {
            let (page, rows) = (self.page(), self.rows());
            if usize::from(row) < page {
                self.lists[self.view as usize].choose(usize::from(row), page, rows);
            }
        }
    }

    fn back(&mut self) {
        if self.help {
            self.help = false;
        } else if self.filter.editing || !self.filter.text().is_empty() {
            self.filter = Filter::default();
        } else {
            self.view = View::Overview;
        }
    }

    fn pause(&mut self) {
        match self.held.take() {
            Some(latest) => self.show(latest),
            None => self.held = Some(self.shown.clone()),
        }
    }

    fn fresh(&mut self, snapshot: Arc<Snapshot>) -> Effect {
        let was_quiet = self.quiet.take().is_some();
        if let Some(held) = &mut self.held {
            *held = snapshot;
            return if was_quiet { Effect::Redraw } else { Effect::None };
        }
        self.show(snapshot);
        Effect::Redraw
    }

    fn show(&mut self, snapshot: Arc<Snapshot>) {
        self.heat = self.heat.follow(&self.shown, &snapshot);
        let tick = |s: &Snapshot| s.at.millis().div_euclid(SLOW.millis());
        if tick(&self.slow) != tick(&snapshot) {
            self.slow = snapshot.clone();
        }
        self.shown = snapshot;
    }
}
