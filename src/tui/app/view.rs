//! The views that exist, by the numbers that open them.

use std::ops::Range;

use crate::snapshot::Snapshot;

/// A view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum View {
    /// The money, the vital lines, the fleet.
    Overview,
    /// Every node.
    Nodes,
    /// Every model.
    Models,
    /// Every engine and rank.
    Engines,
    /// Revenue and cost of today.
    Money,
    /// What is wrong.
    Alerts,
}

impl View {
    /// How many there are.
    pub const COUNT: usize = 6;

    /// All of them, in the order of their keys.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Overview, Self::Nodes, Self::Models, Self::Engines, Self::Money, Self::Alerts];

    /// The digit that opens it.
    pub const fn key(self) -> char {
        match self {
            Self::Overview => '1',
            Self::Nodes => '2',
            Self::Models => '3',
            Self::Engines => '4',
            Self::Money => '5',
            Self::Alerts => '7',
        }
    }

    /// Its name on the tab.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Nodes => "nodes",
            Self::Models => "models",
            Self::Engines => "engines",
            Self::Money => "money",
            Self::Alerts => "alerts",
        }
    }

    /// The views and the columns that their tabs take, when there are so many alerts.
    pub fn tabs(alerts: usize) -> impl Iterator<Item = (Self, Range<u16>)> {
        const GAP: u16 = 3;
        let mut x = 1;
        Self::ALL.into_iter().map(move |view| {
            let badge = if view == Self::Alerts && alerts > 0 { 1 + alerts.to_string().len() } else { 0 };
            let start = x;
            let end = start + (2 + view.name().len() + badge) as u16;
            x = end + GAP;
            (view, start..end)
        })
    }

    /// The orders that `s` goes through, the first one being the picture's own.
    pub const fn orders(self) -> &'static [&'static str] {
        match self {
            Self::Overview | Self::Money | Self::Alerts => &["as it is"],
            Self::Nodes => &["name", "state", "output", "profit"],
            Self::Models => &["revenue", "output", "name"],
            Self::Engines => &["target", "state", "output", "queue", "KV"],
        }
    }

    /// How many rows its list has in the picture; the money view's rows are not of the present.
    pub fn rows(self, snapshot: &Snapshot) -> usize {
        match self {
            Self::Overview | Self::Money => 0,
            Self::Nodes => snapshot.nodes.len(),
            Self::Models => snapshot.models.len(),
            Self::Engines => snapshot.engines.len(),
            Self::Alerts => snapshot.alerts.len(),
        }
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::COUNT]
    }

    /// The one before it.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self::ALL[(self as usize + Self::COUNT - 1) % Self::COUNT]
    }
}
