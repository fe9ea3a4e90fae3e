//! Pages of a vLLM with one rank, as small as they can be.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::fmt::Write;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// An engine's lifetime counters.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    pub prompt: u64,
    pub cached: u64,
    pub output: u64,
}

impl Counted {
    pub const fn new(prompt: u64, cached: u64, output: u64) -> Self {
        Self { prompt, cached, output }
    }

    /// Each counter so many times this one's.
    pub const fn times(self, n: u64) -> Self {
        Self { prompt: self.prompt * n, cached: self.cached * n, output: self.output * n }
    }
}

/// The page of a process that started `age` seconds before the test.
pub fn vllm(model: &str, age: f64, counted: Counted) -> String {
    static BEGAN: OnceLock<f64> = OnceLock::new();
    let began = *BEGAN.get_or_init(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64());
    with_start(began - age, model, counted)
}

/// The page of a process that started at this Unix time.
pub fn with_start(start: f64, model: &str, counted: Counted) -> String {
    let Counted { prompt, cached, output } = counted;
    let labels = format!("{{engine=\"0\",model_name=\"{model}\"}}");
    let mut page = format!("# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {start}\n");
    for (name, value) in [("prompt_tokens", prompt), ("prompt_tokens_cached", cached), ("generation_tokens", output)] {
        writeln!(page, "# TYPE vllm:{name}_total counter\nvllm:{name}_total{labels} {value}.0").unwrap();
    }
    page
}
