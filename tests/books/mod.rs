//! Cases, the watch that keeps their ledgers, the model of them, and what is compared.

pub mod amounts;
pub mod case;
pub mod compare;
pub mod dice;
pub mod drive;
pub mod forms;
pub mod model;
pub mod paid;
pub mod prices;
pub mod rows;
pub mod terms;

use super::{program, script, support};
