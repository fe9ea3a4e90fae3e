//! The themes at hand: those compiled in, and the user's own over them.

use std::path::Path;

use super::{Palette, ThemeError, base16};
use crate::suggestion::meant;

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

/// Every palette that can be chosen, in the order in which `t` goes through them, and what is wrong with files that give
/// none. Never empty.
#[derive(Debug, Clone)]
pub struct ThemeRegistry {
    palettes: Vec<Palette>,
    broken: Vec<ThemeError>,
}

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
        Ok(Self { palettes, broken: Vec::new() })
    }

    /// The built-in themes and the files of a folder, by name: `*.toml`, and base16 schemes (`*.yaml`, `*.yml`). A file
    /// replaces the built-in theme of its name, unless it cannot be read or is wrong.
    ///
    /// # Errors
    /// Only if a built-in file is wrong, which a test excludes.
    pub fn with_folder(folder: &Path) -> Result<Self, ThemeError> {
        let mut registry = Self::built_in()?;
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(registry) };
        let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for path in &files {
            let kind = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            if !matches!(kind, "toml" | "yaml" | "yml") {
                continue;
            }
            match read(path, kind, registry.palettes.first()) {
                Ok(palette) => registry.put(palette),
                Err(error) => registry.broken.push(error),
            }
        }
        Ok(registry)
    }

    fn put(&mut self, palette: Palette) {
        match self.palettes.iter_mut().find(|known| known.name() == palette.name()) {
            Some(known) => *known = palette,
            None => self.palettes.push(palette),
        }
    }

    /// Where a theme of this name, or formerly of this name, stands.
    ///
    /// # Errors
    /// [`ThemeError`] with the nearest known name, or with what is wrong in the file of this theme.
    pub fn find(&self, name: &str) -> Result<usize, ThemeError> {
        if let Some(broken) = self.broken.iter().find(|broken| broken.theme == name) {
            return Err(broken.clone());
        }
        let place = |name: &str| self.names().position(|known| known == name);
        let former = || FORMER_NAMES.iter().find(|(old, _)| *old == name).and_then(|(_, new)| place(new));
        place(name).or_else(former).ok_or_else(|| {
            let known = self.names().chain(FORMER_NAMES.map(|(old, _)| old));
            let near = Some(meant(name, known)).filter(|near| !near.is_empty()).unwrap_or_else(|| ";".to_owned());
            ThemeError {
                theme: name.to_owned(),
                file: None,
                line: None,
                what: format!("no such theme{near} `margintop themes` lists them"),
            }
        })
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.palettes.iter().map(Palette::name)
    }

    /// The palettes, in order.
    pub fn palettes(&self) -> &[Palette] {
        &self.palettes
    }

    /// What is wrong with the files that give no theme, by file.
    pub fn broken(&self) -> &[ThemeError] {
        &self.broken
    }
}

/// Reads a file of a folder; colours that it leaves out are those of `base`.
fn read(path: &Path, kind: &str, base: Option<&Palette>) -> Result<Palette, ThemeError> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let file = path.file_name().map(|file| file.to_string_lossy().into_owned());
    let parsed = match std::fs::read_to_string(path) {
        Ok(text) if kind == "toml" => Palette::parse(&name, &text, base),
        Ok(text) => base16::parse(&name, &text, base),
        Err(error) => {
            let what = format!("{} cannot be read: {error}", path.display());
            Err(ThemeError { theme: name.to_string(), file: None, line: None, what })
        }
    };
    parsed.map_err(|error| ThemeError { file, ..error })
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
        let themes = ThemeRegistry::with_folder(folder.path())?;
        assert_eq!(themes.names().count(), BUILT_IN.len() + 1);
        let light = &themes.palettes()[themes.find("light")?];
        assert_eq!(light.rgb(Role::Text), Colour::Rgb(1, 2, 3));
        Ok(())
    }

    #[test]
    fn a_base16_scheme_in_the_folder_is_a_theme() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let lines: Vec<String> = (0..16).map(|i| format!("base{i:02X}: \"{i:x}0{i:x}0{i:x}0\"\n")).collect();
        let scheme = lines.concat();
        std::fs::write(folder.path().join("grey.yaml"), format!("scheme: Grey\n{scheme}"))?;
        let themes = ThemeRegistry::with_folder(folder.path())?;
        assert_eq!(themes.palettes()[themes.find("grey")?].rgb(Role::Panel), Colour::Rgb(0x10, 0x10, 0x10));
        std::fs::write(folder.path().join("grey.yaml"), format!("{scheme}base03: \"lime\"\n"))?;
        let themes = ThemeRegistry::with_folder(folder.path())?;
        let wrong = themes.find("grey").map_err(|e| e.to_string());
        assert_eq!(wrong, Err("theme grey.yaml, line 17: `lime` is not a colour: write \"rrggbb\"".to_owned()));
        Ok(())
    }

    #[test]
    fn former_names_are_found_and_wrong_ones_name_the_nearest() -> Result<(), ThemeError> {
        let themes = ThemeRegistry::built_in()?;
        assert_eq!(themes.find("margintop-light"), themes.find("light"));
        let wrong = themes.find("embre").map_err(|e| e.to_string());
        let text = "theme embre: no such theme; is it \"ember\"? `margintop themes` lists them";
        assert_eq!(wrong, Err(text.to_owned()));
        let wrong = themes.find("nosuch").map_err(|e| e.to_string());
        assert_eq!(wrong, Err("theme nosuch: no such theme; `margintop themes` lists them".to_owned()));
        Ok(())
    }

    /// Class: one wrong file took all themes, and with them the dashboard.
    #[test]
    fn a_wrong_file_names_its_line_and_takes_no_other_theme() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("mine.toml"), "[roles]\ntext = \"#010203\"\naccnt = \"#010203\"")?;
        std::fs::write(folder.path().join("light.toml"), "[roles]\ntext = ")?;
        std::fs::write(folder.path().join("other.toml"), "[roles]\ntext = \"#040506\"")?;
        std::fs::write(folder.path().join("bytes.yaml"), b"\xff\xfe")?;
        let registry = ThemeRegistry::with_folder(folder.path())?;
        let text = "theme mine.toml, line 3: no role \"accnt\"; is it \"accent\"?";
        assert_eq!(registry.find("mine").map_err(|e| e.to_string()), Err(text.to_owned()));
        let wrong: Vec<_> = registry.broken().iter().map(|broken| (broken.theme.as_str(), broken.line)).collect();
        assert_eq!(wrong, [("bytes", None), ("light", Some(2)), ("mine", Some(3))]);
        assert_eq!(registry.names().count(), BUILT_IN.len() + 1);
        assert!(registry.find("other").is_ok() && registry.find("dark").is_ok());
        Ok(())
    }
}
