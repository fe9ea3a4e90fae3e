//! The import of LiteLLM's file.

use super::*;
use crate::pricing::{Book, ListFile};

fn import(json: &str) -> Result<(Vec<String>, ImportTally), String> {
    let import = import_litellm(json)?;
    let line = |list: &ListFile| {
        let tier = list.tiers.values().next().cloned().unwrap_or_default();
        let open = tier.classes.iter().fold(String::new(), |text, (class, price)| format!("{text} {class} {price}"));
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
    assert_eq!(lists, ["a/claude: 0.30 3.00 15.00 write_1h 6.00 write_5m 3.75", "a/claude (batches): 1.50 1.50 7.50"]);
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
    assert!(said.contains("4 entries have prices by request length") && said.contains("1 entry prices reasoning"));
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
        let quote = |book: &Book| book.price_of(model).and_then(|price| Some(price.quote(at)?.prices));
        let before = quote(&book);
        book.add(without.file).map_err(|error| error.to_string())?;
        assert_eq!(quote(&book), before, "{name}");
        book.add(import(name, hit)?.file).map_err(|error| error.to_string())?;
        let after = quote(&book).map(|prices| (prices.hit.to_string(), prices.miss.to_string()));
        assert_eq!(after, Some(("0.10".to_owned(), "1.00".to_owned())), "{name}: one with hits does");
    }
    // Of two providers, the one with a price of hits is used.
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
    assert_eq!((tally.entries, tally.without_tokens, tally.refused, tally.by_time), (6, 3, 3, 0));
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
