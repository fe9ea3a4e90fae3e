//! Positions in the views: a view, a row, a sort order.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::id::ViewId;
use crate::reading::Label;
use crate::units::Timestamp;

/// A sort order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortOrder {
    /// The heading.
    pub title: Cow<'static, str>,
    /// The number of the column.
    pub column: usize,
    /// Whether it is descending by default.
    pub falls: bool,
    /// Whether the column has values; otherwise the next sort order skips it.
    pub says_something: bool,
}

/// The action of Enter on a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnEnter {
    /// None.
    Nowhere,
    /// Another view.
    Into(ViewPlace),
    /// Another view at an earlier instant.
    At(ViewPlace, Timestamp),
    /// The row itself opens or closes.
    Fold(ListKey),
}

/// A part of a view that is asked of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PastPart {
    /// The page of money: sums, tables and the bridge.
    Page,
    /// The hours of earlier days.
    Days,
    /// The worth of the published day's tokens at other lists.
    AtLists,
}

/// A view and its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewPlace {
    /// The view.
    pub view: ViewId,
    /// The node, unit or model that it shows; `None` is all of them.
    pub subject: Option<Label>,
}

impl ViewPlace {
    /// A view of everything.
    pub const fn of(view: ViewId) -> Self {
        Self { view, subject: None }
    }

    /// A view of one thing.
    pub fn about(view: ViewId, subject: &str) -> Self {
        Self { view, subject: Some(Label::new(subject)) }
    }
}

/// The identity of a row, independent of its position in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListKey(u64);

impl ListKey {
    /// The key of the row with this identity.
    pub fn of(identity: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        identity.hash(&mut hasher);
        Self(hasher.finish())
    }
}
