//! The views of a ledger's file say what reports say, to the last digit printed: days of random postings by every view and
//! by the fold.

use crate::random_ledger;
use crate::support;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;
use margintop::clock::{Clock, ScriptedClock};
use margintop::ledger::Grain;
use margintop::statement::{By, RowKind, Statement, StatementRow, Totals, rounded_hours};
use margintop::store::Reader;
use margintop::units::{Money, Span, Timestamp};
use random_ledger::{DAY, DAYS, first_day, random_ledger, tables};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use support::{instant, ledger_settings, open_store};

/// A day's statement as `report` prints it.
fn statement(reader: &Reader, day: i64, by: By) -> Statement {
    let since = Timestamp::from_millis(first_day() + day * DAY);
    let past = reader.borne_past(since, since + Span::from_millis(DAY), Grain::Day).unwrap();
    Statement::of(&past, by, &TimeZone::UTC).rounded(6)
}

fn date(day: i64) -> String {
    format!("2026-03-{:02}", day + 1)
}

fn micros(money: Option<Money>) -> Option<i128> {
    money.map(|money| money.rounded(6))
}

/// Millionths of a view's amount, which is a whole number of them; a count as it is.
fn of_view(value: ValueRef<'_>) -> Option<i128> {
    match value {
        ValueRef::Real(amount) => Some((amount * 1e6).round() as i128),
        ValueRef::Integer(count) => Some(count.into()),
        _ => None,
    }
}

/// Rows of a view for a day: a name, and amounts.
fn rows(open: &Connection, question: &str, day: i64, amounts: usize) -> Vec<(String, Vec<Option<i128>>)> {
    let mut ask = open.prepare(question).unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let amounts = (0..amounts).map(|nth| Ok(of_view(row.get_ref(1 + nth)?))).collect::<rusqlite::Result<_>>()?;
        Ok((row.get(0)?, amounts))
    };
    ask.query_map([date(day)], row).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

fn agree(seed: u64) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    random_ledger(&path, seed);
    days_agree(&path, &format!("seed {seed}"));
}

fn days_agree(path: &Path, case: &str) {
    let (open, reader) = (Connection::open(path).unwrap(), Reader::open(path).unwrap());
    for day in 0..DAYS {
        let case = format!("{case}, {}", date(day));
        let by_model = statement(&reader, day, By::Model);
        let question =
            "SELECT model, revenue, uncosted_revenue, cost, profit, prompt_tokens, cached_tokens, output_tokens
                        FROM profit_by_model_by_day WHERE day = ?1";
        let count = |count: u64| Some(i128::from(count));
        let row_of = |row: &StatementRow| {
            let tokens = row.tokens.unwrap_or_default();
            let mut amounts = [row.revenue, Some(row.uncosted_revenue), row.cost, row.profit].map(micros).to_vec();
            amounts.extend([(tokens.miss + tokens.hit).count(), tokens.hit.count(), tokens.output.count()].map(count));
            (row.key.to_string(), amounts)
        };
        let mut view = rows(&open, question, day, 7);
        let mut report: Vec<_> = by_model.rows.iter().map(row_of).collect();
        view.sort();
        report.sort();
        if !(view.is_empty() && by_model.total.is_empty()) {
            assert_eq!(view, report, "{case}: by model");
        }

        let by_tier = statement(&reader, day, By::Tier);
        let question = "SELECT tier, sum(revenue) FROM revenue_by_day WHERE day = ?1 AND tier IS NOT NULL GROUP BY tier ORDER BY tier";
        let keys = by_tier.rows.iter().filter(|row| row.kind == RowKind::Key);
        let mut report: Vec<_> = keys.map(|row| (row.key.to_string(), vec![micros(row.revenue)])).collect();
        report.sort();
        assert_eq!(rows(&open, question, day, 1), report, "{case}: by tier");

        let by_lease = statement(&reader, day, By::Lease);
        let question = "SELECT CASE WHEN lease IS NULL THEN '(uncosted)' WHEN kind = 'overhead' THEN '(overhead)'
                            WHEN kind = 'rounding' THEN lease || ' (rounding)' ELSE lease END AS name,
                        sum(cost), sum(idle_cost), sum(gpu_hours) FROM cost_by_day WHERE day = ?1 GROUP BY name";
        let mut view: BTreeMap<_, _> = rows(&open, question, day, 3).into_iter().collect();
        view.retain(|_, amounts| amounts.iter().any(|amount| amount.is_some_and(|amount| amount != 0)));
        let hours = rounded_hours(by_lease.rows.iter().map(|row| row.gpu_time), 6);
        let rows = by_lease.rows.iter().zip(hours);
        let known = by_lease.total.cost.is_some();
        let report: BTreeMap<_, _> = rows
            .filter(|(row, _)| !row.is_empty())
            .map(|(row, hours)| {
                let amounts = vec![micros(row.cost), micros(row.idle_cost), Some(hours)];
                (row.key.to_string(), amounts)
            })
            .collect();
        assert_eq!(view, report, "{case}: by lease, known {known}");
    }
}

/// Class: cells that are merged as they are read, and a sum that is another for it.
fn merged_is_worth_the_same(seed: u64) -> usize {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    random_ledger(&path, seed);
    let reader = Reader::open(&path).unwrap();
    let (since, until) = (Timestamp::default(), Timestamp::from_millis(first_day() + 40 * DAY));
    let all = reader.past(since, until, Grain::Day).unwrap();
    let merged = reader.merged_past(since, until, Grain::Day).unwrap();
    let statement = |past, by| Statement::of(past, by, &TimeZone::UTC).rounded(15);
    for by in [By::Hour, By::Day, By::Month] {
        assert_eq!(statement(&merged, by), statement(&all, by), "seed {seed} by {by}");
    }
    // A rate that is no whole number of millionths is rounded for each cell, at 1e-22.
    assert_eq!(Totals::of(&merged).rounded(15), Totals::of(&all).rounded(15), "seed {seed}");
    all.tokens.len() + all.gpu_times.len() - merged.tokens.len() - merged.gpu_times.len()
}

#[test]
fn cells_that_are_merged_as_they_are_read_are_worth_the_same() {
    assert!((0..40).map(merged_is_worth_the_same).sum::<usize>() > 100);
}

#[test]
fn every_view_says_what_the_report_says() {
    (0..40).for_each(agree);
}

/// Keeps a ledger until what its past days bear is written down, and says of how many days it is.
fn keep(path: &Path) -> i64 {
    let clock = ScriptedClock::at(instant("2026-03-20T10:00:00Z"));
    let (store, _news) = open_store(ledger_settings(Some(path), Clock::Scripted(clock)));
    let open = Connection::open(path).unwrap();
    let count = || open.query_row("SELECT count(DISTINCT bucket) FROM day_borne", [], |row| row.get(0)).unwrap();
    let mut days: i64 = 0;
    for _ in 0..40 {
        std::thread::sleep(Duration::from_millis(2_500));
        if std::mem::replace(&mut days, count()) == days && days > 0 {
            break;
        }
    }
    store.close(Duration::from_secs(5));
    days
}

/// Class: a share that is written down, and what it is a share of has changed since.
#[test]
fn what_days_bear_is_the_same_written_down_or_not() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    random_ledger(&path, 3);
    // Not the last one: it is not over.
    assert_eq!(keep(&path), DAYS - 1);
    days_agree(&path, "written down");
    // A correction of each day that is written down, in all grains.
    let open = Connection::open(&path).unwrap();
    for (grain, length) in [("minute", 60_000), ("quarter", 900_000), ("day", DAY)] {
        for day in 0..DAYS {
            let at = first_day() + day * DAY + 9 * 3_600_000;
            let add = format!(
                "INSERT INTO {grain}_tokens VALUES (?1, 1, 0, 1000, 0, 50000) ON CONFLICT DO UPDATE SET output = output + 50000"
            );
            open.execute(&add, [at - at % length]).unwrap();
        }
    }
    assert_eq!(open.query_row("SELECT count(*) FROM day_borne", [], |row| row.get(0)), Ok(0));
    days_agree(&path, "corrected");
    // Minutes of two days more are only quarter hours.
    open.execute("UPDATE meta SET value = value + ?1 WHERE key = 'last_wall'", [2 * DAY]).unwrap();
    keep(&path);
    open.execute("UPDATE meta SET value = value + ?1 WHERE key = 'last_wall'", [2 * DAY]).unwrap();
    days_agree(&path, "coarser");
}

/// Class: a ledger whose views are those of an earlier program. They are made anew when it is kept; what others made stays.
#[test]
fn views_of_an_earlier_program_are_made_anew() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    let open = tables(&path);
    open.execute_batch(
        "DROP VIEW profit_by_model_by_day; CREATE VIEW profit_by_model_by_day AS SELECT 1 AS day;
         DROP VIEW cost_by_day; CREATE VIEW my_own AS SELECT 2 AS two;",
    )
    .unwrap();
    drop(open);
    let open = tables(&path);
    for question in ["SELECT count(*) FROM profit_by_model_by_day", "SELECT count(*) FROM cost_by_day"] {
        assert_eq!(open.query_row(question, [], |row| row.get::<_, i64>(0)), Ok(0), "{question}");
    }
    assert_eq!(open.query_row("SELECT two FROM my_own", [], |row| row.get::<_, i64>(0)), Ok(2));
}
