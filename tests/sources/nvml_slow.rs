//! A driver that answers late or never: how long a poll waits, and the state of the GPU.

use crate::nvml_scene;

use std::time::{Duration, Instant};

use margintop::reading::{GpuState, NodeName};
use margintop::source::nvml::{NvmlSettings, PollPace};
use nvml_scene::{Scene, is_child, poll_until, states, with};

#[test]
fn without_activity_counters_pcie_is_measured_in_the_slow_lane() {
    let variables = [("FAKE_NVML_UNSUPPORTED", "*:gpm"), ("FAKE_NVML_PCIE_MS", "40")];
    with("nvml_slow::without_activity_counters_pcie_is_measured_in_the_slow_lane", &variables, || {
        let scene = Scene::new(PollPace::Asked);
        let began = Instant::now();
        assert!(scene.asked()[7].pcie.is_none());
        // 16 calls of 40 ms each are under way meanwhile.
        assert!(scene.asked()[7].pcie.is_none());
        assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
        let gpus = poll_until(&scene, |gpus| gpus[7].pcie.is_some());
        assert_eq!(gpus[7].pcie.unwrap().rx.get(), 200_007_000);
        assert_eq!(gpus[7].activity.sm, None);
    });
}

#[test]
fn a_driver_too_slow_for_a_poll_is_reported_in_time_and_used_when_it_answers() {
    let variables = [("FAKE_NVML_SLOW", "1:150"), ("FAKE_NVML_GPUS", "2")];
    with("nvml_slow::a_driver_too_slow_for_a_poll_is_reported_in_time_and_used_when_it_answers", &variables, || {
        let patience = Duration::from_secs(2);
        let scene = Scene::with(NvmlSettings { pace: PollPace::Asked, patience, ..Scene::settings() });
        let began = Instant::now();
        let gpus = scene.asked();
        assert!(began.elapsed() < Duration::from_millis(2450), "{:?}", began.elapsed());
        assert_eq!(states(&gpus), [GpuState::Answering, GpuState::Slow]);
        let gpus = scene.outcome().unwrap();
        assert_eq!(states(&gpus), [GpuState::Answering, GpuState::Answering]);
        assert!(gpus[1].power.is_some());
    });
}

#[test]
fn each_call_slow_within_patience_and_beyond() {
    for (slow, state) in [("*:500", "Slow"), ("*:1500", "Slow"), ("*:3000", "Hung")] {
        let variables = [("FAKE_NVML_SLOW", slow), ("FAKE_NVML_GPUS", "2"), ("STATE", state)];
        with("nvml_slow::each_call_slow_within_patience_and_beyond", &variables, || {
            let patience = Duration::from_secs(2);
            let scene = Scene::with(NvmlSettings { pace: PollPace::Asked, patience, ..Scene::settings() });
            for _ in 0..2 {
                let began = Instant::now();
                let gpus = scene.asked();
                assert!(began.elapsed() < Duration::from_millis(2500), "{:?}", began.elapsed());
                assert_eq!(gpus.len(), 2);
                assert!(gpus.iter().all(|gpu| gpu.state != GpuState::Answering), "{:?}", states(&gpus));
                assert!(
                    format!("{:?}", states(&gpus)).contains(&std::env::var("STATE").unwrap()),
                    "{:?}",
                    states(&gpus)
                );
            }
        });
        if is_child() {
            return;
        }
    }
}

#[test]
fn a_hanging_gpu_hangs_alone() {
    with("nvml_slow::a_hanging_gpu_hangs_alone", &[("FAKE_NVML_HANG", "3:power")], || {
        let patience = NvmlSettings::new(NodeName::new("here")).patience;
        assert_eq!(patience, Duration::from_secs(2));
        let scene = Scene::with(NvmlSettings { pace: PollPace::Asked, patience, ..Scene::settings() });
        let began = Instant::now();
        let gpus = scene.asked();
        assert!(began.elapsed() < Duration::from_millis(2600), "{:?}", began.elapsed());
        let expected = |index| if index == 3 { GpuState::Hung } else { GpuState::Answering };
        assert_eq!(states(&gpus), (0..8).map(expected).collect::<Vec<_>>());
        assert_eq!(gpus[3].utilization, None);
        assert!(gpus[3].id.is_some(), "it answered to its name before it hung");
        assert!(gpus[2].power.is_some() && gpus[4].power.is_some());
        // From now on nobody waits for it.
        let began = Instant::now();
        assert_eq!(states(&scene.asked()), states(&gpus));
        assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
    });
}

#[test]
fn slow_gpus_are_not_taken_for_hanging_ones() {
    let variables = [("FAKE_NVML_GPUS", "4"), ("FAKE_NVML_HANG", "2:power"), ("FAKE_NVML_SLOW", "*:10")];
    with("nvml_slow::slow_gpus_are_not_taken_for_hanging_ones", &variables, || {
        let scene = Scene::new(PollPace::Asked);
        let gpus = scene.asked();
        assert_eq!(states(&gpus)[..3], [GpuState::Answering, GpuState::Answering, GpuState::Hung]);
        assert_eq!(states(&scene.asked())[3], GpuState::Answering);
    });
}

#[test]
fn a_gpu_whose_call_came_back_is_asked_again() {
    let variables = [("FAKE_NVML_HANG", "1:memory"), ("FAKE_NVML_FAULT_UNTIL", "1.2")];
    with("nvml_slow::a_gpu_whose_call_came_back_is_asked_again", &variables, || {
        let scene = Scene::new(PollPace::Every(Duration::from_millis(100)));
        assert_eq!(scene.outcome().unwrap()[1].state, GpuState::Hung);
        let mut gpus = std::iter::repeat_with(|| scene.outcome().unwrap()).take(30);
        let back = gpus.find(|gpus| gpus[1].state == GpuState::Answering).expect("it came back");
        assert!(back[1].memory_used.is_some());
    });
}

#[test]
fn a_driver_that_hangs_altogether_delays_nobody_for_long() {
    with(
        "nvml_slow::a_driver_that_hangs_altogether_delays_nobody_for_long",
        &[("FAKE_NVML_HANG", "*:utilization")],
        || {
            let scene = Scene::new(PollPace::Every(Duration::from_millis(500)));
            let began = Instant::now();
            let gpus = scene.outcome().unwrap();
            assert!(began.elapsed() < Duration::from_millis(1600), "{:?}", began.elapsed());
            assert!(states(&gpus).iter().all(|state| *state == GpuState::Hung));
            // All others are found out at the same time, and then polls are quick again.
            for _ in 0..3 {
                assert_eq!(states(&scene.outcome().unwrap()), states(&gpus));
            }
            assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        },
    );
}

#[test]
fn a_call_that_hangs_in_the_slow_lane_is_found_out_too() {
    with(
        "nvml_slow::a_call_that_hangs_in_the_slow_lane_is_found_out_too",
        &[("FAKE_NVML_HANG", "6:gpm_sample")],
        || {
            let scene = Scene::new(PollPace::Every(Duration::from_millis(200)));
            let gpus = std::iter::repeat_with(|| scene.outcome().unwrap());
            let gpus = gpus.take(30).find(|gpus| gpus[6].state == GpuState::Hung).expect("a hung GPU");
            assert_eq!(states(&gpus).iter().filter(|state| **state == GpuState::Answering).count(), 7);
        },
    );
}

#[test]
fn a_slow_driver_is_waited_for() {
    with("nvml_slow::a_slow_driver_is_waited_for", &[("FAKE_NVML_SLOW", "*:10")], || {
        let scene = Scene::new(PollPace::Asked);
        let began = Instant::now();
        let gpus = scene.asked();
        assert!(began.elapsed() > Duration::from_secs(1), "the library is not slow: {:?}", began.elapsed());
        assert!(gpus.iter().all(|gpu| gpu.state == GpuState::Answering && gpu.power.is_some()));
    });
}

#[test]
fn polls_keep_their_pace() {
    with("nvml_slow::polls_keep_their_pace", &[], || {
        let scene = Scene::new(PollPace::Every(Duration::from_millis(500)));
        let began = Instant::now();
        let times: Vec<_> = (0..3).map(|_| scene.outcome().map(|_| began.elapsed()).unwrap()).collect();
        assert!(times[0] < Duration::from_millis(400), "{times:?}");
        assert!((290..600).contains(&times[1].saturating_sub(times[0]).as_millis()), "{times:?}");
        assert!((490..800).contains(&times[2].saturating_sub(times[1]).as_millis()), "{times:?}");
    });
}
