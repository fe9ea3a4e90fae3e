//! Disputed tokens and energy: neither billed nor dropped, and decided once.
//!
//! Class: money is posted without evidence, or evidence is dropped; a decision counts twice, is lost by a kill, or concerns
//! minutes that are no longer stored.

mod energy;
use crate::program;
use crate::support;

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use margintop::clock::{Clock, ScriptedClock};
use margintop::fleet::{Checkpoint, Fleet, FleetConfig, SavedState};
use margintop::ledger::{
    Classes, DisputeId, Entry, Evidence, Grain, Ledger, Past, Posting, PostingSource, RevenueAccount, Timing,
};
use margintop::pricing::Book;
use margintop::reading::{EngineRole, InstanceId, ModelName, NodeName, Rank, TargetId};
use margintop::store::{DisputeState, LedgerEvent, Reader, Store, decide};
use margintop::units::{Moment, Money, Span, Timestamp, Tokens};
use program::Program;
use rusqlite::Connection;
use serde_json::Value;
use support::{counters, instant, ledger_settings, open_store};

const TARGET: &str = "http://gpu-01:8000";

fn began() -> Timestamp {
    instant("2026-03-10T10:00:00Z")
}

/// A writer of a ledger without a fleet: it commits what the test posts.
struct LedgerOwner {
    ledger: Ledger,
    store: Store,
    news: Receiver<LedgerEvent>,
    now: Moment,
    first: Timestamp,
}

impl LedgerOwner {
    fn at(path: &Path, at: Timestamp) -> Self {
        let clock = ScriptedClock::at(at);
        let (store, news) = open_store(ledger_settings(Some(path), Clock::Scripted(clock.clone())));
        let LedgerEvent::Opened { saved: memory, .. } = news.recv().unwrap() else { panic!("it is not ours") };
        let midnight = Timestamp::from_millis(at.millis() / 86_400_000 * 86_400_000);
        let mut ledger = Ledger::new(Book::built_in().unwrap(), midnight);
        ledger.record_changes();
        let first = memory.began.unwrap_or(at);
        ledger.restore(memory.kept);
        Self { ledger, store, news, now: clock.now(), first }
    }

    fn posting(&mut self, at: Timestamp, output: u64) -> Posting {
        let account = self.ledger.account(&RevenueAccount {
            node: NodeName::new("gpu-01"),
            unit: None,
            model: Some(ModelName::new("deepseek-r1")),
            role: EngineRole::Unified,
            tenant: None,
            costed: true,
        });
        let tokens = Classes { miss: Tokens::new(2 * output), hit: Tokens::ZERO, output: Tokens::new(output) };
        Posting {
            account,
            from: at,
            to: at + Span::from_secs(1),
            tokens,
            hits_known: true,
            timing: Timing::Seen,
            source: PostingSource::default(),
        }
    }

    fn post(&mut self, at: Timestamp, output: u64) {
        let posting = self.posting(at, output);
        self.ledger.post(&posting, |_| {});
    }

    fn dispute(&mut self, at: Timestamp, output: u64) -> DisputeId {
        let posting = self.posting(at, output);
        let entries = self.ledger.draft(&posting);
        let evidence = Evidence {
            before: counters(10, 0, 5),
            after: counters(10 + 2 * output, 0, 5 + output),
            start_before: Some(began() - Span::from_secs(60)),
            start_after: None,
            from: at,
            to: at + Span::from_secs(1),
            bound: format!("output {output} in 1.0 s is above 400000 a second"),
        };
        let (rank, model) = (Some(Rank::new("0")), Some(ModelName::new("deepseek-r1")));
        let instance = Some(InstanceId::new("10.0.0.7:8000"));
        self.ledger.dispute(TargetId::new(TARGET), instance, rank, model, entries, evidence)
    }

    fn commit(&mut self, at: Timestamp) {
        let postings = self.ledger.take_changes().unwrap();
        self.now.wall = at;
        let began = Some(self.first);
        self.store.commit(Checkpoint { postings, began, watched_from: began, last: self.now, ..Checkpoint::default() });
        let (send, found) = channel();
        let answer = Box::new(move |_: Result<_, _>| send.send(()).unwrap());
        self.store.past(Timestamp::default(), Timestamp::default(), Grain::Day, answer);
        found.recv().unwrap();
    }

    /// What it reads of decisions.
    fn on_ledger_event(&mut self) {
        loop {
            if let LedgerEvent::Decisions(all) = self.news.recv_timeout(Duration::from_secs(20)).unwrap() {
                for decision in &all {
                    self.ledger.decide(decision);
                }
                return;
            }
        }
    }

    fn close(self) {
        self.store.close(Duration::from_secs(5));
    }
}

fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    (home, path)
}

fn past(path: &Path, finest: Grain) -> Past {
    Reader::open(path).unwrap().past(Timestamp::default(), instant("2030-01-01T00:00:00Z"), finest).unwrap()
}

/// The output tokens in the table of each grain.
fn grains(path: &Path) -> [i64; 3] {
    let open = Connection::open(path).unwrap();
    ["minute", "quarter", "day"].map(|grain| {
        let sum = format!("SELECT coalesce(sum(output), 0) FROM {grain}_tokens");
        open.query_row(&sum, [], |row| row.get(0)).unwrap()
    })
}

fn whole(path: &Path) {
    assert_eq!(Reader::open(path).unwrap().verify().unwrap(), Vec::<String>::new());
}

fn states(path: &Path) -> Vec<(u64, DisputeState)> {
    Reader::open(path).unwrap().disputes().unwrap().iter().map(|row| (row.dispute.id.0, row.state)).collect()
}

#[test]
fn a_draft_has_the_entries_of_a_posting_and_posts_nothing() {
    let (_home, path) = file();
    let mut owner = LedgerOwner::at(&path, began());
    // Over the edge of a tier and several minutes.
    let from = instant("2025-03-11T00:28:30Z");
    let posting = Posting { from, to: from + Span::from_secs(240), ..owner.posting(began(), 1_000_003) };
    let draft = owner.ledger.draft(&posting);
    assert_eq!((owner.ledger.today().tokens().count(), owner.ledger.disputed()), (0, (Money::ZERO, Tokens::ZERO)));
    let mut posted: Vec<Entry> = Vec::new();
    owner.ledger.post(&posting, |entry| posted.push(entry));
    assert_eq!(draft, posted);
    assert!(draft.len() >= 5, "{draft:?}");
    assert_eq!(draft.iter().map(|entry| entry.tokens.output.count()).sum::<u64>(), 1_000_003);
    owner.close();
}

/// Class: accepted tokens with unknown hits are priced as misses without a note.
#[test]
fn an_accepted_dispute_of_unknown_hits_has_their_uncertainty() {
    let (_home, path) = file();
    let mut owner = LedgerOwner::at(&path, began());
    let posting = Posting { hits_known: false, ..owner.posting(began(), 500_000) };
    let entries = owner.ledger.draft(&posting);
    owner.ledger.post(&posting, |_| ());
    let posted = owner.ledger.uncertainty().excess;
    let evidence = Evidence {
        before: counters(10, 0, 5),
        after: counters(1_000_010, 0, 500_005),
        start_before: None,
        start_after: None,
        from: began(),
        to: began() + Span::from_secs(1),
        bound: "too much".to_owned(),
    };
    let id = owner.ledger.dispute(TargetId::new(TARGET), None, None, None, entries, evidence);
    owner.commit(began() + Span::from_secs(100));
    assert!(posted > Money::ZERO);
    decide(&path, id, true, began() + Span::from_secs(200)).unwrap().unwrap();
    owner.on_ledger_event();
    assert_eq!(owner.ledger.uncertainty().excess, posted + posted, "the day of the process that writes it");
    for grain in [Grain::Minute, Grain::Quarter, Grain::Day] {
        let kept: Money = past(&path, grain).uncertainty.iter().map(|cell| cell.excess).sum();
        assert_eq!(kept, posted + posted, "{grain:?}");
    }
    owner.close();
}

#[test]
fn a_dispute_is_kept_with_its_evidence_and_posted_when_it_is_accepted() {
    let (_home, path) = file();
    let mut owner = LedgerOwner::at(&path, began());
    owner.post(began(), 100);
    let id = owner.dispute(began() + Span::from_secs(90), 9_000_000);
    assert_eq!(id, DisputeId(1));
    let (worth, tokens) = owner.ledger.disputed();
    assert!(worth > Money::ZERO && tokens == Tokens::new(27_000_000));
    owner.commit(began() + Span::from_secs(100));
    assert_eq!(grains(&path), [100; 3], "it is not billed");
    let rows = Reader::open(&path).unwrap().disputes().unwrap();
    assert_eq!((rows.len(), rows[0].state, rows[0].value), (1, DisputeState::Open, Some(worth)));
    assert_eq!(rows[0].dispute, owner.ledger.disputes()[0]);

    let before = decide(&path, id, true, began() + Span::from_secs(200)).unwrap().unwrap();
    assert_eq!(before.state, DisputeState::Open);
    assert_eq!(grains(&path), [9_000_100; 3]);
    whole(&path);
    owner.on_ledger_event();
    assert_eq!((owner.ledger.disputes().len(), owner.ledger.disputed().1), (0, Tokens::ZERO));
    let today: u64 = owner.ledger.today().tokens().map(|(.., tokens)| tokens.output.count()).sum();
    assert_eq!(today, 9_000_100, "the writer's sums agree");
    owner.post(began() + Span::from_secs(200), 7);
    owner.commit(began() + Span::from_secs(201));
    assert_eq!(grains(&path), [9_000_107; 3], "and what it hands on does not hold it again");

    // A second decision changes nothing, whichever it is.
    for again in [true, false] {
        let known = decide(&path, id, again, began() + Span::from_secs(300)).unwrap().unwrap();
        assert_eq!((known.state, known.decided_at), (DisputeState::Accepted, Some(began() + Span::from_secs(200))));
    }
    assert_eq!(decide(&path, DisputeId(7), true, began()).unwrap(), None);
    assert_eq!(grains(&path), [9_000_107; 3]);
    owner.close();
}

/// Class: a counter that jumps falsely and falls back leaves a dispute for a person to decide. Accepting it posts tokens
/// that were not produced.
#[test]
fn a_dispute_is_withdrawn_when_its_counter_returns_unless_it_was_decided() {
    let (_home, path) = file();
    let mut owner = LedgerOwner::at(&path, began());
    let second = |seconds: i64| began() + Span::from_secs(seconds);
    // One is older, one is in the file, one is decided on by hand, one was never written.
    for at in [0, 60, 70] {
        owner.dispute(second(at), 5_000_000);
    }
    owner.commit(second(100));
    decide(&path, DisputeId(3), true, second(101)).unwrap().unwrap();
    owner.dispute(second(110), 5_000_000);
    owner.ledger.withdraw_since(second(60), |dispute| dispute.target == TargetId::new(TARGET));
    assert_eq!(owner.ledger.disputes().iter().map(|dispute| dispute.id.0).collect::<Vec<_>>(), [1]);
    owner.commit(second(120));
    owner.on_ledger_event();
    let today: u64 = owner.ledger.today().tokens().map(|(.., tokens)| tokens.output.count()).sum();
    assert_eq!((today, grains(&path)), (5_000_000, [5_000_000; 3]), "an accepted dispute stays");
    let withdrawn = DisputeState::Withdrawn;
    let all = [(1, DisputeState::Open), (2, withdrawn), (3, DisputeState::Accepted), (4, withdrawn)];
    assert_eq!(states(&path), all);
    let known = decide(&path, DisputeId(2), true, second(130)).unwrap().unwrap();
    assert_eq!((known.state, known.decided_at), (withdrawn, Some(second(120))));
    assert_eq!(grains(&path), [5_000_000; 3]);
    whole(&path);
    owner.close();
}

#[test]
fn a_rejected_dispute_leaves_the_sums_and_stays_in_the_file() {
    let (_home, path) = file();
    let mut owner = LedgerOwner::at(&path, began());
    let ids = [owner.dispute(began(), 5_000_000), owner.dispute(began(), 6_000_000)];
    assert_eq!(ids, [DisputeId(1), DisputeId(2)]);
    owner.commit(began() + Span::from_secs(2));
    decide(&path, DisputeId(2), false, began()).unwrap().unwrap();
    owner.on_ledger_event();
    assert_eq!(owner.ledger.disputes().iter().map(|dispute| dispute.id.0).collect::<Vec<_>>(), [1]);
    owner.commit(began() + Span::from_secs(3));
    assert_eq!(grains(&path), [0; 3]);
    assert_eq!(states(&path), [(1, DisputeState::Open), (2, DisputeState::Rejected)]);
    owner.close();
    // Numbers go on, whoever keeps it next; and what is open is known again.
    let mut owner = LedgerOwner::at(&path, began() + Span::from_secs(10));
    assert_eq!(owner.ledger.disputes().len(), 1);
    assert_eq!(owner.dispute(began() + Span::from_secs(11), 5_000_000), DisputeId(3));
    owner.commit(began() + Span::from_secs(12));
    owner.close();
    Connection::open(&path).unwrap().execute_batch("DELETE FROM disputes").unwrap();
    let mut owner = LedgerOwner::at(&path, began() + Span::from_secs(20));
    assert_eq!(owner.dispute(began() + Span::from_secs(21), 5_000_000), DisputeId(4), "no number is reused");
    owner.close();
}

#[test]
fn a_decision_made_without_a_writer_is_posted_once_by_the_next_writer() {
    let (_home, path) = file();
    let mut owner = LedgerOwner::at(&path, began());
    let id = owner.dispute(began(), 5_000_000);
    owner.commit(began() + Span::from_secs(2));
    owner.close();
    decide(&path, id, true, began() + Span::from_secs(5)).unwrap();
    let mut owner = LedgerOwner::at(&path, began() + Span::from_secs(10));
    let today = |owner: &LedgerOwner| owner.ledger.today().tokens().map(|(.., t)| t.output.count()).sum::<u64>();
    assert_eq!((today(&owner), owner.ledger.disputes().len()), (5_000_000, 0));
    owner.post(began() + Span::from_secs(11), 1);
    owner.commit(began() + Span::from_secs(12));
    assert_eq!(grains(&path), [5_000_001; 3]);
    owner.close();
}

#[test]
fn an_old_dispute_is_posted_in_the_grains_that_are_still_stored() {
    let (_home, path) = file();
    let day = Span::from_secs(86_400);
    let mut owner = LedgerOwner::at(&path, began());
    let old = owner.dispute(began(), 1_000);
    owner.commit(began() + Span::from_secs(2));
    let now = began() + Span::from_secs(20 * 86_400);
    let recent = owner.dispute(now - day, 10);
    owner.commit(now);
    decide(&path, old, true, now).unwrap().unwrap();
    decide(&path, recent, true, now).unwrap().unwrap();
    assert_eq!(grains(&path), [10, 1_010, 1_010], "minutes of twenty days ago are no longer kept");
    whole(&path);
    assert_eq!(past(&path, Grain::Minute).tokens.iter().map(|cell| cell.tokens.output.count()).sum::<u64>(), 1_010);
    owner.close();
}

#[test]
fn an_export_contains_disputes_and_resets() {
    let (home, path) = file();
    let mut owner = LedgerOwner::at(&path, began());
    owner.dispute(began(), 5_000_000);
    owner.dispute(began(), 6_000_000);
    owner.commit(began() + Span::from_secs(2));
    owner.close();
    decide(&path, DisputeId(1), true, began()).unwrap();
    let mut text = Vec::new();
    Reader::open(&path).unwrap().export(&mut text).unwrap();
    let copy = home.path().join("copy.db");
    margintop::store::import(&copy, text.as_slice()).unwrap();
    assert_eq!(Reader::open(&copy).unwrap().disputes().unwrap(), Reader::open(&path).unwrap().disputes().unwrap());
    let mut owner = LedgerOwner::at(&copy, began() + Span::from_secs(9));
    assert_eq!(owner.dispute(began(), 1), DisputeId(3));
    owner.close();
}

#[test]
fn verify_applies_the_bounds_and_exempts_what_was_accepted() {
    let (_home, path) = file();
    let mut owner = LedgerOwner::at(&path, began());
    // Eight GPUs where none is known: 400,000 output tokens a second, 24 million a minute.
    owner.post(began(), 24_000_000);
    let id = owner.dispute(began() + Span::from_secs(120), 30_000_000);
    owner.commit(began() + Span::from_secs(200));
    whole(&path);
    decide(&path, id, true, began() + Span::from_secs(300)).unwrap();
    whole(&path);
    owner.post(began() + Span::from_secs(60), 24_000_001);
    owner.commit(began() + Span::from_secs(301));
    owner.close();
    let found = Reader::open(&path).unwrap().verify().unwrap();
    let minute = "minute_tokens: 2026-03-10T10:01:00Z on gpu-01: 24000001 output tokens, more than 8 GPUs can make";
    assert_eq!(found, [minute]);
    // Rent says how many GPUs there are.
    let open = Connection::open(&path).unwrap();
    open.execute_batch(
        "INSERT INTO cost_accounts (id, node, gpu, kind) VALUES (0, 'gpu-01', 'H800', 'gpus');
         INSERT INTO minute_gpu_time VALUES (1773136800000, 0, 960000, 0, 0)",
    )
    .unwrap();
    let found = Reader::open(&path).unwrap().verify().unwrap();
    assert!(!found.iter().any(|fault| fault.contains("can make")), "16 GPUs can: {found:?}");
}

/// Growth is posted when it is seen, and may be of all the time since its counter last moved.
#[test]
fn verify_attributes_the_first_growth_after_a_pause_to_the_pause() {
    let (_home, path) = file();
    let mut owner = LedgerOwner::at(&path, began());
    owner.post(began(), 100);
    owner.post(began() + Span::from_secs(300), 100_000_000);
    owner.commit(began() + Span::from_secs(400));
    whole(&path);
    owner.post(began() + Span::from_secs(360), 100_000_000);
    owner.commit(began() + Span::from_secs(500));
    owner.close();
    let found = Reader::open(&path).unwrap().verify().unwrap();
    assert!(found.iter().any(|fault| fault.contains("10:06:00Z")), "{found:?}");
}

#[test]
fn verify_reports_negative_costs_and_sums_out_of_range() {
    let (_home, path) = file();
    let mut owner = LedgerOwner::at(&path, began());
    owner.post(began(), 100);
    owner.commit(began() + Span::from_secs(2));
    owner.close();
    let open = Connection::open(&path).unwrap();
    for (damage, found) in [
        ("INSERT INTO day_gpu_time VALUES (1773100800000, 0, -5, 0, 0)", "day_gpu_time: 1 rows with a cost below zero"),
        ("UPDATE day_gpu_time SET allocated_ms = 5, energy_mj = -1", "day_gpu_time: 1 rows with a cost below zero"),
        ("UPDATE tariffs SET output_nanos = -1", "tariffs: 1 rows with a price below zero"),
        (
            "UPDATE day_tokens SET output = 9223372036854775807 + 9223372036854775807",
            "day_tokens: 1 rows with amounts that are no whole numbers: a sum left its range",
        ),
    ] {
        open.execute_batch("INSERT OR IGNORE INTO cost_accounts (id, node, gpu, kind) VALUES (0, 'n', 'H800', 'gpus')")
            .unwrap();
        open.execute_batch(damage).unwrap();
        let faults = Reader::open(&path).unwrap().verify().unwrap();
        assert!(faults.iter().any(|fault| fault == found), "{damage}: {faults:?}");
    }
}

fn run(path: &Path, arguments: &[&str]) -> program::Ran {
    Program::new(arguments).env("MARGINTOP_LEDGER", path).run()
}

#[test]
fn the_command_lists_and_decides_disputes_and_refuses_impossible_decisions() {
    let (_home, path) = file();
    let mut owner = LedgerOwner::at(&path, began());
    owner.post(began(), 100);
    owner.dispute(began() + Span::from_secs(90), 9_000_000);
    owner.dispute(began() + Span::from_secs(91), 8_000_000);
    owner.commit(began() + Span::from_secs(100));
    let listed = run(&path, &["ledger", "disputes"]);
    for words in [
        "1  2026-03-10T10:01:31Z",
        TARGET,
        "instance 10.0.0.7:8000",
        "rank 0",
        "tokens: 18000000 computed, 0 cached, 9000000 output",
        "counters: prompt 10, cached 0, output 5 -> prompt 18000010, cached 0, output 9000005",
        "process started: 2026-03-10T09:59:00Z -> unknown; 1.0 s from 2026-03-10T10:01:30Z",
        "output 9000000 in 1.0 s is above 400000 a second",
    ] {
        assert!(listed.out.contains(words), "{words} in {}", listed.out);
    }
    let json: Value = serde_json::from_str(&run(&path, &["ledger", "disputes", "--json"]).out).unwrap();
    assert_eq!((json[1]["id"].as_u64(), json[1]["output_tokens"].as_u64()), (Some(2), Some(8_000_000)));
    assert!(json[0]["value"].is_string() && json[0]["evidence"]["bound"].is_string(), "{json}");

    // The owner runs meanwhile.
    let accepted = run(&path, &["ledger", "disputes", "accept", "1"]);
    assert!(accepted.code == Some(0) && accepted.out.contains("dispute 1 is accepted"), "{accepted:?}");
    owner.on_ledger_event();
    let rejected = run(&path, &["ledger", "disputes", "reject", "2"]);
    assert!(rejected.code == Some(0) && rejected.out.contains("dispute 2 is rejected"), "{rejected:?}");
    owner.on_ledger_event();
    assert_eq!(owner.ledger.disputes().len(), 0);
    for (arguments, words) in [
        (["ledger", "disputes", "reject", "1"], "dispute 1 was accepted on "),
        (["ledger", "disputes", "accept", "1"], "dispute 1 was accepted on "),
        (["ledger", "disputes", "accept", "2"], "dispute 2 was rejected on "),
        (["ledger", "disputes", "accept", "9"], "no dispute 9 in this ledger; none is open"),
    ] {
        let refused = run(&path, &arguments);
        assert!(refused.code == Some(2) && refused.err.contains(words), "{refused:?}");
    }
    assert_eq!(grains(&path), [9_000_100; 3]);
    assert_eq!(run(&path, &["ledger", "disputes"]).out, "no dispute is open\n");
    assert!(run(&path, &["ledger", "disputes", "--all"]).out.contains("accepted on "));
    let verified = run(&path, &["ledger", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    owner.close();
}

#[test]
fn the_command_resets_a_target_and_names_the_known_ones() {
    let (_home, path) = file();
    let item = |key: &str| margintop::fleet::SavedItem { key: key.to_owned(), state: "{}".to_owned() };
    let owner = LedgerOwner::at(&path, began());
    let targets = vec![item("http://gpu-01:8000"), item("http://gpu-02:8000")];
    owner.store.commit(Checkpoint { targets, last: owner.now, ..Checkpoint::default() });
    owner.close();
    let unknown = run(&path, &["ledger", "reset-target", "http://gpu-03:8000"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    for words in ["no target \"http://gpu-03:8000\"", "http://gpu-01:8000", "http://gpu-02:8000"] {
        assert!(unknown.err.contains(words), "{words} in {}", unknown.err);
    }
    assert!(!unknown.err.contains("is it"), "another number is another machine: {}", unknown.err);
    let mistyped = run(&path, &["ledger", "reset-target", "http://gpo-01:8000"]);
    assert!(mistyped.err.contains("is it \"http://gpu-01:8000\"?"), "{mistyped:?}");
    // As it is written on the command line, too.
    let reset = run(&path, &["ledger", "reset-target", "gpu-02:8000"]);
    assert!(reset.code == Some(0) && reset.out.contains("http://gpu-02:8000 is reset"), "{reset:?}");
}

#[test]
fn a_running_fleet_applies_decisions() {
    let mut fleet = Fleet::new(FleetConfig::local("gpu-01"), Book::built_in().unwrap(), Moment::default());
    fleet.restore(SavedState::default(), Span::ZERO);
    fleet.decide(vec![margintop::ledger::Decision { id: DisputeId(1), accepted: true, entries: Vec::new() }]);
    assert!(fleet.ledger().disputes().is_empty());
}
