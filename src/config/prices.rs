//! Prices of tokens: price files, the user's own prices, and dated exchange rates.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::ConfigError;
use super::error::Findings;
use super::faults::TableFaults;
use super::file::{FxTable, PriceTable};
use super::mistakes::{self, MOST_SHOWN, Read, TableNames};
use crate::pricing::{Book, Conversion, Exchange, Fx, ListFile, Pinned, PriceFile, TierFile, check_currency};
use crate::reading::ModelName;
use crate::system_error::system_error;
use crate::units::{HourlyRate, Price, Timestamp, parse_scaled};

/// The exchange rates; their days begin in a zone.
pub(super) fn exchange(tables: &[FxTable], zone: &TimeZone, findings: &mut Findings<'_>) -> Exchange {
    let mut rates: Vec<Fx> = Vec::new();
    for (nth, table) in tables.iter().enumerate() {
        let mut faults = TableFaults::default();
        let rate = fx(table, zone, &mut faults);
        if let Some(rate) = rate.filter(|_| faults.is_empty()) {
            if rates.iter().any(|known| is_same_day(known, &rate)) {
                faults.add(&[], format!("two rates of {} and {} at {}: keep one", rate.from, rate.to, rate.dated));
            } else {
                rates.push(rate);
            }
        }
        if !faults.is_empty() {
            findings.skip_dependents("fx");
        }
        findings.faults("fx", nth, faults);
    }
    Exchange::new(rates)
}

/// Whether two rates are for the same currencies, in either direction, from the same day.
fn is_same_day(one: &Fx, other: &Fx) -> bool {
    let same = (&one.from, &one.to) == (&other.from, &other.to) || (&one.from, &one.to) == (&other.to, &other.from);
    same && one.since == other.since
}

fn fx(table: &FxTable, zone: &TimeZone, faults: &mut TableFaults) -> Option<Fx> {
    faults.check(&["from"], check_currency(&table.from).map_err(|why| format!("from: {why}")));
    faults.check(&["to"], check_currency(&table.to).map_err(|why| format!("to: {why}")));
    if table.from == table.to && faults.is_empty() {
        faults.add(&["to", "from"], format!("from {0} to {0}: write two currencies", table.from));
    }
    let nanos = parse_scaled(&table.rate, 9).map_err(|error| format!("rate: {error}"));
    let above = |nanos| {
        if nanos == 0 { Err("rate: it is not above 0: write it like \"0.1404\"".to_owned()) } else { Ok(nanos) }
    };
    let nanos = faults.check(&["rate"], nanos.and_then(above));
    let midnight = table.at.parse::<Date>().ok().filter(|_| table.at.len() == "2026-11-01".len());
    let midnight =
        midnight.and_then(|day| zone.to_ambiguous_timestamp(day.to_datetime(Time::midnight())).compatible().ok());
    let since = midnight.map(|midnight| Timestamp::from_millis(midnight.as_millisecond()));
    let since = since.ok_or_else(|| format!("at: \"{}\" is not a day: write it like \"2026-11-01\"", table.at));
    let since = faults.check(&["at"], since)?;
    Some(Fx { from: table.from.clone(), to: table.to.clone(), nanos: nanos?, since, dated: table.at.clone() })
}

/// Conversion into the ledger's currency at an instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct MoneyTerms<'a> {
    /// The ledger's currency.
    pub(super) currency: &'a str,
    pub(super) exchange: &'a Exchange,
    pub(super) now: Timestamp,
    /// The zone in which days begin.
    pub(super) zone: &'a TimeZone,
}

impl<'a> MoneyTerms<'a> {
    /// The rates into the ledger's currency, each with the instant from which it holds. `None` if the amount is in it
    /// already.
    ///
    /// # Errors
    /// What to write where no rate holds today.
    pub(super) fn conversions(&self, named: Option<&str>) -> Result<Option<Vec<(Timestamp, Conversion<'a>)>>, String> {
        let currency = self.currency;
        let Some(named) = named.filter(|named| *named != currency) else { return Ok(None) };
        check_currency(named).map_err(|why| format!("currency: {why}"))?;
        let series = self.exchange.series(named, currency);
        let write = |day: &str| format!("[[fx]] from = \"{named}\" to = \"{currency}\" rate = \"…\" at = \"{day}\"");
        match series.first() {
            None => Err(format!(
                "currency {named}: the ledger is in {currency}; write the amount in {currency}, or say what it is worth: \
                 {}",
                write("2026-11-01")
            )),
            Some((since, first)) if *since > self.now => Err(format!(
                "currency {named}: no rate to {currency} holds today, the first is of {}: add the one that does, {}",
                first.dated,
                write(&self.today())
            )),
            Some(_) => Ok(Some(series)),
        }
    }

    fn today(&self) -> String {
        self.zone.to_datetime(self.now.instant()).date().to_string()
    }

    /// An hourly rate at today's exchange rate; `None` if there is none.
    pub(super) fn dollars(&self, rate: HourlyRate) -> Option<HourlyRate> {
        self.exchange.conversion("USD", self.currency, self.now)?.rate(rate)
    }
}

/// The built-in book with the user's files and choices.
pub(super) fn book(
    tables: &[PriceTable],
    files: &[PathBuf],
    money: MoneyTerms<'_>,
    findings: &mut Findings<'_>,
) -> Book {
    let mut book = Book::built_in().unwrap_or_else(|error| {
        findings.file(error.to_string());
        Book::default()
    });
    for file in files {
        let path = findings.beside(file);
        findings.take(read(&path, &mut book, money.currency));
    }
    book.keep_currency_at(money.currency, money.exchange, money.now);
    let mut choices = Vec::new();
    for (nth, table) in tables.iter().enumerate() {
        let mut faults = TableFaults::default();
        if ModelName::new(&table.model).is_placeholder() {
            let why = "is what engines print in place of a name: such rows have no price, write a model's name";
            faults.add(&["model"], format!("model \"{}\" {why}", table.model));
        }
        let choice = price(table, nth, money, &mut book, &mut faults).filter(|_| faults.is_empty());
        findings.faults("price", nth, faults);
        let Some(choice) = choice else { continue };
        if let Some(near) = book.misspelt(&table.model) {
            let why = format!(
                "model \"{}\": no price list is for it; is it \"{near}\"? A model of your own is priced as it is written",
                table.model
            );
            findings.table_warning("price", nth, "model", why);
        }
        choices.push(choice);
    }
    if let Err(error) = book.pin(choices) {
        findings.file(error.to_string());
    }
    book
}

/// Adds a price file to the book, and reports all mistakes in it. `currency` is that of the ledger.
fn read(path: &Path, book: &mut Book, currency: &str) -> Vec<ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let why = format!("{}; price_files are looked for beside the configuration", system_error(&error));
            return vec![ConfigError::new(path, why)];
        }
    };
    let Read { file, mut mistakes, places, .. } = mistakes::read::<PriceFile>(path, &text, &[], TableNames::default());
    let Some(file) = file else { return mistakes };
    let names: Vec<String> = file.lists.iter().map(|list| list.name.clone()).collect();
    let mut wrong = book.add_all(file);
    wrong.retain(|wrong| !follows(&wrong.place, &places));
    mistakes.extend(wrong.iter().map(|wrong| ConfigError::at(path, &text, &wrong.place, wrong.to_string())));
    if !mistakes.is_empty() {
        stand_in_for(names, book, currency);
    }
    mistakes.sort_by_key(|mistake| mistake.line);
    if mistakes.len() > MOST_SHOWN {
        let more = mistakes.len() - MOST_SHOWN;
        mistakes.truncate(MOST_SHOWN);
        mistakes.push(ConfigError::new(path, format!("and {more} mistakes more")));
    }
    mistakes
}

/// Whether a mistake may only follow from values that could not be read, at these places: from the value at its own place,
/// from the tiers of its list, or, for a list that a history names, from the name of a list.
fn follows(of: &[String], unread: &[Vec<String>]) -> bool {
    let of: Vec<&str> = of.iter().map(String::as_str).collect();
    unread.iter().any(|place| {
        let place: Vec<&str> = place.iter().map(String::as_str).collect();
        match (of.as_slice(), place.as_slice()) {
            (["history", ..], ["list"] | ["list", _] | ["list", _, "name"]) => true,
            (["list", nth, "default"] | ["list", nth, "windows", _, "tier"], ["list", own, "tiers"]) => nth == own,
            (of, place) => of.starts_with(place) || place.starts_with(of),
        }
    })
}

/// Adds empty lists for those of a file that were refused, so that whatever names one of them is no further mistake.
fn stand_in_for(names: Vec<String>, book: &mut Book, currency: &str) {
    for name in names.into_iter().filter(|name| book.list(name).is_none()).collect::<Vec<_>>() {
        let tiers = BTreeMap::from([("standard".to_owned(), TierFile::default())]);
        let list = ListFile::flat(name, currency.to_owned(), tiers);
        book.add_all(PriceFile { lists: vec![list], ..PriceFile::default() });
    }
}

/// The price of a model; prices written in place become a list of their own.
fn price(
    table: &PriceTable,
    nth: usize,
    money: MoneyTerms<'_>,
    book: &mut Book,
    faults: &mut TableFaults,
) -> Option<Pinned> {
    let conversions = faults.check(&["currency"], money.conversions(table.currency.as_deref()));
    if let Some(Err(why)) = table.list.as_deref().map(|list| book.own_list(list)) {
        faults.add(&["list"], why.to_string());
    }
    let prices = [table.hit, table.miss, table.output];
    let list = match (&table.list, prices) {
        (list, [None, None, None]) => list.clone(),
        (None, [Some(hit), Some(miss), Some(output)]) => {
            let name = format!("your price {} ({})", nth + 1, table.model);
            let currency = (table.currency.as_deref(), money.currency);
            let lists = own_lists(&name, [hit, miss, output], currency, conversions?);
            let file = PriceFile { lists: faults.check(&["hit", "currency"], lists)?, ..PriceFile::default() };
            faults.check(&["hit"], book.add(file).map_err(|error| error.to_string()))?;
            Some(name)
        }
        (Some(_), _) => {
            let why = "a price is a list, or hit, miss and output: write one or the other";
            faults.add(&["hit", "miss", "output"], why);
            None
        }
        _ => {
            let why = "write all three of hit, miss and output, in money per million tokens";
            faults.add(&["hit", "miss", "output"], why);
            None
        }
    };
    if table.list.is_none() && prices == [None; 3] && table.paid.is_none() {
        let why = "a price names a list, prices, or a paid share: write list = \"deepseek-r1-2025\"";
        faults.add(&["list", "hit", "miss", "output", "paid"], why);
    }
    Some(Pinned { model: table.model.clone(), tenant: table.tenant.clone(), list, paid: table.paid })
}

/// Prices written in place, as one list, or as one for each exchange rate from its day on.
fn own_lists(
    name: &str,
    prices: [Price; 3],
    (named, currency): (Option<&str>, &str),
    conversions: Option<Vec<(Timestamp, Conversion<'_>)>>,
) -> Result<Vec<ListFile>, String> {
    let list = |name: String, [hit, miss, output]: [Price; 3]| {
        let tiers = BTreeMap::from([("standard".to_owned(), TierFile::new(hit, miss, output))]);
        ListFile::flat(name, currency.to_owned(), tiers)
    };
    let Some(conversions) = conversions else { return Ok(vec![list(name.to_owned(), prices)]) };
    let large = || format!("too large in {currency}");
    let mut lists = Vec::new();
    for (nth, (since, conversion)) in conversions.into_iter().enumerate() {
        let mut own = [Price::default(); 3];
        for (own, price) in own.iter_mut().zip(prices) {
            *own = conversion.price(price).ok_or_else(large)?;
        }
        let own = if nth == 0 {
            list(name.to_owned(), own)
        } else {
            let later = format!("{name}, at the rate of {}", conversion.dated);
            ListFile { follows: Some(name.to_owned()), ..list(later, own) }
        };
        let converted_from = named.map(str::to_owned);
        lists.push(ListFile { from: Some(since.to_string()), converted_from, ..own });
    }
    Ok(lists)
}
