//! A theme file, read: the colours of the roles, over those of a base.

use std::collections::HashMap;

use ratatui::style::Color;
use serde::Deserialize;
use toml::Spanned;

use super::colour::ansi;
use super::{Colour, Depth, Role, ThemeError};

/// The colours of every role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    name: String,
    rgb: [Colour; Role::COUNT],
    ansi: [Color; Role::COUNT],
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
    /// One of the sixteen colours a role, for terminals that have no more.
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
        let error = |line, what| ThemeError { theme: name.to_owned(), line, what };
        let file: File = toml::from_str(text)
            .map_err(|e| error(e.span().and_then(|span| at(span.start)), e.message().to_owned()))?;

        let mut palette = base.cloned().unwrap_or_else(|| Self::bare(name));
        name.clone_into(&mut palette.name);
        for (key, value) in &file.roles {
            let role = role(key).map_err(|what| error(at(key.span().start), what))?;
            palette.rgb[role as usize] = Colour::parse(value.get_ref()).ok_or_else(|| {
                error(
                    at(value.span().start),
                    format!("`{}` is no colour: write \"#rrggbb\" or \"default\"", value.get_ref()),
                )
            })?;
        }
        for (key, value) in &file.ansi {
            let role = role(key).map_err(|what| error(at(key.span().start), what))?;
            palette.ansi[role as usize] = ansi(value.get_ref()).ok_or_else(|| {
                let what = format!("`{}` is none of the sixteen: write \"blue\" or \"bright-blue\"", value.get_ref());
                error(at(value.span().start), what)
            })?;
        }
        Ok(palette)
    }

    fn bare(name: &str) -> Self {
        Self { name: name.to_owned(), rgb: [Colour::Default; Role::COUNT], ansi: [Color::Reset; Role::COUNT] }
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
            Depth::Sixteen => self.ansi[role as usize],
            Depth::Indexed => self.rgb(role).of_256(),
            Depth::True => self.rgb(role).full(),
        }
    }
}

fn role(key: &Spanned<String>) -> Result<Role, String> {
    let name = key.get_ref();
    Role::named(name).ok_or_else(|| format!("no role `{name}`; did you mean `{}`?", Role::nearest(name)))
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
        assert_eq!(error(text), "theme mine, line 3: no role `gian`; did you mean `gain`?");
        let text = "[roles]\n\ntext = \"white\"\n";
        assert_eq!(error(text), "theme mine, line 3: `white` is no colour: write \"#rrggbb\" or \"default\"");
        assert!(error("[rolls]\n").starts_with("theme mine, line 1: unknown field `rolls`"), "{}", error("[rolls]\n"));
        assert!(error("[roles\n").starts_with("theme mine, line 1: "), "{}", error("[roles\n"));
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
