//! Queries of the past.

use crate::reading::Label;
use crate::statement::{By, WhatIfChange};
use crate::units::Timestamp;

/// The earlier span of the profit bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Against {
    /// The minute a quarter hour ago.
    #[default]
    Quarter,
    /// The hour that ended a day ago.
    Yesterday,
    /// The hour that ended a week ago.
    LastWeek,
}

impl Against {
    /// All of them, in the order of the key.
    pub const ALL: [Self; 3] = [Self::Quarter, Self::Yesterday, Self::LastWeek];

    /// Its words in the bridge's heading.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quarter => "15 min ago",
            Self::Yesterday => "this hour yesterday",
            Self::LastWeek => "this hour last week",
        }
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }
}

/// The command that prints the same for today; `None` without changes.
pub fn command(changes: &WhatIfChange<Label>) -> Option<Vec<String>> {
    let list = changes.list.as_ref().map(|list| quoted(list.as_str()));
    let changes = changes.clone().with_list(list).arguments().into_iter().map(|change| format!("--what-if {change}"));
    let changes: Vec<_> = changes.collect();
    let report = "margintop report --since today".to_owned();
    (!changes.is_empty()).then(|| std::iter::once(report).chain(changes).collect())
}

/// A name quoted for a shell.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    if name.chars().all(plain) { name.to_owned() } else { format!("'{}'", name.replace('\'', "'\\''")) }
}

/// The query of the money view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyQuery {
    /// The present: today ends here.
    pub at: Timestamp,
    /// The end of the last minute that is whole: the later span of the bridge ends here.
    pub minute: Timestamp,
    /// The earlier span of the bridge.
    pub against: Against,
    /// The key of today's table.
    pub by: By,
}

/// The query of a scenario of today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatIfQuery {
    /// The present: today ends here.
    pub at: Timestamp,
    /// The changes.
    pub changed: WhatIfChange<Label>,
}

/// A query of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerQuery {
    /// The money view.
    Money(MoneyQuery),
    /// A scenario of today.
    WhatIf(WhatIfQuery),
    /// The hours of the local day that begins at this instant.
    Day(Timestamp),
    /// The worth of the tokens between two instants at every list.
    AtLists(Timestamp, Timestamp),
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::units::{HourlyRate, LoadFactor, NodeCount, Share};

    #[test]
    fn the_command_says_what_is_otherwise_as_a_shell_takes_it() {
        assert_eq!(command(&WhatIfChange::default()), None);
        let changed = WhatIfChange {
            list: Some(Label::new("my list's")),
            paid: Share::from_ppm(370_000),
            load: LoadFactor::from_micros(1_200_000),
            hit_rate: Share::from_ppm(600_000),
            gpu_rate: HourlyRate::of_parts(2_500_000, 1),
            nodes: NodeCount::whole(8),
        };
        let words = "margintop report --since today --what-if list='my list'\\''s' --what-if paid=0.37 \
                     --what-if load=1.2 --what-if hit_rate=0.60 --what-if gpu_rate=2.50 --what-if nodes=8";
        assert_eq!(command(&changed).unwrap().join(" "), words);
    }
}
