//! `config import-prices`: LiteLLM's hours, `OpenRouter`'s models, models.dev's catalogue.

use crate::program;

use program::Program;
use serde_json::Value;
use tempfile::TempDir;

/// An imported price file in a temporary folder.
struct Imported {
    _home: TempDir,
    config: String,
    output: String,
    text: String,
}

impl Imported {
    fn of(json: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (file, prices) = (home.path().join("map.json"), home.path().join("prices.toml"));
        std::fs::write(&file, json).unwrap();
        let ran = Program::new(["config", "import-prices", file.to_str().unwrap()]).run();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        std::fs::write(&prices, &ran.out).unwrap();
        let config = format!("price_files = [\"{}\"]\n", prices.display());
        let checked = Program::new(["config", "check"]).config(&config).run();
        assert_eq!(checked.code, Some(0), "{}\n{}", checked.err, ran.out);
        Self { _home: home, config, output: ran.err, text: ran.out }
    }

    /// The price of a million misses, hits and output tokens each of a model at an instant.
    fn price(&self, model: &str, at: &str) -> Value {
        let arguments = ["price", "--model", model, "--input", "2e6", "--cached", "1e6", "--output", "1e6", "--json"];
        Program::new(arguments).arg("--at").arg(at).config(&self.config).run().good()
    }

    fn is_unpriced(&self, model: &str) -> bool {
        Program::new(["price", "--model", model]).config(&self.config).run().code == Some(2)
    }

    fn tiers(&self, model: &str, instants: &[&str]) -> Vec<String> {
        instants.iter().map(|at| self.price(model, at)["tier"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn litellms_hours_are_windows() {
    let imported = Imported::of(
        r#"{"night": {"input_cost_per_token": 5.5e-07, "output_cost_per_token": 2.19e-06,
            "cache_read_input_token_cost": 1.4e-07, "input_cost_per_token_batches": 1e-07,
            "output_cost_per_token_batches": 1e-07, "off_peak_pricing": {"hours_utc": "16:30-00:30",
            "input_cost_per_token": 1.35e-07, "output_cost_per_token": 5.5e-07, "cache_read_input_token_cost": 3.5e-08}}}"#,
    );
    let at = ["2025-03-01T16:29:59Z", "2025-03-01T16:30:00Z", "2025-03-02T00:29:59Z", "2025-03-02T00:30:00Z"];
    assert_eq!(imported.tiers("night", &at), ["standard", "offpeak", "offpeak", "standard"]);
    let (day, night) = (imported.price("night", at[0]), imported.price("night", at[1]));
    assert_eq!((&day["revenue"], &night["revenue"]), (&"2.88".into(), &"0.72".into()));
    assert_eq!((&day["provenance"], &night["until"]), (&"imported".into(), &"2025-03-02T00:30:00Z".into()));
    assert!(imported.output.contains("1 entry has prices by time of day: read as windows"), "{}", imported.output);
    assert!(imported.output.contains("1 service tier of entries with prices by time of day"), "{}", imported.output);
}

/// Hours are in UTC and weekdays in another zone: a window in one zone has to express both.
#[test]
fn hours_of_weekdays_of_another_zone_are_moved_into_it() {
    let entry = |block: &str| {
        format!("{{\"input_cost_per_token\": 1e-06, \"output_cost_per_token\": 1e-06, \"off_peak_pricing\": {block}}}")
    };
    let block = r#"{"weekday_timezone": "Asia/Shanghai", "input_cost_per_token": 5e-07, "windows": [
        {"hours_utc": ["00:00-01:00", "04:00-06:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
        {"hours_utc": "00:00-00:00", "weekdays": ["Sat", "sunday"]}]}"#;
    let new_york = block.replace("Asia/Shanghai", "America/New_York");
    let names = [
        ("shanghai", block),
        ("new-york", new_york.as_str()),
        ("odd", r#"{"hours_utc": "4pm", "input_cost_per_token": 5e-07}"#),
        ("none", "{}"),
        ("never", r#"{"input_cost_per_token": 5e-07}"#),
        ("noday", r#"{"hours_utc": "00:00-00:00", "weekdays": ["noday"], "input_cost_per_token": 5e-07}"#),
    ];
    let entries: Vec<_> = names.iter().map(|(name, block)| format!("\"{name}\": {}", entry(block))).collect();
    let imported = Imported::of(&format!("{{{}}}", entries.join(", ")));
    for (at, tier) in [
        ("2026-08-28T15:59:59Z", "offpeak"),  // Friday, 23:59:59 there.
        ("2026-08-28T16:00:00Z", "offpeak"),  // Saturday there.
        ("2026-08-30T15:59:59Z", "offpeak"),  // Sunday night there.
        ("2026-08-31T01:00:00Z", "standard"), // Monday, 09:00 there.
        ("2026-08-31T03:59:59Z", "standard"),
        ("2026-08-31T04:00:00Z", "offpeak"),
        ("2026-08-31T06:00:00Z", "standard"),
        ("2026-08-31T10:00:00Z", "offpeak"),
    ] {
        assert_eq!(imported.tiers("shanghai", &[at]), [tier], "{at}");
    }
    assert_eq!(imported.price("none", "2026-08-31T04:00:00Z")["revenue"], "3.00");
    for model in ["new-york", "odd", "never", "noday"] {
        assert!(imported.is_unpriced(model), "{model}: its hours cannot be said, so none of it is");
    }
    assert!(
        imported.output.contains("4 entries have prices by time of day that windows cannot say"),
        "{}",
        imported.output
    );
}

#[test]
fn entries_with_context_tiers_are_refused_and_reported() {
    let imported = Imported::of(
        r#"{"gemini": {"input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06,
            "input_cost_per_token_above_200k_tokens": 2e-06}, "plain": {"input_cost_per_token": 1e-06,
            "output_cost_per_token": 1e-06}}"#,
    );
    assert!(imported.is_unpriced("gemini") && !imported.is_unpriced("plain"));
    assert!(imported.output.contains("1 entry has prices by request length"), "{}", imported.output);
}

#[test]
fn openrouters_models_are_read() {
    let imported = Imported::of(
        r#"{"data": [
        {"id": "deepseek/plain", "pricing": {"prompt": "0.00000027", "completion": "0.0000011",
            "input_cache_read": "0.00000007", "input_cache_write": "0.000001", "input_cache_write_1h": "0.000002",
            "request": "0.005", "image": "0", "web_search": "0", "internal_reasoning": "0"}},
        {"id": "z/hours", "pricing": {"prompt": "0.000001", "completion": "0.000002", "overrides": [
            {"utc_start": "16:30", "utc_end": "00:30:00", "prompt": "0.0000005"}]}},
        {"id": "z/long", "pricing": {"prompt": "0.000001", "completion": "0.000002", "overrides": [
            {"min_prompt_tokens": 128000, "prompt": "0.000002"}]}},
        {"id": "z/twice", "pricing": {"prompt": "0.000001", "completion": "0.000002", "overrides": [
            {"utc_start": "16:30", "utc_end": "00:30", "prompt": "0.0000005"},
            {"utc_start": "00:00", "utc_end": "01:00", "prompt": "0.0000001"}]}},
        {"id": "z/less", "pricing": {"prompt": "0.000001", "completion": "0.000002", "discount": 0.5}},
        {"id": "z/thinks", "pricing": {"prompt": "0.000001", "completion": "0.000002", "internal_reasoning": "0.000003"}},
        {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}},
        {"id": "z/image", "pricing": {"image": "0.04"}},
        {"name": "nameless", "pricing": {"prompt": "1", "completion": "1"}}, 7]}"#,
    );
    assert!(imported.text.starts_with("# Imported by `margintop config import-prices` from OpenRouter's"));
    let plain = imported.price("plain", "2026-11-01");
    assert_eq!((&plain["list"], &plain["revenue"]), (&"deepseek/plain".into(), &"1.44".into()));
    let tokens =
        ["price", "--model", "plain", "--class", "write_5m=1e6", "--class", "write_1h=1e6", "--class", "request=2"];
    let answer = Program::new(tokens).arg("--json").config(&imported.config).run().good();
    assert_eq!(answer["revenue"], "3.01");
    let at = ["2026-11-01T16:30:00Z", "2026-11-01T00:30:00Z"];
    assert_eq!(imported.tiers("hours", &at), ["override 1", "standard"]);
    assert_eq!(
        imported.price("hours", at[0])["revenue"],
        "3.00",
        "0.5 for hits and misses, and the base price of output"
    );
    for model in ["long", "twice", "less", "thinks", "auto", "image"] {
        assert!(imported.is_unpriced(model), "{model}");
    }
    for output in [
        "2 lists of 10 entries",
        "1 entry has prices by request length",
        "1 entry has prices by time of day that windows cannot say",
        "1 entry has a discount",
        "1 entry prices reasoning apart",
        "1 list has a price that is negative",
        "3 entries have no price of input and output tokens",
    ] {
        assert!(imported.output.contains(output), "{output}: {}", imported.output);
    }
}

#[test]
fn models_devs_catalogue_is_read() {
    let imported = Imported::of(
        r#"{"deepseek": {"id": "deepseek", "models": {
            "chat-9": {"cost": {"input": 0.28, "output": 0.42, "cache_read": 0.028, "reasoning": 0.42}},
            "thinks": {"cost": {"input": 1, "output": 2, "reasoning": 3}},
            "long": {"cost": {"input": 1, "output": 2, "context_over_200k": {"input": 2, "output": 4}}},
            "free": {}}},
          "other": {"id": "other", "models": {"x/chat-9": {"cost": {"input": 0.28, "output": 0.42, "cache_read": 0.028}},
            "one": {"cost": {"input": 1.1, "output": 2.2}}, "two": {"cost": {"input": 1, "output": 2}}}},
          "third": {"id": "third", "models": {"two": {"cost": {"input": 3, "output": 2}}}}}"#,
    );
    assert_eq!(imported.price("chat-9", "2026-11-01")["revenue"], "0.728", "providers that agree");
    assert_eq!(imported.price("one", "2026-11-01")["list"], "other/one");
    for model in ["thinks", "long", "free", "two"] {
        assert!(imported.is_unpriced(model), "{model}");
    }
    for output in ["5 lists of 8 entries", "1 entry has prices by request length", "1 name stands for several prices"] {
        assert!(imported.output.contains(output), "{output}: {}", imported.output);
    }
}

#[test]
fn an_unknown_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("map.json");
    for json in ["", "[]", "7", "{\"data\": [", "<html>"] {
        std::fs::write(&file, json).unwrap();
        let ran = Program::new(["config", "import-prices", file.to_str().unwrap()]).run();
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
        for word in ["LiteLLM", "OpenRouter", "models.dev"] {
            assert!(ran.err.contains(word), "{}", ran.err);
        }
    }
}
