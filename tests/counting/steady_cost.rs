//! Cost an hour of GPUs and rates that stay: steady to the last digit, and unknown where no rate is known.

use crate::rate_truth;
use crate::support;

use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::Book;
use margintop::reading::{Event, GpuId, GpuReading, Label, NodeName};
use margintop::units::{Moment, Money, Span};
use rate_truth::{second, watched};
use support::gpus;

/// Class: clocks that are read a millisecond apart move the cost an hour by a thousandth.
#[test]
fn the_cost_an_hour_of_the_same_gpus_is_steady() {
    for pace in [Some(Span::from_secs(1)), None] {
        let mut fleet = watched(&[], pace);
        for nth in 0..90 {
            // Calendar and boot clock are read one after the other.
            let moment = |millis: i64, apart: i64| {
                let at = second(nth) + Span::from_millis(millis);
                Moment { wall: at.wall + Span::from_millis(apart), ..at }
            };
            fleet.apply(gpus("n", "NVIDIA H200", 4, moment(nth * 7 % 5, nth * 5 % 2)));
            fleet.apply(Event::Tick(moment(60 + nth % 3, nth % 3 % 2)));
            fleet.apply(gpus("other", "NVIDIA H200", 2, moment(130, nth * 3 % 2)));
            fleet.apply(Event::Tick(moment(250 + nth % 3, nth % 2)));
            let snapshot = fleet.snapshot();
            if nth > 0 {
                let cost = snapshot.money.cost_per_hour.unwrap();
                assert_eq!(cost.rounded(6), 27_000_000, "{pace:?}, poll {nth}: {cost:?}");
                let of_nodes: Vec<_> =
                    snapshot.nodes.iter().map(|node| node.cost_per_hour.unwrap().rounded(6)).collect();
                assert_eq!(of_nodes, [18_000_000, 9_000_000], "{pace:?}, poll {nth}");
            }
        }
    }
}

/// Class: a cost an hour of nothing where GPUs run whose rate is not known.
#[test]
fn the_cost_an_hour_of_gpus_without_a_rate_is_unknown() {
    for before in [0, 20] {
        let mut fleet = watched(&[], None);
        for nth in 0..60 {
            if nth < before {
                fleet.apply(gpus("n", "NVIDIA H200", 4, second(nth)));
            } else {
                // Other cards in their places, which no list knows.
                fleet.apply(gpus("n", "Unheard-of 9000", 4, second(nth)));
            }
            fleet.apply(Event::Tick(second(nth) + Span::from_millis(300)));
            let snapshot = fleet.snapshot();
            let money = &snapshot.money;
            let is_known = (1..before).contains(&nth);
            if nth != before && nth > 0 {
                let costs = [money.cost_per_hour, snapshot.nodes[0].cost_per_hour].map(|cost| cost.is_some());
                assert_eq!(costs, [is_known; 2], "after {before}, poll {nth}: {:?}", money.cost_per_hour);
                assert!(is_known || money.profit_per_hour.is_none(), "after {before}, poll {nth}");
            }
        }
    }
}

/// Class: a node with cards of several names that one rate pays for, whose postings may be milliseconds apart.
#[test]
fn the_cost_an_hour_of_cards_of_several_names_is_steady() {
    for names in [&["NVIDIA H200", "NVIDIA H200 NVL"][..], &["NVIDIA H200", "NVIDIA H200 NVL", "NVIDIA H200 NVL"]] {
        let mut fleet = watched(&[], None);
        let page = |at: Moment| {
            let reading = |(index, name): (u32, &&str)| GpuReading {
                index,
                id: Some(GpuId::from_uuid(&format!("GPU-{index}"))),
                name: Some(Label::new(name)),
                ..GpuReading::default()
            };
            Event::nvml(NodeName::new("n"), at, Ok((0..).zip(names).map(reading).collect()))
        };
        for nth in 0..90 {
            let moment = |millis: i64| second(nth) + Span::from_millis(millis);
            fleet.apply(page(moment(nth * 7 % 5)));
            for millis in [nth * 7 % 5 + 1 + nth % 4, 60, 60 + nth % 11, 500] {
                fleet.apply(Event::Tick(moment(millis)));
                let cost = fleet.snapshot().money.cost_per_hour;
                let expected = 4_500_000 * i128::try_from(names.len()).unwrap();
                assert!(nth == 0 || cost.unwrap().rounded(6) == expected, "poll {nth} at {millis}: {cost:?}");
            }
        }
    }
}

/// Class: a node that is released still costs something an hour for the fleet, and nothing in any row.
#[test]
fn the_cost_an_hour_of_a_released_node_ends_with_it() {
    const URL: &str = "http://10.0.0.9:9400";
    let targets = vec![support::target(URL, None)];
    let config = FleetConfig { targets, release_after: Span::from_secs(8), ..FleetConfig::local("box") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), second(0));
    let series = |node: u32| {
        format!(
            "DCGM_FI_DEV_FB_USED{{gpu=\"0\",UUID=\"GPU-{node:08x}-1111-2222-3333-444444444444\",modelName=\"NVIDIA H200\",Hostname=\"n{node}\"}} 10\n"
        )
    };
    for nth in 0..40 {
        let nodes = if nth < 6 { 0..2 } else { 1..2 };
        let text: String = nodes.map(series).collect();
        let page = margintop::dialect::read(text.as_bytes(), &margintop::dialect::Hint::default()).unwrap();
        fleet.apply(support::answered(URL, second(nth), page));
        for millis in [300, 800] {
            fleet.apply(Event::Tick(second(nth) + Span::from_millis(millis)));
            let snapshot = fleet.snapshot();
            let of_nodes: Money = snapshot.nodes.iter().filter_map(|node| node.cost_per_hour).sum();
            let of_fleet = snapshot.money.cost_per_hour.unwrap_or_default();
            assert_eq!(of_fleet, of_nodes, "poll {nth}");
            assert!(nth < 15 || of_fleet.rounded(6) == 4_500_000, "poll {nth}: {of_fleet:?}");
        }
    }
}
