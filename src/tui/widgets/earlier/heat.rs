//! The load ramp in four levels, with hysteresis.

use crate::tui::theme::Role;

/// A quarter of the load ramp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Below 25 %.
    Idle,
    /// To 50 %.
    Low,
    /// To 75 %.
    High,
    /// Above.
    Peak,
}

/// How far beyond a level's edge a value must be before the level is left.
const HYSTERESIS: f64 = 0.03;

impl Level {
    /// The level of a value between 0 and 1.
    pub fn at(value: f64) -> Self {
        match value {
            v if v < 0.25 => Self::Idle,
            v if v < 0.50 => Self::Low,
            v if v < 0.75 => Self::High,
            _ => Self::Peak,
        }
    }

    /// The level of `value` after `self`: a value that wavers about an edge changes nothing.
    #[must_use]
    pub fn follow(self, value: f64) -> Self {
        let low = f64::from(self as u8) * 0.25;
        let high = low + 0.25;
        if value >= low - HYSTERESIS && value < high + HYSTERESIS { self } else { Self::at(value) }
    }

    /// Its colour.
    pub const fn role(self) -> Role {
        match self {
            Self::Idle => Role::Heat1,
            Self::Low => Role::Heat2,
            Self::High => Role::Heat3,
            Self::Peak => Role::Heat4,
        }
    }

    /// Its shade, for those who see no colour.
    pub const fn glyph(self) -> &'static str {
        match self {
            Self::Idle => "░",
            Self::Low => "▒",
            Self::High => "▓",
            Self::Peak => "█",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_about_an_edge_keeps_its_level() {
        assert_eq!(Level::Low.follow(0.51), Level::Low);
        assert_eq!(Level::High.follow(0.48), Level::High);
        assert_eq!(Level::Low.follow(0.54), Level::High);
        assert_eq!(Level::Peak.follow(0.1), Level::Idle);
        assert_eq!(Level::Peak.follow(1.0), Level::Peak);
        assert_eq!(Level::Idle.follow(0.0), Level::Idle);
    }
}
