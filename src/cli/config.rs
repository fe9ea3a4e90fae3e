//! `margintop config`: write, check or print the configuration.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::global::Global;
use super::{Failure, config_places, configured_prices, currency, input, listen, out, settings, to_stderr};
use crate::clock::Clock;
use crate::config;
use crate::lease_history;
use crate::pricing::import_prices as read_prices;
use crate::store::{Reader, StoreError};
use crate::system_error::system_error;

/// The file that `config init` writes: every key, commented out, with its meaning.
const STARTER: &str = include_str!("starter.toml");
/// The largest file of prices that is read: LiteLLM's has 2 MiB.
const LARGEST_IMPORT: u64 = 64 << 20;
/// The files of prices that are read.
const IMPORTED: &str =
    "LiteLLM's model_prices_and_context_window.json, OpenRouter's api/v1/models or models.dev's api.json";

#[derive(Debug, Clone, Subcommand)]
#[allow(clippy::doc_markdown, reason = "these comments are what --help prints")]
pub(super) enum ConfigAction {
    /// Write a commented file to start from
    Init,
    /// List all mistakes, and the cost per hour of each lease
    Check,
    /// Print the file in use
    Print,
    /// Turn another program's prices into a price file, on stdout: LiteLLM's model_prices_and_context_window.json,
    /// OpenRouter's api/v1/models, or models.dev's api.json
    ImportPrices {
        /// The JSON file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Runs `margintop config`. `variables` are those of all flags.
pub(super) fn run(global: &Global, action: &ConfigAction, variables: &[String]) -> Result<(), Failure> {
    let file = config::find(global.config.as_deref(), |name| std::env::var(name).ok());
    match action {
        ConfigAction::Init => init(global.config.clone()),
        ConfigAction::Check => check(global, file.as_deref(), variables),
        ConfigAction::Print => {
            let Some(file) = file else {
                return out::line(
                    "# no configuration file: the defaults are in use; `margintop config init` writes one",
                );
            };
            let text = config::text(&file).map_err(|error| Failure::Run(error.to_string()))?;
            out::print(&text)
        }
        ConfigAction::ImportPrices { file } => import_prices(file),
    }
}

/// Lists all mistakes of the configuration, also that its currency is not the ledger's. Without any, prints warnings, and
/// what each price and lease comes to.
fn check(global: &Global, file: Option<&Path>, variables: &[String]) -> Result<(), Failure> {
    let settings = match settings::settings(global) {
        Ok(settings) => settings,
        Err(Failure::Usage(mistakes)) => {
            let named = file.and_then(config::currency_and_ledger);
            let refused = named.and_then(|(currency, ledger)| refused(global, ledger.as_deref(), &currency));
            let unreadable = unreadable(file).map(|why| harmless(&format!("warning: {why}")));
            let all = std::iter::once(mistakes).chain(refused.map(|why| harmless(&why.to_string()))).chain(unreadable);
            return Err(Failure::Usage(all.collect::<Vec<_>>().join("\n")));
        }
        Err(failure) => return Err(failure),
    };
    if let Some(why) = refused(global, settings.ledger.as_deref(), &settings.currency) {
        return Err(Failure::Usage(harmless(&why.to_string())));
    }
    listen::check_environment()?;
    match file {
        Some(file) => out::line(&format!("{}: nothing wrong", file.display()))?,
        None => out::line("no configuration file: the defaults are in use")?,
    }
    let ledger = ledger(global, settings.ledger.as_deref());
    let zone = ledger.as_ref().and_then(|ledger| currency::zone_differs(&settings, &ledger.header()));
    let written = super::ledger::choice_of(global, settings.ledger.as_deref()).or_own();
    let places = config_places::warnings(&settings, written.as_deref(), variables);
    let warnings = settings.warnings.iter().map(ToString::to_string).chain(unreadable(file)).chain(zone).chain(places);
    warnings.for_each(|why| to_stderr(&harmless(&format!("warning: {why}"))));
    let now = Clock::System.now().wall;
    let leases = lease_history::check(&settings.configured_leases(), ledger.as_ref(), now);
    configured_prices::lines(&settings, now).into_iter().chain(leases).try_for_each(|line| out::line(&harmless(&line)))
}

/// The ledger of a run with this configuration; `None` if it does not exist or cannot be read.
fn ledger(global: &Global, configured: Option<&str>) -> Option<Reader> {
    let path = super::ledger::choice_of(global, configured).or_own();
    path.filter(|path| path.exists()).and_then(|path| Reader::open(&path).ok())
}

/// The error with which a run refuses the ledger because it is kept in another currency.
fn refused(global: &Global, configured: Option<&str>, currency: &str) -> Option<StoreError> {
    let path = super::ledger::choice_of(global, configured).or_own()?;
    let kept = ledger(global, configured)?.header().currency;
    (kept != currency).then(|| StoreError::Currency { path, kept, asked: currency.to_owned() })
}

/// Warnings of files that targets name and this user cannot read.
fn unreadable(file: Option<&Path>) -> impl Iterator<Item = String> {
    let why = |(key, file): (&str, PathBuf)| {
        let error = std::fs::File::open(&file).err()?;
        Some(format!("{key} {}: {}: a target that asks for it is not read", file.display(), system_error(&error)))
    };
    file.map(config::files_of_targets).unwrap_or_default().into_iter().filter_map(why)
}

/// Names in a ledger come from outside and may have control characters.
fn harmless(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// Prints a price file to stdout, and to stderr how many entries were used.
fn import_prices(file: &Path) -> Result<(), Failure> {
    let said = |why: String| Failure::Run(format!("{}: {why}", file.display()));
    let json = input::text(file, IMPORTED, LARGEST_IMPORT)?;
    if json.trim().is_empty() {
        return Err(said(format!("is empty; name {IMPORTED}")));
    }
    let import = read_prices(&json).map_err(said)?;
    if import.file.lists.is_empty() {
        return Err(said(format!("{} and no prices in it; name {IMPORTED}", import.tally)));
    }
    let text = toml::to_string(&import.file).map_err(|error| said(error.to_string()))?;
    let program = import.program;
    out::print(&format!(
        "# Imported by `margintop config import-prices` from {program}'s prices, US dollars per million tokens.\n\
         # Name this file in the configuration: price_files = [\"prices.toml\"]\n\n{text}"
    ))?;
    to_stderr(&import.tally.to_string());
    Ok(())
}

fn init(named: Option<PathBuf>) -> Result<(), Failure> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
    let folder =
        || std::env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from).or_else(home);
    let file = named
        .or_else(|| folder().map(|folder| folder.join("margintop/margintop.toml")))
        .ok_or_else(|| Failure::Usage("no home folder: name the file with --config FILE".to_owned()))?;
    if file.is_dir() {
        return Err(Failure::Run(format!(
            "{0}: is a folder; name a file in it: --config {0}/margintop.toml",
            file.display()
        )));
    }
    if file.exists() {
        return Err(Failure::Run(format!(
            "{0}: exists already and is left alone; check it with `margintop config check --config {0}`, or write another \
             file with --config FILE",
            file.display()
        )));
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&file, STARTER)?;
    out::line(&format!("wrote {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_is_valid_with_every_key_turned_on() {
        let turned_on: String =
            STARTER.lines().map(|line| line.strip_prefix("#: ").unwrap_or(line)).collect::<Vec<_>>().join("\n");
        for text in [STARTER, turned_on.as_str()] {
            let parsed = toml::from_str::<config::ConfigFile>(text);
            assert!(parsed.is_ok(), "{parsed:?}");
        }
    }
}
