//! Where it burns: each line from what is known, the dearest first.

use crate::samples;

use std::sync::Arc;

use margintop::burn::{Reason, ReasonLine, lines};
use margintop::reading::{EngineKind, EngineRole, Health, Label, ModelName, NodeName, Throttle, UnitName};
use margintop::snapshot::{LeakageView, NodeRow, RateBasis, RequestRates, Snapshot, ValueAtList};
use margintop::units::{Megahertz, Money, Ratio, Tokens};

fn dollars(amount: i64) -> Money {
    Money::from_micros(amount * 1_000_000)
}

/// One box of four GPUs that burns nothing.
fn snapshot() -> Snapshot {
    let mut snapshot = samples::one_box(4, 0);
    let mut node = (*snapshot.nodes[0]).clone();
    (node.name, node.cost_per_hour, node.idle_per_hour) = (NodeName::new("gpu-1"), None, None);
    node.gpus.iter_mut().for_each(|gpu| (gpu.state, gpu.throttle) = (Health::Live, None));
    snapshot.nodes = vec![Arc::new(node)];
    snapshot.engines.clear();
    snapshot.units.clear();
    snapshot.models.clear();
    let money = &mut snapshot.money;
    (money.idle_cost, money.leakage, money.compare, money.unpriced_tokens) = (None, None, None, 0);
    money.profit_beside_models.clear();
    money.rates.truncate(1);
    snapshot
}

fn on_node(snapshot: &mut Snapshot, change: impl FnOnce(&mut NodeRow)) {
    let mut node = (*snapshot.nodes[0]).clone();
    change(&mut node);
    snapshot.nodes[0] = Arc::new(node);
}

/// The only line.
fn only(snapshot: &Snapshot) -> ReasonLine {
    let mut lines = lines(snapshot);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

#[test]
fn where_nothing_burns_no_line_is_said() {
    assert_eq!(lines(&snapshot()), []);
}

#[test]
fn idle_gpus_cost_their_rent() {
    let mut snapshot = snapshot();
    snapshot.money.idle_cost = Some(dollars(3));
    on_node(&mut snapshot, |node| node.idle_per_hour = Some(dollars(8)));
    let line = only(&snapshot);
    assert_eq!((line.reason, line.per_hour, line.today), (Reason::Idle, Some(dollars(8)), Some(dollars(3))));
    assert_eq!(line.what, "gpu-1, 4 GPUs");
    on_node(&mut snapshot, |node| node.idle_per_hour = Some(Money::ZERO));
    assert_eq!((only(&snapshot).per_hour, only(&snapshot).what), (Some(Money::ZERO), "none at present".to_owned()));
}

#[test]
fn a_gpu_that_does_not_answer_is_silent_and_not_idle_as_well() {
    let mut snapshot = snapshot();
    on_node(&mut snapshot, |node| {
        (node.cost_per_hour, node.idle_per_hour) = (Some(dollars(8)), Some(dollars(8)));
        node.gpus[3].state = Health::Lost;
    });
    let found = lines(&snapshot);
    let costs: Vec<_> = found.iter().map(|line| (line.reason, line.per_hour, line.what.as_str())).collect();
    let (idle, silent) = (Some(dollars(6)), Some(dollars(2)));
    let expected = [(Reason::Idle, idle, "gpu-1, 3 GPUs"), (Reason::Silent, silent, "gpu-1, 1 GPU, the rent runs on")];
    assert_eq!(costs, expected, "the rent of 4 GPUs is $8");
    on_node(&mut snapshot, |node| node.gpus.iter_mut().for_each(|gpu| gpu.state = Health::Lost));
    let line = only(&snapshot);
    assert_eq!((line.reason, line.per_hour), (Reason::Silent, Some(dollars(8))));
}

#[test]
fn silent_gpus_cost_their_part_of_the_node_or_the_one_rate() {
    let mut snapshot = snapshot();
    on_node(&mut snapshot, |node| {
        (node.gpus[0].state, node.gpus[1].state, node.cost_per_hour) = (Health::Lost, Health::Stale, None);
    });
    let rate = snapshot.money.rates[0].clone();
    let line = only(&snapshot);
    assert_eq!((line.reason, line.per_hour), (Reason::Silent, Some(Money::from_micros(2 * rate.rate.micros()))));
    assert_eq!(line.what, "gpu-1, 2 GPUs, the rent runs on");
    snapshot.money.rates.push(rate);
    assert_eq!(only(&snapshot).per_hour, None);
    on_node(&mut snapshot, |node| node.cost_per_hour = Some(dollars(30)));
    assert_eq!(only(&snapshot).per_hour, Some(dollars(15)));
}

#[test]
fn a_gpu_that_is_throttled_loses_what_its_clock_lacks() {
    let mut snapshot = snapshot();
    on_node(&mut snapshot, |node| {
        node.cost_per_hour = Some(dollars(16));
        node.gpus.iter_mut().for_each(|gpu| gpu.sm_clock_mhz = Some(Megahertz::new(1_980)));
        node.gpus[2].sm_clock_mhz = Some(Megahertz::new(1_485));
        node.gpus[2].throttle = Some(Throttle { power: false, thermal: true, hardware: false });
    });
    let line = only(&snapshot);
    assert_eq!((line.reason, line.per_hour), (Reason::Throttled, Some(dollars(1))), "a quarter of $4");
    assert!(line.reason.is_estimate());
    assert_eq!(line.what, "gpu-1, 1 GPU throttled by heat or power");
    on_node(&mut snapshot, |node| {
        let gpu = node.gpus[2].clone();
        node.gpus.iter_mut().for_each(|other| other.throttle = gpu.throttle);
    });
    assert_eq!(only(&snapshot).per_hour, None, "no full clock is seen");
}

#[test]
fn preempted_work_is_done_again() {
    let mut snapshot = snapshot();
    on_node(&mut snapshot, |node| node.cost_per_hour = Some(dollars(30)));
    let mut row = samples::engine(0, 0, EngineKind::named("vllm"), "m", EngineRole::Unified, 1.0, 1.0);
    row.node = NodeName::new("gpu-1");
    row.requests_per_minute = RequestRates { ended: Some(297.0), preempted: Some(3.0), ..RequestRates::default() };
    snapshot.engines = vec![Arc::new(row.clone())];
    let line = only(&snapshot);
    assert_eq!((line.reason, line.per_hour), (Reason::Preempted, dollars(30).scaled(1, 100)));
    assert_eq!(line.what, "gpu-1 first, 3 requests a minute redone");
    row.requests_per_minute.ended = None;
    snapshot.engines = vec![Arc::new(row.clone())];
    assert_eq!((only(&snapshot).per_hour, only(&snapshot).what), (None, "3 requests a minute redone".to_owned()));
    row.requests_per_minute.preempted = Some(0.0);
    snapshot.engines = vec![Arc::new(row)];
    assert_eq!(lines(&snapshot), []);
}

#[test]
fn aborted_work_and_unpriced_tokens_have_their_worth() {
    let mut snapshot = snapshot();
    // The engines' own counters began long before the day.
    snapshot.tokens.output_total = Some(Tokens::new(900_000));
    let leakage = LeakageView { prompt_tokens: 50, output_tokens: 110, amount: Some(dollars(2)), of_output: 10_000 };
    snapshot.money.leakage = Some(leakage);
    let line = only(&snapshot);
    assert_eq!((line.reason, line.today), (Reason::Aborted, Some(dollars(2))));
    // A rate of 25 a second is nine times the output of the day in an hour.
    snapshot.tokens.output_per_second = Some(25.0);
    assert_eq!(only(&snapshot).per_hour, Some(dollars(18)), "the same share of the present output");
    snapshot.tokens.output_per_second = None;
    assert_eq!(line.what, "1.1 % of the output");
    snapshot.money.leakage =
        Some(LeakageView { prompt_tokens: -5, output_tokens: -7, amount: Some(dollars(-1)), of_output: 10_000 });
    assert_eq!(lines(&snapshot), [], "more finished than was begun");

    snapshot.money.leakage = None;
    snapshot.money.unpriced_tokens = 1_000_000;
    snapshot.models = vec![samples::model("qwen3-32b", 1.0, 1.0, None, None)];
    snapshot.models[0].money.cost_per_hour = Some(dollars(16));
    let worth = ValueAtList { list: Label::new("qwen3-32b-2026"), amount: dollars(8), per_hour: Some(dollars(31)) };
    snapshot.money.compare = Some(worth);
    let line = only(&snapshot);
    // What the tokens would be worth is no cost: it stands in the headline.
    assert_eq!((line.reason, line.per_hour, line.today), (Reason::Unpriced, Some(dollars(16)), None));
    assert_eq!(line.what, "qwen3-32b, its rent");
    assert_eq!(snapshot.models[0].model, ModelName::new("qwen3-32b"));
}

/// Class: the rent of a GPU on two lines. A node without a price that is silent cost twice.
#[test]
fn what_is_silent_does_not_cost_as_unpriced_as_well() {
    let mut snapshot = snapshot();
    snapshot.money.unpriced_tokens = 1_000_000;
    snapshot.models = vec![samples::model("qwen3-32b", 1.0, 1.0, None, None)];
    snapshot.models[0].money.cost_per_hour = Some(dollars(16));
    let mut engine = samples::engine(0, 0, EngineKind::named("vllm"), "qwen3-32b", EngineRole::Unified, 1.0, 1.0);
    engine.node = NodeName::new("gpu-1");
    snapshot.engines = vec![Arc::new(engine)];
    on_node(&mut snapshot, |node| node.cost_per_hour = Some(dollars(16)));
    let amounts = |snapshot: &Snapshot| {
        lines(snapshot).iter().map(|line| (line.reason, line.per_hour.unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(amounts(&snapshot), [(Reason::Unpriced, dollars(16))]);
    on_node(&mut snapshot, |node| node.gpus[0].state = Health::Lost);
    assert_eq!(amounts(&snapshot), [(Reason::Unpriced, dollars(12)), (Reason::Silent, dollars(4))]);
    on_node(&mut snapshot, |node| node.gpus.iter_mut().for_each(|gpu| gpu.state = Health::Stale));
    assert_eq!(amounts(&snapshot), [(Reason::Silent, dollars(16)), (Reason::Unpriced, Money::ZERO)]);
}

#[test]
fn a_unit_far_below_its_role_is_an_estimate() {
    let mut snapshot = snapshot();
    let unit = |name: &str, role: EngineRole, load: f64| {
        let mut unit = samples::unit(name, role, 1, 0, 0);
        (unit.unit, unit.utilization, unit.cost_per_hour) =
            (UnitName::new(name), Ratio::of(load, 100.0), Some(dollars(100)));
        unit
    };
    snapshot.units = vec![
        unit("p-1", EngineRole::Prefill, 80.0),
        unit("p-2", EngineRole::Prefill, 80.0),
        unit("p-3", EngineRole::Prefill, 20.0),
    ];
    let line = only(&snapshot);
    let expected = dollars(100).scaled(66_667, 100_000);
    assert_eq!((line.reason, line.per_hour), (Reason::BelowMean, expected), "1 − 20/60");
    assert!(line.reason.is_estimate() && line.what.starts_with("p-3 "), "{line:?}");
    snapshot.units = vec![unit("p-1", EngineRole::Prefill, 80.0), unit("d-1", EngineRole::Decode, 10.0)];
    assert_eq!(lines(&snapshot), [], "each is alone in its role");
    snapshot.units = vec![unit("p-1", EngineRole::Prefill, 80.0), unit("p-2", EngineRole::Prefill, 50.0)];
    assert_eq!(lines(&snapshot), [], "more than half the mean");
}

#[test]
fn the_dearest_stands_first_and_what_is_not_known_last() {
    let mut snapshot = snapshot();
    on_node(&mut snapshot, |node| {
        node.gpus[0].state = Health::Lost;
        node.gpus[1].throttle = Some(Throttle { power: false, thermal: true, hardware: false });
    });
    on_node(&mut snapshot, |node| {
        (node.cost_per_hour, node.idle_per_hour) = (Some(dollars(800)), Some(dollars(800)));
        node.gpus[1].sm_clock_mhz = None;
    });
    let lines = lines(&snapshot);
    let reasons: Vec<Reason> = lines.iter().map(|line| line.reason).collect();
    assert_eq!(reasons, [Reason::Idle, Reason::Silent, Reason::Throttled]);
    assert!(lines.iter().all(|line| !line.reason.formula().is_empty() && line.reason.formula().ends_with('.')));
}

#[test]
fn the_sum_stands_below_the_lines_where_there_is_room_and_the_order_is_marked() {
    let app = samples::hands::watched();
    let frame = samples::hands::text(&app, 200, 50);
    let heading = frame.lines().find(|line| line.contains("Where it burns")).unwrap();
    assert!(heading.contains("$/h▾"), "{heading}");
    let sum = frame.lines().find(|line| line.contains("sum ≈")).unwrap_or_else(|| panic!("no sum: {frame}"));
    assert!(sum.contains("/h cost"), "{sum}");
    // All lines have a row before their sum has one.
    let low = samples::hands::text(&app, 120, 36);
    let lines = lines(app.shown());
    assert!(lines.iter().all(|line| low.contains(line.reason.name())), "{low}");
}

/// A box of two H100 at $3 and two L40S at $1.
fn mixed() -> Snapshot {
    let mut snapshot = snapshot();
    let rate = snapshot.money.rates[0].clone();
    let named =
        |gpu: &str, amount: &str| RateBasis { gpu: Label::new(gpu), rate: amount.parse().unwrap(), ..rate.clone() };
    snapshot.money.rates = vec![named("H100", "3.00"), named("L40S", "1.00")];
    on_node(&mut snapshot, |node| {
        node.cost_per_hour = Some(dollars(8));
        for (gpu, name) in
            node.gpus.iter_mut().zip(["NVIDIA H100 80GB HBM3", "NVIDIA H100 80GB HBM3", "NVIDIA L40S", "NVIDIA L40S"])
        {
            gpu.name = Some(Label::new(name));
        }
    });
    snapshot
}

/// Class: the mean of a node's rates is passed as the rate of one of its GPUs.
#[test]
fn each_gpu_of_a_mixed_node_has_its_own_rate() {
    for (lost, rent) in [(0, 3), (3, 1)] {
        let mut snapshot = mixed();
        on_node(&mut snapshot, |node| node.gpus[lost].state = Health::Lost);
        let line = only(&snapshot);
        assert_eq!((line.reason, line.per_hour), (Reason::Silent, Some(dollars(rent))), "GPU {lost}");
        on_node(&mut snapshot, |node| node.idle_per_hour = Some(dollars(8)));
        let idle = lines(&snapshot).into_iter().find(|line| line.reason == Reason::Idle).unwrap();
        assert_eq!(idle.per_hour, Some(dollars(8 - rent)), "GPU {lost}");
    }
    let mut snapshot = mixed();
    on_node(&mut snapshot, |node| {
        node.gpus.iter_mut().for_each(|gpu| gpu.sm_clock_mhz = Some(Megahertz::new(2_000)));
        node.gpus[2].sm_clock_mhz = Some(Megahertz::new(1_000));
        node.gpus[2].throttle = Some(Throttle { power: false, thermal: true, hardware: false });
    });
    assert_eq!(only(&snapshot).per_hour, dollars(1).scaled(1, 2), "half of the L40S");
    snapshot.money.rates.pop();
    assert_eq!(only(&snapshot).per_hour, None, "its rate is not known");
}

/// The cells of the row that begins with a word, of the table of three at the left.
fn row(frame: &str, word: &str) -> Vec<String> {
    let heading = frame.lines().find(|line| line.contains("Where it burns")).unwrap();
    let end =
        heading.chars().collect::<Vec<_>>().windows(8).position(|text| text.iter().collect::<String>() == "─ Models");
    let own = |line: &str| line.chars().take(end.unwrap()).collect::<String>();
    let mut rows = frame.lines().map(own).skip_while(|line| !line.contains("Where it burns"));
    let line =
        rows.find(|line| line.trim_start().starts_with(word)).unwrap_or_else(|| panic!("no row {word} in\n{frame}"));
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
}

/// A fleet that was watched for an hour from its day's begin on, with throttled GPUs, and models without a price.
fn burning(change: impl Fn(&mut Snapshot, u64)) -> margintop::tui::app::App {
    use margintop::units::Span;
    let history = margintop::history::History::default();
    let at = |beat: u64| {
        let mut snapshot = samples::fleet(beat);
        snapshot.money.since = Some(samples::NOON);
        snapshot.money.unpriced_tokens = 1_000;
        change(&mut snapshot, beat);
        snapshot
    };
    for beat in (0..=3_600).step_by(60) {
        history.record(&at(beat), Span::from_secs(60));
    }
    let mut app = margintop::tui::app::App::new(Arc::new(at(3_600)), jiff::tz::TimeZone::UTC, Span::from_secs(1), 1);
    app.history = history;
    app
}

/// Class: a line has an amount an hour and none of the day, and the sum of the day leaves it out.
#[test]
fn every_line_with_an_amount_an_hour_has_one_of_the_day() {
    let app = burning(|_, _| {});
    let lines = lines(app.shown());
    assert!(lines.len() > 3, "{lines:?}");
    let frame = samples::hands::text(&app, 200, 50);
    for line in lines.iter().filter(|line| line.per_hour.is_some()) {
        let cells = row(&frame, line.reason.name());
        assert!(!cells.iter().rev().take(2).any(|cell| cell == "–"), "{:?}: {cells:?}\n{frame}", line.reason);
    }
    // An hour at the same amount.
    let silent = lines.iter().find(|line| line.reason == Reason::Silent).unwrap();
    let cells = row(&frame, "silent");
    assert_eq!(cells[cells.len() - 2..], ["156.75", "157"].map(str::to_owned), "{silent:?}");
}

/// Class: a sum that leaves out a part of unknown amount says nothing of it.
#[test]
fn a_sum_with_an_unknown_part_is_a_lower_bound() {
    let sum = |app: &margintop::tui::app::App| {
        let cells = row(&samples::hands::text(app, 200, 50), "sum ≈");
        cells[cells.len() - 2..].iter().map(|cell| cell.starts_with('≥')).collect::<Vec<_>>()
    };
    assert_eq!(sum(&burning(|_, _| {})), [false, false]);
    // The rent of the models without a price is not known for some time.
    let unknown = |snapshot: &mut Snapshot| {
        for row in snapshot.models.iter_mut().filter(|row| row.money.list.is_none()) {
            row.money.cost_per_hour = None;
        }
    };
    assert_eq!(sum(&burning(|snapshot, _| unknown(snapshot))), [true, true]);
    let for_a_while = burning(|snapshot, beat| {
        if beat < 600 {
            unknown(snapshot);
        }
    });
    assert_eq!(sum(&for_a_while), [false, true]);
    // What was recorded since noon only is a part of the day.
    let late =
        burning(|snapshot, _| snapshot.money.since = Some(samples::NOON - margintop::units::Span::from_secs(9_000)));
    assert_eq!(sum(&late), [false, true]);
}
