//! Price windows as properties: in any zone at any instant one tier holds, and edges are where it changes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use margintop::pricing::{Book, HistoryFile, ListFile, ModelPrice, PriceFile, TierFile, WindowFile};
use margintop::units::{Price, Span, Timestamp};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

/// Zones whose clocks jump by an hour, half of one, two or none, forward first or backward first, at odd offsets.
const ZONES: [&str; 12] = [
    "UTC",
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Chatham",
    "Europe/Dublin",
    "America/Santiago",
];
const MINUTE: i64 = 60_000;
const DAY: i64 = 1440 * MINUTE;
/// 2024-01-01 to 2027-12-31.
const YEARS: std::ops::Range<i64> = 1_704_067_200_000..1_830_211_200_000;

/// A list as it is written, and what its windows mean.
#[derive(Debug, Clone)]
struct Case {
    zone: &'static str,
    /// Minutes of the day at which one window ends and the next begins.
    cuts: BTreeSet<i16>,
    /// For each of them the weekdays on which the window from it on holds, if it is one, and whether holidays end it.
    windows: Vec<Option<(BTreeSet<i8>, bool)>>,
    holidays: BTreeSet<i8>,
}

fn case() -> impl Strategy<Value = Case> {
    let weekdays = btree_set(1_i8..=7, 0..=7);
    let window = proptest::option::of((weekdays, any::<bool>()));
    (0..ZONES.len(), btree_set(0_i16..1440, 1..6), vec(window, 6), btree_set(1_i8..=28, 1..9))
        .prop_map(|(zone, cuts, windows, holidays)| Case { zone: ZONES[zone], cuts, windows, holidays })
}

fn clock(minute: i16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

impl Case {
    /// Its windows with the minute at which each begins and ends.
    fn spans(&self) -> impl Iterator<Item = (usize, i16, i16, &BTreeSet<i8>, bool)> {
        let ends = self.cuts.iter().cycle().skip(1);
        let spans = self.cuts.iter().zip(ends).zip(&self.windows).enumerate();
        spans.filter_map(|(nth, ((start, end), window))| {
            window.as_ref().map(|(days, except)| (nth, *start, *end, days, *except))
        })
    }

    fn book(&self) -> Book {
        let names = (0..6).map(|nth| format!("window {nth}")).chain(["standard".to_owned()]);
        let price = |nth: usize| Price::from_nanos(i64::try_from(nth).unwrap() + 1);
        let tiers: BTreeMap<_, _> =
            names.enumerate().map(|(nth, tier)| (tier, TierFile::new(price(nth), price(nth), price(nth)))).collect();
        let mut list = ListFile::flat("list".to_owned(), "USD".to_owned(), tiers);
        (list.zone, list.holidays) = (Some(self.zone.to_owned()), Some("days".to_owned()));
        list.windows = self
            .spans()
            .map(|(nth, start, end, days, except_holidays)| WindowFile {
                tier: format!("window {nth}"),
                hours: vec![format!("{}-{}", clock(start), clock(end))],
                weekdays: days.iter().copied().collect(),
                except_holidays,
            })
            .collect();
        let days = (2024..2028).flat_map(|year| self.holidays.iter().map(move |day| format!("{year}-10-{day:02}")));
        let holidays = BTreeMap::from([("days".to_owned(), days.collect())]);
        let histories = vec![HistoryFile { models: vec!["m".to_owned()], lists: vec!["list".to_owned()] }];
        let mut book = Book::default();
        book.add(PriceFile { holidays, lists: vec![list], histories, gpus: Vec::new() }).unwrap();
        book
    }

    /// The tiers that hold at an instant by what the windows mean, without the program's own arithmetic.
    fn holding(&self, at: Timestamp) -> Vec<String> {
        let zone = TimeZone::get(self.zone).unwrap();
        let local = zone.to_datetime(jiff::Timestamp::from_millisecond(at.millis()).unwrap());
        let minute = i16::from(local.hour()) * 60 + i16::from(local.minute());
        let weekday = local.date().weekday().to_monday_one_offset();
        let holiday = local.month() == 10 && self.holidays.contains(&local.day());
        let holds = |(nth, start, end, days, except): (usize, i16, i16, &BTreeSet<i8>, bool)| {
            let hours = if start < end { (start..end).contains(&minute) } else { minute >= start || minute < end };
            (hours && (days.is_empty() || days.contains(&weekday)) && !(except && holiday))
                .then(|| format!("window {nth}"))
        };
        self.spans().filter_map(holds).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_tier_holds_at_any_instant(case in case(), at in YEARS) {
        let (book, at) = (case.book(), Timestamp::from_millis(at));
        let holding = case.holding(at);
        prop_assert!(holding.len() <= 1);
        let expected = holding.first().map_or("standard", String::as_str);
        let quote = book.price_of("m").unwrap().quote(at).unwrap();
        prop_assert_eq!(quote.tier, expected);
        prop_assert_eq!(quote.prices, quote.list.tiers[expected]);
    }

    #[test]
    fn edges_are_where_the_tier_changes(case in case(), from in YEARS, days in 1_i64..4) {
        let book = case.book();
        // Whole minutes, on which every window and every clock change falls.
        let from = Timestamp::from_millis(from / MINUTE * MINUTE);
        let price = book.price_of("m").unwrap();
        edges_hold(&price, from, days * 1440)?;
    }

    #[test]
    fn edges_hold_where_clocks_are_set(case in case(), year in 2024_i16..2028, days in 1_i64..3, nth in 0_usize..2) {
        let zone = TimeZone::get(case.zone).unwrap();
        let new_year = TimeZone::UTC.to_timestamp(jiff::civil::date(year, 1, 1).at(0, 0, 0, 0)).unwrap();
        let jumps = zone.following(new_year).map(|jump| jump.timestamp().as_millisecond());
        let Some(jump) = jumps.take_while(|jump| YEARS.contains(jump)).nth(nth) else { return Ok(()) };
        let from = Timestamp::from_millis(jump - DAY / 2);
        edges_hold(&case.book().price_of("m").unwrap(), from, days * 1440)?;
    }

    #[test]
    fn the_next_change_is_the_first_edge(case in case(), at in YEARS) {
        let (book, at) = (case.book(), Timestamp::from_millis(at));
        let price = book.price_of("m").unwrap();
        let week = price.edges(at, at + Span::from_millis(9 * DAY));
        prop_assert_eq!(price.next_change(at), week.first().copied());
    }
}

/// Between edges nothing changes, and at each something does.
fn edges_hold(price: &ModelPrice<'_>, from: Timestamp, minutes: i64) -> Result<(), TestCaseError> {
    let edges: BTreeSet<_> = price.edges(from, from + Span::from_millis(minutes * MINUTE)).into_iter().collect();
    let mut changes = BTreeSet::new();
    let mut before = price.quote(from).unwrap().tier;
    for minute in 1..minutes {
        let at = from + Span::from_millis(minute * MINUTE);
        let (last, tier) = (price.quote(at - Span::from_millis(1)).unwrap().tier, price.quote(at).unwrap().tier);
        prop_assert_eq!(last, before, "a change inside a minute before {}", at);
        if tier != before {
            changes.insert(at);
        }
        before = tier;
    }
    prop_assert_eq!(edges, changes);
    Ok(())
}
