//! What is shown of a model beside its revenue: its prices with their dates, its cost, its worth where it has no price.

use crate::support;

use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::Book;
use margintop::reading::Event;
use margintop::snapshot::{ModelRow, PriceStep};
use margintop::units::{Money, Span};
use support::{answered, at, counters, gpus, instant, member, moment, page};

/// A box of eight H800 with one engine of a model, which makes 1,000,000 prompt and 500,000 output tokens in ten seconds.
fn row(model: &str, compare_to: Option<&str>) -> ModelRow {
    let began = moment("2025-02-27T10:00:00Z");
    let after = |seconds| at(began.wall + Span::from_secs(seconds));
    let config = FleetConfig {
        compare_to: compare_to.map(str::to_owned),
        targets: vec![member("e", "n", None)],
        ..FleetConfig::local("box")
    };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began);
    for second in 0..=60 {
        fleet.apply(gpus("n", "NVIDIA H800", 8, after(second)));
        let made = second as u64 * 100_000;
        fleet.apply(answered("e", after(second), page(model, counters(made, 0, made / 2), None)));
        fleet.apply(Event::Tick(after(second)));
    }
    fleet.snapshot().models[0].clone()
}

#[test]
fn prices_are_reported_with_the_instants_from_which_they_hold() {
    let row = row("deepseek-r1", None);
    let as_tuple = |step: &PriceStep| (step.from, step.tier.to_string(), step.prices.output.nanos());
    let prices: Vec<_> = row.money.prices.iter().map(as_tuple).collect();
    // Off-peak is from 16:30 to 00:30 UTC.
    assert_eq!(
        prices,
        [
            (None, "standard".to_owned(), 2_190_000_000),
            (Some(instant("2025-02-27T16:30:00Z")), "offpeak".to_owned(), 550_000_000),
            (Some(instant("2025-02-28T00:30:00Z")), "standard".to_owned(), 2_190_000_000),
        ]
    );
    let cost = row.money.cost_per_hour.unwrap();
    assert_eq!(row.money.profit_per_hour, Some(row.money.revenue_per_hour.unwrap() - cost));
    assert_eq!(row.money.compare_per_hour, None, "it has a price");
}

/// Class: a sum that is printed, and rows beside it that add up to another one in the last digit.
#[test]
fn what_models_and_engines_earned_adds_up_as_it_is_printed() {
    let began = moment("2025-02-27T10:00:00Z");
    let after = |seconds| at(began.wall + Span::from_secs(seconds));
    // The second node has no GPUs that anybody reports: what is made on it has no known cost.
    let targets = [("a", "n"), ("b", "n"), ("c", "m"), ("d", "m")].map(|(name, node)| member(name, node, None));
    let config = FleetConfig { targets: targets.into(), ..FleetConfig::local("box") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began);
    for second in 0..=40 {
        fleet.apply(gpus("n", "NVIDIA H800", 8, after(second)));
        for (nth, (target, model)) in
            [("a", "deepseek-r1"), ("b", "deepseek-v3"), ("c", "deepseek-r1"), ("d", "deepseek-v3")]
                .into_iter()
                .enumerate()
        {
            let made = second as u64 * (1_013 + 317 * nth as u64);
            fleet.apply(answered(target, after(second), page(model, counters(made, made / 3, made / 7), None)));
        }
        fleet.apply(Event::Tick(after(second)));
        let snapshot = fleet.snapshot();
        let micros = |revenue: Option<Money>| revenue.map_or(0, |revenue| revenue.rounded(6));
        let total = micros(snapshot.money.revenue);
        let models: i128 = snapshot.models.iter().map(|row| micros(row.money.revenue)).sum();
        let engines: i128 = snapshot.engines.iter().map(|row| micros(row.revenue)).sum();
        let nodes: i128 = snapshot.nodes.iter().map(|row| micros(row.revenue)).sum();
        assert_eq!((models, engines, nodes), (total, total, total), "after {second} s");
        assert!(second < 3 || total > 0 && snapshot.money.uncosted_revenue > Money::ZERO);
    }
}

#[test]
fn without_a_price_cost_and_worth_are_reported() {
    let row = row("my-finetune", Some("deepseek-r1-standard"));
    assert_eq!((row.money.revenue, row.money.profit_per_hour, row.money.prices.len()), (None, None, 0));
    assert_eq!(row.money.cost_per_hour.unwrap().to_string(), "16.00", "eight GPUs at $2");
    // 360 M prompt tokens an hour at $0.55 and 180 M of output at $2.19.
    let worth = row.money.compare_per_hour.unwrap();
    assert_eq!(worth, Money::from_micros(360 * 550_000 + 180 * 2_190_000));
    assert_eq!(self::row("my-finetune", None).money.compare_per_hour, None);
}

/// Class: what was earned under a name that no page has any more is in the fleet's revenue and in no model's.
#[test]
fn a_model_that_was_renamed_keeps_what_it_earned() {
    let began = moment("2025-02-27T10:00:00Z");
    let after = |seconds| at(began.wall + Span::from_secs(seconds));
    for start in [None, Some(instant("2025-02-27T09:00:00Z"))] {
        let config = FleetConfig { targets: vec![member("e", "n", None)], ..FleetConfig::local("box") };
        let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began);
        for second in 0..=60 {
            fleet.apply(gpus("n", "NVIDIA H800", 8, after(second)));
            let name = if second < 20 { "deepseek-r1" } else { "deepseek-v3" };
            let made = 7_000_000 + second as u64 * 100_000;
            fleet.apply(answered("e", after(second), page(name, counters(made, 0, made / 2), start)));
            fleet.apply(Event::Tick(after(second)));
        }
        let snapshot = fleet.snapshot();
        let row = |name: &str| snapshot.models.iter().find(|row| row.model.as_str() == name);
        let (former, present) = (row("deepseek-r1").unwrap(), row("deepseek-v3").unwrap());
        assert!(former.money.revenue > Some(Money::ZERO), "{former:?}");
        assert_eq!(former.prompt_total, None, "its counters go on under the other name");
        let (revenue, money) = (|row: &ModelRow| row.money.revenue.unwrap(), &snapshot.money);
        assert_eq!(Some(revenue(former) + revenue(present)), money.revenue.map(|revenue| revenue.round_to(6)));
        let profit = |row: &ModelRow| row.money.profit_per_hour.unwrap();
        assert_eq!((former.money.revenue_per_hour, profit(former)), (Some(Money::ZERO), Money::ZERO));
        let beside: Money = money.profit_beside_models.iter().map(|row| row.profit_per_hour).sum();
        let sum = profit(former) + profit(present) + beside;
        assert_eq!(Some(sum.round_to(6)), money.profit_per_hour.map(|profit| profit.round_to(6)));
    }
}
