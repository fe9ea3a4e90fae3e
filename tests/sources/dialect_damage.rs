//! Pages that are damaged, spelt in another way, too large or no metrics at all.
#![allow(clippy::format_collect)]

use crate::fixture;

use std::fmt::Write;

use fixture::{count, figures, fixture, model, page, read};
use margintop::dialect::{self, Hint};
use margintop::reading::{EngineKind, PageReading, PromptCount, ScrapeError};
use margintop::units::Ratio;

#[test]
fn a_value_that_is_no_count_is_unknown_and_counted() {
    for value in ["NaN", "+Inf", "-Inf", "-1", "0.5", "9007199254740992"] {
        let page = format!(
            "# TYPE vllm:prompt_tokens_total counter\nvllm:prompt_tokens_total{{engine=\"0\"}} {value}\n\
             # TYPE vllm:generation_tokens_total counter\nvllm:generation_tokens_total{{engine=\"0\"}} 7\n"
        );
        let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
        assert_eq!(reading.refusals.values, 1, "{value}");
        assert_eq!(reading.engines[0].tokens.prompt, PromptCount::Unknown, "{value}");
        assert_eq!(count(reading.engines[0].tokens.output), Some(7), "{value}");
    }
}

#[test]
fn what_is_no_metrics_page_is_reported() {
    for (page, word) in [
        (&b""[..], "empty"),
        (b" \r\n", "empty"),
        (b"<!DOCTYPE html><html><body>Log in 1</body></html>", "HTML"),
        (b"[]", "JSON array"),
        (b"[{\"iter\": 1}]", "JSON array"),
        (b"{\"detail\": \"Not Found\"}", "JSON"),
        (b"\x1f\x8b\x08\x00\x00\x00", "binary"),
        (b"Not Found\n", "text"),
        (b"OK", "text"),
    ] {
        match dialect::read(page, &Hint::default()) {
            Err(ScrapeError::NotMetrics(what)) => assert!(what.as_str().contains(word), "{what}"),
            other => panic!("{page:?}: {other:?}"),
        }
    }
}

#[test]
fn metrics_of_nobody_known_are_unknown_and_not_an_error() {
    let reading = dialect::read(b"go_goroutines 7\n", &Hint::default()).unwrap();
    assert_eq!((reading.kind, reading.engines.len(), reading.complete), (EngineKind::UNKNOWN, 0, true));
}

/// Class: a page whose end is missing, wherever it was cut and whether or not a length exposes it.
#[test]
fn a_page_cut_inside_a_line_is_incomplete_and_its_last_number_unread() {
    let page = "# TYPE vllm:prompt_tokens_total counter\nvllm:prompt_tokens_total{engine=\"0\"} 301000\n\
                # HELP vllm:generation_tokens_total Tokens.\nvllm:generation_tokens_total{engine=\"0\"} 301000 1790000000\n\
                vllm:num_requests_running{engine=\"0\"} 12\n";
    for cut in 1..page.len() {
        let part = &page[..cut];
        let Ok(reading) = dialect::read(part.as_bytes(), &Hint::default()) else { continue };
        let ended = part.ends_with('\n');
        assert_eq!((reading.complete, reading.refusals.truncated), (ended, !ended), "{part:?}");
        for row in &reading.engines {
            let counters = [count(row.tokens.whole_prompt()), count(row.tokens.output)];
            assert!(counters.into_iter().flatten().all(|value| value == 301_000), "{part:?}: {counters:?}");
            assert!(row.running.is_none_or(|running| running == 12), "{part:?}");
        }
    }
}

/// Class: pages that are whole without a line feed at their end.
#[test]
fn an_end_mark_or_blanks_need_no_line_feed() {
    let page = "# TYPE vllm:generation_tokens counter\nvllm:generation_tokens_total 5\n";
    for end in ["# EOF", "# EOF\n", "# EOF\r\n", "# EOF  "] {
        assert!(dialect::read(format!("{page}{end}").as_bytes(), &Hint::default()).unwrap().complete, "{end:?}");
    }
    for end in ["", "\n", "  ", "\r\n\r\n"] {
        let page = format!("vllm:generation_tokens_total 5\n{end}");
        assert!(dialect::read(page.as_bytes(), &Hint::default()).unwrap().complete, "{end:?}");
    }
    for end in ["# EO", "# HELP x", "x", "x 1"] {
        let page = format!("vllm:generation_tokens_total 5\n{end}");
        assert!(!dialect::read(page.as_bytes(), &Hint::default()).unwrap().complete, "{end:?}");
    }
}

fn line_by_line(output: &str) -> PageReading {
    let page =
        format!("vllm:prompt_tokens_total{{engine=\"0\"}} 10\n{output}\nvllm:num_requests_running{{engine=\"0\"}} 1\n");
    dialect::read(page.as_bytes(), &Hint::default()).unwrap()
}

/// Class: a line of a counter that can't be read. The counter is unknown, as with a value that is no count, and both are
/// told; a line that is of no counter is counted as a line.
#[test]
fn a_line_that_cant_be_read_makes_its_counter_unknown() {
    let name = "vllm:generation_tokens_total";
    for rest in [
        "{engine=\"0\"} 12_000",
        "{engine=\"0\"} 1,234",
        "{engine=\"0\"} 0x5",
        "{engine=\"0\"} 50x00",
        "{engine=\"0\"}",
        "{engine=\"0\"} ",
        "{engine=\"0\"} 5 soon",
        "{engine=\"0} 5",
        "{engine=0} 5",
        "{engine=\"0\" 5",
        "{engine=\"0\",\"x\",\"y\"} 5",
        " {engine=\"0\"} five",
        " five",
        "",
        "=5",
    ] {
        let reading = line_by_line(&format!("{name}{rest}"));
        let refused = &reading.refusals;
        assert!(reading.complete, "{rest}");
        let prompts: Vec<u64> = reading.engines.iter().filter_map(|row| count(row.tokens.whole_prompt())).collect();
        assert_eq!(prompts, [10], "{rest}");
        assert!(reading.engines.iter().all(|row| row.tokens.output.is_none()), "{rest}");
        assert_eq!((refused.lines, refused.values, refused.unreadable), (1, 1, 1), "{rest}");
        assert_eq!(refused.first_line.as_ref().map(margintop::reading::Label::as_str), Some(name), "{rest}");
    }
    let quoted = line_by_line("{\"vllm:generation_tokens_total\",engine=\"0\"} 1_0");
    assert_eq!((quoted.engines[0].tokens.output, quoted.refusals.unreadable), (None, 1));
    for (other, first) in [("vllm:num_requests_waiting{engine=\"0\"} many", "vllm:num_requests_waiting"), ("??", "??")]
    {
        let reading = line_by_line(&format!("{name}{{engine=\"0\"}} +5\n{other}"));
        let refused = &reading.refusals;
        assert_eq!(count(reading.engines[0].tokens.output), Some(5));
        assert_eq!((refused.lines, refused.values), (1, 0), "{other}");
        assert_eq!(refused.first_line.as_ref().map(margintop::reading::Label::as_str), Some(first));
    }
}

/// Class: part of a counter can't be read. What is left of its sum is not its value: the missing series would count from
/// zero once it is read.
#[test]
fn a_sum_with_an_unreadable_part_is_unknown() {
    let series = |engine: u8, pid: u8, value: &str| {
        format!("vllm:generation_tokens_total{{engine=\"{engine}\",pid=\"{pid}\"}} {value}\n")
    };
    let outputs = |text: String| -> Vec<Option<u64>> {
        let reading = dialect::read(text.as_bytes(), &Hint::default()).unwrap();
        reading.engines.iter().map(|row| count(row.tokens.output)).collect()
    };
    let (one, two) = (series(0, 1, "5") + &series(0, 2, "1_0"), series(1, 1, "7"));
    assert_eq!(outputs(one + &two), [None, Some(7)], "the rows of readable labels are told apart");
    let nobodys = series(0, 1, "5") + "vllm:generation_tokens_total{engine=\"0 10\n" + &two;
    assert_eq!(outputs(nobodys), [None, None], "it may be any row's");
}

/// Class: each kind of refusal is counted as what it is.
#[test]
fn what_is_wrong_with_a_counter_is_reported_by_kind() {
    let series = "vllm:generation_tokens_total{engine=\"0\"}";
    for (lines, large, twice) in [
        (format!("{series} 9007199254740992"), 1, 0),
        (format!("{series} 9.3e18"), 1, 0),
        (format!("{series} 1e300"), 1, 0),
        (format!("{series} 5\n{series} 6"), 0, 1),
        (format!("{series} NaN"), 0, 0),
    ] {
        let reading = line_by_line(&lines);
        let refused = &reading.refusals;
        assert_eq!((refused.values, refused.too_large, refused.conflicting), (1, large, twice), "{lines}");
        assert_eq!((refused.unreadable, reading.engines[0].tokens.output), (0, None), "{lines}");
    }
    assert_eq!(count(line_by_line(&format!("{series} 5\n{series} 5")).engines[0].tokens.output), Some(5));
}

#[test]
fn an_openmetrics_page_without_its_end_is_incomplete() {
    let mut page = fixture("engines/vllm-rust-frontend.prom");
    page.truncate(page.len() - b"# EOF\n".len());
    assert!(!dialect::read(&page, &Hint::default()).unwrap().complete);
    let said_otherwise = Hint { openmetrics: Some(false), ..Hint::default() };
    assert!(dialect::read(&page, &said_otherwise).unwrap().complete);
}

#[test]
fn a_model_name_commands_no_terminal() {
    let page = "vllm:prompt_tokens_total{model_name=\"a\x1b]0;owned\x07\u{9b}31m\\n\",engine=\"0\"} 1\n";
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    assert_eq!(reading.engines[0].model.as_ref().unwrap().as_str(), "a]0;owned31m");
}

// Class: the same page in another spelling (Prometheus 3, editors, OpenMetrics).

#[test]
fn quoted_names_are_read_everywhere() {
    for name in ["quoted", "quoted-labels", "dots", "bom-crlf-exemplar"] {
        let reading = read(&format!("reports/06-utf8-names/{name}.prom"));
        assert_eq!(
            (reading.kind, reading.engines.len(), reading.complete),
            (EngineKind::named("vllm"), 1, true),
            "{name}"
        );
        let row = &reading.engines[0];
        assert_eq!((figures(row).0, figures(row).1), (Some(12_000), Some(3_400)), "{name}");
        assert_eq!((model(row), reading.refusals.lines), (Some("m"), 0), "{name}");
    }
    let gpu = "# TYPE \"DCGM_FI_DEV_GPU_UTIL\" gauge\n{\"DCGM_FI_DEV_GPU_UTIL\",\"gpu\"=\"0\",\"UUID\"=\"GPU-1\"} 50\n";
    assert_eq!(page(gpu).gpus[0].1.utilization, Ratio::from_percent(50.0));
    let histogram = "# TYPE \"vllm:e2e_request_latency_seconds\" histogram\n\
                     {\"vllm:e2e_request_latency_seconds_bucket\",le=\"1\"} 3\n\
                     {\"vllm:e2e_request_latency_seconds_bucket\",le=\"+Inf\"} 4\n{\"process_start_time_seconds\"} 1790000000\n";
    let reading = page(histogram);
    assert!(reading.engines[0].latency.e2e.is_some() && reading.start.is_some());
}

#[test]
fn a_byte_order_mark_hides_no_array() {
    let array = "\u{feff}[{\"iter\": 1}]".as_bytes();
    assert!(dialect::is_array(array) && dialect::read(array, &Hint::default()).is_err());
}

// Class: pages over a limit.

#[test]
fn a_page_of_ten_thousand_instances_keeps_its_limits_and_counts() {
    let mut text = String::new();
    for place in 0..10_000 {
        let filler = "x".repeat(120);
        writeln!(text, "vllm:generation_tokens_total{{model_name=\"m\",instance=\"{place}\",f=\"{filler}\"}} 1")
            .unwrap();
    }
    assert!(text.len() > 2_000_000 / 2);
    let began = crate::support::worked();
    let reading = page(&text);
    let limit = std::time::Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 2 });
    assert!(crate::support::worked().saturating_sub(began) < limit);
    assert_eq!((reading.engines.len(), reading.refusals.over_limit, reading.complete), (1024, 10_000 - 1024, false));
}
