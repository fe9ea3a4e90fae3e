//! What the tokens since the start would be worth at other price lists.

use super::money::is_old;
use crate::reading::Label;
use crate::statement::AtList;
use crate::units::Timestamp;

/// The last answer, and of which instant.
#[derive(Debug, Clone, Default)]
pub struct AtLists {
    /// The lists, the best first.
    pub lists: Vec<AtList>,
    asked: Option<Timestamp>,
}

impl AtLists {
    /// Whether an answer of `at` is wanted.
    pub(super) fn is_due(&self, at: Timestamp) -> bool {
        self.asked.is_none_or(|asked| is_old(asked, at))
    }

    /// Notes that an answer of `at` is under way.
    pub(super) fn ask(&mut self, at: Timestamp) {
        self.asked = Some(at);
    }

    /// Takes an answer; without one the last lists stay.
    pub(super) fn answered(&mut self, lists: Result<Vec<AtList>, Label>) {
        if let Ok(lists) = lists {
            self.lists = lists;
        }
    }
}
