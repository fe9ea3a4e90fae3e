//! The page formats: cases of the grammar, laws, and hostile pages.
#![allow(clippy::float_cmp, clippy::format_collect)]

use margintop::exposition::{Emitter, FamilyKind, Limits, Rows, SeriesLabels, SeriesRow, Tally};
use proptest::prelude::*;

fn all(page: &[u8]) -> (Vec<SeriesRow<'_, ()>>, Tally) {
    within(page, Limits::default())
}

fn within(page: &[u8], limits: Limits) -> (Vec<SeriesRow<'_, ()>>, Tally) {
    let mut rows = Rows::new(page, limits, |_, _| Some(()));
    let read = rows.by_ref().collect();
    (read, rows.tally())
}

/// A series as text: name, labels and value, to compare at a glance.
fn shown(row: &SeriesRow<'_, ()>) -> String {
    let labels: Vec<String> = row
        .labels
        .into_iter()
        .map(|(key, value)| format!("{}={}", String::from_utf8_lossy(key), value.text().escape_debug()))
        .collect();
    format!("{}[{}] {:?}", row.name, labels.join(" "), row.value)
}

#[track_caller]
fn reads(line: &str, expected: &str) {
    for page in [line.to_owned(), format!("{line}\n"), format!("{line}\r\n"), format!("  {line} \t\n")] {
        let (rows, tally) = all(page.as_bytes());
        assert_eq!(rows.iter().map(shown).collect::<Vec<_>>(), [expected], "{page:?}");
        assert_eq!((tally.samples, tally.bad, tally.over_limit), (1, 0, 0), "{page:?}");
    }
}

#[track_caller]
fn refuses(line: &str) {
    let page = format!("before 1\n{line}\nafter 2\n");
    let (rows, tally) = all(page.as_bytes());
    assert_eq!(rows.iter().map(shown).collect::<Vec<_>>(), ["before[] 1.0", "after[] 2.0"], "{line:?}");
    assert_eq!(tally.bad, 1, "{line:?}");
}

#[test]
fn series_are_read() {
    reads("up 1", "up[] 1.0");
    reads("up\t1", "up[] 1.0");
    reads("up{} 1", "up[] 1.0");
    reads("up {} 1", "up[] 1.0");
    reads("up{}1", "up[] 1.0");
    reads("vllm:up{a=\"b\"} 1", "vllm:up[a=b] 1.0");
    reads("up{a=\"b\",c=\"d\",} 1", "up[a=b c=d] 1.0");
    reads("up{ a = \"b\" , c\t= \"d\" } 1", "up[a=b c=d] 1.0");
    reads("up{a=\"\"} 1", "up[a=] 1.0");
    reads("up NaN", "up[] NaN");
    reads("up +Inf", "up[] inf");
    reads("up -Inf", "up[] -inf");
    reads("up 1e-3", "up[] 0.001");
    reads("_under_score9:x 1", "_under_score9:x[] 1.0");
}

#[test]
fn what_stands_between_quotes_is_text() {
    reads(r#"m{a="}"} 1"#, "m[a=}] 1.0");
    reads(r#"m{a="x,y=\"z\"} 2 #"} 1"#, r#"m[a=x,y=\"z\"} 2 #] 1.0"#);
    reads(r#"m{a="\\",b="\n"} 1"#, r"m[a=\\ b=\n] 1.0");
    reads(r#"m{a="\x"} 1"#, r"m[a=\\x] 1.0");
    reads("m{a=\"日本\u{1b}]0;x\u{7}\"} 1", "m[a=日本\\u{1b}]0;x\\u{7}] 1.0");
}

#[test]
fn timestamps_and_exemplars_are_passed_over() {
    reads("up 1 1395066363000", "up[] 1.0");
    reads("up 1 -3982045", "up[] 1.0");
    reads("up 1 1520879607.789", "up[] 1.0");
    reads(r#"h_bucket{le="1"} 8 # {trace_id="K}\" 9"} 0.67"#, "h_bucket[le=1] 8.0");
    reads(r#"h_bucket{le="1"} 8 1.5 # {trace_id="K"} 0.67 1.4"#, "h_bucket[le=1] 8.0");
}

#[test]
fn names_in_quotes_are_read() {
    reads(r#"{"my.name"} 1"#, "my.name[] 1.0");
    reads(r#"{"my.name",a="b","c.d"="e"} 1"#, "my.name[a=b c.d=e] 1.0");
    reads(r#"{a="b","my name"} 1"#, "my name[a=b] 1.0");
    let (rows, _) = all(b"# TYPE \"my.name\" counter\n{\"my.name\"} 1\n");
    assert_eq!(rows[0].kind, FamilyKind::Counter);
    let (rows, tally) = all(b"# TYPE \"my \\\"own\\\" name\" gauge\n{\"my \\\"own\\\" name\"} 1\n");
    assert_eq!((rows[0].kind, tally.bad), (FamilyKind::Gauge, 0), "a quoted name may hold blanks and quotes");
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    for page in ["\u{feff}up 1\r\n", "\u{feff}# TYPE up gauge\r\nup 1\r\n", "\u{feff}{\"up\"} 1"] {
        let (rows, tally) = all(page.as_bytes());
        assert_eq!((rows.len(), rows[0].name, tally.bad), (1, "up", 0), "{page:?}");
    }
}

#[test]
fn labels_have_one_fingerprint_in_whatever_order() {
    let of = |labels: &str, except: &str| {
        let line = format!("m{{{labels}}} 1\n");
        all(line.as_bytes()).0[0].labels.fingerprint(except)
    };
    assert_eq!(of("a=\"b\",c=\"d\"", ""), of("\"c\"=\"d\" , a=\"b\",", ""));
    assert_eq!(of("a=\"b\",pid=\"7\"", "pid"), of("pid=\"8\",a=\"b\"", "pid"));
    assert_eq!(of("a=\"b\",c=\"\"", ""), of("a=\"b\"", ""), "an empty label is none");
    assert_ne!(of("a=\"b\",c=\"d\"", ""), of("a=\"d\",c=\"b\"", ""));
    assert_ne!(of("ab=\"c\"", ""), of("a=\"bc\"", ""));
    assert_eq!((of("", ""), of("a=\"b\"", "")), (0, 0xb912_458b_53ec_5105), "the same in every release");
}

/// Class: labels whose values differ in single characters, such as ranks and indexes.
#[test]
fn labels_with_swapped_values_have_fingerprints_of_their_own() {
    let mut seen = std::collections::HashSet::new();
    for (a, b, c) in (0..12).flat_map(|a| (0..12).flat_map(move |b| (0..12).map(move |c| (a, b, c)))) {
        let line = format!("m{{dp_rank=\"{a}\",tp_rank=\"{b}\",pod=\"engine-{c}\"}} 1\n");
        assert!(seen.insert(all(line.as_bytes()).0[0].labels.fingerprint("")), "{line}");
    }
}

#[test]
fn bad_lines_are_counted_and_skipped() {
    for line in [
        "up",
        "up ",
        "up one",
        "up 1 soon",
        "up 1 2 3",
        "1up 1",
        "up-down 1",
        "up{a=b} 1",
        "up{a=\"b} 1",
        "up{a=\"b\\\"} 1",
        "up{a=\"b\" c=\"d\"} 1",
        "up{a=\"b\"",
        "up{a=\"b\"}",
        "up{,} 1",
        "up{1a=\"b\"} 1",
        "up{\"a\"} 1",
        "{a=\"b\"} 1",
        "{\"a\",\"b\"} 1",
        "{} 1",
        "{\"a\": 1}",
        "[]",
        "<html>",
        "\u{0}\u{1}\u{2}",
        "# TYPE up",
        "# TYPE up thing",
    ] {
        refuses(line);
    }
}

/// Class: lines of wanted series that can't be read, of which the name is known and sometimes the labels are.
#[test]
fn what_is_known_of_unreadable_lines_is_kept() {
    for (line, labels) in [
        ("up", None),
        ("up ", Some("")),
        ("up one", Some("")),
        ("up{a=\"b\"} 1_0", Some("a=\"b\"")),
        ("up{a=\"b\"}", Some("a=\"b\"")),
        (" up {a=\"b\"} x", Some("a=\"b\"")),
        ("up{a=\"b} 1", None),
        ("up=1", None),
        ("{\"up\",a=\"b\"} x", Some("\"up\",a=\"b\"")),
        ("{\"up\",a=\"b} 1", None),
    ] {
        let page = format!("ok 1\n{line}\nok 2\n");
        let mut rows = Rows::new(page.as_bytes(), Limits::default(), |name, _| Some(name == "up"));
        assert_eq!(rows.by_ref().count(), 2, "{line}");
        let known: Vec<_> =
            rows.unreadable().iter().map(|line| (line.tag, line.labels.map(SeriesLabels::as_bytes))).collect();
        assert_eq!(known, [(true, labels.map(str::as_bytes))], "{line}");
        assert_eq!(rows.tally().bad, 1, "{line}");
    }
    for line in ["up-down 1", "<up>", "1up 1", "{} 1", "{a=\"up\"} 1"] {
        let mut rows = Rows::new(line.as_bytes(), Limits::default(), |_, _| Some(()));
        assert_eq!((rows.by_ref().count(), rows.unreadable().len(), rows.tally().bad), (0, 0, 1), "{line}");
        assert!(rows.first_bad().is_some());
    }
    let many = "up x\n".repeat(2000);
    let mut rows = Rows::new(many.as_bytes(), Limits::default(), |_, _| Some(()));
    assert_eq!(rows.by_ref().count(), 0);
    assert_eq!((rows.unreadable().len(), rows.tally().bad, rows.tally().over_limit), (1024, 1024, 976));
}

#[test]
fn the_type_decides_what_a_series_is() {
    let page = "\
        # TYPE a_total counter\na_total 1\n\
        # HELP vllm:iteration_tokens_total tokens\n# TYPE vllm:iteration_tokens_total histogram\n\
        vllm:iteration_tokens_total_bucket{le=\"+Inf\"} 2\nvllm:iteration_tokens_total_sum 3\n\
        vllm:iteration_tokens_total_created 4\nvllm:iteration_tokens_totals 5\n\
        #\tTYPE  s   summary\ns{quantile=\"0.5\"} 6\ns_count 7\n\
        plain 8\n\
        # TYPE plain gauge\nplain 9\n";
    let (rows, tally) = all(page.as_bytes());
    let kinds: Vec<FamilyKind> = rows.iter().map(|row| row.kind).collect();
    assert_eq!(
        kinds,
        [
            FamilyKind::Counter,
            FamilyKind::Histogram,
            FamilyKind::Histogram,
            FamilyKind::Gauge,
            FamilyKind::Unknown,
            FamilyKind::Summary,
            FamilyKind::Summary,
            FamilyKind::Unknown,
            FamilyKind::Gauge
        ]
    );
    assert!(!tally.openmetrics && !tally.ended);
}

#[test]
fn openmetrics_is_recognised_by_its_counters_and_its_end() {
    let (rows, tally) = all(b"# TYPE a counter\n# UNIT a seconds\na_total 1\na_created 2\n# EOF\n");
    assert_eq!(rows.iter().map(|row| row.kind).collect::<Vec<_>>(), [FamilyKind::Counter, FamilyKind::Gauge]);
    assert!(tally.openmetrics && tally.ended);
    let (_, cut) = all(b"# TYPE a counter\na_total 1\n");
    assert!(cut.openmetrics && !cut.ended);
}

#[test]
fn nobody_pays_for_what_nobody_wants() {
    let page = b"a{x=\"1\"} 1\na{x=\"broken} 2\nb{x=\"1\"} 3\n";
    let mut asked = Vec::new();
    let mut rows = Rows::new(page, Limits::default(), |name, _| {
        asked.push(name.to_owned());
        (name == "b").then_some(7)
    });
    assert_eq!(rows.by_ref().map(|row| (row.tag, row.value)).collect::<Vec<_>>(), [(7, 3.0)]);
    assert_eq!(rows.tally(), Tally { samples: 3, ..Tally::default() });
    assert_eq!(asked, ["a", "b"]);
}

#[test]
fn every_limit_bites_and_is_counted() {
    let limits = Limits { page: 400, line: 60, labels: 2, label: 10, series: 3 };
    let over = |page: &str| {
        let (rows, tally) = within(page.as_bytes(), limits);
        (rows.len(), tally.over_limit, tally.bad)
    };
    assert_eq!(over(&format!("{} 1\nb 2\n", "a".repeat(60))), (1, 1, 0));
    assert_eq!(over("a{x=\"1\",y=\"2\",z=\"3\"} 1\nb 2\n"), (1, 1, 0));
    assert_eq!(over("a{x=\"12345678901\"} 1\nb 2\n"), (1, 1, 0));
    assert_eq!(over("a{x12345678901=\"1\"} 1\nb 2\n"), (1, 1, 0));
    assert_eq!(over("a 1\na 2\na 3\na 4\na 5\n"), (3, 2, 0));
    assert_eq!(over(&"a 1234\n".repeat(100)), (3, 55, 0), "400 bytes hold 57 lines");
}

#[test]
fn hostile_pages_end_soon() {
    let long = format!("a{{x=\"{}\"}} 1\nb 2\n", "y".repeat(10 << 20));
    let (rows, tally) = all(long.as_bytes());
    assert_eq!((rows.len(), tally.over_limit), (1, 1));

    let million: String = (0..1_000_000).map(|i| format!("a{{x=\"{i}\"}} 1\n")).collect();
    let (rows, tally) = all(million.as_bytes());
    assert_eq!(rows.len(), Limits::default().series);
    assert!(tally.over_limit > 1);

    let garbage: Vec<u8> = (0..4u32 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (_, tally) = all(&garbage);
    assert!(tally.bad > 0);

    let sixty = "garbage without end ".repeat(3 << 20);
    let (rows, tally) = all(sixty.as_bytes());
    assert_eq!((rows.len(), tally.over_limit), (0, 1));
}

fn any_series() -> impl Strategy<Value = (String, Vec<(String, String)>, f64)> {
    let name = prop_oneof!["[a-zA-Z_:][a-zA-Z0-9_:]{0,12}", "[^\\\\\"\n]{1,8}"];
    let label = (prop_oneof!["[a-zA-Z_][a-zA-Z0-9_]{0,8}", "[^\\\\\"\n]{1,8}"], any::<String>());
    (name, prop::collection::vec(label, 0..5), any::<f64>())
}

proptest! {
    #[test]
    fn what_is_written_is_read(series in prop::collection::vec(any_series(), 0..20)) {
        let mut page = Emitter::new();
        for (name, labels, value) in &series {
            let labels: Vec<(&str, &str)> = labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            page.sample(name, &labels, value);
        }
        let page = page.finish();
        let (rows, tally) = all(page.as_bytes());
        prop_assert_eq!((tally.bad, tally.over_limit, tally.samples as usize), (0, 0, series.len()));
        for (row, (name, labels, value)) in rows.iter().zip(&series) {
            prop_assert_eq!(row.name, name);
            prop_assert!(row.value == *value || (row.value.is_nan() && value.is_nan()));
            let read: Vec<(String, String)> = row.labels.into_iter()
                .map(|(k, v)| (String::from_utf8(k.to_vec()).unwrap(), v.text().into_owned())).collect();
            prop_assert_eq!(&read, labels);
        }
    }

    /// Class: families whose lines repeat labels, in part, in another order, or with more behind them.
    #[test]
    fn a_line_is_read_as_if_it_stood_alone(lines in prop::collection::vec((0..3_usize, 0..9_usize), 1..40)) {
        const LABELS: [&str; 9] = [
            "", "{}", "{a=\"1\"}", "{a=\"1\" }", "{a=\"1\",b=\"2\"}", "{a=\"1}\"}", "{a=\"1\"} {", "{b=\"2\",}", "{\"q\",a=\"1\"}",
        ];
        let lines: Vec<String> = lines.iter().map(|(name, labels)| format!("m{name}{} 1\n", LABELS[*labels])).collect();
        let (together, tally) = (lines.concat(), lines.iter().map(|line| u64::from(all(line.as_bytes()).1.bad)).sum::<u64>());
        let (rows, all_lines) = all(together.as_bytes());
        let alone: Vec<String> = lines.iter().flat_map(|line| all(line.as_bytes()).0.iter().map(shown).collect::<Vec<_>>()).collect();
        prop_assert_eq!(rows.iter().map(shown).collect::<Vec<_>>(), alone);
        prop_assert_eq!(u64::from(all_lines.bad), tally);
    }

    #[test]
    fn no_bytes_make_it_panic(page in prop::collection::vec(any::<u8>(), 0..300)) {
        let (rows, tally) = all(&page);
        prop_assert!(rows.len() <= tally.samples as usize);
    }

    #[test]
    fn no_near_miss_makes_it_panic(page in "([a-c{}\"\\\\,=# \t\r\n0-9.eE+-]|# TYPE |le|_total|# EOF|\u{e9}){0,80}") {
        let (rows, tally) = all(page.as_bytes());
        let lines = page.split('\n').count() as u32;
        prop_assert!(tally.samples + tally.bad + tally.over_limit <= lines);
        for row in rows {
            prop_assert!(row.labels.into_iter().count() <= Limits::default().labels);
        }
    }

    #[test]
    fn cutting_a_page_loses_only_its_end(cut in 0usize..400) {
        let page: String = (0..20).map(|i| format!("a{{x=\"{i}\"}} {i}\n")).collect();
        let cut = cut.min(page.len());
        let whole = all(page.as_bytes()).0.len();
        let (rows, _) = all(&page.as_bytes()[..cut]);
        prop_assert!(rows.len() <= whole);
        for (i, row) in rows.iter().enumerate().take(rows.len().saturating_sub(1)) {
            prop_assert_eq!(row.value, i as f64);
        }
    }
}

/// Class: the time of a sample is read past, so that a value of yesterday is shown as one of now.
#[test]
fn the_time_of_a_sample_is_read_in_milliseconds_and_in_seconds() {
    for (line, millis) in [
        ("a 1", None),
        ("a 1 1763900000500", Some(1_763_900_000_500)),
        ("a 1 1763900000.5", Some(1_763_900_000_500)),
        ("a{b=\"c\"} 1 1763900000500", Some(1_763_900_000_500)),
        ("a 1 1763900000.5 # {trace=\"x\"} 1", Some(1_763_900_000_500)),
        ("a 1 # {trace=\"x\"} 1 1763900000.5", None),
        ("a 1 -5", None),
        ("a 1 0", None),
    ] {
        let page = format!("{line}\n");
        let mut rows = margintop::exposition::Rows::new(
            page.as_bytes(),
            margintop::exposition::Limits::default(),
            |_, _| Some(()),
        );
        let row = rows.next().unwrap();
        assert_eq!(row.sampled.map(margintop::units::Timestamp::millis), millis, "{line}");
    }
}
