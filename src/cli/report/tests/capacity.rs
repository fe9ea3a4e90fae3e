//! The report of capacity, in all its forms.

use super::*;
use crate::cli::report::capacity::CapacityReport;

fn told(line: &str, last: Timestamp) -> String {
    let args = Line::try_parse_from(format!("report --capacity {line}").split_whitespace()).unwrap().report;
    let query = ReportQuery::new(&args, &[]).unwrap();
    let header = Header { last, ..header() };
    CapacityReport::new(&query, &header, &ask).unwrap().render(query.format).unwrap()
}

#[test]
fn it_says_what_is_spare_and_what_is_not_known() {
    let last = header().last;
    let text = told("", last);
    assert!(text.contains("SLO          not known") && text.contains("break-even"), "{text}");
    let json: Value = serde_json::from_str(&told("--json", last)).unwrap();
    assert_eq!((json["schema"].as_str(), json["slo_known"].as_bool()), (Some("margintop-capacity/1"), Some(false)));
    let sum = |rows: &Value| -> f64 {
        rows.as_array().unwrap().iter().map(|row| row["spare_cost"].as_str().unwrap().parse::<f64>().unwrap()).sum()
    };
    let total: f64 = json["spare_cost"].as_str().unwrap().parse().unwrap();
    assert!((sum(&json["hours"]) - total).abs() < 1e-6 && (sum(&json["pools"]) - total).abs() < 1e-6, "{json}");
    assert_eq!(json["hours"].as_array().unwrap().len(), 48);
    // What the second node serves has no price in part: what one more would earn is unknown.
    assert!(json["pools"].as_array().unwrap().iter().any(|pool| pool["one_more_earns"].is_null()), "{json}");
    let csv = told("--csv", last);
    assert_eq!(csv.lines().count(), 49, "{csv}");
    assert!(csv.lines().all(|line| line.split(',').count() == 9), "{csv}");
}

#[test]
fn a_young_ledger_is_too_early() {
    let last = BEGAN + Span::from_secs(3 * 3600);
    assert!(told("", last).contains("too early to say: 3.0 of 4.0 hours"), "{}", told("", last));
    let json: Value = serde_json::from_str(&told("--json", last)).unwrap();
    assert_eq!((json["too_early"].as_bool(), json["spare_cost"].is_null()), (Some(true), true), "{json}");
    assert_eq!(told("--csv", last).lines().count(), 1);
}

#[test]
fn it_is_of_what_was_posted() {
    for flag in ["--reprice", "--compare", "--bridge", "--what-if paid=0.5", "--format focus"] {
        let line = format!("report --capacity {flag}");
        let refused = Line::try_parse_from(line.split_whitespace())
            .map_or(true, |line| ReportQuery::new(&line.report, &[]).is_err());
        assert!(refused, "{flag}");
    }
}
