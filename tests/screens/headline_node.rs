//! The headline of one node.

use super::headline::{QUARTER, alert, clock, dollars, fleet, node};

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::reading::{Health, Label};
use margintop::snapshot::{NodeRow, Rule, Snapshot};
use margintop::tui::headline::{Facts, NodeQuarters, QuarterPair, Sentence, node_headline};
use margintop::units::{Money, Span};

/// A node of eight GPUs and an engine in a unit, with nothing wrong.
fn one_node() -> (Snapshot, Arc<NodeRow>) {
    let mut snapshot = fleet(40, 16);
    let name = snapshot.nodes[0].name.to_string();
    let mut row = (*node(&name, Some("decode-7"), &snapshot.nodes[0])).clone();
    (row.revenue_per_hour, row.cost_per_hour) = (Some(dollars(40)), Some(dollars(16)));
    row.profit_per_hour = Some(dollars(24));
    for gpu in &mut row.gpus {
        gpu.state = Health::Live;
    }
    let row = Arc::new(row);
    snapshot.nodes = vec![row.clone()];
    Arc::make_mut(&mut snapshot.engines[0]).node = row.name.clone();
    (snapshot, row)
}

fn quarters(snapshot: &Snapshot, revenue: QuarterPair, cost: QuarterPair) -> NodeQuarters {
    let span = (snapshot.at - QUARTER - QUARTER, snapshot.at);
    NodeQuarters { span, revenue, cost, output: None, prompt: None, hit_rate: None }
}

fn of_node(snapshot: &Snapshot, node: &NodeRow, quarters: Option<&NodeQuarters>) -> String {
    let facts = Facts { snapshot, rate: None, is_past: false, recorded: None, bridge: None, zone: &TimeZone::UTC };
    let sentences = node_headline(&facts, node, quarters);
    for sentence in &sentences {
        let text = sentence.text();
        assert!(text.ends_with('.') && !text.contains("  ") && !text.contains(".."), "{text:?}");
    }
    sentences.iter().map(Sentence::text).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_node_says_what_it_earns() {
    let (snapshot, node) = one_node();
    let words = |change: &dyn Fn(&mut NodeRow)| {
        let mut row = (*node).clone();
        change(&mut row);
        of_node(&snapshot, &row, None)
    };
    assert_eq!(words(&|_| {}), "Earning +$24.00/h. Its 8 GPUs and 1 engine answer, and nothing is wrong.");
    let losing = words(&|row| row.profit_per_hour = Some(dollars(-3)));
    assert_eq!(losing, "Losing $3.00/h. Its 8 GPUs and 1 engine answer.");
    let idle = words(&|row| {
        (row.revenue_per_hour, row.profit_per_hour) = (Some(Money::ZERO), Some(dollars(-16)));
    });
    assert!(idle.starts_with("It earns nothing and costs $16.00/h."), "{idle}");
    let silent = words(&|row| (row.state, row.age_seconds) = (Health::Lost, Some(60.0)));
    let since = clock(snapshot.at - Span::from_secs(60));
    assert!(silent.starts_with(&format!("Silent since {since}.")) && !silent.contains("nothing is wrong"), "{silent}");
    let uncosted = words(&|row| (row.cost_per_hour, row.profit_per_hour) = (None, None));
    assert!(uncosted.starts_with("Revenue $40.00/h; its profit is unknown, as its GPUs have no rate."), "{uncosted}");
    let bare = words(&|row| (row.revenue_per_hour, row.cost_per_hour, row.profit_per_hour) = (None, None, None));
    assert!(bare.starts_with("Neither its price nor its GPU rate is known."), "{bare}");
}

#[test]
fn a_node_whose_model_has_no_price_or_that_has_no_engine_says_so() {
    let (mut snapshot, node) = one_node();
    let mut row = (*node).clone();
    (row.revenue_per_hour, row.profit_per_hour) = (None, None);
    snapshot.models.iter_mut().for_each(|row| row.money.list = None);
    let model = snapshot.engines[0].model.clone().unwrap();
    assert_eq!(
        of_node(&snapshot, &row, None),
        format!("It costs $16.00/h; what it earns is unknown. {model} has no price: write a [[price]].")
    );
    let mut engine = (*snapshot.engines[0]).clone();
    (engine.node, engine.unit) = (margintop::reading::NodeName::new("another"), row.unit.clone());
    snapshot.engines = vec![Arc::new(engine)];
    let words = of_node(&snapshot, &row, None);
    assert!(
        words.starts_with("It costs $16.00/h; no engine answers on it, those of decode-7 answer on other nodes."),
        "{words}"
    );
    snapshot.engines.clear();
    let words = of_node(&snapshot, &row, None);
    assert!(words.starts_with("It costs $16.00/h; no engine answers on it."), "{words}");
}

#[test]
fn a_node_says_how_it_changed_and_why_where_its_past_shows_it() {
    let (snapshot, node) = one_node();
    let base = quarters(&snapshot, Some((60.0, 40.0)), Some((16.0, 16.0)));
    let then = clock(base.span.0);
    let less = format!("Earning +$24.00/h, $20.00/h less than at {then}.");
    let words = |quarters: NodeQuarters| of_node(&snapshot, &node, Some(&quarters));
    let traffic = words(NodeQuarters { output: Some((900.0, 600.0)), prompt: Some((100.0, 90.0)), ..base });
    assert_eq!(traffic, format!("{less} Less traffic −$20.00/h: output −33 %."));
    let hits = words(NodeQuarters { output: Some((900.0, 901.0)), hit_rate: Some((0.5, 0.62)), ..base });
    assert_eq!(hits, format!("{less} More cached prompts −$20.00/h: hits 50.0 → 62.0 %."));
    // Neither tokens nor hits moved that way: what lowered the revenue is not known.
    let unknown = words(NodeQuarters { output: Some((900.0, 950.0)), hit_rate: Some((0.62, 0.5)), ..base });
    assert_eq!(unknown, format!("{less} Less revenue −$20.00/h."));
    let cost = words(quarters(&snapshot, Some((40.0, 40.0)), Some((10.0, 16.0))));
    assert!(cost.ends_with("A higher cost −$6.00/h."), "{cost}");
    let same = words(quarters(&snapshot, Some((40.0, 40.1)), Some((16.0, 16.0))));
    assert!(same.contains(&format!("about as at {then}. Its 8 GPUs")), "{same}");
    // Of a quarter hour that was not watched nothing is said.
    let young = words(quarters(&snapshot, Some((60.0, 40.0)), None));
    assert!(!young.contains(" at "), "{young}");
}

#[test]
fn a_node_names_the_alert_behind_a_change_only_if_it_began_in_that_time_and_is_of_the_node() {
    let (mut snapshot, node) = one_node();
    let name = node.name.to_string();
    let base =
        NodeQuarters { output: Some((900.0, 600.0)), ..quarters(&snapshot, Some((60.0, 40.0)), Some((16.0, 16.0))) };
    let lost = alert(&snapshot, Rule::GpuLost, &format!("{name} GPU 3"), 300);
    let since = clock(lost.since);
    snapshot.alerts = vec![lost];
    let mut row = (*node).clone();
    row.gpus[3].state = Health::Lost;
    let words = of_node(&snapshot, &row, Some(&base));
    let cause = format!("Less traffic −$20.00/h: output −33 %; {name} GPU 3 has been lost since {since}.");
    assert!(words.contains(&cause), "{words}");
    assert!(words.ends_with("The rent of $2.00/h runs on. Drain the node, then reset or return the GPU."), "{words}");
    assert_eq!(words.matches("has been lost").count(), 1, "{words}");
    // Begun long ago, it is reported, and not as the cause.
    snapshot.alerts[0].since = snapshot.at - Span::from_secs(90_000);
    let words = of_node(&snapshot, &row, Some(&base));
    assert!(words.contains("output −33 %. ") && words.contains("GPU 3 has been lost"), "{words}");
    // Of another node it is no news here.
    snapshot.alerts[0].subject = Label::new("another-node GPU 3");
    let words = of_node(&snapshot, &node, Some(&base));
    assert!(!words.contains("lost"), "{words}");
    // Its unit's is, and so is its engine's.
    for subject in ["decode-7", snapshot.engines[0].target.as_str()] {
        let stalled = alert(&snapshot, Rule::EngineStalled, subject, 200);
        let snapshot = Snapshot { alerts: vec![stalled], ..snapshot.clone() };
        let words = of_node(&snapshot, &node, None);
        assert!(words.contains("has made no token since") && words.ends_with("Restart the engine."), "{words}");
    }
}

#[test]
fn a_silent_node_is_reported_once_with_its_rent() {
    let (mut snapshot, node) = one_node();
    let silent = alert(&snapshot, Rule::NodeSilent, node.name.as_str(), 60);
    let heat = alert(&snapshot, Rule::Throttled, &format!("{} GPU 1", node.name), 90);
    snapshot.alerts = vec![silent, heat];
    let mut row = (*node).clone();
    (row.state, row.age_seconds) = (Health::Lost, Some(60.0));
    let words = of_node(&snapshot, &row, None);
    assert_eq!(words.to_lowercase().matches("silent").count(), 1, "{words}");
    assert!(words.ends_with("The rent of $16.00/h runs on. See whether the node is up."), "{words}");
}
