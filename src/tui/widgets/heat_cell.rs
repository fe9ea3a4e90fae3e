//! A cell of a heat map: an eighth block by height and colour, in seven levels that do not flicker.

use super::Segment;
use super::clip::{Clip, tenths};
use crate::tui::theme::{Ink, Role};

const GLYPHS: [char; 7] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];
/// The hysteresis: the distance beyond the edge of a level at which it changes.
const HYSTERESIS: f64 = 0.03;

/// A seventh of a scale, 0 to 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeatLevel(u8);

impl HeatLevel {
    /// The number of levels.
    pub const COUNT: u8 = 7;

    /// The level of a share, which is clamped to 0 to 1.
    pub fn at(share: f64) -> Self {
        let level = (share.clamp(0.0, 1.0) * f64::from(Self::COUNT)) as u8;
        Self(level.min(Self::COUNT - 1))
    }

    /// The level of `share` after `self`: a variation of 3 points around an edge does not change it.
    #[must_use]
    pub fn follow(self, share: f64) -> Self {
        let low = f64::from(self.0) / f64::from(Self::COUNT);
        let high = f64::from(self.0 + 1) / f64::from(Self::COUNT);
        if share >= low - HYSTERESIS && share < high + HYSTERESIS { self } else { Self::at(share) }
    }

    /// Its number, from 0.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its colour on the load scale.
    pub const fn ink(self) -> Ink {
        Ink::Heat(2 * self.0)
    }

    /// Its glyph, by height.
    pub fn glyph(self) -> char {
        GLYPHS.get(usize::from(self.0)).copied().unwrap_or('▇')
    }
}

/// The content of a cell of a heat map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Heat {
    /// A level of the load scale.
    Level(HeatLevel),
    /// A loss in the loss role, by height, in a map of profit.
    Loss(HeatLevel),
    /// Lost: no answer for longer than the limit.
    Lost,
    /// Stale: no answer to the latest polls.
    Silent,
    /// Unknown.
    Unknown,
}

impl Heat {
    /// The cell of a share that may be unknown, without hysteresis.
    pub fn of(share: Option<f64>) -> Self {
        share.filter(|share| share.is_finite()).map_or(Self::Unknown, |share| Self::Level(HeatLevel::at(share)))
    }

    /// Draws the cell.
    pub fn draw(self, clip: &mut Clip<'_>, x: u16, y: u16) {
        let (glyph, ink) = match self {
            Self::Level(level) => (level_glyph(clip, level), level.ink()),
            Self::Loss(level) => (level_glyph(clip, level), Role::Loss.into()),
            Self::Lost => ('×', Role::Critical.into()),
            Self::Silent => ('?', Role::Warning.into()),
            Self::Unknown => ('·', Role::Rule.into()),
        };
        clip.put(x, y, glyph, ink);
    }
}

fn level_glyph(clip: &Clip<'_>, level: HeatLevel) -> char {
    if clip.is_ascii() { tenths(level.ink()).unwrap_or('9') } else { level.glyph() }
}

/// The scale for a title: `GPU load ▁▂▃▄▅▆▇ 0 to 100 %`.
pub fn legend<'a>(what: &str, range: &'a str) -> Vec<Segment<'a>> {
    let levels = (0..HeatLevel::COUNT).map(HeatLevel).map(|level| Segment::new(level.ink(), level.glyph().to_string()));
    let mut segments = vec![Segment::dim(format!("{what} "))];
    segments.extend(levels);
    segments.push(Segment::dim(format!(" {range}")));
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_about_an_edge_keeps_its_level() {
        let third = HeatLevel::at(0.40);
        assert_eq!(third.number(), 2);
        assert_eq!(third.follow(3.0 / 7.0 + 0.02), third);
        assert_eq!(third.follow(2.0 / 7.0 - 0.02), third);
        assert_eq!(third.follow(3.0 / 7.0 + 0.04).number(), 3);
        assert_eq!(third.follow(0.0).number(), 0);
        assert_eq!(HeatLevel::at(1.0).number(), 6);
        assert_eq!(HeatLevel::at(1.0).follow(7.0), HeatLevel::at(1.0));
        assert_eq!(HeatLevel::at(f64::NAN).number(), 0);
    }
}
