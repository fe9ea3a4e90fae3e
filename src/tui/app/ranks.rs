//! How the balance view shows ranks.

use crate::balance::Balancer;

/// By which balancer, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RankState {
    /// The balancer that is shown alone; `None` shows all of them.
    pub balancer: Option<Balancer>,
    /// Whether the busiest rank stands first; else ranks stand by their numbers.
    pub by_load: bool,
}
