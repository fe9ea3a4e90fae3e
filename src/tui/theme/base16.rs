//! Base16 schemes: sixteen colours by number, as hundreds of themes are published.
//!
//! A scheme is a YAML file of flat `key: "value"` lines, the colours at the top or under `palette:`; no more of YAML is
//! read. Tones that do not reach the contrast which words and series need are moved towards white or black.

use super::{Colour, Palette, Role, ThemeError};

/// Contrast of words on ground and panel, and of series on the ground.
const WORDS: f64 = 4.5;
const SERIES: f64 = 3.0;

/// Reads a scheme; its colours for terminals with sixteen are those of `base`.
///
/// # Errors
/// [`ThemeError`] names the line of a wrong colour, or the colours that are missing.
pub(super) fn parse(name: &str, text: &str, base: Option<&Palette>) -> Result<Palette, ThemeError> {
    let mut colours = [None; 16];
    for (line, (key, value)) in (1..).zip(text.lines().map(entry)) {
        let number = key.strip_prefix("base").filter(|digits| digits.len() == 2);
        let Some(number) = number.and_then(|digits| usize::from_str_radix(digits, 16).ok()) else { continue };
        let Some(colour) = colours.get_mut(number) else { continue };
        *colour = Some(Colour::parse(&format!("#{}", value.trim_start_matches('#'))).ok_or_else(|| ThemeError {
            theme: name.to_owned(),
            file: None,
            line: Some(line),
            what: format!("`{value}` is not a colour: write \"rrggbb\""),
        })?);
    }
    let missing: Vec<String> = (0..16).filter(|i| colours[*i].is_none()).map(|i| format!("base{i:02X}")).collect();
    if !missing.is_empty() {
        let what = format!("not a base16 scheme: no {}", missing.join(", "));
        return Err(ThemeError { theme: name.to_owned(), file: None, line: None, what });
    }
    let roles = roles(&colours.map(|colour| colour.unwrap_or(Colour::Default)));
    let base = base.cloned().unwrap_or_else(|| Palette::bare(name));
    Ok(base.with_colours(name, roles))
}

/// Key and value of a line, without quotes and comment; empty if it has none.
fn entry(line: &str) -> (&str, &str) {
    let Some((key, value)) = line.split_once(':') else { return ("", "") };
    let value = value.trim();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let value = match quote {
        Some(quote) => value[1..].split(quote).next().unwrap_or_default(),
        None => value.split(" #").next().unwrap_or_default(),
    };
    (key.trim().trim_matches(['"', '\'']), value.trim())
}

fn roles(base: &[Colour; 16]) -> [Colour; Role::COUNT] {
    let [ground, panel] = [base[0], base[1]];
    let mut colours = Role::ALL.map(|role| match role {
        Role::Ground => ground,
        Role::Panel => panel,
        Role::Text => base[0x5],
        Role::Dim => base[0x4],
        Role::Rule => base[0x2],
        Role::Gain => base[0xB],
        Role::Loss => base[0x9],
        Role::Warning => base[0xA],
        Role::Critical => base[0x8],
        Role::Output => base[0xC],
        Role::Prompt => base[0xE],
        Role::Hit => base[0xE].mixed(50, base[0x5]),
        Role::Cost => base[0x3],
        Role::Heat1 => base[0xD].mixed(25, ground),
        Role::Heat2 => base[0xD].mixed(55, ground),
        Role::Accent | Role::Heat3 => base[0xD],
        Role::Heat4 => base[0xD].mixed(30, base[0x7]),
    });
    for role in Role::WORDS {
        colours[role as usize] = colours[role as usize].legible(&[ground, panel], WORDS);
    }
    for role in Role::SERIES {
        colours[role as usize] = colours[role as usize].legible(&[ground], SERIES);
    }
    colours
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEME: &str = r#"
scheme: "Default Dark"
author: 'Chris Kempson (http://chriskempson.com)'
base00: "181818" # ground
base01: "282828"
base02: "383838"
base03: "585858"
base04: "b8b8b8"
base05: "d8d8d8"
base06: "e8e8e8"
base07: "f8f8f8"
base08: "ab4642"
base09: "dc9656"
base0A: "f7ca88"
base0B: "a1b56c"
base0C: "86c1b9"
base0D: "7cafc2"
base0E: "ba8baf"
base0F: "a16946"
"#;

    fn error(text: &str) -> String {
        parse("mine", text, None).map_or_else(|e| e.to_string(), |_| "no error".to_owned())
    }

    #[test]
    fn both_forms_of_a_scheme_give_the_same_legible_palette() -> Result<(), ThemeError> {
        let flat = parse("mine", SCHEME, None)?;
        let nested = SCHEME.replace("base0", "  base0").replace(": \"", ": \"#").replace("scheme", "palette:\nname");
        assert_eq!(parse("mine", &nested, None)?, flat);
        assert_eq!(flat.rgb(Role::Ground), Colour::Rgb(0x18, 0x18, 0x18));
        assert_eq!(flat.rgb(Role::Gain), Colour::Rgb(0xa1, 0xb5, 0x6c));
        for role in Role::WORDS {
            let contrast = flat.rgb(role).contrast(flat.rgb(Role::Panel));
            assert!(contrast.is_some_and(|c| c >= 4.5), "{role:?} {contrast:?}");
        }
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(
            error(&SCHEME.replace("d8d8d8", "grey")),
            "theme mine, line 9: `grey` is not a colour: write \"rrggbb\""
        );
        let short = SCHEME.replace("base0A", "base1A").replace("base0F", "fifteen");
        assert_eq!(error(&short), "theme mine: not a base16 scheme: no base0A, base0F");
        assert!(error("").contains("no base00, base01"), "{}", error(""));
        assert!(error("a: \"\nbase00: \"\u{e9}\n:\n").starts_with("theme mine, line 2"), "{}", error("base00: \""));
    }
}
