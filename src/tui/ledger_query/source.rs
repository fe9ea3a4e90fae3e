//! A store that the screen asks: time ranges are fetched one after another, and folded where they were fetched.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::page::{CENTS, hours};
use super::{
    LedgerQueries, LedgerQuery, LedgerResult, MoneyPage, MoneyQuery, OnResult, TimeRange, WhatIfPage, WhatIfQuery,
};
use super::{day_of, time_ranges};
use crate::ledger::{Detail, Grain, Past};
use crate::pricing::Book;
use crate::reading::Label;
use crate::statement::{By, Period, compare};
use crate::store::{Store, StoreError};
use crate::units::{Money, Timestamp};

/// The callback for what was fetched.
type Done = Box<dyn FnOnce(Result<Vec<Past>, StoreError>) + Send>;

/// Answers out of a ledger: in its `zone`, with the lists of `book`, against what a month may cost.
pub fn past_of(store: Store, book: Arc<Book>, zone: TimeZone, budget: Option<Money>) -> LedgerQueries {
    LedgerQueries::new(move |query, on_result| {
        let (book, zone) = (book.clone(), zone.clone());
        match query {
            LedgerQuery::Money(asked) => money(&store, asked, book, zone, budget, on_result),
            LedgerQuery::WhatIf(asked) => {
                what_if(&store, asked, book, &zone, on_result);
            }
            LedgerQuery::Day(begin) => day(&store, begin, zone, on_result),
            LedgerQuery::AtLists(since, until) => at_lists(&store, (since, until), book, on_result),
        }
    })
}

fn money(
    store: &Store,
    asked: MoneyQuery,
    book: Arc<Book>,
    zone: TimeZone,
    budget: Option<Money>,
    on_result: OnResult,
) {
    let wanted = time_ranges(asked, &zone);
    fetch(
        store.clone(),
        wanted.into(),
        Vec::new(),
        Box::new(move |pasts| {
            let page = pasts.map_err(|error| failure(&error)).and_then(|pasts| {
                let four: [Past; 4] =
                    pasts.try_into().map_err(|_| Label::new("the ledger answered in part: ask again"))?;
                Ok(Arc::new(MoneyPage::of(asked, &four, &book, &zone, budget)))
            });
            on_result(LedgerResult::Money(page));
        }),
    );
}

fn what_if(store: &Store, asked: WhatIfQuery, book: Arc<Book>, zone: &TimeZone, on_result: OnResult) {
    let TimeRange { since, until, finest, .. } = day_of(asked.at, zone);
    let answer = move |past: Result<Past, StoreError>| {
        let page = past.map(|today| Arc::new(WhatIfPage::of(&asked, &today, &book)));
        on_result(LedgerResult::WhatIf(page.map_err(|error| failure(&error))));
    };
    store.past(since, until, finest, Box::new(answer));
}

/// The hours of a day that is over.
fn day(store: &Store, begin: Timestamp, zone: TimeZone, on_result: OnResult) {
    let until = Period::of(By::Day, &zone, begin).end;
    let answer = move |past: Result<Past, StoreError>| {
        let hours = past.map(|day| hours(&day, begin, &zone)).map_err(|error| failure(&error));
        on_result(LedgerResult::Day(begin, hours));
    };
    store.past(begin, until, Grain::Quarter, Box::new(answer));
}

/// What the tokens of a span would be worth at every list, to the cent.
fn at_lists(store: &Store, (since, until): (Timestamp, Timestamp), book: Arc<Book>, on_result: OnResult) {
    let answer = move |past: Result<Past, StoreError>| {
        let lists = past.map(|past| compare(&past, &book, book.currency()));
        let rounded = lists.map(|lists| lists.into_iter().map(|at| at.rounded(CENTS)).collect());
        on_result(LedgerResult::AtLists(rounded.map_err(|error| failure(&error))));
    };
    store.past(since, until, Grain::Quarter, Box::new(answer));
}

/// Fetches one time range after another; the ledger can be written in between.
fn fetch(store: Store, mut wanted: VecDeque<TimeRange>, mut pasts: Vec<Past>, done: Done) {
    let Some(TimeRange { since, until, finest, detail }) = wanted.pop_front() else { return done(Ok(pasts)) };
    let asked = store.clone();
    let answer = move |past: Result<Past, StoreError>| match past {
        Ok(past) => {
            pasts.push(past);
            fetch(store, wanted, pasts, done);
        }
        Err(error) => done(Err(error)),
    };
    match detail {
        Detail::Borne => asked.borne_past(since, until, finest, Box::new(answer)),
        Detail::Accounts | Detail::Alike => asked.past(since, until, finest, Box::new(answer)),
    }
}

fn failure(error: &StoreError) -> Label {
    Label::new(&error.to_string())
}
