//! Reads the results of benchmarks: `vllm bench serve` (and SGLang's `bench_serving`), `AIPerf`, guidellm.
//!
//! A missing field is unknown. A result without tokens of both kinds, or without a duration, is refused.

use serde_json::Value;

use crate::reading::Label;

/// The supported formats, for the message of an error.
pub(crate) const BENCHMARK_FORMATS: &str = "the JSON that `vllm bench serve --save-result` writes (SGLang's bench_serving too), AIPerf's \
                       profile_export_aiperf.json, or guidellm's benchmarks.json";

/// A benchmark's result.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BenchmarkResult {
    /// The program that wrote it.
    pub(crate) format: &'static str,
    pub(crate) runs: Vec<BenchRun>,
    /// The number of GPUs, according to the result.
    pub(crate) gpus: Option<u32>,
    /// The GPUs' name, if all have the same.
    pub(crate) gpu: Option<String>,
}

/// One measured load.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct BenchRun {
    pub(crate) name: Option<Label>,
    pub(crate) model: Option<String>,
    pub(crate) prompt: u64,
    pub(crate) output: u64,
    pub(crate) seconds: f64,
    /// The number of concurrent requests.
    pub(crate) concurrency: Option<f64>,
    /// Output tokens a second of one user.
    pub(crate) per_user: Option<f64>,
}

impl BenchmarkResult {
    /// Reads a result, or lines of results.
    ///
    /// # Errors
    /// Why it is no result, and what is one.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let values: Vec<Value> = serde_json::Deserializer::from_str(text)
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|error| format!("{error}; a benchmark's result is {BENCHMARK_FORMATS}"))?;
        let first =
            values.first().ok_or_else(|| format!("it is empty; a benchmark's result is {BENCHMARK_FORMATS}"))?;
        let (format, runs): (_, Vec<Option<BenchRun>>) = if let Some(benchmarks) = first["benchmarks"].as_array() {
            let model = model_of(first);
            ("guidellm", benchmarks.iter().map(|value| guidellm(value, model.as_deref())).collect())
        } else if first.get("total_input_tokens").is_some() {
            ("vllm bench serve", values.iter().map(serve).collect())
        } else if aiperf_root(first).get("output_token_throughput").is_some() {
            ("AIPerf", values.iter().map(aiperf).collect())
        } else {
            return Err(format!("it is not a benchmark's result that is known: write {BENCHMARK_FORMATS}"));
        };
        let all = runs.len();
        let runs: Vec<BenchRun> = runs.into_iter().flatten().filter(BenchRun::is_whole).collect();
        if runs.is_empty() {
            return Err(format!(
                "{format}: none of {all} results has input tokens, output tokens and a duration: nothing was served"
            ));
        }
        let (gpus, gpu) = telemetry(first);
        Ok(Self { format, runs, gpus, gpu })
    }
}

impl BenchRun {
    fn is_whole(&self) -> bool {
        self.seconds.is_finite() && self.seconds > 0.0 && self.output > 0
    }

    /// Output tokens a second of one user: as measured, else the total divided by the users.
    pub(crate) fn per_user(&self) -> Option<f64> {
        let shared = || Some(self.output as f64 / self.seconds / self.concurrency?);
        self.per_user.or_else(shared).filter(|rate| rate.is_finite() && *rate > 0.0)
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite() && *number >= 0.0)
}

/// A count of tokens, which some programs write as a float.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
fn count(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| number(value).filter(|number| *number < EXACT).map(|number| number.round() as u64))
}

fn above_zero(number: Option<f64>) -> Option<f64> {
    number.filter(|number| *number > 0.0)
}

/// Tokens a second from the milliseconds between them.
fn from_latency(millis: Option<f64>) -> Option<f64> {
    above_zero(millis).map(|millis| 1000.0 / millis)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// `vllm bench serve --save-result`, and a line of SGLang's.
fn serve(value: &Value) -> Option<BenchRun> {
    let latency = number(&value["mean_tpot_ms"]).or_else(|| number(&value["mean_itl_ms"]));
    let rate = &value["request_rate"];
    let name = rate.as_str().map(str::to_owned).or_else(|| rate.as_f64().map(|rate| rate.to_string()));
    Some(BenchRun {
        name: name.map(|rate| Label::new(&format!("{rate} req/s"))),
        model: text(&value["model_id"]).or_else(|| text(&value["model"])),
        prompt: count(&value["total_input_tokens"])?,
        output: count(&value["total_output_tokens"])?,
        seconds: number(&value["duration"])?,
        concurrency: above_zero(number(&value["max_concurrency"]).or_else(|| number(&value["concurrency"]))),
        per_user: from_latency(latency),
    })
}

/// The metrics of an `AIPerf` result: earlier versions have them a level deeper.
fn aiperf_root(value: &Value) -> &Value {
    if value["records"].is_object() { &value["records"] } else { value }
}

fn aiperf(value: &Value) -> Option<BenchRun> {
    let root = aiperf_root(value);
    let average = |key: &str| number(&root[key]["avg"]);
    let requests = average("request_count");
    let each = |key: &str| Some(average(key)? * requests?);
    let tokens = |total: &str, length: &str| {
        let sum = count(&root[total]["avg"]);
        sum.or_else(|| each(length).and_then(|sum| count(&Value::from(sum))))
    };
    let seconds =
        average("benchmark_duration").or_else(|| Some(requests? / above_zero(average("request_throughput"))?));
    let config = &value["input_config"];
    let names = &config["endpoint"]["model_names"];
    let concurrency = &config["loadgen"]["concurrency"];
    Some(BenchRun {
        name: number(concurrency).map(|users| Label::new(&format!("{users} users"))),
        model: text(&names[0]).or_else(|| text(&config["model_names"][0])),
        prompt: tokens("total_isl", "input_sequence_length")?,
        output: tokens("total_osl", "output_sequence_length")?,
        seconds: seconds?,
        concurrency: above_zero(number(concurrency)),
        per_user: above_zero(average("output_token_throughput_per_user"))
            .or_else(|| from_latency(average("inter_token_latency"))),
    })
}

fn guidellm(value: &Value, model: Option<&str>) -> Option<BenchRun> {
    let metrics = &value["metrics"];
    let good = |key: &str| &metrics[key]["successful"];
    let mean = |key: &str| number(&good(key)["mean"]);
    let tokens = |key: &str| {
        let all = count(&good(key)["total_sum"]);
        all.or_else(|| {
            let requests = number(&metrics["request_totals"]["successful"]).or_else(|| number(&good(key)["count"]))?;
            count(&Value::from(mean(key)? * requests))
        })
    };
    let span = || Some(number(&value["end_time"])? - number(&value["start_time"])?);
    let strategy = [&value["config"]["strategy"], &value["args"]["strategy"], &value["scheduler"]["strategy"]];
    let kind = strategy.iter().find_map(|strategy| text(&strategy["type_"]));
    let rate = strategy.iter().find_map(|strategy| number(&strategy["rate"]).or_else(|| number(&strategy["streams"])));
    let name = kind.map(|kind| rate.map_or_else(|| kind.clone(), |rate| format!("{kind} {rate:.2}")));
    Some(BenchRun {
        name: name.map(|name| Label::new(&name)),
        model: model.map(str::to_owned),
        prompt: tokens("prompt_token_count")?,
        output: tokens("output_token_count")?,
        seconds: number(&value["duration"]).or_else(|| number(&value["run_stats"]["duration"])).or_else(span)?,
        concurrency: above_zero(mean("request_concurrency")),
        per_user: from_latency(mean("inter_token_latency_ms").or_else(|| mean("time_per_output_token_ms"))),
    })
}

/// The model of a guidellm report, in any version.
fn model_of(value: &Value) -> Option<String> {
    let places = [
        "/args/model",
        "/args/backend_kwargs/model",
        "/benchmarks/0/config/backend/model",
        "/benchmarks/0/worker/backend_model",
        "/benchmarks/0/benchmarker/backend/model",
        "/benchmarks/0/config/requests/model",
    ];
    places.into_iter().find_map(|place| text(value.pointer(place)?))
}

/// The number of GPUs in an `AIPerf` result's telemetry, and their name.
fn telemetry(value: &Value) -> (Option<u32>, Option<String>) {
    let endpoints = value["telemetry_data"]["endpoints"].as_object();
    let gpus = endpoints.into_iter().flat_map(|all| all.values()).filter_map(|endpoint| endpoint["gpus"].as_object());
    let mut known: std::collections::BTreeMap<&str, Option<&str>> = std::collections::BTreeMap::new();
    for (key, gpu) in gpus.flatten() {
        known.insert(gpu["gpu_uuid"].as_str().unwrap_or(key), gpu["gpu_name"].as_str());
    }
    let first = known.values().next().copied().flatten();
    let one = first.filter(|first| known.values().all(|name| *name == Some(first)));
    (u32::try_from(known.len()).ok().filter(|count| *count > 0), one.map(str::to_owned))
}
