//! What `ledger verify` finds: cells for nobody, sums of a grain that are not those of the next, and more than a few of
//! them.

use crate::seat;

use std::path::Path;

use margintop::store::Reader;
use rusqlite::Connection;
use seat::{Seat, began, file};

fn faults(path: &Path) -> Vec<String> {
    Reader::open(path).unwrap().verify().unwrap()
}

/// Class: a bucket that is wrong in one of two grains, whichever it is, or that one of them has alone.
#[test]
fn grains_that_differ_are_named() {
    let quarter = "2025-03-10T10:00:00Z";
    let day = "2025-03-10T00:00:00Z";
    for (damage, told) in [
        (
            "UPDATE quarter_tokens SET miss = miss + 1",
            vec![
                format!("quarter_tokens: {quarter} is not the sum of its minutes"),
                format!("day_tokens: {day} is not the sum of its quarters"),
            ],
        ),
        (
            "DELETE FROM quarter_gpu_time",
            vec![
                format!("quarter_gpu_time: {quarter} is not the sum of its minutes"),
                format!("day_gpu_time: {day} is not the sum of its quarters"),
            ],
        ),
        (
            "UPDATE day_gpu_time SET allocated_ms = allocated_ms + 1",
            vec![format!("day_gpu_time: {day} is not the sum of its quarters")],
        ),
        (
            "INSERT OR REPLACE INTO day_uncertainty VALUES ((SELECT max(bucket) FROM days), 1, 0, 77)",
            vec![format!("day_uncertainty: {day} is not the sum of its quarters")],
        ),
        (
            "INSERT INTO minute_tokens SELECT bucket, account, tariff + 7, 0, 0, 0 FROM minute_tokens",
            vec!["minute_tokens: 1 rows with a tariff that is not there".to_owned()],
        ),
        (
            "INSERT INTO day_gpu_time VALUES ((SELECT max(bucket) FROM days), 77, 5, 0, 0)",
            vec![
                "day_gpu_time: 1 rows with a cost account that is not there".to_owned(),
                format!("day_gpu_time: {day} is not the sum of its quarters"),
            ],
        ),
    ] {
        let (_home, path) = file();
        let mut seat = Seat::at(&path, began());
        seat.work(&["a"], 10, [100, 160]);
        seat.leave();
        assert_eq!(faults(&path), Vec::<String>::new());
        Connection::open(&path).unwrap().execute_batch(damage).unwrap();
        assert_eq!(faults(&path), told, "{damage}");
    }
}

#[test]
fn of_many_wrong_buckets_the_first_few_are_named() {
    let (_home, path) = file();
    let mut seat = Seat::at(&path, began());
    seat.work(&["a"], 10, [100, 160]);
    seat.leave();
    let open = Connection::open(&path).unwrap();
    let insert = "INSERT INTO quarter_tokens VALUES (?1, 0, -1, 1, 0, 0)";
    for nth in 1..=9 {
        open.execute(insert, [began().millis() / 900_000 * 900_000 + nth * 900_000]).unwrap();
    }
    let of_quarters: Vec<_> = faults(&path).into_iter().filter(|fault| fault.contains("its minutes")).collect();
    assert_eq!(of_quarters.len(), 5, "{of_quarters:?}");
    assert!(of_quarters[0].contains("10:15:00Z") && of_quarters[4].contains("11:15:00Z"), "{of_quarters:?}");
}
