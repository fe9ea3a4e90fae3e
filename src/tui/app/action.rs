//! What can be asked of the dashboard and what can happen to it.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::Motion;
use crate::snapshot::Snapshot;
use crate::tui::instead::Start;
use crate::tui::ledger_query::LedgerAnswer;
use crate::tui::view::{Hits, ViewId};
use crate::units::Span;

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
    Show(ViewId),
    /// The view after or before this one.
    Turn(Turn),
    /// The block of the view after or before the chosen one.
    Block(Turn),
    /// Move in the list.
    Move(Motion),
    /// Into the chosen row.
    Enter,
    /// Sort by the next column.
    Sort,
    /// Sort the other way round.
    Reverse,
    /// Open or close the chosen row.
    Fold,
    /// Open or close all rows.
    FoldAll,
    /// The next or the previous node, where one is shown.
    Neighbour(Turn),
    /// The alerts of the chosen row.
    AlertsOf,
    /// Charts that reach back farther, or less far.
    Reach(Turn),
    /// What the cells of the map show.
    Cells,
    /// By what the engines are put together.
    Group,
    /// The form of the large chart.
    Form,
    /// Begin a filter.
    Filter,
    /// Open or close the what-if form.
    WhatIf,
    /// One step to the left or right: the chosen field of a form, the cursor of charts, or in time.
    Step(Turn),
    /// Begin a command line.
    Prompt,
    /// Begin a command line that names a target.
    AskTarget,
    /// End, and begin with something else.
    Instead(Start),
    /// Write what completes the command line.
    Complete(Turn),
    /// Write a line that was entered before.
    Recall(Turn),
    /// Say what the figures of the view are.
    Explain,
    /// Begin or end to point at an instant in the charts.
    Cursor,
    /// Ten such steps.
    Leap(Turn),
    /// Back to now; the last row where now is shown.
    Now,
    /// The chosen row as text, or the frame where there is none, into the clipboard.
    Copy,
    /// The frame as text into the clipboard.
    CopyFrame,
    /// A picture of the frame into a file.
    Picture,
    /// Poll sources less often, or more.
    Interval(Turn),
    /// Compare with another time.
    Against,
    /// Group the money by something else.
    By,
    /// Write the shown table into a file; of a form, the command that prints the same into the clipboard.
    Export,
    /// Fill a form with the next scenario that was kept.
    Load,
    /// Forget what a form says; in the balance view, the other order of ranks.
    AsItWas,
    /// Silence the chosen alert for an hour, or no longer.
    Silence,
    /// Out: of the filter, the view.
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
    /// The mouse is over a column and row.
    Hover(u16, u16),
    /// A new snapshot.
    Fresh(Arc<Snapshot>),
    /// The past answered.
    Answered(LedgerAnswer),
    /// The past will not answer what it was asked.
    Unanswered,
    /// No snapshot for so long.
    Quiet(Span),
    /// What was done outside, or why it was not.
    Said {
        /// In a few words.
        text: String,
        /// Whether something did not work.
        is_trouble: bool,
    },
    /// What was said as this number has been shown for long enough.
    Unsaid(u64),
    /// The terminal was written so much that tables are to move less often; or that is over.
    Spare(bool),
    /// The terminal has another size.
    Resize,
    /// A frame was drawn: what the mouse meets there.
    Drawn(Hits),
}

/// What the loop must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// Draw.
    Redraw,
    /// End.
    Quit,
    /// End for what the app holds as `instead`.
    Leave,
    /// Give the terminal back and stop.
    Suspend,
    /// Put what an area of the frame shows, or all of it, into the clipboard.
    Copy(Option<Rect>),
    /// Write a picture of the frame into files.
    Picture,
    /// Put a text into the clipboard, and say what it is.
    CopyText(String, &'static str),
    /// Write a table into a file.
    Export(String),
    /// Poll sources so often.
    Interval(Span),
}
