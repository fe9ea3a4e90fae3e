//! The pages that margintop serves: the agent's and the hub's.
//!
//! They are rendered from what was looked at already: however many clients ask, the driver is asked once an interval, and
//! without a request nothing is rendered. No page here is read back by this room, and none changes anything.

mod agent;
mod gpus;
mod hub;

pub use agent::{Agent, Feed, agent};
pub use gpus::gpu_page;
pub use hub::{Hub, hub};
