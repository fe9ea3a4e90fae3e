//! Counters that are renewed less often than their page is read, where a price changes between two of their steps: it is
//! unknown at which price the tokens of that step were made, so the money is uncertain by the difference.

use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::{Book, Lease, Leased};
use margintop::reading::NodeName;
use margintop::units::{Moment, Span};

use crate::support;
use support::{answered, counters, member, moment, page};

/// The price of `deepseek-r1` falls here.
fn edge() -> Moment {
    moment("2025-03-10T16:30:00Z")
}

fn at(millis: i64) -> Moment {
    let Moment { wall, boot } = edge();
    Moment { wall: wall + Span::from_millis(millis), boot: boot + Span::from_millis(millis) }
}

/// An engine that makes an output token a millisecond, and whose counters show what it had made at its last step.
struct Stepped {
    every: i64,
    step: i64,
    /// How long before the price changes the last step before it is.
    before: i64,
}

impl Stepped {
    fn made(&self, millis: i64) -> i64 {
        (millis + self.before).div_euclid(self.step) * self.step - self.before
    }

    /// The posted revenue, its uncertainty, and what was earned.
    fn watch(&self, from: i64, to: i64) -> [f64; 3] {
        let interval = Span::from_millis(self.every);
        let config = FleetConfig { interval, targets: vec![member("e", "n", None)], ..FleetConfig::local("box") };
        let mut fleet = Fleet::new(config, Book::built_in().unwrap(), at(from));
        for millis in (from..=to).step_by(usize::try_from(self.every).unwrap()) {
            let output = u64::try_from(10_000_000 + self.made(millis)).unwrap();
            let start = Some(at(-20_000_000).wall);
            fleet.apply(answered("e", at(millis), page("deepseek-r1", counters(0, 0, output), start)));
        }
        let money = fleet.snapshot().money;
        let last = from + (to - from) / self.every * self.every;
        let (first, last) = (self.made(from), self.made(last));
        let dear = (0_i64.min(last) - first.min(0)) as f64;
        let cheap = (last.max(0) - 0_i64.max(first)) as f64;
        let earned = dear * 2.19 / 1e6 + cheap * 0.55 / 1e6;
        let of = |money: margintop::units::Money| money.to_string().parse::<f64>().unwrap();
        [of(money.revenue.unwrap()), of(money.uncertainty), earned]
    }
}

#[test]
fn a_price_that_changes_between_two_steps_makes_the_money_uncertain() {
    for (every, step) in [(1000, 5000), (5000, 15_000), (15_000, 60_000), (5000, 60_000), (2000, 30_000)] {
        for part in [1, 2, 3, 5, 7, 11] {
            let stepped = Stepped { every, step, before: step * part / 13 / 100 * 100 };
            let what = format!("read every {every} ms, renewed every {step}, {} before", stepped.before);
            let [posted, uncertain, earned] = stepped.watch(-300_000, 300_000);
            assert!((posted - earned).abs() <= uncertain + 1e-6, "{what}: {posted} +- {uncertain} for {earned}");
            let most = step as f64 * (2.19 - 0.55) / 1e6;
            assert!(uncertain > 0.0 && uncertain <= most + 1e-6, "{what}: {uncertain}, at most {most}");
            let [_, uncertain, _] = stepped.watch(100_000, 700_000);
            assert!(uncertain.abs() < 1e-9, "{what}: {uncertain} where no price changes");
        }
    }
}

/// Counters that move on each page have no such bounds.
#[test]
fn counters_that_move_on_each_page_are_certain() {
    for every in [1000, 5000, 15_000] {
        let [posted, uncertain, earned] = Stepped { every, step: every, before: 0 }.watch(-300_000, 300_000);
        assert!((posted - earned).abs() < 1e-6 && uncertain.abs() < 1e-9, "{every}: {posted}, {uncertain}, {earned}");
    }
}

/// Class: the bounds of a gap with a change of price vanish where a lease begins or ends in it, too.
#[test]
fn a_lease_edge_in_a_gap_leaves_the_bounds_of_a_price_edge() {
    let uncertain = |leases: Vec<Lease>| {
        let targets = vec![member("e", "n", None)];
        let config = FleetConfig { targets, leases, ..FleetConfig::local("box") };
        let mut fleet = Fleet::new(config, Book::built_in().unwrap(), at(-600_000));
        for (millis, output) in [(-600_000, 0), (600_000, 1_000_000)] {
            let start = Some(at(-20_000_000).wall);
            fleet.apply(answered("e", at(millis), page("deepseek-r1", counters(0, 0, output), start)));
        }
        fleet.snapshot().money.uncertainty
    };
    let lease = |millis: i64| Lease {
        from: Some(at(millis).wall),
        ..Lease::of(Leased::Node(NodeName::new("n")), "2".parse().unwrap())
    };
    let without = uncertain(Vec::new());
    assert_eq!(without.to_string(), "0.82", "a million at half of 2.19 - 0.55");
    for millis in [-300_000, 0, 300_000] {
        assert_eq!(uncertain(vec![lease(millis)]), without, "a lease from {millis} on");
    }
}
