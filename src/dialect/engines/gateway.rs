//! SGLang's model gateway. It counts the tokens of the engines behind it, without hits; they are never added to the
//! engines' own.

use crate::dialect::definition::{Dialect, PLAIN};
use crate::dialect::field::{Count, SeriesField, SeriesPlace, StartOf};
use crate::reading::{EngineKind, EngineRole};

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("sglang-gateway"),
    names: &["smg_"],
    ports: &[29000],
    start: StartOf::Page,
    field: |name| (name == "smg_router_tokens_total").then_some(SeriesField::Count(Count::Prompt)),
    entry: |field, labels| {
        let mut entry = SeriesPlace::keyed(field, labels, "model", "");
        match labels.get("token_type")?.raw() {
            b"input" => {}
            b"output" => entry.field = SeriesField::Count(Count::Output),
            _ => return None,
        }
        Some(entry)
    },
    settle: |_, _, reading| reading.role = Some(EngineRole::Proxy),
    ..PLAIN
};
