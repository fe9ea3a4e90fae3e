//! What exporters say of GPUs, and what that costs.

use crate::reports::scene::{HERE, Scene, alerts, near, read, target};
use margintop::fleet::TargetInfo;
use margintop::reading::Health;
use margintop::snapshot::{Rule, Snapshot};

/// One H100 on an exporter's page that calls its node `node`.
fn board(uuid: &str, index: u32, node: &str, energy: Option<u64>) -> String {
    let labels = format!(
        "gpu=\"{index}\",UUID=\"GPU-{uuid}-1111-2222-3333-444444444444\",device=\"nvidia{index}\",\
         modelName=\"NVIDIA H100 80GB HBM3\",Hostname=\"{node}\""
    );
    let fields =
        [("GPU_UTIL", Some(90)), ("FB_USED", Some(40_000)), ("FB_FREE", Some(40_000)), ("POWER_USAGE", Some(400))];
    let fields = fields.into_iter().chain([("TOTAL_ENERGY_CONSUMPTION", energy)]);
    let series = |(name, value): (&str, Option<u64>)| Some(format!("DCGM_FI_DEV_{name}{{{labels}}} {}\n", value?));
    fields.filter_map(series).collect()
}

fn cost(snapshot: &Snapshot) -> f64 {
    snapshot.money.cost.unwrap().to_string().parse().unwrap()
}

fn per_hour(snapshot: &Snapshot) -> f64 {
    snapshot.money.cost_per_hour.unwrap().to_string().parse().unwrap()
}

/// A node of four, the third of which is not on the page at these polls.
fn without_the_third(polls: std::ops::RangeInclusive<u64>) -> impl Fn(u64, u64) -> String {
    move |n, _| {
        let there = (0..4).filter(|index| *index != 2 || !polls.contains(&n));
        there.map(|index| board(&format!("0000000{index}"), index, "node-a", None)).collect()
    }
}

/// Class: a GPU that is gone from its page, and with it its row, its rent and every word of it.
#[test]
fn a_gpu_that_leaves_its_page_is_lost_and_paid_for() {
    let mut scene = Scene::one();
    scene.poll(0..=60, without_the_third(4..=u64::MAX));
    let snapshot = scene.snapshot(60);
    let node = &snapshot.nodes[0];
    assert_eq!((snapshot.gpus.count, node.gpus.len(), node.gpus[2].state), (4, 4, Health::Lost));
    assert!(near(per_hour(&snapshot), 14.4) && near(cost(&snapshot), 0.24), "{:?}", snapshot.money);
    let shown = alerts(&snapshot, Rule::GpuLost);
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].subject.as_str(), "node-a GPU 2");
}

/// Class: the same within ten seconds, before the GPU counts as lost.
#[test]
fn a_gpu_that_left_its_page_just_now_is_reported() {
    let mut scene = Scene::one();
    scene.poll(0..=10, without_the_third(4..=u64::MAX));
    let snapshot = scene.snapshot(10);
    assert_eq!((snapshot.gpus.count, snapshot.nodes[0].gpus[2].state), (4, Health::Stale));
    assert!(near(per_hour(&snapshot), 14.4) && near(cost(&snapshot), 0.04), "{:?}", snapshot.money);
    assert_eq!(alerts(&snapshot, Rule::GpuLost).len(), 1);
}

/// Class: a GPU that is on its page again after three polls, and the rent of the time between.
#[test]
fn a_gpu_that_returns_to_its_page_loses_no_rent() {
    let mut scene = Scene::one();
    scene.poll(0..=10, without_the_third(4..=6));
    let snapshot = scene.snapshot(10);
    assert_eq!((snapshot.gpus.count, snapshot.gpus.reporting), (4, 4));
    assert!(near(per_hour(&snapshot), 14.4) && near(cost(&snapshot), 0.04), "{:?}", snapshot.money);
    assert!(alerts(&snapshot, Rule::GpuLost).is_empty());
}

/// What becomes of an energy counter.
#[derive(Debug, Clone, Copy)]
enum Energy {
    /// It reads 0 at one poll and is back.
    Dip,
    /// It has no value at one poll.
    Blank,
    /// The driver is loaded anew, and it counts from zero.
    Reset,
    /// It reads 1 kWh too much at one poll and is back.
    Spike,
    /// It reads 1 kWh too much from one poll on.
    Jump,
}

/// A GPU that draws 400 W, an hour of which is 1.00 and its energy 0.10 a kWh.
fn metered(energy: Energy) -> Snapshot {
    let mut scene = Scene::priced("power.toml", vec![target(HERE, None)]);
    scene.poll(0..=8, |n, second| {
        let drawn = match energy {
            Energy::Dip if n == 5 => 0,
            Energy::Blank if n == 5 => 9_223_372_036_854_775_794,
            Energy::Reset if n >= 5 => (second - 3) * 400_000,
            Energy::Spike if n == 5 => 5_003_600_000_000 + second * 400_000,
            Energy::Jump if n >= 5 => 5_003_600_000_000 + second * 400_000,
            Energy::Dip | Energy::Blank | Energy::Reset | Energy::Spike | Energy::Jump => {
                5_000_000_000_000 + second * 400_000
            }
        };
        board("00000000", 0, "node-a", Some(drawn))
    });
    scene.snapshot(8)
}

#[track_caller]
fn costs_what_was_drawn(energy: Energy) {
    let snapshot = metered(energy);
    let right = 8.0 / 3600.0 * (1.0 + 0.4 * 0.1);
    assert!((cost(&snapshot) - right).abs() <= 1e-6, "{} is not {right}", cost(&snapshot));
    assert!(snapshot.alerts.is_empty(), "{:?}", snapshot.alerts);
}

/// Class: a counter that reads 0 once, and its whole value taken for growth when it is back.
#[test]
fn an_energy_counter_that_dips_costs_what_was_drawn() {
    costs_what_was_drawn(Energy::Dip);
}

/// Class: an exporter's "no value" taken for a value.
#[test]
fn an_energy_counter_without_a_value_costs_what_was_drawn() {
    costs_what_was_drawn(Energy::Blank);
}

/// Class: a counter that begins anew and stays below.
#[test]
fn an_energy_counter_that_begins_anew_costs_what_was_drawn() {
    costs_what_was_drawn(Energy::Reset);
}

/// Class: a value that is too high once: what follows it is taken for a fall, and its whole value for growth.
#[test]
fn an_energy_counter_that_is_too_high_once_costs_what_was_drawn() {
    costs_what_was_drawn(Energy::Spike);
}

/// Class: energy that no card can have drawn, billed, or dropped without a way to decide.
#[test]
fn energy_that_no_card_can_have_drawn_is_disputed() {
    let snapshot = metered(Energy::Jump);
    let right = 8.0 / 3600.0 + 7.0 * 0.4 / 3600.0 * 0.1;
    assert!((cost(&snapshot) - right).abs() <= 1e-6, "{} is not {right}", cost(&snapshot));
    let disputed: f64 = snapshot.money.disputed.to_string().parse().unwrap();
    assert!((disputed - 0.1).abs() < 1e-4, "{disputed}");
    let shown: Vec<_> = alerts(&snapshot, Rule::Disputed).iter().map(|alert| alert.subject.to_string()).collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown.contains(&"node-a GPU 0".to_owned()), "{shown:?}");
}

/// Class: an exporter's "no value" shown as a gauge.
#[test]
fn a_gpu_of_which_nothing_is_known_shows_nothing() {
    let mut scene = Scene::one();
    scene.poll(0..=3, |_, _| include_str!("../../fixtures/reports/07-dcgm-blank/page.prom").to_owned());
    let snapshot = scene.snapshot(3);
    let gpu = &snapshot.nodes[0].gpus[0];
    assert_eq!((snapshot.gpus.count, gpu.state), (1, Health::Live));
    assert_eq!((gpu.utilization, gpu.power_watts, gpu.energy_joules), (None, None, None));
    assert_eq!((gpu.memory_used_bytes, gpu.memory_total_bytes), (None, None));
    assert_eq!((gpu.temperature_celsius, gpu.sm_clock_mhz, gpu.xid), (None, None, None));
    assert_eq!((gpu.activity, gpu.heat), (margintop::reading::Activity::default(), None));
    assert_eq!((snapshot.gpus.utilization, snapshot.gpus.energy_joules), (None, None));
    assert!(near(per_hour(&snapshot), 3.6));
}

/// Two nodes of two GPUs each, whose exporters both say that they are `localhost`.
fn two_localhosts(targets: [TargetInfo; 2]) -> Snapshot {
    let urls = targets.each_ref().map(|info| info.target.to_string());
    let mut scene = Scene::of(targets.into());
    for second in 0..=10 {
        for (nth, url) in (1..).zip(&urls) {
            let boards = (0..2).map(|index| board(&format!("0000{nth}00{index}"), index, "localhost", None));
            scene.take(url, second, read(&boards.collect::<String>()));
        }
    }
    scene.snapshot(10)
}

/// Class: two machines that call themselves by one name, taken for one.
#[test]
fn nodes_of_one_name_are_two_and_said() {
    let urls = ["http://10.0.0.2:9400", "http://10.0.0.3:9400"];
    let snapshot = two_localhosts(urls.map(|url| target(url, None)));
    assert_eq!((snapshot.gpus.count, snapshot.nodes.len()), (4, 2));
    let names: Vec<_> = snapshot.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["10.0.0.2", "10.0.0.3"]);
    assert!(near(per_hour(&snapshot), 14.4) && near(cost(&snapshot), 0.04), "{:?}", snapshot.money);
    assert_eq!(alerts(&snapshot, Rule::HostnameShared).len(), 1);
}

/// Class: the same where the user named the nodes.
#[test]
fn nodes_that_the_user_named_are_two_whatever_they_call_themselves() {
    let urls = [("http://10.0.0.2:9400", "n1"), ("http://10.0.0.3:9400", "n2")];
    let snapshot = two_localhosts(urls.map(|(url, node)| target(url, Some(node))));
    let names: Vec<_> = snapshot.nodes.iter().map(|node| (node.name.as_str(), node.gpus.len())).collect();
    assert_eq!(names, [("n1", 2), ("n2", 2)]);
    assert!(near(per_hour(&snapshot), 14.4) && near(cost(&snapshot), 0.04), "{:?}", snapshot.money);
    assert!(alerts(&snapshot, Rule::HostnameShared).is_empty());
}
