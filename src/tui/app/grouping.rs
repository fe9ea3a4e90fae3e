//! By what the engines are put together.

/// What a row of engines stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Grouping {
    /// A unit; an engine by itself where it is in none.
    #[default]
    Unit,
    Node,
    Model,
}

impl Grouping {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unit, Self::Node, Self::Model];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL.get(self as usize + 1).copied().unwrap_or_default()
    }

    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Node => "node",
            Self::Model => "model",
        }
    }
}
