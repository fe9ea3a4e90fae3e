//! margintop: a terminal dashboard that shows, live, how hard a GPU inference fleet works and whether it earns its rent.
//!
//! The library is small modules on eight floors; a module imports from lower floors, and on its own floor only
//! from a module named before it. `ARCHITECTURE.md` draws it and `tests/floors.rs` holds the list.

// Floor 0: words.
pub mod reading;
pub mod units;
pub mod words;
// Floor 1: what words mean.
pub mod dialect;
pub mod exposition;
pub mod ledger;
pub mod pricing;
// Floor 2: what happens over time.
pub mod counters;
pub mod statement;
// Floor 3: what is known.
pub mod alert;
pub mod balance;
pub mod burn;
pub mod efficiency;
pub mod fleet;
pub mod history;
pub mod inventory;
pub mod metering;
pub mod snapshot;
// Floor 4: where I/O begins.
pub mod clock;
pub mod platform;
pub mod source;
pub mod wire;
// Floor 5: who owns it.
pub mod record;
pub mod session;
pub mod store;
// Floor 6: who is shown it.
pub mod http;
pub mod tui;
// Floor 7: who asked.
pub mod cli;
pub mod config;
