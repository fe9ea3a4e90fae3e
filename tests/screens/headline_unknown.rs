//! The headline where the profit an hour is not known: the true reason, and what to do.

use std::sync::Arc;

use super::headline::{dollars, fleet, words};
use margintop::reading::{EngineRole, Label, SourceError, SourceErrorKind};
use margintop::snapshot::{Alert, EngineRow, QUARANTINED, Rule, Severity, Snapshot};
use margintop::units::Span;

#[test]
fn what_is_not_known_is_said_with_what_to_do() {
    let mut snapshot = fleet(5, 2);
    snapshot.money.profit_per_hour = None;
    snapshot.money.cost_per_hour = None;
    snapshot.money.unrated_gpus = 8;
    assert_eq!(
        words(&snapshot, None),
        "Revenue $5.00/h; the profit is unknown, as no GPU has a rate. Write a [[lease]]."
    );
    (snapshot.money.revenue_per_hour, snapshot.money.cost_per_hour) = (None, Some(dollars(2)));
    snapshot.models.iter_mut().for_each(|row| row.money.list = None);
    assert_eq!(
        words(&snapshot, None),
        "The GPUs cost $2.00/h; the profit is unknown, as no model has a price. Write a [[price]]."
    );
    snapshot.money.per_hour_preliminary = true;
    assert!(words(&snapshot, None).contains("as no model has a price"), "also at the start");
    snapshot.money.cost_per_hour = None;
    assert_eq!(words(&snapshot, None), "Neither a price nor a GPU rate is known. Write a [[price]] and a [[lease]].");
}

/// A fleet of priced models whose revenue an hour is unknown.
fn without_revenue() -> Snapshot {
    let mut snapshot = fleet(5, 2);
    (snapshot.money.profit_per_hour, snapshot.money.revenue_per_hour) = (None, None);
    snapshot
}

fn of_first_engine(snapshot: &mut Snapshot, change: impl FnOnce(&mut EngineRow)) {
    change(Arc::make_mut(&mut snapshot.engines[0]));
}

#[test]
fn an_unknown_revenue_has_its_own_reason_and_not_a_missing_price() {
    let why = |snapshot: &Snapshot| {
        let words = words(snapshot, None);
        let rest = words.strip_prefix("The GPUs cost $2.00/h; the profit is unknown, as ").map(str::to_owned);
        rest.unwrap_or(words)
    };
    let mut silent = without_revenue();
    silent.coverage.engines_live = 0;
    assert_eq!(why(&silent), "no engine answers.");
    silent.coverage.engines_known = 0;
    silent.engines.clear();
    silent.models.clear();
    assert_eq!(why(&silent), "no engine is found.");
    let mut lacks = without_revenue();
    of_first_engine(&mut lacks, |row| row.output_total = None);
    assert_eq!(why(&lacks), "vllm :8000 has no count of output tokens.");
    of_first_engine(&mut lacks, |row| row.prompt_total = None);
    assert_eq!(why(&lacks), "vllm :8000 has no count of prompt tokens.");
    of_first_engine(&mut lacks, |row| row.role = EngineRole::Decode);
    assert_eq!(why(&lacks), "vllm :8000 has no count of output tokens.", "decode counts no prompts");
    let mut moved = without_revenue();
    of_first_engine(&mut moved, |row| row.note = Some(Label::new(QUARANTINED)));
    assert_eq!(why(&moved), "vllm :8000 has a counter that moved without a known cause.");
    let mut first = without_revenue();
    of_first_engine(&mut first, |row| (row.prompt_per_second, row.output_per_second) = (None, None));
    let one = first.engines[0].clone();
    first.engines.push(one);
    assert_eq!(why(&first), "vllm :8000 and one more engine have no known rate of tokens yet.");
    first.money.per_hour_preliminary = true;
    assert_eq!(words(&first, None), "The GPUs cost $2.00/h; it is too early to say what an hour earns.");
}

#[test]
fn an_unknown_cost_has_its_own_reason_and_not_a_missing_rate() {
    let mut snapshot = fleet(5, 2);
    (snapshot.money.profit_per_hour, snapshot.money.cost_per_hour) = (None, None);
    assert_eq!(words(&snapshot, None), "Revenue $5.00/h; the profit is unknown, as the GPUs have no known cost yet.");
    snapshot.money.per_hour_preliminary = true;
    assert_eq!(words(&snapshot, None), "Revenue $5.00/h; it is too early to say what an hour earns.");
    snapshot.gpus.reporting = 0;
    assert_eq!(words(&snapshot, None), "Revenue $5.00/h; the profit is unknown, as no GPU reports.");
    snapshot.gpus.count = 0;
    assert_eq!(words(&snapshot, None), "Revenue $5.00/h; the profit is unknown, as no GPU is found.");
    snapshot.money.revenue_per_hour = None;
    snapshot.coverage.engines_live = 0;
    assert_eq!(words(&snapshot, None), "The profit is unknown, as no engine answers and no GPU is found.");
}

#[test]
fn a_profit_that_is_known_is_said_however_young() {
    let mut young = fleet(5, 2);
    young.money.per_hour_preliminary = true;
    assert!(words(&young, None).starts_with("Earning +$3.00/h so far."), "{}", words(&young, None));
    (young.money.revenue_per_hour, young.money.cost_per_hour, young.money.profit_per_hour) = (None, None, None);
    assert_eq!(words(&young, None), "It is too early to say what an hour earns.");
}

fn with_alert(mut snapshot: Snapshot, rule: Rule, subject: &str) -> Snapshot {
    let (severity, since) = (Severity::Warning, snapshot.at - Span::from_secs(60));
    let text = Label::new("something is wrong");
    snapshot.alerts = vec![Alert { rule, severity, subject: Label::new(subject), since, text }];
    snapshot
}

/// Class: of a source that fails the headline names a command, which says no more than the source itself.
#[test]
fn a_source_that_fails_has_its_own_remedy() {
    let mut snapshot = with_alert(fleet(5, 2), Rule::SourceMissing, "NVML");
    assert!(words(&snapshot, None).contains("See its alert."), "where it names none");
    let [source, cause] = ["NVML", "the kernel's nvidia driver is not loaded"].map(Label::new);
    for (remedy, ending) in [
        ("run `modprobe nvidia`; see dkms status", "Run `modprobe nvidia`; see dkms status."),
        ("allow it to read /dev/nvidiactl", "Allow it to read /dev/nvidiactl."),
    ] {
        let remedy = Label::new(remedy);
        snapshot.source_errors =
            vec![SourceError { kind: SourceErrorKind::Driver, source: source.clone(), cause: cause.clone(), remedy }];
        let words = words(&snapshot, None);
        assert!(words.ends_with(ending) && !words.contains("margintop"), "{words}");
    }
}

/// Class: rent that is known of each node is left out, since there is no one rate.
#[test]
fn what_stands_still_costs_its_own_rent_where_rates_differ() {
    let mut snapshot = fleet(30, 5);
    let node = snapshot.nodes[0].clone();
    let mut own = (*node).clone();
    own.cost_per_hour = Some(dollars(16));
    snapshot.nodes[0] = Arc::new(own);
    let rate = snapshot.money.rates[0].clone();
    snapshot.money.rates = vec![rate.clone(), rate];
    let silent = with_alert(snapshot.clone(), Rule::NodeSilent, node.name.as_str());
    assert!(words(&silent, None).contains("The rent of $16.00/h runs on."), "{}", words(&silent, None));
    let lost = with_alert(snapshot, Rule::GpuLost, &format!("{} GPU 3", node.name));
    assert!(words(&lost, None).contains("The rent of $2.00/h runs on."), "{}", words(&lost, None));
}

/// Class: "nothing is wrong" beside alerts that the headline does not tell.
#[test]
fn nothing_is_wrong_only_without_any_alert() {
    use margintop::snapshot::Severity;
    let said = |snapshot: &margintop::snapshot::Snapshot| {
        let facts = margintop::tui::headline::Facts {
            snapshot,
            rate: None,
            is_past: false,
            bridge: None,
            recorded: None,
            zone: &jiff::tz::TimeZone::UTC,
        };
        let all = margintop::tui::headline::headline(&facts);
        let node = margintop::tui::headline::node_headline(&facts, &snapshot.nodes[0], None);
        [all, node].map(|sentences| {
            sentences.iter().map(margintop::tui::headline::Sentence::text).collect::<Vec<_>>().join(" ")
        })
    };
    let mut snapshot = crate::headline::fleet(40, 30);
    let [fleet, node] = said(&snapshot);
    assert!(fleet.contains("nothing is wrong") && node.contains("nothing is wrong"), "{fleet} / {node}");
    let subject = format!("{} GPU 0", snapshot.nodes[0].name);
    let text = "something to know";
    snapshot.alerts =
        vec![crate::samples::alert(margintop::snapshot::Rule::Throttled, Severity::Info, &subject, snapshot.at, text)];
    let [fleet, node] = said(&snapshot);
    assert!(!fleet.contains("nothing is wrong") && !node.contains("nothing is wrong"), "{fleet} / {node}");
    assert!(fleet.contains("answer") && node.contains("answer"), "{fleet} / {node}");
}

/// Class: a dashboard that is cut off from its hub says that the fleet is down.
#[test]
fn a_silent_hub_is_named_and_not_its_fleet() {
    let mut snapshot = fleet(5, 2);
    (snapshot.coverage.nodes_live, snapshot.coverage.engines_live) = (0, 0);
    (snapshot.money.profit_per_hour, snapshot.money.revenue_per_hour) = (None, None);
    let alert = Alert {
        rule: Rule::HubSilent,
        severity: Severity::Critical,
        subject: Label::new("http://hub:9546"),
        since: snapshot.at,
        text: Label::new("no snapshot for 4 s: connection refused (it is asked again)"),
    };
    snapshot.alerts.insert(0, alert);
    let said = words(&snapshot, None);
    assert!(said.starts_with("The hub http://hub:9546 has been silent since "), "{said}");
    assert!(said.contains("figures are of then") && !said.contains("No source answers"), "{said}");
    assert!(said.ends_with("See whether the hub is up and reached from here."), "{said}");
}
