//! The engines of a node, unit or model, summed.

use std::collections::HashMap;

use crate::history::Measure;
use crate::reading::{EngineRole, Health, ModelName};
use crate::snapshot::{Alert, EngineRow, Severity, Snapshot};
use crate::tui::theme;
use crate::units::Ratio;

/// The engines of a node, a unit or a model together.
#[derive(Debug, Clone, Default)]
pub(super) struct ServedTogether<'a> {
    /// The model, if all engines serve the same.
    pub(super) model: Option<&'a str>,
    /// The number of models.
    pub(super) models: usize,
    pub(super) role: Option<EngineRole>,
    pub(super) running: Option<u64>,
    pub(super) waiting: Option<u64>,
    pub(super) prompt: Option<f64>,
    pub(super) output: Option<f64>,
    /// The highest p99 in seconds.
    pub(super) ttft_p99: Option<f64>,
    pub(super) itl_p99: Option<f64>,
    pub(super) e2e_p99: Option<f64>,
    /// Whether each p99 is above the highest bound of its histogram.
    pub(super) beyond: [bool; 3],
    /// Preempted requests per minute.
    pub(super) preempted: Option<f64>,
    /// The duration of a scrape of the slowest target, in seconds.
    pub(super) scrape_seconds: Option<f64>,
    /// The number of restarts seen.
    pub(super) restarts: Option<u64>,
    /// The age of the oldest reading, in seconds.
    pub(super) age_seconds: Option<f64>,
    pub(super) rows: usize,
    pub(super) live: usize,
    kv: (f64, u32),
    /// Cached and all prompt tokens per second, over the engines that report hits.
    hits: (f64, f64),
    drafts: (f64, u32),
    /// The target of the last row: figures of a target are counted once.
    target: Option<&'a str>,
    /// The lowest ratio among its engines.
    within_slo: Option<Ratio>,
}

impl<'a> ServedTogether<'a> {
    /// The sum of rows: ranks whose figures are also in their engine's row are not added.
    pub(super) fn of(rows: impl IntoIterator<Item = &'a EngineRow>) -> Self {
        let mut served = Self::default();
        rows.into_iter().for_each(|row| served.add_to_others(row));
        served
    }

    /// One row alone.
    pub(super) fn one(row: &'a EngineRow) -> Self {
        let mut served = Self::default();
        served.count(row);
        served.sum(row);
        served
    }

    fn add_to_others(&mut self, row: &'a EngineRow) {
        self.count(row);
        if !row.in_engine_row {
            self.sum(row);
        }
    }

    fn count(&mut self, row: &'a EngineRow) {
        self.rows += 1;
        self.live += usize::from(row.state == Health::Live);
        if let Some(model) = row.model.as_ref().map(ModelName::as_str)
            && self.model != Some(model)
        {
            self.models += 1;
            self.model = self.model.or(Some(model));
        }
        if self.target.replace(row.target.as_str()) != Some(row.target.as_str()) {
            add(&mut self.scrape_seconds, row.scrape.seconds, f64::max);
            add(&mut self.restarts, Some(row.scrape.restarts), |a, b| a + b);
        }
        add(&mut self.age_seconds, row.age_seconds, f64::max);
        self.role = if self.rows == 1 || self.role == Some(row.role) { Some(row.role) } else { None };
    }

    fn sum(&mut self, row: &EngineRow) {
        add(&mut self.running, row.running, |a, b| a + b);
        add(&mut self.waiting, row.waiting, |a, b| a + b);
        // The prompts of a pair of prefill and decode are on the pages of both, and were computed once.
        add(&mut self.prompt, row.prompt_per_second.filter(|_| row.role != EngineRole::Decode), |a, b| a + b);
        add(&mut self.output, row.output_per_second.filter(|_| row.role != EngineRole::Prefill), |a, b| a + b);
        let slowest = [&mut self.ttft_p99, &mut self.itl_p99, &mut self.e2e_p99];
        for ((slowest, beyond), (own, is_beyond)) in slowest.into_iter().zip(&mut self.beyond).zip(latencies_of(row)) {
            if own.is_some_and(|own| slowest.is_none_or(|slowest| own > slowest)) {
                (*slowest, *beyond) = (own, is_beyond);
            }
        }
        add(&mut self.preempted, row.requests_per_minute.preempted, |a, b| a + b);
        if let Some(kept) = row.spec_acceptance {
            self.drafts = (self.drafts.0 + kept.get(), self.drafts.1 + 1);
        }
        add(&mut self.within_slo, row.within_slo, |a, b| if b.get() < a.get() { b } else { a });
        // Tokens that a decode engine receives from prefill are not its own hits.
        let hits = row.cache_hit_rate.filter(|_| row.role != EngineRole::Decode);
        if let Some((rate, prompt)) = hits.zip(row.prompt_per_second) {
            self.hits = (self.hits.0 + rate.get() * prompt, self.hits.1 + prompt);
        }
        if let Some(kv) = row.kv_usage {
            self.kv = (self.kv.0 + kv.get(), self.kv.1 + 1);
        }
    }

    /// The share of requests within the latency objectives, of the engine with the lowest share.
    pub(super) fn within_slo(&self) -> Option<Ratio> {
        self.within_slo
    }

    /// Whether the engines produce tokens of a kind: prefill computes prompt tokens only, decode output tokens only.
    pub(super) fn makes(&self, measure: Measure) -> bool {
        match self.role {
            Some(EngineRole::Prefill) => measure == Measure::Prompt,
            Some(EngineRole::Decode) => measure == Measure::Output,
            _ => true,
        }
    }

    /// Tokens of a kind per second; `None` also if the engines produce none of it.
    pub(super) fn rate(&self, measure: Measure) -> Option<f64> {
        let rate = if measure == Measure::Prompt { self.prompt } else { self.output };
        rate.filter(|_| self.makes(measure))
    }

    /// The cache-hit rate of their prompt tokens.
    pub(super) fn hits(&self) -> Option<Ratio> {
        Ratio::of(self.hits.0, self.hits.1)
    }

    /// The mean acceptance rate of drafted tokens.
    pub(super) fn drafts_accepted(&self) -> Option<Ratio> {
        Ratio::of(self.drafts.0, f64::from(self.drafts.1))
    }

    /// The mean KV cache usage.
    pub(super) fn kv(&self) -> Option<Ratio> {
        Ratio::of(self.kv.0, f64::from(self.kv.1))
    }
}

/// The p99 of a row's latencies to the first token, between tokens and end to end, and whether each lies above the highest
/// bound of its histogram.
pub(super) fn latencies_of(row: &EngineRow) -> [(Option<f64>, bool); 3] {
    [row.ttft_seconds, row.itl_seconds, row.e2e_seconds].map(|quantiles| (quantiles.p99, quantiles.is_beyond))
}

fn add<T: Copy>(sum: &mut Option<T>, value: Option<T>, of: impl Fn(T, T) -> T) {
    *sum = match (*sum, value) {
        (Some(a), Some(b)) => Some(of(a, b)),
        (a, b) => a.or(b),
    };
}

/// The engines of each node.
pub(super) fn by_node(snapshot: &Snapshot) -> HashMap<&str, ServedTogether<'_>> {
    let mut nodes: HashMap<&str, ServedTogether<'_>> = HashMap::with_capacity(snapshot.nodes.len());
    for row in &snapshot.engines {
        nodes.entry(row.node.as_str()).or_default().add_to_others(row);
    }
    nodes
}

/// The most severe alert of each subject, by the first word of the subject.
pub(super) fn alerted(alerts: &[Alert]) -> HashMap<&str, Severity> {
    let mut known = HashMap::new();
    for alert in alerts {
        let gravest = known.entry(first_word(alert)).or_insert(alert.severity);
        *gravest = alert.severity.max(*gravest);
    }
    known
}

/// The node, unit or target that an alert is about.
pub(super) fn first_word(alert: &Alert) -> &str {
    word_of(alert.subject.as_str())
}

/// The node, unit or target that an event is about.
pub(super) fn word_of(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or_default()
}

/// The role of a name by the severity of its severest alert.
pub(super) fn name_role(gravest: Option<Severity>) -> theme::Role {
    match gravest {
        Some(Severity::Critical) => theme::Role::Critical,
        Some(Severity::Warning) => theme::Role::Warning,
        _ => theme::Role::Text,
    }
}
