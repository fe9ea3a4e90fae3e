//! Answers of the HTTP API (`api/v1`), with limits.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::reading::{Label, ScrapeError};

/// The most series and samples of an answer.
const SERIES: usize = 500_000;
const SAMPLES: usize = 10_000_000;
/// The most characters of a text of the server that are shown.
const SHOWN: usize = 200;

/// Why an answer is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ApiError {
    /// It failed for its size: a part of it may be answered.
    TooLarge(ScrapeError),
    /// It failed.
    Failed(ScrapeError),
}

impl ApiError {
    /// The failure as it is shown.
    pub(super) fn into_failure(self) -> ScrapeError {
        match self {
            Self::TooLarge(failure) | Self::Failed(failure) => failure,
        }
    }

    /// A failure in words.
    pub(super) fn said(why: &str) -> Self {
        Self::Failed(ScrapeError::Other(Label::new(why)))
    }
}

impl From<ScrapeError> for ApiError {
    fn from(failure: ScrapeError) -> Self {
        match failure {
            ScrapeError::TooLarge(_) => Self::TooLarge(failure),
            _ => Self::Failed(failure),
        }
    }
}

/// One series with its raw samples.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RawSeries {
    /// Its name.
    pub(super) name: String,
    /// Its other labels, by name.
    pub(super) labels: BTreeMap<String, String>,
    /// Its samples in the order of time: milliseconds since 1970, and the value.
    pub(super) samples: Vec<(i64, f64)>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    status: &'a str,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(default, rename = "errorType")]
    kind: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
    /// Of `VictoriaMetrics`: a storage node did not answer.
    #[serde(default, rename = "isPartial")]
    is_partial: bool,
}

#[derive(Deserialize)]
struct Matrix<'a> {
    #[serde(rename = "resultType")]
    kind: &'a str,
    #[serde(borrow)]
    result: Vec<MatrixSeries<'a>>,
}

#[derive(Deserialize)]
struct MatrixSeries<'a> {
    metric: BTreeMap<String, String>,
    /// Numbers as texts, which have no escapes.
    #[serde(borrow, default)]
    values: Vec<(f64, &'a str)>,
}

/// The names in an answer of `label/__name__/values`.
pub(super) fn names(body: &[u8]) -> Result<Vec<String>, ApiError> {
    let data = data(body)?;
    serde_json::from_str(data.get()).map_err(|_| no_api())
}

/// The series in an answer of `query` with a range selector.
pub(super) fn series(body: &[u8]) -> Result<Vec<RawSeries>, ApiError> {
    let data = data(body)?;
    let matrix: Matrix<'_> = serde_json::from_str(data.get()).map_err(|_| no_api())?;
    if matrix.kind != "matrix" {
        return Err(ApiError::said(
            "answers a range selector with something else than raw samples; is it a Prometheus?",
        ));
    }
    let samples: usize = matrix.result.iter().map(|series| series.values.len()).sum();
    if matrix.result.len() > SERIES || samples > SAMPLES {
        let why = format!(
            "answers with more than {SERIES} series or {SAMPLES} samples, which are not read: name one with fewer"
        );
        return Err(ApiError::TooLarge(ScrapeError::Other(Label::new(&why))));
    }
    Ok(matrix.result.into_iter().filter_map(raw).collect())
}

/// A failure with this status, whose body may say more.
pub(super) fn refusal(status: u16, body: &[u8]) -> ApiError {
    let envelope: Option<Envelope<'_>> = serde_json::from_slice(body).ok();
    let said = match &envelope {
        Some(envelope) => envelope.error.clone(),
        None => String::from_utf8_lossy(&body[..body.len().min(SHOWN)]).into_owned(),
    };
    let said = shown(&said);
    if said.to_ascii_lowercase().contains("no org id") {
        return ApiError::said(&format!(
            "asks for a tenant (HTTP {status}: {said}): set headers = {{ \"X-Scope-OrgID\" = \"TENANT\" }} in the [[target]] of this address"
        ));
    }
    let is_size = [
        "too many samples",
        "maxsamples",
        "max-samples",
        "too many series",
        "exceed",
        "too long",
        "too large",
        "limit",
    ];
    let is_too_large = status == 413
        || matches!(status, 400 | 422 | 500 | 503)
            && is_size.iter().any(|word| said.to_ascii_lowercase().contains(word));
    let why = match status {
        404 => "HTTP 404: no Prometheus API there; give its path: /prometheus (Mimir), /select/0/prometheus (VictoriaMetrics cluster)"
            .to_owned(),
        _ if is_too_large => format!("HTTP {status}: the query is too large for its limits: {said}; raise them, or name one with fewer series"),
        503 => format!("HTTP 503: the query failed or took too long: {said}; the last figures stand until it answers"),
        _ if envelope.is_some() => format!("HTTP {status}: {said}; its log says more"),
        _ => return ApiError::Failed(ScrapeError::Status(status)),
    };
    let failure = ScrapeError::Other(Label::new(&why));
    if is_too_large { ApiError::TooLarge(failure) } else { ApiError::Failed(failure) }
}

fn data(body: &[u8]) -> Result<&RawValue, ApiError> {
    let envelope: Envelope<'_> = serde_json::from_slice(body).map_err(|_| no_api())?;
    if envelope.status != "success" {
        let why = format!("{}: {}", shown(&envelope.kind), shown(&envelope.error));
        return Err(ApiError::said(&format!("the query failed: {why}")));
    }
    if envelope.is_partial || !envelope.warnings.is_empty() {
        let why =
            envelope.warnings.first().map_or_else(|| "a storage node did not answer".to_owned(), |first| shown(first));
        return Err(ApiError::said(&format!(
            "answers in part only: {why}; nothing is counted until it answers completely: mend its store, or name a server that has one"
        )));
    }
    envelope.data.ok_or_else(no_api)
}

fn raw(MatrixSeries { mut metric, values }: MatrixSeries<'_>) -> Option<RawSeries> {
    let name = metric.remove("__name__")?;
    let mut samples: Vec<(i64, f64)> =
        values.into_iter().filter_map(|(at, value)| Some((millis(at)?, value.parse().ok()?))).collect();
    samples.sort_by_key(|(at, _)| *at);
    samples.dedup_by_key(|(at, _)| *at);
    (!samples.is_empty()).then_some(RawSeries { name, labels: metric, samples })
}

/// Milliseconds of a time in seconds.
fn millis(seconds: f64) -> Option<i64> {
    let millis = (seconds * 1000.0).round();
    (millis.is_finite() && (0.0..1e15).contains(&millis)).then_some(millis as i64)
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

fn no_api() -> ApiError {
    ApiError::said(
        "its answer is not one of Prometheus' HTTP API: check the address, and the path that the API is below",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn failure(error: ApiError) -> String {
        error.into_failure().to_string()
    }

    /// Class: samples that are rounded, doubled or out of order on their way.
    #[test]
    fn samples_keep_their_milliseconds_and_values() {
        let body = br#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"a","b":"\u00e9\n"},
            "values":[[1764590400.123,"12"],[1764590385.1,"+Inf"],[1764590400.123,"12"],[1764590401,"1.5e+07"],[1,"x"]]}]}}"#;
        let read = series(body).unwrap();
        assert_eq!(
            read[0].samples,
            [(1_764_590_385_100, f64::INFINITY), (1_764_590_400_123, 12.0), (1_764_590_401_000, 1.5e7)]
        );
        assert_eq!(read[0].labels.get("b").map(String::as_str), Some("é\n"));
    }

    /// Class: an answer that is none is taken for an empty one, and every row for gone.
    #[test]
    fn what_is_no_whole_answer_is_an_error_with_its_remedy() {
        let word = |body: &[u8]| failure(series(body).unwrap_err());
        assert!(word(b"<html>").contains("check the address"));
        assert!(word(br#"{"status":"success"}"#).contains("HTTP API"));
        assert!(word(br#"{"status":"error","errorType":"execution","error":"no"}"#).contains("execution: no"));
        assert!(word(br#"{"status":"success","data":{"resultType":"vector","result":[]}}"#).contains("raw samples"));
        let part = br#"{"status":"success","warnings":["store-1: down"],"data":{"resultType":"matrix","result":[]}}"#;
        assert!(word(part).contains("store-1: down") && word(part).contains("completely"));
        assert!(
            word(br#"{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}"#)
                .contains("in part")
        );
    }

    #[test]
    fn a_refusal_says_whether_a_part_of_the_query_may_be_answered() {
        let many = br#"{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory"}"#;
        assert!(matches!(refusal(422, many), ApiError::TooLarge(_)));
        assert!(matches!(
            refusal(400, br#"{"status":"error","errorType":"bad_data","error":"parse error"}"#),
            ApiError::Failed(_)
        ));
        assert!(failure(refusal(401, b"no org id\n")).contains("X-Scope-OrgID"));
        assert!(failure(refusal(404, b"404 page not found")).contains("/prometheus (Mimir)"));
        assert!(failure(refusal(401, b"")).contains("bearer_token_file"));
    }
}
