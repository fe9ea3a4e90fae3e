//! Marks on the time axis of a chart: alerts where they began, markers, restarts and changes of prices. All charts read
//! them from the history's log of events, as the lanes and the log of the alert view do.

use std::collections::BTreeSet;

use super::super::served::word_of;
use crate::history::{EventKind, HistoryEvent, Subject};
use crate::reading::{ModelName, UnitName};
use crate::snapshot::{EngineRow, Severity, Snapshot};
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::axis_rule::AxisMark;
use crate::tui::widgets::time_axis::TimeAxis;

/// The share of an axis that marks may take: one cell of this many, so that times have room between them.
const CELLS_A_MARK: usize = 5;
/// The minimum room of marks, in cells.
const LEAST: usize = 4;

/// The letter of an event on axes, in lanes and in lists.
pub(in crate::tui::view) const fn letter(kind: EventKind) -> char {
    match kind {
        EventKind::Alert(..) => '▲',
        EventKind::Restart => 'R',
        EventKind::Price => '$',
        EventKind::Joined => '+',
        EventKind::Left => '-',
        EventKind::Marker => 'D',
    }
}

/// The order of marks: one that is lower is visible where several share a cell, and has room where not all have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precedence {
    ActiveCritical,
    ActiveWarning,
    Marker,
    OverCritical,
    Price,
    Restart,
    OverWarning,
}

impl Precedence {
    /// Whether times of the axis have precedence over it: what is over and was no deploy.
    const fn gives_way(self) -> bool {
        matches!(self, Self::OverCritical | Self::OverWarning | Self::Price | Self::Restart)
    }
}

/// The precedence of an event, with the ink of its mark; `None` if it has no mark.
fn precedence(kind: EventKind, is_over: bool) -> Option<(Precedence, Role)> {
    Some(match (kind, is_over) {
        (EventKind::Alert(_, Severity::Critical), false) => (Precedence::ActiveCritical, Role::Critical),
        (EventKind::Alert(_, Severity::Warning), false) => (Precedence::ActiveWarning, Role::Warning),
        (EventKind::Alert(_, Severity::Critical), true) => (Precedence::OverCritical, Role::Dim),
        (EventKind::Alert(_, Severity::Warning), true) => (Precedence::OverWarning, Role::Dim),
        (EventKind::Marker, _) => (Precedence::Marker, Role::Accent),
        (EventKind::Price, _) => (Precedence::Price, Role::Accent),
        (EventKind::Restart, _) => (Precedence::Restart, Role::Accent),
        (EventKind::Alert(_, Severity::Info) | EventKind::Joined | EventKind::Left, _) => return None,
    })
}

/// The marks of the events that are about a subject. The last one of a cell is the visible one.
pub(in crate::tui::view) fn marks(input: &FrameInput<'_>, axis: &TimeAxis, subject: &Subject) -> Vec<AxisMark> {
    let names = names_of(input.snap, subject);
    // What is about nothing in particular, such as a marker, is about all.
    let is_of = |names: &BTreeSet<&str>, name: &str| names.contains(name) || names.contains(word_of(name));
    let is_about = |name: &str| name.is_empty() || names.as_ref().is_none_or(|names| is_of(names, name));
    let mut found: Vec<(Precedence, AxisMark)> = Vec::new();
    let mut add = |kind: EventKind, is_over: bool, at| {
        if let Some((precedence, role)) = precedence(kind, is_over)
            && let Some(mark) = axis.mark(at, letter(kind), role)
        {
            found.push((precedence, AxisMark { gives_way: precedence.gives_way(), ..mark }));
        }
    };
    for alert in input.snap.alerts.iter().filter(|alert| is_about(alert.subject.as_str())) {
        add(EventKind::Alert(alert.rule, alert.severity), false, alert.since);
    }
    // What is active is known from the snapshot, which may be of an earlier instant than the end of the log.
    let now = axis.now();
    let logged = |event: &HistoryEvent| {
        let is_over = event.until.is_some_and(|until| until <= now);
        let is_marked = (is_over || !event.is_alert()) && is_about(event.name.as_str());
        is_marked.then_some((event.kind, is_over, event.at))
    };
    for (kind, is_over, at) in input.app.history.events_as(axis.start(), now, logged) {
        add(kind, is_over, at);
    }
    with_room(found, usize::from(axis.cell_count()))
}

/// As many marks as have room on an axis of `cells` cells, the newest of each precedence first.
fn with_room(mut found: Vec<(Precedence, AxisMark)>, cells: usize) -> Vec<AxisMark> {
    found.sort_by_key(|(precedence, mark)| (*precedence, std::cmp::Reverse(mark.cell)));
    let mut taken = BTreeSet::new();
    let room = (cells / CELLS_A_MARK).max(LEAST);
    found.retain(|(_, mark)| (taken.len() < room || taken.contains(&mark.cell)) && taken.insert(mark.cell));
    found.into_iter().map(|(_, mark)| mark).collect()
}

/// The first words of the events that are about a subject: its own name, and those of what it consists of. `None` for the
/// fleet, which all events are about.
fn names_of<'s>(snapshot: &'s Snapshot, subject: &'s Subject) -> Option<BTreeSet<&'s str>> {
    let mut names = BTreeSet::new();
    let serving = |is_of: &dyn Fn(&EngineRow) -> bool, names: &mut BTreeSet<&'s str>| {
        for row in snapshot.engines.iter().filter(|row| is_of(row)) {
            names.insert(row.target.as_str());
            names.extend(row.model.as_ref().map(ModelName::as_str));
            names.extend([row.node.as_str()].into_iter().filter(|node| !node.is_empty()));
            names.extend(row.unit.as_ref().map(UnitName::as_str));
        }
    };
    match subject {
        Subject::Fleet => return None,
        Subject::Unit(unit) => {
            names.insert(unit.as_str());
            names.extend(
                snapshot.nodes.iter().filter(|row| row.unit.as_ref() == Some(unit)).map(|row| row.name.as_str()),
            );
            serving(&|row| row.unit.as_ref() == Some(unit), &mut names);
        }
        Subject::Node(node) | Subject::Gpu(node, _) => {
            names.insert(node.as_str());
            serving(&|row| row.node == *node, &mut names);
        }
        Subject::Model(model) => {
            names.insert(model.as_str());
            serving(&|row| row.model.as_ref() == Some(model), &mut names);
        }
        Subject::Engine(target, _) => {
            names.insert(target.as_str());
            serving(&|row| row.target == *target, &mut names);
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(cell: u16, glyph: char) -> AxisMark {
        AxisMark { cell, glyph, ink: Role::Dim.into(), gives_way: true }
    }

    /// Class: restarts of a large fleet cover the axis, and its times are left out.
    #[test]
    fn marks_leave_room_for_times_and_the_gravest_have_it_first() {
        let restarts = (0..60).map(|cell| (Precedence::Restart, mark(cell, 'R')));
        let found = restarts.chain([(Precedence::Marker, mark(3, 'D')), (Precedence::ActiveCritical, mark(3, '▲'))]);
        let shown = with_room(found.collect(), 60);
        assert_eq!(shown.len(), 12);
        assert_eq!(shown[0], mark(3, '▲'), "the gravest takes the cell");
        assert_eq!(shown[1], mark(59, 'R'), "then the newest");
    }
}
