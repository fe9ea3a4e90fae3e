//! The router of vLLM's production stack. Its page reports the servers behind it under vLLM's names with a `server`
//! label, beside names of its own. It has no engine's token counters; its own counters come from requests and
//! responses.

use super::field::{Count, ProcessFacts, SeriesField};
use super::row_sums::RowSums;
use crate::reading::{EngineReading, EngineRole, PromptCount};

/// The meaning of a name that only the router has, without its prefix `vllm:`.
pub(super) fn field(name: &str) -> Option<SeriesField> {
    Some(match name {
        "input_tokens_total" => SeriesField::Count(Count::RoutedPrompt),
        "output_tokens_total" => SeriesField::Count(Count::RoutedOutput),
        "num_incoming_requests_total" | "current_qps" | "healthy_pods_total" => SeriesField::Router,
        _ => return None,
    })
}

/// A row of a server behind a router, or one that counts routed requests, is the router's. A row with an engine's counters
/// of prompts and output is the engine's, unless its page is that of a router which passes on its servers' counters.
pub(super) fn settle(sums: &RowSums<'_>, facts: &ProcessFacts, reading: &mut EngineReading) {
    let routed = [Count::RoutedPrompt, Count::RoutedOutput].into_iter().any(|count| sums.has(count));
    let engine = [Count::Prompt, Count::Output].into_iter().any(|count| sums.has(count));
    if engine && !facts.is_behind_router || !(routed || facts.router) {
        return;
    }
    reading.role = Some(EngineRole::Proxy);
    // Where the servers' own counters are passed on, they are finer than what the router counts in requests.
    if !sums.has(Count::Prompt)
        && let Some(prompt) = sums.tokens(Count::RoutedPrompt)
    {
        reading.tokens.prompt = PromptCount::Whole(prompt);
    }
    reading.tokens.output = reading.tokens.output.or_else(|| sums.tokens(Count::RoutedOutput));
}
