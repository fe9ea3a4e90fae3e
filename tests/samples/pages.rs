//! Pages of the money view, folded from pasts made by hand.

use std::sync::Arc;

use jiff::tz::{Offset, TimeZone};
use margintop::ledger::Past;
use margintop::pricing::Book;
use margintop::reading::{EngineRole, Label, UnitName};
use margintop::snapshot::{LedgerBasis, Snapshot, WriterStatus};
use margintop::tui::app::{Action, App, Command};
use margintop::tui::ledger_query::{Against, Hour, LedgerQuery, LedgerResult, MoneyPage, MoneyQuery, WhatIfPage};
use margintop::tui::view::ViewId;
use margintop::units::{GpuTime, Money, Span, Timestamp};

use super::past::{Making, R1, classes, deepseek_day, gpu_time};
use super::{Case, NOON, case, dollars, empty, fleet, ratio};

/// V3's prices.
const V3: [&str; 3] = ["0.27", "0.07", "1.10"];
/// The night's.
const NIGHT: [&str; 3] = ["0.135", "0.035", "0.55"];

/// A page's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// A fleet at three in the afternoon.
    Fleet,
    /// The published day, to its last second.
    PublishedDay,
    Zero,
    Loss,
    Huge,
    /// A ledger in which nothing is yet.
    Unknown,
    /// Before the first answer.
    Waiting,
    /// The first answer was an error.
    Failed,
}

impl Page {
    pub const ALL: [Self; 8] = [
        Self::Fleet,
        Self::PublishedDay,
        Self::Zero,
        Self::Loss,
        Self::Huge,
        Self::Unknown,
        Self::Waiting,
        Self::Failed,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Fleet => "fleet",
            Self::PublishedDay => "published-day",
            Self::Zero => "zero",
            Self::Loss => "loss",
            Self::Huge => "huge",
            Self::Unknown => "unknown",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
        }
    }
}

/// A book of a few lists, for a ledger in dollars.
pub fn book() -> Book {
    let mut book = Book::default();
    book.add(toml::from_str(include_str!("book.toml")).unwrap()).unwrap();
    book
}

/// The present that a page stands beside.
fn snapshot(page: Page) -> Snapshot {
    match page {
        Page::Fleet | Page::Waiting | Page::Failed => fleet(0),
        Page::PublishedDay => published(),
        Page::Zero => case(Case::Zeros),
        Page::Loss => case(Case::Loss),
        Page::Huge => case(Case::Huge),
        Page::Unknown => case(Case::Unpriced),
    }
}

fn published() -> Snapshot {
    let mut snapshot = fleet(0);
    snapshot.at = last_second();
    let money = &mut snapshot.money;
    let (revenue, cost) = (dollars(562_100.0), dollars(87_072.0));
    money.since = Some(deepseek_day().since);
    (money.revenue, money.cost, money.profit) = (Some(revenue), Some(cost), Some(revenue - cost));
    (money.profit_on_cost, money.gross_margin) = (ratio(5.455_577), ratio(0.845_095));
    (money.unpriced_tokens, money.lower_bound, money.priced_share) = (0, false, ratio(1.0));
    (money.idle_cost, money.break_even_load) = (Some(Money::ZERO), ratio(0.1549));
    money.lists[0].list = Label::new("deepseek-r1-standard");
    money.lists[0].until = None;
    snapshot
}

fn last_second() -> Timestamp {
    deepseek_day().until - Span::from_secs(1)
}

/// The zone in which the published day begins at midnight.
fn zone(page: Page) -> TimeZone {
    if page == Page::PublishedDay { TimeZone::fixed(Offset::constant(-4)) } else { TimeZone::UTC }
}

/// A dashboard that shows the money view with a page.
pub fn app(page: Page) -> App {
    let mut app = App::new(Arc::new(empty()), zone(page), Span::from_secs(1), 4);
    app.has_past = true;
    app.update(Action::Fresh(Arc::new(snapshot(page))));
    app.update(Action::Command(Command::Show(ViewId::Money)));
    answer(&mut app, page);
    app
}

/// Answers what the app asks, as the ledger of a page would.
pub fn answer(app: &mut App, page: Page) {
    while let Some(question) = app.next_query() {
        if page == Page::Waiting {
            return;
        }
        let reply = match question {
            _ if page == Page::Failed => {
                let why = Label::new("/home/me/ledger.db: the disk is full: free some space, it goes on by itself");
                LedgerResult::Money(Err(why))
            }
            LedgerQuery::Money(asked) => LedgerResult::Money(Ok(Arc::new(money_page(page, asked)))),
            LedgerQuery::Day(begin) => LedgerResult::Day(begin, Ok(day(page, app, begin))),
            LedgerQuery::AtLists(..) => LedgerResult::AtLists(Ok(Vec::new())),
            LedgerQuery::WhatIf(asked) => {
                LedgerResult::WhatIf(Ok(Arc::new(WhatIfPage::of(&asked, &today(page, asked.at), &book()))))
            }
        };
        app.update(Action::QueryResult(reply));
    }
}

/// A day before today: its hours, some of which lose money.
fn day(page: Page, app: &App, begin: Timestamp) -> Vec<Hour> {
    let hours = app.money.page.as_ref().map(|known| known.hours.clone()).unwrap_or_default();
    let ago = (app.shown().at - begin).millis() / 86_400_000;
    (0..24)
        .map(|nth| {
            let like = hours.get(nth as usize % 15).copied();
            let part = |of: Option<Money>| of.and_then(|whole| whole.scaled((10 - ago).max(1), 10));
            let [revenue, cost, profit] =
                like.map_or([None; 3], |hour| [hour.revenue, hour.cost, hour.profit]).map(part);
            let is_down = page == Page::Fleet && ago == 3 && (4..6).contains(&nth);
            let profit = if is_down { profit.map(|profit| Money::ZERO - profit) } else { profit };
            Hour { begin: begin + Span::from_secs(3_600 * nth), revenue, cost, profit, lower_bound: false }
        })
        .collect()
}

/// The page as the ledger would fold it.
pub fn money_page(page: Page, asked: MoneyQuery) -> MoneyPage {
    let mut four = pasts(page, asked.at);
    if asked.against == Against::LastWeek {
        four[2] = Past { since: four[2].since, until: four[2].until, ..Past::default() };
    }
    let budget = match page {
        Page::Fleet => Some(dollars(3_000_000.0)),
        Page::Loss => Some(dollars(2_000_000.0)),
        _ => None,
    };
    MoneyPage::of(asked, &four, &book(), &zone(page), budget)
}

/// What the ledger knows of today.
pub fn today(page: Page, at: Timestamp) -> Past {
    let [today, ..] = pasts(page, at);
    today
}

/// The last quarter hour but one, and the last.
pub fn quarters(page: Page, at: Timestamp) -> [Past; 2] {
    let [_, _, before, after] = pasts(page, at);
    [before, after]
}

/// Today, the month, and both ends of the bridge.
fn pasts(page: Page, at: Timestamp) -> [Past; 4] {
    let quarter = Span::from_secs(900);
    let end = (at - Span::from_secs(10)).minute();
    let span = |making: Making, since, until| Past { since, until, ..making.0 };
    match page {
        Page::PublishedDay => {
            let mut day = Past { until: at, ..deepseek_day() };
            // The tokens stand on the first node of each unit; the others work with it.
            for (nth, account) in day.cost_accounts.iter_mut().enumerate() {
                account.unit = Some(UnitName::new(if nth % 5 < 2 { "prefill-01" } else { "decode-1" }));
            }
            let mut month = day.clone();
            month.since =
                Timestamp::from_millis("2025-02-01T04:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond());
            let cut = |from: Timestamp| {
                let mut past = Past { since: from, until: from + quarter, ..day.clone() };
                past.tokens.retain(|cell| from <= cell.bucket && cell.bucket < from + quarter);
                past.gpu_times.retain(|cell| from <= cell.bucket && cell.bucket < from + quarter);
                past
            };
            let (early, late) = (cut(day.since + Span::from_secs(14 * 3600)), cut(day.since + Span::from_secs(82_800)));
            [day, month, early, late]
        }
        Page::Unknown | Page::Waiting | Page::Failed => {
            let nothing = |since, until| Past { since, until, ..Past::default() };
            let midnight = Timestamp::from_millis(at.millis().div_euclid(86_400_000) * 86_400_000);
            [nothing(midnight, at), nothing(midnight, at), nothing(end - quarter, end), nothing(end, end)]
        }
        _ => {
            let midnight = Timestamp::from_millis(NOON.millis() - 15 * 3_600_000 - 247_000);
            let month = midnight - Span::from_secs(22 * 86_400);
            [
                span(traffic(page, midnight, 61, 100), midnight, at),
                span(traffic(page, month, 22 * 96 + 61, 100), month, at),
                span(traffic(page, end - quarter - quarter, 1, 96), end - quarter - quarter, end - quarter),
                span(traffic(page, end - quarter, 1, 100), end - quarter, end),
            ]
        }
    }
}

/// Quarter hours of two models in two units on four nodes, `load` percent of what they usually make.
fn traffic(page: Page, since: Timestamp, quarters: i64, load: u64) -> Making {
    let mut made = Making::default();
    made.0.since = since;
    let accounts = [
        made.account("gpu-0001", Some("prefill-01"), "deepseek-r1", EngineRole::Prefill),
        made.account("gpu-0002", Some("decode-1"), "deepseek-r1", EngineRole::Decode),
        made.account("gpu-0003", Some("decode-1"), "deepseek-v3", EngineRole::Unified),
        made.account("gpu-0004", Some("decode-1"), "qwen3-32b", EngineRole::Unified),
    ];
    let standard = made.tariff("deepseek-r1-2025", "standard", R1);
    let night = made.tariff("deepseek-r1-2025", "offpeak", NIGHT);
    let other = made.tariff("deepseek-v3-2025", "standard", V3);
    let rate = Some(if page == Page::Huge { "999999.00" } else { "2.00" });
    let units = ["prefill-01", "decode-1", "decode-1", "decode-1"];
    let nodes = ["gpu-0001", "gpu-0002", "gpu-0003", "gpu-0004"];
    let cost_accounts: Vec<_> =
        nodes.iter().zip(units).map(|(node, unit)| made.cost_account(Some(node), Some(unit), rate)).collect();
    let many = if page == Page::Huge { 2_000_000 } else { 480 };
    for quarter in 0..quarters {
        let at = since + Span::from_secs(quarter * 900);
        let hour = (quarter / 4 % 24) as u64;
        // A trough at five in the morning, and hits that rise with the load.
        let swing = 100 - (hour.abs_diff(17) % 12) * 6;
        let made_now = load * swing;
        let hits = 50 + u64::from(load > 98) * 6;
        let of = |thousands: u64| match page {
            Page::Zero => 0,
            Page::Loss => thousands * made_now / 100,
            Page::Huge => thousands * made_now * 100_000_000,
            _ => thousands * made_now * 240,
        };
        let tariff = if hour < 8 { night } else { standard };
        let prompt = of(4_400);
        made.tokens(at, accounts[0], Some(tariff), classes(prompt - prompt * hits / 100, prompt * hits / 100, 0));
        made.tokens(at, accounts[1], Some(tariff), classes(0, 0, of(1_210)));
        made.tokens(at, accounts[2], Some(other), classes(of(1_300), of(1_340), of(731)));
        made.tokens(at, accounts[3], None, classes(of(30), of(11), of(9)));
        if page != Page::Zero {
            for (i, cost_account) in (0..).zip(&cost_accounts) {
                let idle = if i == 3 { gpu_time(many / 8, 15) } else { GpuTime::ZERO };
                made.rent(at, *cost_account, gpu_time(many + load as u32 / 20 * u32::from(i == 1), 15), idle);
            }
        }
    }
    made.uncertain(since, dollars(12.0), Money::ZERO, 1);
    made
}

/// The same dashboard when another process keeps the ledger, or none can.
pub fn kept(page: Page, writer: WriterStatus, failure: Option<&str>) -> App {
    let mut app = app(page);
    let mut snapshot = (**app.shown()).clone();
    let path = Some(Label::new("/home/me/ledger.db"));
    snapshot.money.ledger = LedgerBasis { path, writer, write_error: failure.map(Label::new), first_run: false };
    app.update(Action::Fresh(Arc::new(snapshot)));
    app
}
