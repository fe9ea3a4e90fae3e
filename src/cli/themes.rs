//! What the screen looks like, as far as the command line says: `margintop themes`, `--theme` and `--color`.

use std::path::PathBuf;

use super::{Failure, out};
use crate::config::Settings;
use crate::tui::theme::{BUILT_IN, ColorChoice, Palette, ThemeError, ThemeRegistry};

impl From<ThemeError> for Failure {
    fn from(error: ThemeError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// `margintop themes`: list them, or print one to start from.
pub(super) fn run(name: Option<&str>) -> Result<(), Failure> {
    let shelf = shelf()?;
    let Some(name) = name else {
        return shelf.names().try_for_each(out::line);
    };
    let palette = shelf.palettes().get(shelf.find(name)?);
    let name = palette.map_or(name, Palette::name);
    let own = folder().and_then(|folder| std::fs::read_to_string(folder.join(format!("{name}.toml"))).ok());
    let built_in = || BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
    // A base16 scheme is no file to start from: it is printed as the theme that was made of it.
    let made = || palette.map(Palette::to_toml);
    out::print(&own.or_else(built_in).or_else(made).unwrap_or_default())
}

/// Where the user's own themes are.
pub(super) fn folder() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
    let folder = std::env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    folder.or_else(home).map(|folder| folder.join("margintop/themes"))
}

/// Whether theme and colour can be had: a slip in a name is told at once, not when somebody opens a screen.
pub(super) fn check(settings: &Settings) -> Result<(), Failure> {
    if let Some(theme) = &settings.theme {
        shelf()?.find(theme)?;
    }
    color(settings).map(drop)
}

/// When to use colour.
pub(super) fn color(settings: &Settings) -> Result<ColorChoice, Failure> {
    match settings.color.as_deref() {
        None | Some("auto") => Ok(ColorChoice::Auto),
        Some("always") => Ok(ColorChoice::Always),
        Some("never") => Ok(ColorChoice::Never),
        Some(other) => Err(Failure::Usage(format!("color {other}: write auto, always or never"))),
    }
}

fn shelf() -> Result<ThemeRegistry, Failure> {
    Ok(folder().map_or_else(ThemeRegistry::built_in, |folder| ThemeRegistry::with_folder(&folder))?)
}
