//! Which program a page is of, told by the names on it.

use memchr::memchr_iter;

use super::{Dialect, dynamo, gateway, litellm, llamacpp, lmdeploy, nim, ray, sglang, tgi, triton, trtllm, vllm};
use crate::exposition::Limits;
use crate::reading::EngineKind;

/// A name's beginning and whose it is. What a page of several programs is (a Dynamo worker passes its engine's page
/// through) goes by the first certain one.
const CERTAIN: &[(&str, EngineKind)] = &[
    ("vllm:", EngineKind::Vllm),
    ("vllm_", EngineKind::Vllm),
    ("sglang:", EngineKind::Sglang),
    ("sglang_", EngineKind::Sglang),
    ("trtllm_", EngineKind::Trtllm),
    ("trtllm:", EngineKind::Trtllm),
    ("llamacpp:", EngineKind::Llamacpp),
    ("llamacpp_", EngineKind::Llamacpp),
    ("tgi_", EngineKind::Tgi),
    ("lmdeploy:", EngineKind::Lmdeploy),
    ("lmdeploy_", EngineKind::Lmdeploy),
    ("dynamo_frontend_", EngineKind::Dynamo),
    ("ray_vllm_", EngineKind::Ray),
    ("ray_sglang_", EngineKind::Ray),
    ("litellm_", EngineKind::Litellm),
    ("smg_", EngineKind::SglangGateway),
    ("nv_trt_llm_", EngineKind::Triton),
    ("nv_llm_", EngineKind::Triton),
    ("nv_inference_", EngineKind::Triton),
    ("num_request_max", EngineKind::Nim),
    ("num_requests_running", EngineKind::Nim),
    ("gpu_cache_usage_perc", EngineKind::Nim),
];

/// The program of a page; `None` if nothing on it is known.
pub(super) fn sniff(page: &[u8], limits: &Limits) -> Option<EngineKind> {
    let page = &page[..page.len().min(limits.page)];
    let mut start = 0;
    for end in memchr_iter(b'\n', page).chain([page.len()]) {
        let line = &page[start..end];
        start = end + 1;
        if line.first().is_none_or(|first| *first == b'#') {
            continue;
        }
        if let Some((_, kind)) = CERTAIN.iter().find(|(beginning, _)| line.starts_with(beginning.as_bytes())) {
            return Some(*kind);
        }
    }
    None
}

/// How to read the pages of a program.
pub(super) const fn dialect(kind: EngineKind) -> Option<&'static Dialect> {
    Some(match kind {
        EngineKind::Vllm => &vllm::DIALECT,
        EngineKind::Sglang => &sglang::DIALECT,
        EngineKind::Trtllm => &trtllm::DIALECT,
        EngineKind::Triton => &triton::DIALECT,
        EngineKind::Llamacpp => &llamacpp::DIALECT,
        EngineKind::Tgi => &tgi::DIALECT,
        EngineKind::Lmdeploy => &lmdeploy::DIALECT,
        EngineKind::Dynamo => &dynamo::DIALECT,
        EngineKind::Nim => &nim::DIALECT,
        EngineKind::Ray => &ray::DIALECT,
        EngineKind::Litellm => &litellm::DIALECT,
        EngineKind::SglangGateway => &gateway::DIALECT,
        EngineKind::Ollama | EngineKind::Unknown => return None,
    })
}

/// What a page says that is used up by reading it: `TensorRT-LLM`'s statistics.
pub const JSON_ARRAY: &str =
    "it is a JSON array, as TensorRT-LLM's statistics are, which reading uses up; not asked again";

/// What a page without a single metric seems to be.
pub(super) fn what_instead(page: &[u8]) -> &'static str {
    let text = page.trim_ascii();
    match text {
        [] => "the answer is empty",
        [b'<', ..] => "it is HTML (a login page?); give the address of the metrics page itself",
        [b'[', ..] => JSON_ARRAY,
        [b'{', ..] => "it is JSON; give the path of the metrics page",
        _ if text.contains(&0) || std::str::from_utf8(text).is_err() => "it is binary data",
        _ => "it is text without a single metric",
    }
}
