//! The marks of inexact figures.

/// On which side of a shown amount the true one may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// It is exact.
    None,
    /// The true one may be higher.
    Lower,
    /// The true one may be lower.
    Upper,
    /// The true one may be higher or lower.
    Both,
}

impl Bound {
    /// Whether the true amount may be higher, and whether it may be lower.
    pub const fn of(lower: bool, upper: bool) -> Self {
        match (lower, upper) {
            (false, false) => Self::None,
            (true, false) => Self::Lower,
            (false, true) => Self::Upper,
            (true, true) => Self::Both,
        }
    }

    /// The mark before the figure: `≥ `, `≤ `, `≈ `.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Lower => "≥ ",
            Self::Upper => "≤ ",
            Self::Both => "≈ ",
        }
    }

    /// The mark of the negated amount: of a loss if this is the mark of the profit.
    #[must_use]
    pub const fn of_negative(self) -> Self {
        match self {
            Self::Lower => Self::Upper,
            Self::Upper => Self::Lower,
            same => same,
        }
    }

    /// The words after the figure.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Lower => " or more",
            Self::Upper => " or less",
            Self::Both => " or so",
        }
    }
}
