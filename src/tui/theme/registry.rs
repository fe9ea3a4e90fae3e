//! The themes at hand: those compiled in, and the user's own over them.

use std::path::Path;

use super::{Palette, ThemeError, base16};
use crate::words::nearest;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../themes/", $name, ".toml")))),*]
    };
}

/// The themes that are compiled in, the default first: their names and files.
pub const BUILT_IN: [(&str, &str); 18] = built_in!(
    "dark",
    "light",
    "colour-blind",
    "colour-blind-light",
    "high-contrast",
    "high-contrast-light",
    "ember",
    "mono",
    "nord",
    "gruvbox-dark",
    "gruvbox-light",
    "solarized-dark",
    "solarized-light",
    "catppuccin-mocha",
    "catppuccin-latte",
    "dracula",
    "tokyo-night",
    "rose-pine-dawn",
);

/// What themes were called before.
pub const FORMER_NAMES: [(&str, &str); 2] = [("margintop-dark", "dark"), ("margintop-light", "light")];

/// Every palette that can be chosen, in the order in which `t` goes through them. Never empty.
#[derive(Debug, Clone)]
pub struct ThemeRegistry(Vec<Palette>);

impl ThemeRegistry {
    /// The built-in themes.
    ///
    /// # Errors
    /// Only if a built-in file is wrong, which a test excludes.
    pub fn built_in() -> Result<Self, ThemeError> {
        let mut palettes: Vec<Palette> = Vec::new();
        for (name, text) in BUILT_IN {
            let palette = Palette::parse(name, text, palettes.first())?;
            palettes.push(palette);
        }
        Ok(Self(palettes))
    }

    /// The built-in themes and the files of a folder, by name: `*.toml`, and base16 schemes (`*.yaml`, `*.yml`). A file
    /// replaces the built-in theme of its name.
    ///
    /// # Errors
    /// The first file that cannot be read or is wrong.
    pub fn with_folder(folder: &Path) -> Result<Self, ThemeError> {
        let mut shelf = Self::built_in()?;
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(shelf) };
        let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for path in &files {
            let kind = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            if !matches!(kind, "toml" | "yaml" | "yml") {
                continue;
            }
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let text = std::fs::read_to_string(path).map_err(|e| ThemeError {
                theme: name.to_string(),
                line: None,
                what: format!("{} cannot be read: {e}", path.display()),
            })?;
            let palette = match (kind, shelf.0.first()) {
                ("toml", base) => Palette::parse(&name, &text, base)?,
                (_, base) => base16::parse(&name, &text, base)?,
            };
            shelf.put(palette);
        }
        Ok(shelf)
    }

    fn put(&mut self, palette: Palette) {
        match self.0.iter_mut().find(|known| known.name() == palette.name()) {
            Some(known) => *known = palette,
            None => self.0.push(palette),
        }
    }

    /// Where a theme of this name, or formerly of this name, stands.
    ///
    /// # Errors
    /// [`ThemeError`] with the nearest known name.
    pub fn find(&self, name: &str) -> Result<usize, ThemeError> {
        let place = |name: &str| self.names().position(|known| known == name);
        let former = || FORMER_NAMES.iter().find(|(old, _)| *old == name).and_then(|(_, new)| place(new));
        place(name).or_else(former).ok_or_else(|| {
            let known = self.names().chain(FORMER_NAMES.map(|(old, _)| old));
            let meant = nearest(name, known).map_or_else(String::new, |near| format!(" did you mean `{near}`?"));
            ThemeError {
                theme: name.to_owned(),
                line: None,
                what: format!("no such theme;{meant} `margintop themes` lists them"),
            }
        })
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Palette::name)
    }

    /// The palettes, in order.
    pub fn palettes(&self) -> &[Palette] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Colour, Role};

    #[test]
    fn a_file_of_the_users_replaces_the_built_in_theme() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("light.toml"), "[roles]\ntext = \"#010203\"")?;
        std::fs::write(folder.path().join("mine.toml"), "[roles]\ntext = \"#040506\"")?;
        std::fs::write(folder.path().join("notes.txt"), "not a theme")?;
        let shelf = ThemeRegistry::with_folder(folder.path())?;
        assert_eq!(shelf.names().count(), BUILT_IN.len() + 1);
        let light = &shelf.palettes()[shelf.find("light")?];
        assert_eq!(light.rgb(Role::Text), Colour::Rgb(1, 2, 3));
        Ok(())
    }

    #[test]
    fn a_base16_scheme_in_the_folder_is_a_theme() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let lines: Vec<String> = (0..16).map(|i| format!("base{i:02X}: \"{i:x}0{i:x}0{i:x}0\"\n")).collect();
        let scheme = lines.concat();
        std::fs::write(folder.path().join("grey.yaml"), format!("scheme: Grey\n{scheme}"))?;
        let shelf = ThemeRegistry::with_folder(folder.path())?;
        assert_eq!(shelf.palettes()[shelf.find("grey")?].rgb(Role::Panel), Colour::Rgb(0x10, 0x10, 0x10));
        std::fs::write(folder.path().join("grey.yaml"), format!("{scheme}base03: \"lime\"\n"))?;
        let wrong = ThemeRegistry::with_folder(folder.path()).map(|_| ()).map_err(|e| e.to_string());
        assert_eq!(wrong, Err("theme grey, line 17: `lime` is no colour: write \"rrggbb\"".to_owned()));
        Ok(())
    }

    #[test]
    fn former_names_are_found_and_wrong_ones_name_the_nearest() -> Result<(), ThemeError> {
        let shelf = ThemeRegistry::built_in()?;
        assert_eq!(shelf.find("margintop-light"), shelf.find("light"));
        let wrong = shelf.find("embre").map_err(|e| e.to_string());
        let text = "theme embre: no such theme; did you mean `ember`? `margintop themes` lists them";
        assert_eq!(wrong, Err(text.to_owned()));
        let wrong = shelf.find("nosuch").map_err(|e| e.to_string());
        assert_eq!(wrong, Err("theme nosuch: no such theme; `margintop themes` lists them".to_owned()));
        Ok(())
    }

    #[test]
    fn a_wrong_file_names_its_line() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("mine.toml"), "[roles]\ntext = \"#010203\"\naccnt = \"#010203\"")?;
        let wrong = ThemeRegistry::with_folder(folder.path()).map(|_| ()).map_err(|e| e.to_string());
        assert_eq!(wrong, Err("theme mine, line 3: no role `accnt`; did you mean `accent`?".to_owned()));
        Ok(())
    }
}
