//! The lists of an import, and the model names that refer to them.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::Import;
use super::tally::ImportTally;
use crate::pricing::name::is_glob;
use crate::pricing::{Book, HistoryFile, ListFile, PriceFile, TierFile, WindowFile};
use crate::reading::{Label, canonical_model};
use crate::units::Price;

/// The tier outside every window.
const STANDARD: &str = "standard";

/// The prices of one list.
#[derive(Debug, Clone, Default)]
pub(super) struct Charges {
    /// The prices by tier; `standard` is always included.
    pub(super) tiers: BTreeMap<String, TierFile>,
    pub(super) windows: Vec<WindowFile>,
    /// The zone of the windows; `None` is UTC.
    pub(super) zone: Option<String>,
    /// Whether the source gives a price of hits.
    pub(super) has_hit: bool,
}

impl Charges {
    /// A single tier that always applies.
    pub(super) fn flat(tier: TierFile, has_hit: bool) -> Self {
        Self { tiers: BTreeMap::from([(STANDARD.to_owned(), tier)]), has_hit, ..Self::default() }
    }
}

/// An imported list, and whether its price of hits was given.
struct ImportedList {
    file: ListFile,
    /// The model's name without its provider; empty if the list is not for a model.
    model: String,
    has_hit: bool,
}

/// All lists of an import.
pub(super) struct Listing {
    program: &'static str,
    source: &'static str,
    built_in: Book,
    lists: BTreeMap<String, ImportedList>,
}

impl Listing {
    /// An empty listing. `source` is the name of the program's file.
    pub(super) fn new(program: &'static str, source: &'static str) -> Result<Self, String> {
        let built_in = Book::built_in().map_err(|error| error.to_string())?;
        Ok(Self { program, source, built_in, lists: BTreeMap::new() })
    }

    /// Adds a list. Names that differ only in characters that a terminal cannot show count as equal, and the first list of
    /// a name stays; a built-in list keeps its name too. A service's list is only used where it is named.
    pub(super) fn add(&mut self, model: &str, service: &str, charges: Charges) {
        let mut name = if service.is_empty() { model.to_owned() } else { format!("{model} ({service})") };
        if self.built_in.list(&name).is_some() {
            name = format!("{name} ({})", self.program);
        }
        let name = Label::new(&name).to_string();
        let list = ListFile {
            source: format!("{}, {}", self.program, self.source),
            imported: Some(self.program.to_owned()),
            zone: charges.zone,
            windows: charges.windows,
            ..ListFile::flat(name.clone(), "USD".to_owned(), charges.tiers)
        };
        // An entry that ends with a slash prices a provider, not a model.
        let names_model = service.is_empty() && !model.ends_with('/');
        let model = if names_model { canonical_model(model) } else { String::new() };
        self.lists.entry(name).or_insert(ImportedList { file: list, model, has_hit: charges.has_hit });
    }

    /// The price file, with a history for each name that refers to a single price.
    pub(super) fn finish(self, mut tally: ImportTally) -> Import {
        tally.lists = self.lists.len();
        let histories = self.histories(&mut tally);
        let lists = self.lists.into_values().map(|listed| listed.file).collect();
        Import { program: self.program, file: PriceFile { lists, histories, ..PriceFile::default() }, tally }
    }

    /// A history for each model name: the list of the bare name, or any of several with equal prices.
    fn histories(&self, tally: &mut ImportTally) -> Vec<HistoryFile> {
        let mut named: BTreeMap<&str, Vec<&ImportedList>> = BTreeMap::new();
        for list in self.lists.values().filter(|list| !list.model.is_empty() && !is_glob(&list.file.name)) {
            named.entry(&list.model).or_default().push(list);
        }
        let mut histories = Vec::new();
        let marked = format!(" ({})", self.program).to_lowercase();
        for (model, mut lists) in named {
            if self.built_in.price_of(model).is_some() {
                let all = lists.len();
                lists.retain(|list| list.has_hit);
                tally.kept += usize::from(lists.is_empty() && all > 0);
            }
            let bare = lists.iter().find(|list| {
                let name = list.file.name.to_lowercase();
                name.strip_suffix(&marked).unwrap_or(&name) == model
            });
            let prices: BTreeSet<_> = lists.iter().map(|list| prices_of(&list.file)).collect();
            match (bare, prices.len()) {
                (_, 0) => {}
                (Some(list), _) => histories.push((model, list.file.name.clone())),
                (None, 1) => histories.push((model, lists[0].file.name.clone())),
                (None, _) => tally.ambiguous += 1,
            }
        }
        let one = |(model, list): (&str, String)| HistoryFile { models: vec![model.to_owned()], lists: vec![list] };
        histories.into_iter().map(one).collect()
    }
}

type TierPrices<'a> = (&'a String, Price, Price, Price, &'a BTreeMap<String, Price>);
type Hours<'a> = (&'a String, &'a Vec<String>, &'a Vec<i8>);

fn prices_of(list: &ListFile) -> (Vec<TierPrices<'_>>, Vec<Hours<'_>>, Option<&String>) {
    let tier = |(name, tier)| -> TierPrices<'_> {
        let (name, tier): (&String, &TierFile) = (name, tier);
        (name, tier.hit, tier.miss, tier.output, &tier.classes)
    };
    let hours = list.windows.iter().map(|window| (&window.tier, &window.hours, &window.weekdays));
    (list.tiers.iter().map(tier).collect(), hours.collect(), list.zone.as_ref())
}
