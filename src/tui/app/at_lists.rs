//! What the tokens since the start would be worth at other price lists.

use crate::reading::Label;
use crate::statement::RevenueAtList;

/// The last answer.
#[derive(Debug, Clone, Default)]
pub struct AtLists {
    /// The lists, the best first.
    pub lists: Vec<RevenueAtList>,
}

impl AtLists {
    /// Takes an answer; without one the last lists stay.
    pub(super) fn answered(&mut self, lists: Result<Vec<RevenueAtList>, Label>) {
        if let Ok(lists) = lists {
            self.lists = lists;
        }
    }
}
