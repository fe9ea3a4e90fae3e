//! One colour: as it is written, and as a poorer terminal can show it.

use ratatui::style::Color;

/// A colour of a theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// The terminal's own.
    Default,
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

impl Colour {
    /// Reads `#rrggbb` or `default`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Default);
        }
        let hex = text.strip_prefix('#').filter(|h| h.len() == 6 && h.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let value = u32::from_str_radix(hex, 16).ok()?;
        let [_, r, g, b] = value.to_be_bytes();
        Some(Self::Rgb(r, g, b))
    }

    /// For terminals with 24 bits.
    pub fn full(self) -> Color {
        match self {
            Self::Default => Color::Reset,
            Self::Rgb(r, g, b) => Color::Rgb(r, g, b),
        }
    }

    /// The nearest of the 6x6x6 cube and the 24 greys.
    pub fn of_256(self) -> Color {
        let Self::Rgb(r, g, b) = self else { return Color::Reset };
        let cube = [r, g, b].map(nearest_level);
        let cube_index = 16 + 36 * cube[0].0 + 6 * cube[1].0 + cube[2].0;
        let grey = ((i32::from(r) + i32::from(g) + i32::from(b)) / 3 - 8).clamp(0, 230) / 10;
        let grey_level = (8 + grey * 10) as u8;
        let to_cube = distance([r, g, b], [cube[0].1, cube[1].1, cube[2].1]);
        let to_grey = distance([r, g, b], [grey_level; 3]);
        Color::Indexed(if to_grey < to_cube { 232 + grey as u8 } else { cube_index })
    }

    /// `percent` of this colour mixed into `ground`; this colour where one of both is the terminal's own.
    #[must_use]
    pub fn mixed(self, percent: u8, ground: Self) -> Self {
        let (Self::Rgb(r, g, b), Self::Rgb(to_r, to_g, to_b)) = (self, ground) else { return self };
        let share = u32::from(percent.min(100));
        let mix = |a: u8, b: u8| {
            (f64::from(u32::from(a) * share + u32::from(b) * (100 - share)) / 100.0).round_ties_even() as u8
        };
        Self::Rgb(mix(r, to_r), mix(g, to_g), mix(b, to_b))
    }

    /// The contrast of two colours as WCAG 2 counts it, 1 to 21; `None` where one is the terminal's own.
    pub fn contrast(self, other: Self) -> Option<f64> {
        let (a, b) = (self.luminance()?, other.luminance()?);
        Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
    }

    /// This colour, moved towards white (on dark grounds) or black as little as the contrast on all `grounds` needs.
    #[must_use]
    pub fn legible(self, grounds: &[Self], contrast: f64) -> Self {
        if self == Self::Default {
            return self;
        }
        let is_dark = grounds.first().and_then(|ground| ground.luminance()).is_none_or(|light| light < 0.18);
        let end = if is_dark { Self::Rgb(255, 255, 255) } else { Self::Rgb(0, 0, 0) };
        let enough = |colour: &Self| grounds.iter().all(|g| colour.contrast(*g).is_none_or(|c| c >= contrast));
        (0..=100).map(|percent| end.mixed(percent, self)).find(enough).unwrap_or(end)
    }

    /// Relative luminance, 0 to 1; `None` for the terminal's own colour.
    pub fn luminance(self) -> Option<f64> {
        let Self::Rgb(r, g, b) = self else { return None };
        let [r, g, b] = [r, g, b].map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        Some(0.2126 * r + 0.7152 * g + 0.0722 * b)
    }
}

/// The cube's step that is nearest to a channel, and that step's value.
fn nearest_level(channel: u8) -> (u8, u8) {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let mut best = (0, LEVELS[0]);
    for (i, level) in (0..).zip(LEVELS) {
        if channel.abs_diff(level) < channel.abs_diff(best.1) {
            best = (i, level);
        }
    }
    best
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(x, y)| u32::from(x.abs_diff(y)).pow(2)).sum()
}

/// One of the sixteen colours for interiors of areas, and one for edges, bars and words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ansi {
    pub(super) interior: Color,
    pub(super) edge: Color,
}

impl Ansi {
    /// Reads `blue`, or `blue/bright-cyan`: interior and edge.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (interior, edge) = text.split_once('/').unwrap_or((text, text));
        Some(Self { interior: ansi(interior.trim())?, edge: ansi(edge.trim())? })
    }
}

/// The sixteen colours by the names that theme files use.
fn ansi(name: &str) -> Option<Color> {
    Some(match name {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_256_colour_terminal_gets_the_nearest() {
        assert_eq!(Colour::Rgb(255, 0, 0).of_256(), Color::Indexed(196));
        assert_eq!(Colour::Rgb(18, 18, 18).of_256(), Color::Indexed(233));
        assert_eq!(Colour::Rgb(95, 135, 175).of_256(), Color::Indexed(67));
        assert_eq!(Colour::Default.of_256(), Color::Reset);
    }

    #[test]
    fn a_colour_moves_no_farther_than_it_must() {
        let ground = Colour::Rgb(0x28, 0x28, 0x28);
        let readable = Colour::Rgb(0xeb, 0xdb, 0xb2);
        assert_eq!(readable.legible(&[ground], 4.5), readable);
        let moved = Colour::Rgb(0x92, 0x83, 0x74).legible(&[ground], 4.5);
        assert!(moved.contrast(ground).is_some_and(|c| (4.5..4.7).contains(&c)), "{moved:?}");
        assert_eq!(Colour::Default.legible(&[ground], 4.5), Colour::Default);
    }

    #[test]
    fn interiors_are_mixed_into_the_ground() {
        assert_eq!(Colour::Rgb(100, 0, 255).mixed(30, Colour::Rgb(0, 100, 255)), Colour::Rgb(30, 70, 255));
        assert_eq!(Colour::Rgb(1, 2, 3).mixed(30, Colour::Default), Colour::Rgb(1, 2, 3));
    }

    #[test]
    fn only_whole_hex_is_a_colour() {
        assert_eq!(Colour::parse("#0a1B2c"), Some(Colour::Rgb(10, 27, 44)));
        for wrong in ["", "#", "#12345", "#1234567", "#+12345", "red", "#ééé"] {
            assert_eq!(Colour::parse(wrong), None, "{wrong}");
        }
    }
}
