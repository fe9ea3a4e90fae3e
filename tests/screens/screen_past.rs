//! The money view over a true ledger: what was committed is what the page says, to the cent.

use crate::samples;

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use jiff::tz::{Offset, TimeZone};
use margintop::clock::{Clock, ScriptedClock};
use margintop::fleet::Checkpoint;
use margintop::ledger::{GpuTimeChange, Past, PendingPostings, TokenChange};
use margintop::reading::Label;
use margintop::statement::{By, WhatIfChange, settled_minute};
use margintop::store::{Settings, Store};
use margintop::tui::ledger_query::{Against, LedgerQuery, LedgerResult, MoneyQuery, WhatIfQuery};
use margintop::tui::past_of;
use margintop::units::{Moment, Money, Span, Timestamp};
use samples::pages::book;
use samples::past::deepseek_day;

const PATIENCE: Duration = Duration::from_secs(10);

/// A past as it would have been handed over at its end.
fn handover(past: &Past) -> Checkpoint {
    let tokens =
        past.tokens.iter().map(|cell| ((cell.bucket, cell.account, cell.tariff), TokenChange::added(cell.tokens)));
    let gpu_times =
        past.gpu_times.iter().map(|cell| ((cell.bucket, cell.cost_account), GpuTimeChange::allocated(cell.allocated)));
    let pending = PendingPostings {
        accounts: past.accounts.clone(),
        cost_accounts: past.cost_accounts.clone(),
        tariffs: past.tariffs.clone(),
        tokens: tokens.collect(),
        gpu_times: gpu_times.collect(),
        ..PendingPostings::default()
    };
    let last = Moment { wall: past.until - Span::from_secs(1), boot: Span::ZERO };
    Checkpoint { postings: pending, began: Some(past.since), last, ..Checkpoint::default() }
}

/// The zone in which the published day begins at midnight.
fn zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(-4))
}

fn ledger_of(past: &Past) -> Store {
    let settings = Settings {
        path: None,
        currency: "USD".to_owned(),
        zone: zone(),
        one_day: false,
        book: (0, String::new()),
        clock: Clock::Scripted(ScriptedClock::at(past.until)),
    };
    let store = Store::open(settings, |_| {});
    store.commit(handover(past));
    store
}

fn asked(store: &Store, question: LedgerQuery) -> LedgerResult {
    let (tell, answer) = channel();
    past_of(store.clone(), Arc::new(book()), zone(), Some(dollars(100_000)))
        .ask(question, Box::new(move |reply| tell.send(reply).unwrap()));
    answer.recv_timeout(PATIENCE).unwrap()
}

fn dollars(units: i64) -> Money {
    Money::from_micros(units * 1_000_000)
}

#[test]
fn the_published_day_is_on_the_page_to_the_dollar() {
    let day = deepseek_day();
    let store = ledger_of(&day);
    let at = day.until - Span::from_secs(1);
    let question = MoneyQuery { at, minute: settled_minute(at), against: Against::Yesterday, by: By::Model };
    let LedgerResult::Money(Ok(page)) = asked(&store, LedgerQuery::Money(question)) else { panic!("no page") };
    assert_eq!((page.totals.revenue, page.totals.cost), (dollars(562_100), Some(dollars(87_072))));
    assert_eq!(page.models.total.profit, Some(dollars(475_028)));
    assert_eq!(page.hours.len(), 24);
    let sum =
        |of: fn(&margintop::tui::ledger_query::Hour) -> Option<Money>| page.hours.iter().filter_map(of).sum::<Money>();
    assert_eq!((sum(|hour| hour.revenue), sum(|hour| hour.cost)), (dollars(562_100), dollars(87_072)));
    assert_eq!(page.hours[13].cost, Some(dollars(3_128)), "at one in the morning in Beijing nodes were handed back");
    assert_eq!(page.break_even.load_ppm, Some(154_904));
    let month = page.month.unwrap();
    assert_eq!((month.revenue, month.budget), (Some(dollars(562_100)), Some(dollars(100_000))));
    assert_eq!(page.bridge.bridge, None, "the day before nobody watched");
    let ours = page.compare.iter().find(|at| at.list.as_str() == "deepseek-r1-standard").unwrap();
    assert_eq!(ours.revenue, dollars(562_100));
    assert!(page.compare.iter().all(|at| !at.list.as_str().ends_with("-cny")), "yuan are no dollars");
    store.close(PATIENCE);
}

#[test]
fn what_if_is_the_same_traffic_and_leaves_the_ledger_as_it_is() {
    let day = deepseek_day();
    let store = ledger_of(&day);
    let at = day.until - Span::from_secs(1);
    let ask = |changed| match asked(&store, LedgerQuery::WhatIf(WhatIfQuery { at, changed })) {
        LedgerResult::WhatIf(Ok(page)) => page,
        other => panic!("{other:?}"),
    };
    let half = ask(WhatIfChange { paid: Some("0.5".parse().unwrap()), ..WhatIfChange::default() });
    assert_eq!((half.what_if.before.revenue, half.what_if.after.revenue), (dollars(562_100), dollars(281_050)));
    let v3 = ask(WhatIfChange { list: Some(Label::new("deepseek-v3-standard")), ..WhatIfChange::default() });
    assert_eq!(v3.what_if.after.revenue, dollars(280_560));
    let dear = ask(WhatIfChange { gpu_rate: Some("4.00".parse().unwrap()), ..WhatIfChange::default() });
    assert_eq!(dear.what_if.after.cost, Some(dollars(174_144)));
    let yuan = ask(WhatIfChange { list: Some(Label::new("deepseek-r1-2025-cny")), ..WhatIfChange::default() });
    assert!(yuan.unknown_list);
    assert_eq!(yuan.what_if.after.revenue, dollars(562_100));
    assert!(v3.lists.is_sorted() && v3.lists.iter().all(|list| !list.as_str().ends_with("-cny")));
    store.close(PATIENCE);
}

#[test]
fn a_ledger_that_is_closed_drops_the_question() {
    let store = ledger_of(&deepseek_day());
    store.close(PATIENCE);
    let (tell, answer) = channel();
    let question = LedgerQuery::Money(MoneyQuery {
        at: Timestamp::from_millis(1),
        minute: Timestamp::from_millis(0),
        against: Against::Quarter,
        by: By::Model,
    });
    let reply: margintop::tui::ledger_query::OnResult = Box::new(move |reply| tell.send(reply).unwrap());
    past_of(store, Arc::new(book()), zone(), None).ask(question, reply);
    assert_eq!(answer.recv_timeout(PATIENCE).unwrap_err(), RecvTimeoutError::Disconnected);
}
