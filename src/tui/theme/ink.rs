//! What a cell of a widget is drawn with: a role, a role mixed into the ground, or a place on the load scale.

use super::Role;

/// The colour of a glyph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ink {
    /// A role as it is: edges, digits, words.
    Role(Role),
    /// So many percent of a role mixed into the ground: interiors of areas, bars.
    Mixed(Role, u8),
    /// The load scale, 0 to [`Ink::HOTTEST`].
    Heat(u8),
}

impl Ink {
    /// The end of the load scale.
    pub const HOTTEST: u8 = 12;

    /// The load scale at a share, which is clamped to 0 to 1.
    pub fn heat(share: f64) -> Self {
        let twelfths = (share.clamp(0.0, 1.0) * f64::from(Self::HOTTEST)).round_ties_even();
        Self::Heat(twelfths as u8)
    }

    /// Its role: for the load scale, the nearest of its four.
    pub fn role(self) -> Role {
        match self {
            Self::Role(role) | Self::Mixed(role, _) => role,
            Self::Heat(twelfths) => Role::HEAT[usize::from(twelfths.min(Self::HOTTEST) / 3).min(3)],
        }
    }

    /// Whether it is a role as it is.
    pub fn is_pure(self) -> bool {
        matches!(self, Self::Role(_))
    }
}

impl From<Role> for Ink {
    fn from(role: Role) -> Self {
        Self::Role(role)
    }
}
