//! The NVIDIA driver of this machine, asked through its own library on OS threads of its own.
//!
//! A call into a driver may never come back, so no other thread ever waits for one: a [`lane`] asks on a thread, the
//! [`cadence`] watches it, writes it off when its patience ends and goes on without that GPU. The library is never unloaded
//! and never shut down: threads may still be inside it. What a GPU does not support is asked once; what never changes is
//! asked once; what is slow is asked by another thread, less often.

mod cadence;
mod card;
mod driver;
mod kernel;
mod lane;
mod load;
mod machine;
mod message;
mod poll;
mod process;
mod pulse;
mod settings;
mod slow;
mod source;
mod xid;

pub use driver::{Driver, Version};
pub use settings::{NvmlSettings, PollPace};
pub use source::Nvml;
