//! What the dashboard knows of itself: which view, how far scrolled, paused or not. [`App::update`] is the only way in.
//!
//! Pure: no clock, no terminal, no thread. The same actions give the same app.

mod action;
mod asking;
mod at_lists;
mod block;
mod charts;
mod command;
mod cursor;
mod drawn;
mod elsewhere;
mod explain;
mod filter;
mod grouping;
mod heat;
mod interval;
mod list;
mod money;
mod open_question;
mod pace;
mod path;
mod prompt;
mod prompting;
mod ranking;
mod ranks;
mod said;
mod settled;
mod settling;
mod silence;
mod silencing;
mod sorting;
mod telling;
mod travel;
mod walk;
mod what_if;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

pub use action::{Action, Command, Effect, Turn};
pub use at_lists::AtLists;
pub use charts::{Cells, ChartReach, ChartState};
pub use filter::{FigureValue, Filter};
pub use grouping::Grouping;
pub use heat::HeatMap;
pub use list::{ListState, Motion};
pub use money::{MoneyGrouping, MoneyReach, MoneyState, Pane};
pub use pace::{PacedSnapshots, RefreshPace};
pub use prompt::Prompt;
pub use ranks::RankState;
pub use said::ShortAnswer;
pub use silence::Silenced;
pub use what_if::{Field, FormScenario, WhatIfForm};

use crate::history::History;
use crate::reading::Label;
use crate::snapshot::Snapshot;
use crate::tui::instead::Instead;
use crate::tui::view::{Hits, ListKey, Part, ViewId};
use crate::units::{Span, Timestamp};
use path::Path;
use settled::SettledRows;

/// Rows that a notch of the wheel moves.
const WHEEL: usize = 3;
/// The fleet that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WatchedFleet {
    /// The user's own, or a made-up one.
    #[default]
    Any,
    /// That of the published DeepSeek day: its published figures stand beside those that are counted.
    PublishedDay {
        /// How many times as fast as it was; `None` where it does not run.
        speed: Option<u32>,
    },
}

/// The dashboard's state.
#[derive(Debug, Clone)]
pub struct App {
    /// Which theme of the shelf.
    pub theme: usize,
    /// What the themes of the shelf are called, where that is known.
    pub theme_names: Vec<String>,
    /// The fleet's name, where one is given.
    pub title: Option<Label>,
    /// Which fleet it is.
    pub fleet: WatchedFleet,
    /// The file of the configuration, where there is one.
    pub config: Option<Label>,
    /// The zone in which times are shown.
    pub zone: TimeZone,
    /// How often sources are looked at.
    pub interval: Span,
    /// Whether that can be changed here.
    pub has_interval: bool,
    /// What rows must match.
    pub filter: Filter,
    /// How long nothing came, if longer than it should be.
    pub quiet: Option<Span>,
    /// Levels of the heat map, of the snapshot of [`RefreshPace::TenSeconds`].
    pub heat: HeatMap,
    /// How charts are shown.
    pub charts: ChartState,
    /// By what the engines are put together.
    pub grouping: Grouping,
    /// How the balance view shows ranks.
    pub ranks: RankState,
    /// The money view.
    pub money: MoneyState,
    /// The what-if form.
    pub what_if: WhatIfForm,
    /// What the tokens of the published day would be worth at other lists.
    pub at_lists: AtLists,
    /// Whether there is a past to ask.
    pub has_past: bool,
    /// The recent past, for charts.
    pub history: History,
    /// The pictures of what moves more slowly.
    pub snapshots: PacedSnapshots,
    path: Path,
    shown: Arc<Snapshot>,
    held: Option<Arc<Snapshot>>,
    then: Option<Timestamp>,
    cursor: Option<Timestamp>,
    hover: Option<Timestamp>,
    over: Option<(usize, Option<usize>)>,
    block: Option<(ViewId, Part)>,
    explaining: Option<usize>,
    /// What is to be shown after the dashboard has ended.
    pub(super) instead: Option<Instead>,
    prompt: Option<Prompt>,
    entered: Vec<String>,
    sort_later: BTreeMap<String, String>,
    is_sparing: bool,
    lists: [ListState; ViewId::COUNT],
    settled: SettledRows,
    /// Alerts that are silenced.
    pub(in crate::tui) silenced: Vec<Silenced>,
    /// The shown snapshot before anything in it was silenced.
    heard: Arc<Snapshot>,
    open: BTreeSet<ListKey>,
    themes: usize,
    hits: Hits,
    asking: open_question::Asking,
    said: Option<ShortAnswer>,
    told: u64,
}

impl App {
    /// A dashboard over `first`, which may be empty; `themes` is how many the shelf holds.
    pub fn new(first: Arc<Snapshot>, zone: TimeZone, interval: Span, themes: usize) -> Self {
        Self {
            theme: 0,
            theme_names: Vec::new(),
            title: None,
            fleet: WatchedFleet::default(),
            config: None,
            zone,
            interval,
            has_interval: false,
            filter: Filter::default(),
            quiet: None,
            heat: HeatMap::of(&first),
            charts: ChartState::default(),
            grouping: Grouping::default(),
            ranks: RankState::default(),
            money: MoneyState::default(),
            what_if: WhatIfForm::default(),
            at_lists: AtLists::default(),
            has_past: false,
            history: History::default(),
            snapshots: PacedSnapshots::of(&first),
            path: Path::new(),
            shown: first.clone(),
            heard: first,
            silenced: Vec::new(),
            held: None,
            then: None,
            cursor: None,
            hover: None,
            over: None,
            block: None,
            explaining: None,
            prompt: None,
            instead: None,
            entered: Vec::new(),
            sort_later: BTreeMap::new(),
            is_sparing: false,
            lists: [ListState::default(); ViewId::COUNT],
            settled: SettledRows::default(),
            open: BTreeSet::new(),
            themes: themes.max(1),
            hits: Hits::default(),
            asking: open_question::Asking::default(),
            said: None,
            told: 0,
        }
    }

    /// The open view.
    pub fn view(&self) -> ViewId {
        self.path.here().view
    }

    /// What the open view is of; `None` is everything.
    pub fn subject(&self) -> Option<&Label> {
        self.path.here().subject.as_ref()
    }

    /// The snapshot to draw: the newest, or the one at which it was paused.
    pub fn shown(&self) -> &Arc<Snapshot> {
        &self.shown
    }

    /// Whether the picture is held.
    pub fn paused(&self) -> bool {
        self.held.is_some() && self.then.is_none()
    }

    /// A view's list.
    pub fn list_of(&self, view: ViewId) -> &ListState {
        &self.lists[view as usize]
    }

    /// The open view's list.
    pub fn list(&self) -> &ListState {
        self.list_of(self.view())
    }

    /// The place of the chosen row in the open view.
    pub fn place(&self) -> usize {
        self.list().place(&self.rows())
    }

    /// Whether a panel stands before the view.
    const fn has_panel(&self) -> bool {
        self.what_if.open || self.explaining.is_some() || self.prompt.is_some()
    }

    /// Whether a row of a tree is open.
    pub fn is_open(&self, row: ListKey) -> bool {
        self.open.contains(&row)
    }

    /// What is to be shown after the dashboard has ended.
    pub fn take_instead(&mut self) -> Option<Instead> {
        self.instead.take()
    }

    fn list_mut(&mut self) -> &mut ListState {
        let view = self.view();
        &mut self.lists[view as usize]
    }

    /// Takes one action in.
    pub fn update(&mut self, action: Action) -> Effect {
        match action {
            Action::Command(command) => return self.obey(command),
            Action::Typed(c) if self.prompt.is_some() => self.prompt_typed(c),
            Action::Erase if self.prompt.is_some() => self.prompt_erased(),
            Action::Accept if self.prompt.is_some() => return self.enter_prompt(),
            Action::Typed(c) if self.filter.editing => self.filter.push(c),
            Action::Typed(c) => self.what_if.typed(c),
            Action::Erase if self.filter.editing => self.filter.pop(),
            Action::Erase => self.what_if.erase(),
            Action::Accept if self.what_if.naming.is_some() => {
                let kept = self.what_if.keep();
                self.tell_of(kept);
            }
            Action::Accept => self.accept_filter(),
            Action::Said { text, is_trouble } => self.tell(text, is_trouble),
            Action::Unsaid(number) => return self.unsay(number),
            Action::Wheel { down } if self.explaining.is_some() => {
                for _ in 0..WHEEL {
                    self.read_on(Command::Move(if down { Motion::Down } else { Motion::Up }));
                }
            }
            Action::Wheel { .. } | Action::Click(..) | Action::Hover(..) if self.has_panel() => return Effect::None,
            Action::Wheel { down } => {
                for _ in 0..WHEEL {
                    self.step(if down { Motion::Down } else { Motion::Up });
                }
            }
            Action::Click(x, y) => self.click(x, y),
            Action::Hover(x, y) => return self.hover(x, y),
            Action::Fresh(snapshot) => return self.fresh(snapshot),
            Action::Answered(reply) => self.answered(reply),
            Action::Unanswered => self.unanswered(),
            Action::Quiet(span) => self.quiet = Some(span),
            Action::Spare(spares) => {
                self.is_sparing = spares;
                return Effect::None;
            }
            Action::Resize => {}
            Action::Drawn(hits) => {
                self.hits = hits;
                return Effect::None;
            }
        }
        Effect::Redraw
    }

    /// Does what a key says; what the mouse was over does not follow to another place.
    fn obey(&mut self, command: Command) -> Effect {
        let from = self.path.here().clone();
        let effect = self.command(command);
        if *self.path.here() != from {
            (self.hover, self.over) = (None, None);
        }
        effect
    }

    /// Says what became of something.
    fn tell_of(&mut self, outcome: Result<String, String>) {
        match outcome {
            Ok(said) => self.say(said),
            Err(why) => self.complain(why),
        }
    }

    fn pause(&mut self) {
        // An earlier instant is held already.
        if self.then.is_some() {
            return;
        }
        if let Some(latest) = self.held.take() {
            return self.show(latest);
        }
        self.held = Some(self.shown.clone());
        self.say("held; space goes on");
    }

    fn fresh(&mut self, snapshot: Arc<Snapshot>) -> Effect {
        let was_quiet = self.quiet.take().is_some();
        if let Some(held) = &mut self.held {
            let minute = |at: Timestamp| at.millis().div_euclid(60_000);
            // The header says how long ago the shown instant is.
            let ago_changed = self.then.is_some() && minute(held.at) != minute(snapshot.at);
            *held = snapshot;
            return if was_quiet || ago_changed { Effect::Redraw } else { Effect::None };
        }
        self.show(snapshot);
        self.sort_once_known();
        Effect::Redraw
    }

    fn show(&mut self, snapshot: Arc<Snapshot>) {
        let heard = snapshot;
        let snapshot = self.hushed(&heard);
        self.heard = heard;
        let tables = self.snapshots.at(RefreshPace::FiveSeconds).clone();
        let before = self.snapshots.at(RefreshPace::TenSeconds).clone();
        self.snapshots.follow(&self.shown, &snapshot, self.is_sparing);
        let now = self.snapshots.at(RefreshPace::TenSeconds);
        if !Arc::ptr_eq(&before, now) {
            self.heat = self.heat.follow(&before, now);
        }
        self.shown = snapshot;
        if !Arc::ptr_eq(&tables, self.snapshots.at(RefreshPace::FiveSeconds)) {
            self.settle();
        }
    }
}
