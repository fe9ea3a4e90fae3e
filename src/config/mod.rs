//! The user's configuration, and all mistakes in it at once.
//!
//! It turns `margintop.toml` into plain structs of other modules. It opens no socket and prints nothing.

mod discoveries;
mod display;
mod duration;
mod error;
mod faults;
mod file;
mod former;
mod lease_conflicts;
mod lease_rent;
mod leases;
mod log;
mod metering;
mod mistakes;
mod prices;
mod range;
mod scenario;
mod settings;
mod slo;
mod syntax;
mod targets;

pub use display::{COLORS, known_theme, themes_folder};
pub use duration::{often_enough, parse_interval};
pub use error::ConfigError;
pub use file::ConfigFile;
pub use log::{LogFormat, parse_format, parse_level};
pub use scenario::Scenario;
pub use settings::{Settings, currency_and_ledger, files_of_targets, find, load, load_at, text};
pub use targets::TargetSettings;
