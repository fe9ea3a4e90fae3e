//! Where one is among the views: a view, a row, an order of rows.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::id::ViewId;
use crate::reading::Label;

/// Something to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortOrder {
    /// The heading.
    pub title: Cow<'static, str>,
    /// The number of the column.
    pub column: usize,
    /// Whether the largest stands first unless it is turned round.
    pub falls: bool,
    /// Whether the column says anything: else the next order is that behind it.
    pub says_something: bool,
}

/// Where Enter leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnEnter {
    /// Nothing to go into.
    Nowhere,
    /// Another view.
    Into(ViewPlace),
    /// The row itself opens or closes.
    Fold(ListKey),
}

/// Where one is: a view, and what it is of.
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

/// What a row is a row of, whatever its place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListKey(u64);

impl ListKey {
    /// The key of what has this identity.
    pub fn of(identity: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        identity.hash(&mut hasher);
        Self(hasher.finish())
    }
}
