//! Many silent things are one alert with a count: in the headline, in the lists and where alerts are counted.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::reading::TargetId;
use margintop::snapshot::{EngineRow, Rule, Severity, Snapshot};
use margintop::tui::app::{Action, App, Command};
use margintop::tui::view::ViewId;
use margintop::units::{Money, Span};
use samples::hands::text;

/// A fleet of which so many nodes are silent, and one GPU is lost.
fn silent(nodes: usize) -> Snapshot {
    let mut snapshot = samples::twelve();
    let since = snapshot.at - Span::from_secs(60);
    let alert = |name: &str| {
        samples::alert(Rule::NodeSilent, Severity::Critical, name, since, "silent for 60 s; its rent runs on")
    };
    snapshot.alerts = snapshot.nodes.iter().take(nodes).map(|node| alert(node.name.as_str())).collect();
    let gpu = format!("{} GPU 1", snapshot.nodes[11].name);
    snapshot.alerts.push(samples::alert(Rule::GpuLost, Severity::Warning, &gpu, since, "lost"));
    snapshot.money.rates.truncate(1);
    snapshot
}

fn app(snapshot: Snapshot) -> App {
    App::new(Arc::new(snapshot), TimeZone::UTC, Span::from_secs(1), 1)
}

#[test]
fn many_silent_nodes_are_one_alert_with_the_rent_of_all() {
    let snapshot = silent(11);
    let gpus: i64 = snapshot.nodes.iter().take(11).map(|node| i64::try_from(node.gpus.len()).unwrap()).sum();
    let rent = Money::from_micros(snapshot.money.rates[0].rate.micros() * gpus);
    let rent = margintop::tui::format::amount(Some(rent), "USD", 2);
    let ends = (snapshot.nodes[0].name.to_string(), snapshot.nodes[10].name.to_string());
    let app = app(snapshot);
    let frame = text(&app, 200, 50);
    assert!(frame.contains("11 nodes have been silent since"), "{frame}");
    assert!(frame.contains(&format!("The rent of {rent}/h runs on.")), "{frame}");
    assert!(frame.contains("7 alerts 2") && frame.contains("Alerts 2"), "{frame}");
    assert!(frame.contains("▲ 11 nodes: silent") && frame.contains("→ see whether the node is up"), "{frame}");
    let small = text(&app, 80, 24);
    assert!(small.contains("11 nodes: silent") && small.matches("silent").count() == 1, "{small}");
    let mut app = app;
    app.update(Action::Command(Command::Show(ViewId::Alerts)));
    let list = text(&app, 200, 50);
    assert!(list.contains("Active 2") && list.contains(&format!("{} … {}", ends.0, ends.1)), "{list}");
}

#[test]
fn a_few_are_listed_by_their_names() {
    let snapshot = silent(3);
    let name = snapshot.nodes[2].name.to_string();
    let frame = text(&app(snapshot), 200, 50);
    assert!(frame.contains(&format!("{name}: silent")) && frame.contains("7 alerts 4"), "{frame}");
}

/// Class: an engine on a silent node is an alert beside the node's own, and its rent is counted twice.
#[test]
fn the_engines_of_a_silent_node_are_in_its_alert() {
    let mut snapshot = silent(1);
    let name = snapshot.nodes[0].name.clone();
    let since = snapshot.at - Span::from_secs(61);
    let engine = (*snapshot.engines[0]).clone();
    for target in ["http://10.0.0.1:8000", "http://10.0.0.1:8001"] {
        let row = EngineRow { target: TargetId::new(target), node: name.clone(), ..engine.clone() };
        snapshot.engines.push(Arc::new(row));
        let text = "connection refused";
        snapshot.alerts.push(samples::alert(Rule::EngineSilent, Severity::Critical, target, since, text));
    }
    let mut app = app(snapshot);
    let frame = text(&app, 200, 50);
    assert!(frame.contains("7 alerts 2") && frame.contains("Alerts 2"), "{frame}");
    assert!(frame.contains(&format!("{name}: silent for 60 s with its 2 engines")), "{frame}");
    assert!(!frame.contains("connection refused"), "{frame}");
    app.update(Action::Command(Command::Show(ViewId::Alerts)));
    let list = text(&app, 200, 50);
    assert!(list.contains("Active 2") && list.contains("silent for 60 s with its 2 engines; its rent"), "{list}");
    assert!(!list.contains("connection refused"), "{list}");
    // x silences the node and its engines together.
    app.update(Action::Command(Command::Silence));
    let silenced = app.shown().alerts.iter().filter(|alert| app.silenced(alert).is_some()).count();
    assert_eq!(silenced, 3);
}
