//! The list of `/v1/models`: the server's owner, the names of its models, and which of them are loaded.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::dialect::{self, ModelRouter, ModelState};
use crate::reading::{EngineKind, ModelAlias, ModelName};

/// The largest list, in bytes. It is a few kilobytes, or some megabytes with thousands of adapters.
pub(super) const MODELS_CAP: usize = 8 << 20;
/// The most aliases of a server, and the most loaded models of a router, that are used.
const ALIASES: usize = 8192;
/// The byte order mark that some servers send first.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const LOADED: usize = 64;

/// The contents of a server's `/v1/models`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KnownModels {
    /// The engine that `owned_by` names.
    pub(super) owner: Option<EngineKind>,
    /// The model that it serves, if there is only one.
    pub(super) only: Option<ModelName>,
    /// The aliases of its models.
    pub(super) aliases: Vec<ModelAlias>,
    /// How it is scraped, if it is a router that loads several models.
    pub(super) router: Option<&'static ModelRouter>,
    /// The models of a router.
    pub(super) routed: Option<Vec<RoutedModel>>,
    /// Whether the server did not answer, or answered with a server error.
    pub(super) unsure: bool,
}

/// A model of a router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RoutedModel {
    /// Its name and aliases.
    names: Vec<String>,
    /// Its state; `None` if the list has no status of it.
    pub(super) state: Option<ModelState>,
}

impl RoutedModel {
    /// The name in the address of its page.
    pub(super) fn id(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }

    /// Whether `name` is its name or an alias.
    pub(super) fn is_called(&self, name: &ModelName) -> bool {
        self.names.iter().any(|known| ModelName::new(known) == *name)
    }

    /// Whether it has no process, or one that serves nothing yet.
    pub(super) fn is_not_running(&self) -> bool {
        self.state == Some(ModelState::NotRunning)
    }

    /// Whether it is loaded and awake.
    pub(super) fn is_loaded(&self) -> bool {
        self.state == Some(ModelState::Loaded)
    }
}

#[derive(Deserialize)]
struct ModelList {
    data: Vec<Value>,
}

/// An entry. A member of an unexpected type is ignored.
#[derive(Deserialize)]
struct ModelEntry {
    id: Option<Value>,
    owned_by: Option<Value>,
    root: Option<Value>,
    parent: Option<Value>,
    status: Option<Value>,
    aliases: Option<Value>,
}

impl ModelEntry {
    fn id(&self) -> Option<&str> {
        self.text().filter(|id| is_name(id))
    }

    /// The name as in the list.
    fn text(&self) -> Option<&str> {
        self.id.as_ref().and_then(Value::as_str)
    }

    /// The model that it is an adapter of.
    fn parent(&self) -> Option<&str> {
        let parent = self.parent.as_ref()?.as_str()?;
        (is_name(parent) && self.text() != Some(parent)).then_some(parent)
    }

    fn root(&self) -> Option<&str> {
        self.root.as_ref()?.as_str().filter(|root| is_name(root))
    }

    fn routed(&self, router: &ModelRouter) -> Option<RoutedModel> {
        let aliases = self.aliases.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let names = self.text().into_iter().chain(aliases.take(ALIASES)).map(str::to_owned).collect();
        let status = self.status.as_ref().map(|status| status.get("value").unwrap_or(status));
        let state = status.and_then(Value::as_str).map(|status| router.state(status));
        self.text().map(|_| RoutedModel { names, state })
    }
}

impl KnownModels {
    /// Parses the response; `None` if it is not a model list.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let ModelList { data } = serde_json::from_slice(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)).ok()?;
        let is_empty = data.is_empty();
        let data: Vec<ModelEntry> = data.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect();
        // If no name is a string, it is not a model list.
        if !is_empty && data.iter().all(|entry| entry.id.is_some() && entry.text().is_none()) {
            return None;
        }
        let owner = data.first().and_then(|entry| dialect::owned_by(entry.owned_by.as_ref()?.as_str()?));
        let has_status = data.iter().any(|entry| entry.status.is_some());
        let router = owner.and_then(dialect::model_router).filter(|router| router.is_listed(data.len(), has_status));
        Some(Self {
            owner,
            only: only(&data).map(ModelName::new),
            aliases: aliases(&data),
            router,
            routed: router.map(|router| data.iter().filter_map(|entry| entry.routed(router)).collect()),
            unsure: false,
        })
    }

    /// The loaded models of a router, without those that are read elsewhere; `None` if it is not a router.
    pub(super) fn loaded(&self, elsewhere: &[ModelName]) -> Option<Vec<String>> {
        let is_ours = |model: &&RoutedModel| !elsewhere.iter().any(|name| model.is_called(name));
        let loaded = self.routed.as_ref()?.iter().filter(|model| model.is_loaded()).filter(is_ours);
        Some(loaded.filter_map(|model| model.id().map(str::to_owned)).take(LOADED).collect())
    }
}

/// Whether a text may be the name of a model.
fn is_name(text: &str) -> bool {
    ModelName::reported(text).is_some()
}

/// The only model of a list, which otherwise has only its aliases and adapters.
fn only(entries: &[ModelEntry]) -> Option<&str> {
    let mut models = entries.iter().filter(|entry| entry.parent().is_none() && entry.id().is_some());
    let first = models.next()?;
    let is_first = |entry: &ModelEntry| entry.root().is_some() && entry.root() == first.root();
    models.all(is_first).then(|| first.id()).flatten()
}

/// The base model of each adapter, and the root of names with the same root; if the root is a folder, which has no meaning
/// outside the server, the first of these names.
fn aliases(entries: &[ModelEntry]) -> Vec<ModelAlias> {
    let mut first_of: HashMap<&str, &str> = HashMap::new();
    let mut aliases = Vec::new();
    for entry in entries {
        let Some(id) = entry.id() else { continue };
        let model = match (entry.parent(), entry.root()) {
            (Some(parent), _) => parent,
            (None, Some(root)) if root.starts_with(['/', '.', '~']) => *first_of.entry(root).or_insert(id),
            (None, Some(root)) => root,
            (None, None) => continue,
        };
        if model != id && aliases.len() < ALIASES {
            aliases.push(ModelAlias { name: ModelName::new(id), model: ModelName::new(model) });
        }
    }
    aliases
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aliases_of(body: &str) -> Vec<(String, String)> {
        let models = KnownModels::read(body.as_bytes()).unwrap_or_default();
        models.aliases.iter().map(|alias| (alias.name.to_string(), alias.model.to_string())).collect()
    }

    #[test]
    fn the_owner_and_the_only_model_are_read() {
        let vllm = KnownModels::read(br#"{"object":"list","data":[{"id":"m","owned_by":"vllm","extra":1}]}"#);
        let known = KnownModels {
            owner: Some(EngineKind::named("vllm")),
            only: Some(ModelName::new("m")),
            ..KnownModels::default()
        };
        assert_eq!(vllm, Some(known));
        for nobody in [&b"[]"[..], b"{}", b"<html>", b"{\"data\":[{\"id\":7}]}"] {
            assert_eq!(KnownModels::read(nobody), None);
        }
        for nothing in [&b"{\"data\":[]}"[..], b"{\"data\":[{}]}", br#"{"data":[{"id":"null"}]}"#] {
            assert_eq!(KnownModels::read(nothing), Some(KnownModels::default()));
        }
        let several = KnownModels::read(br#"{"data":[{"id":"a","owned_by":"me"},{"id":"b"}]}"#);
        assert_eq!(several, Some(KnownModels::default()), "none of them is the only one");
    }

    #[test]
    fn names_of_one_root_and_adapters_are_aliases() {
        let body = r#"{"data":[{"id":"chat","owned_by":"vllm","root":"Qwen/Qwen3"},{"id":"qwen3","root":"Qwen/Qwen3"},
                      {"id":"sql","root":"/adapters/sql","parent":"chat"},{"id":"self","parent":"self"}]}"#;
        let pairs = [("chat", "Qwen/Qwen3"), ("qwen3", "Qwen/Qwen3"), ("sql", "chat")];
        assert_eq!(aliases_of(body), pairs.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(
            KnownModels::read(body.as_bytes()).and_then(|models| models.only),
            None,
            "`self` is no adapter of it"
        );
        let folder = r#"{"data":[{"id":"a","root":"/model"},{"id":"b","root":"/model"}]}"#;
        assert_eq!(aliases_of(folder), [("b".to_owned(), "a".to_owned())]);
        assert_eq!(aliases_of(r#"{"data":[{"id":"a","root":"a"},{"id":"b","root":null,"parent":null}]}"#), []);
    }

    #[test]
    fn only_loaded_models_of_a_router_are_listed() {
        let body = r#"{"data":[{"id":"a","owned_by":"llamacpp","status":{"value":"loaded"}},
                      {"id":"b","status":{"value":"sleeping"}},{"id":"c","status":{"value":"unloaded"}},{"id":"d"}]}"#;
        assert_eq!(
            KnownModels::read(body.as_bytes()).and_then(|models| models.loaded(&[])),
            Some(vec!["a".to_owned()])
        );
        let plain = br#"{"data":[{"id":"a","owned_by":"llamacpp"}]}"#;
        assert_eq!(KnownModels::read(plain).and_then(|models| models.routed), None);
    }

    /// The class of errors: one unexpected entry hides all others.
    #[test]
    fn an_odd_entry_or_a_byte_order_mark_hides_no_other() {
        let good = r#"{"id":"lora","parent":"base","owned_by":"vllm"}"#;
        for odd in [r#"{"id":7,"owned_by":"vllm"}"#, r#"{"id":"x","owned_by":7}"#, "null", "[]", "3"] {
            let body = format!("\u{feff}{{\"data\":[{odd},{good}]}}");
            assert_eq!(aliases_of(&body), [("lora".to_owned(), "base".to_owned())], "{odd}");
        }
    }
}
