//! A theme file, read: the colours of the roles, over those of a base.

use std::collections::HashMap;

use ratatui::style::Color;
use serde::Deserialize;
use toml::Spanned;

use super::colour::Ansi;
use super::{Colour, Depth, Ink, Role, ThemeError};
use crate::suggestion::meant;

/// The colours of every role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    name: String,
    rgb: [Colour; Role::COUNT],
    ansi: [Ansi; Role::COUNT],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// One line for `margintop themes`.
    #[serde(default, rename = "description")]
    _description: String,
    /// `#rrggbb` or `default` a role.
    #[serde(default)]
    roles: HashMap<Spanned<String>, Spanned<String>>,
    /// One or two of the sixteen colours a role (interior and edge), for terminals that have no more.
    #[serde(default)]
    ansi: HashMap<Spanned<String>, Spanned<String>>,
}

impl Palette {
    /// Reads a theme; roles that it does not name stay as they are in `base`.
    ///
    /// # Errors
    /// [`ThemeError`] names the line and the nearest known role.
    pub fn parse(name: &str, text: &str, base: Option<&Self>) -> Result<Self, ThemeError> {
        let at = |offset: usize| Some(1 + text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count());
        let error = |line, what| ThemeError { theme: name.to_owned(), file: None, line, what };
        let file: File = toml::from_str(text)
            .map_err(|e| error(e.span().and_then(|span| at(span.start)), e.message().to_owned()))?;

        let mut palette = base.cloned().unwrap_or_else(|| Self::bare(name));
        name.clone_into(&mut palette.name);
        for (key, value) in &file.roles {
            let role = role(key).map_err(|what| error(at(key.span().start), what))?;
            palette.rgb[role as usize] = Colour::parse(value.get_ref()).ok_or_else(|| {
                error(
                    at(value.span().start),
                    format!("`{}` is not a colour: write \"#rrggbb\" or \"default\"", value.get_ref()),
                )
            })?;
        }
        for (key, value) in &file.ansi {
            let role = role(key).map_err(|what| error(at(key.span().start), what))?;
            palette.ansi[role as usize] = Ansi::parse(value.get_ref()).ok_or_else(|| {
                let what = format!(
                    "`{}` is none of the sixteen: write \"blue\", \"bright-blue\" or \"blue/bright-blue\"",
                    value.get_ref()
                );
                error(at(value.span().start), what)
            })?;
        }
        Ok(palette)
    }

    /// A palette in which every colour is the terminal's own.
    pub(super) fn bare(name: &str) -> Self {
        let ansi = Ansi { interior: Color::Reset, edge: Color::Reset };
        Self { name: name.to_owned(), rgb: [Colour::Default; Role::COUNT], ansi: [ansi; Role::COUNT] }
    }

    /// The palette with other colours; the sixteen stay as they are.
    pub(super) fn with_colours(self, name: &str, rgb: [Colour; Role::COUNT]) -> Self {
        Self { name: name.to_owned(), rgb, ..self }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A role's colour as it is written.
    pub fn rgb(&self, role: Role) -> Colour {
        self.rgb[role as usize]
    }

    /// A role's colour at a depth.
    pub fn colour(&self, role: Role, depth: Depth) -> Color {
        match depth {
            Depth::None => Color::Reset,
            Depth::Sixteen => self.ansi[role as usize].edge,
            Depth::Indexed => self.rgb(role).of_256(),
            Depth::True => self.rgb(role).full(),
        }
    }

    /// The colour of an ink at a depth.
    pub fn ink(&self, ink: Ink, depth: Depth) -> Color {
        let rgb = match (ink, depth) {
            (_, Depth::None) => return Color::Reset,
            (Ink::Role(role), _) => return self.colour(role, depth),
            (Ink::Mixed(role, _), Depth::Sixteen) => return self.ansi[role as usize].interior,
            (Ink::Heat(_), Depth::Sixteen) => return self.colour(ink.role(), depth),
            (Ink::Mixed(role, percent), _) => self.rgb(role).mixed(percent, self.rgb(Role::Ground)),
            (Ink::Heat(heat), _) => self.heat(heat),
        };
        if depth == Depth::Indexed { rgb.of_256() } else { rgb.full() }
    }

    /// The load scale at `twelfths`, which runs through its four colours.
    fn heat(&self, twelfths: u8) -> Colour {
        let twelfths = twelfths.min(Ink::HOTTEST);
        let below = usize::from(twelfths / 4).min(2);
        let percent = (u32::from(twelfths) - 4 * below as u32) * 25;
        if percent == 0 {
            return self.rgb(Role::HEAT[below]);
        }
        self.rgb(Role::HEAT[below + 1]).mixed(percent as u8, self.rgb(Role::HEAT[below]))
    }

    /// The palette as a theme file.
    pub fn to_toml(&self) -> String {
        let colours = Role::ALL.into_iter().map(|role| match self.rgb(role) {
            Colour::Rgb(r, g, b) => format!("{:9} = \"#{r:02x}{g:02x}{b:02x}\"\n", role.name()),
            Colour::Default => format!("{:9} = \"default\"\n", role.name()),
        });
        format!("[roles]\n{}", colours.collect::<String>())
    }
}

fn role(key: &Spanned<String>) -> Result<Role, String> {
    let name = key.get_ref();
    if name == "info" {
        return Err("the role `info` is gone: remove it, its words are `dim` or `accent`".to_owned());
    }
    Role::named(name).ok_or_else(|| format!("no role \"{name}\"{}", meant(name, Role::ALL.into_iter().map(Role::name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Palette::parse("mine", text, None).map_or_else(|e| e.to_string(), |_| "no error".to_owned())
    }

    #[test]
    fn an_error_names_the_line_and_the_nearest_role() {
        let text = "[roles]\ntext = \"#ffffff\"\ngian = \"#00ff00\"\n";
        assert_eq!(error(text), "theme mine, line 3: no role \"gian\"; is it \"gain\"?");
        let text = "[roles]\n\ntext = \"white\"\n";
        assert_eq!(error(text), "theme mine, line 3: `white` is not a colour: write \"#rrggbb\" or \"default\"");
        assert!(error("[rolls]\n").starts_with("theme mine, line 1: unknown field `rolls`"), "{}", error("[rolls]\n"));
        assert!(error("[roles\n").starts_with("theme mine, line 1: "), "{}", error("[roles\n"));
    }

    #[test]
    fn former_names_of_roles_are_read() -> Result<(), ThemeError> {
        let old =
            Palette::parse("old", "[roles]\nfaint = \"#010101\"\nselection = \"#020202\"\npeak = \"#030303\"", None)?;
        let got = [Role::Rule, Role::Panel, Role::Heat4].map(|role| old.rgb(role));
        assert_eq!(got, [1, 2, 3].map(|grey| Colour::Rgb(grey, grey, grey)));
        let gone = "theme mine, line 2: the role `info` is gone: remove it, its words are `dim` or `accent`";
        assert_eq!(error("[roles]\ninfo = \"#010101\""), gone);
        Ok(())
    }

    #[test]
    fn sixteen_colours_have_an_interior_and_an_edge() -> Result<(), ThemeError> {
        let mine = Palette::parse("mine", "[ansi]\ngain = \"green/bright-green\"\nprompt = \"magenta\"", None)?;
        assert_eq!(mine.ink(Ink::Mixed(Role::Gain, 30), Depth::Sixteen), Color::Green);
        assert_eq!(mine.ink(Role::Gain.into(), Depth::Sixteen), Color::LightGreen);
        assert_eq!(mine.ink(Ink::Mixed(Role::Prompt, 30), Depth::Sixteen), Color::Magenta);
        let wrong = error("[ansi]\ngain = \"green/lime\"");
        assert!(wrong.starts_with("theme mine, line 2: `green/lime` is none of the sixteen"), "{wrong}");
        Ok(())
    }

    #[test]
    fn of_256_colours_an_interior_is_the_nearest_to_its_mix() -> Result<(), ThemeError> {
        let mine =
            Palette::parse("mine", "[roles]\nground = \"#000000\"\ngain = \"#ff0000\"\nheat1 = \"#00005f\"", None)?;
        assert_eq!(mine.ink(Ink::Mixed(Role::Gain, 53), Depth::Indexed), Color::Indexed(88));
        assert_eq!(mine.ink(Ink::Heat(0), Depth::Indexed), Color::Indexed(17));
        assert_eq!(mine.ink(Ink::Mixed(Role::Gain, 50), Depth::True), Color::Rgb(128, 0, 0));
        Ok(())
    }

    #[test]
    fn a_written_palette_reads_the_same() -> Result<(), ThemeError> {
        let mine = Palette::parse("mine", "[roles]\ngain = \"#333333\"", None)?;
        assert_eq!(Palette::parse("mine", &mine.to_toml(), None)?, mine);
        Ok(())
    }

    #[test]
    fn a_theme_names_only_what_it_changes() -> Result<(), ThemeError> {
        let base = Palette::parse("base", "[roles]\ntext = \"#111111\"\ngain = \"#222222\"", None)?;
        let mine = Palette::parse("mine", "[roles]\ngain = \"#333333\"", Some(&base))?;
        assert_eq!(mine.rgb(Role::Text), Colour::Rgb(0x11, 0x11, 0x11));
        assert_eq!(mine.rgb(Role::Gain), Colour::Rgb(0x33, 0x33, 0x33));
        assert_eq!(mine.name(), "mine");
        Ok(())
    }
}
