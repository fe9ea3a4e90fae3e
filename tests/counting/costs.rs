//! What a lease says beyond its rate, through the fleet: rounding at its end, overhead, metered power, a tenant's price.

use crate::support;

use margintop::fleet::TargetInfo;
use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::ledger::{CostAccount, CostKind};
use margintop::pricing::{Book, Exchange, Lease, Leased, Overhead, Pinned, Rounding};
use margintop::reading::{Event, GpuId, GpuReading, GpuState, Health, Label, NodeName, UnitName};
use margintop::units::{Energy, Moment, Money, PowerPrice, Span};
use support::{answered, at, counters, gpus, instant, member, moment, page};

pub fn began() -> Moment {
    moment("2025-02-20T10:00:00Z")
}

pub fn after(millis: i64) -> Moment {
    at(began().wall + Span::from_millis(millis))
}

pub fn fleet(config: FleetConfig) -> Fleet {
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began());
    fleet.restore(SavedState::default(), Span::from_secs(86_400));
    fleet
}

pub fn lease(rate: &str) -> Lease {
    Lease::of(Leased::Gpu("H100".to_owned()), rate.parse().unwrap())
}

/// What every cost account of a kind is owed today.
fn owed(fleet: &Fleet, kind: CostKind) -> Money {
    let ledger = fleet.ledger();
    let of = |(id, allocated): (margintop::ledger::CostAccountId, _)| {
        let cost_account: &CostAccount = &ledger.cost_accounts()[id.index()];
        cost_account.cost_of(allocated).filter(|_| cost_account.kind == kind)
    };
    ledger.today().gpu_times().filter_map(of).sum()
}

#[test]
fn what_a_providers_rounding_adds_is_one_line_at_the_leases_end() {
    // The node of vector V22: 8 GPUs at $3.99, held for 61 min 1 ms, then given back.
    for (rounding, billed) in [
        (Rounding::Exact, "32.452009"),
        (Rounding::Second, "32.460867"),
        (Rounding::Minute, "32.984"),
        (Rounding::Hour, "63.84"),
    ] {
        let until = Some(after(3_660_001).wall);
        let lease = Lease { rounding, until, from: Some(began().wall), ..lease("3.99") };
        let mut fleet = fleet(FleetConfig { leases: vec![lease], ..FleetConfig::local("n") });
        fleet.apply(gpus("n", "NVIDIA H100", 8, began()));
        fleet.apply(Event::Tick(after(3_000_000)));
        assert_eq!(owed(&fleet, CostKind::Rounding), Money::ZERO, "nothing before its end");
        fleet.apply(Event::Tick(after(3_660_001)));
        fleet.apply(Event::Tick(after(3_660_002)));
        let (allocated, added) = (owed(&fleet, CostKind::Gpus), owed(&fleet, CostKind::Rounding));
        // It is silent when its lease ends, and costs nothing from then on.
        assert_eq!((allocated + added).to_string(), billed, "{rounding:?}");
    }
}

/// Class: a rate that is assumed by a dated series, and that changes while margintop runs, between two reports.
#[test]
fn an_assumed_rate_pays_from_its_date_on() {
    let row =
        |rate, dated| format!("[[gpu]]\ngpu = \"H100\"\nrate = \"{rate}\"\ndated = \"{dated}\"\nsource = \"x\"\n");
    let series = row("2", "2025-01") + &row("5", "2025-02-21");
    let mut book = Book::built_in().unwrap();
    book.add(toml::from_str(&series).unwrap()).unwrap();
    book.keep_currency_at("USD", &Exchange::default(), began().wall);
    let mut fleet = Fleet::new(FleetConfig::local("n"), book, began());
    fleet.restore(SavedState::default(), Span::from_secs(86_400));
    // The edge, at minute 840, lies between two reports.
    for minute in (0..=837).step_by(9) {
        fleet.apply(gpus("n", "NVIDIA H100", 8, after(minute * 60_000)));
    }
    let before = "2".parse::<margintop::units::HourlyRate>().unwrap();
    assert_eq!(owed(&fleet, CostKind::Gpus), before.of(gpu_time(8, 837)));
    fleet.apply(gpus("n", "NVIDIA H100", 8, after(846 * 60_000)));
    let since = "5".parse::<margintop::units::HourlyRate>().unwrap();
    for minute in 837..846 {
        let ledger = fleet.ledger();
        let sums = ledger.minute_sums(after(minute * 60_000).wall).unwrap();
        let paid = sums
            .gpu_times()
            .filter_map(|(id, allocated)| ledger.cost_accounts()[id.index()].cost_of(allocated))
            .sum::<Money>();
        let rate = if minute < 840 { before } else { since };
        assert_eq!(paid, rate.of(gpu_time(8, 1)), "minute {minute}");
    }
    for minute in (855..=900).step_by(9) {
        fleet.apply(gpus("n", "NVIDIA H100", 8, after(minute * 60_000)));
    }
    let rates = &fleet.snapshot().money.rates;
    assert!(rates.iter().any(|basis| basis.assumed && basis.rate == since), "{rates:?}");
}

/// GPU time of so many GPUs and minutes.
fn gpu_time(gpus: u32, minutes: i64) -> margintop::units::GpuTime {
    margintop::units::GpuTime::of(gpus, Span::from_secs(minutes * 60))
}

#[test]
fn a_gpu_that_is_released_ends_its_lease() {
    let lease = Lease { rounding: Rounding::Hour, ..lease("2.00") };
    let mut fleet = fleet(FleetConfig { leases: vec![lease], ..FleetConfig::local("n") });
    fleet.apply(gpus("n", "NVIDIA H100", 8, began()));
    fleet.apply(gpus("n", "NVIDIA H100", 8, after(600_000)));
    let mut others = gpus("n", "NVIDIA H100", 8, after(660_000));
    if let margintop::reading::Event::Gpus { outcome: Ok(cards), .. } = &mut others {
        cards[7].id = Some(GpuId::from_uuid("GPU-another"));
    }
    fleet.apply(others);
    assert_eq!(owed(&fleet, CostKind::Rounding).to_string(), "1.666667", "50 minutes of one GPU at $2");
}

#[test]
fn overhead_is_owed_by_the_hour_and_of_what_is_earned() {
    let overhead = Overhead { per_hour: "12.00".parse().ok(), of_revenue: "0.1".parse().ok() };
    let config = FleetConfig {
        overhead,
        leases: vec![lease("2.00")],
        targets: vec![member("e", "n", None)],
        ..FleetConfig::local("n")
    };
    let mut fleet = fleet(config);
    fleet.apply(gpus("n", "NVIDIA H100", 1, began()));
    fleet.apply(answered("e", began(), page("deepseek-r1", counters(0, 0, 0), None)));
    fleet.apply(answered("e", after(1_800_000), page("deepseek-r1", counters(0, 0, 1_000_000), None)));
    fleet.apply(Event::Tick(after(1_800_000)));
    assert_eq!(owed(&fleet, CostKind::Overhead).to_string(), "6.00");
    let money = fleet.snapshot().money;
    assert_eq!(money.revenue.unwrap().to_string(), "2.19");
    assert_eq!(money.cost.unwrap().to_string(), "7.219", "rent 1, overhead 6, a tenth of 2.19");
    assert_eq!(money.profit.unwrap().to_string(), "-5.029");
    assert!(money.rates.iter().all(|rate| rate.gpu.as_str() != "overhead"), "it is no GPU's rate");
}

#[test]
fn power_is_metered_where_the_lease_pays_for_it() {
    let power = PowerPrice { kwh: "0.0929".parse().unwrap(), pue: "1.25".parse().unwrap() };
    let mut fleet =
        fleet(FleetConfig { leases: vec![Lease { power: Some(power), ..lease("1.00") }], ..FleetConfig::local("n") });
    let poll = |fleet: &mut Fleet, millis: i64, joules: u64| {
        let reading = GpuReading {
            id: Some(GpuId::from_uuid("GPU-1")),
            name: Some(Label::new("NVIDIA H100")),
            energy: Some(Energy::new(joules * 1000)),
            power_limit: margintop::units::Power::from_watts(4000.0),
            ..GpuReading::default()
        };
        fleet.apply(Event::nvml(NodeName::new("n"), after(millis), Ok(vec![reading])));
    };
    poll(&mut fleet, 0, 5_000_000);
    poll(&mut fleet, 60_000, 5_240_000);
    // Vector V16: 240 kJ at the GPU, with the building's part, at 9.29 cents.
    let metered = |fleet: &Fleet, minutes: i64| {
        let rent = "1.00".parse::<margintop::units::HourlyRate>().unwrap();
        owed(fleet, CostKind::Gpus) - rent.of(margintop::units::GpuTime::of(1, Span::from_secs(60 * minutes)))
    };
    assert_eq!(metered(&fleet, 1).rounded(6), 7742);
    // The driver is loaded anew and counts from zero, once three polls agree that it is no dip.
    for (millis, joules) in [(80_000, 80_000), (100_000, 160_000), (120_000, 240_000)] {
        poll(&mut fleet, millis, joules);
    }
    assert_eq!(metered(&fleet, 2).rounded(6), 15483);
    assert!(fleet.snapshot().money.cost_per_hour.is_none(), "no tick, no pace");
}

#[test]
fn a_tenant_pays_its_own_share() {
    let mut book = Book::built_in().unwrap();
    let of = |tenant: Option<&str>, paid: &str| Pinned {
        tenant: tenant.map(str::to_owned),
        paid: Some(paid.parse().unwrap()),
        ..Pinned::list("deepseek-r1", "deepseek-r1-standard")
    };
    book.pin(vec![of(Some("app-free"), "0"), of(Some("partner"), "0.6")]).unwrap();
    let tenants = [("free", Some("app-free")), ("partner", Some("partner")), ("api", None)];
    let members = tenants.map(|(target, tenant)| {
        let tenant = tenant.map(Label::new);
        margintop::fleet::TargetInfo { tenant, ..member(target, "n", None) }
    });
    let config = FleetConfig { targets: members.to_vec(), ..FleetConfig::local("n") };
    let mut fleet = Fleet::new(config, book, began());
    for (millis, made) in [(0, 0), (10_000, 1_000_000)] {
        for (target, _) in tenants {
            fleet.apply(answered(target, after(millis), page("deepseek-r1", counters(0, 0, made), None)));
        }
    }
    fleet.apply(Event::Tick(after(10_000)));
    let money = fleet.snapshot().money;
    assert_eq!(money.revenue.unwrap().to_string(), "3.504", "0 and 0.6 and 1 of 2.19");
    assert!(money.theoretical, "the tokens of api are at list price");
    assert_eq!(instant("2025-02-20T10:00:00Z"), began().wall);
}

/// A driver's report of four GPUs, of which the first is lost and says neither a name nor a UUID.
fn lost_from_the_start(node: &str, at: Moment, names: [&str; 3]) -> Event {
    let lost = GpuReading { state: GpuState::Lost, ..GpuReading::default() };
    let known = |(index, name): (u32, &str)| GpuReading {
        index,
        id: Some(GpuId::from_uuid(&format!("GPU-{node}-{index}"))),
        name: Some(Label::new(name)).filter(|_| !name.is_empty()),
        ..GpuReading::default()
    };
    let readings = std::iter::once(lost).chain((1..).zip(names).map(known)).collect();
    Event::nvml(NodeName::new(node), at, Ok(readings))
}

/// Class: a label of a known GPU that is missing, once or for good: its lease by name, or the rate of its kind, ended with it.
#[test]
fn a_gpu_whose_name_is_no_longer_reported_is_paid_as_before() {
    const H800: &str = "NVIDIA H800";
    for silent in [(30..=60), (30..=30), (1..=60)] {
        let leases = vec![Lease::of(Leased::Gpu("H800".to_owned()), "2".parse().unwrap())];
        let mut fleet = fleet(FleetConfig { leases, ..FleetConfig::local("n") });
        for minute in 0..=60 {
            let names = if silent.contains(&minute) { [""; 3] } else { [H800; 3] };
            fleet.apply(lost_from_the_start("n", after(minute * 60_000), names));
        }
        let snapshot = fleet.snapshot();
        assert_eq!(snapshot.money.cost, Some(Money::from_micros(8_000_000)), "{silent:?}");
        assert_eq!((snapshot.money.unrated_gpus, &snapshot.nodes[0].gpus[1].cost_missing), (0, &None), "{silent:?}");
        assert_eq!(snapshot.nodes[0].gpus[1].name, Some(Label::new(H800)), "{silent:?}");
    }
}

/// Class: a GPU that says no name, as it was lost before the watch began, under a lease by name: it costs nothing, without a
/// word.
#[test]
fn a_gpu_lost_from_the_start_is_paid_as_the_nodes_others_or_its_cost_is_missing_with_a_word() {
    const H800: &str = "NVIDIA H800";
    for (names, paid) in [([H800; 3], 4), ([H800, H800, "NVIDIA B300"], 2), (["", "", ""], 0)] {
        let leases = vec![Lease::of(Leased::Gpu("H800".to_owned()), "2".parse().unwrap())];
        let mut fleet = fleet(FleetConfig { leases, ..FleetConfig::local("n") });
        for minute in 0..=60 {
            fleet.apply(lost_from_the_start("n", after(minute * 60_000), names));
        }
        let of_lease = |fleet: &Fleet| {
            let accounts = fleet.ledger().cost_accounts();
            let gpu_times = fleet.ledger().today().gpu_times();
            gpu_times
                .filter(|(id, _)| accounts[id.index()].gpu.as_str() == "H800")
                .map(|(_, time)| time.allocated.millis())
                .sum::<i64>()
        };
        assert_eq!(of_lease(&fleet), paid * 3_600_000, "{names:?}");
        let snapshot = fleet.snapshot();
        let gpu = &snapshot.nodes[0].gpus[0];
        let missing = gpu.cost_missing.as_ref().map(ToString::to_string);
        let says_so = missing.as_ref().is_some_and(|why| why.contains("its cost is missing"));
        assert_eq!((gpu.name.as_ref(), says_so), (None, paid < 4), "{names:?}: {missing:?}");
        assert_eq!(snapshot.money.unrated_gpus > 0, paid < 4, "{names:?}");
    }
    let leases = vec![Lease::of(Leased::Node(NodeName::new("n")), "2".parse().unwrap())];
    let mut fleet = fleet(FleetConfig { leases, ..FleetConfig::local("n") });
    for minute in 0..=60 {
        fleet.apply(lost_from_the_start("n", after(minute * 60_000), [""; 3]));
    }
    let snapshot = fleet.snapshot();
    assert_eq!(snapshot.money.cost, Some(Money::from_micros(8_000_000)));
    assert_eq!(snapshot.nodes[0].gpus[0].cost_missing, None);
}

/// Class: what is paid and was never seen is in a row, so that rows add up to the total.
#[test]
fn what_leases_pay_for_unseen_is_listed() {
    let schedule = |leased, gpus| Lease { gpus: Some(gpus), ..Lease::of(leased, "2.00".parse().unwrap()) };
    let leases = vec![
        schedule(Leased::Node(NodeName::new("paid-1")), 8),
        schedule(Leased::Unit(UnitName::new("decode")), 16),
        Lease { until: Some(after(5_000).wall), ..schedule(Leased::Node(NodeName::new("ended")), 8) },
    ];
    let config = FleetConfig { leases, targets: vec![member("e", "n", None)], ..FleetConfig::local("n") };
    let mut fleet = fleet(config);
    for second in 0..120 {
        fleet.apply(answered("e", after(second * 1000), page("m", counters(1000, 0, 500), None)));
        fleet.apply(Event::Tick(after(second * 1000)));
    }
    let now = fleet.snapshot();
    let nodes: Vec<_> = now.nodes.iter().map(|node| (node.name.as_str(), node.state)).collect();
    assert_eq!(nodes, [("n", Health::Live), ("paid-1", Health::Never)]);
    assert_eq!((now.coverage.nodes_live, now.coverage.nodes_known), (1, 2));
    assert_eq!(now.nodes[1].cost_per_hour.map(|cost| cost.to_string()), Some("16.00".to_owned()));
    let units: Vec<_> = now.units.iter().map(|unit| (unit.unit.as_str(), unit.nodes)).collect();
    assert_eq!(units, [("decode", 0)]);
    assert_eq!(now.units[0].cost_per_hour.map(|cost| cost.to_string()), Some("32.00".to_owned()));
}

/// A target that has not answered may be the node under its address.
#[test]
fn a_paid_node_is_listed_once_whatever_answers_first() {
    let lease = Lease { gpus: Some(8), ..Lease::of(Leased::Node(NodeName::new("gpu-07")), "2.00".parse().unwrap()) };
    let target = TargetInfo { node: None, ..member("e", "10.0.0.7", None) };
    let target = TargetInfo { host: Some(NodeName::new("10.0.0.7")), ..target };
    let config = FleetConfig { leases: vec![lease], targets: vec![target], ..FleetConfig::local("box") };
    let mut fleet = fleet(config);
    let names =
        |fleet: &Fleet| -> Vec<String> { fleet.snapshot().nodes.iter().map(|node| node.name.to_string()).collect() };
    fleet.apply(Event::Tick(after(1_000)));
    assert_eq!(names(&fleet), ["10.0.0.7"]);
    let mut reading = page("m", counters(1000, 0, 500), None);
    reading.gpus.push((Some(NodeName::new("gpu-07")), GpuReading { index: 0, ..GpuReading::default() }));
    fleet.apply(answered("e", after(2_000), reading));
    assert_eq!(names(&fleet), ["gpu-07"]);
}

/// GPUs with their indices, as one page lists them.
fn listed(gpus: &[(u32, &str)], at: Moment) -> Event {
    let card = |(index, id): &(u32, &str)| GpuReading {
        index: *index,
        id: Some(GpuId::from_uuid(id)),
        name: Some(Label::new("NVIDIA H100")),
        ..GpuReading::default()
    };
    Event::nvml(NodeName::new("n"), at, Ok(gpus.iter().map(card).collect()))
}

/// A fleet in which a card fell off the bus after ten minutes, and was replaced after twenty. Its cost after an hour.
fn cost_of_a_swap(leases: Vec<Lease>) -> Money {
    let mut fleet = fleet(FleetConfig { leases, ..FleetConfig::local("n") });
    for minute in 0..=60 {
        let first = match minute {
            0..10 => Some((0, "GPU-a")),
            10..20 => None,
            _ => Some((0, "GPU-e")),
        };
        let others = [(1, "GPU-b"), (2, "GPU-c"), (3, "GPU-d")];
        let all: Vec<_> = first.into_iter().chain(others).collect();
        fleet.apply(listed(&all, after(minute * 60_000)));
        fleet.apply(Event::Tick(after(minute * 60_000)));
    }
    fleet.snapshot().money.cost.unwrap()
}

/// Class: what is due without a released GPU is not always what was posted less its share.
#[test]
fn a_card_that_is_replaced_takes_off_what_it_cost_alone() {
    let of_node = |rate: &str| Lease {
        node_rate: Some(rate.parse().unwrap()),
        ..Lease::of(Leased::Node(NodeName::new("n")), "1".parse().unwrap())
    };
    // 11 minutes without the card, which was last seen after nine.
    assert_eq!(cost_of_a_swap(vec![lease("6.00")]).to_string(), "22.90", "a rate per GPU: 229 GPU-minutes");
    assert_eq!(
        cost_of_a_swap(vec![of_node("24.00")]).to_string(),
        "24.00",
        "a node costs the same with three of its GPUs"
    );
    // Two GPUs at 6.00, the others at 12.00: the second and third are the first that are seen.
    let two = Lease { gpus: Some(2), ..lease("6.00") };
    assert_eq!(cost_of_a_swap(vec![two.clone(), lease("12.00")]).to_string(), "33.80", "11 minutes of 12.00 less");
    let schedule = Lease { gpus: Some(2), ..Lease::of(Leased::Node(NodeName::new("n")), "6.00".parse().unwrap()) };
    assert_eq!(cost_of_a_swap(vec![schedule, lease("12.00")]).to_string(), "33.80");
}

/// Class: the GPUs that a lease of a number of them pays for are on another node when the first node was returned.
#[test]
fn a_node_that_is_released_leaves_its_lease_to_the_next_one() {
    let leases = vec![Lease { gpus: Some(4), ..lease("6.00") }, lease("12.00")];
    let targets = vec![TargetInfo { node: None, host: Some(NodeName::new("x")), ..member("all", "x", None) }];
    let mut fleet = fleet(FleetConfig { leases, targets, ..FleetConfig::local("box") });
    let all = |nodes: &[&str], at| {
        let mut reading = page("m", counters(0, 0, 0), None);
        reading.engines.clear();
        for (node, index) in nodes.iter().flat_map(|node| (0..4).map(move |index| (node, index))) {
            let id = Some(GpuId::from_uuid(&format!("GPU-{node}-{index}")));
            let card = GpuReading { index, id, name: Some(Label::new("NVIDIA H100")), ..GpuReading::default() };
            reading.gpus.push((Some(NodeName::new(node)), card));
        }
        answered("all", at, reading)
    };
    for second in 0..600 {
        fleet.apply(all(&["a", "b"], after(second * 1000)));
    }
    for second in 600..1200 {
        fleet.apply(all(&["b"], after(second * 1000)));
        fleet.apply(Event::Tick(after(second * 1000)));
    }
    // Ten minutes of both, then b alone at the lease's rate.
    let cost = fleet.snapshot().money.cost.unwrap();
    let due = 4.0 * (6.0 + 12.0) * 599.0 / 3600.0 + 4.0 * 6.0 * 600.0 / 3600.0;
    let names: Vec<_> = fleet.snapshot().nodes.iter().map(|node| node.name.to_string()).collect();
    assert_eq!(names, ["b"]);
    assert!((cost.to_string().parse::<f64>().unwrap() - due).abs() < 0.02, "{cost} for {due}");
}

/// Class: a lease that ends while its node is silent: the node was returned, until it reports again.
#[test]
fn a_node_that_is_silent_when_its_lease_ends_costs_nothing_after_that() {
    let until = Some(after(600_000).wall);
    let of_node = Lease { until, ..Lease::of(Leased::Node(NodeName::new("n")), "6.00".parse().unwrap()) };
    let of_unit = Lease { until, ..Lease::of(Leased::Unit(UnitName::new("u")), "6.00".parse().unwrap()) };
    for lease in [of_node, of_unit, Lease { until, ..lease("6.00") }] {
        let targets = vec![TargetInfo { unit: Some(UnitName::new("u")), ..member("e", "n", None) }];
        let mut fleet = fleet(FleetConfig { leases: vec![lease.clone()], targets, ..FleetConfig::local("n") });
        for minute in 0..=60 {
            if !(5..30).contains(&minute) {
                fleet.apply(gpus("n", "NVIDIA H100", 2, after(minute * 60_000)));
            }
            fleet.apply(answered("e", after(minute * 60_000), page("m", counters(0, 0, 0), None)));
            fleet.apply(Event::Tick(after(minute * 60_000)));
            let cost = fleet.snapshot().money.cost.unwrap_or_default().to_string().parse::<f64>().unwrap();
            let assumed = 2.0 * 3.70 / 60.0 * (minute - 30).max(0) as f64;
            let due = 0.2 * minute.min(10) as f64 + assumed;
            assert!((cost - due).abs() < 0.21, "{minute}: {cost} for {due} by {lease:?}");
        }
    }
}

/// Class: what a node costs before its first report after a restart is unknown in every row, not zero.
#[test]
fn the_cost_of_a_node_that_has_not_reported_since_a_restart_is_unknown_in_every_row() {
    let config =
        FleetConfig { leases: vec![lease("3.60")], targets: vec![member("e", "n", None)], ..FleetConfig::local("n") };
    let mut before = fleet(config.clone());
    let engine = |second: i64| {
        let made = 1_000_000 + 100 * second.unsigned_abs();
        answered("e", after(second * 1000), page("deepseek-r1", counters(made * 2, 0, made), None))
    };
    for second in 0..30 {
        before.apply(gpus("n", "NVIDIA H100", 2, after(second * 1000)));
        before.apply(engine(second));
    }
    let saved = crate::restart::saved(&mut before);
    let mut next = crate::restart::restart(&before, config, saved, after(40_000));
    for second in 40..50 {
        next.apply(engine(second));
        next.apply(Event::Tick(after(second * 1000)));
    }
    let now = next.snapshot();
    assert!(now.money.revenue_per_hour.is_some() && now.money.cost_per_hour.is_none());
    let node = &now.nodes[0];
    assert_eq!((node.cost_per_hour, node.profit_per_hour), (None, None));
    let model = &now.models[0].money;
    assert_eq!((model.cost_per_hour, model.profit_per_hour), (None, None));
}
