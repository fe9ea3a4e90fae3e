//! What the user pays for GPUs.

use super::words_match;
use crate::reading::{NodeName, UnitName};
use crate::units::{HourlyRate, Timestamp};

/// Which GPUs a lease is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leased {
    /// Those whose driver's name has these words.
    Gpu(String),
    /// Those of a node.
    Node(NodeName),
    /// Those of a deployment unit.
    Unit(UnitName),
}

/// When rent runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RentWhen {
    /// For every known GPU, whatever it does.
    #[default]
    Held,
    /// While an engine answers on the node: rent and tokens open and close together.
    Serving,
}

/// A rate for some GPUs and some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// For what.
    pub leased: Leased,
    /// How many GPUs it pays for, seen or not; `None` is "those that are seen".
    pub gpus: Option<u32>,
    /// Its beginning; `None` is "always".
    pub from: Option<Timestamp>,
    /// Its end, exclusive; `None` is "open".
    pub until: Option<Timestamp>,
    /// Per GPU and hour.
    pub rate: HourlyRate,
    /// When rent runs.
    pub when: RentWhen,
}

impl Lease {
    /// Whether it is for this GPU.
    pub fn covers(&self, node: &NodeName, unit: Option<&UnitName>, gpu: &str) -> bool {
        match &self.leased {
            Leased::Gpu(words) => words_match(gpu, words),
            Leased::Node(name) => name == node,
            Leased::Unit(name) => Some(name) == unit,
        }
    }

    /// Whether it pays for a number of GPUs of a node or unit, seen or not.
    pub fn is_schedule(&self) -> bool {
        self.gpus.is_some() && !matches!(self.leased, Leased::Gpu(_))
    }

    /// Whether it runs at an instant.
    pub fn runs_at(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// The part of `(from, to]` in which it runs.
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
            leased: Leased::Gpu("H800".to_owned()),
            gpus: None,
            from: Some(at(100)),
            until: Some(at(200)),
            rate: "2".parse()?,
            when: RentWhen::Held,
        };
        assert!(!lease.runs_at(at(99)) && lease.runs_at(at(100)) && !lease.runs_at(at(200)));
        assert_eq!(lease.overlap(at(0), at(150)), Some((at(100), at(150))));
        assert_eq!(lease.overlap(at(200), at(300)), None);
        Ok(())
    }
}
