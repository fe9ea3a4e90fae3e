//! dcgm-exporter's page for the GPUs of one node, or of a unit's nodes.

use super::page::MadePage;
use crate::wire::Bytes;

/// A product and its limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct GpuModel {
    /// The driver's name of it.
    pub(super) name: &'static str,
    /// Memory in MiB.
    pub(super) memory: u64,
    /// Idle power and power limit, in watts.
    pub(super) power: (f64, f64),
    /// The highest SM clock, in MHz.
    pub(super) clock: u64,
}

pub(super) const H800: GpuModel = GpuModel { name: "NVIDIA H800", memory: 81_559, power: (75.0, 700.0), clock: 1980 };
pub(super) const H100: GpuModel =
    GpuModel { name: "NVIDIA H100 80GB HBM3", memory: 81_559, power: (72.0, 700.0), clock: 1980 };
pub(super) const L40S: GpuModel = GpuModel { name: "NVIDIA L40S", memory: 46_068, power: (38.0, 350.0), clock: 2520 };

/// The values of one GPU.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct ShownGpu {
    /// Percent.
    pub(super) utilization: u64,
    /// Watts.
    pub(super) power: f64,
    /// Millijoules since the driver loaded.
    pub(super) energy: u64,
    /// MiB.
    pub(super) used: u64,
    /// The last error.
    pub(super) xid: u64,
}

impl GpuModel {
    /// The values of a GPU at a load from 0 to 1; `energy` is in joules.
    pub(super) fn at(&self, load: f64, energy: f64) -> ShownGpu {
        let (rest, limit) = self.power;
        ShownGpu {
            utilization: (load.clamp(0.0, 1.0) * 100.0) as u64,
            power: rest + (limit - rest) * 0.95 * load,
            energy: (energy * 1000.0) as u64,
            used: (self.memory as f64 * 0.9) as u64,
            xid: 0,
        }
    }
}

/// The GPUs of a page, with preformatted labels.
#[derive(Debug)]
pub(super) struct Exporter {
    product: GpuModel,
    labels: Vec<String>,
}

impl Exporter {
    /// An exporter for GPUs of one product, each by its index and the name of its node.
    pub(super) fn new<'a>(product: GpuModel, gpus: impl Iterator<Item = (u32, &'a str)>) -> Self {
        let labels = |(index, host): (u32, &str)| {
            format!(
                "gpu=\"{index}\",UUID=\"{}\",device=\"nvidia{index}\",modelName=\"{}\",hostname=\"{host}\"",
                uuid(host, index),
                product.name
            )
        };
        Self { product, labels: gpus.map(labels).collect() }
    }

    /// All metric families. `shown` has an entry for each GPU; `None` is a GPU that fell off the bus.
    pub(super) fn page(&self, shown: &[Option<ShownGpu>]) -> Bytes {
        let mut page = MadePage::with_capacity(1024 + self.labels.len() * 2400);
        self.essentials(&mut page, shown);
        let product = self.product;
        let clock = |load: f64| (product.clock as f64 * (1.0 - 0.12 * load)) as u64;
        self.family(&mut page, "DCGM_FI_DEV_SM_CLOCK", shown, |s| clock(s.utilization as f64 / 100.0));
        self.family(&mut page, "DCGM_FI_DEV_MEM_COPY_UTIL", shown, |s| s.utilization * 6 / 10);
        self.family(&mut page, "DCGM_FI_DEV_XID_ERRORS", shown, |s| s.xid);
        for (name, share) in [("SM_ACTIVE", 0.8), ("PIPE_TENSOR_ACTIVE", 0.45), ("DRAM_ACTIVE", 0.55)] {
            let name = format!("DCGM_FI_PROF_{name}");
            page.family(&name, "gauge");
            for (labels, shown) in self.answering(shown) {
                page.number(&name, labels, "", format_args!("{:.6}", shown.utilization as f64 / 100.0 * share));
            }
        }
        page.finish()
    }

    /// Only the metric families that a fleet's totals use.
    pub(super) fn small_page(&self, shown: &[Option<ShownGpu>]) -> Bytes {
        let mut page = MadePage::with_capacity(1024 + self.labels.len() * 1200);
        self.essentials(&mut page, shown);
        page.finish()
    }

    fn essentials(&self, page: &mut MadePage, shown: &[Option<ShownGpu>]) {
        self.family(page, "DCGM_FI_DEV_GPU_UTIL", shown, |s| s.utilization);
        page.family("DCGM_FI_DEV_POWER_USAGE", "gauge");
        for (labels, shown) in self.answering(shown) {
            page.number("DCGM_FI_DEV_POWER_USAGE", labels, "", format_args!("{:.3}", shown.power));
        }
        self.family(page, "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", shown, |s| s.energy);
        self.family(page, "DCGM_FI_DEV_FB_USED", shown, |s| s.used);
        self.family(page, "DCGM_FI_DEV_FB_FREE", shown, |s| self.product.memory - s.used);
        self.family(page, "DCGM_FI_DEV_GPU_TEMP", shown, |s| 32 + (s.power / self.product.power.1 * 38.0) as u64);
    }

    fn family(&self, page: &mut MadePage, name: &str, shown: &[Option<ShownGpu>], value: impl Fn(&ShownGpu) -> u64) {
        let counts = name.ends_with("CONSUMPTION");
        page.family(name, if counts { "counter" } else { "gauge" });
        for (labels, shown) in self.answering(shown) {
            page.whole(name, labels, value(&shown));
        }
    }

    fn answering<'a>(&'a self, shown: &'a [Option<ShownGpu>]) -> impl Iterator<Item = (&'a str, ShownGpu)> {
        self.labels.iter().zip(shown).filter_map(|(labels, shown)| Some((labels.as_str(), (*shown)?)))
    }
}

/// The UUID of a GPU by its node and index.
fn uuid(host: &str, index: u32) -> String {
    let key: Vec<u64> = host.bytes().map(u64::from).chain([u64::from(index)]).collect();
    let number = super::fault::chance(&key, u64::MAX);
    format!("GPU-{:08x}-{:04x}-4000-8000-{index:012x}", number >> 32, number & 0xffff)
}
