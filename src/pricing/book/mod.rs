//! The price book: the list that prices a model at an instant.

mod lookup;
mod pinned;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::calendar::{Calendars, merge, parse_days};
use super::name::{glob, is_glob};
use super::rates::start_of;
use super::{
    BookError, Commitment, Exchange, GpuFile, GpuRate, HistoryFile, ListFile, PriceFile, PriceList, Provenance,
    RateCard, check_currency,
};
use crate::reading::canonical_model;
use crate::suggestion::nearest;
use crate::units::Timestamp;

pub use lookup::PriceQuery;
pub use pinned::Pinned;

/// The files compiled into the program. They name exact models only, so that a fine-tune does not get the price of its base
/// model.
pub(super) const BUILT_IN: [(&str, &str); 7] = [
    ("prices/holidays.toml", include_str!("../../../prices/holidays.toml")),
    ("prices/deepseek.toml", include_str!("../../../prices/deepseek.toml")),
    ("prices/deepseek-cny.toml", include_str!("../../../prices/deepseek-cny.toml")),
    ("prices/openai.toml", include_str!("../../../prices/openai.toml")),
    ("prices/open-models.toml", include_str!("../../../prices/open-models.toml")),
    ("prices/models.toml", include_str!("../../../prices/models.toml")),
    ("prices/gpus.toml", include_str!("../../../prices/gpus.toml")),
];

/// Price lists, and the models that each prices.
#[derive(Debug, Clone)]
pub struct Book {
    pub(super) currency: String,
    pub(super) calendars: Calendars,
    /// Shared by copies of the book, of which there are several, until one changes it.
    pub(super) lists: Arc<BTreeMap<String, PriceList>>,
    pub(super) histories: Arc<BTreeMap<String, Vec<String>>>,
    /// Patterns of models with their lists, the last added first.
    pub(super) globs: Vec<(String, Vec<String>)>,
    pub(super) pinned: Vec<Pinned>,
    /// The model of each other name, both in canonical form.
    pub(super) aliases: BTreeMap<String, String>,
    pub(super) card: RateCard,
}

/// Errors for rates of one GPU and commitment whose dates do not distinguish them.
fn odd_rates(gpus: &[GpuFile]) -> Vec<BookError> {
    let is_series =
        |one: &GpuFile, other: &GpuFile| one.gpu.eq_ignore_ascii_case(&other.gpu) && one.commitment == other.commitment;
    let mut odd = Vec::new();
    for (nth, gpu) in gpus.iter().enumerate() {
        let Some(other) = gpus[..nth].iter().find(|other| is_series(gpu, other)) else { continue };
        let dates = [&gpu.dated, &other.dated].map(|dated| start_of(dated));
        let twice = gpus[..nth].iter().any(|other| is_series(gpu, other) && start_of(&other.dated) == dates[0]);
        let why = if dates.contains(&None) {
            "rows of one GPU are a series: write the month or the day of each, like dated = \"2026-11\"".to_owned()
        } else if twice {
            format!("two {} rates of {}: keep one, or give them their own dates", gpu.commitment, gpu.dated)
        } else {
            continue;
        };
        odd.push(BookError::new(&gpu.gpu, why).at("gpu", nth, "dated"));
    }
    odd
}

impl Default for Book {
    fn default() -> Self {
        Self::of_currency("USD")
    }
}

impl Book {
    /// An empty book for a ledger in this currency.
    pub(super) fn of_currency(currency: &str) -> Self {
        Self {
            currency: currency.to_owned(),
            calendars: Calendars::new(),
            lists: Arc::default(),
            histories: Arc::default(),
            globs: Vec::new(),
            pinned: Vec::new(),
            aliases: BTreeMap::new(),
            card: RateCard::default(),
        }
    }

    /// The book that ships with the program, for a ledger in US dollars.
    ///
    /// # Errors
    /// An error in a built-in file; the tests exclude it.
    pub fn built_in() -> Result<Self, BookError> {
        let mut book = Self::default();
        for (name, text) in BUILT_IN {
            let file = toml::from_str(text).map_err(|error| BookError::new(name, error.to_string()))?;
            book.add_from(file, Provenance::BuiltIn).into_iter().next().map_or(Ok(()), Err)?;
        }
        Ok(book)
    }

    /// Adds a file's calendars, lists, histories and rates. An entry replaces an existing one of the same name.
    ///
    /// # Errors
    /// The first invalid entry.
    pub fn add(&mut self, file: PriceFile) -> Result<(), BookError> {
        self.add_all(file).into_iter().next().map_or(Ok(()), Err)
    }

    /// Adds the valid entries of a user's file, and returns an error for each invalid one.
    pub fn add_all(&mut self, file: PriceFile) -> Vec<BookError> {
        self.add_from(file, Provenance::Configured)
    }

    fn add_from(&mut self, file: PriceFile, provenance: Provenance) -> Vec<BookError> {
        let mut mistakes = Vec::new();
        for (name, days) in &file.holidays {
            match parse_days(days) {
                Ok(days) => self.add_holidays(name, &days),
                Err(wrong) => mistakes.extend(wrong.into_iter().map(|(nth, why)| {
                    let place = vec!["holidays".to_owned(), name.clone(), nth.to_string()];
                    BookError { list: name.clone(), why, place }
                })),
            }
        }
        for name in file.holidays.keys() {
            // A list may name a calendar whose days are mistakes.
            self.calendars.entry(name.clone()).or_default();
        }
        let mut named: HashSet<String> = HashSet::new();
        for (nth, list) in file.lists.into_iter().enumerate() {
            if !named.insert(list.name.clone()) {
                let twice = BookError::new(&list.name, "two lists have this name: give one of them another");
                mistakes.push(twice.at("list", nth, "name"));
                continue;
            }
            mistakes.extend(self.add_list(list, nth, provenance));
        }
        for (nth, history) in file.histories.iter().enumerate() {
            let wrong = self.check_history(history, &named).into_iter();
            mistakes.extend(wrong.map(|error| error.at("history", nth, "lists")));
        }
        self.add_histories(&file.histories);
        for (nth, gpu) in file.gpus.iter().enumerate() {
            let refuse = |why| BookError::new(&gpu.gpu, why).at("gpu", nth, "currency");
            mistakes.extend(check_currency(&gpu.currency).err().map(refuse));
        }
        mistakes.extend(odd_rates(&file.gpus));
        let rate_from = if provenance == Provenance::BuiltIn { Provenance::Assumed } else { provenance };
        self.card.extend(file.gpus.into_iter().map(|gpu| GpuRate::of(gpu, rate_from)).collect());
        mistakes
    }

    /// Updates lists that were added before with the new days of a calendar.
    fn add_holidays(&mut self, name: &str, days: &[jiff::civil::Date]) {
        let calendar = self.calendars.entry(name.to_owned()).or_default();
        merge(calendar, days);
        for list in Arc::make_mut(&mut self.lists).values_mut().filter(|list| list.calendar.as_deref() == Some(name)) {
            list.holidays.clone_from(calendar);
        }
    }

    /// Adds a list, or returns all mistakes in it.
    fn add_list(&mut self, list: ListFile, nth: usize, provenance: Provenance) -> Vec<BookError> {
        let name = list.name.clone();
        let provenance = if list.imported.is_some() { Provenance::Imported } else { provenance };
        match list.build(&self.calendars) {
            Ok(list) => {
                Arc::make_mut(&mut self.lists).insert(name, PriceList { provenance, ..list });
                Vec::new()
            }
            Err(faults) => faults.into_iter().map(|fault| BookError::of_list(&name, nth, fault)).collect(),
        }
    }

    /// Checks that the lists of a history exist, and that those of one currency are in chronological order. `refused` may
    /// have further lists of the file.
    fn check_history(&self, history: &HistoryFile, refused: &HashSet<String>) -> Vec<BookError> {
        let mut begun: BTreeMap<&str, Option<Timestamp>> = BTreeMap::new();
        let mut wrong = Vec::new();
        for name in &history.lists {
            let Some(list) = self.lists.get(name) else {
                if !refused.contains(name) {
                    wrong.push(BookError::new(name, "a history names it, and no [[list]] defines it"));
                }
                continue;
            };
            match begun.insert(&list.currency, list.from) {
                Some(earlier) if list.from <= earlier => {
                    let why = "a history names it after a list that began later: write the oldest list first";
                    wrong.push(BookError::new(name, why));
                }
                _ => {}
            }
        }
        wrong
    }

    /// Names and globs of a later file have precedence over those of an earlier one; within a file, names have precedence
    /// over globs.
    fn add_histories(&mut self, histories: &[HistoryFile]) {
        let known = |history: &&HistoryFile| history.lists.iter().all(|list| self.lists.contains_key(list));
        let all = histories
            .iter()
            .filter(known)
            .flat_map(|h| h.models.iter().map(|model| (canonical_model(model), &h.lists)));
        let (globs, names): (Vec<_>, Vec<_>) = all.partition(|(model, _)| is_glob(model));
        Arc::make_mut(&mut self.histories).retain(|model, _| !globs.iter().any(|(pattern, _)| glob(pattern, model)));
        self.globs.splice(0..0, globs.into_iter().map(|(pattern, lists)| (pattern, lists.clone())));
        Arc::make_mut(&mut self.histories).extend(names.into_iter().map(|(model, lists)| (model, lists.clone())));
    }

    /// Adds the user's choices; the first that matches a model wins.
    ///
    /// # Errors
    /// The error of a choice that names an unknown list, or a list in another currency than the ledger's.
    pub fn pin(&mut self, pinned: Vec<Pinned>) -> Result<(), BookError> {
        for name in pinned.iter().filter_map(|choice| choice.list.as_ref()) {
            self.own_list(name)?;
        }
        self.pinned = pinned;
        Ok(())
    }

    /// A list by its name, in the ledger's own currency.
    ///
    /// # Errors
    /// An error if there is no such list or it is in another currency, with a suggestion.
    pub fn own_list(&self, name: &str) -> Result<&PriceList, BookError> {
        let Some(list) = self.lists.get(name) else {
            let near = nearest(name, self.lists.keys().map(String::as_str));
            let near = near.map_or_else(
                || "; `margintop price --lists` names them".to_owned(),
                |near| format!("; is it \"{near}\"?"),
            );
            return Err(BookError::new(name, format!("no such list{near}")));
        };
        if list.currency == self.currency {
            return Ok(list);
        }
        let (theirs, ours) = (&list.currency, &self.currency);
        let why = format!(
            "it is in {theirs} and the ledger in {ours}: name a list in {ours}, or write currency = \"{theirs}\""
        );
        Err(BookError::new(name, why))
    }

    /// The user's choices.
    pub fn pinned(&self) -> &[Pinned] {
        &self.pinned
    }

    /// The ledger's currency.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// Restricts the book to one currency, with the newest GPU rates: see [`Book::keep_currency_at`].
    pub fn keep_currency(&mut self, currency: &str, exchange: &Exchange) {
        self.keep_currency_at(currency, exchange, Timestamp::from_millis(i64::MAX));
    }

    /// Restricts the book to one currency, since a ledger has one and lists are never converted. GPU rates are converted,
    /// each exchange rate from its day on; before the first one they are unknown. `at` is the instant that
    /// [`Book::gpu_rate`] uses. A choice of a list in another currency keeps only its paid share.
    pub fn keep_currency_at(&mut self, currency: &str, exchange: &Exchange, at: Timestamp) {
        currency.clone_into(&mut self.currency);
        self.card.keep_currency(currency, exchange, at);
        let is_own = |list: &String| self.lists.get(list).is_none_or(|list| list.currency == currency);
        for choice in &mut self.pinned {
            choice.list = choice.list.take().filter(is_own);
        }
    }

    /// The list with this name, in any currency.
    pub fn list(&self, name: &str) -> Option<&PriceList> {
        self.lists.get(name)
    }

    /// All lists by name, in every currency.
    pub fn lists(&self) -> impl Iterator<Item = &PriceList> {
        self.lists.values()
    }

    /// The on-demand rate of a GPU without a lease, by the driver's name of the GPU.
    pub fn gpu_rate(&self, name: &str) -> Option<&GpuRate> {
        self.card.rate_of(name)
    }

    /// The on-demand rate of a GPU without a lease at an instant, by the driver's name of the GPU.
    pub fn gpu_rate_at(&self, name: &str, at: Timestamp) -> Option<&GpuRate> {
        self.card.rate_at(name, Commitment::OnDemand, at)
    }

    /// The GPU rates.
    pub const fn gpu_rates(&self) -> &RateCard {
        &self.card
    }
}
