//! The state of the money view: its lower pane and the answers of the ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::charts::stepped;
use crate::reading::Label;
use crate::snapshot::Snapshot;
use crate::statement::{By, Period, month_of};
use crate::tui::ledger_query::{Against, Hour, MoneyPage, MoneyQuery};
use crate::units::{Span, Timestamp};

/// The largest age of a shown answer.
pub(super) const FRESH: Span = Span::from_secs(10);
/// After this span a new answer is requested at once, since most price windows begin and end with a quarter hour.
const QUARTER: i64 = Span::QUARTER_HOUR.millis();
/// The number of days before today in the calendar and the week.
const DAYS: usize = 6;
/// The number of stored days: a month, and as many around an earlier instant that was shown.
const KEPT: usize = 64;

/// The pane below the hours where there is room for only one.
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
    /// All of them, in the order of the key.
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

/// The span of the bars, and the span of each bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MoneyRange {
    /// Today by hour.
    #[default]
    Day,
    /// The last seven days by day.
    Week,
    /// The month by day.
    Month,
}

impl MoneyRange {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// Its words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "today by the hour",
            Self::Week => "7 days by the day",
            Self::Month => "month by the day",
        }
    }

    /// The next longer or shorter one; the last one stays.
    #[must_use]
    pub fn stepped(self, longer: bool) -> Self {
        stepped(&Self::ALL, self as usize, longer)
    }
}

/// The key of today's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub enum MoneyGrouping {
    #[default]
    Model,
    Tier,
    Node,
    Unit,
    Role,
}

impl MoneyGrouping {
    const ALL: [Self; 5] = [Self::Model, Self::Tier, Self::Node, Self::Unit, Self::Role];

    /// The key of the statement.
    pub const fn of(self) -> By {
        match self {
            Self::Model => By::Model,
            Self::Tier => By::Tier,
            Self::Node => By::Node,
            Self::Unit => By::Unit,
            Self::Role => By::Role,
        }
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }
}

/// The state of the money view.
#[derive(Debug, Clone, Default)]
pub struct MoneyState {
    /// The lower pane.
    pub pane: Pane,
    /// The earlier span of the bridge.
    pub against: Against,
    /// The span of the bars.
    pub range: MoneyRange,
    /// The key of today's table.
    pub by: MoneyGrouping,
    /// The hours of previous days, by the beginning of the day.
    pub days: BTreeMap<Timestamp, Vec<Hour>>,
    /// The last answer.
    pub page: Option<Arc<MoneyPage>>,
    /// The error of the last query, if it has no answer.
    pub failure: Option<Label>,
    /// The snapshot of the page's instant: header and rows are of one moment.
    pub snapshot: Option<Arc<Snapshot>>,
}

impl MoneyState {
    /// The answer that is shown at an instant, whose last whole minute ended at `minute`.
    pub(super) const fn wanted(&self, at: Timestamp, minute: Timestamp) -> MoneyQuery {
        MoneyQuery { at, minute, against: self.against, by: self.by.of() }
    }

    /// The latest of the shown days whose hours are not known, once today's are.
    pub(super) fn missing_day(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        self.page.as_ref()?;
        let shown = match self.range {
            MoneyRange::Day | MoneyRange::Week => Self::last_days(now, zone),
            MoneyRange::Month => Self::days_of_month(now, zone),
        };
        shown.into_iter().find(|begin| !self.days.contains_key(begin))
    }

    /// The beginnings of the days before today, the latest first.
    pub(in crate::tui) fn last_days(now: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
        days_before(now, zone).take(DAYS).collect()
    }

    /// The beginnings of the month's days before today, the latest first; in its first days also those of the calendar.
    fn days_of_month(now: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
        let first = month_of(zone, now).0;
        days_before(now, zone)
            .zip(0..)
            .take_while(|(begin, nth)| *begin >= first || *nth < DAYS)
            .map(|(b, _)| b)
            .collect()
    }

    /// Stores the hours of a day. A day without an answer is not requested again in this run.
    pub(super) fn day_answered(&mut self, begin: Timestamp, hours: Result<Vec<Hour>, Label>) {
        self.days.insert(begin, hours.unwrap_or_default());
        while self.days.len() > KEPT {
            // The days farthest from the shown one are dropped first; others would be requested again at once.
            let ends = self.days.first_key_value().zip(self.days.last_key_value());
            match ends.map(|((first, _), (last, _))| begin - *first > *last - begin) {
                Some(true) => drop(self.days.pop_first()),
                _ => drop(self.days.pop_last()),
            }
        }
    }

    /// Stores an answer; without one the last page stays.
    pub(super) fn answered(&mut self, answer: Result<Arc<MoneyPage>, Label>) {
        match answer {
            Ok(page) => (self.page, self.failure) = (Some(page), None),
            Err(failure) => self.failure = Some(failure),
        }
    }

    /// The number of rows of the lower pane.
    pub(in crate::tui) fn rows(&self) -> usize {
        let Some(page) = &self.page else { return 0 };
        match self.pane {
            Pane::Models => page.table(self.by.of()).1.rows.len(),
            Pane::Tiers => page.tiers.rows.len(),
            Pane::Compare => page.compare.len(),
            Pane::Bridge | Pane::Day => 0,
        }
    }
}

/// The beginnings of the days before that of an instant, the latest first.
fn days_before(now: Timestamp, zone: &TimeZone) -> impl Iterator<Item = Timestamp> {
    let begin = |at| Period::of(By::Day, zone, at).begin;
    let before = move |day: &Timestamp| Some(begin(*day - Span::from_secs(3_600)));
    std::iter::successors(Some(begin(now)), before).skip(1)
}

/// Whether an answer of one time should be requested again at another: it is old, a quarter hour began, or time went
/// back, as it does when a recording is repeated.
pub(super) fn is_old(asked: Timestamp, at: Timestamp) -> bool {
    let quarter = |at: Timestamp| at.millis().div_euclid(QUARTER);
    at < asked || at - asked >= FRESH || quarter(at) != quarter(asked)
}
