//! Calls that are nearly right: the message names what is wrong and what to write, and nothing is ignored in silence.

use crate::program;

use std::path::Path;

use program::Program;

/// Runs a call that fails, and checks its exit code and words of its message.
fn fails(arguments: &[&str], code: i32, words: &[&str]) {
    let ran = Program::new(arguments.iter().copied()).run();
    assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
    for word in words {
        assert!(ran.err.contains(word), "{word} in {arguments:?}: {}", ran.err);
    }
    assert!(!ran.err.contains("panicked") && !ran.err.contains("(os error"), "{}", ran.err);
}

/// Class: a subcommand behind a target is polled as a host of its name.
#[test]
fn a_subcommand_after_a_target_is_not_polled_as_a_host() {
    fails(&["nvml:off", "once"], 2, &["\"once\" is a subcommand", "write `margintop once nvml:off`"]);
    fails(&["127.0.0.1:9", "report"], 2, &["\"report\" is a subcommand", "`margintop report"]);
    fails(&["once", "nvml:off", "report"], 2, &["\"report\" is a subcommand", "report:8000"]);
}

/// Class: a negative value is taken for an unknown flag.
#[test]
fn a_negative_value_is_refused_with_what_is_taken() {
    for (call, words) in [
        (&["once", "nvml:off", "--for", "-1s"][..], ["--for: \"-1s\"", "write it like 500ms"]),
        (&["once", "nvml:off", "--every", "-1"], ["--every: \"-1\"", "write it like"]),
        (&["once", "--interval", "-1s", "nvml:off"], ["--interval: \"-1s\"", "write it like"]),
        (&["demo", "--nodes", "-1"], ["--nodes: \"-1\"", "a whole number from 1"]),
        (&["demo", "--speed", "-2", "--for", "1s"], ["--speed: -2", "a number from 0.01"]),
        (&["record", "a.rec", "--for", "-1s"], ["--for: \"-1s\"", "write it like"]),
        (&["record", "a.rec", "--limit", "-1"], ["--limit: \"-1\"", "write 500MB"]),
        (&["replay", "a.rec", "--at", "-5m"], ["--at: \"-5m\" is not a time", "write now"]),
        (&["report", "--since", "-7d"], ["--since: \"-7d\" is not a time", "7d (ago)"]),
        (&["price", "--list", "deepseek-r1-2025", "--input", "-5"], ["--input", "-5"]),
        (&["price", "--list", "deepseek-r1-2025", "--gpu-hours", "1", "--gpu-rate", "-2"], ["--gpu-rate", "-2"]),
        (&["price", "--list", "deepseek-r1-2025", "--rate", "-2"], ["no flag --rate", "is it --gpu-rate?"]),
    ] {
        fails(call, 2, &words);
    }
}

/// Class: a flag that has no effect in the company of another.
#[test]
fn a_flag_without_effect_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.rec");
    let recording = file.to_str().unwrap();
    let made = Program::new(["record", recording, "nvml:off", "http://127.0.0.1:9", "--for", "300ms"]).run();
    assert!(file.exists(), "{made:?}");
    let ran = Program::new(["replay", recording, "--speed", "2", "--json"]).run();
    assert!(ran.code == Some(0) && ran.err.contains("--speed 2 has no effect"), "{ran:?}");
    assert!(!Program::new(["replay", recording, "--json"]).run().err.contains("--speed"));
    let price = ["price", "--list", "deepseek-r1-2025", "--input", "1e6", "--model"];
    let ran = Program::new(price.into_iter().chain(["nosuch"])).run();
    assert!(ran.code == Some(0) && ran.err.contains("--model nosuch: no price list is for it"), "{ran:?}");
    let ran = Program::new(price.into_iter().chain(["DeepSeek-R1"])).run();
    assert!(ran.code == Some(0) && ran.err.is_empty(), "{ran:?}");
    // A recording is replayed, and not polled.
    for call in [&["once", recording][..], &["once", "nvml:off", recording], &[recording]] {
        fails(call, 2, &["is a recording", &format!("`margintop replay {recording}`")]);
    }
}

/// Class: files of another kind, in every place that takes one.
#[test]
fn a_file_of_another_kind_is_named_with_what_to_give() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let write = |name: &str, bytes: &[u8]| std::fs::write(Path::new(&at(name)), bytes).unwrap();
    let (binary, object, empty) = (at("binary"), at("object"), at("empty"));
    write("binary", &[0xff, 0xfe, 0x00, 0x9f, 0x80, 0x0a]);
    write("object", b"{}\n");
    write("empty", b"");
    let dir = at("");
    for (call, words) in [
        (&["price", "--list", "deepseek-r1-2025", "--from"][..], "vllm bench serve"),
        (&["reconcile"], "an invoice"),
        (&["config", "import-prices"], "LiteLLM"),
    ] {
        for (file, why) in [(&dir, "is a folder"), (&binary, "is not a text"), (&object, ""), (&empty, "empty")] {
            let arguments: Vec<&str> = call.iter().copied().chain([file.as_str()]).collect();
            let ran = Program::new(arguments.clone()).run();
            assert!(matches!(ran.code, Some(1 | 2)) && ran.out.is_empty(), "{arguments:?}: {ran:?}");
            for word in [file.as_str(), why, words] {
                assert!(ran.err.contains(word), "{word} in {arguments:?}: {}", ran.err);
            }
            assert!(!ran.err.contains("os error") && !ran.err.contains("stream did not"), "{}", ran.err);
        }
    }
    for size in [0, 1, 4, 10, 20, 40] {
        write("short.rec", &[0x28, 0xb5, 0x2f, 0xfd, 0x00].repeat(8)[..size]);
        let short = at("short.rec");
        // The first bytes of a compressed file may be those of a recording that was cut.
        let ran = Program::new(["replay", &short]).run();
        let says = |words: [&str; 2]| words.iter().all(|word| ran.err.contains(word));
        let is_named = says(["not a recording", "`margintop record FILE`"]) || says(["is cut before", "copy it again"]);
        assert!(ran.code == Some(1) && is_named, "{size}: {ran:?}");
    }
    fails(&["replay", &empty], 1, &["empty"]);
}

/// Class: what exists already, or is of another kind, without a remedy.
#[test]
fn a_configuration_that_cannot_be_written_or_read_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, file) = (folder.path().to_str().unwrap(), folder.path().join("m.toml"));
    std::fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    fails(&["config", "init", "--config", file], 1, &["exists already", "--config", "`margintop config check"]);
    for action in ["init", "check", "print"] {
        let ran = Program::new(["config", action, "--config", dir]).run();
        assert!(matches!(ran.code, Some(1 | 2)), "{ran:?}");
        assert!(ran.err.contains("is a folder") && ran.err.contains("margintop.toml"), "{action}: {}", ran.err);
    }
    let role = ["once", "nvml:off", "127.0.0.1:9", "--for", "0", "--role", "http://127.0.0.1:99=decode"];
    fails(&role, 2, &["not among the targets", "write one of http://127.0.0.1:9"]);
}

/// Class: marks that say nothing, or of what has not happened.
#[test]
fn a_mark_has_a_text_and_a_time_that_has_passed() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("l.db");
    let ledger = ledger.to_str().unwrap();
    let demo = Program::new(["demo", "--nodes", "1", "--for", "1s", "--json", "--ledger", ledger]).run();
    assert_eq!(demo.code, Some(0), "{}", demo.err);
    for text in ["", " ", "\u{1b}"] {
        fails(&["mark", text, "--ledger", ledger], 2, &["without a text", "\"deploy 1.4\""]);
    }
    fails(&["mark", "x", "--at", "2099-01-01", "--ledger", ledger], 2, &["--at 2099-01-01", "in the future"]);
    fails(&["mark", "x", "--at", "2020-01-01", "--ledger", ledger], 2, &["--at 2020-01-01", "the ledger begins at"]);
    assert_eq!(Program::new(["mark", "x", "--at", "1m", "--ledger", ledger]).run().code, Some(0));
}

/// Class: two flags of which one would be ignored, and values that would load the engines.
#[test]
fn flags_that_contradict_each_other_are_refused() {
    for (call, words) in [
        (&["report", "--bridge", "--by", "node"][..], ["--bridge", "--by"]),
        (&["report", "--bridge", "--reprice"], ["--bridge", "--reprice"]),
        (&["price", "--gpus", "5", "--model", "deepseek-r1", "--input", "1"], ["--gpus", "--input"]),
        (&["once", "nvml:off", "--for", "1ms"], ["--for", "at least 100ms"]),
        (&["once", "nvml:off", "--every", "1ms"], ["--every", "at least 100ms"]),
    ] {
        fails(call, 2, &words);
    }
}

/// Class: the first mistake hides the others.
#[test]
fn roles_are_checked_with_the_other_flags() {
    let check = ["config", "check", "--theme", "nosuch", "--role", "x", "--role", "127.0.0.1:9=cook"];
    fails(&check, 2, &["nosuch", "--role x: write it like", "--role 127.0.0.1:9=cook: write it like"]);
    let two = ["config", "check", "--role", "127.0.0.1:9=decode", "--role", "127.0.0.1:9=prefill"];
    fails(&two, 2, &["127.0.0.1:9 is decode and prefill"]);
}

/// Class: a word with which many known ones begin is taken for one of them.
#[test]
fn what_many_names_begin_with_suggests_none_of_them() {
    let ran = Program::new(["price", "--list", "deepseek", "--input", "1"]).run();
    assert!(ran.code == Some(2) && !ran.err.contains("is it \""), "{ran:?}");
}
