//! The origin of a price or rate.

use std::fmt;

use serde::{Serialize, Serializer};

/// Where a price list or a rate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Provenance {
    /// The user's configuration or price file.
    #[default]
    Configured,
    /// A file of another program's prices that `config import-prices` turned into a price file.
    Imported,
    /// A list that ships with the program.
    BuiltIn,
    /// A dated assumption that ships with the program.
    Assumed,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configured => "configured",
            Self::Imported => "imported",
            Self::BuiltIn => "built in",
            Self::Assumed => "assumed",
        })
    }
}

impl Serialize for Provenance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
