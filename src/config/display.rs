//! Display and log settings: theme, colour, and the log's level and format.

use std::path::PathBuf;

use super::error::Findings;
use super::file::ConfigFile;
use super::log::{LogFormat, parse_format, parse_level};
use crate::tui::theme::{FORMER_NAMES, ThemeError, ThemeRegistry};

/// Reads when colour is used.
pub const COLORS: [&str; 3] = ["auto", "always", "never"];

/// The folder of the user's own themes.
pub fn themes_folder(environment: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let home = || environment("HOME").map(|home| PathBuf::from(home).join(".config"));
    let folder = environment("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    folder.or_else(home).map(|folder| folder.join("margintop/themes"))
}

/// The log's level and format; reports an unknown theme or colour.
pub(super) fn check(file: &ConfigFile, findings: &mut Findings<'_>) -> (Option<tracing::Level>, LogFormat) {
    if let Some(color) = file.color.as_deref().filter(|color| !COLORS.contains(color)) {
        findings.key("color", format!("\"{color}\": write auto, always or never"));
    }
    if let Some(theme) = &file.theme {
        check_theme(theme, findings);
    }
    let level = findings.value("log_level", file.log_level.as_deref().map(parse_level).transpose(), None);
    let format = file.log_format.as_deref().map_or(Ok(LogFormat::Text), parse_format);
    (level, findings.value("log_format", format, LogFormat::Text))
}

/// Checks that there is a theme of this name, before a screen is opened.
///
/// # Errors
/// What to write instead, or what is wrong with the file of this theme.
pub fn known_theme(name: &str) -> Result<(), String> {
    find_theme(name).map_err(|error| match error.file {
        Some(_) => error.to_string(),
        None => format!("\"{name}\": {}", error.what),
    })
}

fn find_theme(name: &str) -> Result<(), ThemeError> {
    let folder = themes_folder(|name| std::env::var(name).ok());
    let themes = folder.map_or_else(ThemeRegistry::built_in, |folder| ThemeRegistry::with_folder(&folder))?;
    themes.find(name).map(drop)
}

fn check_theme(theme: &str, findings: &mut Findings<'_>) {
    match find_theme(theme) {
        // The dashboard starts with another theme and says so.
        Err(error) if error.file.is_some() => findings.warning("theme", error.to_string()),
        Err(error) => findings.key("theme", format!("\"{theme}\": {}", error.what)),
        Ok(()) => {
            if let Some((_, now)) = FORMER_NAMES.iter().find(|(old, _)| *old == theme) {
                let text = format!("\"{theme}\" is called \"{now}\" now: write that before the next release");
                findings.warning("theme", text);
            }
        }
    }
}
