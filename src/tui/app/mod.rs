//! The dashboard's state: the open view, its scroll position, whether it is paused. [`App::update`] is the only way to
//! change it.
//!
//! Pure: no clock, no terminal, no thread. The same actions give the same app.

mod action;
mod at_lists;
mod block;
mod charts;
mod command;
mod cursor;
mod drawn;
mod due_queries;
mod elsewhere;
mod explain;
mod feed;
mod filter;
mod grouping;
mod heat;
mod interval;
mod keep_row_order;
mod list;
mod money;
mod open_query;
mod pace;
mod path;
mod prompt;
mod prompting;
mod ranking;
mod ranks;
mod row_order;
mod short_answer;
mod show_answer;
mod silence_alerts;
mod silenced_alert;
mod sorting;
mod travel;
mod walk;
mod what_if;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

pub use action::{Action, Command, Direction, Effect};
pub use at_lists::AtLists;
pub use charts::{Cells, ChartSpan, ChartState};
pub use feed::SnapshotFeed;
pub use filter::{FigureValue, Filter};
pub use grouping::Grouping;
pub use heat::HeatMap;
pub use list::{ListState, Motion};
pub use money::{MoneyGrouping, MoneyRange, MoneyState, Pane};
pub use pace::{PacedSnapshots, RefreshPace};
pub use prompt::Prompt;
pub use ranks::RankState;
pub use short_answer::ShortAnswer;
pub use silenced_alert::Silenced;
pub use what_if::{Field, FormScenario, WhatIfForm};

use crate::history::History;
use crate::reading::Label;
use crate::snapshot::Snapshot;
use crate::tui::instead::Instead;
use crate::tui::view::{Hits, ListKey, Part, ViewId};
use crate::units::{Span, Timestamp};
use path::Path;
use row_order::RowOrders;

/// Rows per notch of the wheel.
const WHEEL: usize = 3;
/// The fleet that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WatchedFleet {
    /// The user's own fleet, or a simulated one.
    #[default]
    Any,
    /// The published DeepSeek day: its published figures are shown beside the counted ones.
    PublishedDay {
        /// Its speed as a multiple of real time; `None` if it does not run.
        speed: Option<u32>,
    },
}

/// The dashboard's state.
#[derive(Debug, Clone)]
pub struct App {
    /// The number of the theme.
    pub theme: usize,
    /// The names of the themes, if they are known.
    pub theme_names: Vec<String>,
    /// The fleet's name, if it has one.
    pub title: Option<Label>,
    /// The kind of fleet.
    pub fleet: WatchedFleet,
    /// The speed at which its time passes, as a multiple of real time, if that is known.
    pub real_speed: Option<u32>,
    /// The file of the configuration, if there is one.
    pub config: Option<Label>,
    /// The zone of shown times.
    pub zone: TimeZone,
    /// The interval between polls.
    pub interval: Span,
    /// Whether the interval can be changed here.
    pub has_interval: bool,
    /// The filter of rows.
    pub filter: Filter,
    /// Whether snapshots arrive.
    pub feed: SnapshotFeed,
    /// Levels of the heat map, from the snapshot of [`RefreshPace::TenSeconds`].
    pub heat: HeatMap,
    /// The settings of charts.
    pub charts: ChartState,
    /// The grouping of engines.
    pub grouping: Grouping,
    /// The order of ranks in the balance view.
    pub ranks: RankState,
    /// The money view.
    pub money: MoneyState,
    /// The what-if form.
    pub what_if: WhatIfForm,
    /// The worth of the published day's tokens at other lists.
    pub at_lists: AtLists,
    /// Whether there is a ledger to query.
    pub has_past: bool,
    /// The recent past for charts.
    pub history: History,
    /// The snapshots of parts that change more slowly.
    pub snapshots: PacedSnapshots,
    path: Path,
    shown: Arc<Snapshot>,
    frozen: Option<Arc<Snapshot>>,
    then: Option<Timestamp>,
    cursor: Option<Timestamp>,
    hover: Option<Timestamp>,
    over: Option<(usize, Option<usize>)>,
    block: Option<(ViewId, Part)>,
    explaining: Option<usize>,
    /// What the program does when the dashboard has ended.
    pub(super) instead: Option<Instead>,
    prompt: Option<Prompt>,
    entered: Vec<String>,
    sort_later: BTreeMap<String, String>,
    is_sparing: bool,
    lists: [ListState; ViewId::COUNT],
    settled: RowOrders,
    /// The silenced alerts.
    pub(in crate::tui) silenced: Vec<Silenced>,
    /// The shown snapshot with its silenced alerts.
    received: Arc<Snapshot>,
    open: BTreeSet<ListKey>,
    themes: usize,
    hits: Hits,
    open_query: open_query::OpenQuery,
    said: Option<ShortAnswer>,
    answers: u64,
}

impl App {
    /// A dashboard over `first`, which may be empty; `themes` is the number of themes.
    pub fn new(first: Arc<Snapshot>, zone: TimeZone, interval: Span, themes: usize) -> Self {
        Self {
            theme: 0,
            theme_names: Vec::new(),
            title: None,
            fleet: WatchedFleet::default(),
            real_speed: None,
            config: None,
            zone,
            interval,
            has_interval: false,
            filter: Filter::default(),
            feed: SnapshotFeed::default(),
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
            received: first,
            silenced: Vec::new(),
            frozen: None,
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
            settled: RowOrders::default(),
            open: BTreeSet::new(),
            themes: themes.max(1),
            hits: Hits::default(),
            open_query: open_query::OpenQuery::default(),
            said: None,
            answers: 0,
        }
    }

    /// The open view.
    pub fn view(&self) -> ViewId {
        self.path.here().view
    }

    /// The subject of the open view; `None` is everything.
    pub fn subject(&self) -> Option<&Label> {
        self.path.here().subject.as_ref()
    }

    /// The snapshot to draw: the newest, or the one at the pause.
    pub fn shown(&self) -> &Arc<Snapshot> {
        &self.shown
    }

    /// Whether it is paused.
    pub fn paused(&self) -> bool {
        self.frozen.is_some() && self.then.is_none()
    }

    /// The list of a view.
    pub fn list_of(&self, view: ViewId) -> &ListState {
        &self.lists[view as usize]
    }

    /// The list of the open view.
    pub fn list(&self) -> &ListState {
        self.list_of(self.view())
    }

    /// The position of the selected row in the open view.
    pub fn place(&self) -> usize {
        self.list().place(&self.rows())
    }

    /// Whether a panel covers the view.
    const fn has_panel(&self) -> bool {
        self.what_if.open || self.explaining.is_some() || self.prompt.is_some()
    }

    /// Whether a row of a tree is expanded.
    pub fn is_open(&self, row: ListKey) -> bool {
        self.open.contains(&row)
    }

    /// What the program does when the dashboard has ended.
    pub fn take_instead(&mut self) -> Option<Instead> {
        self.instead.take()
    }

    fn list_mut(&mut self) -> &mut ListState {
        let view = self.view();
        &mut self.lists[view as usize]
    }

    /// Puts the open view's list back to its first row and order.
    pub(in crate::tui) fn restart_list(&mut self) {
        *self.list_mut() = ListState::default();
    }

    /// Applies one action.
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
            Action::Said { text, is_failure } => self.tell(text, is_failure),
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
            Action::QueryResult(reply) => self.answered(reply),
            Action::QueryDropped => self.unanswered(),
            Action::Quiet(span) => self.note_quiet(span),
            Action::Ended => return self.end_feed(),
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

    /// Runs a key's command; the cell under the mouse does not follow to another view.
    fn obey(&mut self, command: Command) -> Effect {
        let (from, answers) = (self.path.here().clone(), self.answers);
        let effect = self.command(command);
        let is_elsewhere = *self.path.here() != from;
        if is_elsewhere {
            (self.hover, self.over) = (None, None);
        }
        // A message of an earlier key ends with what it is about.
        let drops = is_elsewhere || matches!(command, Command::Back | Command::Filter | Command::Prompt);
        if drops && self.answers == answers {
            self.said = None;
        }
        effect
    }

    /// Shows a message.
    fn tell_of(&mut self, outcome: Result<String, String>) {
        match outcome {
            Ok(said) => self.say(said),
            Err(why) => self.complain(why),
        }
    }

    fn pause(&mut self) {
        // An earlier instant is already shown.
        if self.then.is_some() {
            return;
        }
        if let Some(latest) = self.frozen.take() {
            return self.show(latest);
        }
        self.frozen = Some(self.shown.clone());
        self.say("frozen; space goes on");
    }

    fn fresh(&mut self, snapshot: Arc<Snapshot>) -> Effect {
        let was_quiet = std::mem::take(&mut self.feed) != SnapshotFeed::Arrives;
        if let Some(frozen) = &mut self.frozen {
            let minute = |at: Timestamp| at.millis().div_euclid(60_000);
            // The header shows the age of the shown instant.
            let ago_changed = self.then.is_some() && minute(frozen.at) != minute(snapshot.at);
            *frozen = snapshot;
            return if was_quiet || ago_changed { Effect::Redraw } else { Effect::None };
        }
        self.show(snapshot);
        self.sort_once_known();
        Effect::Redraw
    }

    fn show(&mut self, snapshot: Arc<Snapshot>) {
        let received = snapshot;
        let snapshot = self.hushed(&received);
        self.received = received;
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
