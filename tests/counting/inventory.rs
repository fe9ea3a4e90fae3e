//! Which nodes and GPUs there are, under which names, over restarts of the watch: every GPU is paid once, whatever is
//! renamed, renumbered or gone.
//!
//! Each test names the class of fault that it stands for.

use std::collections::BTreeSet;

use crate::support;

use margintop::alert::AlertWatch;
use margintop::dialect::{self, Hint};
use margintop::fleet::{Fleet, FleetConfig, SavedItem, SavedState, TargetInfo};
use margintop::ledger::{GpuTimeCell, SavedLedger};
use margintop::pricing::Book;
use margintop::reading::{Event, GpuId, GpuReading, Health, Label, NodeName, PageReading, UnitName};
use margintop::snapshot::{Rule, Snapshot};
use margintop::units::{Moment, Span, Tokens};
use support::{answered, at, moment, target};

pub(crate) const A: &str = "http://10.0.0.2:9400";
const B: &str = "http://10.0.0.3:9400";

fn after(seconds: i64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_secs(seconds))
}

/// A fleet and what a store has of it.
pub(crate) struct World {
    pub(crate) fleet: Fleet,
    saved: SavedState,
    pub(crate) second: i64,
}

impl World {
    pub(crate) fn of(targets: Vec<TargetInfo>) -> Self {
        let mut world = Self { fleet: Self::begin(targets, 0), saved: SavedState::default(), second: 0 };
        world.fleet.restore(SavedState::default(), Span::from_secs(86_400));
        world
    }

    fn begin(targets: Vec<TargetInfo>, second: i64) -> Fleet {
        let config = FleetConfig { targets, ..FleetConfig::local("box") };
        Fleet::new(config, Book::built_in().unwrap(), after(second))
    }

    /// A target answers, and a second passes.
    pub(crate) fn take(&mut self, pages: &[(&str, PageReading)]) {
        for (url, page) in pages {
            self.fleet.apply(answered(url, after(self.second), page.clone()));
        }
        self.fleet.apply(Event::Tick(after(self.second)));
        self.second += 1;
    }

    /// The watch ends, and another begins after so many seconds.
    pub(crate) fn restart(&mut self, targets: Vec<TargetInfo>, seconds: i64) {
        let checkpoint = self.fleet.take_changes().unwrap();
        assert!(self.fleet.uncommitted().is_empty(), "all that changed is in the checkpoint");
        let put = |items: &mut Vec<SavedItem>, later: Vec<SavedItem>, removed: &[String]| {
            items.retain(|item| !removed.contains(&item.key) && !later.iter().any(|newer| newer.key == item.key));
            items.extend(later);
        };
        put(&mut self.saved.targets, checkpoint.targets, &checkpoint.removed_targets);
        put(&mut self.saved.nodes, checkpoint.nodes, &checkpoint.removed_nodes);
        let ledger = self.fleet.ledger();
        let gpu_times = ledger.today().gpu_times().map(|(cost_account, time)| GpuTimeCell {
            bucket: ledger.day_began(),
            cost_account,
            allocated: time.allocated,
            idle: time.idle,
            energy: time.energy,
        });
        let kept = SavedLedger {
            accounts: ledger.accounts().to_vec(),
            cost_accounts: ledger.cost_accounts().to_vec(),
            gpu_times: gpu_times.collect(),
            ..SavedLedger::default()
        };
        let SavedState { targets: pages, nodes, .. } = &self.saved;
        let saved = SavedState {
            kept,
            began: checkpoint.began,
            watched_from: checkpoint.watched_from,
            last: checkpoint.last,
            targets: pages.clone(),
            nodes: nodes.clone(),
            ..SavedState::default()
        };
        self.second += seconds;
        self.fleet = Self::begin(targets, self.second);
        self.fleet.restore(saved, Span::from_secs(86_400));
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = self.fleet.snapshot();
        AlertWatch::default().judge(&mut snapshot);
        snapshot
    }

    /// The nodes, and the indices of their GPUs with how each is.
    pub(crate) fn nodes(&self) -> Vec<(String, Vec<(u32, Health)>)> {
        let gpus = |node: &margintop::snapshot::NodeRow| node.gpus.iter().map(|gpu| (gpu.index, gpu.state)).collect();
        self.snapshot().nodes.iter().map(|node| (node.name.to_string(), gpus(node))).collect()
    }

    fn names(&self) -> Vec<String> {
        self.nodes().into_iter().map(|(name, _)| name).collect()
    }

    /// GPU-seconds that are posted, and the nodes that they are posted to.
    pub(crate) fn allocated(&self) -> (i64, Vec<String>) {
        let ledger = self.fleet.ledger();
        let mut nodes: Vec<String> = Vec::new();
        let mut sum = 0;
        for (id, time) in ledger.today().gpu_times().filter(|(_, time)| time.allocated.millis() > 0) {
            let node = ledger.cost_accounts()[id.index()].node.as_ref().unwrap().to_string();
            sum += time.allocated.millis();
            if !nodes.contains(&node) {
                nodes.push(node);
            }
        }
        nodes.sort();
        (sum / 1000, nodes)
    }

    pub(crate) fn alerts(&self, rule: Rule) -> Vec<String> {
        let snapshot = self.snapshot();
        let alerts = snapshot.alerts.iter().filter(|alert| alert.rule == rule);
        alerts.map(|alert| alert.subject.to_string()).collect()
    }
}

/// A page of one node's GPUs: the index of each and the digit that tells it from others; no digit is no UUID.
pub(crate) fn page(label: Option<&str>, gpus: &[(u32, Option<u32>)]) -> PageReading {
    let series = |(index, uuid): &(u32, Option<u32>)| {
        let uuid = uuid.map_or("-".to_owned(), |uuid| format!("GPU-{uuid:08x}-1111-2222-3333-444444444444"));
        let label = label.map_or(String::new(), |label| format!(",Hostname=\"{label}\""));
        let name = "modelName=\"NVIDIA H100 80GB HBM3\"";
        format!("DCGM_FI_DEV_GPU_UTIL{{gpu=\"{index}\",UUID=\"{uuid}\",{name}{label}}} 50\n")
    };
    let text: String = gpus.iter().map(series).collect();
    dialect::read(text.as_bytes(), &Hint::default()).unwrap()
}

/// GPUs whose UUIDs are these, by index.
pub(crate) fn cards(uuids: &[u32]) -> Vec<(u32, Option<u32>)> {
    (0..).zip(uuids).map(|(index, uuid)| (index, Some(*uuid))).collect()
}

const LIVE: Health = Health::Live;
const LOST: Health = Health::Lost;

/// Class: a GPU that is gone from its page is forgotten when margintop is restarted, and its rent with it.
#[test]
fn a_gpu_that_is_lost_stays_lost_over_a_restart() {
    let mut world = World::of(vec![target(A, None)]);
    (0..5).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[1, 2, 3, 4])))]));
    (0..40).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[1, 2, 3])))]));
    for _ in 0..3 {
        world.restart(vec![target(A, None)], 20);
        (0..5).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[1, 2, 3])))]));
        assert_eq!(world.nodes(), [("n".to_owned(), vec![(0, LIVE), (1, LIVE), (2, LIVE), (3, LOST)])]);
        assert_eq!(world.alerts(Rule::GpuLost), ["n GPU 3"]);
    }
    assert_eq!(world.allocated().0, 4 * (world.second - 1), "its rent runs on");
    // It is released by a card that takes its index, and is there again if it returns.
    world.restart(vec![target(A, None)], 20);
    (0..5).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[1, 2, 3, 4])))]));
    assert_eq!((world.allocated().0, world.alerts(Rule::GpuLost).len()), (4 * (world.second - 1), 0));
}

/// Class: a cost that is not known yet is shown as nothing: an exporter is silent when the watch begins again.
#[test]
fn a_node_that_does_not_report_after_a_restart_has_no_cost_of_zero() {
    const ENGINE: &str = "http://10.0.0.2:8000";
    let targets = || vec![target(A, None), target(ENGINE, Some("n"))];
    let made = |second: i64| {
        let made = second.unsigned_abs() * 1_000;
        support::page("deepseek-r1", support::counters(made, 0, made), None)
    };
    let boards = || page(Some("n"), &cards(&[1, 2]));
    let mut world = World::of(targets());
    (0..20).for_each(|second| world.take(&[(A, boards()), (ENGINE, made(second))]));
    assert!(world.fleet.snapshot().money.cost_per_hour.is_some());
    world.restart(targets(), 20);
    (40..60).for_each(|second| world.take(&[(ENGINE, made(second))]));
    let money = world.fleet.snapshot().money;
    assert_eq!((money.cost_per_hour, money.profit_per_hour), (None, None));
    (60..65).for_each(|second| world.take(&[(A, boards()), (ENGINE, made(second))]));
    assert!(world.fleet.snapshot().money.cost_per_hour.is_some());
}

/// Class: a GPU that is gone when the watch begins again, and was there when it ended, was not seen in between.
#[test]
fn a_gpu_that_left_in_an_absence_is_paid_until_it_was_last_seen() {
    let mut world = World::of(vec![target(A, None)]);
    (0..=10).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[1, 2])))]));
    world.restart(vec![target(A, None)], 99);
    (0..=10).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[1])))]));
    assert_eq!(world.allocated().0, 120 + 10);
}

/// Class: the others are numbered anew after one has died, and the dead one is taken for replaced.
#[test]
fn a_dead_gpu_is_not_released_by_the_ones_that_move_up() {
    for restarted in [false, true] {
        let mut world = World::of(vec![target(A, None)]);
        (0..5).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[1, 2, 3, 4])))]));
        (0..40).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[1, 3, 4])))]));
        if restarted {
            world.restart(vec![target(A, None)], 10);
            (0..5).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[1, 3, 4])))]));
        }
        assert_eq!(world.nodes(), [("n".to_owned(), vec![(0, LIVE), (1, LIVE), (2, LIVE), (3, LOST)])]);
        assert_eq!((world.alerts(Rule::GpuLost).len(), world.allocated().0), (1, 4 * (world.second - 1)));
        // A card that is new takes the place of the dead one, wherever it is numbered.
        let seen_dead = world.allocated().0;
        for uuids in [[1, 9, 3, 4], [9, 1, 3, 4], [1, 3, 4, 9]] {
            let mut world = World::of(vec![target(A, None)]);
            (0..5).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[1, 2, 3, 4])))]));
            (0..5).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[1, 3, 4])))]));
            (0..5).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&uuids)))]));
            assert_eq!(world.nodes(), [("n".to_owned(), vec![(0, LIVE), (1, LIVE), (2, LIVE), (3, LIVE)])]);
            assert_eq!(world.alerts(Rule::GpuLost), [""; 0]);
        }
        assert!(seen_dead > 0);
    }
}

/// Class: GPUs that trade places, and one that comes back, are no new ones.
#[test]
fn gpus_that_trade_places_are_the_same() {
    let mut world = World::of(vec![target(A, None)]);
    for uuids in [[1, 2, 3], [2, 1, 3], [3, 1, 2], [1, 2, 3]] {
        (0..3).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&uuids)))]));
    }
    (0..3).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[2, 3])))]));
    (0..3).for_each(|_| world.take(&[(A, page(Some("n"), &cards(&[1, 2, 3])))]));
    assert_eq!((world.nodes()[0].1.len(), world.allocated().0), (3, 3 * (world.second - 1)));
}

/// Class: several cards of one page at one index, the last of which wins.
#[test]
fn cards_of_one_index_are_all_there() {
    let mut world = World::of(vec![target(A, None)]);
    let mig = |uuid: &str| format!("DCGM_FI_DEV_FB_USED{{gpu=\"0\",UUID=\"MIG-{uuid}\",Hostname=\"n\"}} 10\n");
    let text = mig("1a2b") + &mig("1a2c") + "DCGM_FI_DEV_FB_USED{gpu=\"1\",UUID=\"GPU-5a5a5a5a\",Hostname=\"n\"} 10\n";
    let reading = dialect::read(text.as_bytes(), &Hint::default()).unwrap();
    (0..=5).for_each(|_| world.take(&[(A, reading.clone())]));
    assert_eq!(world.nodes(), [("n".to_owned(), vec![(0, LIVE), (1, LIVE), (2, LIVE)])]);
    assert_eq!(world.fleet.ledger().today().gpu_times().map(|(_, rent)| rent.allocated.millis()).sum::<i64>(), 15_000);
}

/// Class: a node that the configuration gives a name is a new one, and the gap's rent is lost.
#[test]
fn a_node_that_the_configuration_names_keeps_its_rent() {
    let uuids = [cards(&[1, 2]), vec![(0, None), (1, None)]];
    let names = [None, Some("n1"), Some("n2"), None];
    for gpus in &uuids {
        for label in [Some("gpu-07"), None] {
            let mut world = World::of(vec![target(A, None)]);
            for node in names {
                let unit = node.map(UnitName::new);
                world.restart(vec![TargetInfo { unit, ..target(A, node) }], 28);
                (0..5).for_each(|_| world.take(&[(A, page(label, gpus))]));
                if gpus[0].1.is_some() || node.is_some() {
                    let name = node.or(label).unwrap_or("10.0.0.2");
                    assert_eq!((world.names(), world.allocated().1), (vec![name.to_owned()], vec![name.to_owned()]));
                    assert_eq!(world.allocated().0, 2 * (world.second - 1 - 28), "{gpus:?} {label:?} {node:?}");
                }
            }
        }
    }
}

/// Class: the driver's node is called otherwise after a restart, and the gap's rent is lost.
#[test]
fn a_machine_that_is_renamed_keeps_its_rent() {
    let mut world = World::of(Vec::new());
    let driver = |world: &mut World, node: &str| {
        let reading = |index| GpuReading {
            index,
            id: Some(GpuId::from_uuid(&format!("GPU-{index}"))),
            name: Some(Label::new("NVIDIA H100")),
            ..GpuReading::default()
        };
        let outcome = Ok((0..2).map(reading).collect());
        world.fleet.apply(Event::nvml(NodeName::new(node), after(world.second), outcome));
        world.take(&[]);
    };
    (0..5).for_each(|_| driver(&mut world, "box"));
    world.restart(Vec::new(), 30);
    (0..5).for_each(|_| driver(&mut world, "crate"));
    assert_eq!((world.names(), world.allocated()), (vec!["crate".to_owned()], (2 * 39, vec!["crate".to_owned()])));
}

/// The nodes that earned something.
fn earners(world: &World) -> Vec<String> {
    let accounts = world.fleet.ledger().accounts();
    let paid = world.fleet.ledger().today().tokens().filter(|(.., tokens)| tokens.output > Tokens::ZERO);
    let names: BTreeSet<_> = paid.map(|(account, ..)| accounts[account.index()].node.as_str().to_owned()).collect();
    names.into_iter().collect()
}

/// Class: engines are read before the first page of GPUs of their host, also if that is in a later run: one node was listed
/// as two.
#[test]
fn a_node_whose_gpus_come_later_is_one() {
    let engine = |second: i64| {
        let made = u64::try_from(second).unwrap() * 100;
        ("http://10.0.0.2:8000", support::page("m", support::counters(made, 0, made), None))
    };
    let targets = || vec![target("http://10.0.0.2:8000", None), target(A, None)];
    for restarts in [false, true] {
        let mut world = World::of(targets());
        (0..5).for_each(|second| world.take(&[engine(second)]));
        assert_eq!(earners(&world), ["10.0.0.2"]);
        if restarts {
            world.restart(targets(), 3);
        }
        (0..5).for_each(|_| world.take(&[engine(world.second), (A, page(Some("b"), &cards(&[1, 2])))]));
        assert_eq!((earners(&world), world.names()), (vec!["b".to_owned()], vec!["b".to_owned()]), "{restarts}");
    }
}

/// The same where the host has several nodes, as behind a port forward: a new one takes nothing from the engines there.
#[test]
fn a_node_takes_nothing_from_engines_of_unknown_nodes() {
    let others = ["http://10.0.0.2:9401", "http://10.0.0.2:9402"];
    let urls = ["http://10.0.0.2:8000", A, others[0], others[1]];
    let targets = || urls.iter().map(|url| target(url, None)).collect::<Vec<_>>();
    for restarts in [false, true] {
        let mut world = World::of(targets());
        let take = |world: &mut World, third: bool| {
            let made = u64::try_from(world.second).unwrap() * 100;
            let engine = (urls[0], support::page("m", support::counters(made, 0, made), None));
            let all = [(urls[1], "a", 1), (urls[2], "b", 2), (urls[3], "c", 3)];
            let gpus = all.iter().take(if third { 3 } else { 2 });
            let gpus = gpus.map(|(url, name, uuid)| (*url, page(Some(name), &cards(&[*uuid]))));
            let pages: Vec<_> = gpus.chain([engine]).collect();
            world.take(&pages);
        };
        (0..5).for_each(|_| take(&mut world, false));
        let before = earners(&world);
        if restarts {
            world.restart(targets(), 3);
        }
        (0..5).for_each(|_| take(&mut world, true));
        assert_eq!((before, earners(&world)), (vec!["10.0.0.2".to_owned()], vec!["10.0.0.2".to_owned()]), "{restarts}");
    }
}

/// A page of two nodes that one leaves after ten seconds; later margintop is restarted. Returns the page without and with it.
fn left_before_a_restart(gone_for: i64, absent: i64) -> (World, [PageReading; 2]) {
    let mut world = World::of(vec![target(A, None)]);
    let stays = page(Some("n1"), &cards(&[3]));
    let mut all = page(Some("n0"), &cards(&[1, 2]));
    all.gpus.extend(stays.gpus.clone());
    (0..=10).for_each(|_| world.take(&[(A, all.clone())]));
    (0..gone_for).for_each(|_| world.take(&[(A, stays.clone())]));
    world.restart(vec![target(A, None)], absent);
    (world, [stays, all])
}

/// Class: a node leaves a page that answers, and margintop is stopped before the node is released: what was paid for it since it
/// was last seen stayed.
#[test]
fn a_node_that_left_before_a_restart_is_paid_until_it_was_last_seen() {
    for (gone_for, absent) in [(0, 3), (1, 3), (20, 3), (200, 3), (20, 400), (299, 1)] {
        let (mut world, [stays, _]) = left_before_a_restart(gone_for, absent);
        (0..340).for_each(|_| world.take(&[(A, stays.clone())]));
        let allocated = 2 * 10 + world.second - 1;
        assert_eq!(
            (world.allocated().0, world.names()),
            (allocated, vec!["n1".to_owned()]),
            "gone for {gone_for} s, then {absent}"
        );
    }
}

/// The same where the node is listed again after the restart: its rent never stopped.
#[test]
fn a_node_that_returns_after_a_restart_was_paid_all_the_time() {
    for (gone_for, absent, later) in [(0, 3, 20), (20, 3, 20), (200, 3, 60), (1, 30, 0)] {
        let (mut world, [stays, all]) = left_before_a_restart(gone_for, absent);
        (0..later).for_each(|_| world.take(&[(A, stays.clone())]));
        (0..10).for_each(|_| world.take(&[(A, all.clone())]));
        assert_eq!(world.allocated().0, 3 * (world.second - 1), "gone for {gone_for} s, then {absent}, then {later}");
    }
}

fn both(a: &str, b: &str) -> [(&'static str, PageReading); 2] {
    [(A, page(Some(a), &cards(&[1, 2]))), (B, page(Some(b), &cards(&[3, 4])))]
}

/// Class: nodes that begin to call themselves by one name are one, or the first of them takes the name.
#[test]
fn nodes_whose_names_become_one_stay_two_and_are_said() {
    let mut world = World::of(vec![target(A, None), target(B, None)]);
    (0..5).for_each(|_| world.take(&both("n2", "n3")));
    assert_eq!((world.names(), world.alerts(Rule::HostnameShared)), (vec!["n2".to_owned(), "n3".to_owned()], vec![]));
    (0..5).for_each(|_| world.take(&both("localhost", "localhost")));
    assert_eq!(world.names(), ["10.0.0.2", "10.0.0.3"]);
    assert_eq!(world.alerts(Rule::HostnameShared), ["localhost"]);
    // Also after a restart, and while one of them is silent.
    world.restart(vec![target(A, None), target(B, None)], 10);
    assert_eq!(world.alerts(Rule::HostnameShared), ["localhost"]);
    (0..3).for_each(|_| world.take(&both("localhost", "localhost")[..1]));
    assert_eq!(world.alerts(Rule::HostnameShared), ["localhost"]);
    assert_eq!(world.names(), ["10.0.0.2", "10.0.0.3"]);
    (0..3).for_each(|_| world.take(&both("localhost", "localhost")));
    assert_eq!(
        (world.names(), world.alerts(Rule::HostnameShared).len()),
        (vec!["10.0.0.2".to_owned(), "10.0.0.3".to_owned()], 1)
    );
    assert_eq!(world.allocated().0, 4 * (world.second - 1));
}

/// Class: a verdict about a name that outlives what it was made of.
#[test]
fn nodes_whose_names_are_mended_are_called_by_them() {
    for (a, b) in [("n2", "n3"), ("localhost", "n3"), ("n2", "localhost")] {
        for restarted in [false, true] {
            let mut world = World::of(vec![target(A, None), target(B, None)]);
            (0..5).for_each(|_| world.take(&both("localhost", "localhost")));
            assert_eq!(world.names(), ["10.0.0.2", "10.0.0.3"]);
            if restarted {
                world.restart(vec![target(A, None), target(B, None)], 10);
            }
            (0..5).for_each(|_| world.take(&both(a, b)));
            let mut names = [a, b];
            names.sort_unstable();
            assert_eq!(
                (world.names(), world.alerts(Rule::HostnameShared)),
                (names.map(str::to_owned).to_vec(), vec![])
            );
            assert_eq!((world.allocated().0, world.allocated().1.len()), (4 * (world.second - 1), 2));
        }
    }
}

/// Class: the same where the user names the nodes.
#[test]
fn nodes_that_the_user_names_share_no_name() {
    let mut world = World::of(vec![target(A, None), target(B, None)]);
    (0..5).for_each(|_| world.take(&both("localhost", "localhost")));
    world.restart(vec![target(A, Some("n2")), target(B, Some("n3"))], 10);
    (0..5).for_each(|_| world.take(&both("localhost", "localhost")));
    assert_eq!((world.names(), world.alerts(Rule::HostnameShared)), (vec!["n2".to_owned(), "n3".to_owned()], vec![]));
    assert_eq!(world.allocated(), (4 * (world.second - 1), vec!["n2".to_owned(), "n3".to_owned()]));
}

/// Class: cards without UUIDs on two hosts are one another's.
#[test]
fn cards_without_uuids_are_those_of_their_node() {
    for labels in [["n2", "n3"], ["localhost", "localhost"]] {
        let mut world = World::of(vec![target(A, None), target(B, None)]);
        let bare: Vec<_> = (0..4).map(|index| (index, None)).collect();
        let pages = [(A, page(Some(labels[0]), &bare)), (B, page(Some(labels[1]), &bare))];
        (0..=10).for_each(|_| world.take(&pages));
        assert_eq!((world.snapshot().gpus.count, world.names().len(), world.allocated().0), (8, 2, 80));
        let shared = world.alerts(Rule::HostnameShared).len();
        assert_eq!(shared, usize::from(labels[0] == "localhost"));
    }
}
