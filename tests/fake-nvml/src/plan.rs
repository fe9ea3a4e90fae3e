//! What the environment asks of this library.

use std::collections::BTreeSet;
use std::env;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The machine to play. Every list is of GPUs: `3`, `1,4`, `*` for all, each with an argument where one is named.
pub struct Plan {
    /// `FAKE_NVML_GPUS`, default 8.
    pub gpus: u32,
    /// `FAKE_NVML_NAME`, default `NVIDIA H100 80GB HBM3`.
    pub name: String,
    /// `FAKE_NVML_DRIVER`, default `580.65.06`.
    pub driver: String,
    /// `FAKE_NVML_SEED`, default 0: another seed is another machine, with other UUIDs and figures.
    pub seed: u64,
    /// `FAKE_NVML_STILL=1`: figures do not move.
    pub still: bool,
    /// `FAKE_NVML_INIT`: what `nvmlInit` says instead of success, by number (9 driver not loaded, 4 no permission,
    /// 18 version mismatch).
    pub init: u32,
    /// `FAKE_NVML_INIT_MS`: how long `nvmlInit` takes.
    pub init_takes: Duration,
    /// `FAKE_NVML_COUNT`: what `nvmlDeviceGetCount` says instead of success, by number.
    pub count: u32,
    /// `FAKE_NVML_LOST=2`: calls on that GPU say that it is lost.
    lost: Vec<Place>,
    /// `FAKE_NVML_HANG=3` or `3:power`: calls, or that one call, never return.
    hang: Vec<Place>,
    /// `FAKE_NVML_SLOW=*:50`: milliseconds that each call takes.
    slow: Vec<Place>,
    /// `FAKE_NVML_UNSUPPORTED=*:fan,1:power`: calls that the GPU does not have.
    unsupported: Vec<Place>,
    /// `FAKE_NVML_DENIED=*:compute`: calls that this user may not make.
    denied: Vec<Place>,
    /// `FAKE_NVML_UNKNOWN=*` or `1:power`: calls that end in the error that says nothing (999).
    unknown: Vec<Place>,
    /// `FAKE_NVML_BLANK=*` or `1:power`: figures that are the largest number there is, or a temperature of 255.
    blank: Vec<Place>,
    /// `FAKE_NVML_MIG=0`: partitioned GPUs, which report no utilization.
    mig: Vec<Place>,
    /// `FAKE_NVML_UNIFIED=*`: GPUs whose memory is the host's.
    unified: Vec<Place>,
    /// `FAKE_NVML_XID=2:79`: an error that is reported once to whoever waits for events.
    xid: Vec<Place>,
    /// `FAKE_NVML_PIDS=12,34`, default this process: who computes on every GPU.
    pub pids: Vec<u32>,
    /// `FAKE_NVML_PCIE_MS`, default 20: how long a throughput call measures, as real hardware does.
    pub pcie: Duration,
    /// `FAKE_NVML_LOG`: a file that gets a line `call gpu` for each call.
    pub log: Option<String>,
    /// `FAKE_NVML_FAULT_AFTER`: seconds for which lost, hanging, slow, refused and failing GPUs and XIDs behave.
    fault_after: Duration,
    /// `FAKE_NVML_FAULT_UNTIL`: seconds after which they behave again; calls that hang come back then.
    fault_until: Duration,
    loaded: Instant,
}

/// One entry of a list: a GPU or all, and an argument.
struct Place {
    gpu: Option<u32>,
    argument: Option<String>,
}

impl Place {
    fn read(text: &str) -> Option<Self> {
        let (gpu, argument) = match text.split_once(':') {
            Some((gpu, argument)) => (gpu, Some(argument.to_owned())),
            None => (text, None),
        };
        let gpu = if gpu == "*" { None } else { Some(gpu.parse().ok()?) };
        Some(Self { gpu, argument })
    }

    fn holds(&self, gpu: u32) -> bool {
        self.gpu.is_none_or(|g| g == gpu)
    }
}

impl Plan {
    /// The plan, read once.
    pub fn get() -> &'static Self {
        static PLAN: OnceLock<Plan> = OnceLock::new();
        PLAN.get_or_init(Self::read)
    }

    fn read() -> Self {
        Self {
            gpus: number("GPUS", 8),
            name: text("NAME").unwrap_or_else(|| "NVIDIA H100 80GB HBM3".to_owned()),
            driver: text("DRIVER").unwrap_or_else(|| "580.65.06".to_owned()),
            seed: number("SEED", 0),
            still: number("STILL", 0) != 0,
            init: number("INIT", 0),
            init_takes: Duration::from_millis(number("INIT_MS", 0)),
            count: number("COUNT", 0),
            lost: places("LOST"),
            hang: places("HANG"),
            slow: places("SLOW"),
            unsupported: places("UNSUPPORTED"),
            denied: places("DENIED"),
            unknown: places("UNKNOWN"),
            blank: places("BLANK"),
            mig: places("MIG"),
            unified: places("UNIFIED"),
            xid: places("XID"),
            pids: text("PIDS").map_or_else(|| vec![std::process::id()], |t| list(&t)),
            pcie: Duration::from_millis(number("PCIE_MS", 20)),
            log: text("LOG"),
            fault_after: Duration::from_secs_f64(number("FAULT_AFTER", 0.0)),
            fault_until: Duration::from_secs_f64(number("FAULT_UNTIL", 1e9)),
            loaded: Instant::now(),
        }
    }

    fn faulty(&self) -> bool {
        (self.fault_after..self.fault_until).contains(&self.loaded.elapsed())
    }

    pub fn is_lost(&self, gpu: u32) -> bool {
        self.faulty() && self.lost.iter().any(|p| p.holds(gpu))
    }

    pub fn hangs(&self, gpu: u32, call: &str) -> bool {
        self.faulty() && names(&self.hang, gpu, call)
    }

    pub fn delay(&self, gpu: u32) -> Duration {
        let slow = self.slow.iter().filter(|p| p.holds(gpu) && self.faulty());
        Duration::from_millis(slow.filter_map(|p| p.argument.as_ref()?.parse().ok()).max().unwrap_or(0))
    }

    pub fn lacks(&self, gpu: u32, call: &str) -> bool {
        let by_mode = (self.is_mig(gpu) && call == "utilization") || (self.is_unified(gpu) && call == "memory");
        by_mode || names(&self.unsupported, gpu, call)
    }

    pub fn denies(&self, gpu: u32, call: &str) -> bool {
        self.faulty() && names(&self.denied, gpu, call)
    }

    pub fn fails(&self, gpu: u32, call: &str) -> bool {
        self.faulty() && names(&self.unknown, gpu, call)
    }

    pub fn blanks(&self, gpu: u32, call: &str) -> bool {
        names(&self.blank, gpu, call)
    }

    pub fn is_mig(&self, gpu: u32) -> bool {
        self.mig.iter().any(|p| p.holds(gpu))
    }

    fn is_unified(&self, gpu: u32) -> bool {
        self.unified.iter().any(|p| p.holds(gpu))
    }

    pub fn expects_xid(&self) -> bool {
        !self.xid.is_empty()
    }

    /// GPUs and the errors that befall them, once the faults have begun.
    pub fn xids(&self) -> BTreeSet<(u32, u64)> {
        let due = self.xid.iter().filter(|_| self.faulty());
        due.filter_map(|p| Some((p.gpu?, p.argument.as_ref()?.parse().ok()?))).collect()
    }
}

/// Whether an entry holds the GPU and names the call, or no call and so all of them.
fn names(places: &[Place], gpu: u32, call: &str) -> bool {
    places.iter().any(|p| p.holds(gpu) && p.argument.as_deref().is_none_or(|a| a == call))
}

fn text(key: &str) -> Option<String> {
    env::var(format!("FAKE_NVML_{key}")).ok()
}

fn number<T: FromStr>(key: &str, default: T) -> T {
    text(key).and_then(|t| t.parse().ok()).unwrap_or(default)
}

fn list(text: &str) -> Vec<u32> {
    text.split(',').filter_map(|t| t.parse().ok()).collect()
}

fn places(key: &str) -> Vec<Place> {
    text(key).iter().flat_map(|t| t.split(',')).filter_map(Place::read).collect()
}
