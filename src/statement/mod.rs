//! The past folded into rows by hour, model or node that add up to the last digit, scenarios, and the profit bridge
//! between two spans.
//!
//! Pure functions over a [`Past`](crate::ledger::Past): they read no clock and no file, and post nothing. A scenario is
//! the same fold over a past with one thing changed.

mod accumulator;
mod assemble;
mod borne_costs;
mod break_even;
mod bridge;
mod bridge_minutes;
mod bucket;
mod by;
mod calendar;
mod capacity;
mod causes;
mod classes;
mod compare;
mod costed;
mod differences;
mod entries;
mod fold;
mod hit_rate;
mod leases;
mod lever;
mod list_uses;
mod minute;
mod month;
mod movers;
mod node_sums;
mod nodes;
mod origins;
mod paces;
mod present;
mod quotes;
mod reprice;
mod row;
mod served;
mod share;
mod slice;
mod split;
mod totals;
mod unconverted;
mod volume;
mod watched;
mod what_if;

pub use borne_costs::{BorneCosts, borne_costs};
pub use break_even::{BreakEven, break_even, break_even_load};
pub use bridge::{Bridge, Cause};
pub use bridge_minutes::{bridge_minutes, settled_minute};
pub use by::{By, NotBy};
pub use calendar::{Period, month_of};
pub use capacity::{Capacity, HourCapacity, PoolCapacity, SloQuarters};
pub use causes::Causes;
pub use compare::{RevenueAtList, compare};
pub use differences::{Basis, PriceDifference, agrees_throughout, differences};
pub use entries::{DayEntry, EntryKind, entries, rounded_entries};
pub use leases::lease_name;
pub use lever::{Lever, TokenClass, levers};
pub use minute::{Earned, MinuteMoney};
pub use month::MonthToDate;
pub use movers::Mover;
pub use node_sums::AllocatedNodes;
pub use origins::{Origins, RateOrigin};
pub use paces::{PaceSums, paces};
pub use present::shared_cost;
pub use reprice::{at_list, reprice};
pub use row::{ListUse, RowKind, RunningSum, Statement, StatementRow, rounded_hours, rounded_revenues};
pub use served::{ServedTokens, served_by_model};
pub use split::Splitter;
pub use totals::{Tables, Totals};
pub use unconverted::{Unconverted, unconverted, unpriced_models};
pub use watched::{Compared, watched};
pub use what_if::{Levels, WhatIf, WhatIfChange, changed, what_if};
