//! The commands of the dashboard, and its other events.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::Motion;
use crate::snapshot::Snapshot;
use crate::tui::instead::Start;
use crate::tui::ledger_query::LedgerResult;
use crate::tui::view::{Hits, ViewId};
use crate::units::Span;

/// The command of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Quit.
    Quit,
    /// Stop until `fg`.
    Suspend,
    /// Show or hide the keys.
    Help,
    /// Pause or continue.
    Pause,
    /// The next theme.
    NextTheme,
    /// Open a view by its number; if it is open, select its next part.
    Show(ViewId),
    /// Open the next or previous view.
    StepView(Direction),
    /// Select the next or previous block of the view.
    Block(Direction),
    /// Move in the list.
    Move(Motion),
    /// Open the selected row.
    Enter,
    /// Sort by the next column.
    Sort,
    /// Reverse the order.
    Reverse,
    /// Expand or collapse the selected row.
    Fold,
    /// Expand or collapse all rows.
    FoldAll,
    /// Show the next or previous node, in the view of one node.
    Neighbour(Direction),
    /// Show the alerts of the selected row.
    AlertsOf,
    /// Show a longer or shorter span in charts.
    StepSpan(Direction),
    /// Change the measure of the heat map.
    Cells,
    /// Change the grouping of engines.
    Group,
    /// Change the form of the large chart.
    Form,
    /// Start a filter.
    Filter,
    /// Open or close the what-if form.
    WhatIf,
    /// Move one step left or right: in the selected field of a form, the cursor of charts, or time.
    Step(Direction),
    /// Start a command line.
    Prompt,
    /// Start a command line that names a target.
    AskTarget,
    /// Quit, and start something else.
    Instead(Start),
    /// Complete the command line.
    Complete(Direction),
    /// Insert a previous command line.
    Recall(Direction),
    /// Explain the figures of the view.
    Explain,
    /// Show or hide the cursor of charts.
    Cursor,
    /// Move ten such steps.
    Leap(Direction),
    /// Return to now; to the last row where now is shown.
    Now,
    /// Copy the selected row, or the frame if there is none, to the clipboard as text.
    Copy,
    /// Copy the frame to the clipboard as text.
    CopyFrame,
    /// Save a picture of the frame to a file.
    Picture,
    /// Poll sources less or more often.
    Interval(Direction),
    /// Compare with another span.
    Against,
    /// Change the grouping of money.
    By,
    /// Save the shown table to a file; in a form, copy the command that prints the same to the clipboard.
    Export,
    /// Load the next saved scenario into the form.
    Load,
    /// Clear the form; in the balance view, change the order of ranks.
    AsItWas,
    /// Silence the selected alert for an hour, or end its silence.
    Silence,
    /// Leave the filter or the view.
    Back,
}

/// A direction among views and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "a direction says itself")]
pub enum Direction {
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
    QueryResult(LedgerResult),
    /// The past will not answer what it was asked.
    QueryDropped,
    /// No snapshot for so long.
    Quiet(Span),
    /// No snapshot will come any more.
    Ended,
    /// What was done outside, or why it was not.
    Said {
        /// In a few words.
        text: String,
        /// Whether something did not work.
        is_failure: bool,
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
