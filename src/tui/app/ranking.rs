//! How the balance view's ranks are chosen and sorted.

use super::App;
use crate::balance::Balancer;

impl App {
    /// Shows the next balancer alone, or all of them.
    pub(in crate::tui) fn next_balancer(&mut self) {
        self.ranks.balancer = match self.ranks.balancer {
            None => Some(Balancer::Tokens),
            Some(Balancer::Tokens) => Some(Balancer::Kv),
            Some(Balancer::Kv) => Some(Balancer::Requests),
            Some(Balancer::Requests) => Some(Balancer::Experts),
            Some(Balancer::Experts | Balancer::Load) => None,
        };
        let shown = self.ranks.balancer.map_or("all balancers", Balancer::name);
        self.say(format!("ranks by {shown}"));
    }

    /// The other order of ranks.
    pub(in crate::tui) fn turn_ranks(&mut self) {
        self.ranks.by_load = !self.ranks.by_load;
        self.say(if self.ranks.by_load { "the busiest rank first" } else { "ranks by their numbers" });
    }
}
