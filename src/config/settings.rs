//! Reads the configuration file into settings, and reports all mistakes in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;

use super::discoveries::discoveries;
use super::duration::{often_enough, parse_duration, parse_interval};
use super::error::Findings;
use super::file::{ConfigFile, TABLES};
use super::former::FORMER;
use super::lease_conflicts::{probable_mistakes, refuse_contradictions};
use super::leases::leases;
use super::log::LogFormat;
use super::metering::{aliases, plausibility};
use super::mistakes::Read;
use super::scenario::{Scenario, scenarios};
use super::slo::slo;
use super::targets::{TargetSettings, targets};
use super::{ConfigError, display, prices};
use crate::clock::Clock;
use crate::counters::Plausibility;
use crate::lease_history::ConfiguredLeases;
use crate::ledger::Slo;
use crate::pricing::{Bill, Book, Exchange, Lease, Overhead, check_currency};
use crate::reading::ModelName;
use crate::source::discover::ListFiles;
use crate::system_error::system_error;
use crate::units::{Money, Timestamp, ZONE_FORMS, parse_scaled, zone_of, zone_text};

/// The whole configuration, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file that they were read from; `None` for the defaults.
    pub file: Option<PathBuf>,
    /// The interval between polls of a source.
    pub interval: Duration,
    /// The ledger's currency.
    pub currency: String,
    /// The list that unpriced tokens are compared to.
    pub compare_to: Option<String>,
    /// The zone in which days begin.
    pub zone: TimeZone,
    /// Whether the configuration names the zone; otherwise it is the system's.
    pub names_zone: bool,
    /// A theme's name.
    pub theme: Option<String>,
    /// When to use colour.
    pub color: Option<String>,
    /// The driver library.
    pub nvml_lib: Option<PathBuf>,
    /// The log's file; `None` is the standard error.
    pub log: Option<PathBuf>,
    /// The log's level.
    pub log_level: Option<tracing::Level>,
    /// The log's format.
    pub log_format: LogFormat,
    /// The tokens that are billed.
    pub bill: Bill,
    /// The ledger: a path, or `none`; `None` is the default path.
    pub ledger: Option<String>,
    /// The hub whose fleet the dashboard shows.
    pub attach: Option<String>,
    /// The longest absence of margintop that is bridged.
    pub absence: Duration,
    /// How long a node may be missing from a page that lists others before its GPUs are released.
    pub release_after: Duration,
    /// Costs besides GPUs.
    pub overhead: Overhead,
    /// The budget of a calendar month.
    pub budget: Option<Money>,
    /// Dated rates between currencies.
    pub exchange: Exchange,
    /// Targets.
    pub targets: Vec<TargetSettings>,
    /// Lists of targets.
    pub lists: Vec<ListFiles>,
    /// The price book, including the user's prices.
    pub book: Book,
    /// Leases of GPUs.
    pub leases: Vec<Lease>,
    /// The number of the `[[lease]]` of each, from 0: one in another currency is several leases, one for each exchange
    /// rate.
    pub lease_tables: Vec<usize>,
    /// The bounds beyond which growth is disputed.
    pub plausibility: Plausibility,
    /// Latency objectives.
    pub slo: Slo,
    /// Aliases: a model, and each other name of it.
    pub aliases: Vec<(ModelName, Vec<ModelName>)>,
    /// Named scenarios.
    pub scenarios: Vec<Scenario>,
    /// Warnings: what is valid and probably mistaken.
    pub warnings: Vec<ConfigError>,
}

impl Settings {
    /// The leases, with what is needed to say which GPUs each is for and what it costs.
    pub(crate) fn configured_leases(&self) -> ConfiguredLeases<'_> {
        let of_target = |target: &TargetSettings| Some((target.options.node.clone()?, target.options.unit.clone()?));
        let mut units = BTreeMap::new();
        for (node, unit) in self.targets.iter().filter_map(of_target) {
            units.entry(node).or_insert(unit);
        }
        let (tables, currency) = (self.lease_tables.as_slice(), self.currency.as_str());
        ConfiguredLeases { leases: &self.leases, tables, units, currency, book: &self.book }
    }
}

/// The default currency.
const CURRENCY: &str = "USD";
/// The default interval between polls of a source.
const INTERVAL: Duration = Duration::from_secs(1);
/// The default of the longest absence that is bridged.
const ABSENCE: Duration = Duration::from_secs(86_400);
/// The default for how long a node may be missing from its page.
const RELEASE_AFTER: Duration = Duration::from_secs(300);
/// The largest value of either.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// The file of the configuration: the named one, else `$XDG_CONFIG_HOME/margintop/`, else `/etc/margintop/`.
pub fn find(named: Option<&Path>, environment: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(named.to_owned());
    }
    let home = environment("XDG_CONFIG_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| environment("HOME").map(|home| PathBuf::from(home).join(".config")));
    let places = home.into_iter().chain([PathBuf::from("/etc")]);
    places.map(|folder| folder.join("margintop/margintop.toml")).find(|file| file.is_file())
}

/// Reads and checks a configuration; without a file, the defaults.
///
/// Exchange rates are those of the present.
///
/// # Errors
/// Every mistake that was found.
pub fn load(file: Option<&Path>) -> Result<Settings, Vec<ConfigError>> {
    load_at(file, Clock::System.now().wall)
}

/// Reads and checks a configuration as of an instant; without a file, the defaults.
///
/// # Errors
/// Every mistake that was found.
pub fn load_at(file: Option<&Path>, now: Timestamp) -> Result<Settings, Vec<ConfigError>> {
    let Some(path) = file else { return read(Path::new("defaults"), "", now) };
    let settings = read(path, &text(path).map_err(|error| vec![error])?, now)?;
    Ok(Settings { file: Some(path.to_owned()), ..settings })
}

/// The text of a configuration.
///
/// # Errors
/// Why it cannot be read, and what to do.
pub fn text(path: &Path) -> Result<String, ConfigError> {
    let why = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::IsADirectory => {
            format!("is a folder; name the file in it: --config {}", path.join("margintop.toml").display())
        }
        std::io::ErrorKind::InvalidData => {
            "is not a text in UTF-8; name the configuration, or write one with `margintop config init`".to_owned()
        }
        std::io::ErrorKind::NotFound => format!(
            "{}; check the path, or write a file to start from: margintop config init --config {}",
            system_error(&error),
            path.display()
        ),
        std::io::ErrorKind::PermissionDenied => {
            format!("{}; let this user read it, or name another file with --config", system_error(&error))
        }
        _ => system_error(&error),
    };
    std::fs::read_to_string(path).map_err(|error| ConfigError::new(path, why(error)))
}

/// The currency and the ledger that a file names, also if it has mistakes elsewhere; `None` if either is one.
pub fn currency_and_ledger(path: &Path) -> Option<(String, Option<String>)> {
    let table: toml::Table = text(path).ok()?.parse().ok()?;
    let text = |key: &str| table.get(key).map_or(Some(None), |value| value.as_str().map(|text| Some(text.to_owned())));
    let currency = text("currency")?.unwrap_or_else(|| CURRENCY.to_owned());
    check_currency(&currency).ok()?;
    Some((currency, text("ledger")?))
}

/// The secrets and certificates that a file's targets name, by key, each once, also if it has mistakes elsewhere.
pub fn files_of_targets(path: &Path) -> Vec<(&'static str, PathBuf)> {
    let table = text(path).ok().and_then(|text| text.parse::<toml::Table>().ok()).unwrap_or_default();
    let targets = table.get("target").and_then(toml::Value::as_array).into_iter().flatten();
    let of = |target: &toml::Value| {
        let file = |key| Some((key, PathBuf::from(target.get(key)?.as_str()?)));
        ["bearer_token_file", "password_file", "ca_file", "cert_file", "key_file"].map(file)
    };
    let files: BTreeSet<_> = targets.flat_map(of).flatten().collect();
    files.into_iter().collect()
}

fn read(path: &Path, text: &str, now: Timestamp) -> Result<Settings, Vec<ConfigError>> {
    let Read { file, mut mistakes, warnings, places } = super::mistakes::read(path, text, FORMER, TABLES);
    let mut findings = Findings::new(path, text);
    findings.skip(places);
    let checked = file.map_or_else(|| Err(Vec::new()), |file| check(file, findings, path, text, now));
    match checked {
        Ok(settings) if mistakes.is_empty() => {
            return Ok(Settings { warnings: [warnings, settings.warnings].concat(), ..settings });
        }
        checked => mistakes.extend(checked.err().unwrap_or_default()),
    }
    mistakes.sort_by_key(|mistake| (mistake.file != *path, mistake.line));
    Err(mistakes)
}

fn check(
    file: ConfigFile,
    mut findings: Findings<'_>,
    path: &Path,
    text: &str,
    now: Timestamp,
) -> Result<Settings, Vec<ConfigError>> {
    let (log_level, log_format) = display::check(&file, &mut findings);
    let [interval, absence, release_after] = durations(&file, &mut findings);
    let currency = currency(file.currency, &mut findings);
    let zone = findings.value("timezone", zone(file.timezone.as_deref()), TimeZone::UTC);
    let budget = budget(file.budget.month.as_deref(), &mut findings);
    let exchange = prices::exchange(&file.exchange, &zone, &mut findings);
    let money = prices::MoneyTerms { currency: &currency, exchange: &exchange, now, zone: &zone };
    let targets = targets(&file.targets, &mut findings);
    let lists = discoveries(&file.discoveries, &mut findings);
    let leases = leases(&file.leases, money, &mut findings);
    refuse_contradictions(&leases, &file.leases, &mut findings);
    let mistaken = probable_mistakes(&leases, &file.leases, money);
    let mut warnings: Vec<_> =
        mistaken.into_iter().map(|(nth, why)| ConfigError::at_table(path, text, "lease", nth, why)).collect();
    let plausibility = plausibility(&file.plausibility, &mut findings);
    let slo = slo(&file.slo, &mut findings);
    let (aliases, ineffective) = aliases(&file.aliases, &mut findings);
    warnings.extend(ineffective.into_iter().map(|(nth, why)| ConfigError::at_table(path, text, "alias", nth, why)));
    let book = prices::book(&file.prices, &file.price_files, money, &mut findings).joined(&aliases);
    let compare_to = compare_to(file.compare_to, &currency, &book, &mut findings);
    let scenarios = scenarios(file.scenarios, &book, &mut findings);
    warnings.extend(findings.check()?);
    Ok(Settings {
        file: None,
        interval,
        currency,
        compare_to,
        zone,
        names_zone: file.timezone.is_some(),
        theme: file.theme,
        color: file.color,
        nvml_lib: file.nvml_lib,
        log: file.log,
        log_level,
        log_format,
        bill: file.bill.into(),
        ledger: file.ledger,
        attach: file.attach,
        absence,
        release_after,
        overhead: Overhead { per_hour: file.overhead.per_hour, of_revenue: file.overhead.of_revenue },
        budget,
        exchange,
        targets,
        lists,
        book,
        lease_tables: leases.iter().enumerate().flat_map(|(nth, parts)| parts.iter().map(move |_| nth)).collect(),
        leases: leases.into_iter().flatten().collect(),
        plausibility,
        slo,
        aliases,
        scenarios,
        warnings,
    })
}

/// The interval, the longest absence that is bridged, and the time after which a silent node is released.
fn durations(file: &ConfigFile, findings: &mut Findings<'_>) -> [Duration; 3] {
    let interval = file.interval.as_deref().map_or(Ok(INTERVAL), parse_interval);
    let mut long = |key: &'static str, text: Option<&str>, default: Duration| {
        findings.value(key, text.map_or(Ok(default), |text| parse_duration(text, LONGEST)), default)
    };
    let absence = long("absence", file.absence.as_deref(), ABSENCE);
    let release_after = long("release_after", file.release_after.as_deref(), RELEASE_AFTER);
    [findings.value("interval", interval.and_then(often_enough), INTERVAL), absence, release_after]
}

/// The ledger's currency. Nothing that depends on it is reported if it is wrong.
fn currency(named: Option<String>, findings: &mut Findings<'_>) -> String {
    let currency = named.unwrap_or_else(|| CURRENCY.to_owned());
    if let Err(why) = check_currency(&currency) {
        findings.key("currency", why);
        findings.skip_dependents("currency");
    }
    currency
}

/// The list that unpriced tokens are compared to: the user's, or the published day's in the ledger's currency.
fn compare_to(named: Option<String>, currency: &str, book: &Book, findings: &mut Findings<'_>) -> Option<String> {
    let list = named.or_else(|| match currency {
        "USD" => Some("deepseek-r1-standard".to_owned()),
        "CNY" => Some("deepseek-r1-standard-cny".to_owned()),
        _ => None,
    })?;
    if let Err(error) = book.own_list(&list) {
        findings.key("compare_to", error);
    }
    Some(list)
}

/// The budget of a month.
fn budget(month: Option<&str>, findings: &mut Findings<'_>) -> Option<Money> {
    let amount = month.map(amount)?;
    amount.map_err(|why| findings.inner("budget", "month", why)).ok()
}

/// An amount of money with six decimals.
fn amount(text: &str) -> Result<Money, String> {
    parse_scaled(text, 6).map(Money::from_micros).map_err(|error| error.to_string())
}

/// The zone of days: the configured one, else the system's.
fn zone(named: Option<&str>) -> Result<TimeZone, String> {
    match named {
        None => system_zone(std::env::var("TZ").ok().filter(|named| !named.is_empty())),
        Some(name) => zone_of(name).ok_or_else(|| format!("\"{name}\" is not a time zone: {ZONE_FORMS}")),
    }
}

/// The system's zone; `named` is the value of the environment variable TZ. A zone that the ledger cannot store is an
/// error.
fn system_zone(named: Option<String>) -> Result<TimeZone, String> {
    let zone = match (TimeZone::try_system(), &named) {
        (Ok(zone), _) => zone,
        (Err(_), Some(name)) => {
            zone_of(name).ok_or_else(|| format!("TZ=\"{name}\" is not a time zone: {ZONE_FORMS}"))?
        }
        (Err(_), None) => return Ok(TimeZone::UTC),
    };
    if zone.is_unknown() {
        return Ok(TimeZone::UTC);
    }
    let from_file = || std::fs::read_to_string("/etc/timezone").ok().and_then(|name| zone_of(name.trim()));
    match (zone_text(&zone), named) {
        (Some(_), _) => Ok(zone),
        (None, Some(name)) => Err(format!("TZ=\"{name}\" is a file without a name: {ZONE_FORMS}")),
        (None, None) => {
            from_file().ok_or_else(|| format!("the system's time zone has no name: set timezone or TZ: {ZONE_FORMS}"))
        }
    }
}

/// All mistakes of a text.
#[cfg(test)]
pub(super) fn mistakes(path: &Path, text: &str) -> Vec<String> {
    read(path, text, NOW).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[cfg(test)]
const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Label;
    use crate::units::{HourlyRate, Share};

    fn mistakes(text: &str) -> Vec<String> {
        super::mistakes(Path::new("margintop.toml"), text)
    }

    #[test]
    fn policies_are_read() -> Result<(), Vec<ConfigError>> {
        let path = Path::new("margintop.toml");
        let text = "bill = \"finished\"\nledger = \"none\"\nabsence = \"7d\"\nrelease_after = \"90s\"\n[overhead]\nper_hour = \"12.00\"\n\
                    of_revenue = \"0.025\"\n[budget]\nmonth = \"60000\"\n\
                    [[target]]\nurl = \"x:1\"\nlabels = { tenant = \"app-\\u0007free\" }\n";
        let settings = read(path, text, NOW)?;
        assert_eq!((settings.bill, settings.ledger.as_deref()), (Bill::Finished, Some("none")));
        assert_eq!(settings.absence, Duration::from_secs(7 * 86_400));
        assert_eq!(settings.release_after, Duration::from_secs(90));
        assert_eq!(settings.overhead.per_hour.map(HourlyRate::micros), Some(12_000_000));
        assert_eq!(settings.overhead.of_revenue.map(Share::ppm), Some(25_000));
        assert_eq!(settings.budget, Some(Money::from_micros(60_000_000_000)));
        assert_eq!(settings.targets[0].options.labels.get("tenant").map(Label::as_str), Some("app-free"));
        let defaults = read(path, "", NOW)?;
        assert_eq!((defaults.bill, defaults.absence, defaults.budget), (Bill::All, ABSENCE, None));
        assert_eq!(defaults.release_after, Duration::from_secs(300));
        assert_eq!(mistakes("release_after = \"soon\"\n").len(), 1);
        assert_eq!(mistakes("release_after = \"31d\"\n"), ["margintop.toml:1: release_after: \"31d\" is over 30 days"]);
        Ok(())
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_neighbour() {
        assert_eq!(
            mistakes("currency = \"USD\"\nintervall = \"1s\"\n"),
            ["margintop.toml:2: unknown key \"intervall\"; is it \"interval\"?"]
        );
    }

    #[test]
    fn a_bad_price_says_what_to_write() {
        let bad = |price: &str| {
            mistakes(&format!("[[price]]\nmodel = \"x\"\nhit = \"{price}\"\nmiss = \"1\"\noutput = \"1\"\n"))
        };
        assert_eq!(bad("-1"), ["margintop.toml:3: hit \"-1\": negative: write an amount of 0 or more"]);
        assert_eq!(bad("NaN"), ["margintop.toml:3: hit \"NaN\": not a decimal number: write it like \"0.55\""]);
        assert_eq!(
            bad("0.123456789012"),
            ["margintop.toml:3: hit \"0.123456789012\": more than 9 decimal places: round it to 9"]
        );
    }

    /// Class: a price for what is no name.
    #[test]
    fn a_placeholder_has_no_price() {
        for model in ["undefined", "Null", ""] {
            let found = mistakes(&format!("[[price]]\nmodel = \"{model}\"\nlist = \"deepseek-r1-standard\"\n"));
            assert!(found.len() == 1 && found[0].starts_with("margintop.toml:2: model \""), "{found:?}");
        }
    }

    #[test]
    fn credentials_are_of_one_kind_and_whole() {
        let found = |keys: &str| mistakes(&format!("[[target]]\nurl = \"x:1\"\n{keys}\n"));
        assert!(found("username = \"u\"\npassword_file = \"/p\"").is_empty());
        for (keys, word) in [
            ("username = \"u\"", "without password_file"),
            ("password_file = \"/p\"", "without username"),
            ("username = \"\"\npassword_file = \"/p\"", "is empty"),
            ("username = \"a:b\"\npassword_file = \"/p\"", "no colon"),
            ("username = \"u\"\npassword_file = \"/p\"\nbearer_token_file = \"/t\"", "cannot be combined"),
            ("password_file = \"/p\"\nbearer_token_file = \"/t\"", "cannot be combined"),
        ] {
            let found = found(keys);
            let line = if keys.ends_with("/t\"") { 2 + keys.lines().count() } else { 3 };
            assert!(found.len() == 1 && found[0].contains(word), "{found:?}");
            assert!(found[0].starts_with(&format!("margintop.toml:{line}: ")), "{found:?}");
        }
    }

    #[test]
    fn all_mistakes_are_reported_at_once() {
        let text = "timezone = \"Mars/Olympus\"\n[[lease]]\nrate = \"2\"\n[[target]]\nurl = \"gpu-[9-1]\"\n[[price]]\nmodel = \"x\"\nlist = \"nope\"\n";
        let found = mistakes(text);
        assert_eq!(found.len(), 4, "{found:#?}");
        assert!(found.iter().any(|line| line.starts_with("margintop.toml:2: a lease is for one of")));
    }

    /// Class: a key at the top that cannot be read hides all that is wrong below it.
    #[test]
    fn a_mistake_at_the_top_hides_no_other() {
        let text = "bill = \"foo\"\nrent = 1\ninterval = \"abc\"\nabsence = \"-3s\"\ncurrency = \"XX1X\"\n[[lease]]\nrate = \"2\"\n";
        let found = mistakes(text);
        let lines: Vec<_> = found.iter().filter_map(|found| found.split(':').nth(1)?.parse::<usize>().ok()).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5, 6], "{found:#?}");
    }
}
