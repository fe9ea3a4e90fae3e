//! Statements of pasts made by hand: the published day, the rows that sums need, and the laws as properties.
#![allow(clippy::unwrap_used, clippy::cast_possible_wrap, missing_docs)]

#[path = "support/past.rs"]
mod past;

use jiff::tz::TimeZone;
use margintop::ledger::Past;
use margintop::statement::{By, Row, RowKind, Statement};
use margintop::units::Money;
use past::deepseek_day;

fn beijing() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

fn statement(past: &Past, by: By) -> Statement {
    Statement::of(past, by, &beijing())
}

fn row<'a>(statement: &'a Statement, key: &str) -> &'a Row {
    statement.rows.iter().find(|row| row.key.as_str() == key).unwrap_or_else(|| panic!("no row {key}"))
}

fn text(money: Option<Money>) -> String {
    money.map_or_else(|| "unknown".to_owned(), |money| money.to_string())
}

#[test]
fn the_published_day_by_hour_is_the_published_table() {
    let day = statement(&deepseek_day(), By::Hour).rounded(6);
    let published = [
        (4448, 27022),
        (4448, 28515),
        (4448, 30464),
        (4448, 30924),
        (4448, 30465),
        (4448, 27826),
        (4448, 26793),
        (4448, 29547),
        (4448, 30694),
        (4448, 30809),
        (4448, 31038),
        (4448, 29777),
        (3488, 21745),
        (3128, 17958),
        (2408, 13138),
        (1328, 7975),
        (1088, 6369),
        (1088, 6369),
        (1328, 7976),
        (2528, 13713),
        (3968, 23121),
        (4448, 29432),
        (4448, 30465),
        (4448, 29892),
    ];
    let hours: Vec<_> = day.rows.iter().filter(|row| row.kind == RowKind::Key).collect();
    assert_eq!(hours.len(), 24);
    assert_eq!((hours[0].key.as_str(), hours[23].key.as_str()), ("2025-02-27 12:00+08:00", "2025-02-28 11:00+08:00"));
    for (hour, (cost, income)) in hours.into_iter().zip(published) {
        assert_eq!(text(hour.cost), format!("{cost}.00"), "{}", hour.key);
        let revenue = hour.revenue.unwrap().rounded(0);
        assert!((revenue - income).abs() * 100 <= income, "{}: {revenue} is not within 1 % of {income}", hour.key);
    }
    assert_eq!((text(day.total.revenue), text(day.total.cost)), ("562100.00".to_owned(), "87072.00".to_owned()));
    assert_eq!(text(day.total.profit), "475028.00");
    assert_eq!(day.total.gpu_time.millis(), 43_536 * 3_600_000);
    let special: Vec<_> = day.rows.iter().filter(|row| row.kind != RowKind::Key).map(|row| row.key.as_str()).collect();
    assert_eq!(special, ["(uncosted)", "(unpriced)", "(idle)"]);
}
