//! What the money view knows of itself: which lower pane is open and what came back of the past.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::charts::stepped;
use crate::reading::Label;
use crate::snapshot::Snapshot;
use crate::statement::{By, Period, month_of};
use crate::tui::ledger_query::{Against, Hour, MoneyPage, MoneyQuery};
use crate::units::{Span, Timestamp};

/// How old an answer may become while it is shown.
pub(super) const FRESH: Span = Span::from_secs(10);
/// A new one is asked for at once: most price windows begin and end with one.
const QUARTER: i64 = 900_000;
/// How many days the calendar and the week have before today.
const DAYS: usize = 6;
/// How many days are kept: of a month, and of as many around an earlier instant that was looked at.
const KEPT: usize = 64;

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

/// How far back the bars reach, and of what each one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MoneyReach {
    /// Today by the hour.
    #[default]
    Day,
    /// The last seven days by the day.
    Week,
    /// The month by the day.
    Month,
}

impl MoneyReach {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "today by the hour",
            Self::Week => "7 days by the day",
            Self::Month => "month by the day",
        }
    }

    /// The next longer or shorter one; the last stays.
    #[must_use]
    pub fn stepped(self, longer: bool) -> Self {
        stepped(&Self::ALL, self as usize, longer)
    }
}

/// By what the table of today is grouped.
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

    /// As a statement has it.
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

/// The money view's own state.
#[derive(Debug, Clone, Default)]
pub struct MoneyState {
    /// The lower pane.
    pub pane: Pane,
    /// The other end of the bridge.
    pub against: Against,
    /// How far back the bars reach.
    pub reach: MoneyReach,
    /// By what the table of today is grouped.
    pub by: MoneyGrouping,
    /// The hours of the days before today, by when they begin.
    pub days: BTreeMap<Timestamp, Vec<Hour>>,
    /// The last answer.
    pub page: Option<Arc<MoneyPage>>,
    /// Why the last question had none.
    pub trouble: Option<Label>,
    /// The snapshot of the instant of the page: header and rows are of one moment.
    pub picture: Option<Arc<Snapshot>>,
}

impl MoneyState {
    /// What it shows at an instant.
    pub(super) const fn wanted(&self, at: Timestamp) -> MoneyQuery {
        MoneyQuery { at, against: self.against, by: self.by.of() }
    }

    /// The latest of the days that are shown whose hours are not known, once today is.
    pub(super) fn missing_day(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        self.page.as_ref()?;
        let shown = match self.reach {
            MoneyReach::Day | MoneyReach::Week => Self::last_days(now, zone),
            MoneyReach::Month => Self::days_of_month(now, zone),
        };
        shown.into_iter().find(|begin| !self.days.contains_key(begin))
    }

    /// When the days before today begin, the latest first.
    pub(in crate::tui) fn last_days(now: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
        days_before(now, zone).take(DAYS).collect()
    }

    /// When the days of the month before today begin, the latest first; in its first days those of the calendar too.
    fn days_of_month(now: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
        let first = month_of(zone, now).0;
        days_before(now, zone)
            .zip(0..)
            .take_while(|(begin, nth)| *begin >= first || *nth < DAYS)
            .map(|(b, _)| b)
            .collect()
    }

    /// Takes the hours of a day; what cannot be told is not asked again before the program's next start.
    pub(super) fn day_answered(&mut self, begin: Timestamp, hours: Result<Vec<Hour>, Label>) {
        self.days.insert(begin, hours.unwrap_or_default());
        while self.days.len() > KEPT {
            // What lies farther from the day that is looked at goes first; else it would be asked for again at once.
            let ends = self.days.first_key_value().zip(self.days.last_key_value());
            match ends.map(|((first, _), (last, _))| begin - *first > *last - begin) {
                Some(true) => drop(self.days.pop_first()),
                _ => drop(self.days.pop_last()),
            }
        }
    }

    /// Takes an answer; without one the last page stays.
    pub(super) fn answered(&mut self, answer: Result<Arc<MoneyPage>, Label>) {
        match answer {
            Ok(page) => (self.page, self.trouble) = (Some(page), None),
            Err(trouble) => self.trouble = Some(trouble),
        }
    }

    /// How many rows the lower pane has.
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

/// When the days before the one of an instant begin, the latest first.
fn days_before(now: Timestamp, zone: &TimeZone) -> impl Iterator<Item = Timestamp> {
    let begin = |at| Period::of(By::Day, zone, at).begin;
    let before = move |day: &Timestamp| Some(begin(*day - Span::from_secs(3_600)));
    std::iter::successors(Some(begin(now)), before).skip(1)
}

/// Whether what was asked at one time should be asked again at another: it is old, a quarter hour began, or time went
/// back, as it does where a recording begins anew.
pub(super) fn is_old(asked: Timestamp, at: Timestamp) -> bool {
    let quarter = |at: Timestamp| at.millis().div_euclid(QUARTER);
    at < asked || at - asked >= FRESH || quarter(at) != quarter(asked)
}
