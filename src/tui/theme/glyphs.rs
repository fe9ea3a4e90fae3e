//! Which characters the terminal can show.

use ratatui::buffer::Buffer;

/// The characters that may be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Glyphs {
    /// Blocks, shades and marks.
    #[default]
    Blocks,
    /// ASCII only.
    Ascii,
}

impl Glyphs {
    /// What the locale and the terminal that `var` describes can show. A locale that names no encoding is no evidence:
    /// containers seldom have one, and their terminals show UTF-8.
    pub fn detect(var: impl Fn(&str) -> Option<String>) -> Self {
        let told = |name: &str| var(name).filter(|value| !value.is_empty());
        let locale = told("LC_ALL").or_else(|| told("LC_CTYPE")).or_else(|| told("LANG")).unwrap_or_default();
        let encoding = locale.split_once('.').map_or("", |(_, encoding)| encoding).to_ascii_lowercase();
        let old = told("TERM").is_some_and(|term| term.starts_with("vt") || term == "dumb");
        let utf8 = encoding.is_empty() || encoding.starts_with("utf-8") || encoding.starts_with("utf8");
        if old || !utf8 { Self::Ascii } else { Self::Blocks }
    }

    /// Replaces what cannot be shown.
    pub fn apply(self, buffer: &mut Buffer) {
        if self == Self::Blocks {
            return;
        }
        for cell in &mut buffer.content {
            if let Some(plain) = plain(cell.symbol()) {
                cell.set_symbol(plain);
            }
        }
    }
}

/// What stands for a braille glyph, by its number of dots.
const DENSITY: [&str; 9] = [" ", ".", ".", ":", ":", "+", "+", "#", "#"];

/// The dots of a braille glyph.
fn braille(symbol: &str) -> Option<u8> {
    let code = symbol.chars().next().map_or(0, u32::from);
    code.checked_sub(0x2800).and_then(|dots| u8::try_from(dots).ok())
}

/// What stands for a character that is not ASCII; `None` for one that is.
fn plain(symbol: &str) -> Option<&'static str> {
    if symbol.is_ascii() {
        return None;
    }
    if let Some(dots) = braille(symbol) {
        return DENSITY.get(dots.count_ones() as usize).copied();
    }
    Some(match symbol {
        "█" | "▓" | "▉" | "▊" | "▇" | "▀" | "▐" => "#",
        "▄" | "▒" | "▋" | "▌" | "━" | "╸" | "╺" | "▬" => "=",
        "▃" | "▍" | "▎" | "–" | "─" | "−" | "╌" => "-",
        "▂" => ":",
        "░" | "▏" | "·" | "▁" => ".",
        "▞" => ",",
        "▲" | "↑" | "▴" => "^",
        "│" | "├" | "‖" => "|",
        "└" => "`",
        "┴" | "┼" | "±" | "▅" => "+",
        "▼" | "↓" | "▾" => "v",
        "●" | "▪" | "▆" => "*",
        "○" => "o",
        "×" => "x",
        "…" | "≈" => "~",
        "≥" | "›" | "→" | "▸" => ">",
        "≤" | "⏎" | "‹" | "←" | "◂" => "<",
        "€" => "E",
        "£" => "L",
        "¥" => "Y",
        "°" => " ",
        _ => "?",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_named_encoding_or_an_old_terminal_takes_the_blocks_away() {
        let cases: [(&[(&str, &str)], Glyphs); 6] = [
            (&[], Glyphs::Blocks),
            (&[("LANG", "C")], Glyphs::Blocks),
            (&[("LANG", "en_US.UTF-8")], Glyphs::Blocks),
            (&[("LANG", "de_DE.ISO-8859-1")], Glyphs::Ascii),
            (&[("LANG", "de_DE.ISO-8859-1"), ("LC_ALL", "C.utf8")], Glyphs::Blocks),
            (&[("TERM", "vt220")], Glyphs::Ascii),
        ];
        for (vars, glyphs) in cases {
            let var = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            assert_eq!(Glyphs::detect(var), glyphs, "{vars:?}");
        }
    }
}
