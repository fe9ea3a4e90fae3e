//! What `ledger verify` finds: cells for nobody, sums of a grain that are not those of the next, and more than a few of
//! them.

use crate::ledger_watch;

use std::path::Path;

use jiff::tz::TimeZone;
use ledger_watch::{LedgerWatch, began, file};
use margintop::counters::Plausibility;
use margintop::fleet::FleetConfig;
use margintop::pricing::{Lease, Leased};
use margintop::reading::{Event, GpuId, GpuReading, Label, NodeName};
use margintop::store::Reader;
use margintop::units::{Energy, Moment, Power, PowerPrice, Span};
use rusqlite::Connection;

fn faults(path: &Path) -> Vec<String> {
    Reader::open(path).unwrap().verify().unwrap()
}

/// Class: a bucket that is wrong in one of two grains, whichever it is, or that one of them has alone.
#[test]
fn grains_that_differ_are_named() {
    let quarter = "2025-03-10T10:00:00Z";
    let day = "2025-03-10T00:00:00Z";
    for (damage, fault) in [
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
        let mut watch = LedgerWatch::at(&path, began());
        watch.work(&["a"], 10, [100, 160]);
        watch.leave();
        assert_eq!(faults(&path), Vec::<String>::new());
        Connection::open(&path).unwrap().execute_batch(damage).unwrap();
        assert_eq!(faults(&path), fault, "{damage}");
    }
}

#[test]
fn of_many_wrong_buckets_the_first_few_are_named() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.work(&["a"], 10, [100, 160]);
    watch.leave();
    let open = Connection::open(&path).unwrap();
    let insert = "INSERT INTO quarter_tokens VALUES (?1, 0, -1, 1, 0, 0)";
    for nth in 1..=9 {
        open.execute(insert, [began().millis() / 900_000 * 900_000 + nth * 900_000]).unwrap();
    }
    let of_quarters: Vec<_> = faults(&path).into_iter().filter(|fault| fault.contains("its minutes")).collect();
    assert_eq!(of_quarters.len(), 5, "{of_quarters:?}");
    assert!(of_quarters[0].contains("10:15:00Z") && of_quarters[4].contains("11:15:00Z"), "{of_quarters:?}");
}

/// Adds to an amount of a bucket of each grain.
fn tamper(path: &Path, column: &str, more: i64) {
    let open = Connection::open(path).unwrap();
    for grain in ["minute", "quarter", "day"] {
        let first = format!("(SELECT min(bucket) FROM {grain}_gpu_time)");
        let change = format!("UPDATE {grain}_gpu_time SET {column} = {column} + {more} WHERE bucket = {first}");
        open.execute(&change, []).unwrap();
    }
}

/// Class: GPU time that no GPU has, in books that add up.
#[test]
fn gpu_time_beyond_that_of_the_known_gpus_is_named() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    for second in 0..=70 {
        watch.gpus(&["a", "b"]);
        watch.poll(second * 10, None);
        watch.advance(1);
    }
    watch.leave();
    assert_eq!(faults(&path), Vec::<String>::new());
    // Two GPUs have 120 s in a minute; the clock may have been set by up to two.
    tamper(&path, "allocated_ms", 4_000);
    assert_eq!(faults(&path), Vec::<String>::new());
    tamper(&path, "allocated_ms", 1);
    let fault = "minute_gpu_time: 2025-03-10T10:00:00Z on gpu-01: 124.001 GPU-seconds in 60 s, more than 2 GPUs have";
    assert_eq!(faults(&path), [fault]);
}

/// A watch of one GPU whose energy is paid for: it draws 700 W for 70 s, its limit.
fn draw(path: &Path, limit: Option<f64>) {
    let power = PowerPrice { kwh: "0.10".parse().unwrap(), pue: "1.0".parse().unwrap() };
    let lease = Lease { power: Some(power), ..Lease::of(Leased::Gpu("H100".to_owned()), "1.00".parse().unwrap()) };
    let config = FleetConfig { leases: vec![lease], ..FleetConfig::local("gpu-01") };
    let mut watch = LedgerWatch::of(path, began(), "USD", TimeZone::UTC, config);
    for second in 0..=70 {
        let reading = GpuReading {
            id: Some(GpuId::from_uuid("a")),
            name: Some(Label::new("NVIDIA H100")),
            energy: Some(Energy::new(5_000_000_000 + second * 700_000)),
            power_limit: limit.and_then(Power::from_watts),
            ..GpuReading::default()
        };
        let at = watch.clock.now();
        watch.apply(Event::nvml(NodeName::new("gpu-01"), at, Ok(vec![reading])));
        watch.tick();
        watch.advance(1);
    }
    watch.leave();
}

/// Class: energy that no GPU draws, in books that add up.
#[test]
fn energy_beyond_the_power_limit_is_named() {
    let drawn = 60 * 700_000;
    for (limit, watts) in [(Some(700.0), 700), (None, 1_500)] {
        let (_home, path) = file();
        draw(&path, limit);
        assert_eq!(faults(&path), Vec::<String>::new());
        // Energy of up to a minute before may be posted in one.
        let most = watts * 1_500 * 120;
        tamper(&path, "energy_mj", most - drawn);
        assert_eq!(faults(&path), Vec::<String>::new(), "{watts} W");
        tamper(&path, "energy_mj", 1);
        let fault = format!(
            "minute_gpu_time: 2025-03-10T10:00:00Z on gpu-01: {}.001 J in 60 s, more than 1 GPU draw at 1.5 times {watts} W",
            most / 1000
        );
        assert_eq!(faults(&path), [fault]);
        let raised = Plausibility { energy_thousandths: 2_000, ..Plausibility::default() };
        assert_eq!(Reader::open(&path).unwrap().verify_within(raised).unwrap(), Vec::<String>::new());
    }
}

/// Class: what was posted as it should be, called implausible: the clock passed a span twice, and a lease pays for GPUs that
/// are not seen.
#[test]
fn a_clock_that_is_set_back_and_unseen_gpus_are_no_faults() {
    let (_home, path) = file();
    let lease = Lease { gpus: Some(16), ..Lease::of(Leased::Node(NodeName::new("gpu-02")), "1.00".parse().unwrap()) };
    let of_unit = Lease {
        gpus: Some(4),
        ..Lease::of(Leased::Unit(margintop::reading::UnitName::new("decode")), "1.00".parse().unwrap())
    };
    let config = FleetConfig { leases: vec![lease, of_unit], ..FleetConfig::local("gpu-01") };
    let mut watch = LedgerWatch::of(&path, began(), "USD", TimeZone::UTC, config);
    for second in 0..200 {
        let now = watch.clock.now();
        let at = Moment { wall: now.wall - Span::from_secs(if second < 100 { 0 } else { 60 }), ..now };
        let reading = |(index, uuid): (u32, &str)| GpuReading {
            index,
            id: Some(GpuId::from_uuid(uuid)),
            name: Some(Label::new("NVIDIA H800")),
            ..GpuReading::default()
        };
        let readings = (0..).zip(["a", "b"]).map(reading).collect();
        watch.apply(Event::nvml(NodeName::new("gpu-01"), at, Ok(readings)));
        watch.apply(Event::Tick(at));
        watch.advance(1);
    }
    watch.leave();
    assert_eq!(faults(&path), Vec::<String>::new());
    tamper(&path, "allocated_ms", 3_600_000);
    let fault = faults(&path);
    for node in ["gpu-01", "gpu-02", "unit decode"] {
        assert!(fault.iter().any(|fault| fault.contains(&format!(" on {node}: "))), "{node} in {fault:?}");
    }
}
