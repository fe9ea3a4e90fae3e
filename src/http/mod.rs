//! The pages that margintop serves: the agent's and the hub's.
//!
//! They are rendered from the last reading: the driver is polled once an interval however many clients ask, and
//! without a request nothing is rendered. A request changes nothing.

mod agent;
mod engine_status;
mod engines;
mod gpus;
mod hub;

pub use agent::{Agent, Feed, agent};
pub use gpus::gpu_page;
pub use hub::{AboutHub, Hub, HubParts, MarkerRequest, MarkerSink, TodayMoney, follow_today, hub};
