//! Leases: the rates that the user pays for GPUs.

use super::words_match;
use crate::reading::{NodeName, UnitName};
use crate::units::{HourlyRate, PowerPrice, Span, Timestamp};
use serde::Deserialize;

/// The GPUs that a lease covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leased {
    /// GPUs whose name contains these words.
    Gpu(String),
    /// The GPUs of a node.
    Node(NodeName),
    /// The GPUs of a deployment unit.
    Unit(UnitName),
}

/// When a lease's rate is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RentWhen {
    /// For every known GPU, busy or idle.
    #[default]
    Held,
    /// While an engine on the node answers, so that cost and tokens begin and end together.
    Serving,
}

/// The provider's rounding of a lease's time, always up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// No rounding.
    #[default]
    Exact,
    /// To whole seconds.
    Second,
    /// To whole minutes.
    Minute,
    /// To whole hours.
    Hour,
}

impl Rounding {
    /// The billed time for this allocated time; zero for zero. The difference is posted when the lease ends.
    #[must_use]
    pub fn billed(self, allocated: Span) -> Span {
        let grain = match self {
            Self::Exact => 1,
            Self::Second => 1000,
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
        };
        let allocated = allocated.millis().max(0);
        Span::from_millis(match allocated % grain {
            0 => allocated,
            rest => allocated.saturating_add(grain - rest),
        })
    }
}

/// A rate for some GPUs over some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The name. Leases of one name are the same agreement, also after a change of terms. `None`: identified by its
    /// subject.
    pub name: Option<String>,
    /// The GPUs that it covers, as configured.
    pub leased: Leased,
    /// The current name of its node, if the node was renamed.
    pub renamed: Option<NodeName>,
    /// The number of GPUs paid for: for a node or unit, whether they are seen or not; otherwise the first that are seen.
    /// `None` pays for all GPUs seen.
    pub gpus: Option<u32>,
    /// The number of nodes whose GPUs `gpus` are, if it pays by the node: it covers the first so many nodes, with however
    /// many GPUs each has.
    pub nodes: Option<u32>,
    /// The start; `None` is unbounded.
    pub from: Option<Timestamp>,
    /// The end, exclusive; `None` is unbounded.
    pub until: Option<Timestamp>,
    /// The rate per GPU and hour. If `node_rate` is set, it is a GPU's share on a node of eight; use [`Lease::rate_for`].
    pub rate: HourlyRate,
    /// The rate per node and hour, for any number of GPUs; `None` if the rate is per GPU.
    pub node_rate: Option<HourlyRate>,
    /// When the rate is due.
    pub when: RentWhen,
    /// The provider's rounding of its time.
    pub rounding: Rounding,
    /// The price of the GPUs' energy in addition to the rate; `None` if the rate includes it.
    pub power: Option<PowerPrice>,
}

impl Lease {
    /// A lease of all GPUs seen, without dates or rounding, with power included.
    pub fn of(leased: Leased, rate: HourlyRate) -> Self {
        let (name, gpus, nodes, from, until, power, node_rate) = (None, None, None, None, None, None, None);
        let (when, rounding) = (RentWhen::Held, Rounding::Exact);
        Self { name, leased, renamed: None, gpus, nodes, from, until, rate, node_rate, when, rounding, power }
    }

    /// The rate of one GPU on a node of `gpus` GPUs; the rates of all add up to exactly the node's rate.
    pub fn rate_for(&self, gpus: u32) -> HourlyRate {
        self.node_rate.and_then(|rate| rate.shared_by(gpus)).unwrap_or(self.rate)
    }

    /// Whether `rate` is a GPU's rate by this lease, on a node of any number of GPUs up to 256.
    pub fn names(&self, rate: HourlyRate) -> bool {
        const MOST_GPUS: u32 = 256;
        match self.node_rate {
            None => self.rate == rate,
            Some(node) => (1..=MOST_GPUS).any(|gpus| node.shared_by(gpus) == Some(rate)),
        }
    }

    /// Whether it covers this GPU.
    pub fn covers(&self, node: &NodeName, unit: Option<&UnitName>, gpu: &str) -> bool {
        match &self.leased {
            Leased::Gpu(words) => words_match(gpu, words),
            Leased::Node(_) => self.node() == Some(node),
            Leased::Unit(name) => Some(name) == unit,
        }
    }

    /// The node that it covers, by its current name.
    pub fn node(&self) -> Option<&NodeName> {
        match &self.leased {
            Leased::Node(name) => Some(self.renamed.as_ref().unwrap_or(name)),
            Leased::Gpu(_) | Leased::Unit(_) => None,
        }
    }

    /// Whether it pays for a fixed number of GPUs of a node or unit, whether they are seen or not.
    pub fn is_schedule(&self) -> bool {
        self.gpus.is_some() && !matches!(self.leased, Leased::Gpu(_))
    }

    /// Whether it is in force at an instant.
    pub fn runs_at(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// The name to display: its own, else its subject and rate.
    #[must_use]
    pub fn label(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let subject = match &self.leased {
            Leased::Gpu(words) => words.clone(),
            Leased::Node(node) => node.to_string(),
            Leased::Unit(unit) => unit.to_string(),
        };
        let count = self.gpus.map_or(String::new(), |gpus| format!("{gpus} x "));
        match self.node_rate {
            Some(rate) => format!("{count}{subject} at {rate} a node"),
            None => format!("{count}{subject} at {}", self.rate),
        }
    }

    /// Ends the lease at an instant, if it is of this node and began before.
    pub fn end(&mut self, node: &NodeName, at: Timestamp) {
        if self.node() == Some(node) && self.from.is_none_or(|from| from < at) {
            self.until = Some(self.until.map_or(at, |until| until.min(at)));
        }
    }

    /// The part of `(from, to]` in which it is in force.
    pub fn overlap(&self, from: Timestamp, to: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let (start, end) = (self.from.map_or(from, |f| f.max(from)), self.until.map_or(to, |u| u.min(to)));
        (start < end).then_some((start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_runs_half_open() -> Result<(), crate::units::DecimalError> {
        let at = Timestamp::from_millis;
        let lease = Lease {
            from: Some(at(100)),
            until: Some(at(200)),
            ..Lease::of(Leased::Gpu("H800".to_owned()), "2".parse()?)
        };
        assert!(!lease.runs_at(at(99)) && lease.runs_at(at(100)) && !lease.runs_at(at(200)));
        assert_eq!(lease.overlap(at(0), at(150)), Some((at(100), at(150))));
        assert_eq!(lease.overlap(at(200), at(300)), None);
        Ok(())
    }

    #[test]
    fn time_is_rounded_up_and_none_is_none() {
        let billed = |rounding: Rounding, millis| rounding.billed(Span::from_millis(millis)).millis();
        assert_eq!(billed(Rounding::Exact, 3_660_001), 3_660_001);
        assert_eq!((billed(Rounding::Second, 3_660_001), billed(Rounding::Minute, 3_660_001)), (3_661_000, 3_720_000));
        assert_eq!((billed(Rounding::Hour, 3_600_000), billed(Rounding::Hour, 3_600_001)), (3_600_000, 7_200_000));
        assert_eq!((billed(Rounding::Hour, 0), billed(Rounding::Hour, -1)), (0, 0));
    }
}
