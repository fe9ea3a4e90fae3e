//! The billing policy, and overhead costs.

use serde::{Deserialize, Serialize};

use crate::units::{GpuTime, HourlyRate, Money, Share, Span};

/// The tokens of an engine that are billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bill {
    /// All counted tokens, including those of aborted requests.
    #[default]
    All,
    /// Those of finished requests only, where the engine counts them separately.
    Finished,
}

/// Costs besides GPU leases: network, storage, staff, payment fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overhead {
    /// Per hour, whatever the traffic.
    pub per_hour: Option<HourlyRate>,
    /// A share of the revenue.
    pub of_revenue: Option<Share>,
}

impl Overhead {
    /// The overhead of a span with this revenue; `None` if no overhead is configured.
    pub fn of(self, span: Span, revenue: Money) -> Option<Money> {
        let hourly = self.per_hour.map(|rate| rate.of(GpuTime::of(1, span)));
        let share = self.of_revenue.map(|share| share.of(revenue));
        (hourly.is_some() || share.is_some()).then(|| hourly.into_iter().chain(share).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overhead_is_by_the_hour_and_by_the_share() -> Result<(), crate::units::DecimalError> {
        let (hour, revenue) = (Span::from_secs(3600), Money::from_micros(1_000_000_000));
        let overhead = Overhead { per_hour: Some("12.00".parse()?), of_revenue: Some("0.025".parse()?) };
        assert_eq!(overhead.of(hour, revenue), Some(Money::from_micros(37_000_000)));
        assert_eq!(Overhead { per_hour: None, ..overhead }.of(hour, revenue), Some(Money::from_micros(25_000_000)));
        assert_eq!(Overhead::default().of(hour, revenue), None);
        Ok(())
    }
}
