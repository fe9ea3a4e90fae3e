//! margintop: a terminal dashboard that shows, live, how hard a GPU inference fleet works and whether it earns its rent.
//!
//! The library is a set of modules in eight layers; a module imports from lower layers, and within its own layer only
//! from a module named before it. `ARCHITECTURE.md` draws it and `tests/structure/floors.rs` holds the list.

// Layer 0: ids and quantities.
pub mod columns;
pub mod natural_order;
pub mod reading;
pub mod suggestion;
pub mod system_error;
pub mod units;
// Layer 1: text formats, prices and postings.
pub mod dialect;
pub mod exposition;
pub mod ledger;
pub mod pricing;
// Layer 2: counters and sums over time.
mod calculator;
pub mod counters;
mod reconcile;
pub mod statement;
// Layer 3: the state of a fleet, and views of it.
pub mod alert;
pub mod balance;
pub mod burn;
pub mod efficiency;
pub mod fleet;
pub mod history;
pub mod inventory;
pub mod metering;
pub mod snapshot;
// Layer 4: where I/O begins.
pub mod clock;
pub mod platform;
pub mod source;
pub mod wire;
// Layer 5: sessions, files and recordings.
pub mod attach;
mod lease_history;
pub mod record;
pub mod session;
pub mod store;
// Layer 6: the screen and the pages that are served.
pub mod http;
pub mod tui;
// Layer 7: configuration and command line.
pub mod cli;
pub mod config;
