//! The configuration with the flags and variables on top, and everything that is wrong in them.

use std::path::PathBuf;

use super::global::Global;
use super::{Failure, themes};
use crate::config::{self, Settings};
use crate::reading::EngineRole;
use crate::source::PolledTarget;

/// The configuration with the flags on top.
///
/// # Errors
/// Lists everything that is wrong in the file, the flags and the variables.
pub(super) fn settings(global: &Global) -> Result<Settings, Failure> {
    let file: Option<PathBuf> = config::find(global.config.as_deref(), |name| std::env::var(name).ok());
    let read = config::load(file.as_deref());
    let mut wrong = wrong_flags(global);
    let mut settings = match read {
        Ok(settings) if wrong.is_empty() => settings,
        read => {
            let mistakes = read.err().unwrap_or_default();
            wrong = mistakes.iter().map(ToString::to_string).chain(wrong).collect();
            return Err(Failure::Usage(wrong.join("\n")));
        }
    };
    if let Some(interval) = &global.interval {
        settings.interval = config::parse_interval(interval).map_err(Failure::Usage)?;
    }
    settings.theme = global.theme.clone().or(settings.theme);
    settings.color = global.color.clone().or(settings.color);
    settings.nvml_lib = global.nvml_lib.clone().or(settings.nvml_lib);
    Ok(settings)
}

/// Refuses global flags with wrong values, all at once.
pub(super) fn check_flags(global: &Global) -> Result<(), Failure> {
    let wrong = wrong_flags(global);
    if wrong.is_empty() { Ok(()) } else { Err(Failure::Usage(wrong.join("\n"))) }
}

/// What is wrong with the values of the global flags.
fn wrong_flags(global: &Global) -> Vec<String> {
    let given = |flag: &'static str, value: &Option<String>, check: fn(&str) -> Result<(), String>| {
        let checked = value.as_deref().map(check)?;
        Some(checked.map_err(|why| format!("{}: {why}", global.given(flag))))
    };
    let interval = |text: &str| config::parse_interval(text).and_then(config::often_enough).map(drop);
    let flags = [
        given("interval", &global.interval, interval),
        given("theme", &global.theme, config::known_theme),
        given("color", &global.color, |text| themes::color_of(text).map(drop)),
        given("log_level", &global.log_level, |text| config::parse_level(text).map(drop)),
        given("log_format", &global.log_format, |text| config::parse_format(text).map(drop)),
    ];
    let roles = || global.role.iter().map(|text| role(text, &global.given("role")).map(drop));
    let two = refuse_two_roles(&global.role, &global.given("role"));
    flags.into_iter().flatten().chain(roles()).chain([two]).filter_map(Result::err).collect()
}

/// The address, the target and the role that a value of `--role` names.
pub(super) fn role<'a>(text: &'a str, given: &str) -> Result<(&'a str, PolledTarget, EngineRole), String> {
    let usage = || format!("{given} {text}: write it like http://gpu-01:8000=prefill, =decode or =unified");
    let (url, role) = text.rsplit_once('=').ok_or_else(usage)?;
    let role = match role {
        "prefill" => EngineRole::Prefill,
        "decode" => EngineRole::Decode,
        "unified" => EngineRole::Unified,
        _ => return Err(usage()),
    };
    let target = url.parse().map_err(|error| format!("{given} {text}: {error}"))?;
    Ok((url, target, role))
}

/// Refuses two roles of one target.
fn refuse_two_roles(roles: &[String], given: &str) -> Result<(), String> {
    let parts = |text: &str| text.rsplit_once('=').map(|(url, role)| (url.to_owned(), role.to_owned()));
    let named: Vec<_> = roles.iter().filter_map(|text| parts(text)).collect();
    for (nth, (url, role)) in named.iter().enumerate() {
        if let Some((_, other)) = named[..nth].iter().find(|(known, other)| known == url && other != role) {
            return Err(format!("{given}: {url} is {other} and {role}: write one role for it"));
        }
    }
    Ok(())
}
