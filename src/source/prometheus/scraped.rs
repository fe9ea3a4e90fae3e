//! The targets that a server has scraped: series by the labels that it added to each target.

use std::collections::BTreeMap;

use super::answer::RawSeries;
use crate::dialect;
use crate::reading::NodeName;

/// Labels that identify a target: `job` and `instance` of Prometheus, and usual external labels that tell clusters apart whose
/// addresses are alike.
const IDENTITY: [&str; 7] = ["job", "instance", "cluster", "prometheus", "region", "datacenter", "tenant_id"];
/// Labels that a server adds whose pair scrapes the same targets: of the Prometheus operator, Mimir and Thanos.
const SERVERS: [&str; 4] = ["prometheus_replica", "__replica__", "receive_replica", "rule_replica"];
/// Another one. Engines may have it too: it is a server's only if every series has it.
const SERVER_OR_ENGINE: &str = "replica";
/// Labels of the machine that a target runs on, as usual relabelling of Kubernetes' pods has them.
const MACHINES: [&str; 4] = ["node", "kubernetes_node", "node_name", "nodename"];

/// One target as one server has scraped it.
#[derive(Debug, Clone, Default)]
pub(super) struct ScrapedTarget {
    /// The values of the labels that identify it.
    pub(super) identity: BTreeMap<&'static str, String>,
    /// The server of a pair; empty without one.
    pub(super) server: String,
    /// Its series by name, without those labels.
    pub(super) series: Vec<RawSeries>,
    /// The start times of its processes, without those labels.
    pub(super) starts: Vec<RawSeries>,
}

/// The targets of an answer, each once per server, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct ScrapedTargets {
    pub(super) all: Vec<ScrapedTarget>,
    /// Series without `instance` beside others that have it: sums of those.
    pub(super) sums: usize,
}

impl ScrapedTargets {
    /// The targets of some series and start times.
    pub(super) fn of(series: Vec<RawSeries>, starts: Vec<RawSeries>) -> Self {
        let of_server = |series: &RawSeries| series.labels.contains_key(SERVER_OR_ENGINE);
        let replicas = !series.is_empty() && series.iter().chain(&starts).all(of_server);
        let has_instance = series.iter().any(|series| series.labels.contains_key("instance"));
        let (mut found, mut sums) = (BTreeMap::<_, ScrapedTarget>::new(), 0);
        for mut one in series {
            if has_instance && !one.labels.contains_key("instance") {
                sums += 1;
                continue;
            }
            let (identity, server) = take_identity(&mut one, replicas);
            let target = found.entry((identity.clone(), server.clone())).or_default();
            (target.identity, target.server) = (identity, server);
            target.series.push(one);
        }
        for mut one in starts {
            let key = take_identity(&mut one, replicas);
            if let Some(target) = found.get_mut(&key) {
                target.starts.push(one);
            }
        }
        for target in found.values_mut() {
            target.series.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
            target.starts.sort_by(|a, b| a.labels.cmp(&b.labels));
        }
        Self { all: found.into_values().collect(), sums }
    }
}

impl ScrapedTarget {
    /// Its name: job and instance, then what else identifies it.
    pub(super) fn name(&self) -> String {
        let value = |label: &str| self.identity.get(label).map_or("", String::as_str);
        let others = self.identity.iter().filter(|(label, _)| !matches!(**label, "job" | "instance"));
        let name = format!("{}/{}", value("job"), value("instance"));
        others.fold(name, |name, (label, value)| format!("{name} {label}={value}"))
    }

    /// The machine that it runs on, from a label that all its series have, else from its address; `None` for a name that
    /// every machine calls itself.
    pub(super) fn host(&self) -> Option<NodeName> {
        let of_all = |label: &&str| {
            let first = self.series.first()?.labels.get(*label).filter(|value| !value.is_empty())?;
            self.series.iter().all(|series| series.labels.get(*label) == Some(first)).then_some(first.as_str())
        };
        let host = MACHINES.iter().find_map(of_all);
        let host = host.or_else(|| self.identity.get("instance").map(|instance| dialect::host_of(instance)));
        host.filter(|host| !dialect::is_any_machine(host)).map(NodeName::new)
    }

    /// When its newest sample was taken.
    pub(super) fn newest(&self) -> i64 {
        self.series.iter().filter_map(|series| series.samples.last()).map(|(at, _)| *at).max().unwrap_or_default()
    }
}

/// Takes the labels of the target and of the server from a series.
fn take_identity(series: &mut RawSeries, replicas: bool) -> (BTreeMap<&'static str, String>, String) {
    let identity = IDENTITY.iter().filter_map(|label| Some((*label, series.labels.remove(*label)?)));
    let identity = identity.filter(|(_, value)| !value.is_empty()).collect();
    let mut server: Vec<String> = SERVERS.iter().filter_map(|label| series.labels.remove(*label)).collect();
    if replicas {
        server.extend(series.labels.remove(SERVER_OR_ENGINE));
    }
    (identity, server.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, labels: &[(&str, &str)]) -> RawSeries {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        RawSeries { name: name.to_owned(), labels, samples: vec![(1000, 1.0)] }
    }

    fn found(series: Vec<RawSeries>) -> Vec<(String, String)> {
        let all = ScrapedTargets::of(series, Vec::new()).all;
        all.iter().map(|target| (target.name(), target.server.clone())).collect()
    }

    /// Class: engines of two clusters with one address are taken for one, or a pair's copies for two.
    #[test]
    fn a_target_is_its_job_instance_and_cluster_and_a_server_only_reads_it() {
        let all = found(vec![
            series(
                "a",
                &[("job", "v"), ("instance", "i"), ("cluster", "x"), ("prometheus_replica", "p-0"), ("replica", "1")],
            ),
            series("a", &[("job", "v"), ("instance", "i"), ("cluster", "y"), ("prometheus_replica", "p-0")]),
            series("a", &[("job", "v"), ("instance", "i"), ("cluster", "y"), ("prometheus_replica", "p-1")]),
        ]);
        let name = |cluster: &str, server: &str| (format!("v/i cluster={cluster}"), server.to_owned());
        assert_eq!(all, [name("x", "p-0"), name("y", "p-0"), name("y", "p-1")]);
        let pair = ["a", "b"].map(|replica| series("a", &[("job", "v"), ("instance", "i"), ("replica", replica)]));
        assert_eq!(found(pair.to_vec()).len(), 2, "each server has all of it");
    }

    /// Class: a sum of engines counts beside them.
    #[test]
    fn sums_without_an_instance_are_left_out_beside_their_parts() {
        let all = [series("a", &[("job", "v"), ("instance", "i")]), series("a", &[("job", "v")])];
        let targets = ScrapedTargets::of(all.to_vec(), Vec::new());
        assert_eq!((targets.all.len(), targets.sums), (1, 1));
        assert_eq!(ScrapedTargets::of(vec![series("a", &[("job", "v")])], Vec::new()).all.len(), 1);
    }

    #[test]
    fn the_machine_is_that_of_a_label_of_all_series_or_of_the_address() {
        let host = |labels: &[(&str, &str)]| {
            let target = ScrapedTargets::of(vec![series("a", labels)], Vec::new()).all;
            target.first().and_then(ScrapedTarget::host).map(|host| host.to_string())
        };
        assert_eq!(host(&[("instance", "10.0.0.1:8000")]).as_deref(), Some("10.0.0.1"));
        assert_eq!(host(&[("instance", "10.0.0.1:8000"), ("node", "gpu-1")]).as_deref(), Some("gpu-1"));
        assert_eq!(host(&[("instance", "localhost:8000")]), None);
    }
}
