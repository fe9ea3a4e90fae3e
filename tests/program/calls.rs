//! Invalid calls: each mistake is reported with what to write instead, and all mistakes of a configuration at once.

use crate::program;

use program::{Program, Ran};

/// Runs a call that must end with exit code 2 and print nothing to stdout.
fn refused(program: Program) -> Ran {
    let ran = program.run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    ran
}

#[test]
fn a_mistyped_subcommand_is_not_polled_as_a_host() {
    for arguments in [&["dmeo"][..], &["dmeo", "--nodes", "3"], &["--theme", "dark", "dmeo"]] {
        let ran = refused(Program::new(arguments));
        assert!(
            ran.err.contains("no subcommand \"dmeo\"; is it \"demo\"?") && ran.err.contains("dmeo:8000"),
            "{}",
            ran.err
        );
    }
    let host = Program::new(["once", "--json", "dmeo", "nvml:off", "--for", "0"]).run();
    assert!(!host.err.contains("no subcommand"), "after a subcommand it is a host: {}", host.err);
}

/// Class: only the first mistake is reported, so that a file is corrected one run at a time.
#[test]
fn all_mistakes_of_a_call_are_reported_at_once() {
    let config = "interval = \"1ms\"\ncolor = \"blue\"\ntheme = \"nosuch\"\nlog_level = \"loud\"\ntimezone = \"Mars\"\n\
                  [[target]]\nurl = \"ftp://x\"\nrole = \"prefil\"\n[[target]]\nurl = \"gpu-[9-1]\"\n\
                  [[price]]\nmodel = \"x\"\nlist = \"deepseek-r1-2052\"\n[[lease]]\nrate = \"2\"\n";
    let wrong = Program::new(["config", "check", "--interval", "soon"]).config(config).env("MARGINTOP_COLOR", "red");
    let err = refused(wrong).err;
    for (line, word) in [
        (1, "interval: at least 100ms"),
        (2, "color: \"blue\": write auto, always or never"),
        (3, "theme: \"nosuch\": no such theme; `margintop themes` lists them"),
        (4, "log_level: \"loud\" is not a level: write error, warn"),
        (5, "timezone: \"Mars\" is not a time zone"),
        (7, "write http://HOST:PORT"),
        (8, "role \"prefil\": not known here; is it \"prefill\"?"),
        (10, "ends before it begins"),
        (13, "is it \"deepseek-r1-2025\"?"),
        (14, "a lease is for one of"),
    ] {
        let is_it = |said: &str| said.contains(&format!("margintop.toml:{line}: ")) && said.contains(word);
        assert!(err.lines().any(is_it), "{line} {word}: {err}");
    }
    assert!(err.contains("--interval: \"soon\" is not a duration"), "{err}");
    assert!(err.contains("MARGINTOP_COLOR: \"red\": write auto, always or never"), "{err}");
    assert_eq!(err.lines().count(), 12, "{err}");
}

#[test]
fn a_variable_with_a_bad_value_is_named() {
    for (variable, value, word) in [
        ("MARGINTOP_INTERVAL", "soon", "MARGINTOP_INTERVAL: \"soon\" is not a duration: write it like 500ms, 1s or 2m"),
        ("MARGINTOP_INTERVAL", "1ms", "MARGINTOP_INTERVAL: at least 100ms"),
        ("MARGINTOP_THEME", "nosuch", "MARGINTOP_THEME: \"nosuch\": no such theme; `margintop themes`"),
        ("MARGINTOP_COLOR", "blue", "MARGINTOP_COLOR: \"blue\": write auto, always or never"),
        ("MARGINTOP_ROLE", "x:1=chief", "MARGINTOP_ROLE x:1=chief: write it like http://gpu-01:8000=prefill"),
        ("MARGINTOP_LOG_LEVEL", "loud", "MARGINTOP_LOG_LEVEL: \"loud\" is not a level: write error"),
        ("MARGINTOP_CONFIG", "/nowhere/m.toml", "MARGINTOP_CONFIG names this file"),
    ] {
        let ran = refused(Program::new(["once", "--for", "0", "nvml:off", "x:1"]).env(variable, value));
        assert!(ran.err.contains(word), "{variable}: {}", ran.err);
        let empty = Program::new(["once", "--for", "0", "--json", "nvml:off"]).env(variable, "").run();
        assert_eq!((empty.code, empty.err.as_str()), (Some(0), ""), "{variable} is empty");
    }
    for (call, variable, file) in [
        (&["report"][..], "MARGINTOP_LEDGER", "/nowhere/l.db"),
        (&["once", "--for", "0", "nvml:off", "x:1"], "MARGINTOP_LEDGER", "/proc/nowhere/l.db"),
        (&["serve", "nvml:off"], "MARGINTOP_LOG", "/nowhere/m.log"),
    ] {
        let ran = Program::new(call).env(variable, file).run();
        let is_named = |line: &str| {
            line.contains(&format!("{file}: ")) && line.ends_with(&format!("; {variable} names this file"))
        };
        assert!(ran.code == Some(1) && ran.err.lines().any(is_named), "{variable}: {}", ran.err);
    }
    let ran = Program::new(["agent"]).env("MARGINTOP_LISTEN", "nowhere").run();
    assert!(ran.code == Some(2) && ran.err.contains("MARGINTOP_LISTEN"), "{}", ran.err);
    let flag = Program::new(["config", "check", "--color", "never"]).env("MARGINTOP_COLOR", "blue").run();
    assert_eq!(flag.code, Some(0), "a flag wins over its variable: {}", flag.err);
}

#[test]
fn contradicting_flags_say_what_to_write() {
    for (arguments, word) in [
        (&["once", "--json", "--text"][..], "--json and --text cannot be combined: write one of them"),
        (&["once", "--for", "1s", "--every", "1s"], "cannot be combined: write"),
        (&["report", "--json", "--csv"], "--json and --csv cannot be combined"),
        (&["price", "--gpu-rate", "2", "--gpu", "H100", "--list", "x"], "cannot be combined"),
        (&["once", "nvml:", "nvml:off"], "nvml: and nvml:off cannot be combined: write one of them"),
        (
            &["once", "x:1", "--role", "x:1=prefill", "--role", "x:1=decode"],
            "x:1 is prefill and decode: write one role",
        ),
        (&["once", "--interval", "1s", "--interval", "2s"], "--interval is given twice: write it once"),
    ] {
        let ran = refused(Program::new(arguments));
        assert!(ran.err.contains(word), "{arguments:?}: {}", ran.err);
    }
}

/// `--at`, `--since` and `--until` take the same forms of time in every subcommand.
#[test]
fn every_subcommand_takes_the_same_forms_of_time() {
    let home = tempfile::tempdir().unwrap();
    let ledger = home.path().join("l.db");
    let ledger = ledger.to_str().unwrap();
    let kept = Program::new(["once", "nvml:off", "--for", "0", "--json", "--ledger", ledger]).run();
    assert_eq!(kept.code, Some(0), "{}", kept.err);
    let recording = home.path().join("r.rec");
    let recording = recording.to_str().unwrap();
    let recorded = Program::new(["record", recording, "nvml:off", "x:1", "--for", "300ms"]).run();
    assert_eq!(recorded.code, Some(0), "{}", recorded.err);
    let invoice = home.path().join("i.csv");
    std::fs::write(&invoice, "node,hours,amount\nx,1,1\n").unwrap();
    let invoice = invoice.to_str().unwrap();
    let words = [
        "now",
        "today",
        "yesterday",
        "11:30",
        "15m",
        "24h",
        "7d",
        "2025-03",
        "2025-03-03",
        "2025-03-03T12:00",
        "2025-03-03T12:00:00Z",
    ];
    for word in words.into_iter().chain(["2025-03-03T12:00+08:00"]) {
        for arguments in [
            &["price", "--list", "deepseek-r1-2025", "--at", word][..],
            &["mark", "a marker", "--at", word, "--ledger", ledger],
            &["report", "--since", word, "--ledger", ledger],
            &["reconcile", invoice, "--since", word, "--ledger", ledger],
            &["replay", recording, "--json", "--at", word],
        ] {
            let ran = Program::new(arguments).run();
            assert!(!ran.err.contains("is not a time"), "{arguments:?}: {}", ran.err);
        }
    }
    for arguments in [
        &["price", "--list", "deepseek-r1-2025", "--at", "noon"][..],
        &["mark", "a marker", "--ledger", ledger, "--at", "noon"],
        &["lease", "end", "x", "--ledger", ledger, "--at", "noon"],
        &["report", "--ledger", ledger, "--since", "noon"],
        &["report", "--ledger", ledger, "--until", "noon"],
        &["reconcile", invoice, "--ledger", ledger, "--until", "noon"],
        &["replay", recording, "--json", "--at", "noon"],
    ] {
        let ran = refused(Program::new(arguments));
        assert!(
            ran.err.contains(": \"noon\" is not a time: write now, today, yesterday, 11:30 (of today)"),
            "{arguments:?}: {}",
            ran.err
        );
    }
}

/// `nvml:off` alone is not a list of targets: the configured ones are polled.
#[test]
fn nvml_off_keeps_the_configured_targets() {
    let config = "[[target]]\nurl = \"http://127.0.6.9:1/metrics\"\n";
    let ran = Program::new(["once", "--json", "--for", "0", "nvml:off"]).config(config).run();
    assert_eq!(ran.json()["engines"][0]["target"], "http://127.0.6.9:1/metrics");
    let ran = Program::new(["once", "--json", "--for", "0", "nvml:off", "127.0.6.8:1/metrics"]).config(config).run();
    assert_eq!(ran.json()["engines"].as_array().unwrap().len(), 1, "named targets are the whole list: {}", ran.out);
    assert!(!ran.out.contains("127.0.6.9"), "{}", ran.out);
}

#[test]
fn a_former_name_is_accepted_with_a_warning() {
    let ran = Program::new(["config", "check"]).config("theme = \"margintop-dark\"\n").run();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let word = "margintop.toml:1: theme: \"margintop-dark\" is called \"dark\" now: write that before the next release";
    assert!(ran.err.contains(word), "{}", ran.err);
}

#[test]
fn config_check_warns_of_unreadable_files() {
    let config = "[[target]]\nurl = \"http://gpu-[1-3]:8000\"\nbearer_token_file = \"/nowhere/token\"\n";
    let ran = Program::new(["config", "check"]).config(config).run();
    // The driver's library that tests name is missing too.
    let others = ran.err.lines().filter(|line| !line.contains("nvml_lib"));
    assert_eq!((ran.code, others.count()), (Some(0), 1), "{}", ran.err);
    assert!(ran.err.contains("warning: bearer_token_file /nowhere/token: No such file"), "{}", ran.err);
    let ran = Program::new(["config", "check"]).config(&format!("{config}nod = 1\n")).run();
    assert_eq!((ran.code, ran.err.lines().count()), (Some(2), 2), "{}", ran.err);
    assert!(ran.err.contains("warning: bearer_token_file /nowhere/token: No such file"), "{}", ran.err);
}

/// Class: a setting of the environment that only a later run refuses.
#[test]
fn config_check_refuses_the_environment_that_a_run_would_refuse() {
    for (name, value) in [("MARGINTOP_LISTEN", "9545"), ("MARGINTOP_INTERVAL", "x"), ("MARGINTOP_THEME", "nosuch")] {
        let ran = Program::new(["config", "check"]).env(name, value).run();
        assert_eq!(ran.code, Some(2), "{name}: {}", ran.err);
        assert!(ran.err.contains(name) && ran.err.contains(value), "{name}: {}", ran.err);
    }
}

/// Class: a missing file is reported in the system's words, without a remedy.
#[test]
fn a_missing_file_is_reported_with_its_path_and_a_remedy() {
    for (call, code, remedy) in [
        (&["once", "--config", "/nowhere/m.toml"][..], 2, "check the path, or write a file to start from"),
        (&["config", "check", "--config", "/nowhere/m.toml"], 2, "config init --config /nowhere/m.toml"),
        (&["once", "/nowhere/m.prom", "nvml:off"], 1, "save a page to it: curl http://HOST:PORT/metrics > FILE.prom"),
        (&["replay", "/nowhere/m.rec"], 1, "check the path: `margintop record FILE` writes a recording"),
        (&["replay", "/nowhere/m.rec", "--json"], 1, "check the path"),
        (&["reconcile", "/nowhere/m.csv"], 1, "check the path"),
        (&["ledger", "import", "/nowhere/m.jsonl", "--ledger", "/nowhere/l.db"], 1, "check the path"),
        (&["price", "--from", "/nowhere/r.json", "--gpus", "8", "--list", "deepseek-v3.2"], 1, "check the path"),
    ] {
        let ran = Program::new(call).run();
        assert_eq!(ran.code, Some(code), "{call:?}: {}", ran.err);
        assert!(ran.err.contains("/nowhere/m") || ran.err.contains("/nowhere/r"), "{call:?}: {}", ran.err);
        assert!(ran.err.contains(": No such file or directory; ") && ran.err.contains(remedy), "{call:?}: {}", ran.err);
        assert!(!ran.err.contains("os error"), "{call:?}: {}", ran.err);
        assert!(!ran.err.contains("m.prom: /nowhere/m.prom"), "{}", ran.err);
    }
}

/// Class: an invalid call is reported in a library's words, or as another mistake.
#[test]
fn a_wrong_value_says_what_to_write() {
    let addresses = ["9545", "gpu-01", "127.0.0.1:99999"];
    for (call, word) in [
        (&["demo", "--nodes", "x"][..], "--nodes: \"x\": write a whole number from 1 to 4000"),
        (&["price", "--from", "a.json", "--gpus", "0"], "--gpus: \"0\": write a whole number from 1 to 1000000"),
        (&["price", "--list", "deepseek-v3.2", "--class", "write"], "--class write: write the class and its tokens"),
        (&["agent", "--listen", addresses[0]], "\"9545\" is not a host and a port to listen on: write 127.0.0.1:9545"),
        (&["serve", "nvml:off", "--listen", addresses[1]], "\"gpu-01\" is not a host and a port"),
        (&["serve", "nvml:off", "--listen", addresses[2]], "\"127.0.0.1:99999\" is not a host and a port"),
    ] {
        let ran = refused(Program::new(call));
        assert!(ran.err.contains(word) && ran.err.lines().count() == 1, "{call:?}: {}", ran.err);
    }
}

/// Class: a flag is refused, and also reported as ignored.
#[test]
fn a_flag_without_effect_is_ignored_or_refused() {
    for call in [["once", "--theme", "nosuch"], ["themes", "--interval", "soon"]] {
        let ran = refused(Program::new(call));
        assert!(ran.err.starts_with(&format!("margintop: {}: ", call[1])), "{call:?}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{call:?}: {}", ran.err);
    }
    let ran = Program::new(["themes", "--interval", "5s"]).run();
    assert!(ran.code == Some(0) && ran.err.contains("has no effect"), "{}", ran.err);
}

/// Class: a mistake in one file of a user's themes ends every call that shows one.
#[test]
fn a_theme_file_with_a_mistake_is_named_and_stops_nothing_else() {
    let with_themes = |call: &[&str]| {
        let program = Program::new(call);
        let folder = program.home().join("margintop/themes");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("mine.toml"), "[roles]\ntext = \"#010203\"\naccnt = \"#010203\"\n").unwrap();
        std::fs::write(folder.join("other.toml"), "[roles]\ntext = \"#010203\"\n").unwrap();
        program
    };
    let wrong = "theme mine.toml, line 3: no role \"accnt\"; is it \"accent\"?";
    let ran = with_themes(&["themes"]).run();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.lines().any(|line| line == "other") && ran.out.contains(&format!("mine  broken: {wrong}")),
        "{}",
        ran.out
    );
    for call in [&["themes", "mine"][..], &["once", "--theme", "mine"]] {
        let ran = refused(with_themes(call));
        assert!(ran.err.contains(wrong), "{call:?}: {}", ran.err);
    }
    let ran = with_themes(&["once", "nvml:off", "--for", "0", "--theme", "other"]).run();
    assert!(!ran.err.contains("mine"), "{}", ran.err);
    let ran = with_themes(&["config", "check"]).config("theme = \"mine\"\n").run();
    assert!(ran.code == Some(0) && (ran.out.clone() + &ran.err).contains(wrong), "{}{}", ran.out, ran.err);
}

/// Class: a message is about another ledger than the one of the call.
#[test]
fn without_a_home_folder_a_report_asks_for_the_ledgers_name() {
    let homeless = |call: &[&str]| Program::new(call).env("HOME", "").env("XDG_STATE_HOME", "");
    let ran = refused(homeless(&["report"]));
    assert!(ran.err.contains("no home folder in which a ledger could be"), "{}", ran.err);
    let ran = refused(homeless(&["report", "--ledger", "none"]));
    assert!(ran.err.contains("a ledger in memory is gone with its process"), "{}", ran.err);
}

/// Class: a flag is accepted only in some positions of a call with two subcommands.
#[test]
fn a_decision_on_a_dispute_takes_the_ledger_flag_in_any_position() {
    for call in [
        &["ledger", "disputes", "--ledger", "/nowhere/l.db", "accept", "1"][..],
        &["ledger", "disputes", "accept", "1", "--ledger", "/nowhere/l.db"],
        &["ledger", "--ledger", "/nowhere/l.db", "disputes", "accept", "1"],
    ] {
        let ran = Program::new(call).run();
        assert!(ran.code == Some(1) && ran.err.contains("/nowhere/l.db: no ledger there"), "{call:?}: {}", ran.err);
    }
    let ran = Program::new(["ledger", "disputes", "--all", "accept", "1", "--ledger", "/nowhere/l.db"]).run();
    assert!(
        ran.code == Some(2) && ran.err.contains("write `margintop ledger disputes accept 1` without it"),
        "{ran:?}"
    );
}

#[test]
fn a_misspelt_model_of_a_price_is_warned_of() {
    let price =
        |model: &str| format!("[[price]]\nmodel = \"{model}\"\nhit = \"0.1\"\nmiss = \"0.5\"\noutput = \"1\"\n");
    let check = |model: &str| Program::new(["config", "check"]).config(&price(model)).run();
    let ran = check("deepsek-r1");
    assert!(ran.code == Some(0) && ran.err.contains("toml:2: model \"deepsek-r1\""), "{ran:?}");
    assert!(ran.err.contains("is it \"deepseek-r1\"?"), "{ran:?}");
    for known_or_own in ["deepseek-r1", "our-own-model", "deepseek-r9", "deepseek-*"] {
        let ran = check(known_or_own);
        assert!(ran.code == Some(0) && !ran.err.contains("is it"), "{known_or_own}: {ran:?}");
    }
}
