//! Logs changes of targets, nodes and sources between two snapshots.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::count_states::{self, LastCounts};
use crate::dialect;
use crate::platform::missing_driver;
use crate::reading::{Event, Health, Label, NodeName, SourceError, TargetId};
use crate::snapshot::Snapshot;
use crate::units::{Span, Timestamp};

/// The time between two messages that no engine answers.
const NO_ENGINE: Span = Span::from_secs(3600);

/// A change of one target, node or source.
#[derive(Debug, Clone, PartialEq, Eq)]
enum StateChange {
    /// A target has another state, or another cause for not being reached.
    Target { target: TargetId, before: Option<Health>, now: Health, cause: Option<Label> },
    /// A node has another state.
    Node { node: NodeName, before: Health, now: Health },
    /// A source of this machine does not work.
    Source(SourceError),
    /// A source of this machine works again.
    Works(Label),
    /// No engine has answered for so many hours.
    NoEngine(i64),
}

/// The states that were logged last.
#[derive(Debug, Default)]
struct LastStates {
    targets: BTreeMap<TargetId, (Health, Option<Label>)>,
    nodes: BTreeMap<NodeName, Health>,
    sources: Vec<SourceError>,
    /// The time since which no engine has answered, and how many hours of it were logged.
    silent: Option<(Timestamp, i64)>,
}

impl LastStates {
    /// The changes of a snapshot that are not logged yet.
    fn changes(&mut self, snapshot: &Snapshot) -> Vec<StateChange> {
        let mut changes = self.of_targets(snapshot);
        changes.extend(self.of_nodes(snapshot));
        changes.extend(self.of_sources(snapshot));
        changes.extend(self.no_engine(snapshot));
        changes
    }

    fn of_targets(&mut self, snapshot: &Snapshot) -> Vec<StateChange> {
        let mut changes = Vec::new();
        let mut seen: Option<&TargetId> = None;
        for row in &snapshot.engines {
            // The rows of a target are adjacent and have the same state.
            if seen.replace(&row.target) == Some(&row.target) {
                continue;
            }
            let cause = row.note.clone().filter(|_| row.state != Health::Live);
            // A target without a poll has no state yet.
            if row.state == Health::Never && cause.is_none() {
                continue;
            }
            let before = self.targets.get(&row.target);
            let is_known = before.is_some_and(|(state, last_cause)| {
                *state == row.state && (row.state != Health::Never || *last_cause == cause)
            });
            if !is_known {
                let before = before.map(|(state, _)| *state);
                changes.push(StateChange::Target {
                    target: row.target.clone(),
                    before,
                    now: row.state,
                    cause: cause.clone(),
                });
                self.targets.insert(row.target.clone(), (row.state, cause));
            }
        }
        changes
    }

    fn of_nodes(&mut self, snapshot: &Snapshot) -> Vec<StateChange> {
        let mut changes = Vec::new();
        for node in snapshot.nodes.iter().filter(|node| !node.gpus.is_empty()) {
            let before = self.nodes.insert(node.name.clone(), node.state).unwrap_or(Health::Never);
            if before != node.state {
                changes.push(StateChange::Node { node: node.name.clone(), before, now: node.state });
            }
        }
        changes
    }

    fn of_sources(&mut self, snapshot: &Snapshot) -> Vec<StateChange> {
        let is_in = |list: &[SourceError], source: &Label| list.iter().any(|error| error.source == *source);
        let gone = self.sources.iter().filter(|known| !is_in(&snapshot.source_errors, &known.source));
        let mut changes: Vec<_> = gone.map(|known| StateChange::Works(known.source.clone())).collect();
        let fresh = snapshot.source_errors.iter().filter(|error| !self.sources.contains(error));
        changes.extend(fresh.cloned().map(StateChange::Source));
        self.sources.clone_from(&snapshot.source_errors);
        changes
    }

    fn no_engine(&mut self, snapshot: &Snapshot) -> Option<StateChange> {
        if snapshot.engines.iter().any(|row| row.state == Health::Live) {
            self.silent = None;
            return None;
        }
        let (since, hours_reported) = self.silent.get_or_insert((snapshot.at, 0));
        let hours = (snapshot.at - *since).millis() / NO_ENGINE.millis();
        if hours <= *hours_reported {
            return None;
        }
        *hours_reported = hours;
        Some(StateChange::NoEngine(hours))
    }
}

/// The help for a user who has seen no engine; `None` if an engine is known.
pub(super) fn without_engine(snapshot: &Snapshot) -> Option<String> {
    let is_known = snapshot.engines.iter().any(|row| row.state != Health::Never);
    (!is_known).then(|| {
        let mut messages: Vec<String> = snapshot.source_errors.iter().map(ToString::to_string).collect();
        let silent = snapshot.engines.iter().filter_map(|row| Some(format!("{}: {}", row.target, row.note.as_ref()?)));
        messages.extend(silent);
        let named = targets(snapshot);
        messages.push(match named {
            0 => format!(
                "no engine has answered. Name one: margintop http://HOST:PORT, or a [[target]] in margintop.toml (`margintop \
                 config init`). {}. `margintop demo` shows a fleet without an engine",
                has_page("http://HOST:PORT")
            ),
            1 => format!("the target has not answered. {}", has_page("URL")),
            _ => format!("none of the {named} targets has answered. {}", has_page("URL")),
        });
        messages.join("\n")
    })
}

/// How a user sees whether an engine has a page of metrics.
fn has_page(url: &str) -> String {
    format!(
        "`curl {url}/metrics` shows whether an engine has a page of metrics: most always have one, {}",
        dialect::metrics_flags()
    )
}

/// The number of targets that are named or were found.
fn targets(snapshot: &Snapshot) -> usize {
    snapshot.engines.iter().map(|row| &row.target).collect::<BTreeSet<_>>().len()
}

/// The message when a dashboard ends after `shown`: the help if no engine was seen, unless GPUs were shown for less
/// than an hour.
pub(super) fn at_the_end(snapshot: &Snapshot, shown: Duration) -> Option<String> {
    let is_long = shown.as_secs() >= NO_ENGINE.millis().unsigned_abs() / 1000;
    without_engine(snapshot).filter(|_| is_long || snapshot.gpus.count == 0)
}

/// Logs each change until the channel of snapshots is closed.
pub(super) async fn follow(mut snapshots: watch::Receiver<Arc<Snapshot>>) {
    let (mut last, mut counted) = (LastStates::default(), LastCounts::default());
    while snapshots.changed().await.is_ok() {
        let snapshot = snapshots.borrow_and_update().clone();
        counted.changes(&snapshot).iter().for_each(count_states::log);
        for change in last.changes(&snapshot) {
            log(&change, &snapshot);
        }
    }
}

fn log(change: &StateChange, snapshot: &Snapshot) {
    match change {
        StateChange::Target { target, before, now: Health::Live, .. } => {
            let row = snapshot.engines.iter().find(|row| row.target == *target);
            let kind = row.map(|row| row.kind.to_string()).unwrap_or_default();
            tracing::info!(%target, kind, before = before.unwrap_or_default().to_string(), "target answers");
        }
        StateChange::Target { target, now: Health::Never, cause, .. } => {
            tracing::warn!(%target, cause = text(cause.as_ref()), "target cannot be reached");
        }
        StateChange::Target { target, before, now, cause } => {
            let before = before.unwrap_or_default().to_string();
            tracing::warn!(%target, state = now.to_string(), before, cause = text(cause.as_ref()), "target is silent");
        }
        StateChange::Node { node, before, now: Health::Live } => {
            tracing::info!(%node, before = before.to_string(), "node's GPUs answer");
        }
        StateChange::Node { node, before, now } => {
            tracing::warn!(%node, state = now.to_string(), before = before.to_string(), "node's GPUs are silent");
        }
        StateChange::Source(error) => log_error(error, error.remedy.as_str()),
        StateChange::Works(what) => tracing::info!(source = %what, "source works"),
        StateChange::NoEngine(hours) => {
            let targets = targets(snapshot);
            let remedy = if targets == 0 { "name one: margintop serve http://HOST:PORT" } else { "curl URL/metrics" };
            tracing::warn!(hours, targets, remedy, "no engine answers");
        }
    }
}

fn text(cause: Option<&Label>) -> &str {
    cause.map_or("", Label::as_str)
}

/// Logs changes of this machine's GPUs for `agent`.
#[derive(Debug, Default)]
pub(super) struct GpuStates {
    /// Whether a state was logged yet.
    has_reported: bool,
    /// The last error of the driver.
    error: Option<SourceError>,
}

impl GpuStates {
    /// Logs what changed with a poll of the driver.
    pub(super) fn log(&mut self, event: &Event) {
        let Event::Gpus { outcome, .. } = event else { return };
        let now = outcome.as_ref().err();
        if self.has_reported && self.error.as_ref() == now {
            return;
        }
        if let Some(error) = now {
            // An agent serves the driver's GPUs alone: it has no target that could be left out.
            let missing = missing_driver();
            let is_missing = error.remedy.as_str() == missing.whole_remedy();
            log_error(error, if is_missing { missing.remedy } else { error.remedy.as_str() });
        } else {
            tracing::info!(gpus = outcome.as_ref().map_or(0, Vec::len), "the driver answers");
        }
        (self.has_reported, self.error) = (true, now.cloned());
    }
}

/// Logs that a source of this machine does not work.
fn log_error(error: &SourceError, remedy: &str) {
    tracing::warn!(source = error.source.as_str(), cause = error.cause.as_str(), remedy, "source does not work");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Failure;
    use crate::cli::global::Global;
    use crate::cli::sources::SourcePlan;
    use crate::fleet::Fleet;
    use crate::units::Moment;

    fn at(seconds: i64) -> Moment {
        Moment { wall: Timestamp::from_millis(1_795_000_000_000 + seconds * 1000), boot: Span::from_secs(seconds) }
    }

    #[test]
    fn an_hour_without_an_engine_is_reported_once_and_again_after_the_next() -> Result<(), Failure> {
        let file = tempfile::NamedTempFile::new()?;
        let global = Global { config: Some(file.path().to_owned()), ..Global::default() };
        let plan = SourcePlan::new(&global, &["nvml:off".to_owned()])?;
        let fleet = Fleet::new(plan.fleet_config(Span::from_secs(10)), plan.settings.book.clone(), at(0));
        let mut snapshot = fleet.snapshot();
        let mut last = LastStates::default();
        let hours = |last: &mut LastStates, snapshot: &Snapshot| {
            let found = last.changes(snapshot).into_iter();
            found.filter_map(|change| if let StateChange::NoEngine(hours) = change { Some(hours) } else { None }).last()
        };
        let mut said = Vec::new();
        for seconds in [0, 3599, 3600, 3601, 7200, 7201] {
            snapshot.at = at(seconds).wall;
            said.extend(hours(&mut last, &snapshot));
        }
        assert_eq!(said, [1, 2]);
        let help = without_engine(&snapshot).unwrap_or_default();
        assert!(help.contains("margintop http://HOST:PORT") && help.contains("--enable-metrics"), "{help}");
        assert_eq!(at_the_end(&snapshot, Duration::from_secs(5)), Some(help.clone()), "nothing was seen");
        snapshot.gpus.count = 8;
        assert_eq!(at_the_end(&snapshot, Duration::from_secs(5)), None, "GPUs were");
        assert_eq!(at_the_end(&snapshot, Duration::from_secs(3600)), Some(help));
        Ok(())
    }
}
