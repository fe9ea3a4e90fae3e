//! The themes at hand: those compiled in, and the user's own over them.

use std::path::Path;

use super::{Palette, ThemeError};

/// The themes that are compiled in, the default first.
pub const BUILT_IN: [(&str, &str); 4] = [
    ("margintop-dark", include_str!("../../../themes/margintop-dark.toml")),
    ("margintop-light", include_str!("../../../themes/margintop-light.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../../themes/colour-blind.toml")),
];

/// Every palette that can be chosen, in the order in which `t` goes through them. Never empty.
#[derive(Debug, Clone)]
pub struct Shelf(Vec<Palette>);

impl Shelf {
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

    /// The built-in themes and the `*.toml` files of a folder, by name; a file replaces the built-in theme of its name.
    ///
    /// # Errors
    /// The first file that cannot be read or is wrong.
    pub fn with_folder(folder: &Path) -> Result<Self, ThemeError> {
        let mut shelf = Self::built_in()?;
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(shelf) };
        let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for path in files.iter().filter(|path| path.extension().is_some_and(|e| e == "toml")) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let text = std::fs::read_to_string(path).map_err(|e| ThemeError {
                theme: name.to_string(),
                line: None,
                what: format!("{} cannot be read: {e}", path.display()),
            })?;
            shelf.put(Palette::parse(&name, &text, shelf.0.first())?);
        }
        Ok(shelf)
    }

    fn put(&mut self, palette: Palette) {
        match self.0.iter_mut().find(|known| known.name() == palette.name()) {
            Some(known) => *known = palette,
            None => self.0.push(palette),
        }
    }

    /// Where a theme of this name stands.
    ///
    /// # Errors
    /// [`ThemeError`] with the nearest known name.
    pub fn find(&self, name: &str) -> Result<usize, ThemeError> {
        self.names().position(|known| known == name).ok_or_else(|| {
            let nearest = self.names().min_by_key(|known| strsim::damerau_levenshtein(known, name)).unwrap_or_default();
            ThemeError {
                theme: name.to_owned(),
                line: None,
                what: format!("no such theme; did you mean `{nearest}`? `margintop themes` lists them"),
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
        std::fs::write(folder.path().join("margintop-light.toml"), "[roles]\ntext = \"#010203\"")?;
        std::fs::write(folder.path().join("mine.toml"), "[roles]\ntext = \"#040506\"")?;
        std::fs::write(folder.path().join("notes.txt"), "not a theme")?;
        let shelf = Shelf::with_folder(folder.path())?;
        assert_eq!(shelf.names().count(), BUILT_IN.len() + 1);
        let light = &shelf.palettes()[shelf.find("margintop-light")?];
        assert_eq!(light.rgb(Role::Text), Colour::Rgb(1, 2, 3));
        let wrong = shelf.find("margintop-drak").map_err(|e| e.to_string());
        let text = "theme margintop-drak: no such theme; did you mean `margintop-dark`? `margintop themes` lists them";
        assert_eq!(wrong, Err(text.to_owned()));
        Ok(())
    }
}
