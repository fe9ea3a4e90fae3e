//! Invalid prices, lists and leases: each is refused with its file, its line and what to write instead.

use crate::program;

use program::Program;

/// A list of a user's price file, on lines 1 to 9.
const LIST: &str = "[[list]]\nname = \"mine\"\ncurrency = \"USD\"\nzone = \"UTC\"\nholidays = \"cn\"\n\
                    [list.tiers.standard]\nhit = \"0.1\"\nmiss = \"0.2\"\noutput = \"0.3\"\n";

/// Runs `config check` on a configuration with a price file; returns the exit code and the standard error.
fn check(config: &str, prices: Option<&str>) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("margintop.toml");
    let named = if prices.is_some() { "price_files = [\"prices.toml\"]\n" } else { "" };
    std::fs::write(&file, format!("{named}{config}")).unwrap();
    if let Some(prices) = prices {
        std::fs::write(folder.path().join("prices.toml"), prices).unwrap();
    }
    let ran = Program::new(["config", "check", "--config", file.to_str().unwrap()]).run();
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    (ran.code, ran.err)
}

/// A mistake of the configuration, on this line.
fn refused(config: &str, line: usize, word: &str) {
    let (code, err) = check(config, None);
    assert_eq!(code, Some(2), "{config}\n{err}");
    assert!(err.contains(&format!("margintop.toml:{line}: ")) && err.contains(word), "{config}\n{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
}

/// A mistake of the price file, on this line.
fn list_refused(prices: &str, line: usize, word: &str) {
    let (code, err) = check("", Some(prices));
    assert_eq!(code, Some(2), "{prices}\n{err}");
    assert!(err.contains(&format!("prices.toml:{line}: ")) && err.contains(word), "{prices}\n{err}");
}

#[test]
fn a_valid_price_file_is_accepted() {
    assert_eq!(check("", Some(LIST)).0, Some(0));
}

#[test]
fn invalid_prices_are_refused() {
    let price = |hit: &str| format!("[[price]]\nmodel = \"m\"\nhit = {hit}\nmiss = \"1\"\noutput = \"1\"\n");
    refused(&price("\"-1\""), 3, "negative: write an amount of 0 or more");
    refused(&price("\"NaN\""), 3, "not a decimal number: write it like \"0.55\"");
    refused(&price("\"inf\""), 3, "not a decimal number");
    refused(&price("\"0.123456789012\""), 3, "more than 9 decimal places: round it to 9");
    refused(&price("\"1000001\""), 3, "too large");
    refused(&price("0.5"), 3, "a number without quotes: write \"0.5\"");
    refused("[[price]]\nmodel = \"m\"\nhit = \"1\"\n", 3, "write all three of hit, miss and output");
    refused("[[price]]\nmodel = \"m\"\n", 1, "write list = \"deepseek-r1-2025\"");
    refused("\n[[price]]\nmodel = \"m\"\npaid = \"1.01\"\n", 4, "too large");
    refused("[[price]]\nmodel = \"m\"\nlist = \"deepseek-r1-2025-cny\"\n", 3, "in CNY and the ledger in USD");
    refused("compare_to = \"deepseek-r1-2025-cny\"\n", 1, "name a list in USD");
}

#[test]
fn invalid_lists_of_a_price_file_are_refused() {
    for (from, to, line, word) in [
        ("hit = \"0.1\"", "hit = \"-0.1\"", 7, "negative: write an amount of 0 or more"),
        ("miss = \"0.2\"", "miss = \"NaN\"", 8, "not a decimal number"),
        ("output = \"0.3\"", "output = \"0.123456789012\"", 9, "round it to 9"),
        ("output = \"0.3\"", "output = \"0.3\"\nwrite_5m = \"dear\"", 10, "not a decimal number"),
        ("output = \"0.3\"", "ouput = \"0.3\"", 6, "the key \"output\" is missing: add it"),
        ("currency = \"USD\"\n", "", 1, "the key \"currency\" is missing: add it"),
        ("\"USD\"", "\"dollars\"", 3, "write its ISO 4217 code, like \"USD\""),
        ("\"UTC\"", "\"Mars/Olympus\"", 4, "not an IANA time zone: write one like \"Asia/Shanghai\""),
        ("\"cn\"", "\"cm\"", 5, "no calendar \"cm\" under [holidays]; is it \"cn\"?"),
        ("zone = \"UTC\"", "from = \"yesterday\"", 4, "write it like \"2025-09-05T16:00:00Z\""),
        ("zone = \"UTC\"", "from = \"2025-01-02T00:00:00Z\"\nuntil = \"2025-01-01T00:00:00Z\"", 5, "before it begins"),
        ("zone = \"UTC\"", "default = \"day\"", 4, "tier \"day\" has no prices: add [list.tiers.day]"),
        ("zone = \"UTC\"", "zoen = \"UTC\"", 4, "unknown key \"zoen\"; is it \"zone\"?"),
    ] {
        assert!(LIST.contains(from), "{from}");
        list_refused(&LIST.replacen(from, to, 1), line, word);
    }
}

#[test]
fn invalid_windows_are_refused() {
    let tier = "[list.tiers.night]\nhit = \"0\"\nmiss = \"0\"\noutput = \"0\"\n[list.tiers.day]\nhit = \"0\"\nmiss = \"0\"\noutput = \"0\"\n";
    let window =
        |tier: &str, hours: &str, more: &str| format!("[[list.windows]]\ntier = \"{tier}\"\nhours = {hours}\n{more}\n");
    let windows = |all: &[String]| format!("{LIST}{tier}{}", all.concat());
    let night = window("night", "[\"22:00-06:00\"]", "");
    for (other, said) in [
        (window("day", "[\"05:00-20:00\"]", ""), "overlap on Monday at 05:00: end one where the other begins"),
        (window("day", "[\"08:00-22:01\"]", "weekdays = [6, 7]"), "overlap on Saturday at 22:00"),
        (window("day", "[\"12:00-13:00\", \"23:00-01:00\"]", ""), "overlap on Monday"),
        (window("day", "[\"06:00-06:00\"]", "except_holidays = true"), "overlap on Monday"),
    ] {
        list_refused(&windows(&[night.clone(), other]), 22, said);
    }
    let day = window("day", "[\"06:00-22:00\"]", "");
    let apart = windows(&[night, day, window("night", "[\"00:00-03:00\"]", "")]);
    assert_eq!(check("", Some(&apart)).0, Some(0), "adjoining windows, and overlapping ones of one tier, are valid");
    list_refused(&windows(&[window("dusk", "[\"18:00-19:00\"]", "")]), 19, "tier \"dusk\" has no prices");
    list_refused(&windows(&[window("day", "[\"6pm-7pm\"]", "")]), 20, "write them like \"16:30-00:30\"");
    list_refused(&windows(&[window("day", "[]", "")]), 20, "write hours = [\"00:00-24:00\"] for the whole day");
    list_refused(
        &windows(&[window("day", "[\"06:00-07:00\"]", "weekdays = [0]")]),
        21,
        "write 1 (Monday) to 7 (Sunday)",
    );
    let no_calendar =
        windows(&[window("day", "[\"06:00-07:00\"]", "except_holidays = true")]).replace("holidays = \"cn\"\n", "");
    list_refused(&no_calendar, 20, "except_holidays without a calendar");
}

#[test]
fn invalid_names_and_histories_are_refused() {
    list_refused(&format!("{LIST}{LIST}"), 11, "two lists have this name");
    let history = |lists: &str| format!("{LIST}[[history]]\nmodels = [\"m\"]\nlists = {lists}\n");
    list_refused(&history("[\"mein\"]"), 12, "no [[list]] defines it");
    list_refused(&history("[\"deepseek-r1-2025\", \"deepseek-r1-standard\"]"), 12, "write the oldest list first");
    list_refused("[holidays]\ncn = [\"2026-13-01\"]\n", 2, "write it like \"2026-10-01\"");
    list_refused("[[gpu]]\ngpu = \"H20\"\nrate = \"1\"\n", 1, "the key \"dated\" is missing");
    list_refused("[[gpu]]\ngpu = \"H20\"\nrate = \"1\"\ncurrency = \"rmb\"\ndated = \"2026-11\"\n", 4, "ISO 4217");
    list_refused("[[list]\n", 1, "brackets that are not closed: write [[list]]");
    let (code, err) = check("price_files = [\"nowhere.toml\"]\n", None);
    assert!(code == Some(2) && err.contains("nowhere.toml: No such file"), "{err}");
}

#[test]
fn invalid_leases_are_refused() {
    let lease = |rest: &str| format!("[[lease]]\ngpu = \"H100\"\n{rest}\n");
    let dated = "rate = \"2\"\nfrom = \"2026-02-01T00:00:00Z\"\nuntil = \"2026-01-01T00:00:00Z\"";
    refused(&lease(dated), 5, "the lease ends at 2026-01-01T00:00:00Z, before it begins");
    refused(&lease("rate = \"-2\""), 3, "negative");
    refused(&lease(""), 1, "a lease without a price: write rate = \"2.40\"");
    refused(&lease("rate = \"2\"\ncapex = \"3\""), 4, "write rate, or capex with life");
    refused(&lease("rate = \"2\"\nlife = \"4y\""), 4, "write rate, or capex with life");
    refused(&lease("capex = \"300000\"\ngpus_per_node = 8"), 3, "write life = \"4y\"");
    refused(&lease("capex = \"300000\"\nlife = \"4y\""), 3, "gpus_per_node = 8");
    refused(&lease("capex = \"300000\"\nlife = \"soon\"\ngpus_per_node = 8"), 4, "write it like \"4y\"");
    refused(
        &lease("capex = \"3\"\nsalvage = \"4\"\nlife = \"4y\"\ngpus_per_node = 8"),
        4,
        "salvage: more than was paid",
    );
    refused(&lease("capex = \"NaN\"\nlife = \"4y\"\ngpus_per_node = 8"), 3, "capex: not a decimal number");
    refused(
        &lease("rate = \"2\"\nrounding = \"day\""),
        4,
        "rounding \"day\": not known here: write one of exact, second",
    );
    refused(&lease("rate = \"2\"\npower = { kwh = \"0.09\", pue = \"0.9\" }"), 4, "too small: write 1 or more");
    refused(&lease("rate = \"2\"\ngpus = 0"), 4, "leave gpus out");
}

#[test]
fn two_currencies_need_a_dated_rate() {
    let lease = "[[lease]]\ngpu = \"H100\"\nrate = \"2\"\ncurrency = \"EUR\"\n";
    refused(lease, 4, "or say what it is worth: [[fx]] from = \"EUR\" to = \"USD\"");
    refused("[[price]]\nmodel = \"m\"\nhit = \"1\"\nmiss = \"1\"\noutput = \"1\"\ncurrency = \"EUR\"\n", 6, "[[fx]]");
    refused("currency = \"euro\"\n", 1, "write its ISO 4217 code");
    let fx = |rate: &str, at: &str| format!("[[fx]]\nfrom = \"EUR\"\nto = \"USD\"\nrate = \"{rate}\"\nat = \"{at}\"\n");
    refused(&fx("0", "2026-11-01"), 4, "rate: it is not above 0");
    refused(&fx("-1", "2026-11-01"), 4, "rate: negative");
    refused(&fx("1.08", "yesterday"), 5, "write it like \"2026-11-01\"");
    let (code, err) = check(&(fx("1.08", "2026-11-01") + lease), None);
    assert_eq!(code, Some(0), "{err}");
}

/// Class: two rows for the same currencies or GPU and the same day.
#[test]
fn rates_with_the_same_date_are_refused() {
    let fx = |from: &str, to: &str, rate: &str| {
        format!("[[fx]]\nfrom = \"{from}\"\nto = \"{to}\"\nrate = \"{rate}\"\nat = \"2026-11-01\"\n")
    };
    refused(
        &(fx("EUR", "USD", "1.08") + &fx("EUR", "USD", "1.09")),
        6,
        "two rates of EUR and USD at 2026-11-01: keep one",
    );
    refused(&(fx("EUR", "USD", "1.08") + &fx("USD", "EUR", "0.9")), 6, "two rates of USD and EUR at 2026-11-01");
    let gpu = |dated: &str, more: &str| format!("[[gpu]]\ngpu = \"H20\"\nrate = \"1\"\ndated = \"{dated}\"\n{more}");
    list_refused(&(gpu("2026-11", "") + &gpu("2026-11-01", "")), 8, "two on-demand rates of 2026-11-01: keep one");
    list_refused(&(gpu("autumn", "") + &gpu("2026-11", "")), 8, "like dated = \"2026-11\"");
    list_refused(&gpu("2026-11", "commitment = \"2y\"\n"), 5, "write one of");
    let apart = gpu("2026-11", "") + &gpu("2026-12", "") + &gpu("2026-11", "commitment = \"spot\"\n");
    assert_eq!(check("", Some(&apart)).0, Some(0));
    assert_eq!(check("", Some(&gpu("autumn", ""))).0, Some(0), "a single rate of a GPU needs no valid date");
}

/// Class: a currency that changes under a ledger.
#[test]
fn a_ledger_keeps_its_currency_when_the_configuration_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.db");
    let ledger = path.to_str().unwrap();
    let demo = Program::new(["demo", "--nodes", "1", "--for", "2s", "--json", "--ledger", ledger]).run();
    assert_eq!(demo.code, Some(0), "{}", demo.err);
    let report = |more: &[&str], config: &str| {
        let arguments = [&["report", "--json", "--ledger", ledger], more].concat();
        Program::new(arguments).config(config).run()
    };
    let yuan = "currency = \"CNY\"\n[budget]\nmonth = \"5\"\n[[price]]\nmodel = \"deepseek-*\"\nhit = \"9\"\nmiss = \"9\"\noutput = \"9\"\n";
    for more in [&[][..], &["--reprice"], &["--compare"]] {
        // The built-in lists may price an hour of the day otherwise than the demo did.
        let before = report(more, "");
        let after = report(more, yuan);
        assert_eq!(after.code, Some(0), "{}", after.err);
        let word = "kept in USD and the configuration is in CNY";
        assert!(after.err.contains(word) && after.err.contains("set currency = \"USD\""), "{}", after.err);
        let (repeated, same): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(&after.out).unwrap(), serde_json::from_str(&before.out).unwrap());
        assert_eq!((&repeated["currency"], &repeated["total"]), (&"USD".into(), &same["total"]), "{more:?}");
    }
    let checked = Program::new(["config", "check", "--ledger", ledger]).config(yuan).run();
    let refused = "l.db: kept in USD, and CNY was asked for; set currency = \"USD\", or name another with --ledger";
    assert!(checked.code == Some(2) && checked.err.contains(refused) && checked.out.is_empty(), "{checked:?}");
    // A run that would write the ledger says the same.
    let once = Program::new(["once", "--for", "0", "nvml:off", "demo.prom", "--ledger", ledger]).config(yuan).run();
    assert!(once.err.contains(refused), "{once:?}");
    // It is listed with the other mistakes of the file, which may name the ledger itself.
    let named = format!("currency = \"CNY\"\nledger = \"{ledger}\"\ninterval = 5\ntypo = 1\n");
    let checked = Program::new(["config", "check"]).config(&named).run();
    assert!(checked.code == Some(2) && checked.err.contains(refused), "{checked:?}");
    assert!(checked.err.contains("interval 5") && checked.err.contains("unknown key \"typo\""), "{checked:?}");
    assert!(!report(&[], "").err.contains("kept in"));
    // A zone that is set later would be silently another than the ledger's.
    let zone = "timezone = \"Asia/Kathmandu\"\n";
    let checked = Program::new(["config", "check", "--ledger", ledger]).config(zone).run();
    assert!(checked.err.contains("those of Asia/Kathmandu are for [[fx]] alone; set timezone = "), "{checked:?}");
    let checked = Program::new(["config", "check", "--ledger", ledger]).run();
    assert!(!checked.err.contains("zone"), "{checked:?}");
}

#[test]
fn a_lease_in_another_currency_is_converted_once() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let config = "[[fx]]\nfrom = \"USD\"\nto = \"EUR\"\nrate = \"0.9\"\nat = \"2026-11-01\"\n\
                  [[lease]]\ngpu = \"H100\"\nrate = \"2.00\"\ncurrency = \"EUR\"\npower = { kwh = \"0.18\" }\n";
    std::fs::write(file.path(), config).unwrap();
    let lease = margintop::config::load(Some(file.path())).unwrap().leases.remove(0);
    assert_eq!((lease.rate.exact(), lease.rate.to_string()), ("20.00/9h".to_owned(), "2.222222".to_owned()));
    assert_eq!(lease.power.unwrap().kwh.to_string(), "0.20");
}

#[test]
fn mistakes_of_the_configuration_and_its_price_file_are_reported_at_once() {
    let prices = LIST.replace("\"UTC\"", "\"Mars\"") + &LIST.replace("\"USD\"", "\"usd\"").replace("mine", "other");
    let (code, err) = check("bill = \"all\"\n[budget]\nmonth = \"much\"\n[[lease]]\nrate = \"1\"\n", Some(&prices));
    assert_eq!(code, Some(2));
    for word in [
        "prices.toml:4:",
        "prices.toml:12:",
        "budget.month: not a decimal number",
        "margintop.toml:5: a lease is for one of",
    ] {
        assert!(err.contains(word), "{word}\n{err}");
    }
}

/// Checks that a price file has these mistakes and no others; the file's name stands before each line.
fn all_refused(prices: &str, expected: &[&str]) {
    let (code, err) = check("", Some(prices));
    assert_eq!((code, err.lines().count()), (Some(2), expected.len()), "{err}");
    for (line, expected) in err.lines().zip(expected) {
        assert!(line.contains(&format!("prices.toml:{expected}")), "{expected}\n{err}");
    }
}

/// Class: the first mistake of a `[[list]]` hides the others of it, and a value that cannot be read those of the whole file.
#[test]
fn every_mistake_of_a_list_is_reported_at_once() {
    all_refused(
        "[[list]]\nname = \"mine\"\ncurrency = \"usd\"\nfrom = \"2025-02-30\"\nuntil = \"soon\"\nzone = \"Mars\"\n\
         holidays = \"none\"\ndefault = \"day\"\nhit = \"1\"\n\
         [list.tiers.standard]\nhit = \"1x\"\nmiss = \"1\"\noutput = \"-1\"\n\
         [[list.windows]]\ntier = \"night\"\nhours = [\"25:00-26:00\", \"a\"]\nweekdays = [0, 9]\n\
         [[list.windows]]\ntier = \"standard\"\nhours = []\nexcept_holidays = 1\n",
        &[
            "3: price list \"mine\": \"usd\" is not a currency",
            "4: price list \"mine\": from: \"2025-02-30\" is not an instant",
            "5: price list \"mine\": until: \"soon\" is not an instant",
            "6: price list \"mine\": zone \"Mars\" is not an IANA time zone",
            "7: price list \"mine\": no calendar \"none\"",
            "8: price list \"mine\": tier \"day\" has no prices",
            "9: unknown key \"hit\"",
            "11: tiers.standard.hit \"1x\": not a decimal number",
            "13: tiers.standard.output \"-1\": negative",
            "15: price list \"mine\": tier \"night\" has no prices",
            "16: price list \"mine\": hours \"25:00-26:00\"",
            "16: price list \"mine\": hours \"a\"",
            "17: price list \"mine\": weekday 0",
            "17: price list \"mine\": weekday 9",
            "20: price list \"mine\": a window without hours",
            "21: windows.except_holidays 1",
        ],
    );
    let overlapping = format!(
        "{LIST}[list.tiers.night]\nhit = \"0\"\nmiss = \"0\"\noutput = \"0\"\n\
         [[list.windows]]\ntier = \"night\"\nhours = [\"22:00-06:00\"]\nexcept_holidays = true\n\
         [[list.windows]]\ntier = \"standard\"\nhours = [\"05:00-07:00\"]\n\
         [[list.windows]]\ntier = \"standard\"\nhours = [\"23:00-23:30\"]\n"
    );
    all_refused(
        &overlapping.replace("holidays = \"cn\"\n", "until = \"soon\"\n"),
        &[
            "5: price list \"mine\": until: ",
            "17: price list \"mine\": except_holidays without a calendar",
            "18: price list \"mine\": windows of \"night\" and \"standard\" overlap on Monday at 05:00",
            "21: price list \"mine\": windows of \"night\" and \"standard\" overlap on Monday at 23:00",
        ],
    );
}

/// The same of the other entries of a price file. Class: what only follows from a mistake is reported as one more.
#[test]
fn every_mistake_of_a_price_file_is_reported_at_once() {
    all_refused(
        "[holidays]\ncn = [\"2026-13-01\", \"2026-10-01\",\n\"2026-10-07..2026-10-01\"]\n\
         [[list]]\nname = \"no tiers\"\ncurrency = \"usd\"\nholidays = \"cn\"\n\
         [[list]]\nname = \"whole\"\ncurrency = \"USD\"\ntiers.standard = { hit = \"1\", miss = \"1\", output = \"1\" }\n\
         [[history]]\nmodels = [\"m\"]\nlists = [\"no tiers\", \"nosuch\", \"whole\", \"nowhere\", \"whole\"]\n\
         [[gpu]]\ngpu = \"H20\"\nrate = \"1\"\ncurrency = \"rmb\"\ndated = \"2026-11\"\n\
         [[gpu]]\ngpu = \"H20\"\nrate = \"x\"\ncurrency = \"rmb\"\ndated = \"2026-11\"\n",
        &[
            "2: calendar \"cn\": holiday \"2026-13-01\" is not a date",
            "3: calendar \"cn\": holidays \"2026-10-07..2026-10-01\" end before they begin",
            "4: the key \"tiers\" is missing",
            "6: price list \"no tiers\": \"usd\" is not a currency",
            "14: price list \"nosuch\": a history names it, and no [[list]] defines it",
            "14: price list \"nowhere\": a history names it, and no [[list]] defines it",
            "14: price list \"whole\": a history names it after a list that began later",
            "18: GPU \"H20\": \"rmb\" is not a currency",
            "22: rate \"x\"",
            "23: GPU \"H20\": \"rmb\" is not a currency",
            "24: GPU \"H20\": two on-demand rates of 2026-11",
        ],
    );
    // A list without a readable name may be the one that a history names.
    let history = "[[history]]\nmodels = [\"m\"]\nlists = [\"mine\"]\n";
    all_refused(&(LIST.replace("name = \"mine\"\n", "") + history), &["1: the key \"name\" is missing"]);
    all_refused(&(LIST.replace("name = \"mine\"", "name = 5") + history), &["2: name 5: "]);
    let night = "[[list.windows]]\ntier = \"night\"\nhours = [\"22:00-06:00\"]\n";
    let no_tiers = format!("[[list]]\nname = \"mine\"\ncurrency = \"USD\"\ndefault = \"day\"\ntiers = 5\n{night}");
    all_refused(&no_tiers, &["5: tiers 5: "]);
    // The configuration names a list that is refused, and one that there is not.
    let config = "compare_to = \"mine\"\n[[price]]\nmodel = \"m\"\nlist = \"mine\"\n\
                  [[price]]\nmodel = \"n\"\nlist = \"faraway\"\n[[scenario]]\nname = \"s\"\nlist = \"mine\"\n";
    let (_, err) = check(config, Some(&LIST.replace("UTC", "Mars")));
    assert_eq!(err.lines().count(), 2, "{err}");
    for word in ["margintop.toml:8: price list \"faraway\": no such list", "prices.toml:4: price list \"mine\": zone"] {
        assert!(err.contains(word), "{word}\n{err}");
    }
}

#[test]
fn at_most_twenty_mistakes_of_a_file_are_listed() {
    let bad = LIST.replace("\"USD\"", "\"usd\"");
    let prices: String = (0..300).map(|nth| bad.replace("mine", &format!("list {nth}"))).collect();
    let (code, err) = check("", Some(&prices));
    assert_eq!((code, err.lines().count()), (Some(2), 21), "{err}");
    assert!(err.contains("prices.toml:174:") && err.contains("and 280 mistakes more"), "{err}");
}

#[test]
fn an_import_without_prices_is_refused_and_skipped_entries_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.json");
    let import = |json: &str| {
        std::fs::write(&file, json).unwrap();
        Program::new(["config", "import-prices", file.to_str().unwrap()]).run()
    };
    for json in ["", "[]", "{\"a\":", "<html>", "null"] {
        let ran = import(json);
        assert!(ran.code == Some(1) && ran.out.is_empty() && ran.err.contains("LiteLLM"), "{ran:?}");
    }
    let entry = "{\"input_cost_per_token\": 1.6000000000000001e-06, \"output_cost_per_token\": 1e-05}";
    let ran = import(&format!("{{\"a\\\"\\n[[list]]\\u001b[2J\": {entry}, \"org/plain\": {entry}, \"x\": 1}}"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("2 lists of 3 entries\nmargintop: 2 prices were float noise and repaired"), "{}", ran.err);
    assert!(ran.out.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", ran.out);
    let (code, err) = check("", Some(&ran.out));
    assert_eq!(code, Some(0), "{err}");
    let hostile = Program::new(["config", "import-prices", "/nowhere/\u{1b}[2J.json"]).run();
    assert!(hostile.code == Some(1) && hostile.err.chars().all(|c| c == '\n' || !c.is_control()), "{hostile:?}");
}
