//! LiteLLM's `model_prices_and_context_window.json` as a price file of ours.
//!
//! It gives prices per token as floats, some of them noise of an earlier calculation (`1.6000000000000001e-06`). They are
//! read as decimals, and a noisy one becomes the shortest decimal within a billionth of it. What a price list of ours
//! cannot say, or an engine's counters cannot see, is left out and counted. No list without a price of hits stands before
//! a built-in one that has it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::value::RawValue;

use super::name::is_glob;
use super::{Book, HistoryFile, ListFile, PriceFile, TierFile};
use crate::reading::{Label, canonical_model};
use crate::units::{Decimal, Price};

/// A provider's service tiers: the ending of their keys, and what they are called.
const SERVICES: [(&str, &str); 4] = [("", ""), ("_batches", "batches"), ("_flex", "flex"), ("_priority", "priority")];
/// The keys that carry the price of hits.
const HIT_KEYS: [&str; 2] = ["cache_read_input_token_cost", "input_cost_per_token_cache_hit"];
/// Its entry that explains the others.
const EXPLANATION: &str = "sample_spec";

/// An entry: its keys, and their values as they are written.
type Entry<'a> = BTreeMap<String, &'a RawValue>;

/// A price file, and what became of the entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The lists, and a history for every name that means one of them.
    pub file: PriceFile,
    /// What became of the entries.
    pub tally: Tally,
}

/// What was read, mended and left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Entries of the JSON.
    pub entries: usize,
    /// Lists that came of them, service tiers each a list.
    pub lists: usize,
    /// Prices that were float noise.
    pub repaired: usize,
    /// Lists without a price of hits: they are priced as misses.
    pub without_hit: usize,
    /// Entries without both token prices: images, audio, rerankers.
    pub without_tokens: usize,
    /// Lists with a price that is negative, no number, or finer than nine decimals a million.
    pub refused: usize,
    /// Entries with prices by the length of a request, which no engine's counter shows: none of their prices is read.
    pub by_length: usize,
    /// Entries that price reasoning apart from output, which no engine's counter shows: likewise.
    pub by_reasoning: usize,
    /// Names that keep their built-in list: the imported one gives no price of hits.
    pub kept: usize,
    /// Entries with prices by the time of day, which are not read.
    pub by_time: usize,
    /// Names under which several lists with different prices stand: a `[[price]]` has to choose.
    pub ambiguous: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lists of {} entries", self.lists, self.entries)?;
        for (count, what) in [
            (self.repaired, "prices were float noise and are repaired"),
            (self.without_hit, "lists give no price of hits: they are priced as misses"),
            (self.without_tokens, "entries have no price of input and output tokens: skipped"),
            (self.refused, "lists have a price that is negative, no number or finer than nine decimals: skipped"),
            (self.by_length, "entries have prices by request length, which engines' counters cannot show: skipped"),
            (self.by_reasoning, "entries price reasoning apart, which engines' counters cannot show: skipped"),
            (self.kept, "names keep their built-in list: the imported one gives no price of hits"),
            (self.by_time, "entries have prices by time of day: not read, write them as windows"),
            (self.ambiguous, "names stand for several prices: choose with [[price]] list = \"…\""),
        ] {
            if count > 0 {
                write!(f, "\n{count} {what}")?;
            }
        }
        Ok(())
    }
}

/// Reads the JSON.
///
/// # Errors
/// Why it is not LiteLLM's file.
pub fn import_litellm(json: &str) -> Result<Import, String> {
    let entries: Entry<'_> = serde_json::from_str(json).map_err(|error| {
        format!("{error}; this reads LiteLLM's model_prices_and_context_window.json, one object of entries by model")
    })?;
    let built_in = Book::built_in().map_err(|error| error.to_string())?;
    let mut tally = Tally::default();
    let mut lists: BTreeMap<String, Listed> = BTreeMap::new();
    for (name, entry) in entries.iter().filter(|(name, _)| *name != EXPLANATION) {
        tally.entries += 1;
        // What is no object has no prices.
        let entry: Entry<'_> = serde_json::from_str(entry.get()).unwrap_or_default();
        if !is_readable(&entry, &mut tally) {
            continue;
        }
        for (ending, service) in SERVICES {
            let prices = Prices { entry: &entry, ending };
            match prices.tier(&mut tally) {
                Ok(Some((tier, hit))) => add(&mut lists, &built_in, (name, service), tier, hit),
                Ok(None) if service.is_empty() => tally.without_tokens += 1,
                Ok(None) => {}
                Err(Refused) => tally.refused += 1,
            }
        }
    }
    tally.lists = lists.len();
    let histories = histories(&lists, &built_in, &mut tally);
    let lists = lists.into_values().map(|listed| listed.file).collect();
    Ok(Import { file: PriceFile { lists, histories, ..PriceFile::default() }, tally })
}

/// A list, and whether the price of hits in it was given.
struct Listed {
    file: ListFile,
    /// The name that it was given under, without its provider.
    model: String,
    has_hit: bool,
}

/// Whether an entry's prices can be read: all of them, or none.
fn is_readable(entry: &Entry<'_>, tally: &mut Tally) -> bool {
    let is_said = |value: &RawValue| !matches!(value.get(), "null" | "[]" | "{}");
    let by_length = |key: &str| key == "tiered_pricing" || (key.contains("_above_") && key.contains("_tokens"));
    let tiered = entry.iter().any(|(key, value)| by_length(key) && is_said(value));
    let decimal = |key: &str| Decimal::parse(entry.get(key)?.get().trim_matches('"')).ok()?.shifted(6).scaled(9).ok();
    let reasoning = decimal("output_cost_per_reasoning_token");
    let apart = reasoning.is_some() && reasoning != decimal("output_cost_per_token");
    tally.by_length += usize::from(tiered);
    tally.by_reasoning += usize::from(apart && !tiered);
    tally.by_time += usize::from(entry.contains_key("off_peak_pricing"));
    !tiered && !apart
}

/// The first name that becomes a list's name keeps it: names that differ only in what no terminal may be told are one. A
/// built-in list keeps its name too.
fn add(
    lists: &mut BTreeMap<String, Listed>,
    built_in: &Book,
    (model, service): (&str, &str),
    tier: TierFile,
    has_hit: bool,
) {
    let mut name = if service.is_empty() { model.to_owned() } else { format!("{model} ({service})") };
    if built_in.list(&name).is_some() {
        name.push_str(" (LiteLLM)");
    }
    let name = Label::new(&name).to_string();
    let tiers = BTreeMap::from([("standard".to_owned(), tier)]);
    let list = ListFile {
        source: "LiteLLM, model_prices_and_context_window.json".to_owned(),
        ..ListFile::flat(name.clone(), "USD".to_owned(), tiers)
    };
    // An entry that ends with a slash prices a provider, and no model.
    let names_model = service.is_empty() && !model.ends_with('/');
    let model = if names_model { canonical_model(model) } else { String::new() };
    lists.entry(name).or_insert(Listed { file: list, model, has_hit });
}

/// A price that cannot be kept.
struct Refused;

/// An entry's prices under one service tier.
struct Prices<'a> {
    entry: &'a Entry<'a>,
    ending: &'static str,
}

impl Prices<'_> {
    /// The tier, and whether it has a price of hits; `None` if input or output has no price.
    fn tier(&self, tally: &mut Tally) -> Result<Option<(TierFile, bool)>, Refused> {
        let miss = self.price("input_cost_per_token", tally)?;
        let output = self.price("output_cost_per_token", tally)?;
        let (Some(miss), Some(output)) = (miss, output) else { return Ok(None) };
        let hit = self.hit(tally)?;
        tally.without_hit += usize::from(hit.is_none());
        let mut tier = TierFile::new(hit.unwrap_or(miss), miss, output);
        for (class, key) in
            [("write_5m", "cache_creation_input_token_cost"), ("write_1h", "cache_creation_input_token_cost_above_1hr")]
        {
            tier.classes.extend(self.price(key, tally)?.map(|price| (class.to_owned(), price)));
        }
        Ok(Some((tier, hit.is_some())))
    }

    /// The price of hits, by whichever key gives it. Two keys that give different ones give none.
    fn hit(&self, tally: &mut Tally) -> Result<Option<Price>, Refused> {
        let mut found = None;
        for key in HIT_KEYS {
            match (found, self.price(key, tally)?) {
                (Some(one), Some(other)) if one != other => return Err(Refused),
                (known, price) => found = known.or(price),
            }
        }
        Ok(found)
    }

    /// A price per million of one that is written per token.
    fn price(&self, key: &str, tally: &mut Tally) -> Result<Option<Price>, Refused> {
        let written = match self.entry.get(&format!("{key}{}", self.ending)).map(|value| value.get()) {
            None | Some("null") => return Ok(None),
            Some(text) => text.trim_matches('"'),
        };
        let per_million = Decimal::parse(written).map_err(|_| Refused)?.shifted(6);
        let nanos = if let Ok(exact) = per_million.scaled(9) {
            exact
        } else {
            let repaired = shortest(per_million).ok_or(Refused)?;
            tally.repaired += 1;
            repaired
        };
        Some(Price::from_nanos(nanos)).filter(|price| *price <= Price::MOST).map(Some).ok_or(Refused)
    }
}

/// The decimal with the fewest places that is within a billionth, in billionths.
fn shortest(number: Decimal) -> Option<i64> {
    (0..=9).find_map(|places| number.nearly(places)?.checked_mul(10_i64.pow(9 - places)))
}

/// A history for each name that means one price: the bare name's own list, or any of several that agree.
fn histories(lists: &BTreeMap<String, Listed>, built_in: &Book, tally: &mut Tally) -> Vec<HistoryFile> {
    let mut named: BTreeMap<&str, Vec<&Listed>> = BTreeMap::new();
    for list in lists.values().filter(|list| !list.model.is_empty() && !is_glob(&list.file.name)) {
        named.entry(&list.model).or_default().push(list);
    }
    let mut histories = Vec::new();
    for (model, mut lists) in named {
        if built_in.price_of(model).is_some() {
            let all = lists.len();
            lists.retain(|list| list.has_hit);
            tally.kept += usize::from(lists.is_empty() && all > 0);
        }
        let bare = lists.iter().find(|list| {
            let name = list.file.name.to_lowercase();
            name == model || name == format!("{model} (litellm)")
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

fn prices_of(list: &ListFile) -> Vec<(Price, Price, Price, &BTreeMap<String, Price>)> {
    list.tiers.values().map(|tier| (tier.hit, tier.miss, tier.output, &tier.classes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(json: &str) -> Result<(Vec<String>, Tally), String> {
        let import = import_litellm(json)?;
        let line = |list: &ListFile| {
            let tier = list.tiers.values().next().cloned().unwrap_or_default();
            let open =
                tier.classes.iter().fold(String::new(), |text, (class, price)| format!("{text} {class} {price}"));
            format!("{}: {} {} {}{open}", list.name, tier.hit, tier.miss, tier.output)
        };
        Ok((import.file.lists.iter().map(line).collect(), import.tally))
    }

    #[test]
    fn noise_is_repaired_and_said() -> Result<(), String> {
        let json = r#"{"gpt-x": {"input_cost_per_token": 4e-07, "output_cost_per_token": 1.6000000000000001e-06,
            "cache_read_input_token_cost": 9.999999999999999e-08}}"#;
        let (lists, tally) = import(json)?;
        assert_eq!(lists, ["gpt-x: 0.10 0.40 1.60"]);
        assert_eq!((tally.repaired, tally.without_hit, tally.lists), (2, 0, 1));
        Ok(())
    }

    #[test]
    fn services_are_lists_and_cache_writes_are_classes() -> Result<(), String> {
        let json = r#"{"a/claude": {"input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
            "cache_read_input_token_cost": 3e-07, "cache_creation_input_token_cost": 3.75e-06,
            "cache_creation_input_token_cost_above_1hr": 6e-06, "tiered_pricing": null,
            "input_cost_per_token_batches": 1.5e-06, "output_cost_per_token_batches": 7.5e-06}}"#;
        let (lists, tally) = import(json)?;
        assert_eq!(
            lists,
            ["a/claude: 0.30 3.00 15.00 write_1h 6.00 write_5m 3.75", "a/claude (batches): 1.50 1.50 7.50"]
        );
        assert_eq!((tally.entries, tally.without_hit, tally.by_length), (1, 1, 0));
        Ok(())
    }

    #[test]
    fn the_price_of_hits_is_read_by_every_key_and_as_text_too() -> Result<(), String> {
        let json = r#"{
            "a": {"input_cost_per_token": 2.8e-07, "output_cost_per_token": 4e-07, "input_cost_per_token_cache_hit": 2.8e-08},
            "b": {"input_cost_per_token": "2.8e-07", "output_cost_per_token": "4e-07",
                "input_cost_per_token_cache_hit": "2.8e-08"},
            "c": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "cache_read_input_token_cost": 1e-7,
                "input_cost_per_token_cache_hit": 1e-7},
            "d": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "cache_read_input_token_cost": 1e-7,
                "input_cost_per_token_cache_hit": 2e-7},
            "e": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "cache_read_input_token_cost": null,
                "input_cost_per_token_cache_hit": 1e-7}}"#;
        let (lists, tally) = import(json)?;
        assert_eq!(lists, ["a: 0.028 0.28 0.40", "b: 0.028 0.28 0.40", "c: 0.10 1.00 1.00", "e: 0.10 1.00 1.00"]);
        assert_eq!((tally.without_hit, tally.refused), (0, 1), "two keys that quarrel give none");
        Ok(())
    }

    #[test]
    fn an_entry_with_tiers_of_context_is_refused_whole() -> Result<(), String> {
        let json = r#"{
            "gemini": {"input_cost_per_token": 1.25e-06, "input_cost_per_token_above_200k_tokens": 2.5e-06,
                "output_cost_per_token": 1e-05, "input_cost_per_token_batches": 6e-7, "output_cost_per_token_batches": 5e-6},
            "flex": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6,
                "output_cost_per_token_above_128k_tokens_priority": 2e-6},
            "qwen": {"tiered_pricing": [{"input_cost_per_token": 4e-07, "output_cost_per_token": 1.2e-06}]},
            "both": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "tiered_pricing": [{"range": [0, 1]}]},
            "think": {"input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6, "output_cost_per_reasoning_token": 1.2e-5},
            "same": {"input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6, "output_cost_per_reasoning_token": 4e-6}}"#;
        let (lists, tally) = import(json)?;
        assert_eq!(lists, ["same: 1.00 1.00 4.00"]);
        assert_eq!((tally.by_length, tally.by_reasoning, tally.without_tokens), (4, 1, 0));
        let said = tally.to_string();
        assert!(said.contains("4 entries have prices by request length") && said.contains("1 entries price reasoning"));
        Ok(())
    }

    #[test]
    fn a_list_without_hits_never_replaces_a_built_in_one_that_has_them() -> Result<(), String> {
        let entry = |more: &str| format!("{{\"input_cost_per_token\": 1e-6, \"output_cost_per_token\": 2e-6{more}}}");
        let hit = ", \"input_cost_per_token_cache_hit\": 1e-7";
        let import = |name: &str, more: &str| import_litellm(&format!("{{\"{name}\": {}}}", entry(more)));
        let histories = |import: &Import| -> Vec<(String, String)> {
            import.file.histories.iter().map(|h| (h.models[0].clone(), h.lists[0].clone())).collect()
        };
        for name in ["azure_ai/deepseek-chat", "deepseek-v3.2", "x/DeepSeek-R1"] {
            let without = import(name, "")?;
            assert_eq!((histories(&without), without.tally.kept), (vec![], 1), "{name}");
            assert!(!without.file.lists.is_empty(), "{name}: it can still be chosen by its name");
            let mut book = Book::built_in().map_err(|error| error.to_string())?;
            let model = name.rsplit('/').next().unwrap_or(name);
            let at = crate::units::Timestamp::from_millis(1_760_000_000_000);
            let quote = |book: &Book| book.price_of(model).map(|price| price.quote(at).prices);
            let before = quote(&book);
            book.add(without.file).map_err(|error| error.to_string())?;
            assert_eq!(quote(&book), before, "{name}");
            book.add(import(name, hit)?.file).map_err(|error| error.to_string())?;
            let after = quote(&book).map(|prices| (prices.hit.to_string(), prices.miss.to_string()));
            assert_eq!(after, Some(("0.10".to_owned(), "1.00".to_owned())), "{name}: one with hits does");
        }
        // Of two providers, the one that says it is meant.
        let json = format!("{{\"a/deepseek-chat\": {}, \"b/deepseek-chat\": {}}}", entry(""), entry(hit));
        assert_eq!(histories(&import_litellm(&json)?), [("deepseek-chat".to_owned(), "b/deepseek-chat".to_owned())]);
        assert_eq!(histories(&import("some/model", "")?).len(), 1, "what has no built-in list is priced by it");
        Ok(())
    }

    #[test]
    fn what_is_no_price_of_tokens_is_counted() -> Result<(), String> {
        let json = r#"{"sample_spec": {"input_cost_per_token": "text"}, "image": {"output_cost_per_image": 0.04}, "x": 7,
            "bad": {"input_cost_per_token": -1e-6, "output_cost_per_token": 0},
            "odd": {"input_cost_per_token": [1], "output_cost_per_token": 0},
            "fine": {"input_cost_per_token": 1.23456789012e-15, "output_cost_per_token": 0},
            "free": {"input_cost_per_token": 0.0, "output_cost_per_token": null, "off_peak_pricing": {}}}"#;
        let (lists, tally) = import(json)?;
        assert!(lists.is_empty());
        assert_eq!((tally.entries, tally.without_tokens, tally.refused, tally.by_time), (6, 3, 3, 1));
        assert!(import_litellm("[]").is_err() && import_litellm("").is_err());
        Ok(())
    }

    #[test]
    fn a_name_with_two_prices_has_no_history() -> Result<(), String> {
        let entry = |cost: &str| format!("{{\"input_cost_per_token\": {cost}, \"output_cost_per_token\": {cost}}}");
        let (one, two) = (entry("1e-6"), entry("2e-6"));
        let json = format!(
            "{{\"p/agree\": {one}, \"q/agree\": {one}, \"p/quarrel\": {one}, \"q/quarrel\": {two},
            \"bare\": {two}, \"p/bare\": {one}, \"any/*\": {one}, \"p/\": {one}}}"
        );
        let import = import_litellm(&json)?;
        let named: Vec<_> = import.file.histories.iter().map(|h| (h.models[0].as_str(), h.lists[0].as_str())).collect();
        assert_eq!(named, [("agree", "p/agree"), ("bare", "bare")]);
        assert_eq!((import.tally.ambiguous, import.tally.lists), (1, 8));
        Ok(())
    }
}
