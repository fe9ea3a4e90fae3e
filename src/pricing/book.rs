//! The price book: which list prices a model at an instant.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::{GpuRate, PriceFile, PriceList, Quote, RateCard};
use crate::units::{Share, Timestamp};

/// The built-in files, compiled in.
const BUILT_IN: [(&str, &str); 2] = [
    ("prices/deepseek.toml", include_str!("../../prices/deepseek.toml")),
    ("prices/gpus.toml", include_str!("../../prices/gpus.toml")),
];

/// A list that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookError {
    /// The list, or the file.
    pub list: String,
    /// Why, and what to write instead.
    pub why: String,
}

impl fmt::Display for BookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "price list \"{}\": {}", self.list, self.why)
    }
}

impl std::error::Error for BookError {}

/// A user's choice for models: a glob, a list and the paid share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// A glob over the last path component of the model's name, without case.
    pub model: String,
    /// The list, whatever the date; `None` keeps the built-in history.
    pub list: Option<String>,
    /// The share of the tokens that is paid; `None` is "all, theoretically".
    pub paid: Option<Share>,
}

/// Price lists, and which of them prices which model.
#[derive(Debug, Clone, Default)]
pub struct Book {
    lists: BTreeMap<String, PriceList>,
    histories: HashMap<String, Vec<String>>,
    pinned: Vec<Pinned>,
    card: RateCard,
}

/// How one model is priced.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelPrice<'a> {
    /// Its lists, oldest first, at least one.
    lists: Vec<&'a PriceList>,
    /// Whether the user chose the list, whatever the date.
    pinned: bool,
    /// The share of its tokens that is paid, where one is set.
    pub paid: Option<Share>,
}

impl Book {
    /// The book that ships with the program.
    ///
    /// # Errors
    /// None in a build that passed its tests.
    pub fn built_in() -> Result<Self, BookError> {
        let mut book = Self::default();
        for (name, text) in BUILT_IN {
            let file =
                toml::from_str(text).map_err(|error| BookError { list: name.to_owned(), why: error.to_string() })?;
            book.add(file)?;
        }
        Ok(book)
    }

    /// Adds a file's lists, histories and rates; what it names again, it replaces.
    ///
    /// # Errors
    /// The first list that is not usable.
    pub fn add(&mut self, file: PriceFile) -> Result<(), BookError> {
        for list in file.lists {
            let list = list.build(&file.holidays)?;
            self.lists.insert(list.name.clone(), list);
        }
        for history in file.histories {
            if let Some(missing) = history.lists.iter().find(|list| !self.lists.contains_key(*list)) {
                return Err(BookError {
                    list: missing.clone(),
                    why: "a history names it, and no [[list]] defines it".to_owned(),
                });
            }
            for model in &history.models {
                self.histories.insert(key(model), history.lists.clone());
            }
        }
        if !file.gpus.is_empty() {
            self.card = RateCard::new(file.gpus.into_iter().map(GpuRate::from).collect());
        }
        Ok(())
    }

    /// Adds the user's choices; the first that matches a model wins.
    ///
    /// # Errors
    /// A choice that names a list which does not exist.
    pub fn pin(&mut self, pinned: Vec<Pinned>) -> Result<(), BookError> {
        for choice in &pinned {
            if let Some(list) = &choice.list
                && !self.lists.contains_key(list)
            {
                let near = self.lists.keys().min_by_key(|known| strsim::damerau_levenshtein(known, list));
                let why =
                    near.map_or_else(|| "no such list".to_owned(), |near| format!("no such list; is it \"{near}\"?"));
                return Err(BookError { list: list.clone(), why });
            }
        }
        self.pinned = pinned;
        Ok(())
    }

    /// The user's choices.
    pub fn pinned(&self) -> &[Pinned] {
        &self.pinned
    }

    /// Forgets lists in other currencies: a ledger has one, and a list is never converted.
    pub fn keep_currency(&mut self, currency: &str) {
        self.lists.retain(|_, list| list.currency == currency);
    }

    /// How a model is priced; `None` is "unpriced".
    pub fn price_of(&self, model: &str) -> Option<ModelPrice<'_>> {
        let key = key(model);
        let choice = self.pinned.iter().find(|choice| glob(&choice.model.to_lowercase(), &key));
        let pinned = choice.is_some_and(|choice| choice.list.is_some());
        let names = match choice.and_then(|choice| choice.list.as_ref()) {
            Some(list) => std::slice::from_ref(list),
            None => self.histories.get(&key)?,
        };
        let lists: Vec<_> = names.iter().filter_map(|name| self.lists.get(name)).collect();
        (!lists.is_empty()).then(|| ModelPrice { lists, pinned, paid: choice.and_then(|choice| choice.paid) })
    }

    /// A list by its name.
    pub fn list(&self, name: &str) -> Option<&PriceList> {
        self.lists.get(name)
    }

    /// All lists by name.
    pub fn lists(&self) -> impl Iterator<Item = &PriceList> {
        self.lists.values()
    }

    /// The assumed rate of a GPU by the driver's name.
    pub fn gpu_rate(&self, name: &str) -> Option<&GpuRate> {
        self.card.rate_of(name)
    }
}

impl<'a> ModelPrice<'a> {
    /// A price by one list alone, whatever the date.
    pub fn of_list(list: &'a PriceList) -> Self {
        Self { lists: vec![list], pinned: true, paid: None }
    }

    /// The list in force: the newest that has begun. The first holds before its time and the last after its end.
    pub fn list_at(&self, at: Timestamp) -> &'a PriceList {
        let begun = self.lists.iter().rev().find(|list| list.from.is_none_or(|from| from <= at));
        begun.copied().unwrap_or(self.lists[0])
    }

    /// The prices of an instant.
    pub fn quote(&self, at: Timestamp) -> Quote<'a> {
        self.list_at(at).quote(at)
    }

    /// Every instant between two at which list or tier changes, in order.
    pub fn edges(&self, after: Timestamp, before: Timestamp) -> Vec<Timestamp> {
        let starts =
            self.lists.iter().skip(1).filter_map(|list| list.from).filter(|from| *from > after && *from < before);
        let mut edges: Vec<_> = self.lists.iter().flat_map(|list| list.edges(after, before)).chain(starts).collect();
        edges.sort_unstable();
        edges.dedup();
        edges.retain(|edge| {
            let (left, right) = (self.quote(*edge - crate::units::Span::from_millis(1)), self.quote(*edge));
            (left.list.name.as_str(), left.tier) != (right.list.name.as_str(), right.tier)
        });
        edges
    }

    /// When list or tier changes next.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let next_list = self.lists.iter().filter_map(|list| list.from).filter(|from| *from > at).min();
        self.list_at(at).next_edge(at).into_iter().chain(next_list).min()
    }

    /// When the list that still prices the model ended, if it has.
    pub fn ended(&self, at: Timestamp) -> Option<Timestamp> {
        self.list_at(at).until.filter(|until| !self.pinned && *until <= at)
    }
}

/// What names are compared by: the last path component, without case.
fn key(model: &str) -> String {
    model.rsplit('/').next().unwrap_or(model).to_lowercase()
}

/// Whether a pattern with `*` and `?` covers a whole name.
fn glob(pattern: &str, name: &str) -> bool {
    let pattern = pattern.rsplit('/').next().unwrap_or(pattern);
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_on_the_last_component_without_case() -> Result<(), BookError> {
        let book = Book::built_in()?;
        for model in ["deepseek-ai/DeepSeek-R1", "deepseek-reasoner", "DEEPSEEK-R1-0528"] {
            assert!(book.price_of(model).is_some(), "{model}");
        }
        for model in ["DeepSeek-R1-Distill-Qwen-32B", "deepseek-r1-awq", "my-finetune"] {
            assert!(book.price_of(model).is_none(), "{model}");
        }
        Ok(())
    }

    #[test]
    fn a_pinned_list_holds_whatever_the_date() -> Result<(), BookError> {
        let mut book = Book::built_in()?;
        let pin = |model: &str, list: &str| Pinned { model: model.to_owned(), list: Some(list.to_owned()), paid: None };
        book.pin(vec![pin("my-*", "deepseek-r1-standard")])?;
        let price = book.price_of("org/My-Finetune").map(|p| p.list_at(Timestamp::from_millis(0)).name.clone());
        assert_eq!(price.as_deref(), Some("deepseek-r1-standard"));
        let error = book.pin(vec![pin("*", "deepseek-r1-2052")]).map_err(|e| e.to_string());
        assert_eq!(error, Err("price list \"deepseek-r1-2052\": no such list; is it \"deepseek-r1-2025\"?".to_owned()));
        Ok(())
    }

    #[test]
    fn globs() {
        assert!(glob("*r1*", "deepseek-r1-0528"));
        assert!(glob("qwen?-32b", "qwen3-32b"));
        assert!(!glob("r1", "deepseek-r1"));
        assert!(glob("*", ""));
    }
}
