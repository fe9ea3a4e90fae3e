//! The order in which the rows of a view stood last, so that figures that hardly differ do not change places.

use std::collections::BTreeMap;

use crate::tui::view::{ListKey, ViewId};

/// The rows of each view as they stood, and how its list was sorted then.
#[derive(Debug, Clone, Default)]
pub(super) struct RowOrders(pub(super) BTreeMap<ViewId, (usize, bool, Vec<ListKey>)>);
