//! `margintop price`: its contract, its messages, and the published ratios.

use crate::program;

use program::{Program, Ran, micros};
use serde_json::Value;

/// The published day: 608 billion prompt tokens, 342 of them hits, 168 billion output tokens, 43,536 GPU-hours.
const DAY: [&str; 8] = ["--input", "608e9", "--cached", "342_000_000_000", "--output", "168e9", "--gpu-hours", "43536"];

/// Noon of a working day, so that tiers do not depend on when the test runs.
const NOON: &str = "2025-03-03T12:00:00Z";

fn price(arguments: &[&str]) -> Program {
    Program::new(["price"].iter().chain(arguments))
}

fn json(arguments: &[&str]) -> Value {
    price(arguments).arg("--json").run().good()
}

fn day(more: &[&str]) -> Value {
    json(&[&DAY, more].concat())
}

fn wrong(program: Program) -> String {
    let ran: Ran = program.run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    ran.err
}

#[test]
fn the_published_day_to_the_dollar() {
    let answer = day(&["--model", "deepseek-ai/DeepSeek-R1", "--at", "2025-02-01", "--gpu-rate", "2"]);
    for (key, value) in [
        ("currency", "USD"),
        ("revenue", "562100.00"),
        ("cost", "87072.00"),
        ("profit", "475028.00"),
        ("list", "deepseek-r1-standard"),
        ("tier", "standard"),
        ("until", "2025-02-26T16:30:00Z"),
    ] {
        assert_eq!(answer[key], value, "{key}");
    }
    for (key, value) in [("profit_on_cost", 5.455_577), ("gross_margin", 0.845_095), ("break_even_load", 0.154_905)] {
        assert!((answer[key].as_f64().unwrap() - value).abs() < 1e-6, "{key}: {}", answer[key]);
    }
    assert_eq!((&answer["theoretical"], &answer["rate"]["assumed"]), (&true.into(), &Value::Null));
}

/// Class: another name of a priced model is unpriced.
#[test]
fn another_name_of_a_model_has_its_price() {
    let config = "[[alias]]\nmodel = \"deepseek-r1\"\nnames = [\"chat-large\", \"deepseek-v3\"]\n\
                  [[alias]]\nmodel = \"chat-large\"\nnames = [\"openai/Chat\"]\n";
    let revenue = |model: &str| {
        let day = [&DAY, &["--model", model, "--at", "2025-02-01", "--json"][..]].concat();
        price(&day).config(config).run().good()["revenue"].clone()
    };
    for model in ["deepseek-r1", "chat-large", "hosted_vllm/Chat-Large", "chat"] {
        assert_eq!(revenue(model), "562100.00", "{model}");
    }
    assert_ne!(revenue("deepseek-v3"), "562100.00", "it has a price of its own");
}

#[test]
fn tiers_are_those_of_the_instant_or_of_a_list() {
    let revenue = |more: &[&str]| day(more)["revenue"].clone();
    assert_eq!(revenue(&["--model", "deepseek-r1", "--at", "2025-03-01T20:00:00Z"]), "140280.00");
    assert_eq!(revenue(&["--model", "deepseek-v3", "--at", "2025-03-01"]), "140280.00", "midnight UTC is off-peak");
    assert_eq!(revenue(&["--model", "deepseek-v3", "--at", "2025-03-01T00:30:00Z"]), "280560.00");
    assert_eq!(revenue(&["--list", "deepseek-r1-standard", "--at", "2030-01-01"]), "562100.00");
    let yuan = json(&[&DAY[..6], &["--list", "deepseek-r1-standard-cny"]].concat());
    assert_eq!((&yuan["currency"], &yuan["revenue"]), (&"CNY".into(), &"4094000.00".into()));
    assert_eq!((&yuan["cost"], &yuan["profit"]), (&Value::Null, &Value::Null), "no GPU-hours, no cost");
    let ended = day(&["--model", "deepseek-r1", "--at", "2026-01-01"]);
    assert_eq!(ended["list_ended"], "2025-09-05T16:00:00Z");
}

#[test]
fn an_unset_rate_is_a_dated_assumption() {
    let at = ["--model", "deepseek-r1", "--at", "2025-02-01", "--gpu-hours", "10"];
    let answer = json(&at);
    assert_eq!((&answer["cost"], &answer["rate"]["assumed"]), (&"37.00".into(), &"2026-11".into()));
    assert_eq!(json(&[&at[..], &["--gpu", "NVIDIA H200"]].concat())["cost"], "45.00");
    let lease = "[[lease]]\ngpu = \"H200\"\nrate = \"2.50\"\n";
    assert_eq!(price(&at).arg("--json").config(lease).run().good()["cost"], "25.00");
    let output = price(&at).run().out;
    assert!(output.contains("$3.70/GPU-h for H100 assumed 2026-11; set a [[lease]]"), "{output}");
    let unknown = json(&["--model", "deepseek-r1", "--input", "1e6", "--at", "2025-02-01"]);
    assert_eq!(
        (&unknown["cost"], &unknown["gross_margin"], &unknown["revenue"]),
        (&Value::Null, &Value::Null, &"0.55".into())
    );
}

#[test]
fn amounts_are_rounded_once_and_profit_is_their_difference() {
    let answer =
        json(&["--list", "deepseek-v3.1", "--input", "1", "--output", "1", "--gpu-hours", "1e-6", "--gpu-rate", "0.5"]);
    // 0.56 and 1.68 millionths are 2.24, half a millionth is none: half to even.
    assert_eq!(
        (&answer["revenue"], &answer["cost"], &answer["profit"]),
        (&"0.000002".into(), &"0.00".into(), &"0.000002".into())
    );
    let third = json(&["--list", "deepseek-v3.1", "--gpu-hours", "0.333333", "--gpu-rate", "3"]);
    assert_eq!((&third["cost"], &third["profit"]), (&"0.999999".into(), &"-0.999999".into()));
    assert_eq!((&third["gross_margin"], &third["profit_on_cost"]), (&Value::Null, &(-1.0).into()));
    let free = json(&["--list", "deepseek-v3.1", "--output", "1e6", "--gpu-hours", "0", "--gpu-rate", "3"]);
    assert_eq!(
        (&free["cost"], &free["profit_on_cost"], &free["gross_margin"]),
        (&"0.00".into(), &Value::Null, &1.0.into())
    );
}

#[test]
fn price_ratios_of_february_2025_are_those_that_were_published() {
    let times = |chosen: &str, other: &str, tokens: [&str; 2]| {
        let rows = json(&["--list", chosen, tokens[0], tokens[1], "--compare", "--at", NOON])["compare"].clone();
        let rows = rows.as_array().unwrap().clone();
        assert_eq!((&rows[0]["list"], &rows[0]["times_first"]), (&chosen.into(), &1.0.into()));
        assert!(rows.len() > 40);
        let row = rows.iter().find(|row| row["list"] == other).unwrap();
        row["times_first"].as_f64().unwrap()
    };
    let (input, output) = (["--input", "1e6"], ["--output", "1e6"]);
    assert_eq!(times("gpt-4o-2025-02", "gpt-4.5-2025-02", input).to_bits(), 30_f64.to_bits());
    assert_eq!(times("gpt-4o-2025-02", "gpt-4.5-2025-02", output).to_bits(), 15_f64.to_bits());
    assert_eq!(times("deepseek-v3-2025", "gpt-4.5-2025-02", input).round().to_bits(), 278_f64.to_bits());
    let output = price(&["--list", "gpt-4o-2025-02", "--input", "1e6", "--compare"]).run().out;
    let row = output.lines().find(|line| line.starts_with("gpt-4.5-2025-02")).unwrap();
    assert!(output.contains("x the first") && row.contains("30.000"), "{output}");
}

#[test]
fn other_currencies_are_compared_only_at_a_dated_rate() {
    let fx = "[[fx]]\nfrom = \"USD\"\nto = \"CNY\"\nrate = \"7.1234\"\nat = \"2026-11-01\"\n";
    let row = |config: &str| {
        let ran =
            price(&["--list", "deepseek-v4.1-flash", "--input", "1e6", "--compare", "--json", "--at", "2026-11-22"])
                .config(config)
                .run();
        let rows = ran.good()["compare"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["list"] == "deepseek-v4.1-flash-cny").unwrap()
    };
    let (without, with) = (row(""), row(fx));
    assert_eq!((&without["currency"], &without["times_first"]), (&"CNY".into(), &Value::Null));
    assert_eq!((&with["revenue"], &with["converted"]), (&without["revenue"], &"2026-11-01".into()));
    assert!(with["times_first"].as_f64().is_some_and(|times| (times - 1.0 / 7.1234 / 0.15).abs() < 1e-9), "{with}");
}

#[test]
fn the_paid_share_of_a_tenant_is_applied_and_shown() {
    let config = "[[price]]\nmodel = \"deepseek-r1\"\ntenant = \"app-free\"\npaid = \"0\"\n\
                  [[price]]\nmodel = \"deepseek-r1\"\npaid = \"0.37\"\n";
    let run = |tenant: &[&str]| {
        let at = [&["--model", "deepseek-r1", "--at", "2025-02-01", "--input", "1e6"], tenant].concat();
        price(&at).config(config).arg("--json").run().good()
    };
    assert_eq!(run(&[])["revenue"], "0.2035");
    let free = run(&["--tenant", "app-free"]);
    assert_eq!(
        (&free["revenue"], &free["theoretical"], &free["paid"]),
        (&"0.00".into(), &false.into(), &"0.00".into())
    );
}

#[test]
fn further_token_classes_are_priced_by_lists_that_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let prices = "[[list]]\nname = \"claude\"\ncurrency = \"USD\"\n[list.tiers.standard]\nhit = \"0.30\"\nmiss = \"3\"\n\
                  output = \"15\"\nwrite_5m = \"3.75\"\nrequest = \"5000\"\n[[history]]\nmodels = [\"claude-*\"]\nlists = [\"claude\"]\n";
    std::fs::write(folder.path().join("prices.toml"), prices).unwrap();
    let config = folder.path().join("margintop.toml");
    std::fs::write(&config, "price_files = [\"prices.toml\"]\n").unwrap();
    let config =
        ["--config", config.to_str().unwrap(), "--model", "Claude-Next", "--input", "201_000", "--cached", "200e3"];
    let more = ["--output", "2000", "--class", "write_5m=1e4", "--class", "request=3"];
    let answer = json(&[&config[..], &more].concat());
    assert_eq!(micros(&answer["revenue"]), 3_000 + 60_000 + 30_000 + 37_500 + 15_000);
    assert_eq!(answer["classes"].as_array().unwrap().len(), 5);
    let err = wrong(price(&[&config[..], &["--class", "write_1y=1"]].concat()));
    assert!(err.contains("--class write_1y: list claude has no price for it in tier standard"), "{err}");
}

#[test]
fn the_largest_amounts_do_not_overflow() {
    let folder = tempfile::tempdir().unwrap();
    let classes: Vec<_> = (0..9).map(|nth| format!("c{nth}")).collect();
    let open = classes.join(" = \"1000000\"\n") + " = \"1000000\"\n";
    let list = "[[list]]\nname = \"most\"\ncurrency = \"USD\"\n[list.tiers.standard]\n";
    let prices = format!("{list}hit = \"1000000\"\nmiss = \"1000000\"\noutput = \"1000000\"\n{open}");
    std::fs::write(folder.path().join("prices.toml"), prices).unwrap();
    let config = folder.path().join("margintop.toml");
    std::fs::write(&config, "price_files = [\"prices.toml\"]\n").unwrap();
    let most = ["--config", config.to_str().unwrap(), "--list", "most", "--input", "1e15", "--output", "1e15"];
    let program = |classes: &[String]| {
        let more = ["--compare", "--gpu-hours", "1e9", "--gpu-rate", "1000000", "--json"];
        let classes = classes.iter().map(|class| format!("--class={class}=1e15"));
        classes.fold(price(&[&most[..], &more].concat()), |program, class| program.arg(&class))
    };
    let answer = program(&classes[..8]).run().good();
    assert_eq!((&answer["revenue"], &answer["cost"]), (&"10000000000000000.00".into(), &"1000000000000000.00".into()));
    assert!(wrong(program(&classes)).contains("ask in parts"));
}

#[test]
fn a_year_with_unknown_holidays_is_reported() {
    let at = ["--model", "deepseek-v4-pro", "--input", "1e6", "--at", "2027-01-01T02:00:00Z"];
    let answer = json(&at);
    assert_eq!((&answer["tier"], &answer["holidays_unknown"]), (&"peak".into(), &2027.into()));
    let output = price(&at).run().out;
    assert!(output.contains("the holidays of 2027 are not known"), "{output}");
    let known = json(&["--model", "deepseek-v4-pro", "--input", "1e6", "--at", "2026-10-01T02:00:00Z"]);
    assert_eq!((&known["tier"], &known["holidays_unknown"]), (&"offpeak".into(), &Value::Null));
}

#[test]
fn rows_add_up_and_both_margins_are_named() {
    let output =
        price(&[&DAY[..], &["--model", "deepseek-r1", "--at", "2025-02-01", "--gpu-rate", "2"]].concat()).run().out;
    for line in [
        "$146,300.00",
        "$562,100.00  theoretical",
        "43,536 GPU-hours",
        "profit on cost     545.6 %",
        "gross margin        84.5 %",
    ] {
        assert!(output.contains(line), "{line}\n{output}");
    }
    assert!(output.lines().all(|line| line == line.trim_end()), "{output}");
}

#[test]
fn an_invalid_call_says_what_to_write() {
    for (arguments, word) in [
        (&["--model", "x"][..], "no price for model \"x\" in USD: name a list with --list"),
        (&["--model", "deepseek-r1", "--input", "5", "--cached", "6"], "--cached 6 is more than --input 5"),
        (&["--model", "deepseek-r1", "--input", "1.5"], "write a whole number, like 608e9"),
        (&["--model", "deepseek-r1", "--input", "NaN"], "write a whole number, like 608e9"),
        (&["--model", "deepseek-r1", "--input=-1"], "write a whole number, like 608e9"),
        (&["--model", "deepseek-r1", "--output", "2e15"], "more than 1e15"),
        (&["--model", "deepseek-r1", "--output", "1e99"], "write a whole number"),
        (&["--model", "deepseek-r1", "--gpu-hours=-1"], "--gpu-hours \"-1\": negative"),
        (&["--model", "deepseek-r1", "--gpu-hours", "1", "--gpu-rate", "cheap"], "--gpu-rate \"cheap\": not a decimal"),
        (&["--model", "deepseek-r1", "--gpu-hours", "2e9"], "more than 1e9"),
        (&["--model", "deepseek-r1", "--gpu", "H20"], "--gpu \"H20\": no rate is known for it"),
        (
            &["--model", "deepseek-r1", "--at", "noon"],
            "--at: \"noon\" is not a time: write now, today, yesterday, 11:30 (of today)",
        ),
        (&["--list", "deepseek-r1-2052"], "is it \"deepseek-r1-2025\"?"),
        (&["--model", "deepseek-r1", "--class", "hit=1"], "counted already"),
        (&["--input", "5"], "--model"),
        (&["--model", "\u{1b}[2J"], "no price for model"),
    ] {
        let err = wrong(price(arguments));
        assert!(err.contains(word), "{arguments:?}: {err}");
        assert!(err.chars().all(|c| c == '\n' || !c.is_control()), "{err:?}");
    }
}

/// Case "LiteLLM's price map": the price of hits is under another key, and a provider's entry has none.
///
/// Class: an import replaces a known price by a worse one without a message.
#[test]
fn an_imported_map_prices_hits_by_whichever_key_gives_them() {
    let home = tempfile::tempdir().unwrap();
    let import = |json: &str| {
        let file = home.path().join("map.json");
        std::fs::write(&file, json).unwrap();
        let ran = Program::new(["config", "import-prices", file.to_str().unwrap()]).run();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let prices = home.path().join("p.toml");
        std::fs::write(&prices, &ran.out).unwrap();
        (format!("price_files = [\"{}\"]\n", prices.display()), ran.err)
    };
    let revenue = |config: &str, model: &str, at: &str| {
        let tokens = ["--input", "1e9", "--cached", "9e8", "--output", "0", "--at", at];
        price(&[&["--model", model][..], &tokens].concat()).arg("--json").config(config).run().good()["revenue"].clone()
    };
    let (config, _) = import(include_str!("../fixtures/reports/litellm-cache-hit.json"));
    assert_eq!(revenue(&config, "deepseek-v3.2", "2025-11-01"), "53.20");
    let (config, output) = import(include_str!("../fixtures/reports/litellm-map.json"));
    assert_eq!(revenue(&config, "deepseek-chat", "2025-11-01"), "90.00", "0.07 and 0.27 of the one that gives hits");
    assert!(output.contains("2 entries have prices by request length"), "{output}");
    let unpriced = price(&["--model", "gemini-2.5-pro", "--input", "1e6"]).config(&config).run();
    assert_ne!(unpriced.code, Some(0), "an entry with tiers of context is refused whole: {unpriced:?}");
    // A provider that gives none leaves the built-in list where it is.
    let (config, output) =
        import(r#"{"azure_ai/deepseek-v3.2": {"input_cost_per_token": 5e-7, "output_cost_per_token": 1e-6}}"#);
    assert_eq!(revenue(&config, "deepseek-v3.2", "2025-11-01"), "53.20");
    assert!(output.contains("1 name keeps the built-in list"), "{output}");
}

/// Names of open weights have price histories of their own; names of a service have the prices that it charged for them.
#[test]
fn services_follow_the_api_and_open_weights_keep_their_list() {
    let list = |model: &str, at: &str| json(&["--model", model, "--input", "1e6", "--at", at])["list"].clone();
    for (at, chat, reasoner) in [
        ("2025-01-25", "deepseek-v3-promo", "deepseek-r1-standard"),
        ("2025-02-20", "deepseek-v3-standard", "deepseek-r1-standard"),
        ("2025-06-01", "deepseek-v3-2025", "deepseek-r1-2025"),
        ("2025-09-05T15:59:59Z", "deepseek-v3-2025", "deepseek-r1-2025"),
        ("2025-09-05T16:00:00Z", "deepseek-v3.1", "deepseek-v3.1"),
        ("2025-09-29T00:00:00Z", "deepseek-v3.2", "deepseek-v3.2"),
        ("2026-05-01", "deepseek-v4-flash", "deepseek-v4-flash"),
    ] {
        assert_eq!(
            (list("deepseek-chat", at), list("DeepSeek/deepseek-reasoner", at)),
            (chat.into(), reasoner.into()),
            "{at}"
        );
    }
    for (model, last, ended) in [
        ("deepseek-ai/DeepSeek-R1", "deepseek-r1-2025", "2025-09-05T16:00:00Z"),
        ("DeepSeek-R1-0528", "deepseek-r1-2025", "2025-09-05T16:00:00Z"),
        ("DeepSeek-V3", "deepseek-v3-2025", "2025-09-05T16:00:00Z"),
        ("DeepSeek-V3-0324", "deepseek-v3-2025", "2025-09-05T16:00:00Z"),
        ("DeepSeek-V3.1", "deepseek-v3.1", "2025-09-29T00:00:00Z"),
        ("hosted_vllm/DeepSeek-V3.2", "deepseek-v3.2", "2026-04-24T00:00:00Z"),
    ] {
        let answer = json(&["--model", model, "--input", "1e6", "--at", "2026-06-01"]);
        assert_eq!((&answer["list"], &answer["list_ended"]), (&last.into(), &ended.into()), "{model}");
    }
    // What the published day was valued at has no windows; the list of 2025 has.
    let tier = |list: &str, at: &str| json(&["--list", list, "--input", "1e6", "--at", at])["tier"].clone();
    for at in ["2025-03-01T20:00:00Z", "2025-03-01T12:00:00Z", "2030-01-01T20:00:00Z"] {
        assert_eq!(tier("deepseek-r1-standard", at), "standard", "{at}");
    }
    assert_eq!(tier("deepseek-r1-2025", "2025-03-01T20:00:00Z"), "offpeak");
}

/// A GPU's rate matches whole words of the driver's name, longest first.
#[test]
fn rates_match_whole_words_of_the_drivers_names() {
    let at = ["--model", "deepseek-r1", "--at", "2025-02-01", "--gpu-hours", "1", "--gpu"];
    for (name, cost) in [
        ("NVIDIA H200", Some("4.50")),
        ("NVIDIA H20", None),
        ("NVIDIA B200", Some("6.70")),
        ("NVIDIA GB200", Some("10.50")),
        ("NVIDIA GH200 480GB", None),
        ("NVIDIA A100-SXM4-80GB", Some("2.00")),
        ("NVIDIA A100-SXM4-40GB", None),
        ("NVIDIA A100-PCIE", None),
        ("NVIDIA H100 80GB HBM3", Some("3.70")),
        ("NVIDIA H800", Some("2.00")),
        ("NVIDIA L40S", Some("1.30")),
        ("NVIDIA L40", None),
        ("NVIDIA GeForce RTX 4090", Some("0.50")),
    ] {
        let ran = price(&[&at[..], &[name]].concat()).arg("--json").run();
        let printed =
            serde_json::from_str::<Value>(&ran.out).ok().and_then(|answer| answer["cost"].as_str().map(str::to_owned));
        assert_eq!(printed.as_deref(), cost, "{name}: {ran:?}");
    }
}
