//! The price book: which list prices a model at an instant.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::calendar::{Calendars, merge, parse_days};
use super::name::{glob, is_glob};
use super::{
    BookError, Exchange, GpuRate, HistoryFile, ListFile, ModelPrice, PriceFile, PriceList, RateCard, check_currency,
};
use crate::reading::canonical_model;
use crate::units::Share;

/// The built-in files, compiled in. They hold exact names only: a fine-tune is not priced as what it was tuned from.
pub(super) const BUILT_IN: [(&str, &str); 6] = [
    ("prices/holidays.toml", include_str!("../../prices/holidays.toml")),
    ("prices/deepseek.toml", include_str!("../../prices/deepseek.toml")),
    ("prices/deepseek-cny.toml", include_str!("../../prices/deepseek-cny.toml")),
    ("prices/openai.toml", include_str!("../../prices/openai.toml")),
    ("prices/models.toml", include_str!("../../prices/models.toml")),
    ("prices/gpus.toml", include_str!("../../prices/gpus.toml")),
];

/// A user's choice for models: a glob, whose traffic, a list and the paid share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// A glob over the last path component of the model's name, without case.
    pub model: String,
    /// The tenant whose tokens it is for; `None` is everyone's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The list, whatever the date; `None` keeps the model's history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The share of the tokens that is paid; `None` is "all, theoretically".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Share>,
}

impl Pinned {
    /// Models priced by a list whatever the date, for everyone.
    pub fn list(model: &str, list: &str) -> Self {
        Self { model: model.to_owned(), tenant: None, list: Some(list.to_owned()), paid: None }
    }

    fn is_for(&self, key: &str, tenant: Option<&str>) -> bool {
        let whose = self.tenant.as_deref().is_none_or(|wanted| tenant == Some(wanted));
        whose && glob(&canonical_model(&self.model), key)
    }
}

/// Price lists, and which of them prices which model.
#[derive(Debug, Clone)]
pub struct Book {
    pub(super) currency: String,
    pub(super) calendars: Calendars,
    pub(super) lists: BTreeMap<String, PriceList>,
    pub(super) histories: BTreeMap<String, Vec<String>>,
    /// Patterns of models and their lists, those that were added last first.
    pub(super) globs: Vec<(String, Vec<String>)>,
    pub(super) pinned: Vec<Pinned>,
    pub(super) card: RateCard,
}

impl Default for Book {
    fn default() -> Self {
        Self::of_currency("USD")
    }
}

impl Book {
    /// An empty book for a ledger of one currency.
    pub(super) fn of_currency(currency: &str) -> Self {
        Self {
            currency: currency.to_owned(),
            calendars: Calendars::new(),
            lists: BTreeMap::new(),
            histories: BTreeMap::new(),
            globs: Vec::new(),
            pinned: Vec::new(),
            card: RateCard::default(),
        }
    }

    /// The book that ships with the program, for a ledger in US dollars.
    ///
    /// # Errors
    /// None in a build that passed its tests.
    pub fn built_in() -> Result<Self, BookError> {
        let mut book = Self::default();
        for (name, text) in BUILT_IN {
            book.add(toml::from_str(text).map_err(|error| BookError::new(name, error.to_string()))?)?;
        }
        Ok(book)
    }

    /// Adds a file's calendars, lists, histories and rates; what it names again, it replaces.
    ///
    /// # Errors
    /// The first thing that is not usable.
    pub fn add(&mut self, file: PriceFile) -> Result<(), BookError> {
        self.add_all(file).into_iter().next().map_or(Ok(()), Err)
    }

    /// Adds what is usable of a file, and says all that is not.
    pub fn add_all(&mut self, file: PriceFile) -> Vec<BookError> {
        let mut mistakes = Vec::new();
        for (name, days) in &file.holidays {
            match parse_days(days) {
                Ok(days) => self.add_holidays(name, &days),
                Err(why) => {
                    let place = vec!["holidays".to_owned(), name.clone()];
                    mistakes.push(BookError { list: name.clone(), why, place });
                }
            }
        }
        let mut named: HashSet<String> = HashSet::new();
        for (nth, list) in file.lists.into_iter().enumerate() {
            if !named.insert(list.name.clone()) {
                let twice = BookError::new(&list.name, "two lists have this name: give one of them another");
                mistakes.push(twice.at("list", nth, "name"));
                continue;
            }
            mistakes.extend(self.add_list(list, nth).err());
        }
        for (nth, history) in file.histories.iter().enumerate() {
            mistakes.extend(self.check_history(history).err().map(|error| error.at("history", nth, "lists")));
        }
        self.add_histories(&file.histories);
        for (nth, gpu) in file.gpus.iter().enumerate() {
            let refuse = |why| BookError::new(&gpu.gpu, why).at("gpu", nth, "currency");
            mistakes.extend(check_currency(&gpu.currency).err().map(refuse));
        }
        self.card.extend(file.gpus.into_iter().map(GpuRate::from).collect());
        mistakes
    }

    /// Lists that were added before learn of a calendar's new days too.
    fn add_holidays(&mut self, name: &str, days: &[jiff::civil::Date]) {
        let calendar = self.calendars.entry(name.to_owned()).or_default();
        merge(calendar, days);
        for list in self.lists.values_mut().filter(|list| list.calendar.as_deref() == Some(name)) {
            list.holidays.clone_from(calendar);
        }
    }

    fn add_list(&mut self, list: ListFile, nth: usize) -> Result<(), BookError> {
        let name = list.name.clone();
        let built = list.build(&self.calendars);
        let list = built.map_err(|refusal| BookError::new(&name, refusal.why).at("list", nth, refusal.key))?;
        self.lists.insert(name, list);
        Ok(())
    }

    /// A history names lists that there are, and those of one currency one after the other.
    fn check_history(&self, history: &HistoryFile) -> Result<(), BookError> {
        let mut begun: BTreeMap<&str, Option<crate::units::Timestamp>> = BTreeMap::new();
        for name in &history.lists {
            let missing = || BookError::new(name, "a history names it, and no [[list]] defines it");
            let list = self.lists.get(name).ok_or_else(missing)?;
            match begun.insert(&list.currency, list.from) {
                Some(earlier) if list.from <= earlier => {
                    let why = "a history names it after a list that began later: write the oldest list first";
                    return Err(BookError::new(name, why));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A later file's names and globs stand before an earlier one's; inside one file a name stands before a glob.
    fn add_histories(&mut self, histories: &[HistoryFile]) {
        let known = |history: &&HistoryFile| history.lists.iter().all(|list| self.lists.contains_key(list));
        let all = histories
            .iter()
            .filter(known)
            .flat_map(|h| h.models.iter().map(|model| (canonical_model(model), &h.lists)));
        let (globs, names): (Vec<_>, Vec<_>) = all.partition(|(model, _)| is_glob(model));
        self.histories.retain(|model, _| !globs.iter().any(|(pattern, _)| glob(pattern, model)));
        self.globs.splice(0..0, globs.into_iter().map(|(pattern, lists)| (pattern, lists.clone())));
        self.histories.extend(names.into_iter().map(|(model, lists)| (model, lists.clone())));
    }

    /// Adds the user's choices; the first that matches a model wins.
    ///
    /// # Errors
    /// A choice that names a list which does not exist, or which is in another currency than the ledger.
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
    /// What to write instead.
    pub fn own_list(&self, name: &str) -> Result<&PriceList, BookError> {
        let Some(list) = self.lists.get(name) else {
            let near = self.lists.keys().min_by_key(|known| strsim::damerau_levenshtein(known, name));
            let near = near.map_or_else(String::new, |near| format!("; is it \"{near}\"?"));
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

    /// The currency of the ledger that it is for.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// Prices in one currency only: a ledger has one, and a list is never converted. Assumed GPU rates are, once, where
    /// there is a rate of exchange, and are left out where there is none.
    pub fn keep_currency(&mut self, currency: &str, exchange: &Exchange) {
        currency.clone_into(&mut self.currency);
        self.card.keep_currency(currency, exchange);
    }

    /// How a model's tokens are priced when nobody says whose they are; `None` is "unpriced".
    pub fn price_of(&self, model: &str) -> Option<ModelPrice<'_>> {
        self.price_for(model, None)
    }

    /// How a tenant's tokens of a model are priced; `None` is "unpriced".
    pub fn price_for(&self, model: &str, tenant: Option<&str>) -> Option<ModelPrice<'_>> {
        let key = canonical_model(model);
        let choice = self.pinned.iter().find(|choice| choice.is_for(&key, tenant));
        let list = choice.and_then(|choice| choice.list.as_ref());
        let names = match list {
            Some(list) => std::slice::from_ref(list),
            None => self.history_of(&key)?,
        };
        let lists = names.iter().filter_map(|name| self.lists.get(name)).filter(|list| list.currency == self.currency);
        ModelPrice::of(lists.collect(), list.is_some(), choice.and_then(|choice| choice.paid))
    }

    fn history_of(&self, key: &str) -> Option<&Vec<String>> {
        let by_glob = || self.globs.iter().find(|(pattern, _)| glob(pattern, key)).map(|(_, lists)| lists);
        self.histories.get(key).or_else(by_glob)
    }

    /// A list by its name, in any currency.
    pub fn list(&self, name: &str) -> Option<&PriceList> {
        self.lists.get(name)
    }

    /// All lists by name, in every currency.
    pub fn lists(&self) -> impl Iterator<Item = &PriceList> {
        self.lists.values()
    }

    /// The assumed rate of a GPU by the driver's name.
    pub fn gpu_rate(&self, name: &str) -> Option<&GpuRate> {
        self.card.rate_of(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Timestamp;

    fn text(text: &str) -> Result<PriceFile, BookError> {
        toml::from_str(text).map_err(|error| BookError::new("test", error.to_string()))
    }

    /// A file of one flat list, and histories that name it.
    fn flat(name: &str, models: &[&str]) -> Result<PriceFile, BookError> {
        text(&format!(
            "[[list]]\nname = \"{name}\"\ncurrency = \"USD\"\n\
             [list.tiers.standard]\nhit = \"1\"\nmiss = \"1\"\noutput = \"1\"\n\
             [[history]]\nmodels = {models:?}\nlists = [\"{name}\"]\n"
        ))
    }

    fn list_of(book: &Book, model: &str) -> Option<String> {
        book.price_of(model).map(|price| price.list_at(Timestamp::default()).name.clone())
    }

    #[test]
    fn names_are_exact_on_the_last_component_without_case() -> Result<(), BookError> {
        let book = Book::built_in()?;
        for model in ["deepseek-ai/DeepSeek-R1", "deepseek-reasoner", "DEEPSEEK-R1-0528"] {
            assert!(book.price_of(model).is_some(), "{model}");
        }
        for model in ["DeepSeek-R1-Distill-Qwen-32B", "deepseek-r1-awq", "my-finetune", "gpt-4o", "*", ""] {
            assert!(book.price_of(model).is_none(), "{model}");
        }
        assert!(book.globs.is_empty() && book.histories.len() > 10);
        Ok(())
    }

    /// Class: a model whose name is spelt otherwise on the page than in the price book.
    #[test]
    fn a_model_is_priced_under_any_spelling_of_its_name() -> Result<(), BookError> {
        let mut book = Book::built_in()?;
        book.add(flat("mine", &["/models/Qwen3-32B/"])?)?;
        book.pin(vec![Pinned::list(" Pinned/ ", "deepseek-r1-standard")])?;
        for model in
            ["qwen3-32b", "Qwen3-32B/", "/data/models/Qwen3-32B/", " Qwen3-32B ", "hosted_vllm/Qwen/Qwen3-32B/ "]
        {
            assert_eq!(list_of(&book, model).as_deref(), Some("mine"), "{model:?}");
        }
        assert_eq!(list_of(&book, "/srv/pinned/").as_deref(), Some("deepseek-r1-standard"));
        Ok(())
    }

    #[test]
    fn a_pinned_list_holds_whatever_the_date() -> Result<(), BookError> {
        let mut book = Book::built_in()?;
        book.pin(vec![Pinned::list("my-*", "deepseek-r1-standard")])?;
        assert_eq!(list_of(&book, "org/My-Finetune").as_deref(), Some("deepseek-r1-standard"));
        let error = book.pin(vec![Pinned::list("*", "deepseek-r1-2052")]).map_err(|e| e.to_string());
        assert_eq!(error, Err("price list \"deepseek-r1-2052\": no such list; is it \"deepseek-r1-2025\"?".to_owned()));
        let error = book.pin(vec![Pinned::list("*", "deepseek-r1-2025-cny")]).map_err(|e| e.to_string());
        assert!(error.is_err_and(|why| why.contains("in CNY and the ledger in USD")));
        Ok(())
    }

    #[test]
    fn a_tenant_has_a_share_of_its_own() -> Result<(), BookError> {
        let mut book = Book::built_in()?;
        let paid = |tenant: Option<&str>, paid: &str| Pinned {
            model: "deepseek-r1".to_owned(),
            tenant: tenant.map(str::to_owned),
            list: None,
            paid: paid.parse().ok(),
        };
        book.pin(vec![paid(Some("app-free"), "0"), paid(None, "0.37")])?;
        let ppm = |tenant| book.price_for("deepseek-r1", tenant).and_then(|price| price.paid).map(Share::ppm);
        assert_eq!((ppm(Some("app-free")), ppm(Some("other")), ppm(None)), (Some(0), Some(370_000), Some(370_000)));
        Ok(())
    }

    #[test]
    fn a_later_file_stands_before_an_earlier_one() -> Result<(), BookError> {
        let mut book = Book::built_in()?;
        book.add(flat("mine", &["deepseek-*"])?)?;
        assert_eq!(list_of(&book, "deepseek-r1").as_deref(), Some("mine"));
        book.add(flat("exact", &["org/DeepSeek-R1", "deepseek-r?"])?)?;
        assert_eq!(list_of(&book, "deepseek-r1").as_deref(), Some("exact"), "a name before a glob");
        assert_eq!(list_of(&book, "deepseek-r2").as_deref(), Some("exact"), "the later glob");
        assert_eq!(list_of(&book, "deepseek-v3").as_deref(), Some("mine"));
        Ok(())
    }

    #[test]
    fn a_ledger_reads_lists_of_its_own_currency() -> Result<(), BookError> {
        let mut book = Book::built_in()?;
        book.keep_currency("CNY", &Exchange::default());
        assert_eq!(list_of(&book, "deepseek-r1").as_deref(), Some("deepseek-r1-standard-cny"));
        assert_eq!(book.gpu_rate("NVIDIA H100"), None, "dollars are not yuan");
        book.keep_currency("EUR", &Exchange::default());
        assert_eq!(list_of(&book, "deepseek-r1"), None);
        Ok(())
    }

    #[test]
    fn a_file_adds_a_year_of_holidays_to_lists_that_stand() -> Result<(), BookError> {
        let mut book = Book::built_in()?;
        let new_year = Timestamp::from_millis(1_798_768_800_000); // 2027-01-01 10:00 in Shanghai, a Friday.
        let quote = |book: &Book| {
            let list = book.list("deepseek-v4.1-flash");
            list.map(|list| (list.tier_at(new_year).to_owned(), list.unknown_holidays(new_year)))
        };
        assert_eq!(quote(&book), Some(("peak".to_owned(), Some(2027))));
        book.add(text("[holidays]\ncn = [\"2027-01-01\"]\n")?)?;
        assert_eq!(quote(&book), Some(("offpeak".to_owned(), None)));
        Ok(())
    }

    #[test]
    fn what_cannot_be_used_says_where_it_stands() -> Result<(), BookError> {
        let broken = text(
            "[[list]]\nname = \"a\"\ncurrency = \"usd\"\n[list.tiers]\n\
             [[list]]\nname = \"b\"\ncurrency = \"USD\"\n[list.tiers]\n\
             [[list]]\nname = \"b\"\ncurrency = \"USD\"\n[list.tiers]\n\
             [[history]]\nmodels = [\"m\"]\nlists = [\"deepseek-r1-2025\", \"deepseek-r1-standard\"]\n\
             [[history]]\nmodels = [\"m\"]\nlists = [\"nowhere\"]\n",
        )?;
        let mut book = Book::built_in()?;
        let places: Vec<_> = book.add_all(broken).into_iter().map(|error| error.place.join(".")).collect();
        assert_eq!(places, ["list.0.currency", "list.1.tiers", "list.2.name", "history.0.lists", "history.1.lists"]);
        Ok(())
    }
}
