//! A what-if means what it says: one that changes nothing changes no figure, and a break-even point is a point at which the
//! same what-if leaves no profit.
#![allow(clippy::cast_possible_wrap, clippy::unnecessary_wraps)]

use crate::past;

use margintop::ledger::{CostAccount, CostKind, Past, TariffId, TokenCell};
use margintop::pricing::{Book, PriceList};
use margintop::reading::EngineRole;
use margintop::statement::{By, Lever, Statement, Totals, WhatIf, WhatIfChange, compare, levers, reprice, what_if};
use margintop::units::{GpuTime, HourlyRate, Money, NodeCount, PowerPrice, Share, Span};
use past::{Making, R1, classes, deepseek_day, gpu_time, instant};

fn secs(seconds: i64) -> Span {
    Span::from_secs(seconds)
}

fn share(text: &str) -> Option<Share> {
    Some(text.parse().unwrap())
}

fn asked(past: &Past, change: WhatIfChange<&PriceList>) -> WhatIf {
    what_if(past, &change).unwrap()
}

fn is_unchanged(past: &Past, change: WhatIfChange<&PriceList>) {
    let result = asked(past, change);
    assert_eq!(result.before, result.after, "{change:?}");
}

/// `nodes` nodes of 8 GPUs, watched for three minutes and a half of a day: each is first seen some seconds later than the
/// one before it.
fn young(nodes: usize) -> Past {
    let mut past = Making::new("2026-03-10T00:00:00Z", "2026-03-10T10:03:51Z");
    let began = instant("2026-03-10T10:00:20Z");
    past.0.began = began;
    let tariff = past.tariff("r1", "standard", R1);
    for nth in 0..nodes {
        let name = format!("n{nth}");
        let (account, rent) =
            (past.account(&name, None, "m", EngineRole::Unified), past.cost_account(Some(&name), None, Some("2.00")));
        for minute in 0..4 {
            let bucket = began.minute() + secs(minute * 60);
            let (from, to) = ((began + secs(2 + nth as i64 * 3)).max(bucket), past.0.until.min(bucket + secs(60)));
            past.tokens(bucket, account, Some(tariff), classes(9_000, 4_000, 1_000));
            past.rent(bucket, rent, GpuTime::of(8, to - from), GpuTime::of(8, secs(1)));
        }
    }
    past.0
}

#[test]
fn the_nodes_that_were_allocated_cost_what_they_cost() {
    for nodes in [1_u32, 4] {
        let past = young(nodes as usize);
        is_unchanged(&past, WhatIfChange { nodes: NodeCount::whole(nodes), ..WhatIfChange::default() });
        let twice = asked(&past, WhatIfChange { nodes: NodeCount::whole(nodes * 2), ..WhatIfChange::default() });
        let cost = twice.before.cost.unwrap();
        assert_eq!(twice.after.cost, cost.scaled(2, 1), "twice as many cost twice as much");
        assert_eq!(twice.after.idle_cost, twice.before.idle_cost.scaled(2, 1).unwrap());
        assert_eq!(twice.after.revenue, twice.before.revenue);
    }
}

/// Class: the average is over watched time, and each node counts as one whatever the number of its GPUs.
#[test]
fn nodes_are_an_average_over_watched_time() {
    let mut past = Making::new("2026-03-10T00:00:00Z", "2026-03-10T04:00:00Z");
    let [big, small] = ["a", "b"].map(|node| past.cost_account(Some(node), None, Some("1")));
    for hour in [0, 1, 3] {
        let at = past.0.since + secs(hour * 3600);
        past.rent(at, big, gpu_time(8, 60), GpuTime::ZERO);
        if hour != 1 {
            past.rent(at, small, gpu_time(4, 60), GpuTime::ZERO);
        }
    }
    let mut past = past.0;
    past.unwatched = vec![(past.since + secs(7200), past.since + secs(10_800))];
    // Five node-hours in three watched hours cost 32.
    let result = asked(&past, WhatIfChange { nodes: NodeCount::whole(5), ..WhatIfChange::default() });
    assert_eq!(result.after.cost.unwrap().to_string(), "96.00");
    assert!(
        what_if(&Past::default(), &WhatIfChange { nodes: NodeCount::whole(1), ..WhatIfChange::default() }).is_none()
    );
}

#[test]
fn the_published_days_nodes_are_its_average() {
    let result = asked(&deepseek_day(), WhatIfChange { nodes: NodeCount::whole(907), ..WhatIfChange::default() });
    assert_eq!(result.after.cost.unwrap().to_string(), "348288.00", "four times 226.75");
    is_unchanged(
        &deepseek_day(),
        WhatIfChange { nodes: NodeCount::from_micros(226_750_000), ..WhatIfChange::default() },
    );
}

/// Class: a present value that is reported and cannot be asked for.
#[test]
fn the_present_number_of_nodes_changes_nothing_where_it_is_a_fraction() {
    for seconds in [601_i64, 1_234, 3_333] {
        let mut past = Making::new("2026-03-10T00:00:00Z", "2026-03-10T04:00:00Z");
        let gpu_times = ["a", "b", "c"].map(|node| past.cost_account(Some(node), None, Some("1.37")));
        for (nth, rent) in gpu_times.into_iter().enumerate() {
            let until = past.0.until - secs(seconds * nth as i64);
            for quarter in 0..16 {
                let at = past.0.since + secs(quarter * 900);
                let time = GpuTime::of(8, (until.min(at + secs(900)) - at).max(Span::ZERO));
                past.rent(at, rent, time, GpuTime::ZERO);
            }
        }
        let result = what_if(&past.0, &WhatIfChange::default()).unwrap();
        let now = NodeCount::from_micros(result.levels.nodes_milli.unwrap() * 1_000).unwrap();
        assert_ne!(now.micros() % 1_000_000, 0);
        is_unchanged(&past.0, WhatIfChange { nodes: now.to_string().parse().ok(), ..WhatIfChange::default() });
    }
}

/// GPUs at one rate with metered power, a node without a rate, a rounding, and overhead of both kinds.
fn powered() -> Past {
    let mut past = young(2);
    past.accounts[1].costed = false;
    past.cost_accounts[1].rate = None;
    past.cost_accounts[0].power = Some(PowerPrice { kwh: "0.10".parse().unwrap(), pue: "1.3".parse().unwrap() });
    past.gpu_times.iter_mut().for_each(|cell| cell.energy = 900_000_000);
    past.tariffs[0].overhead = share("0.029");
    let of = |kind| CostAccount { node: None, power: None, kind, ..past.cost_accounts[0].clone() };
    let more = [of(CostKind::Rounding), of(CostKind::Overhead)];
    for account in more {
        past.cost_accounts.push(account);
        let cost_account = margintop::ledger::CostAccountId::at(past.cost_accounts.len() as u32 - 1);
        let bucket = past.gpu_times[0].bucket;
        let cell = margintop::ledger::GpuTimeCell {
            bucket,
            cost_account,
            allocated: GpuTime::of(1, secs(100)),
            idle: GpuTime::ZERO,
            energy: 0,
        };
        past.gpu_times.push(cell);
    }
    past
}

#[test]
fn the_rate_that_is_paid_costs_what_is_paid() {
    is_unchanged(&powered(), WhatIfChange { gpu_rate: "2.00".parse().ok(), ..WhatIfChange::default() });
    // Where there are several rates, their average is the one that changes nothing.
    let mut mixed = young(4);
    for (rate, account) in ["1", "2", "3.5", "0.700001"].into_iter().zip(&mut mixed.cost_accounts) {
        account.rate = rate.parse().ok();
    }
    let totals = Totals::of(&mixed);
    let average = totals.cost.unwrap().scaled(3_600_000, totals.gpu_time.millis()).unwrap().round_to(6);
    let rate: HourlyRate = average.to_string().parse().unwrap();
    is_unchanged(&mixed, WhatIfChange { gpu_rate: Some(rate), ..WhatIfChange::default() });
}

#[test]
fn the_share_that_is_paid_earns_what_was_earned() {
    let mut past = young(2);
    is_unchanged(&past, WhatIfChange { paid: Some(Share::ALL), ..WhatIfChange::default() });
    let theoretical =
        margintop::statement::changed(&past, &WhatIfChange { paid: Some(Share::ALL), ..WhatIfChange::default() });
    assert_eq!(theoretical.unwrap().tariffs, past.tariffs, "and it is as theoretical as it was");
    past.tariffs[0].paid = share("0.37");
    is_unchanged(&past, WhatIfChange { paid: share("0.37"), ..WhatIfChange::default() });
    // Two tenants of whom one pays half: three quarters are paid of equal work.
    let mut half = past.tariffs[0].clone();
    half.paid = share("0.5");
    past.tariffs[0].paid = None;
    past.tariffs.push(half);
    for (nth, cell) in past.tokens.iter_mut().enumerate() {
        cell.tariff = Some(TariffId::at(nth as u32 % 2));
    }
    is_unchanged(&past, WhatIfChange { paid: share("0.75"), ..WhatIfChange::default() });
}

/// Class: accounts and minutes with hit rates of their own. The rate of all of them changes none of them.
#[test]
fn the_hit_rate_that_was_changes_nothing() {
    let mut past = young(3);
    let dear = TariffId::at(1);
    past.tariffs.push(margintop::ledger::Tariff {
        prices: margintop::pricing::ClassPrices { miss: "3".parse().unwrap(), ..past.tariffs[0].prices },
        ..past.tariffs[0].clone()
    });
    for (nth, cell) in past.tokens.iter_mut().enumerate() {
        let nth = nth as u64;
        cell.tokens = classes(1_000 * (nth % 5), 700 * (nth % 7), 10);
        cell.tariff = Some(if nth.is_multiple_of(2) { dear } else { TariffId::at(0) });
    }
    past.tokens[0].tariff = None;
    let totals = Totals::of(&past).tokens;
    let (hit, prompt) = (totals.hit.count(), totals.hit.count() + totals.miss.count());
    for ppm in [hit * 1_000_000 / prompt, (hit * 1_000_000 + prompt / 2) / prompt] {
        is_unchanged(&past, WhatIfChange { hit_rate: Share::from_ppm(ppm as u32), ..WhatIfChange::default() });
    }
    let exact = |text: &str| {
        let result = asked(&past, WhatIfChange { hit_rate: share(text), ..WhatIfChange::default() });
        (result.after.tokens.hit.count(), result.after.tokens.miss.count())
    };
    assert_eq!(exact("1"), (prompt, 0));
    assert_eq!(exact("0"), (0, prompt));
    assert_eq!(exact("0.6"), (prompt * 6 / 10, prompt - prompt * 6 / 10));
}

/// A list with windows whose edges lie on no quarter of an hour.
fn windowed() -> Book {
    let text = "[[list]]\nname = \"own\"\ncurrency = \"USD\"\nsource = \"own\"\nzone = \"UTC\"\ndefault = \"day\"\n\
                [list.tiers.day]\nhit = \"0.14\"\nmiss = \"0.55\"\noutput = \"2.19\"\n\
                [list.tiers.night]\nhit = \"0.01\"\nmiss = \"0.02\"\noutput = \"0.05\"\n\
                [[list.windows]]\ntier = \"night\"\nhours = [\"14:05-14:11\"]\n\
                [[history]]\nmodels = [\"m\"]\nlists = [\"own\"]\n";
    let mut book = Book::built_in().unwrap();
    book.add(toml::from_str(text).unwrap()).unwrap();
    book
}

/// What was posted by that list in one quarter of an hour, of which six minutes were night.
fn posted(list: &PriceList) -> Past {
    let mut past = Making::new("2026-03-10T14:00:00Z", "2026-03-10T14:15:00Z");
    let account = past.account("n", None, "m", EngineRole::Unified);
    let tariff = |past: &mut Making, tier: &str| {
        let quote = list.quotes().find(|quote| quote.tier == tier).unwrap();
        let tariff = past.tariff("own", tier, R1);
        past.0.tariffs[tariff.index()].prices = quote.prices;
        tariff
    };
    let (day, night) = (tariff(&mut past, "day"), tariff(&mut past, "night"));
    let at = past.0.since;
    past.tokens(at, account, Some(day), classes(9_000_000, 0, 900_000));
    past.tokens(at, account, Some(night), classes(6_000_000, 600_000, 600_000));
    let rent = past.cost_account(Some("n"), None, Some("2"));
    past.rent(at, rent, gpu_time(8, 15), GpuTime::ZERO);
    past.0
}

/// Class: an edge of prices inside a bucket, whatever the minute. What was posted by the same list stays as it was posted.
#[test]
fn the_list_that_was_posted_changes_nothing() {
    let book = windowed();
    let own = book.list("own").unwrap();
    let past = posted(own);
    is_unchanged(&past, WhatIfChange { list: Some(own), ..WhatIfChange::default() });
    let totals = Totals::of(&past);
    assert_eq!(Totals::of(&reprice(&past, &book)), totals);
    let lists = compare(&past, &book, "USD");
    let at = lists.iter().find(|at| at.list.as_str() == "own").unwrap();
    assert_eq!((at.revenue, at.profit(), at.uncertainty), (totals.revenue, totals.profit(), Money::ZERO));
    // Prices that are the book's no longer are not kept.
    let mut other = past;
    other.tariffs[1].prices.miss = "0.03".parse().unwrap();
    let result = asked(&other, WhatIfChange { list: Some(own), ..WhatIfChange::default() });
    assert_ne!(result.after.revenue, result.before.revenue);
    assert_ne!(Totals::of(&reprice(&other, &book)).revenue, result.before.revenue);
}

/// Class: another list, whose prices change inside a bucket that is kept as one. How far that may be off is said.
#[test]
fn an_edge_of_another_list_inside_a_bucket_is_uncertainty() {
    let book = windowed();
    let own = book.list("own").unwrap();
    let prices = |tier: &str| own.quotes().find(|quote| quote.tier == tier).unwrap().prices;
    let mut past = posted(own);
    past.tariffs.iter_mut().for_each(|tariff| tariff.list = margintop::reading::Label::new("another"));
    let result =
        margintop::statement::changed(&past, &WhatIfChange { list: Some(own), ..WhatIfChange::default() }).unwrap();
    let whole = Statement::of(&result, By::Model, &jiff::tz::TimeZone::UTC);
    let tokens = classes(15_000_000, 600_000, 1_500_000);
    let value = |tier: &str| prices(tier).of(tokens.miss, tokens.hit, tokens.output);
    let (day, night) = (value("day"), value("night"));
    let first = own.quote(past.since).tier;
    assert_eq!(whole.total.revenue, Some(value(first)));
    assert_eq!(whole.uncertainty, (day - night).max(night - day));
    assert!(whole.uncertainty > Money::ZERO);
    let lists = compare(&past, &book, "USD");
    let at = |name: &str| lists.iter().find(|at| at.list.as_str() == name).unwrap();
    assert_eq!((Some(at("own").revenue), at("own").uncertainty), (whole.total.revenue, whole.uncertainty));
    assert_eq!(at("deepseek-r1-standard").uncertainty, Money::ZERO);
    // At a list without such an edge nothing is unsure.
    let flat = book.list("deepseek-r1-standard").unwrap();
    let result =
        margintop::statement::changed(&past, &WhatIfChange { list: Some(flat), ..WhatIfChange::default() }).unwrap();
    assert_eq!(Statement::of(&result, By::Model, &jiff::tz::TimeZone::UTC).uncertainty, Money::ZERO);
}

/// Class: one profit that two questions round differently.
#[test]
fn a_list_has_the_profit_of_the_what_if_to_it_as_it_is_printed() {
    let book = Book::built_in().unwrap();
    let list = book.list("deepseek-r1-standard").unwrap();
    let mut past = Making::new("2026-03-10T14:00:00Z", "2026-03-10T15:00:00Z");
    let tariff = past.tariff("own", "standard", R1);
    past.0.tariffs[tariff.index()].overhead = "0.031".parse().ok();
    past.0.tariffs[tariff.index()].paid = "0.37".parse().ok();
    let account = past.account("n", None, "m", EngineRole::Unified);
    let cost_account = past.cost_account(Some("n"), None, Some("1.37"));
    for part in 1..40 {
        let at = past.0.since + secs(60 * part);
        past.tokens(at, account, Some(tariff), classes(1_237 + 11 * part.unsigned_abs(), 331, 417));
        past.rent(at, cost_account, gpu_time(1, 1), gpu_time(0, 1));
        let change = WhatIfChange { list: Some(list), ..WhatIfChange::default() };
        let result = margintop::statement::what_if(&past.0, &change).unwrap().after.rounded(6);
        let at_list = compare(&past.0, &book, "USD").into_iter().find(|at| at.list.as_str() == list.name).unwrap();
        let at_list = at_list.rounded(6);
        assert_eq!((at_list.revenue, at_list.profit()), (result.revenue, result.profit()), "{part}");
    }
}

/// Class: prices that come back under the same name after others.
#[test]
fn prices_that_come_back_are_distinguished() {
    let mut past = Making::new("2026-03-10T14:00:00Z", "2026-03-10T15:00:00Z");
    let account = past.account("n", None, "m", EngineRole::Unified);
    let other = ["1", "1", "1"];
    for (book, prices) in (1..).zip([R1, other, R1, R1]) {
        let tariff = past.tariff("own", "standard", prices);
        past.0.tariffs[tariff.index()].book = book;
        let at = past.0.since + secs(900 * (i64::try_from(book).unwrap() - 1));
        past.tokens(at, account, Some(tariff), classes(1_000_000, 0, 0));
        past.0.books.push((book, at));
    }
    let result = Statement::of(&past.0, By::Model, &jiff::tz::TimeZone::UTC);
    let mut lists: Vec<_> = result.lists.iter().map(|list| (list.from, list.until, list.tokens.count())).collect();
    lists.sort();
    let at = |quarter: i64| Some(past.0.since + secs(900 * quarter));
    let millions = |count: u64| count * 1_000_000;
    assert_eq!(lists, [(None, at(1), millions(1)), (at(1), at(2), millions(1)), (at(2), None, millions(2))]);
}

/// Class: overhead of revenue follows the revenue, also that of tokens which had no price.
#[test]
fn overhead_of_revenue_moves_with_it() {
    let mut past = powered();
    let unpriced = TokenCell { tariff: None, ..past.tokens[0] };
    past.tokens = vec![past.tokens[0], unpriced];
    let book = windowed();
    let result = asked(&past, WhatIfChange { list: book.list("own"), ..WhatIfChange::default() });
    assert_eq!(result.after.revenue, result.before.revenue.scaled(2, 1).unwrap());
    let more = result.after.cost.unwrap() - result.before.cost.unwrap();
    assert_eq!(more, share("0.029").unwrap().of(result.before.revenue));
}

/// What is left of a what-if's revenue with a known cost.
fn left(result: &WhatIf) -> f64 {
    let profit = result.after.profit().unwrap();
    profit.grains() as f64 / Money::GRAINS_PER_UNIT as f64
}

#[test]
fn where_it_breaks_even_nothing_is_left() {
    let mut past = powered();
    past.tokens.iter_mut().for_each(|cell| cell.tokens = classes(1_200_000, 900_000, 20_000));
    for change in [
        WhatIfChange::default(),
        WhatIfChange { paid: share("0.9"), ..WhatIfChange::default() },
        WhatIfChange { nodes: NodeCount::whole(3), hit_rate: share("0.1"), ..WhatIfChange::default() },
        WhatIfChange { gpu_rate: "1.25".parse().ok(), ..WhatIfChange::default() },
    ] {
        let result = asked(&past, change);
        let even = result.break_even;
        let rate = HourlyRate::of_parts(even.gpu_rate.unwrap().rounded(6) as i64, 1);
        let at_rate = asked(&past, WhatIfChange { gpu_rate: rate, ..change });
        assert!(left(&at_rate).abs() < 1e-5, "{change:?}: {}", left(&at_rate));
        let cost = result.after.cost.unwrap() - result.after.revenue_overhead;
        let load = even.load_ppm.unwrap() as f64 / 1e6;
        let earned = result.after.covered_revenue() - result.after.revenue_overhead;
        let rest = earned.grains() as f64 * load - cost.grains() as f64;
        assert!((rest / Money::GRAINS_PER_UNIT as f64).abs() < 1e-5, "{change:?}");
    }
    // A rent between what all misses and what all hits earn.
    let dear = WhatIfChange { gpu_rate: "5".parse().ok(), hit_rate: share("0.2"), ..WhatIfChange::default() };
    let result = asked(&past, dear);
    let hits = Share::from_ppm(result.break_even.hit_rate_ppm.unwrap() as u32);
    let at = asked(&past, WhatIfChange { hit_rate: hits, ..dear });
    assert!(left(&at).abs() < 1e-4, "{hits:?}: {}", left(&at));
}

/// Class: what overhead alone costs more than is earned has no price at which it breaks even.
#[test]
fn no_price_is_below_nothing() {
    let mut past = powered();
    past.gpu_times.last_mut().unwrap().allocated = GpuTime::of(1, secs(1_000_000));
    let result = asked(&past, WhatIfChange::default());
    assert_eq!(result.break_even.gpu_rate, None);
    assert!(result.break_even.load_ppm.unwrap() > 1_000_000);
    past.tariffs[0].overhead = share("1");
    assert_eq!(
        asked(&past, WhatIfChange::default()).break_even.load_ppm,
        None,
        "no load pays where nothing is left of revenue"
    );
}

/// A tenth more load earns a tenth more and costs nothing; a tenth dearer GPUs cost a tenth more; one more node costs what a
/// node costs on average; more hits at equal traffic are less revenue. The largest stands first.
#[test]
fn levers_add_what_the_same_what_if_adds() {
    let day = deepseek_day();
    let result = levers(&day);
    let of =
        |wanted: fn(&Lever) -> bool| result.iter().find(|(lever, _)| wanted(lever)).map(|(_, more)| *more).unwrap();
    let cents = |money: Money| money.rounded(2);
    assert_eq!(cents(of(|lever| *lever == Lever::Load)), 5_621_000);
    assert_eq!(cents(of(|lever| *lever == Lever::GpuRate)), -870_720);
    assert_eq!(cents(of(|lever| *lever == Lever::Node)), -38_400, "a node for a day at 16 an hour");
    let prices = result.iter().filter(|(lever, _)| matches!(lever, Lever::Price(_)));
    let all: Money = prices.map(|(_, more)| *more).sum();
    assert!((cents(all) - 5_621_000).abs() <= 1, "all prices a tenth higher earn what a tenth more load does: {all}");
    let hits = result.iter().find_map(|(lever, more)| match lever {
        Lever::HitRate(from, to) => Some((*from, *to, *more)),
        _ => None,
    });
    let (from, to, more) = hits.unwrap();
    assert_eq!(to, from + from / 10);
    let change = asked(&day, WhatIfChange { hit_rate: Share::from_ppm(to), ..WhatIfChange::default() });
    assert_eq!(more, change.after.profit().unwrap() - change.before.profit().unwrap());
    let sizes: Vec<u128> = result.iter().map(|(_, more)| more.grains().unsigned_abs()).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{result:?}");
}

/// Without a cost there is no profit to move.
#[test]
fn nothing_moves_a_profit_that_is_unknown() {
    let mut past = Making::new("2026-03-10T00:00:00Z", "2026-03-10T10:00:00Z");
    let tariff = past.tariff("r1", "standard", R1);
    let account = past.account("n", None, "m", EngineRole::Unified);
    past.tokens(instant("2026-03-10T09:00:00Z"), account, Some(tariff), classes(9_000, 4_000, 1_000));
    assert_eq!(levers(&past.0), []);
}
