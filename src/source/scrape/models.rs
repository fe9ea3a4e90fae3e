//! What `/v1/models` says of a server: whose it is, and the model's name for pages that do not tell one.

use serde::Deserialize;

use crate::reading::{EngineKind, ModelName};

/// What is known of the server behind an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Models {
    /// The engine that `owned_by` names.
    pub(super) owner: Option<EngineKind>,
    /// The first model that it lists.
    pub(super) first: Option<ModelName>,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: Option<String>,
    owned_by: Option<String>,
}

impl Models {
    /// Reads the answer; nothing is known if it is something else.
    pub(super) fn read(body: &[u8]) -> Self {
        let Ok(List { data }) = serde_json::from_slice(body) else { return Self::default() };
        let Some(entry) = data.into_iter().next() else { return Self::default() };
        let owner = entry.owned_by.as_deref().map(str::to_ascii_lowercase);
        Self { owner: owner.as_deref().and_then(engine), first: entry.id.as_deref().map(ModelName::new) }
    }

    /// Where the metrics page may be, in the order to ask. `TensorRT-LLM`'s `/metrics` is used up by reading and never
    /// asked; so before the owner is known, what it has in its place is asked first.
    pub(super) const fn paths(&self) -> &'static [&'static str] {
        match self.owner {
            Some(EngineKind::Trtllm) => &["/prometheus/metrics"],
            Some(EngineKind::Vllm | EngineKind::Sglang | EngineKind::Llamacpp) => {
                &["/metrics", "/prometheus/metrics", "/v1/metrics"]
            }
            _ => &["/prometheus/metrics", "/metrics", "/v1/metrics"],
        }
    }
}

fn engine(owner: &str) -> Option<EngineKind> {
    Some(match owner {
        "vllm" => EngineKind::Vllm,
        "sglang" => EngineKind::Sglang,
        "llamacpp" => EngineKind::Llamacpp,
        "lmdeploy" => EngineKind::Lmdeploy,
        "tensorrt_llm" | "tensorrt-llm" | "trtllm" => EngineKind::Trtllm,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_says_where_to_ask() {
        let vllm = Models::read(br#"{"object":"list","data":[{"id":"m","owned_by":"vllm","extra":1}]}"#);
        assert_eq!(vllm, Models { owner: Some(EngineKind::Vllm), first: Some(ModelName::new("m")) });
        assert_eq!(vllm.paths()[0], "/metrics");
        let trtllm = Models::read(br#"{"data":[{"id":"m","owned_by":"tensorrt_llm"}]}"#);
        assert_eq!(trtllm.paths(), ["/prometheus/metrics"]);
        for nobody in [&b"[]"[..], b"{}", b"{\"data\":[]}", b"<html>", b"{\"data\":[{}]}"] {
            assert_eq!(Models::read(nobody), Models::default());
        }
        assert_eq!(Models::default().paths()[0], "/prometheus/metrics");
    }
}
