//! What the money view knows of itself: which lower pane is open, what was asked of the past and what came back.

use std::sync::Arc;

use crate::reading::Label;
use crate::snapshot::Snapshot;
use crate::tui::inquiry::{Against, MoneyPage, MoneyQuestion};
use crate::units::{Span, Timestamp};

/// How old an answer may become while it is shown.
pub(super) const FRESH: Span = Span::from_secs(10);
/// A new one is asked for at once: most price windows begin and end with one.
const QUARTER: i64 = 900_000;

/// What stands below the hours where there is room for one thing only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// Today by model.
    #[default]
    Models,
    /// Today by tier.
    Tiers,
    /// Why the profit an hour changed.
    Bridge,
    /// Today's tokens at every list.
    Compare,
    /// Profit since midnight, break-even, the month.
    Day,
}

impl Pane {
    /// All of them, in the order in which a key goes through them.
    pub const ALL: [Self; 5] = [Self::Models, Self::Tiers, Self::Bridge, Self::Compare, Self::Day];

    /// Its name in the footer.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Models => "models",
            Self::Tiers => "tiers",
            Self::Bridge => "bridge",
            Self::Compare => "compare",
            Self::Day => "day",
        }
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }
}

/// The money view's own state.
#[derive(Debug, Clone, Default)]
pub struct MoneyState {
    /// The lower pane.
    pub pane: Pane,
    /// The other end of the bridge.
    pub against: Against,
    /// The last answer.
    pub page: Option<Arc<MoneyPage>>,
    /// Why the last question had none.
    pub trouble: Option<Label>,
    /// The picture of the instant of the page: header and rows are of one moment.
    pub picture: Option<Arc<Snapshot>>,
    asked: Option<MoneyQuestion>,
    asked_over: Option<Arc<Snapshot>>,
}

impl MoneyState {
    /// The question that is due at the instant of a picture; `is_exact`: of no other instant, however near.
    pub(super) fn due(&mut self, picture: &Arc<Snapshot>, is_exact: bool) -> Option<MoneyQuestion> {
        let at = picture.at;
        let question = MoneyQuestion { at, against: self.against };
        let holds = |asked: Timestamp| if is_exact { asked == at } else { !is_old(asked, at) };
        let stands = self.asked.is_some_and(|asked| asked.against == self.against && holds(asked.at));
        if stands {
            return None;
        }
        (self.asked, self.asked_over) = (Some(question), Some(picture.clone()));
        Some(question)
    }

    /// Takes an answer; without one the last page stays.
    pub(super) fn answered(&mut self, answer: Result<Arc<MoneyPage>, Label>) {
        match answer {
            Ok(page) => {
                (self.page, self.trouble) = (Some(page), None);
                self.picture = self.asked_over.take();
            }
            Err(trouble) => self.trouble = Some(trouble),
        }
    }

    /// How many rows the lower pane has.
    pub(in crate::tui) fn rows(&self) -> usize {
        let Some(page) = &self.page else { return 0 };
        match self.pane {
            Pane::Models => page.models.rows.len(),
            Pane::Tiers => page.tiers.rows.len(),
            Pane::Compare => page.compare.len(),
            Pane::Bridge | Pane::Day => 0,
        }
    }
}

/// Whether what was asked at one time should be asked again at another: it is old, a quarter hour began, or time went
/// back, as it does where a recording begins anew.
pub(super) fn is_old(asked: Timestamp, at: Timestamp) -> bool {
    let quarter = |at: Timestamp| at.millis().div_euclid(QUARTER);
    at < asked || at - asked >= FRESH || quarter(at) != quarter(asked)
}
