//! The NVIDIA driver of this machine, called through its library on separate OS threads.
//!
//! A call of the driver may never return, so no other thread waits for one: a [`lane`] makes the calls on a thread, and the
//! [`cadence`] writes that thread off after a timeout and continues without its GPU. The library is never unloaded or shut
//! down, since threads may still be inside it. Unsupported calls, and calls whose result never changes, are made once. Slow
//! calls are made less often, on another thread.

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
