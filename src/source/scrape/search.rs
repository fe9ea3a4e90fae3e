//! The wait after a search that found no page, and the error that is reported meanwhile.

use crate::reading::ScrapeTrouble;

/// A server that answers and shows no page is searched again after 1, 2, 4 and at last every 32 scrapes: each search is
/// four requests to something that may be busy.
#[derive(Debug, Default)]
pub(super) struct Search {
    pause: u32,
    looks_left: u32,
    found_instead: Option<ScrapeTrouble>,
}

impl Search {
    /// The error of the last search, if it is too soon for another.
    pub(super) fn too_soon(&mut self) -> Option<ScrapeTrouble> {
        self.looks_left = self.looks_left.checked_sub(1)?;
        self.found_instead.clone()
    }

    /// Notes the error of a search. A server that is starting or overloaded is searched again at once.
    pub(super) fn failed(&mut self, trouble: &ScrapeTrouble) {
        if matches!(trouble, ScrapeTrouble::Status(500 | 502..)) {
            return;
        }
        self.pause = (self.pause * 2).clamp(1, 32);
        self.looks_left = self.pause;
        self.found_instead = Some(trouble.clone());
    }
}

/// Whether a server answered at all.
pub(super) const fn is_an_answer(trouble: &ScrapeTrouble) -> bool {
    matches!(
        trouble,
        ScrapeTrouble::Status(_)
            | ScrapeTrouble::NeedsPassword(_)
            | ScrapeTrouble::NotMetrics(_)
            | ScrapeTrouble::Other(_)
    )
}

/// The more helpful of two errors of a search.
pub(super) fn more_telling(one: ScrapeTrouble, other: ScrapeTrouble) -> ScrapeTrouble {
    let weight = |trouble: &ScrapeTrouble| match trouble {
        ScrapeTrouble::Status(401 | 403) | ScrapeTrouble::NeedsPassword(_) => 5,
        ScrapeTrouble::NotMetrics(_) => 4,
        ScrapeTrouble::Status(501) => 3,
        ScrapeTrouble::Status(404) => 0,
        ScrapeTrouble::Status(_) => 2,
        _ => 1,
    };
    if weight(&other) > weight(&one) { other } else { one }
}
