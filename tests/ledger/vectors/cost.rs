//! What a fleet costs, and its margins.

use margintop::config;
use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::{Book, Lease, Leased, PriceList, Rounding};
use margintop::reading::{Event, NodeName};
use margintop::units::{
    GpuTime, HourlyRate, Money, PowerPrice, Span, Timestamp, break_even_load, gross_margin, profit_on_cost, quotient,
};
use serde_json::Value;

use super::support::{at, gpus, instant, moment};
use super::{classes, dollars, fixed, percent, text, vector};

/// The staircase as leases, run by the fleet's own ticks.
fn staircase() -> Fleet {
    let v = vector("V02");
    let steps = v["input"]["node_steps"].as_array().unwrap();
    let ends = steps[1..].iter().map(|step| &step[0]).chain([&v["input"]["end"]]);
    let leases = steps.iter().zip(ends).map(|(step, end)| Lease {
        gpus: Some(u32::try_from(step[1].as_u64().unwrap()).unwrap() * 8),
        from: Some(instant(text(&step[0]))),
        until: Some(instant(text(end))),
        ..Lease::of(Leased::Node(NodeName::new("fleet")), text(&v["input"]["usd_per_gpu_hour"]).parse().unwrap())
    });
    let config = FleetConfig { leases: leases.collect(), zone: None, ..FleetConfig::local("box") };
    Fleet::new(config, Book::built_in().unwrap(), moment(text(&steps[0][0])))
}

fn hours_of(gpus: u32, hours: i64) -> GpuTime {
    GpuTime::of(gpus, Span::from_secs(hours * 3600))
}

fn rate(value: &Value) -> HourlyRate {
    text(value).parse().unwrap()
}

/// A fleet that leases GPUs of a node by schedule, after so many seconds.
fn leased(gpus: u32, rate: &Value, seconds: i64) -> Fleet {
    let lease = Lease { gpus: Some(gpus), ..Lease::of(Leased::Node(NodeName::new("n")), self::rate(rate)) };
    let config = FleetConfig { leases: vec![lease], zone: None, ..FleetConfig::local("box") };
    let began = moment("2025-03-10T10:00:00Z");
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began);
    fleet.apply(Event::Tick(at(began.wall + Span::from_secs(seconds))));
    fleet
}

#[test]
fn v01_the_published_day_and_its_margins() {
    let v = vector("V01");
    let book = Book::built_in().unwrap();
    let prices = book.list("deepseek-r1-standard").unwrap().quote(instant("2025-02-27T04:00:00Z")).prices;
    let tokens = classes(&v["input"]["tokens"]);
    let revenue = prices.of(tokens.miss, tokens.hit, tokens.output);
    assert_eq!((revenue.grains() / Money::GRAINS_PER_FEMTO).to_string(), text(&v["expected"]["revenue_fusd"]));
    assert_eq!(revenue.to_string(), text(&v["expected"]["revenue_usd"]));
    let parts = &v["expected"]["revenue_parts_usd"];
    assert_eq!(prices.hit.of(tokens.hit).to_string(), text(&parts["hit"]));
    assert_eq!(prices.miss.of(tokens.miss).to_string(), text(&parts["miss"]));
    assert_eq!(prices.output.of(tokens.output).to_string(), text(&parts["out"]));
    let cost = rate(&v["input"]["usd_per_gpu_hour"]).of(hours_of(5442 * 8, 1));
    assert_eq!(cost.to_string(), text(&v["expected"]["cost_usd"]));
    margins(revenue, cost, &v["expected"]);
    margins(dollars(&v["expected"]["published"]["revenue_usd"]), cost, &v["expected"]["published"]);
    let hit = dollars(&"342".into());
    assert_eq!(percent(quotient(hit, dollars(&"608".into()))), text(&v["expected"]["cache_hit_ratio_pct"]));
}

/// Profit and the ratios of a day as a vector prints them.
fn margins(revenue: Money, cost: Money, expected: &Value) {
    assert_eq!((revenue - cost).to_string(), text(&expected["profit"]));
    assert_eq!(percent(profit_on_cost(revenue, cost)), text(&expected["cost_profit_margin_pct"]));
    assert_eq!(percent(gross_margin(revenue, cost)), text(&expected["gross_margin_pct"]));
    let multiple = quotient(revenue, cost).unwrap().get();
    assert_eq!(format!("{multiple:.6}"), text(&expected["revenue_over_cost"]));
}

#[test]
fn v02_the_staircase_at_any_speed() {
    let expected = vector("V02")["expected"].clone();
    let (start, end) = (instant("2025-02-27T04:00:00Z"), instant("2025-02-28T04:00:00Z"));
    for step in [Span::from_secs(60), Span::from_secs(3600 * 7), Span::from_millis(7_777_777)] {
        let mut fleet = staircase();
        let mut now = start;
        while now < end {
            fleet.apply(Event::Tick(at(now)));
            now = now + step;
        }
        fleet.apply(Event::Tick(at(end)));
        fleet.apply(Event::Tick(at(end + Span::from_secs(86_400 / 2))));
        let hours: i64 = fleet.ledger().today().gpu_times().map(|(_, time)| time.allocated.millis()).sum();
        assert_eq!(fixed(Money::from_micros(hours / 36_000 * 10_000), 2), text(&expected["gpu_hours"]), "{step:?}");
        assert_eq!(fleet.snapshot().money.cost.unwrap().to_string(), text(&expected["cost_usd"]), "{step:?}");
    }
}

#[test]
fn v03_the_same_tokens_at_other_lists() {
    let v = vector("V03");
    let (tokens, expected) = (classes(&v["input"]["tokens"]), &v["expected"]);
    let book = Book::built_in().unwrap();
    let value = |list: &str, tier: &str| {
        let list: &PriceList = book.list(list).unwrap();
        let quote = list.quotes().find(|quote| quote.tier == tier).unwrap();
        quote.prices.of(tokens.miss, tokens.hit, tokens.output)
    };
    let v3 = value("deepseek-v3-standard", "standard");
    assert_eq!(v3.to_string(), text(&expected["V3_usd"]));
    margins(v3, dollars(&"87072".into()), &expected["V3_metrics_vs_87072"]);
    assert_eq!(value("deepseek-r1-2025", "offpeak").to_string(), text(&expected["offpeak_usd"]));
    let yuan = value("deepseek-r1-standard-cny", "standard");
    assert_eq!(yuan.to_string(), text(&expected["R1_CNY"]));
    let implied = quotient(yuan, value("deepseek-r1-standard", "standard")).unwrap().get();
    assert_eq!(format!("{implied:.6}"), text(&expected["implied_cny_per_usd"]));
}

#[test]
fn v15_hardware_of_ones_own_and_v16_its_energy() {
    let (v15, v16) = (vector("V15"), vector("V16"));
    let input = &v15["input"];
    let key = |name: &str| text(&input[name]).to_owned();
    let file = tempfile::NamedTempFile::new().unwrap();
    let lease = |node: &str, network: &str| {
        format!(
            "[[lease]]\nnode = \"{node}\"\ncapex = \"{}\"\n{network}salvage = \"{}\"\nlife = \"4y\"\ngpus_per_node = 8\n\
             power = {{ kwh = \"{}\", pue = \"{}\" }}\n",
            key("capex_usd"),
            key("salvage_usd"),
            key("usd_per_kwh"),
            key("pue"),
        )
    };
    let network = format!("network = \"{}\"\n", key("network_capex_usd"));
    std::fs::write(file.path(), lease("bare", "") + &lease("whole", &network)).unwrap();
    let leases = config::load(Some(file.path())).unwrap().leases;
    let (bare, whole) = (leases[0].rate.of(hours_of(8, 1)), leases[1].rate.of(hours_of(8, 1)));
    let expected = &v15["expected"];
    assert_eq!(fixed(bare, 6), text(&expected["amortisation_usd_h"]));
    assert_eq!(fixed(whole - bare, 6), text(&expected["network_usd_h"]));
    // 10.2 kW at 0.75 of its load is 7.65 kWh an hour, each 3.6e9 millijoules.
    let power = leases[0].power.unwrap();
    let hourly = power.of(7_650 * 3_600_000);
    assert_eq!(fixed(hourly, 6), text(&expected["power_usd_h"]));
    assert_eq!(fixed(whole + hourly, 6), text(&expected["total_usd_h"]));
    assert_eq!(fixed((whole + hourly).scaled(1, 8).unwrap(), 6), text(&expected["usd_per_gpu_hour"]));
    energy(&v16, power);
}

fn energy(v: &Value, power: PowerPrice) {
    let input = &v["input"];
    let (millijoules, tokens) = (input["energy_delta_mj"].as_i64().unwrap(), input["output_tokens"].as_i64().unwrap());
    assert_eq!(fixed(power.of(millijoules.into()), 6), text(&v["expected"]["power_usd"]));
    // Joules as money, so that nothing is a float.
    let joules = Money::from_micros(millijoules * 1000);
    let building = joules.scaled(power.pue.thousandths().into(), 1000).unwrap();
    assert_eq!(fixed(joules, 3), text(&v["expected"]["it_joules"]));
    assert_eq!(fixed(joules.scaled(1, tokens).unwrap(), 6), text(&v["expected"]["j_per_output_token_it"]));
    assert_eq!(fixed(building.scaled(1, tokens).unwrap(), 6), text(&v["expected"]["j_per_output_token_facility"]));
    assert_eq!(fixed(building.scaled(1, 3_600_000).unwrap(), 6), text(&v["expected"]["facility_kwh"]));
    let per_megawatt = Money::from_micros(tokens * 1_000_000).scaled(1_000_000_000, millijoules).unwrap();
    assert_eq!(fixed(per_megawatt, 1), text(&v["expected"]["output_tokens_per_s_per_it_mw"]));
}

#[test]
fn v17_cost_per_million() {
    let v = vector("V17");
    let (hourly, speeds, expected) = (dollars(&v["input"]["node_usd_per_hour"]), &v["input"]["tok_s"], &v["expected"]);
    let per_million = |cost: Money, tokens: i64| fixed(cost.scaled(1_000_000, tokens).unwrap(), 6);
    for (key, speed) in [
        ("deepseek_in", "deepseek_prefill_in"),
        ("deepseek_out", "deepseek_decode_out"),
        ("sglang_in", "sglang_prefill_in"),
        ("sglang_out", "sglang_decode_out"),
    ] {
        assert_eq!(per_million(hourly, speeds[speed].as_i64().unwrap() * 3600), text(&expected[key]), "{key}");
    }
    let day = &v["input"]["day"];
    let (cost, prompt) = (dollars(&day["cost_usd"]), day["in_tokens"].as_i64().unwrap());
    let output = day["out_tokens"].as_i64().unwrap();
    assert_eq!(per_million(cost, prompt + output), text(&expected["blended_all_tokens"]));
    assert_eq!(per_million(cost, output), text(&expected["all_in_per_output"]));
    let tokens = Money::from_micros((prompt + output) * 1_000_000).scaled(1, 87_072).unwrap();
    assert_eq!(fixed(tokens, 0), text(&expected["tokens_per_usd"]));
    let revenue = dollars(&"562027".into());
    let an_hour = |amount: Money| fixed(amount.scaled(1, 5442 * 8).unwrap(), 6);
    assert_eq!(an_hour(revenue), text(&expected["revenue_per_gpu_hour"]));
    assert_eq!(an_hour(revenue - cost), text(&expected["profit_per_gpu_hour"]));
}

#[test]
fn v18_margins_and_break_even() {
    let v = vector("V18");
    let [revenue, cost, v3] = ["revenue_usd", "cost_usd", "v3_revenue_usd"].map(|key| dollars(&v["input"][key]));
    let expected = &v["expected"];
    margins(revenue, cost, expected);
    assert_eq!(percent(break_even_load(revenue, cost)), text(&expected["break_even_share_of_load_pct_R1"]));
    assert_eq!(percent(break_even_load(v3, cost)), text(&expected["break_even_share_of_load_pct_V3"]));
    let per_hour = revenue.scaled(1, 5442 * 8).unwrap();
    assert_eq!(fixed(per_hour, 4), text(&expected["break_even_usd_per_gpu_hour_R1"]));
    assert_eq!(gross_margin(Money::ZERO, cost), None);
    let lost = percent(profit_on_cost(Money::ZERO, cost));
    assert_eq!(lost, text(&expected["when_revenue_zero"]["cost_profit_margin_pct"]));
    assert_eq!(profit_on_cost(revenue, Money::ZERO), None);
}

#[test]
fn v21_an_idle_fleet_costs() {
    let v = vector("V21");
    let seconds = v["input"]["seconds"].as_i64().unwrap();
    let gpus_leased = u32::try_from(v["input"]["gpus"].as_u64().unwrap()).unwrap();
    let money = leased(gpus_leased, &v["input"]["usd_per_gpu_hour"], seconds).snapshot().money;
    let cost = money.cost.unwrap();
    assert_eq!(cost.to_string(), text(&v["expected"]["cost_usd"]));
    assert_eq!((money.gross_margin, gross_margin(Money::ZERO, cost)), (None, None));
    assert_eq!(percent(profit_on_cost(Money::ZERO, cost)), text(&v["expected"]["cost_profit_margin_pct"]));
    // The same of GPUs that are seen and serve nothing.
    let lease = Lease::of(Leased::Gpu("H800".to_owned()), rate(&v["input"]["usd_per_gpu_hour"]));
    let config = FleetConfig { leases: vec![lease], zone: None, ..FleetConfig::local("box") };
    let began = moment("2025-03-10T10:00:00Z");
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began);
    fleet.apply(gpus("n", "NVIDIA H800", gpus_leased, began));
    fleet.apply(Event::Tick(at(began.wall + Span::from_secs(seconds))));
    let money = fleet.snapshot().money;
    assert_eq!((money.cost, money.idle_cost), (Some(cost), Some(cost)));
}

#[test]
fn v22_a_provider_rounds_a_lease_up() {
    let v = vector("V22");
    let (allocated, rate) =
        (Span::from_millis(v["input"]["lease_ms"].as_i64().unwrap()), rate(&v["input"]["usd_per_gpu_hour"]));
    for (key, rounding) in [
        ("exact", Rounding::Exact),
        ("per_second", Rounding::Second),
        ("per_minute", Rounding::Minute),
        ("per_hour", Rounding::Hour),
    ] {
        assert_eq!(fixed(rate.of(GpuTime::of(8, rounding.billed(allocated))), 6), text(&v["expected"][key]), "{key}");
    }
}

#[test]
fn v27_a_node_is_leased_whole() {
    let v = vector("V27");
    let (hourly, serving) = (&v["input"]["usd_per_gpu_hour"], v["input"]["gpus_serving"].as_i64().unwrap());
    let cost = leased(8, hourly, 3600).snapshot().money.cost.unwrap();
    assert_eq!(cost.to_string(), text(&v["expected"]["cost_usd"]));
    let used = rate(hourly).of(hours_of(u32::try_from(serving).unwrap(), 1));
    assert_eq!(used.to_string(), text(&v["expected"]["serving_cost_usd"]));
    assert_eq!((cost - used).to_string(), text(&v["expected"]["idle_cost_usd"]));
    let each = cost.scaled(1, serving).unwrap();
    assert_eq!(each.to_string(), text(&v["expected"]["effective_usd_per_serving_gpu_hour"]));
}

#[test]
fn v28_rates_of_the_average_second() {
    let v = vector("V28");
    let (revenue, cost) = (dollars(&v["input"]["revenue_usd"]), dollars(&v["input"]["cost_usd"]));
    let per_second = |money: Money| fixed(money.scaled(1, 86_400).unwrap(), 6);
    assert_eq!(per_second(revenue), text(&v["expected"]["revenue_usd_s"]));
    assert_eq!(per_second(cost), text(&v["expected"]["cost_usd_s"]));
    assert_eq!(per_second(revenue - cost), text(&v["expected"]["profit_usd_s"]));
    let a_second = |tokens: i64| Money::from_micros(tokens * 1_000_000).scaled(1, 86_400).unwrap();
    for (key, tokens) in [("in_tok_s", 608), ("miss_tok_s", 266), ("out_tok_s", 168)] {
        assert_eq!(fixed(a_second(tokens * 1_000_000_000), 0), text(&v["expected"][key]), "{key}");
    }
    let streams = a_second(168_000_000_000).scaled(1, 21).unwrap();
    assert_eq!(fixed(streams, 0), text(&v["expected"]["concurrent_streams_at_21_tok_s"]));
}

#[test]
fn v25_the_hourly_shape() {
    let v = vector("V25");
    let whole = |value: &Value| value.as_i64().unwrap();
    let pixels: Vec<_> = v["input"]["chart_px_usd"].as_array().unwrap().iter().map(whole).collect();
    let incomes: Vec<_> = v["expected"]["hourly_income_usd"].as_array().unwrap().iter().map(whole).collect();
    let (drawn, sum) = (pixels.iter().sum::<i64>(), whole(&v["expected"]["sum"]));
    let within_a_hundredth =
        |ours: Money, theirs: i64| (ours.rounded(0) - i128::from(theirs)).abs() * 100 <= theirs.into();
    let dollars = |amount: i64| Money::from_micros(amount * 1_000_000);
    for (pixel, income) in pixels.iter().zip(&incomes) {
        assert!(within_a_hundredth(dollars(*pixel).scaled(sum, drawn).unwrap(), *income), "{income}");
    }
    assert_eq!(incomes.iter().sum::<i64>(), sum);
    // Which half hours are cheap is the list's word.
    let book = Book::built_in().unwrap();
    let list = book.list("deepseek-r1-2025").unwrap();
    let half = |nth: i64| instant("2025-02-27T04:00:00Z") + Span::from_secs(nth * 1800);
    let is_cheap = |at: Timestamp| list.tier_at(at) == "offpeak";
    let halves = (0..48).filter(|nth| is_cheap(half(*nth))).map(|nth| incomes[usize::try_from(nth / 2).unwrap()]);
    let cheap = dollars(halves.sum::<i64>()).scaled(1, 2).unwrap();
    let said = |key: &str| text(&v["expected"][key]).parse::<i64>().unwrap();
    assert_eq!(cheap, dollars(said("income_in_offpeak_window_00:30-08:30")));
    let billed = dollars(sum) - cheap + cheap.scaled(140_280, 562_100).unwrap();
    assert!(within_a_hundredth(billed, said("revenue_if_offpeak_R1_list_applied_to_window")), "{billed}");
}
