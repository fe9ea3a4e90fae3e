//! `margintop themes`, `--theme` and `--color`.

use std::path::PathBuf;

use super::{Failure, out};
use crate::config::{self, Settings};
use crate::tui::theme::{BUILT_IN, ColorChoice, Palette, ThemeError, ThemeRegistry};

impl From<ThemeError> for Failure {
    fn from(error: ThemeError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// `margintop themes`: list them, or print one to start from.
pub(super) fn run(name: Option<&str>) -> Result<(), Failure> {
    let themes = themes()?;
    let Some(name) = name else {
        themes.names().try_for_each(out::line)?;
        let broken = |error: &ThemeError| out::line(&format!("{}  broken: {error}", error.theme));
        return themes.broken().iter().try_for_each(broken);
    };
    let palette = themes.palettes().get(themes.find(name)?);
    let name = palette.map_or(name, Palette::name);
    let own = folder().and_then(|folder| std::fs::read_to_string(folder.join(format!("{name}.toml"))).ok());
    let built_in = || BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
    // A base16 scheme is printed as the theme that it is converted to.
    let made = || palette.map(Palette::to_toml);
    out::print(&own.or_else(built_in).or_else(made).unwrap_or_default())
}

/// The folder of the user's own themes.
pub(super) fn folder() -> Option<PathBuf> {
    config::themes_folder(|name| std::env::var(name).ok())
}

/// When to use colour.
pub(super) fn color(settings: &Settings) -> Result<ColorChoice, Failure> {
    settings.color.as_deref().map_or(Ok(ColorChoice::Auto), color_of).map_err(Failure::Usage)
}

/// The use of colour that a word stands for.
pub(super) fn color_of(word: &str) -> Result<ColorChoice, String> {
    match word {
        "auto" => Ok(ColorChoice::Auto),
        "always" => Ok(ColorChoice::Always),
        "never" => Ok(ColorChoice::Never),
        other => Err(format!("\"{other}\": write auto, always or never")),
    }
}

fn themes() -> Result<ThemeRegistry, ThemeError> {
    folder().map_or_else(ThemeRegistry::built_in, |folder| ThemeRegistry::with_folder(&folder))
}
