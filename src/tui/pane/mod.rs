//! The parts of the screen, one a file. Each draws into the area that it is given and never beyond it.

mod alerts;
mod basis;
mod engines;
mod facts;
mod footer;
mod gpus;
mod header;
mod heat_map;
mod help;
mod models;
mod nodes;
mod nothing_found;
mod profit;
mod tabs;
mod too_small;
mod units;
mod vitals;

pub use alerts::{alert_list, alerts};
pub use basis::basis;
pub use engines::{engine_list, engines};
pub use footer::footer;
pub use gpus::{gpus, gpus_in_two};
pub use header::header;
pub use heat_map::{HeatPlan, heat_map};
pub use help::help;
pub use models::{model_list, models};
pub use nodes::node_list;
pub use nothing_found::nothing_found;
pub use profit::{profit, profit_brief};
pub use tabs::tabs;
pub use too_small::too_small;
pub use units::units;
pub use vitals::{vitals, vitals_brief};
