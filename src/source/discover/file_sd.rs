//! Lists of targets in the JSON of Prometheus' file-based and HTTP service discovery.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::reading::{EngineRole, Label, NodeName, UnitName};
use crate::source::{PolledTarget, TargetOptions};

/// The most targets of all lists together.
pub(super) const MOST: usize = 4096;

/// A group of targets with the same labels.
#[derive(Debug, Deserialize)]
struct TargetGroup {
    /// `host:port` each.
    targets: Vec<String>,
    /// Labels; those that begin with `__` say how the targets are reached, or are of the discovery itself.
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// Parses a list. `options` are those of all of its targets.
///
/// # Errors
/// What is wrong with it, and what to write. A list is read whole or not at all.
pub(super) fn parse(text: &[u8], options: &TargetOptions) -> Result<Vec<PolledTarget>, String> {
    let groups: Vec<TargetGroup> = serde_json::from_slice(text).map_err(|error| {
        format!("{error}: write a JSON list of {{\"targets\": [\"HOST:PORT\"], \"labels\": {{\"unit\": \"NAME\"}}}}")
    })?;
    let count: usize = groups.iter().map(|group| group.targets.len()).sum();
    if count > MOST {
        return Err(format!(
            "{count} targets are over the limit of {MOST}: name fewer, or watch them with several hubs"
        ));
    }
    let mut all: BTreeMap<_, PolledTarget> = BTreeMap::new();
    for group in &groups {
        for address in &group.targets {
            let target = target(address, &group.labels, options)?;
            all.entry(target.id.clone()).or_insert(target);
        }
    }
    Ok(all.into_values().collect())
}

/// The target of an entry.
fn target(address: &str, labels: &BTreeMap<String, String>, options: &TargetOptions) -> Result<PolledTarget, String> {
    let label = |name: &str| labels.get(name).map(String::as_str);
    let scheme = label("__scheme__").unwrap_or("http");
    if !matches!(scheme, "http" | "https") {
        return Err(format!("__scheme__ {scheme:?} of {address:?}: write http or https"));
    }
    let address = label("__address__").unwrap_or(address);
    if address.contains(['/', '?', '#', '@']) {
        return Err(format!("{address:?} is not HOST:PORT: write a path to __metrics_path__, a scheme to __scheme__"));
    }
    let path = label("__metrics_path__").unwrap_or_default().trim_start_matches('/');
    let separator = if path.is_empty() { "" } else { "/" };
    let mut target: PolledTarget =
        format!("{scheme}://{address}{separator}{path}").parse().map_err(|error| format!("{error}"))?;
    target.options = with_labels(options.clone(), labels);
    Ok(target)
}

/// Options with those that labels name.
fn with_labels(mut options: TargetOptions, labels: &BTreeMap<String, String>) -> TargetOptions {
    for (name, value) in labels.iter().filter(|(name, _)| !name.starts_with("__")) {
        match (name.as_str(), role(value)) {
            ("node", _) => options.node = Some(NodeName::new(value)),
            ("unit", _) => options.unit = Some(UnitName::new(value)),
            ("role", Some(role)) => options.role = Some(role),
            // A role of another vocabulary is a label like any other.
            _ => {
                options.labels.insert(Label::new(name), Label::new(value));
            }
        }
    }
    options
}

fn role(text: &str) -> Option<EngineRole> {
    use EngineRole::{Decode, Prefill, Proxy, Unified};
    [Unified, Prefill, Decode, Proxy].into_iter().find(|role| role.to_string() == text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<PolledTarget>, String> {
        parse(text.as_bytes(), &TargetOptions::default())
    }

    #[test]
    fn labels_are_options_of_targets() {
        let all = read(
            r#"[{"targets": ["gpu-1:9545", "gpu-2:9545"], "labels": {"unit": "decode-1", "role": "decode", "site": "fra",
                 "tenant": "app\u0007", "__meta_rack": "r1"}},
                {"targets": ["[::1]:8000"], "labels": {"__scheme__": "https", "__metrics_path__": "/v1/metrics", "role": "db"}}]"#,
        )
        .unwrap();
        let ids: Vec<&str> = all.iter().map(|target| target.id.as_str()).collect();
        assert_eq!(ids, ["http://gpu-1:9545", "http://gpu-2:9545", "https://[::1]:8000/v1/metrics"]);
        let options = &all[0].options;
        assert_eq!(options.unit.as_ref().map(UnitName::as_str), Some("decode-1"));
        assert_eq!(options.role, Some(EngineRole::Decode));
        let labels: Vec<_> = options.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(labels, [("site", "fra"), ("tenant", "app")]);
        assert_eq!(all[2].options.role, None);
        assert_eq!(all[0].info().tenant.as_ref().map(Label::as_str), Some("app"));
    }

    #[test]
    fn a_wrong_list_says_what_to_write() {
        for (text, word) in [
            ("", "JSON list"),
            ("{}", "JSON list"),
            (r#"[{"labels": {}}]"#, "targets"),
            (r#"[{"targets": ["http://gpu-1:1"]}]"#, "__scheme__"),
            (r#"[{"targets": ["user:secret@gpu-1:1"]}]"#, "HOST:PORT"),
            (r#"[{"targets": ["gpu-1:1"], "labels": {"__scheme__": "file"}}]"#, "http or https"),
            (r#"[{"targets": ["gpu-1:port"]}]"#, "not an address"),
        ] {
            assert!(read(text).is_err_and(|why| why.contains(word)), "{text}: {:?}", read(text));
        }
        let many: Vec<String> = (0..=MOST).map(|number| format!("\"gpu-{number}:1\"")).collect();
        let why = read(&format!(r#"[{{"targets": [{}]}}]"#, many.join(","))).unwrap_err();
        assert!(why.contains("4097 targets are over the limit of 4096"), "{why}");
    }
}
