//! The characters that the terminal can show.

use std::borrow::Cow;

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
    /// The characters that the terminal and locale of `var` can show. No locale is no evidence: containers seldom have
    /// one, and their terminals show UTF-8. A locale `C` that is set is ASCII, as for other programs; the font of the
    /// Linux console has no braille and few blocks.
    pub fn detect(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
        let encoding = locale.split_once('.').map_or("", |(_, encoding)| encoding).to_ascii_lowercase();
        let old = set("TERM").is_some_and(|term| term.starts_with("vt") || term == "dumb" || term == "linux");
        let is_plain = locale == "C" || locale == "POSIX";
        let utf8 = encoding.is_empty() && !is_plain || encoding.starts_with("utf-8") || encoding.starts_with("utf8");
        if old || !utf8 { Self::Ascii } else { Self::Blocks }
    }

    /// A text with the characters replaced that cannot be shown; columns keep their width, apart from `≥`, `≤` and `±`.
    pub fn text(self, text: &str) -> Cow<'_, str> {
        if self == Self::Blocks || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut shown = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '≥' => shown.push_str(">="),
                '≤' => shown.push_str("<="),
                '±' => shown.push_str("+-"),
                _ => match plain(character.encode_utf8(&mut [0; 4])) {
                    Some(plain) => shown.push_str(plain),
                    None => shown.push(character),
                },
            }
        }
        Cow::Owned(shown)
    }

    /// The names of keys, which a single replaced character would confuse with those of others: `v` and `<` are keys.
    pub fn keys(self, keys: &str) -> Cow<'_, str> {
        const NAMES: [(&str, &str); 7] =
            [("⏎", "Enter"), ("↑↓", "Up Dn"), ("←", "<-"), ("→", "->"), ("↑", "Up"), ("↓", "Dn"), ("1 … 7", "1-7")];
        if self == Self::Blocks || keys.is_ascii() {
            return Cow::Borrowed(keys);
        }
        Cow::Owned(NAMES.iter().fold(keys.to_owned(), |keys, (glyph, name)| keys.replace(glyph, name)))
    }

    /// Replaces characters that cannot be shown.
    pub fn apply(self, buffer: &mut Buffer) {
        if self == Self::Blocks {
            return;
        }
        for place in 0..buffer.content.len() {
            let symbol = buffer.content[place].symbol();
            let (is_bound, is_arrow) = (matches!(symbol, "≥" | "≤"), symbol == "→");
            if let Some(plain) = plain(buffer.content[place].symbol()) {
                buffer.content[place].set_symbol(plain);
            }
            // `>` alone would say more than `≥`.
            if let Some(next) = buffer.content.get_mut(place + 1).filter(|next| is_bound && next.symbol() == " ") {
                next.set_symbol("=");
            }
            // So would `>` be for an arrow, which also is a sign of its own.
            if let Some(before) = place.checked_sub(1).filter(|_| is_arrow).and_then(|at| buffer.content.get_mut(at))
                && before.symbol() == " "
            {
                before.set_symbol("-");
            }
        }
    }
}

/// The replacement of a braille glyph, by its number of dots.
const DENSITY: [&str; 9] = [" ", ".", ".", ":", ":", "+", "+", "#", "#"];

/// The dots of a braille glyph.
fn braille(symbol: &str) -> Option<u8> {
    let code = symbol.chars().next().map_or(0, u32::from);
    code.checked_sub(0x2800).and_then(|dots| u8::try_from(dots).ok())
}

/// The replacement of a character that is not ASCII; `None` for one that is.
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
        "≤" | "‹" | "←" | "◂" => "<",
        "€" => "E",
        "£" => "L",
        "¥" => "Y",
        "°" => "C",
        _ => "?",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_text_is_ascii_where_the_locale_is() {
        let text = "cost  – ≤ ¥4.00 −23.7 % ±1 §";
        assert_eq!(Glyphs::Ascii.text(text), "cost  - <= Y4.00 -23.7 % +-1 ?");
        assert_eq!(Glyphs::Blocks.text(text), text);
    }

    #[test]
    fn keys_keep_their_names() {
        let cases = [
            ("⏎", "Enter"),
            ("←  →", "<-  ->"),
            ("j ↓  k ↑", "j Dn  k Up"),
            ("↑↓", "Up Dn"),
            ("1 … 7", "1-7"),
            ("+  −", "+  −"),
            ("q", "q"),
        ];
        for (keys, named) in cases {
            assert_eq!(Glyphs::Ascii.keys(keys), named);
            assert_eq!(Glyphs::Blocks.keys(keys), keys);
        }
    }

    #[test]
    fn a_named_encoding_or_a_plain_terminal_takes_the_blocks_away() {
        let cases: [(&[(&str, &str)], Glyphs); 9] = [
            (&[], Glyphs::Blocks),
            (&[("LANG", "C")], Glyphs::Ascii),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "POSIX")], Glyphs::Ascii),
            (&[("LANG", "en_US")], Glyphs::Blocks),
            (&[("LANG", "en_US.UTF-8"), ("TERM", "linux")], Glyphs::Ascii),
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
