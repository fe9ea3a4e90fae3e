//! What the user configured, and every mistake in it at once.
//!
//! It turns `margintop.toml` into the plain structs of the rooms that use them. It opens no socket and prints nothing.

mod duration;
mod error;
mod file;
mod lease_conflicts;
mod leases;
mod metering;
mod mistakes;
mod prices;
mod range;
mod scenario;
mod settings;
mod slo;

pub use duration::parse_interval;
pub use error::ConfigError;
pub use file::ConfigFile;
pub use scenario::Scenario;
pub use settings::{Settings, TargetSettings, find, load, load_at};
