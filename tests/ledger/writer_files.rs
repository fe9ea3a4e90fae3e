//! The ledger's file as an adversary would have it: links, odd names, other programs' databases, clocks that jump,
//! and a watch that ends between any two writes.

use crate::ledger_watch;
use crate::saved;
use crate::support;

use std::path::Path;
use std::time::Duration;

use ledger_watch::{ENGINE, LedgerWatch, allocated, began, file, output, past};
use margintop::ledger::Grain;
use margintop::reading::{Label, ModelName};
use margintop::snapshot::WriterStatus;
use margintop::store::{Reader, StoreError};
use margintop::units::{Span, Timestamp};
use rusqlite::Connection;
use support::{answered, counters, page};

fn whole(path: &Path) {
    assert_eq!(Reader::open(path).unwrap().verify().unwrap(), Vec::<String>::new());
}

/// A watch of a minute: 60 output tokens and 60 s of one GPU.
fn a_minute(path: &Path, at: Timestamp) {
    let mut watch = LedgerWatch::at(path, at);
    // A watch that was killed a moment ago may still hold it.
    watch.on_ledger_event(|basis| basis.writer == WriterStatus::Ours);
    watch.work(&["a"], 60, [100, 160]);
    watch.leave();
}

fn ask(path: &Path, question: &str) -> i64 {
    Connection::open(path).unwrap().query_row(question, [], |row| row.get(0)).unwrap()
}

/// Waits for the first commit.
fn until_counted(path: &Path) {
    while ask(path, "SELECT count(*) FROM saved_targets") == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn another_programs_database_is_left_as_it_is_to_the_byte() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("browser.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE visits (url TEXT); INSERT INTO visits VALUES ('x')").unwrap();
    drop(other);
    let before = std::fs::read(&path).unwrap();
    let watch = LedgerWatch::at(&path, began());
    assert_eq!(watch.basis.writer, WriterStatus::Memory);
    assert!(watch.basis.write_error.clone().unwrap().as_str().contains("another program's database"));
    watch.leave();
    assert!(matches!(Reader::open(&path), Err(StoreError::Corrupt(..))));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_link_leads_to_the_one_ledger_with_its_one_keeper() {
    let (home, path) = file();
    let link = home.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut first = LedgerWatch::at(&link, began());
    assert_eq!(first.basis.writer, WriterStatus::Ours, "a link to a file that is not there yet makes it");
    first.poll(100, None);
    first.tick();
    let second = LedgerWatch::at(&path, began());
    assert_eq!(second.basis.writer, WriterStatus::Other(Some(std::process::id())));
    drop(second);
    first.advance(10);
    first.poll(160, None);
    first.leave();
    assert_eq!(output(&path), 60);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn any_name_is_a_file_name() {
    let home = tempfile::tempdir().unwrap();
    for name in ["it's a \"ledger\".db", "a?mode=memory#%20.db", "file:x.db", "läger 帳.db", "-wal"] {
        let path = home.path().join(name);
        a_minute(&path, began());
        assert_eq!((output(&path), allocated(&path)), (60, 60), "{name}");
        assert!(path.exists(), "{name}");
    }
}

#[test]
fn a_folder_an_empty_file_and_an_empty_log_are_distinguished() {
    let home = tempfile::tempdir().unwrap();
    let (folder, empty, logged) = (home.path().join("folder"), home.path().join("empty"), home.path().join("logged"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(&empty, "").unwrap();
    assert_eq!(Reader::open(&folder).err(), Some(StoreError::NotAFile(folder.clone(), "a folder")));
    assert_eq!(Reader::open(&empty).err(), Some(StoreError::Missing(empty.clone())));
    assert_eq!(LedgerWatch::at(&folder, began()).basis.writer, WriterStatus::Memory);
    a_minute(&empty, began());
    assert_eq!(output(&empty), 60, "an empty file is a new ledger");
    a_minute(&logged, began());
    std::fs::write(home.path().join("logged-wal"), "").unwrap();
    assert_eq!(output(&logged), 60);
    a_minute(&logged, began() + Span::from_secs(60));
    whole(&logged);
}

#[test]
fn a_copy_that_nobody_may_write_beside_is_read_alone() {
    let (home, path) = file();
    a_minute(&path, began());
    let folder = home.path().join("a copy #1?");
    std::fs::create_dir(&folder).unwrap();
    let copy = folder.join("ledger 100%.db");
    std::fs::copy(&path, &copy).unwrap();
    // Where a file that must be made is a folder, nobody makes it: so it is for every user, root too.
    std::fs::create_dir(folder.join("ledger 100%.db-shm")).unwrap();
    assert_eq!((output(&copy), allocated(&copy)), (60, 60));
    whole(&copy);
}

#[test]
fn while_another_program_writes_the_ledger_is_theirs_and_then_ours() {
    let (_home, path) = file();
    a_minute(&path, began());
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; INSERT INTO markers VALUES (1, 'by hand')").unwrap();
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(62));
    assert_eq!(watch.basis.writer, WriterStatus::Other(None));
    other.execute_batch("COMMIT").unwrap();
    watch.on_ledger_event(|basis| basis.writer == WriterStatus::Ours);
    watch.poll(200, None);
    watch.leave();
    assert_eq!(output(&path), 100);
}

#[test]
fn moments_of_another_boot_are_rewritten_before_anything_else_is() {
    let (_home, path) = file();
    a_minute(&path, began());
    // A watch in another boot is killed before its first commit.
    drop(LedgerWatch::at(&path, began() + Span::from_secs(1060)));
    let boots = saved::boots(&Connection::open(&path).unwrap());
    assert_eq!(boots, Some([-1_000_000; 2]));
    let back = "SELECT value = -1000000 FROM meta WHERE key = 'last_boot'";
    assert_eq!(ask(&path, back), 1, "all of them are of that boot now, a thousand seconds before its beginning");
    a_minute(&path, began() + Span::from_secs(2060));
    assert_eq!(allocated(&path), 2120, "and the rent of the whole time is posted once");
    whole(&path);
}

#[test]
fn what_comes_back_after_an_unwatched_span_is_not_bridged_over_it() {
    let (_home, path) = file();
    a_minute(&path, began());
    let back = began() + Span::from_secs(60 + 3 * 86_400);
    // Nothing answers in the first watch after it, and everything in the second.
    let mut watch = LedgerWatch::at(&path, back);
    watch.advance(10);
    watch.leave();
    let mut watch = LedgerWatch::at(&path, back + Span::from_secs(60));
    watch.work(&["a"], 10, [9_000_000, 9_000_007]);
    watch.leave();
    assert_eq!((output(&path), allocated(&path)), (67, 70));
}

#[test]
fn a_clock_that_is_wrong_by_years_costs_no_more_than_a_day_of_minutes() {
    let (_home, path) = file();
    for day in 0..5 {
        a_minute(&path, began() + Span::from_secs(day * 86_000));
    }
    let minutes = ask(&path, "SELECT count(*) FROM minute_gpu_time");
    let first_day =
        format!("SELECT count(*) FROM minute_gpu_time WHERE bucket < {}", (began() + Span::from_secs(86_400)).millis());
    let first_day = ask(&path, &first_day);
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(20 * 365 * 86_400));
    watch.advance(5);
    watch.leave();
    assert!(ask(&path, "SELECT count(*) FROM minute_gpu_time") >= minutes - first_day - 1, "{minutes} {first_day}");
    // It is right again, and the future is in nobody's way.
    let before = output(&path);
    a_minute(&path, began() + Span::from_secs(5 * 86_000));
    assert!(output(&path) >= before, "nothing is taken back");
}

#[test]
fn hostile_names_are_kept_as_harmless_ones() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    let names =
        ["x".repeat(100_000), "nul\0'); DROP TABLE meta; --\u{1b}[31m".to_owned(), "=cmd|' /C calc'!A0".to_owned()];
    for output in [100, 150] {
        for name in &names {
            let mut page = page("", counters(output * 4, output, output), None);
            page.engines[0].model = Some(ModelName::new(name));
            let at = watch.clock.now();
            watch.apply(answered(&format!("{ENGINE}/{}", name.len()), at, page));
        }
        watch.advance(2);
    }
    let long = Label::new(&"m".repeat(100_000));
    margintop::store::mark(&path, began(), long.as_str()).unwrap();
    watch.leave();
    let past = past(&path, Grain::Day);
    let models: Vec<String> = past.accounts.iter().filter_map(|a| Some(a.model.as_ref()?.to_string())).collect();
    assert!(models.iter().all(|model| !model.contains(char::is_control) && model.len() < 2_000), "{models:?}");
    whole(&path);
}

#[test]
fn two_moments_at_one_instant_are_two() {
    let (_home, path) = file();
    a_minute(&path, began());
    for text in ["deploy 1.4", "deploy 1.4", "and a drain"] {
        margintop::store::mark(&path, began() + Span::from_secs(5), text).unwrap();
    }
    assert_eq!(past(&path, Grain::Day).markers.len(), 3);
}

#[test]
fn an_export_under_writing_is_of_one_instant() {
    let (home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.gpus(&["a"]);
    watch.poll(0, None);
    watch.tick();
    until_counted(&path);
    for nth in 1..40 {
        watch.advance(30);
        watch.gpus(&["a"]);
        watch.poll(nth * 10, None);
        watch.tick();
        if nth % 8 != 0 {
            continue;
        }
        let mut text = Vec::new();
        Reader::open(&path).unwrap().export(&mut text).unwrap();
        let copy = home.path().join(format!("copy-{nth}.db"));
        margintop::store::import(&copy, text.as_slice()).unwrap();
        whole(&copy);
        let [_, _, counted] = saved::counters(&Connection::open(&copy).unwrap(), None).unwrap();
        assert_eq!(output(&copy), counted, "postings and counters belong together");
    }
    watch.leave();
}

#[test]
fn verify_finds_cells_that_no_coarser_one_holds() {
    let (_home, path) = file();
    a_minute(&path, began());
    let open = Connection::open(&path).unwrap();
    open.execute_batch("DELETE FROM day_tokens; DELETE FROM quarter_gpu_time").unwrap();
    let faults = Reader::open(&path).unwrap().verify().unwrap();
    let tables: Vec<&str> = faults.iter().filter_map(|fault| fault.split(':').next()).collect();
    assert_eq!(tables, ["quarter_gpu_time", "day_tokens", "day_gpu_time"], "{faults:?}");
}

#[test]
fn a_reader_that_stays_stops_nobody() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.gpus(&["a"]);
    watch.poll(0, None);
    watch.tick();
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM meta").unwrap();
    for nth in 1..200 {
        watch.advance(60);
        watch.gpus(&["a"]);
        watch.poll(nth * 10, None);
        watch.tick();
    }
    drop(reader);
    watch.leave();
    assert_eq!(output(&path), 1990);
    whole(&path);
}

#[test]
fn a_close_waits_no_longer_than_its_limit() {
    let (_home, path) = file();
    let mut watch = LedgerWatch::at(&path, began());
    watch.poll(100, None);
    watch.tick();
    until_counted(&path);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; INSERT INTO markers VALUES (1, 'by hand')").unwrap();
    watch.advance(2);
    watch.poll(150, None);
    let began_to_end = std::time::Instant::now();
    watch.tick();
    watch.collector.close();
    assert!(began_to_end.elapsed() < Duration::from_millis(900), "{:?}", began_to_end.elapsed());
    other.execute_batch("COMMIT").unwrap();
    drop(other);
    // Whether or not it was written in the end, the next watch goes on from what was.
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(4));
    watch.on_ledger_event(|basis| basis.writer == WriterStatus::Ours);
    watch.poll(170, None);
    watch.leave();
    assert_eq!(output(&path), 70);
}
