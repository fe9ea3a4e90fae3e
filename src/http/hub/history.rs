//! `/api/v1/history`: one series of the recent past, by subject and measure, as the dashboard's charts ask for it.

use serde::Serialize;

use crate::history::{History, Measure, Query, Subject};
use crate::reading::{ModelName, NodeName, Rank, TargetId, UnitName};
use crate::units::{Span, Timestamp};
use crate::wire::{Request, Response};

/// The most points of an answer: a day by the minute.
const MOST_POINTS: i64 = 1500;
/// The shortest point, and the one that is used if none is asked for.
const SHORTEST: i64 = 5;
const USUAL: i64 = 60;

/// The measures by their names.
const MEASURES: [(&str, Measure); 18] = [
    ("revenue_per_hour", Measure::Revenue),
    ("cost_per_hour", Measure::Cost),
    ("profit_per_hour", Measure::Profit),
    ("output_per_second", Measure::Output),
    ("prompt_per_second", Measure::Prompt),
    ("prompt_computed_per_second", Measure::PromptComputed),
    ("prompt_cached_per_second", Measure::PromptCached),
    ("cache_hit_rate", Measure::HitRate),
    ("utilization", Measure::Load),
    ("power_watts", Measure::Power),
    ("kv_usage", Measure::Kv),
    ("waiting", Measure::Waiting),
    ("running", Measure::Running),
    ("ttft_p50_seconds", Measure::TtftMedian),
    ("ttft_p99_seconds", Measure::TtftTail),
    ("itl_p50_seconds", Measure::ItlMedian),
    ("itl_p99_seconds", Measure::ItlTail),
    ("nodes", Measure::Nodes),
];

/// The answer.
#[derive(Debug, Serialize)]
struct SeriesText<'q> {
    subject: &'q Subject,
    measure: &'q str,
    /// The end of the newest point.
    until: Timestamp,
    step_seconds: i64,
    points: Vec<Option<f64>>,
}

/// Answers a query. `now` is the end of the newest point if none is asked for.
pub(super) fn answer(history: &History, request: &Request, now: Timestamp) -> Response {
    match query(request, now) {
        Err(why) => Response::status(400, format!("{why}\n")),
        Ok((name, query)) => {
            let points = history.series(&query).points;
            let step_seconds = query.step.millis() / 1000;
            let text = SeriesText { subject: &query.subject, measure: name, until: query.until, step_seconds, points };
            serde_json::to_vec(&text).map_or_else(|error| Response::status(500, format!("{error}\n")), Response::json)
        }
    }
}

fn query(request: &Request, now: Timestamp) -> Result<(&'static str, Query), String> {
    let asked = |key: &str| request.parameter(key).map(decoded);
    let name = asked("measure").unwrap_or_else(|| "profit_per_hour".to_owned());
    let known = MEASURES.iter().find(|(known, _)| *known == name);
    let (name, measure) = known.ok_or_else(|| {
        let all: Vec<&str> = MEASURES.iter().map(|(name, _)| *name).collect();
        format!("measure: write one of {}", all.join(", "))
    })?;
    let number = |key: &str, usual: i64, most: i64| match asked(key) {
        None => Ok(usual),
        Some(text) => text
            .parse::<i64>()
            .ok()
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| format!("{key}: write a whole number from 1 to {most}")),
    };
    let step = number("step_seconds", USUAL, 86_400)?;
    if step % SHORTEST != 0 {
        return Err(format!("step_seconds: write a multiple of {SHORTEST}"));
    }
    let points = number("points", 60, MOST_POINTS)? as usize;
    let until = match asked("until") {
        None => now,
        Some(text) => {
            let at: jiff::Timestamp = text.parse().map_err(|_| "until: write 2026-11-28T12:00:00Z".to_owned())?;
            Timestamp::from_millis(at.as_millisecond())
        }
    };
    let step_millis = step * 1000;
    let until = Timestamp::from_millis(until.millis().div_euclid(step_millis) * step_millis);
    let subject = subject(&asked("subject").unwrap_or_else(|| "fleet".to_owned()))?;
    Ok((*name, Query { subject, measure: *measure, until, step: Span::from_secs(step), points }))
}

/// `fleet`, `unit:NAME`, `node:NAME`, `model:NAME`, `gpu:NODE/INDEX`, `engine:TARGET` or `rank:RANK@TARGET`.
fn subject(text: &str) -> Result<Subject, String> {
    let no_subject = || {
        "subject: write fleet, unit:NAME, node:NAME, model:NAME, gpu:NODE/INDEX, engine:TARGET or rank:RANK@TARGET"
            .to_owned()
    };
    if text == "fleet" {
        return Ok(Subject::Fleet);
    }
    let (kind, name) = text.split_once(':').filter(|(_, name)| !name.is_empty()).ok_or_else(no_subject)?;
    match kind {
        "unit" => Ok(Subject::Unit(UnitName::new(name))),
        "node" => Ok(Subject::Node(NodeName::new(name))),
        "model" => Ok(Subject::Model(ModelName::new(name))),
        "engine" => Ok(Subject::Engine(TargetId::new(name), None)),
        "rank" => {
            let (rank, target) = name.split_once('@').ok_or_else(no_subject)?;
            Ok(Subject::Engine(TargetId::new(target), Some(Rank::new(rank))))
        }
        "gpu" => {
            let (node, index) = name.rsplit_once('/').ok_or_else(no_subject)?;
            let index = index.parse().map_err(|_| no_subject())?;
            Ok(Subject::Gpu(NodeName::new(node), index))
        }
        _ => Err(no_subject()),
    }
}

/// A value of a query, decoded.
fn decoded(text: &str) -> String {
    reqwest::Url::parse(&format!("http://x/?v={text}"))
        .ok()
        .and_then(|url| url.query_pairs().next().map(|(_, value)| value.into_owned()))
        .unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<(&'static str, Query), String> {
        let request = Request { query: Some(text.to_owned()), ..Request::get("/api/v1/history") };
        query(&request, Timestamp::from_millis(1_795_867_207_500))
    }

    #[test]
    fn what_is_not_asked_for_is_the_fleets_last_hour_of_profit() {
        let (name, query) = asked("").unwrap();
        assert_eq!((name, &query.subject, query.points), ("profit_per_hour", &Subject::Fleet, 60));
        assert_eq!((query.step, query.until.millis()), (Span::from_secs(60), 1_795_867_200_000));
    }

    #[test]
    fn every_subject_and_measure_has_a_name() {
        for (text, subject) in [
            ("unit:decode-1", Subject::Unit(UnitName::new("decode-1"))),
            ("node:gpu-01", Subject::Node(NodeName::new("gpu-01"))),
            ("model:org%2Fa+b", Subject::Model(ModelName::new("org/a b"))),
            ("gpu:a/b/7", Subject::Gpu(NodeName::new("a/b"), 7)),
            ("engine:http://a:1", Subject::Engine(TargetId::new("http://a:1"), None)),
            ("rank:3@http://a:1", Subject::Engine(TargetId::new("http://a:1"), Some(Rank::new("3")))),
        ] {
            assert_eq!(asked(&format!("subject={text}")).unwrap().1.subject, subject, "{text}");
        }
        for (name, measure) in MEASURES {
            assert_eq!(asked(&format!("measure={name}")).unwrap().1.measure, measure);
        }
    }

    #[test]
    fn a_wrong_query_says_what_to_write() {
        for (text, word) in [
            ("subject=node", "subject:"),
            ("subject=gpu:a/x", "gpu:NODE/INDEX"),
            ("measure=margin", "cache_hit_rate"),
            ("points=0", "from 1 to"),
            ("points=100000000", "from 1 to"),
            ("step_seconds=7", "multiple of 5"),
            ("until=noon", "until:"),
        ] {
            assert!(asked(text).unwrap_err().contains(word), "{text}");
        }
    }
}
