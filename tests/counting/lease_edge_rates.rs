//! Cost an hour where leases begin and end: what is paid then, never the sum of what was paid before and after.

use crate::rate_truth;
use crate::support;

use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::{Book, Lease, Leased};
use margintop::reading::{Event, NodeName};
use margintop::units::Span;
use rate_truth::{amount, second};
use support::gpus;

const EDGE: i64 = 20;

fn lease(leased: Leased, rate: &str, count: Option<u32>, [from, until]: [Option<i64>; 2]) -> Lease {
    let day = |nth: Option<i64>| nth.map(|nth| second(nth).wall);
    Lease {
        gpus: count,
        from: day(from),
        until: day(until),
        name: Some(format!("{rate}{from:?}")),
        ..Lease::of(leased, rate.parse().unwrap())
    }
}

/// Class: a lease's cost an hour stays for some seconds after its end, beside what is paid then.
#[test]
fn the_cost_an_hour_at_the_edge_of_a_lease_is_that_of_one_side() {
    let (gpu, node) = (|| Leased::Gpu("H200".to_owned()), || Leased::Node(NodeName::new("n")));
    let whole = |leased: &dyn Fn() -> Leased, count| {
        vec![lease(leased(), "2.00", count, [None, Some(EDGE)]), lease(leased(), "3.00", count, [Some(EDGE), None])]
    };
    let cases: [(&str, Vec<Lease>, [f64; 2]); 6] = [
        ("by gpu", whole(&gpu, None), [8.0, 12.0]),
        ("by node", whole(&node, None), [8.0, 12.0]),
        ("a number", whole(&node, Some(8)), [16.0, 24.0]),
        (
            "a number that ends",
            vec![lease(node(), "2.00", Some(3), [None, Some(EDGE)]), lease(gpu(), "1.00", None, [None, None])],
            [7.0, 4.0],
        ),
        (
            "a number that begins",
            vec![lease(node(), "2.00", Some(3), [Some(EDGE), None]), lease(gpu(), "1.00", None, [None, None])],
            [4.0, 7.0],
        ),
        (
            "a number by gpu",
            vec![
                lease(gpu(), "2.00", Some(2), [None, None]),
                lease(node(), "1.00", None, [Some(EDGE), None]),
                lease(gpu(), "5.00", None, [None, Some(EDGE)]),
            ],
            [14.0, 6.0],
        ),
    ];
    for (what, leases, [before, after]) in cases {
        for pace in [Some(Span::from_secs(1)), None] {
            let config = FleetConfig { leases: leases.clone(), pace, ..FleetConfig::local("box") };
            let mut fleet = Fleet::new(config, Book::built_in().unwrap(), second(0));
            for nth in 0..90 {
                fleet.apply(gpus("n", "NVIDIA H200", 4, second(nth)));
                fleet.apply(Event::Tick(second(nth) + Span::from_millis(300)));
                let Some(cost) = fleet.snapshot().money.cost_per_hour else { continue };
                let truth = if nth < EDGE { before } else { after };
                assert!((amount(cost) - truth).abs() < 0.01, "{what}, {pace:?}, poll {nth}: {cost:?} of {truth}");
            }
        }
    }
}
