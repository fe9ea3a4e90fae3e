//! The router of vLLM's production stack: its page speaks of the servers behind it under vLLM's names and a `server`
//! label, beside names of its own. It has no engine's token counters; what it counts itself is what its requests said.

use super::field::{Count, ProcessFacts, SeriesField};
use super::sums::RowSums;
use crate::reading::{EngineReading, EngineRole, PromptCount};

/// What a name means that only the router has, once its `vllm:` is taken off.
pub(super) fn field(name: &str) -> Option<SeriesField> {
    Some(match name {
        "input_tokens_total" => SeriesField::Count(Count::RoutedPrompt),
        "output_tokens_total" => SeriesField::Count(Count::RoutedOutput),
        "num_incoming_requests_total" | "current_qps" | "healthy_pods_total" => SeriesField::Router,
        _ => return None,
    })
}

/// A row of a server that a router speaks of, or that counts what was routed, is the router's. A row with an engine's
/// counters of prompts and output is the engine's, unless it is of a server behind the router that made the page.
pub(super) fn settle(sums: &RowSums<'_>, facts: &ProcessFacts, reading: &mut EngineReading) {
    let routed = [Count::RoutedPrompt, Count::RoutedOutput].into_iter().any(|count| sums.said(count));
    let engine = [Count::Prompt, Count::Output].into_iter().any(|count| sums.said(count));
    if engine && !facts.is_behind_router || !(routed || facts.router) {
        return;
    }
    reading.role = Some(EngineRole::Proxy);
    if let Some(prompt) = sums.tokens(Count::RoutedPrompt) {
        reading.tokens.prompt = PromptCount::Whole(prompt);
    }
    reading.tokens.output = reading.tokens.output.or_else(|| sums.tokens(Count::RoutedOutput));
}
