//! Recordings: what was written is read again, up to where it was truncated; each replay prints the same; a redacted recording
//! contains no names.

use crate::program;
use crate::server;
use crate::support;

use std::borrow::Cow;
use std::path::Path;

use margintop::clock::ScriptedClock;
use margintop::dialect::{self, Hint};
use margintop::fleet::{Fleet, FleetConfig, TargetInfo};
use margintop::pricing::Book;
use margintop::reading::{
    Event, Label, NodeName, ScrapeCost, ScrapeError, SourceError, SourceErrorKind, TargetId, UnitName,
};
use margintop::record::{
    FORMAT, Recording, RecordingEntry, RecordingHeader, RecordingReader, Redactor, Replay, Settings, Written,
};
use margintop::session::{Collector, Message, Scripted, play_repeatedly};
use margintop::snapshot::Snapshot;
use margintop::units::{Moment, Span};
use program::Program;
use server::{Reply, Server};
use support::moment;
use tokio::sync::{mpsc, watch};

const VLLM: &str = include_str!("../fixtures/engines/vllm-dp4.prom");
const VLLM_LATER: &str = include_str!("../fixtures/engines/vllm-dp4.t10.prom");
const SGLANG: &str = include_str!("../fixtures/engines/sglang-dp4.prom");
const DCGM: &str = include_str!("../fixtures/engines/dcgm-exporter.prom");

const BEGAN: &str = "2026-11-24T15:00:00Z";
/// Names that are in a recording and must not be in a redacted one.
const NAMES: [&str; 6] = ["secret-host", "secret-node", "secret-unit", "secret-tenant", "secret-words", "DeepSeek"];

fn header() -> RecordingHeader {
    RecordingHeader {
        recording: FORMAT.to_owned(),
        began: moment(BEGAN),
        local: NodeName::new("secret-host"),
        interval: Span::from_secs(10),
        window: Span::from_secs(20),
        targets: vec![target("http://secret-host:8000"), target("http://secret-host:9400")],
        redacted: false,
        zone: Some("Europe/Berlin".to_owned()),
    }
}

fn target(url: &str) -> TargetInfo {
    TargetInfo {
        target: TargetId::new(url),
        host: Some(NodeName::new("secret-host")),
        node: Some(NodeName::new("secret-node")),
        unit: Some(UnitName::new("secret-unit")),
        role: None,
        tenant: Some(Label::new("secret-tenant")),
    }
}

fn page(url: &str, at: Moment, text: &str) -> Event {
    let read = dialect::read(text.as_bytes(), &Hint::default()).unwrap();
    let cost = ScrapeCost { seconds: 0.1 + 0.2, bytes: text.len() as u64 };
    Event::Page { target: TargetId::new(url), at, cost, outcome: Ok(Box::new(read)) }
}

/// Half a minute of events: pages of engines and of GPUs, failures, one more target.
fn entries() -> Vec<RecordingEntry<'static>> {
    let began = moment(BEGAN);
    let at = |seconds| began + Span::from_secs(seconds);
    let failure = |failure| Event::Page {
        target: TargetId::new("http://secret-host:9400"),
        at: at(11),
        cost: ScrapeCost::default(),
        outcome: Err(failure),
    };
    let error = SourceError {
        kind: SourceErrorKind::Driver,
        source: Label::new("NVML"),
        cause: Label::new("secret-words of a library"),
        remedy: Label::new("install the driver"),
    };
    let events = |events: Vec<Event>| RecordingEntry::Events(Cow::Owned(events));
    vec![
        events(vec![page("http://secret-host:8000", at(0), VLLM), page("http://secret-host:9400", at(0), DCGM)]),
        events(vec![Event::Tick(at(1))]),
        RecordingEntry::Targets(Cow::Owned(vec![target("http://secret-host:30000")])),
        events(vec![
            page("http://secret-host:8000", at(10), VLLM_LATER),
            page("http://secret-host:30000", at(10), SGLANG),
        ]),
        events(vec![failure(ScrapeError::NoSuchHost(Label::new("secret-words"))), failure(ScrapeError::Status(503))]),
        RecordingEntry::Errors(Cow::Owned(vec![error.clone()])),
        events(vec![Event::nvml(NodeName::new("secret-node"), at(12), Err(error))]),
        RecordingEntry::Interval(Span::from_secs(2)),
        events(vec![Event::Tick(at(13))]),
    ]
}

fn write(path: &Path, redactor: Option<Redactor>, limit: u64) -> Written {
    write_times(1, path, redactor, limit)
}

fn write_times(times: usize, path: &Path, redactor: Option<Redactor>, limit: u64) -> Written {
    let settings = Settings { path: path.to_owned(), limit, redactor };
    let mut recording = Recording::create(settings, header()).unwrap();
    let progress = recording.progress();
    for _ in 0..times {
        for entry in entries() {
            recording.note(entry);
        }
    }
    drop(recording);
    progress.written().unwrap().clone()
}

fn read(path: &Path) -> (RecordingHeader, Vec<RecordingEntry<'static>>, bool) {
    let mut reader = RecordingReader::open(path).unwrap();
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        entries.push(entry);
    }
    (reader.header().clone(), entries, reader.is_cut())
}

/// The snapshot of a fleet after these entries, as JSON.
fn snapshot(header: &RecordingHeader, entries: Vec<RecordingEntry<'static>>) -> String {
    let config = FleetConfig {
        interval: header.interval,
        window: header.window,
        targets: header.targets.clone(),
        ..FleetConfig::local(header.local.as_str())
    };
    let mut collector = Collector::new(Fleet::new(config, Book::built_in().unwrap(), header.began));
    for message in entries.into_iter().filter_map(RecordingEntry::into_message) {
        collector.take(Message::from_source(message).0);
    }
    serde_json::to_string(&*collector.snapshot()).unwrap()
}

/// A replay at its beginning.
fn turned(path: &Path) -> Scripted<Replay> {
    let reader = RecordingReader::open(path).unwrap();
    let header = reader.header().clone();
    let config = FleetConfig {
        interval: header.interval,
        window: header.window,
        targets: header.targets.clone(),
        ..FleetConfig::local(header.local.as_str())
    };
    let clock = ScriptedClock::at(header.began.wall);
    let collector = Collector::new(Fleet::new(config, Book::built_in().unwrap(), header.began));
    Scripted::new(collector, Replay::new(reader, &clock), &clock)
}

#[tokio::test]
async fn a_replay_repeats_all_messages_up_to_an_instant_or_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rec");
    write(&path, None, u64::MAX);
    let publish = watch::channel(turned(&path).collector.snapshot()).0;
    let json = |snapshot: &Snapshot| serde_json::to_string(snapshot).unwrap();
    for (seconds, said) in [(0, 1), (5, 3), (10, 4), (11, 6), (12, 8), (13, 9)] {
        let at = moment(BEGAN).wall + Span::from_secs(seconds);
        let shown = turned(&path).play(Some(at), None, &publish).await;
        assert_eq!(json(&shown), snapshot(&header(), entries().into_iter().take(said).collect()), "{seconds} s");
    }
    let whole = turned(&path).play(None, None, &publish).await;
    assert_eq!(json(&whole), snapshot(&header(), entries()));
    // While a screen is shown, alerts begin with the snapshot that shows them.
    let _looks = publish.subscribe();
    let whole = turned(&path).play(None, None, &publish).await;
    let mut in_two = turned(&path);
    in_two.play(Some(moment(BEGAN).wall + Span::from_secs(5)), None, &publish).await;
    assert_eq!(
        json(&*in_two.play(None, Some(1e6), &publish).await),
        json(&whole),
        "at any speed, from wherever it goes on"
    );
}

/// Class: a replay that is repeated without end.
#[tokio::test]
async fn a_looped_replay_shows_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rec");
    write(&path, None, u64::MAX);
    let mut first = turned(&path);
    let (publish, snapshots) = watch::channel(turned(&path).collector.snapshot());
    let once = turned(&path).play(None, None, &publish).await;
    let (sender, mut received) = mpsc::channel(3);
    let again = move || {
        let end = serde_json::to_string(&**snapshots.borrow()).unwrap();
        sender.try_send(end).is_ok_and(|()| sender.capacity() > 0).then(|| turned(&path))
    };
    let mut ends = Vec::new();
    tokio::select! {
        () = play_repeatedly(&mut first, 1e6, &publish, again) => panic!("its end stays published until the future is dropped"),
        _ = async { while received.len() < 3 { tokio::task::yield_now().await } received.recv_many(&mut ends, 3).await } => {}
    }
    assert_eq!(ends, [(); 3].map(|()| serde_json::to_string(&*once).unwrap()));
}

#[test]
fn written_entries_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rec");
    let written = write(&path, None, u64::MAX);
    let (read_header, read_entries, is_cut) = read(&path);
    assert_eq!((written.entries, written.is_full, written.error.clone()), (9, false, None));
    assert_eq!(written.bytes, std::fs::metadata(&path).unwrap().len());
    assert_eq!((&read_header, read_entries.len(), is_cut), (&header(), 9, false));
    let text = |entries: &[RecordingEntry<'_>]| entries.iter().map(|entry| format!("{entry:?}")).collect::<Vec<_>>();
    assert_eq!(text(&read_entries), text(&entries()), "to the last digit of each float");
    assert_eq!(snapshot(&read_header, read_entries), snapshot(&header(), entries()));
}

/// Class: a recording of an earlier release, in which fields have other names.
#[test]
fn a_recording_with_the_former_names_of_an_errors_fields_replays() {
    let folder = tempfile::tempdir().unwrap();
    let (today, former) = (folder.path().join("today"), folder.path().join("former"));
    write(&today, None, u64::MAX);
    let mut text = String::from_utf8(zstd::stream::decode_all(std::fs::File::open(&today).unwrap()).unwrap()).unwrap();
    for [name, former] in
        [["\"source\":\"NVML\"", "\"what\":\"NVML\""], ["\"cause\":", "\"why\":"], ["\"remedy\":", "\"mend\":"]]
    {
        assert_eq!(text.matches(name).count(), 2, "an error of a source and one of a driver: {text}");
        text = text.replace(name, former);
    }
    zstd::stream::copy_encode(text.as_bytes(), std::fs::File::create(&former).unwrap(), 3).unwrap();
    let of = |path: &Path| {
        let (header, entries, _) = read(path);
        snapshot(&header, entries)
    };
    assert_eq!(of(&former), of(&today));
}

/// Class: a program that was killed, a copy of a file that was being written, a full disk.
#[test]
fn a_cut_recording_is_read_up_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    let all = write_times(20, &whole, None, u64::MAX).entries as usize;
    let bytes = std::fs::read(&whole).unwrap();
    let mut most = 0;
    for length in (0..bytes.len()).step_by(bytes.len() / 40).chain([bytes.len() - 20]) {
        std::fs::write(&cut, &bytes[..length]).unwrap();
        match RecordingReader::open(&cut) {
            Ok(_) => {
                let (_, entries, is_cut) = read(&cut);
                assert!(is_cut, "{length} of {}", bytes.len());
                assert!(entries.len() < all || length > bytes.len() - 40, "{length} of {}", bytes.len());
                most = most.max(entries.len());
            }
            Err(error) => {
                let words = ["is empty, so it is not", "is not a recording", "is cut before its first entry"];
                assert!(words.iter().any(|word| error.to_string().contains(word)), "{length}: {error}");
                assert!(length < 4 || error.to_string().contains("is cut"), "{length}: {error}");
            }
        }
    }
    assert!(most > all / 2, "the entries before the cut are read: {most}");
}

/// Class: files that are not recordings, or of another version.
#[test]
fn a_file_that_is_not_a_recording_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let open = |text: &str| {
        let file = std::fs::File::create(&path).unwrap();
        zstd::stream::copy_encode(text.as_bytes(), file, 3).unwrap();
        RecordingReader::open(&path).unwrap_err().to_string()
    };
    assert!(
        open("{\"recording\":\"margintop-recording/2\"}\n").contains("of version 2; this margintop reads version 1")
    );
    for text in ["", "\n", "{}\n", "[1]\n", "{\"recording\":\"other/1\"}\n", "up 1\n"] {
        assert!(open(text).contains("make one with `margintop record FILE`"), "{text}");
    }
    assert!(open(&format!("{{\"recording\":\"{FORMAT}\"}}\n")).contains("missing field"));
    std::fs::write(&path, "vllm:num_requests_running 1\n").unwrap();
    assert!(RecordingReader::open(&path).unwrap_err().to_string().contains("is not a recording"));
    assert!(RecordingReader::open(folder.path()).unwrap_err().to_string().contains("not a regular file"));
    assert!(RecordingReader::open(&folder.path().join("absent")).unwrap_err().to_string().contains("No such file"));
    let again = Recording::create(Settings { path: path.clone(), limit: 1, redactor: None }, header());
    assert!(again.unwrap_err().to_string().contains("exists"), "a file is never overwritten");
}

#[test]
fn a_changed_byte_is_reported_and_yields_no_figures() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let good =
        format!("{}\n{{\"events\":[{{\"tick\":[1790000000000,5]}}]}}\n", serde_json::to_string(&header()).unwrap());
    for (bad, why) in [("{\"events\":[{\"tick\":[1790000000000]}]}", "entry 2"), ("{\"other\":1}", "unknown variant")] {
        let file = std::fs::File::create(&path).unwrap();
        zstd::stream::copy_encode(format!("{good}{bad}\n").as_bytes(), file, 3).unwrap();
        let mut reader = RecordingReader::open(&path).unwrap();
        assert!(matches!(reader.next_entry(), Ok(Some(RecordingEntry::Events(_)))));
        let error = reader.next_entry().unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("replay a copy"), "{error}");
    }
}

/// Class: a bit that was flipped on the disk or in transit.
#[test]
fn a_turned_bit_is_found_by_the_end_at_the_latest() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, turned) = (folder.path().join("whole"), folder.path().join("turned"));
    write(&whole, None, u64::MAX);
    let bytes = std::fs::read(&whole).unwrap();
    let text = |entries: &[RecordingEntry<'_>]| entries.iter().map(|entry| format!("{entry:?}")).collect::<Vec<_>>();
    for at in (0..bytes.len()).step_by(bytes.len() / 150) {
        let mut other = bytes.clone();
        other[at] ^= 1 << (at % 8);
        std::fs::write(&turned, other).unwrap();
        let Ok(mut reader) = RecordingReader::open(&turned) else { continue };
        let mut entries = Vec::new();
        let ended = loop {
            match reader.next_entry() {
                Ok(Some(entry)) => entries.push(entry),
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        let is_same = reader.header() == &header() && text(&entries) == text(&self::entries());
        assert!(!ended || reader.is_cut() || is_same, "{at}");
    }
}

#[test]
fn a_recording_ends_at_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let written = write(&path, None, 1);
    assert!(written.is_full && written.entries < 9, "{written:?}");
    assert!(!read(&path).2, "the recording is complete");
}

/// Class: names of machines, users, models and customers, in every field that has one.
#[test]
fn a_redacted_recording_holds_no_name_and_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    write(&path, Some(Redactor::default()), u64::MAX);
    let text = String::from_utf8(zstd::stream::decode_all(std::fs::File::open(&path).unwrap()).unwrap()).unwrap();
    let named = entries().iter().map(|entry| serde_json::to_string(entry).unwrap()).collect::<String>()
        + &serde_json::to_string(&header()).unwrap();
    for name in NAMES {
        assert!(named.contains(name), "{name} is recorded");
        assert!(!text.contains(name), "{name} is left in {text}");
    }
    for uuid in DCGM.match_indices("GPU-").map(|(at, _)| &DCGM[at..at + 24]) {
        assert!(!text.contains(uuid), "{uuid}");
    }
    let (header, read, _) = read(&path);
    assert!(header.redacted);
    let figures = |text: &str| {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        (json["tokens"].clone(), json["gpus"].clone(), json["requests"].clone(), json["coverage"].clone())
    };
    assert_eq!(figures(&snapshot(&header, read)), figures(&snapshot(&self::header(), entries())));

    // A hash without the recording's key could be found by trying names.
    let hashes = |text: &str| -> std::collections::BTreeSet<String> {
        let after = ["\"page\":", "\"series\":"].map(|key| text.split(key).skip(1).collect::<Vec<_>>()).concat();
        let digits = after.iter().map(|text| text.chars().take_while(char::is_ascii_digit).collect::<String>());
        digits.filter(|digits| digits.len() > 10).collect()
    };
    let (plain, redacted) = (hashes(&named), hashes(&text));
    assert!(plain.len() > 1 && plain.len() == redacted.len(), "{plain:?} {redacted:?}");
    assert!(plain.is_disjoint(&redacted), "{plain:?} {redacted:?}");
    let path = folder.path().join("b");
    write(&path, Some(Redactor::default()), u64::MAX);
    let again = String::from_utf8(zstd::stream::decode_all(std::fs::File::open(&path).unwrap()).unwrap()).unwrap();
    assert!(hashes(&again).is_disjoint(&redacted), "two recordings can be linked");
}

/// The built program over real sockets.
#[test]
fn a_replay_prints_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("box.rec");
    let file = path.to_str().unwrap();
    let server = Server::new(|asked| Reply::page(if asked < 4 { VLLM } else { VLLM_LATER }));
    let recorded = Program::new(["record", file, &server.url, "nvml:off", "--for", "2s", "--interval", "200ms"]).run();
    assert_eq!(recorded.code, Some(0), "{recorded:?}");
    assert!(recorded.err.contains("margintop replay"), "{}", recorded.err);
    let replay = || Program::new(["replay", file, "--json"]).run();
    let (first, second) = (replay(), replay());
    assert_eq!(first.out, second.out);
    let shown = first.good();
    assert_eq!(shown["coverage"]["engines_live"], 1);
    assert!(shown["tokens"]["output_total"].as_u64().unwrap() > 0, "{shown}");
    assert_eq!(shown["engines"][0]["target"].as_str(), Some(server.url.as_str()));
    let begin = Program::new(["replay", file, "--json", "--at", "2020-01-01"]).run();
    assert!(begin.err.contains("--at 2020-01-01 00:00+00:00 is outside of the recording, "), "{begin:?}");
    assert!(begin.err.contains(": its beginning is shown"), "{begin:?}");
    let late = Program::new(["replay", file, "--json", "--at", "2099-01-01"]).run();
    assert!(late.out == first.out && late.err.contains(": its end is shown"), "{late:?}");
    assert_eq!(begin.code, Some(0));
    let begin = begin.json();
    assert!(begin["tokens"]["output_total"].is_null(), "nothing was said by then: {begin}");
    let again = Program::new(["record", file, &server.url, "nvml:off", "--for", "1s"]).run();
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("exists"), "{}", again.err);
}

/// Class: a key of the configuration that is right for every other run refuses a run that has a time of its own.
#[test]
fn the_configured_ledger_is_not_that_of_a_replay() {
    let folder = tempfile::tempdir().unwrap();
    let [path, ledger] = ["a.rec", "ledger.db"].map(|name| folder.path().join(name));
    write(&path, None, u64::MAX);
    std::fs::write(&ledger, "of every other run").unwrap();
    let config = format!("ledger = {:?}\n", ledger.to_str().unwrap());
    let ran = Program::new(["replay", path.to_str().unwrap(), "--json"]).config(&config).run();
    assert!(ran.code == Some(0) && ran.err.contains("has no effect on a replay"), "{ran:?}");
    assert!(ran.json()["money"].is_object());
    assert_eq!(std::fs::read_to_string(&ledger).unwrap(), "of every other run");
}

/// Class: a time that is counted from the beginning of a recording, or from the present, and not back from its end.
#[test]
fn times_of_a_replay_are_counted_back_from_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rec");
    let file = path.to_str().unwrap();
    write(&path, None, u64::MAX);
    let at = |when: &str| {
        let ran = Program::new(["replay", file, "--json", "--at", when]).run();
        assert_eq!(ran.err, "", "--at {when}");
        ran.good()["at"].as_str().unwrap().to_owned()
    };
    let end = moment(BEGAN).wall + Span::from_secs(13);
    assert_eq!((at("now"), at("0s")), (end.to_string(), end.to_string()));
    for (words, seconds) in [("1s", 12), ("12s", 1), ("13s", 0)] {
        assert_eq!(at(words), at(&(moment(BEGAN).wall + Span::from_secs(seconds)).to_string()), "--at {words}");
    }
    let early = Program::new(["replay", file, "--json", "--at", "yesterday"]).run();
    assert!(
        early.err.contains("is outside of the recording") && early.err.contains("its beginning is shown"),
        "{early:?}"
    );
}

/// Class: a recording from another site, or of a ledger whose days begin in another zone.
#[test]
fn a_replay_has_the_days_of_its_recording() {
    let folder = tempfile::tempdir().unwrap();
    let [path, ledger] = ["a.rec", "a.ledger"].map(|name| folder.path().join(name));
    let [file, kept] = [&path, &ledger].map(|path| path.to_str().unwrap());
    write(&path, None, u64::MAX);
    let replay = |more: &[&str]| Program::new(["replay", file, "--json"].iter().chain(more));
    let here = replay(&[]).run();
    assert_eq!((here.code, here.err.as_str()), (Some(0), ""));
    assert_eq!(replay(&[]).env("TZ", "Asia/Tokyo").run().out, here.out, "the same on a machine in another zone");
    assert_eq!(replay(&[]).config("timezone = \"Europe/Berlin\"\n").run().err, "");
    let tokyo = "timezone = \"Asia/Tokyo\"\n";
    let other = replay(&["--ledger", kept]).config(tokyo).run();
    let said = "begin in Europe/Berlin, and those of this replay and its ledger in Asia/Tokyo";
    assert!(other.code == Some(0) && other.err.lines().count() == 1 && other.err.contains(said), "{other:?}");
    let again = replay(&["--ledger", kept]).run();
    let said = "days that begin in Asia/Tokyo, and those of the recording begin in Europe/Berlin";
    assert!(again.code == Some(1) && again.err.lines().count() == 1 && again.err.contains(said), "{again:?}");
}

/// Class: a recording of an earlier release, whose header has no zone.
#[test]
fn a_recording_without_a_zone_has_the_days_of_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rec");
    write(&path, None, u64::MAX);
    let text = String::from_utf8(zstd::stream::decode_all(std::fs::File::open(&path).unwrap()).unwrap()).unwrap();
    let old = text.replacen(",\"zone\":\"Europe/Berlin\"", "", 1);
    assert_ne!(old, text);
    zstd::stream::copy_encode(old.as_bytes(), std::fs::File::create(&path).unwrap(), 3).unwrap();
    assert_eq!(read(&path).0.zone, None);
    let since = |zone: &str| Program::new(["replay", path.to_str().unwrap(), "--json"]).env("TZ", zone).run().good();
    assert_eq!(since("Asia/Tokyo")["schema"], "margintop/1");
}
