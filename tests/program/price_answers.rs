//! What `price` prints with the figures: the list in force, the currency, the origin, and the cost of a benchmark.

use crate::program;

use program::{Program, micros};
use serde_json::Value;

fn price(arguments: &[&str]) -> Program {
    Program::new(["price"].iter().chain(arguments))
}

fn json(config: &str, arguments: &[&str]) -> Value {
    price(arguments).arg("--json").config(config).run().good()
}

fn wrong(config: &str, arguments: &[&str]) -> String {
    let ran = price(arguments).config(config).run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    assert!(ran.err.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", ran.err);
    ran.err
}

const NOON: &str = "2026-11-23T12:00:00Z";

/// A price file and its configuration; both are removed with the folder.
fn with_prices(prices: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.toml");
    std::fs::write(&file, prices).unwrap();
    let config = format!("price_files = [\"{}\"]\n", file.display());
    (folder, config)
}

fn flat(name: &str, from: &str, output: &str) -> String {
    format!(
        "[[list]]\nname = \"{name}\"\ncurrency = \"USD\"\nfrom = \"{from}\"\nsource = \"a page\"\n\
         [list.tiers.standard]\nhit = \"1\"\nmiss = \"1\"\noutput = \"{output}\"\n"
    )
}

/// Class: prices that are not in force yet are printed like those in force.
#[test]
fn a_list_that_is_not_in_force_yet_says_so() {
    let lists = flat("early", "2027-01-01T00:00:00Z", "1")
        + &flat("same", "2027-02-01T00:00:00Z", "1.00")
        + &flat("dearer", "2027-03-01T00:00:00Z", "2")
        + "[[history]]\nmodels = [\"m\"]\nlists = [\"early\", \"same\", \"dearer\"]\n";
    let (_folder, config) = with_prices(&lists);
    for chosen in [["--model", "m"], ["--list", "early"]] {
        let arguments = [&chosen[..], &["--input", "1e6", "--at", NOON]].concat();
        let answer = json(&config, &arguments);
        assert_eq!((&answer["list"], &answer["list_begins"]), (&"early".into(), &"2027-01-01T00:00:00Z".into()));
        let until = if chosen[0] == "--model" { Value::from("2027-03-01T00:00:00Z") } else { Value::Null };
        assert_eq!(answer["until"], until, "the first change that changes a price");
        let output = price(&arguments).config(&config).run().out;
        assert!(output.contains("it is not in force yet: it begins 2027-01-01T00:00:00Z"), "{output}");
    }
    let begun = json(&config, &["--model", "m", "--input", "1e6", "--at", "2027-01-01"]);
    assert_eq!((&begun["list_begins"], &begun["provenance"]), (&Value::Null, &"configured".into()));
    let compared =
        price(&["--list", "deepseek-v3.2", "--input", "1e6", "--compare", "--at", NOON]).config(&config).run();
    let row = compared.out.lines().find(|line| line.starts_with("dearer")).unwrap().to_owned();
    assert!(row.ends_with("not in force before 2027-03-01T00:00:00Z"), "{row}");
}

/// Class: dollars are read as yuan, or left out without a message.
#[test]
fn dollar_rates_are_converted_or_the_question_is_refused() {
    let tokens = ["--input", "1e6", "--gpu-hours", "10", "--at", NOON];
    let fx = "[[fx]]\nfrom = \"USD\"\nto = \"CNY\"\nrate = \"7\"\nat = \"2026-11-01\"\n";
    let yuan = "currency = \"CNY\"\n";
    let both = format!("{yuan}{fx}");
    let model = [&["--model", "deepseek-v3.2"][..], &tokens].concat();
    assert_eq!(json(&both, &model)["cost"], "259.00", "3.70 x 7 x 10");
    assert_eq!(json(&both, &[&model[..], &["--gpu-rate", "2USD"]].concat())["cost"], "140.00");
    assert_eq!(json(&both, &[&model[..], &["--gpu-rate", "2"]].concat())["cost"], "20.00", "the ledger's own currency");
    let list = [&["--list", "deepseek-v3.2-cny"][..], &tokens].concat();
    assert_eq!(json(fx, &list)["cost"], "259.00");
    let missing = "[[fx]] from = \"USD\" to = \"CNY\" rate = \"…\" at = \"2026-11-23\"";
    for (config, arguments) in [(yuan, &model), ("", &list)] {
        let err = wrong(config, arguments);
        assert!(err.contains("3.70 USD an hour") && err.contains(missing), "{err}");
        let err = wrong(config, &[&arguments[..], &["--gpu-rate", "2USD"]].concat());
        assert!(err.contains(missing), "{err}");
    }
    let err = wrong("", &[&list[..], &["--gpu-rate", "2"]].concat());
    assert!(err.contains("write 2CNY or 2USD"), "{err}");
    assert_eq!(json("", &[&list[..], &["--gpu-rate", "2CNY"]].concat())["cost"], "20.00");
    let lease = "[[lease]]\ngpu = \"H100\"\nrate = \"2.50\"\n";
    assert!(wrong(lease, &list).contains("a GPU costs 2.50 USD an hour and the answer is in CNY"));
    assert_eq!(json(&format!("{fx}{lease}"), &list)["cost"], "175.00");
    let without = json(yuan, &["--model", "deepseek-v3.2", "--input", "1e6", "--at", NOON]);
    assert_eq!((&without["revenue"], &without["cost"]), (&"2.00".into(), &Value::Null), "no GPU-hours, no cost to ask");
}

/// Class: an exchange rate is applied before its day.
#[test]
fn a_price_is_unknown_before_the_first_rate_of_exchange() {
    let config = "currency = \"CNY\"\ntimezone = \"Asia/Shanghai\"\n\
        [[fx]]\nfrom = \"USD\"\nto = \"CNY\"\nrate = \"7\"\nat = \"2026-11-01\"\n\
        [[price]]\nmodel = \"m\"\nhit = \"0.2\"\nmiss = \"1\"\noutput = \"3\"\ncurrency = \"USD\"\n";
    let at = |at| ["--model", "m", "--input", "1e6", "--at", at];
    let begins = json(config, &at("2026-10-31T16:00:00Z"));
    assert_eq!(begins["revenue"], "7.00");
    let err = wrong(config, &at("2026-10-31T15:59:59Z"));
    for word in [
        "your price 1 (m) is in USD and the answer is in CNY",
        "the first begins 2026-10-31T16:00:00Z",
        "[[fx]] from = \"USD\" to = \"CNY\" rate = \"…\" at = \"2026-10-31\"",
    ] {
        assert!(err.contains(word), "{err}");
    }
    let compared = ["--list", "deepseek-v3.2-cny", "--input", "1e6", "--compare", "--at", "2026-10-01"];
    let rows = json(config, &compared)["compare"].as_array().unwrap().clone();
    let own = rows.iter().find(|row| row["list"] == "your price 1 (m)").unwrap();
    assert_eq!(own["revenue"], Value::Null, "{own}");
}

/// Class: what one form of an answer says of its list, and the other does not.
#[test]
fn a_benchmark_says_that_its_list_has_ended() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let run = "{\"backend\": \"vllm\", \"model_id\": \"DeepSeek-V3.2\", \"duration\": 10.0, \"completed\": 1,\
               \"total_input_tokens\": 1000, \"total_output_tokens\": 500}";
    std::fs::write(file.path(), run).unwrap();
    let path = file.path().display().to_string();
    let asked = ["--from", &path, "--gpus", "8", "--at", NOON];
    let printed = price(&asked).run().out;
    assert!(printed.contains("list ended 2026-04-24"), "{printed}");
    assert_eq!(json("", &asked)["list_ended"], "2026-04-24T00:00:00Z");
    // A list that is named is used whatever the date, and its end is said all the same.
    let named = ["--list", "deepseek-v3.2", "--input", "1e6", "--at", NOON];
    assert!(price(&named).run().out.contains("list ended 2026-04-24"));
    assert_eq!(json("", &named)["list_ended"], "2026-04-24T00:00:00Z");
}

/// Class: amounts that are rounded so that they add up, and are wrong by a cent each.
#[test]
fn every_amount_is_right_as_printed_and_they_add_up() {
    let amounts = |arguments: &[&str]| {
        let out = price(arguments).run().out;
        let amount = |name: &str| {
            let line = out.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {out}"));
            let at = line.split_whitespace().rfind(|word| word.starts_with('$')).unwrap();
            at.trim_start_matches('$').replace(',', "")
        };
        ["miss", "hit", "output", "revenue"].map(amount)
    };
    let list = ["--list", "deepseek-r1-standard", "--at", "2025-02-01"];
    let printed = amounts(&[&list[..], &["--input", "44805", "--cached", "35714", "--output", "4566"]].concat());
    let number = |text: &str| text.parse::<f64>().unwrap();
    let exact = [9091.0 * 0.55e-6, 35714.0 * 0.14e-6, 4566.0 * 2.19e-6];
    let places = printed[0].split_once('.').unwrap().1.len();
    for (printed, exact) in printed.iter().zip(exact) {
        assert!(
            (number(printed) - exact).abs() <= 0.5001 * 10_f64.powi(-i32::try_from(places).unwrap()),
            "{printed} {exact}"
        );
    }
    let digits = |text: &str| text.replace('.', "").parse::<i128>().unwrap();
    assert_eq!(digits(&printed[0]) + digits(&printed[1]) + digits(&printed[2]), digits(&printed[3]), "{printed:?}");
    let day = ["--input", "608e9", "--cached", "342e9", "--output", "168e9"];
    assert_eq!(amounts(&[&list[..], &day].concat()), ["146300.00", "47880.00", "367920.00", "562100.00"]);
}

/// The README's example is the published day, whenever it is run.
#[test]
fn the_readme_prices_the_published_day() {
    let readme = include_str!("../../README.md");
    let line = readme.lines().find(|line| line.starts_with("margintop price --list")).unwrap();
    let words: Vec<&str> = line.split('#').next().unwrap().split_whitespace().skip(2).collect();
    let answer = json("", &words);
    assert_eq!((&answer["revenue"], &answer["cost"]), (&"562100.00".into(), &"87072.00".into()));
}

#[test]
fn every_list_is_shown_with_its_origin() {
    let (_folder, config) = with_prices(&flat("mine", "2027-01-01T00:00:00Z", "1"));
    let lists = json(&config, &["--lists", "--at", NOON]);
    let find = |name: &str| lists.as_array().unwrap().iter().find(|list| list["list"] == name).unwrap().clone();
    let (mine, r1) = (find("mine"), find("deepseek-r1-2025"));
    assert_eq!((&mine["provenance"], &mine["in_force"]), (&"configured".into(), &false.into()));
    assert_eq!((&r1["provenance"], &r1["tiers"].as_array().unwrap().len()), (&"built in".into(), &2));
    let output = price(&["--lists"]).config(&config).run().out;
    let row = output.lines().find(|line| line.starts_with("mine ")).unwrap();
    assert!(row.contains("$1.00") && row.contains("2027-01-01") && row.ends_with("configured  a page"), "{row}");
    let in_force = |at: &str| {
        let output = price(&["--lists", "--at", at]).config(&config).run().out;
        let row = output.lines().find(|line| line.starts_with("mine ")).unwrap().to_owned();
        row.split_whitespace().nth_back(3).unwrap().to_owned()
    };
    assert_eq!(
        [in_force(NOON), in_force("2027-06-01")],
        ["no", "yes"],
        "--at is the instant at which a list is in force"
    );
    for flags in [&["--compare"][..], &["--input", "1"], &["--model", "m"], &["--gpus", "8"], &["--from", "a.json"]] {
        let refused = price(&[&["--lists"], flags].concat()).run();
        assert_eq!(refused.code, Some(2), "{flags:?}");
        assert!(refused.err.contains("--lists") && refused.err.contains(flags[0]), "{refused:?}");
    }
    let output = price(&["--list", "mine", "--input", "1", "--at", NOON]).config(&config).run().out;
    assert!(output.contains("list  mine, configured, tier standard"), "{output}");
}

#[test]
fn lists_are_in_natural_order() {
    let from = "2027-01-01T00:00:00Z";
    let prices = format!("{}{}", flat("mine-10", from, "1"), flat("mine-2", from, "1"));
    let (_folder, config) = with_prices(&prices);
    let lists = json(&config, &["--lists", "--at", NOON]);
    let names: Vec<&str> = lists.as_array().unwrap().iter().filter_map(|list| list["list"].as_str()).collect();
    let mine: Vec<&str> = names.into_iter().filter(|name| name.starts_with("mine")).collect();
    assert_eq!(mine, ["mine-2", "mine-10"]);
}

fn file(name: &str) -> String {
    format!("{}/tests/fixtures/benchmarks/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn near(value: &Value, expected: f64) {
    let printed = value.as_f64().unwrap();
    assert!((printed - expected).abs() < expected * 1e-6, "{printed} {expected}");
}

#[test]
fn a_benchmark_is_priced_at_its_speed_per_user() {
    let vllm = file("vllm.json");
    let arguments = ["--from", &vllm, "--gpus", "8", "--gpu-rate", "2", "--at", "2025-11-01"];
    let answer = json("", &arguments);
    assert_eq!((&answer["format"], &answer["list"]), (&"vllm bench serve".into(), &"deepseek-v3.2".into()));
    let run = &answer["runs"][0];
    near(&run["tokens_per_second_per_user"], 80.0);
    near(&run["output_per_second"], 5000.0);
    // 8 GPUs x 100 s x 2.00 an hour.
    assert_eq!(micros(&run["cost"]), 444_444);
    assert_eq!((micros(&run["cost_per_million"]), micros(&run["cost_per_million_output"])), (177_778, 888_889));
    assert_eq!(run["revenue"], "0.77", "2 M x 0.28 + 0.5 M x 0.42");
    assert_eq!(micros(&run["profit"]), 770_000 - 444_444);
    let output = price(&arguments).run().out;
    for word in ["tok/s/user", "80.0", "$0.1778", "$0.8889", "deepseek-v3.2, built in", "vllm bench serve, 8 GPUs"] {
        assert!(output.contains(word), "{word}\n{output}");
    }
}

/// Class: a paid share that is in a figure and not said.
#[test]
fn a_benchmark_says_which_share_is_paid() {
    let vllm = file("vllm.json");
    let arguments = ["--from", &vllm, "--gpus", "8", "--gpu-rate", "2", "--at", "2025-11-01"];
    let config = "[[price]]\nmodel = \"*\"\nlist = \"deepseek-v3.2\"\npaid = \"0.8\"\n";
    let answer = json(config, &arguments);
    assert_eq!((&answer["paid"], &answer["runs"][0]["revenue"]), (&"0.80".into(), &"0.616".into()));
    let output = price(&arguments).config(config).run().out;
    assert!(output.contains("revenue/M") && output.contains(", paid share 0.80\n"), "{output}");
    let output = price(&arguments).run().out;
    assert!(output.contains(", theoretical, at list price\n"), "{output}");
}

/// Class: a rate of several that is used without a word.
#[test]
fn the_rate_of_a_lease_says_whose_it_is() {
    let leases = "[[lease]]\ngpu = \"H800\"\nname = \"contract 17\"\nrate = \"2\"\n\
                  [[lease]]\nnode = \"a\"\nnode_rate = \"16.09\"\n\
                  [[lease]]\ngpu = \"H100\"\ncapex = \"300000\"\nlife = \"4y\"\ngpus_per_node = 8\n";
    let asked = ["--list", "deepseek-v3.2", "--output", "1e6", "--gpu-hours", "100"];
    let err = wrong(leases, &asked);
    for word in ["\"contract 17\"", "\"a at 16.09 a node\"", "name the GPU with --gpu", "--gpu-rate"] {
        assert!(err.contains(word), "{word}: {err}");
    }
    let of = |gpu| price(&asked).arg("--gpu").arg(gpu).config(leases).run().out;
    assert!(of("H800").contains("$2.00/GPU-h for H800, by your lease \"contract 17\""), "{}", of("H800"));
    let owned = json(leases, &[&asked[..], &["--gpu", "H100"]].concat());
    assert_eq!(owned["rate"]["per_gpu_hour"], "1.070205", "a decimal that other programs can read");
    let one = "[[lease]]\ngpu = \"H800\"\nname = \"contract 17\"\nrate = \"2\"\n";
    let output = price(&asked).config(one).run().out;
    assert!(output.contains("$2.00/GPU-h, by your lease \"contract 17\""), "{output}");
    assert_eq!(json(one, &asked)["rate"]["lease"], "contract 17");
}

#[test]
fn other_benchmarks_are_read_too() {
    let (sglang, aiperf, guidellm) = (file("sglang.jsonl"), file("aiperf.json"), file("guidellm.json"));
    let lines = json("", &["--from", &sglang, "--gpus", "1", "--gpu-rate", "3.6"]);
    let runs = lines["runs"].as_array().unwrap();
    assert_eq!((runs.len(), &runs[1]["cost"], &runs[1]["revenue"]), (2, &"0.03".into(), &Value::Null));
    near(&runs[0]["tokens_per_second_per_user"], 50.0);
    // Its telemetry says on what it ran: two H200.
    let answer = json("", &["--from", &aiperf, "--at", NOON]);
    assert_eq!((&answer["gpus"], &answer["rate"]["gpu"], &answer["list"]), (&2.into(), &"H200".into(), &Value::Null));
    let run = &answer["runs"][0];
    near(&run["tokens_per_second_per_user"], 19.4);
    assert_eq!((&run["prompt_tokens"], &run["output_tokens"]), (&110_000.into(), &19_370.into()));
    assert_eq!(micros(&run["cost"]), 37_991, "2 x 4.50 an hour for 15.2 s");
    let sweep = json("", &["--from", &guidellm, "--gpus", "4", "--gpu-rate", "2", "--list", "deepseek-v3.2"]);
    let runs = sweep["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2, "one that served nothing is left out");
    assert_eq!((&runs[0]["name"], &runs[1]["name"]), (&"constant 2.00".into(), &"throughput".into()));
    near(&runs[0]["tokens_per_second_per_user"], 100.0);
    near(&runs[1]["tokens_per_second_per_user"], 20_000.0 / 30.0 / 50.0);
    assert_eq!(&runs[1]["prompt_tokens"], &Value::from(10_000));
}

#[test]
fn an_unknown_file_names_the_supported_benchmarks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.json");
    for text in ["", "{}", "[1]", "<html>", "{\"elapsed_time\": 3, \"total_num_tokens\": 9}", "null"] {
        std::fs::write(&path, text).unwrap();
        let err = wrong("", &["--from", path.to_str().unwrap(), "--gpus", "8"]);
        for word in ["vllm bench serve", "profile_export_aiperf.json", "benchmarks.json"] {
            assert!(err.contains(word), "{text}: {err}");
        }
    }
    for text in [
        "{\"total_input_tokens\": 5, \"total_output_tokens\": 0, \"duration\": 0}",
        "{\"total_input_tokens\": -5, \"total_output_tokens\": 1, \"duration\": 1}",
        "{\"total_input_tokens\": 5, \"total_output_tokens\": 1e400, \"duration\": 1}",
        "{\"benchmarks\": []}",
    ] {
        std::fs::write(&path, text).unwrap();
        wrong("", &["--from", path.to_str().unwrap(), "--gpus", "8"]);
    }
    std::fs::write(&path, std::fs::read_to_string(file("vllm.json")).unwrap()).unwrap();
    let err = wrong("", &["--from", path.to_str().unwrap()]);
    assert!(err.contains("write --gpus 8"), "{err}");
    let err = wrong("", &["--from", path.to_str().unwrap(), "--gpus", "0"]);
    assert!(err.contains("--gpus"), "{err}");
    let gone = price(&["--from", "/nowhere/result.json", "--gpus", "8"]).run();
    assert!(gone.code == Some(1) && gone.err.contains("No such file"), "{gone:?}");
    assert!(
        wrong("", &["--from", path.to_str().unwrap(), "--input", "5"])
            .contains("--from and --input cannot be combined")
    );
}

/// Class: what others charge for a model that counts as what one's own tokens earn.
#[test]
fn comparison_lists_are_compared_with_and_never_price_revenue() {
    let file = include_str!("../../prices/open-models.toml");
    assert!(file.contains("FOR COMPARISON ONLY") && !file.contains("[[history]]"));
    let names: Vec<&str> = file.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    let families = ["qwen", "llama", "glm", "kimi", "gpt-oss", "mistral"];
    assert!(families.iter().all(|family| names.iter().any(|name| name.starts_with(family))), "{names:?}");
    for model in
        ["qwen3-32b", "Qwen/Qwen3-32B", "llama-3.3-70b", "glm-4.6", "kimi-k2", "gpt-oss-120b", "mistral-small-3"]
    {
        assert!(wrong("", &["--model", model]).contains("no price for model"), "{model}");
    }
    let rows = json("", &["--list", "deepseek-v3.2", "--input", "1e6", "--compare"])["compare"].clone();
    let lists = json("", &["--lists"]);
    for name in names {
        assert!(rows.as_array().unwrap().iter().any(|row| row["list"] == name), "{name}");
        let list = lists.as_array().unwrap().iter().find(|list| list["list"] == name).unwrap();
        let is_dated = list["from"].is_string() && list["source"].as_str().unwrap().contains("https://");
        assert!(is_dated, "{list}");
    }
    let chosen = "[[price]]\nmodel = \"qwen3-*\"\nlist = \"qwen3-32b-groq-2025\"\n";
    assert_eq!(
        json(chosen, &["--model", "Qwen3-32B", "--output", "1e6"])["revenue"],
        "0.59",
        "a list that is named prices revenue"
    );
}

#[test]
fn gpu_rates_depend_on_the_commitment() {
    let ask = |how: &[&str], at: &str| {
        let base = ["--list", "deepseek-v3.2", "--gpu-hours", "10", "--gpu", "NVIDIA H100 80GB HBM3", "--at", at];
        json("", &[&base[..], how].concat())
    };
    for (how, at, cost) in [
        (&[][..], NOON, "37.00"),
        (&["--commitment", "on-demand"], NOON, "37.00"),
        (&["--commitment", "spot"], NOON, "24.6375"),
        (&["--commitment", "1y"], "2025-12-01", "17.00"),
        (&["--commitment", "1y"], NOON, "23.50"),
        (&["--commitment", "3y"], NOON, "13.00"),
    ] {
        assert_eq!(ask(how, at)["cost"], cost, "{how:?} {at}");
    }
    let spot = ask(&["--commitment", "spot"], NOON);
    assert_eq!((&spot["rate"]["commitment"], &spot["rate"]["provenance"]), (&"spot".into(), &"assumed".into()));
    let err = wrong("", &["--list", "deepseek-v3.2", "--gpu", "H800", "--commitment", "3y", "--gpu-hours", "1"]);
    assert!(err.contains("no rate of H800 is known for 3y: write --gpu-rate"), "{err}");
    let series = "[[gpu]]\ngpu = \"H100\"\nrate = \"2\"\ndated = \"2026-01\"\n\
                  [[gpu]]\ngpu = \"H100\"\nrate = \"9\"\ndated = \"2027-01\"\n";
    let (_folder, config) = with_prices(series);
    let cost = |at: &str| json(&config, &["--list", "deepseek-v3.2", "--gpu-hours", "1", "--at", at])["cost"].clone();
    assert_eq!((cost(NOON), cost("2027-01-01")), ("2.00".into(), "9.00".into()));
}

#[test]
fn config_check_names_the_origin_of_each_price() {
    let (_folder, prices) = with_prices(&flat("early", "2099-01-01T00:00:00Z", "1"));
    let config = prices
        + "[[price]]\nmodel = \"a\"\nlist = \"deepseek-v3.2\"\npaid = \"0.5\"\n\
           [[price]]\nmodel = \"b\"\ntenant = \"gold\"\nhit = \"1\"\nmiss = \"2\"\noutput = \"3\"\n\
           [[price]]\nmodel = \"c\"\npaid = \"0.37\"\n\
           [[price]]\nmodel = \"d\"\nlist = \"early\"\n";
    let ran = Program::new(["config", "check"]).config(&config).run();
    for line in [
        "price 1: a: list \"deepseek-v3.2\", built in, tier standard: 0.028 hit, 0.28 miss, 0.42 output USD per million, paid share 0.50",
        "price 2: b for tenant gold: list \"your price 2 (b)\", configured, tier standard: 1.00 hit, 2.00 miss, 3.00 output USD per million",
        "price 3: c: the model's own lists, paid share 0.37",
        "output USD per million; it is not in force before 2099-01-01T00:00:00Z, and is used all the same",
    ] {
        assert!(ran.out.contains(line), "{line}\n{}", ran.out);
    }
}
