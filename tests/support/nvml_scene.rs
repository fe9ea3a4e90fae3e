//! The driver source with the stand-in library, in a process of its own for each test.
//!
//! Environment variables tell the library what to do, and they belong to a process. So each test runs itself again in a
//! new process with the variables set, and does its checks there.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use margintop::clock::Clock;
use margintop::reading::{Event, GpuReading, GpuState, NodeName, SourceError};
use margintop::source::nvml::{Driver, NvmlSettings, PollPace};

use super::fake_nvml;

/// Where the library is, in a process that a test started.
const LIBRARY: &str = "MARGINTOP_TEST_NVML";

/// Runs `check` in a process whose environment has `variables`; `test` is the whole name of the test that asks.
pub fn with(test: &str, variables: &[(&str, &str)], check: impl Fn()) {
    if std::env::var_os(LIBRARY).is_some() {
        return check();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(LIBRARY, fake_nvml::library())
        .env("FAKE_NVML_STILL", "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let passed = output.status.success() && said(&output.stdout).contains("1 passed");
    assert!(passed, "{}\n{}", said(&output.stdout), said(&output.stderr));
}

/// Whether this is a process that a test started, for one of several environments.
pub fn is_child() -> bool {
    std::env::var_os(LIBRARY).is_some()
}

/// A driver and what it says.
pub struct Scene {
    pub driver: Driver,
    pub events: Receiver<Event>,
}

impl Scene {
    pub fn new(pace: PollPace) -> Self {
        Self::with(NvmlSettings { pace, ..Self::settings() })
    }

    /// Enough patience for a busy machine, less than a person would have.
    pub fn settings() -> NvmlSettings {
        let library = std::env::var_os(LIBRARY).map(Into::into);
        let patience = Duration::from_millis(700);
        // This machine may have a driver of its own.
        let kernel_list = "/nonexistent".into();
        NvmlSettings { library, patience, kernel_list, ..NvmlSettings::new(NodeName::new("here")) }
    }

    pub fn with(settings: NvmlSettings) -> Self {
        let (tell, events) = channel();
        let driver = Driver::start(settings, Clock::System, move |event| {
            let _ = tell.send(event);
        });
        Self { driver, events }
    }

    pub fn outcome(&self) -> Result<Vec<GpuReading>, SourceError> {
        match self.events.recv_timeout(Duration::from_secs(20)).expect("an event") {
            Event::Gpus { node, outcome, .. } => {
                assert_eq!(node, NodeName::new("here"));
                outcome
            }
            other => panic!("{other:?}"),
        }
    }

    pub fn asked(&self) -> Vec<GpuReading> {
        self.driver.poll();
        self.outcome().unwrap()
    }
}

pub fn states(gpus: &[GpuReading]) -> Vec<GpuState> {
    gpus.iter().map(|gpu| gpu.state).collect()
}

/// Polls until `done`, at most for five seconds.
pub fn poll_until(scene: &Scene, done: impl Fn(&[GpuReading]) -> bool) -> Vec<GpuReading> {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        let gpus = scene.asked();
        if done(&gpus) || Instant::now() > until {
            return gpus;
        }
    }
}
