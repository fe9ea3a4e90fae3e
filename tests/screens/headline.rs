//! The headline in every situation: whole sentences, and no cause that the data does not show.

use crate::samples;

use std::sync::Arc;

use jiff::tz::TimeZone;
use margintop::reading::Label;
use margintop::snapshot::{Alert, NodeRow, Rule, Severity, Snapshot};
use margintop::statement::{Bridge, Cause, Compared, Mover};
use margintop::tui::headline::{Facts, Sentence, Tone, headline};
use margintop::units::{Money, Span, Timestamp};

pub const QUARTER: Span = Span::from_secs(900);

pub fn dollars(amount: i64) -> Money {
    Money::from_micros(amount * 1_000_000)
}

/// A fleet that earns so much an hour, with nothing wrong.
pub fn fleet(revenue: i64, cost: i64) -> Snapshot {
    let mut snapshot = samples::one_box(8, 0);
    snapshot.alerts.clear();
    let money = &mut snapshot.money;
    (money.revenue_per_hour, money.cost_per_hour) = (Some(dollars(revenue)), Some(dollars(cost)));
    money.profit_per_hour = Some(dollars(revenue - cost));
    (money.per_hour_preliminary, money.unpriced_tokens, money.uncosted_engines) = (false, 0, 0);
    money.ledger.write_error = None;
    snapshot.resuming = false;
    (snapshot.coverage.nodes_known, snapshot.coverage.nodes_live) = (1, 1);
    (snapshot.coverage.engines_known, snapshot.coverage.engines_live) = (1, 1);
    (snapshot.tokens.output_per_second, snapshot.tokens.prompt_per_second) = (Some(1000.0), Some(4000.0));
    snapshot
}

pub fn node(name: &str, unit: Option<&str>, like: &NodeRow) -> Arc<NodeRow> {
    let unit = unit.map(margintop::reading::UnitName::new);
    Arc::new(NodeRow { name: margintop::reading::NodeName::new(name), unit, ..like.clone() })
}

pub fn alert(snapshot: &Snapshot, rule: Rule, subject: &str, ago: i64) -> Alert {
    let since = snapshot.at - Span::from_secs(ago);
    let (severity, text) = (Severity::Critical, Label::new("something is wrong"));
    Alert { rule, severity, subject: Label::new(subject), since, text }
}

/// A bridge over two quarter hours that ends now.
pub fn bridge(at: Timestamp, before: i64, parts: &[(Cause, i64)]) -> Bridge {
    let of = |cause: Cause| parts.iter().filter(|(part, _)| *part == cause).map(|(_, amount)| *amount).sum::<i64>();
    let after = before + parts.iter().map(|(_, amount)| amount).sum::<i64>();
    Bridge {
        before_span: (at - QUARTER - QUARTER, at - QUARTER),
        after_span: (at - QUARTER, at),
        compared: Compared { whole: QUARTER, before: QUARTER, after: QUARTER, both: QUARTER },
        before: dollars(before),
        after: dollars(after),
        parts: Cause::ALL.map(|cause| (cause, dollars(of(cause)))),
        cost_known: true,
        unpriced: [false; 2],
        models: Vec::new(),
        units: Vec::new(),
        nodes: Vec::new(),
    }
}

pub fn movers(list: &[(&str, i64)]) -> Vec<Mover> {
    let mover = |(key, by): &(&str, i64)| Mover { key: Label::new(key), before: dollars(0), after: dollars(*by) };
    list.iter().map(mover).collect()
}

pub fn sentences(snapshot: &Snapshot, bridge: Option<&Bridge>) -> Vec<Sentence> {
    headline(&Facts { snapshot, rate: None, is_past: false, recorded: None, bridge, zone: &TimeZone::UTC })
}

/// The headline's words.
pub fn words(snapshot: &Snapshot, bridge: Option<&Bridge>) -> String {
    let sentences = sentences(snapshot, bridge);
    for sentence in &sentences {
        let text = sentence.text();
        assert!(text.ends_with('.') && !text.contains("  "), "{text:?}");
        let begins_with_a_name = text.contains(" has ") || text.contains(" cannot ");
        assert!(begins_with_a_name || text.starts_with(|first: char| !first.is_ascii_lowercase()), "{text:?}");
    }
    sentences.iter().map(Sentence::text).collect::<Vec<_>>().join(" ")
}

pub fn clock(at: Timestamp) -> String {
    margintop::tui::format::clock_minute(at, &TimeZone::UTC).trim().to_owned()
}

#[test]
fn all_is_well() {
    let mut snapshot = fleet(30_000, 5_476);
    assert_eq!(words(&snapshot, None), "Earning +$24,524/h. 1 node and 1 engine answer, and nothing is wrong.");
    snapshot.coverage.nodes_known = 0;
    snapshot.coverage.nodes_live = 0;
    assert_eq!(words(&snapshot, None), "Earning +$24,524/h. 1 engine answers, and nothing is wrong.");
    snapshot.coverage.engines_live = 0;
    snapshot.coverage.engines_known = 2;
    snapshot.coverage.nodes_live = 1;
    assert_eq!(words(&snapshot, None), "Earning +$24,524/h.", "one does not answer");
}

#[test]
fn the_state_is_a_profit_a_loss_or_neither() {
    assert!(words(&fleet(2, 5), None).starts_with("Losing $3.00/h."));
    let mut bound = fleet(2, 5);
    bound.money.upper_bound = true;
    assert!(words(&bound, None).starts_with("Losing $3.00/h or more."), "{}", words(&bound, None));
    assert!(words(&fleet(5, 5), None).starts_with("At break-even."));
    let mut idle = fleet(0, 16);
    (idle.tokens.output_per_second, idle.tokens.prompt_per_second) = (Some(0.0), Some(0.0));
    (idle.requests.running, idle.requests.waiting) = (Some(0), Some(0));
    assert!(words(&idle, None).starts_with("Idle: the GPUs cost $16.00/h."));
    idle.requests.running = Some(2);
    assert!(words(&idle, None).starts_with("Losing $16.00/h."), "requests run");
}

#[test]
fn where_nothing_can_be_said_it_is_said_why() {
    let mut asleep = fleet(5, 2);
    asleep.resuming = true;
    assert_eq!(words(&asleep, None), "This machine slept or was stopped; no source has answered since.");
    let mut dead = fleet(5, 2);
    (dead.coverage.nodes_live, dead.coverage.engines_live) = (0, 0);
    assert_eq!(words(&dead, None), "No source answers: the figures are the last known, and the rent runs on.");
    let mut nothing = fleet(0, 0);
    nothing.coverage = margintop::snapshot::Coverage::default();
    assert_eq!(words(&nothing, None), "Nothing is watched yet.");
    let mut unwritten = fleet(5, 2);
    unwritten.money.ledger.write_error = Some(Label::new("the disk is full; free some space"));
    assert_eq!(words(&unwritten, None), "The ledger is not written: the disk is full; free some space.");
}

#[test]
fn a_change_is_reported_with_what_it_is_of() {
    let snapshot = fleet(30_000, 5_476);
    let then = clock(snapshot.at - QUARTER);
    let less = bridge(snapshot.at, 26_524, &[(Cause::Traffic, -2_084), (Cause::HitRate, 84)]);
    assert_eq!(
        words(&snapshot, Some(&less)),
        format!("Earning +$24,524/h, $2,000/h less than at {then}. Less traffic −$2,084/h.")
    );
    let more = bridge(snapshot.at, 20_000, &[(Cause::Price, 4_524)]);
    assert!(
        words(&snapshot, Some(&more))
            .starts_with(&format!("Earning +$24,524/h, $4,524/h more than at {then}. Higher prices +$4,524/h."))
    );
    let same = bridge(snapshot.at, 24_500, &[(Cause::Traffic, 24)]);
    assert!(
        words(&snapshot, Some(&same)).starts_with(&format!("Earning +$24,524/h, about as at {then}. 1 node")),
        "noise is no change, and has no cause"
    );
    let first = &sentences(&snapshot, Some(&less))[0];
    let shorter = first.shorter.iter().map(|form| form.iter().map(|part| part.text.as_str()).collect::<String>());
    assert_eq!(shorter.collect::<Vec<_>>(), ["Earning +$24,524/h, $2,000/h less.", "Earning +$24,524/h."]);
}

/// Class: a rate of this moment beside a change of the minute before it.
#[test]
fn the_rate_less_its_change_is_the_profit_of_the_compared_minute() {
    let snapshot = fleet(30_000, 5_476);
    let then = clock(snapshot.at - QUARTER);
    let said = |rate: i64, parts: &[(Cause, i64)]| {
        let bridge = bridge(snapshot.at, 26_000, parts);
        let facts = Facts {
            snapshot: &snapshot,
            rate: Some(dollars(rate)),
            is_past: false,
            recorded: None,
            bridge: Some(&bridge),
            zone: &TimeZone::UTC,
        };
        headline(&facts).iter().map(Sentence::text).collect::<Vec<_>>().join(" ")
    };
    let fell = [(Cause::Traffic, -2_000)];
    let less = format!("Earning +$25,000/h, $1,000/h less than at {then}. Less traffic −$2,000/h.");
    assert_eq!(said(25_000, &fell), less);
    // The present moved on to the other side: the last minute's cause is not its cause.
    let more = said(28_000, &fell);
    assert!(more.starts_with(&format!("Earning +$28,000/h, $2,000/h more than at {then}. ")), "{more}");
    assert!(!more.contains("traffic"), "{more}");
    let as_then = said(26_010, &fell);
    assert!(as_then.contains(&format!("about as at {then}")) && !as_then.contains("traffic"), "{as_then}");
}

#[test]
fn each_cause_has_its_words() {
    let mut snapshot = fleet(30_000, 5_476);
    let mut word = |cause, amount| {
        snapshot.money.profit_per_hour = Some(dollars(20_000 + amount));
        let bridge = bridge(snapshot.at, 20_000, &[(cause, amount)]);
        sentences(&snapshot, Some(&bridge))[1].text()
    };
    assert_eq!(word(Cause::Traffic, 3_000), "More traffic +$3,000/h.");
    assert_eq!(word(Cause::Mix, -3_000), "Other models or lengths −$3,000/h.");
    assert_eq!(word(Cause::HitRate, -3_000), "More cached prompts −$3,000/h.");
    assert_eq!(word(Cause::Price, -3_000), "Lower prices −$3,000/h.");
    assert_eq!(word(Cause::Unpriced, -3_000), "Tokens that lost their price −$3,000/h.");
    assert_eq!(word(Cause::Gpus, -3_000), "More GPUs at work −$3,000/h.");
    assert_eq!(word(Cause::Idle, -3_000), "More idle GPUs −$3,000/h.");
    assert_eq!(word(Cause::Idle, 3_000), "Fewer idle GPUs +$3,000/h.");
}

#[test]
fn the_place_and_the_alert_of_a_cause_are_named_where_the_data_shows_them() {
    let mut snapshot = fleet(30_000, 5_476);
    let like = snapshot.nodes[0].clone();
    snapshot.nodes = vec![node("gpu-1", Some("decode-7"), &like), node("gpu-2", Some("decode-8"), &like)];
    let mut less = bridge(snapshot.at, 26_524, &[(Cause::Traffic, -2_000)]);
    less.units = movers(&[("decode-7", -1_900), ("decode-8", -100)]);
    assert!(words(&snapshot, Some(&less)).contains("Less traffic −$2,000/h, mostly decode-7."));

    snapshot.alerts = vec![alert(&snapshot, Rule::GpuLost, "gpu-1 GPU 3", 600)];
    let since = clock(snapshot.alerts[0].since);
    let text = words(&snapshot, Some(&less));
    assert!(text.contains(&format!("Less traffic −$2,000/h: gpu-1 GPU 3 has been lost since {since}.")), "{text}");
    assert!(text.ends_with("Drain the node, then reset or return the GPU."), "{text}");
    assert_eq!(text.matches("has been lost").count(), 1, "the alert is reported once: {text}");

    snapshot.alerts[0].since = snapshot.at - Span::from_secs(7200);
    let text = words(&snapshot, Some(&less));
    assert!(text.contains("mostly decode-7."), "an alert of before the compared time is no cause: {text}");
    snapshot.alerts[0].since = snapshot.at;
    let text = words(&snapshot, Some(&less));
    assert!(text.contains("mostly decode-7."), "nor is one of a moment ago: {text}");
    snapshot.alerts =
        vec![alert(&snapshot, Rule::GpuLost, "gpu-1 GPU 3", 600), alert(&snapshot, Rule::GpuLost, "gpu-9", 60)];
    let text = words(&snapshot, Some(&less));
    assert!(text.contains(&format!("has been lost since {since}, and one more.")), "{text}");
    snapshot.alerts = vec![alert(&snapshot, Rule::GpuLost, "gpu-2 GPU 3", 600)];
    assert!(words(&snapshot, Some(&less)).contains("mostly decode-7."), "nor one elsewhere");
    snapshot.alerts = vec![alert(&snapshot, Rule::GpuLost, "gpu-10 GPU 3", 600)];
    assert!(words(&snapshot, Some(&less)).contains("mostly decode-7."), "gpu-10 is not gpu-1");

    less.units = movers(&[("decode-7", -600), ("decode-8", -500)]);
    assert!(words(&snapshot, Some(&less)).contains("Less traffic −$2,000/h. "), "no unit has half of it");
    less.units = movers(&[("decode-7", 1_900), ("decode-8", -500)]);
    assert!(words(&snapshot, Some(&less)).contains("Less traffic −$2,000/h. "), "it moved the other way");
    less.units = movers(&[("decode-7", -2_000)]);
    assert!(words(&snapshot, Some(&less)).contains("Less traffic −$2,000/h. "), "the only one says nothing");

    // A full cache may explain the change; the GPU that was lost meanwhile is reported all the same.
    less.units = movers(&[("decode-7", -1_900), ("decode-8", -100)]);
    let full = Alert { severity: Severity::Warning, ..alert(&snapshot, Rule::KvNearFull, "gpu-1", 600) };
    snapshot.alerts = vec![alert(&snapshot, Rule::GpuLost, "gpu-2 GPU 3", 60), full];
    let text = words(&snapshot, Some(&less));
    let (full, lost) = (text.find("gpu-1 has had a full KV cache"), text.find("gpu-2 GPU 3 has been lost"));
    assert!(full.is_some() && full < lost, "{text}");
    assert!(sentences(&snapshot, Some(&less))[2].is_dependent, "what to do speaks of the cause: {text}");
}

#[test]
fn no_cause_is_reported_that_explains_little_or_is_not_known() {
    let snapshot = fleet(30_000, 5_476);
    let parts = Cause::ALL.map(|cause| (cause, -300));
    assert!(!words(&snapshot, Some(&bridge(snapshot.at, 27_000, &parts))).contains("−$300"), "a seventh each");
    let mut unknown = bridge(snapshot.at, 26_524, &[(Cause::Traffic, -2_000)]);
    unknown.cost_known = false;
    assert!(words(&snapshot, Some(&unknown)).starts_with("Earning +$24,524/h. "));
    let mut unwatched = bridge(snapshot.at, 26_524, &[(Cause::Traffic, -2_000)]);
    unwatched.compared.both = Span::from_secs(300);
    assert!(words(&snapshot, Some(&unwatched)).starts_with("Earning +$24,524/h. "), "a third of it was watched");
}

#[test]
fn the_gravest_alert_is_reported_with_its_cost_and_what_to_do() {
    let mut snapshot = fleet(30, 5);
    let node = snapshot.nodes[0].name.to_string();
    let cases = [
        (Rule::GpuLost, "has been lost since"),
        (Rule::NodeSilent, "has been silent since"),
        (Rule::EngineSilent, "has not answered since"),
        (Rule::EngineStalled, "has made no token since"),
        (Rule::KvNearFull, "has had a full KV cache and a queue since"),
        (Rule::Throttled, "has been throttled by heat or power-capped since"),
        (Rule::Disputed, "has disputed movements"),
        (Rule::ProbablySame, "under another name"),
        (Rule::SourceMissing, "cannot be read here"),
    ];
    for (rule, what) in cases {
        snapshot.alerts = vec![alert(&snapshot, rule, &node, 60)];
        let text = sentences(&snapshot, None);
        assert!(text[1].text().contains(what) && text[1].parts[0].tone == Tone::Critical, "{text:?}");
        assert_eq!(text.last().unwrap().parts[0].tone, Tone::Action, "{text:?}");
    }
    snapshot.alerts = (0..3).map(|gpu| alert(&snapshot, Rule::GpuLost, &format!("{node} GPU {gpu}"), 60)).collect();
    assert!(words(&snapshot, None).contains(", and 2 more."), "{}", words(&snapshot, None));
    snapshot.alerts.iter_mut().for_each(|alert| alert.severity = Severity::Info);
    assert!(!words(&snapshot, None).contains("has been lost"), "a remark is no headline");
}

#[test]
fn what_stands_still_costs_its_rent_where_one_rate_holds() {
    let mut snapshot = fleet(30, 5);
    let gpus = i64::try_from(snapshot.nodes[0].gpus.len()).unwrap();
    let node = snapshot.nodes[0].name.to_string();
    let rate = snapshot.money.rates[0].clone();
    snapshot.money.rates = vec![rate.clone()];
    let own = snapshot.nodes[0].clone();
    snapshot.nodes[0] = Arc::new(NodeRow { cost_per_hour: None, ..(*own).clone() });
    snapshot.alerts = vec![alert(&snapshot, Rule::NodeSilent, &node, 60)];
    let rent = Money::from_micros(rate.rate.micros() * gpus);
    let rent = margintop::tui::format::amount(Some(rent), "USD", 2);
    assert!(words(&snapshot, None).contains(&format!("The rent of {rent}/h runs on.")), "{}", words(&snapshot, None));
    snapshot.money.rates = vec![rate.clone(), rate];
    assert!(!words(&snapshot, None).contains("rent"), "which rate it is is not known here");
}

#[test]
fn money_that_is_not_known_is_said() {
    let mut snapshot = fleet(30, 5);
    snapshot.money.unpriced_tokens = 12_300_000;
    assert!(words(&snapshot, None).contains("12.3M tokens have no price: the revenue is at least that."));
    snapshot.money.uncosted_engines = 1;
    assert!(words(&snapshot, None).contains("1 engine has no known cost and has no part in the profit."));
    snapshot.money.uncosted_engines = 2;
    assert!(words(&snapshot, None).contains("2 engines have no known cost and have no part in the profit."));
}

#[test]
fn a_model_without_a_price_is_named_while_it_serves() {
    let mut snapshot = fleet(30, 5);
    snapshot.money.unpriced_tokens = 12_300_000;
    let model = snapshot.models.first_mut().unwrap();
    model.money.list = None;
    model.output_per_second = Some(40.0);
    let name = model.model.to_string();
    snapshot.money.compare = None;
    let said = words(&snapshot, None);
    assert!(said.starts_with("Earning +$25.00/h or more."), "{said}");
    assert!(said.contains(&format!("{name} has no price: write a [[price]].")), "{said}");
    let (amount, per_hour) = (dollars(9), Some(dollars(151)));
    snapshot.money.compare =
        Some(margintop::snapshot::ValueAtList { list: Label::new("deepseek-r1"), amount, per_hour });
    let said = words(&snapshot, None);
    assert!(said.contains("; its tokens are worth ≈ $151.00/h at deepseek-r1."), "{said}");
    snapshot.models.first_mut().unwrap().output_per_second = Some(0.0);
    snapshot.models.first_mut().unwrap().prompt_per_second = Some(0.0);
    let said = words(&snapshot, None);
    assert!(said.starts_with("Earning +$25.00/h.") && said.contains("12.3M tokens have no price"), "{said}");
}

#[test]
fn the_state_is_the_rate_that_stands_beside_it() {
    let snapshot = fleet(30, 5);
    let facts = Facts {
        snapshot: &snapshot,
        rate: Some(dollars(27)),
        is_past: false,
        recorded: None,
        bridge: None,
        zone: &TimeZone::UTC,
    };
    let first = headline(&facts).first().map(Sentence::text).unwrap();
    assert_eq!(first, "Earning +$27.00/h.");
}

/// Class: a word about who answers, of an instant of which that is not recorded.
#[test]
fn of_an_earlier_instant_nothing_is_said_to_be_well() {
    let snapshot = fleet(30, 5);
    let facts =
        Facts { snapshot: &snapshot, rate: None, is_past: true, recorded: None, bridge: None, zone: &TimeZone::UTC };
    assert_eq!(headline(&facts).iter().map(Sentence::text).collect::<Vec<_>>(), ["Earning +$25.00/h."]);
}
