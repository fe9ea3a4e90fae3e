//! From the file to what the rooms use, with every mistake found on the way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;

use super::file::{ConfigFile, LeaseTable, PriceTable, TargetTable};
use super::{ConfigError, range};
use crate::pricing::{Book, Lease, Leased, ListFile, Pinned, PriceFile, TierFile, parse_instant};
use crate::reading::{NodeName, Role, UnitName};

/// One target as it was configured, its range expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSettings {
    /// The address as it was written.
    pub address: String,
    /// The node that it runs on.
    pub node: Option<NodeName>,
    /// Its deployment unit.
    pub unit: Option<UnitName>,
    /// Its role.
    pub role: Option<Role>,
    /// A file that holds the bearer token.
    pub bearer_token_file: Option<PathBuf>,
    /// A file of certificates to trust.
    pub ca_file: Option<PathBuf>,
}

/// Everything that the configuration says, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How often each source is asked.
    pub interval: Duration,
    /// The ledger's currency.
    pub currency: String,
    /// The list that unpriced tokens are compared to.
    pub compare_to: Option<String>,
    /// The zone in which a day begins.
    pub zone: TimeZone,
    /// A theme's name.
    pub theme: Option<String>,
    /// When to use colour.
    pub color: Option<String>,
    /// The driver library.
    pub nvml_lib: Option<PathBuf>,
    /// Targets.
    pub targets: Vec<TargetSettings>,
    /// The price book, the user's prices included.
    pub book: Book,
    /// What is paid for GPUs.
    pub leases: Vec<Lease>,
}

/// What is said of unpriced tokens when the user names no list.
const COMPARE_TO: &str = "deepseek-r1-standard";

/// Where the configuration is: the named file, else `$XDG_CONFIG_HOME/margintop/`, else `/etc/margintop/`.
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
/// # Errors
/// Every mistake that was found.
pub fn load(file: Option<&Path>) -> Result<Settings, Vec<ConfigError>> {
    let Some(path) = file else { return check(ConfigFile::default(), Path::new("defaults"), "") };
    let text = std::fs::read_to_string(path).map_err(|error| vec![ConfigError::new(path, error.to_string())])?;
    let parsed = toml::from_str(&text).map_err(|error| vec![ConfigError::from_toml(path, &text, &error)])?;
    check(parsed, path, &text)
}

/// A duration: `500ms`, `1s`, `2m`; a bare number is seconds.
///
/// # Errors
/// What to write instead.
pub fn parse_interval(text: &str) -> Result<Duration, String> {
    let refuse = || format!("\"{text}\" is not a duration: write it like 500ms, 1s or 2m");
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let millis_per_unit = match unit.trim() {
        "ms" => 1.0,
        "s" | "" => 1000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        _ => return Err(refuse()),
    };
    let number: f64 = number.parse().map_err(|_| refuse())?;
    let millis = number * millis_per_unit;
    if millis > 86_400_000.0 {
        Err(format!("\"{text}\" is over a day"))
    } else {
        Ok(Duration::from_millis(millis.round() as u64))
    }
}

fn check(file: ConfigFile, path: &Path, text: &str) -> Result<Settings, Vec<ConfigError>> {
    let mut mistakes = Vec::new();
    let currency = file.currency.clone().unwrap_or_else(|| "USD".to_owned());
    let interval = file.interval.as_deref().map_or(Ok(Duration::from_secs(1)), parse_interval);
    let interval = interval.unwrap_or_else(|why| {
        mistakes.push(ConfigError::new(path, format!("interval: {why}")));
        Duration::from_secs(1)
    });
    let zone = zone(file.timezone.as_deref()).unwrap_or_else(|why| {
        mistakes.push(ConfigError::new(path, why));
        TimeZone::UTC
    });
    let targets = targets(&file.targets, path, text, &mut mistakes);
    let leases = leases(&file.leases, &currency, path, text, &mut mistakes);
    let book = book(&file.prices, &currency, path, text, &mut mistakes);
    let compare_to = Some(file.compare_to.unwrap_or_else(|| COMPARE_TO.to_owned()));
    if let Some(list) = compare_to.as_ref().filter(|list| book.list(list).is_none()) {
        mistakes.push(ConfigError::new(path, format!("compare_to: no price list \"{list}\"")));
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let (theme, color, nvml_lib) = (file.theme, file.color, file.nvml_lib);
    Ok(Settings { interval, currency, compare_to, zone, theme, color, nvml_lib, targets, book, leases })
}

fn zone(named: Option<&str>) -> Result<TimeZone, String> {
    match named {
        None => Ok(TimeZone::system()),
        Some(name) => TimeZone::get(name)
            .map_err(|_| format!("timezone \"{name}\" is not an IANA zone: write one like \"Europe/Berlin\"")),
    }
}

fn targets(tables: &[TargetTable], path: &Path, text: &str, mistakes: &mut Vec<ConfigError>) -> Vec<TargetSettings> {
    let mut all = Vec::new();
    for (nth, table) in tables.iter().enumerate() {
        match range::expand(&table.url) {
            Ok(addresses) => all.extend(addresses.into_iter().map(|address| TargetSettings {
                address,
                node: table.node.as_deref().map(NodeName::new),
                unit: table.unit.as_deref().map(UnitName::new),
                role: table.role,
                bearer_token_file: table.bearer_token_file.clone(),
                ca_file: table.ca_file.clone(),
            })),
            Err(why) => mistakes.push(ConfigError::at_table(path, text, "target", nth, why)),
        }
    }
    all
}

fn leases(
    tables: &[LeaseTable],
    currency: &str,
    path: &Path,
    text: &str,
    mistakes: &mut Vec<ConfigError>,
) -> Vec<Lease> {
    let mut all = Vec::new();
    for (nth, table) in tables.iter().enumerate() {
        match lease(table, currency) {
            Ok(lease) => all.push(lease),
            Err(why) => mistakes.push(ConfigError::at_table(path, text, "lease", nth, why)),
        }
    }
    all
}

fn lease(table: &LeaseTable, currency: &str) -> Result<Lease, String> {
    same_currency(table.currency.as_deref(), currency)?;
    let leased = match (&table.gpu, &table.node, &table.unit) {
        (Some(gpu), None, None) => Leased::Gpu(gpu.clone()),
        (None, Some(node), None) => Leased::Node(NodeName::new(node)),
        (None, None, Some(unit)) => Leased::Unit(UnitName::new(unit)),
        _ => return Err("a lease is for one of gpu, node or unit: write exactly one of them".to_owned()),
    };
    let (from, until) = (parse_instant(table.from.as_deref())?, parse_instant(table.until.as_deref())?);
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        return Err(format!("the lease ends at {until}, before it begins at {from}"));
    }
    Ok(Lease { leased, gpus: table.gpus, from, until, rate: table.rate, when: table.when.into() })
}

fn same_currency(named: Option<&str>, currency: &str) -> Result<(), String> {
    match named {
        Some(named) if named != currency => {
            Err(format!("currency {named}: the ledger is in {currency}; write the amount in {currency}"))
        }
        _ => Ok(()),
    }
}

fn book(tables: &[PriceTable], currency: &str, path: &Path, text: &str, mistakes: &mut Vec<ConfigError>) -> Book {
    let mut book = Book::built_in().unwrap_or_else(|error| {
        mistakes.push(ConfigError::new(path, error.to_string()));
        Book::default()
    });
    let mut choices = Vec::new();
    for (nth, table) in tables.iter().enumerate() {
        if let Err(why) = price(table, nth, currency, &mut book).map(|choice| choices.push(choice)) {
            mistakes.push(ConfigError::at_table(path, text, "price", nth, why));
        }
    }
    for (nth, choice) in choices.iter().enumerate() {
        if let Err(error) = book.pin(vec![choice.clone()]) {
            mistakes.push(ConfigError::at_table(path, text, "price", nth, error.to_string()));
        }
    }
    // All of them are known to be good, or the mistakes are told.
    let _ = book.pin(choices);
    book.keep_currency(currency);
    book
}

/// A choice for a model; prices written in place become a list of their own.
fn price(table: &PriceTable, nth: usize, currency: &str, book: &mut Book) -> Result<Pinned, String> {
    same_currency(table.currency.as_deref(), currency)?;
    let list = match (&table.list, table.hit, table.miss, table.output) {
        (list, None, None, None) => list.clone(),
        (None, Some(hit), Some(miss), Some(output)) => {
            let name = format!("your price {} ({})", nth + 1, table.model);
            let tiers = BTreeMap::from([("standard".to_owned(), TierFile { hit, miss, output })]);
            let list = ListFile::flat(name.clone(), currency.to_owned(), tiers);
            book.add(PriceFile { lists: vec![list], ..PriceFile::default() }).map_err(|error| error.to_string())?;
            Some(name)
        }
        (Some(_), ..) => return Err("a price is a list or hit, miss and output: write one or the other".to_owned()),
        _ => return Err("write all three of hit, miss and output, in money per million tokens".to_owned()),
    };
    if list.is_none() && table.paid.is_none() {
        return Err("a price names a list, prices, or a paid share: write list = \"deepseek-r1-2025\"".to_owned());
    }
    Ok(Pinned { model: table.model.clone(), list, paid: table.paid })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        let path = Path::new("margintop.toml");
        let checked = toml::from_str(text)
            .map_err(|error| vec![ConfigError::from_toml(path, text, &error)])
            .and_then(|file| check(file, path, text));
        checked.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn durations() {
        assert_eq!(parse_interval("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_interval("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_interval("0"), Ok(Duration::ZERO));
        assert!(parse_interval("soon").is_err() && parse_interval("-1s").is_err() && parse_interval("9999h").is_err());
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
        assert_eq!(bad("-1"), ["margintop.toml:3: negative: write an amount of 0 or more"]);
        assert_eq!(bad("NaN"), ["margintop.toml:3: not a decimal number: write it like \"0.55\""]);
        assert_eq!(bad("0.123456789012"), ["margintop.toml:3: more than 9 decimal places: round it to 9"]);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "timezone = \"Mars/Olympus\"\n[[lease]]\nrate = \"2\"\n[[target]]\nurl = \"gpu-[9-1]\"\n[[price]]\nmodel = \"x\"\nlist = \"nope\"\n";
        let told = mistakes(text);
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(told.iter().any(|line| line.starts_with("margintop.toml:2: a lease is for one of")));
    }
}
