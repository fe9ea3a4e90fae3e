//! The driver source through the true wrapper, against a library that fails on demand: fields, states and errors.

use crate::nvml_scene;

use std::collections::BTreeMap;
use std::time::Duration;

use margintop::reading::{GpuState, Mig};
use margintop::source::nvml::{NvmlSettings, PollPace};
use nvml_scene::{Scene, is_child, poll_until, with};

/// How often each `call gpu` stands in a log.
fn counts(log: &std::path::Path) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in std::fs::read_to_string(log).unwrap().lines() {
        *counts.entry(line.to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn every_field_is_read() {
    with("nvml::every_field_is_read", &[], || {
        let scene = Scene::new(PollPace::Asked);
        let gpus = poll_until(&scene, |gpus| gpus[0].pcie.is_some());
        assert_eq!(gpus.len(), 8);
        assert_eq!(scene.driver.version().unwrap().as_str(), "580.65.06");
        for (index, gpu) in (0_u32..).zip(&gpus) {
            assert_eq!(gpu.index, index);
            assert_eq!(gpu.state, GpuState::Answering);
            assert_eq!(gpu.id.as_ref().unwrap().as_str(), format!("GPU-00000000-fa4e-4e56-4d4c-{index:012x}"));
            assert_eq!(gpu.name.as_ref().unwrap().as_str(), "NVIDIA H100 80GB HBM3");
            let load = gpu.utilization.unwrap().get();
            assert!((0.1..=1.0).contains(&load), "{load}");
            assert!((gpu.activity.engine.unwrap().get() - load).abs() < 1e-9);
            assert!(gpu.activity.sm.unwrap() < gpu.activity.engine.unwrap());
            assert!(gpu.activity.tensor.is_some() && gpu.activity.dram.is_some());
            assert_eq!(gpu.memory_total.unwrap().get(), 85_520_809_984);
            assert!((50_000_000_000..70_000_000_001).contains(&gpu.memory_used.unwrap().get()));
            assert!((300.0..700.0).contains(&gpu.power.unwrap().watts()));
            assert!((gpu.power_limit.unwrap().watts() - 700.0).abs() < 1e-9);
            assert!(gpu.energy.unwrap().joules() > 300_000.0);
            assert!((40..=70).contains(&gpu.temperature.unwrap().get()));
            assert!((1450..=1950).contains(&gpu.sm_clock.unwrap().get()));
            assert_eq!(gpu.memory_clock.unwrap().get(), 2619);
            assert!((gpu.fan.unwrap().get() - f64::from(30 + index) / 100.0).abs() < 1e-9);
            assert_eq!((gpu.ecc.corrected, gpu.ecc.uncorrected), (Some(u64::from(index) * 10), Some(index.into())));
            assert_eq!(gpu.throttle.unwrap().power, index % 3 == 2);
            assert_eq!(gpu.mig, Some(Mig::Off));
            let processes = gpu.processes.as_ref().unwrap();
            assert_eq!(processes.len(), 1);
            assert_eq!(processes[0].pid, std::process::id());
            assert!(processes[0].name.as_ref().unwrap().as_str().starts_with("sources"));
            assert_eq!(processes[0].memory, gpu.memory_used);
            // GPM counts in MiB/s.
            assert_eq!(gpu.pcie.unwrap().tx.get(), 200 * 1024 * 1024);
            assert_eq!(gpu.xid, None);
        }
    });
}

#[test]
fn a_lost_gpu_is_lost_alone_and_keeps_its_name() {
    let variables = [("FAKE_NVML_LOST", "2,5"), ("FAKE_NVML_FAULT_AFTER", "0.3")];
    with("nvml::a_lost_gpu_is_lost_alone_and_keeps_its_name", &variables, || {
        let scene = Scene::new(PollPace::Every(Duration::from_millis(100)));
        let whole = scene.outcome().unwrap();
        assert!(whole.iter().all(|gpu| gpu.state == GpuState::Answering));
        let gpus = std::iter::repeat_with(|| scene.outcome().unwrap());
        let gpus = gpus.take(30).find(|gpus| gpus[2].state == GpuState::Lost).expect("a lost GPU");
        for (before, gpu) in whole.iter().zip(&gpus) {
            assert_eq!((&gpu.id, &gpu.name), (&before.id, &before.name));
            let lost = gpu.index == 2 || gpu.index == 5;
            assert_eq!(gpu.state == GpuState::Lost, lost);
            assert_eq!(gpu.utilization.is_none(), lost);
            assert_eq!(gpu.activity.sm.is_none() && gpu.memory_used.is_none(), lost);
        }
    });
}

#[test]
fn a_gpu_lost_from_the_start_has_a_row() {
    with("nvml::a_gpu_lost_from_the_start_has_a_row", &[("FAKE_NVML_LOST", "0")], || {
        let gpus = Scene::new(PollPace::Asked).asked();
        assert_eq!((gpus.len(), gpus[0].state, gpus[0].id.as_ref()), (8, GpuState::Lost, None));
        assert_eq!(gpus[1].state, GpuState::Answering);
    });
}

/// Every way in which a driver gives a GPU's figures away or not, and the state that it leaves: the class of
/// nvidia-container-toolkit #842.
#[test]
fn a_gpu_without_figures_has_a_row_with_its_state() {
    use GpuState::{Answering, Failing, Lost, Refused};
    let faults = [
        ("FAKE_NVML_DENIED", "*", Refused, Refused),
        ("FAKE_NVML_DENIED", "*:handle", Refused, Refused),
        ("FAKE_NVML_DENIED", "1", Answering, Refused),
        // Who may not list processes still sees the rest.
        ("FAKE_NVML_DENIED", "*:compute,*:graphics,*:power", Answering, Answering),
        ("FAKE_NVML_UNKNOWN", "*", Failing, Failing),
        ("FAKE_NVML_UNKNOWN", "1:handle", Answering, Failing),
        ("FAKE_NVML_UNKNOWN", "*:power", Answering, Answering),
        ("FAKE_NVML_LOST", "1", Answering, Lost),
    ];
    for (fault, places, first, second) in faults {
        let states = format!("{first:?} {second:?}");
        let variables = [(fault, places), ("FAKE_NVML_GPUS", "2"), ("STATES", states.as_str())];
        with("nvml::a_gpu_without_figures_has_a_row_with_its_state", &variables, || {
            let scene = Scene::new(PollPace::Asked);
            for _ in 0..12 {
                let gpus = scene.asked();
                let states = format!("{:?} {:?}", gpus[0].state, gpus[1].state);
                assert_eq!(states, std::env::var("STATES").unwrap());
                assert!(gpus.iter().all(|gpu| gpu.utilization.is_some() == (gpu.state == Answering)));
            }
        });
        if is_child() {
            return;
        }
    }
}

#[test]
fn a_gpu_with_a_name_and_no_figures_is_refused_by_name() {
    let denied = "utilization memory power power_limit energy temperature sm_clock memory_clock fan ecc throttle mig \
                  compute graphics gpm gpm_sample pcie";
    let denied: Vec<String> = denied.split_whitespace().map(|call| format!("*:{call}")).collect();
    let denied = denied.join(",");
    with("nvml::a_gpu_with_a_name_and_no_figures_is_refused_by_name", &[("FAKE_NVML_DENIED", &denied)], || {
        let scene = Scene::new(PollPace::Asked);
        for _ in 0..3 {
            let gpus = scene.asked();
            assert!(gpus.iter().all(|gpu| gpu.state == GpuState::Refused && gpu.name.is_some() && gpu.id.is_some()));
        }
    });
}

#[test]
fn permission_that_comes_later_is_used() {
    let variables = [("FAKE_NVML_DENIED", "*:handle"), ("FAKE_NVML_FAULT_UNTIL", "0.4"), ("FAKE_NVML_GPUS", "2")];
    with("nvml::permission_that_comes_later_is_used", &variables, || {
        let scene = Scene::new(PollPace::Every(Duration::from_millis(100)));
        assert_eq!(scene.outcome().unwrap()[0].state, GpuState::Refused);
        let mut gpus = std::iter::repeat_with(|| scene.outcome().unwrap()).take(30);
        let answers = gpus.find(|gpus| gpus[0].state == GpuState::Answering).expect("it may be asked now");
        assert!(answers[1].power.is_some());
    });
}

#[test]
fn where_the_library_is_refused_the_kernels_list_has_the_gpus() {
    for (code, state) in [("4", "Refused"), ("999", "Failing"), ("15", "Lost")] {
        for variable in ["FAKE_NVML_INIT", "FAKE_NVML_COUNT"] {
            let variables = [(variable, code), ("STATE", state)];
            with("nvml::where_the_library_is_refused_the_kernels_list_has_the_gpus", &variables, || {
                let folder = tempfile::tempdir().unwrap();
                let gpu = folder.path().join("0000:01:00.0");
                std::fs::create_dir(&gpu).unwrap();
                std::fs::write(gpu.join("information"), "Model: \t\t NVIDIA H100 80GB HBM3\n").unwrap();
                let kernel_list = folder.path().to_owned();
                let gpus = Scene::with(NvmlSettings { kernel_list, ..Scene::settings() }).outcome().unwrap();
                assert_eq!((gpus.len(), gpus[0].name.as_ref().unwrap().as_str()), (1, "NVIDIA H100 80GB HBM3"));
                assert_eq!(format!("{:?}", gpus[0].state), std::env::var("STATE").unwrap());
            });
            if is_child() {
                return;
            }
        }
    }
}

#[test]
fn blanks_are_no_figures() {
    with("nvml::blanks_are_no_figures", &[("FAKE_NVML_BLANK", "1"), ("FAKE_NVML_UNSUPPORTED", "*:gpm")], || {
        let scene = Scene::new(PollPace::Asked);
        let gpus = poll_until(&scene, |gpus| gpus[0].pcie.is_some());
        let blank = &gpus[1];
        assert_eq!(blank.state, GpuState::Answering);
        assert_eq!((blank.utilization, blank.memory_utilization, blank.fan), (None, None, None));
        assert_eq!((blank.memory_used, blank.memory_total, blank.energy), (None, None, None));
        assert_eq!((blank.power, blank.power_limit, blank.temperature), (None, None, None));
        assert_eq!((blank.sm_clock, blank.memory_clock, blank.mig, blank.pcie), (None, None, None, None));
        assert_eq!((blank.ecc.corrected, blank.ecc.uncorrected), (None, None));
        assert!(blank.processes.iter().flatten().all(|process| process.memory.is_none()));
        assert!(gpus[0].energy.is_some() && gpus[0].power.is_some() && gpus[0].temperature.is_some());
    });
}

#[test]
fn what_is_refused_or_never_changes_is_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("calls");
    let variables = [
        ("FAKE_NVML_LOG", log.to_str().unwrap()),
        ("FAKE_NVML_GPUS", "3"),
        ("FAKE_NVML_UNSUPPORTED", "*:fan,1:energy"),
        ("FAKE_NVML_DENIED", "*:compute,*:graphics"),
    ];
    with("nvml::what_is_refused_or_never_changes_is_asked_once", &variables, || {
        let scene = Scene::new(PollPace::Asked);
        for _ in 0..25 {
            let gpus = scene.asked();
            assert_eq!(gpus[0].fan, None);
            assert!(gpus[0].energy.is_some() && gpus[1].energy.is_none());
            assert_eq!(gpus[2].processes, None, "who may not ask knows of no processes");
        }
        let counts = counts(std::path::Path::new(&std::env::var("FAKE_NVML_LOG").unwrap()));
        for once in
            ["init -", "driver -", "count -", "name 0", "uuid 0", "fan 2", "energy 1", "compute 0", "graphics 0"]
        {
            // The wrapper itself asks for the driver's version when it initialises, too.
            let expected = if once == "driver -" { 2 } else { 1 };
            assert_eq!(counts.get(once), Some(&expected), "{once}: {counts:?}");
        }
        assert_eq!(counts.get("utilization 0"), Some(&25));
        assert_eq!(counts.get("power_limit 0"), Some(&3), "every tenth poll");
        assert_eq!(counts.get("shutdown -"), None);
    });
}

#[test]
fn a_partitioned_gpu_has_no_utilization_and_says_why() {
    with("nvml::a_partitioned_gpu_has_no_utilization_and_says_why", &[("FAKE_NVML_MIG", "1")], || {
        let gpus = Scene::new(PollPace::Asked).asked();
        assert_eq!((gpus[1].mig, gpus[1].utilization), (Some(Mig::On), None));
        assert_eq!(gpus[0].mig, Some(Mig::Off));
        assert!(gpus[0].utilization.is_some() && gpus[1].power.is_some());
    });
}

#[test]
fn unified_memory_is_not_the_gpus() {
    let variables = [("FAKE_NVML_UNIFIED", "*"), ("FAKE_NVML_NAME", "NVIDIA GB10"), ("FAKE_NVML_GPUS", "1")];
    with("nvml::unified_memory_is_not_the_gpus", &variables, || {
        let gpus = Scene::new(PollPace::Asked).asked();
        assert_eq!((gpus[0].memory_total, gpus[0].memory_used), (None, None));
        assert!(gpus[0].utilization.is_some());
        assert!(gpus[0].processes.as_ref().unwrap()[0].memory.is_some());
    });
}

#[test]
fn an_error_event_reaches_its_gpu() {
    with(
        "nvml::an_error_event_reaches_its_gpu",
        &[("FAKE_NVML_XID", "4:79"), ("FAKE_NVML_FAULT_AFTER", "0.2")],
        || {
            let scene = Scene::new(PollPace::Every(Duration::from_millis(50)));
            let gpus = std::iter::repeat_with(|| scene.outcome().unwrap());
            let gpus = gpus.take(60).find(|gpus| gpus[4].xid.is_some()).expect("an XID");
            assert_eq!((gpus[4].xid, gpus[5].xid), (Some(79), None));
        },
    );
}

#[test]
fn a_library_that_is_not_there_is_said_once() {
    with("nvml::a_library_that_is_not_there_is_said_once", &[], || {
        let library = Some("/nonexistent/libnvidia-ml.so.1".into());
        let scene = Scene::with(NvmlSettings { library, ..Scene::settings() });
        let failure = scene.outcome().unwrap_err();
        assert_eq!(failure.source.as_str(), "NVML");
        assert!(failure.cause.as_str().contains("/nonexistent"), "{failure}");
        assert!(failure.remedy.as_str().contains("--nvml-lib"), "{failure}");
        assert!(scene.events.recv_timeout(Duration::from_millis(300)).is_err(), "said twice");
        // Whoever asks is answered all the same.
        scene.driver.poll();
        assert_eq!(scene.outcome().unwrap_err(), failure);
    });
}

#[test]
fn a_driver_that_cannot_be_used_says_what_to_do() {
    for (code, remedy) in [("9", "modprobe"), ("18", "reboot"), ("4", "/dev/nvidiactl"), ("999", "dmesg")] {
        with(
            "nvml::a_driver_that_cannot_be_used_says_what_to_do",
            &[("FAKE_NVML_INIT", code), ("REMEDY", remedy)],
            || {
                let failure = Scene::new(PollPace::Asked).outcome().unwrap_err();
                assert!(failure.remedy.as_str().contains(&std::env::var("REMEDY").unwrap()), "{failure}");
            },
        );
    }
}

#[test]
fn a_machine_without_gpus_has_none() {
    with("nvml::a_machine_without_gpus_has_none", &[("FAKE_NVML_GPUS", "0")], || {
        assert_eq!(Scene::new(PollPace::Asked).asked(), Vec::new());
    });
}
