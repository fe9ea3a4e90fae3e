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

/// The memory in MiB that is in use and not of a process.
const OF_DRIVER: u64 = 620;

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
    /// The labels of the process on each GPU, if the page has what a small fleet's exporters are set to say.
    processes: Vec<String>,
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
        Self { product, labels: gpus.map(labels).collect(), processes: Vec::new() }
    }

    /// The same with power limits, PCIe traffic, memory errors, and a process of this name on each GPU.
    pub(super) fn with_details(self, process: &str) -> Self {
        let of =
            |(nth, labels): (usize, &String)| format!("{labels},pid=\"{}\",process=\"{process}\"", 4_021 + 7 * nth);
        Self { processes: self.labels.iter().enumerate().map(of).collect(), ..self }
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
        self.details(&mut page, shown);
        page.finish()
    }

    /// What an exporter says that is set to say it: power limits, PCIe traffic, memory errors and processes.
    fn details(&self, page: &mut MadePage, shown: &[Option<ShownGpu>]) {
        if self.processes.is_empty() {
            return;
        }
        let busy = |shown: &ShownGpu| shown.utilization as f64 / 100.0;
        self.family(page, "DCGM_FI_DEV_POWER_MGMT_LIMIT", shown, |_| self.product.power.1 as u64);
        self.family(page, "DCGM_FI_PROF_PCIE_RX_BYTES", shown, |s| {
            (3.4e9 * busy(s) + 4.0e6 * (s.used % 90) as f64) as u64
        });
        self.family(page, "DCGM_FI_PROF_PCIE_TX_BYTES", shown, |s| {
            (1.9e9 * busy(s) + 3.0e6 * (s.used % 70) as f64) as u64
        });
        self.family(page, "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", shown, |_| 0);
        self.family(page, "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", shown, |_| 0);
        let name = "margintop_gpu_process_memory_bytes";
        page.family(name, "gauge");
        for (labels, shown) in self.processes.iter().zip(shown).filter_map(|(labels, shown)| Some((labels, (*shown)?)))
        {
            page.whole(name, labels, shown.used.saturating_sub(OF_DRIVER) << 20);
        }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::dialect::{self, Hint};

    fn read(exporter: &Exporter) -> crate::reading::GpuReading {
        let page = exporter.page(&[Some(H100.at(0.5, 1.0))]);
        dialect::read(&page, &Hint::default()).unwrap().gpus[0].1.clone()
    }

    #[test]
    fn a_page_with_details_has_the_traffic_errors_limit_and_process_of_each_gpu() {
        let plain = Exporter::new(H100, [(0, "n")].into_iter());
        let gpu = read(&plain);
        assert!(gpu.pcie.is_none() && gpu.ecc.corrected.is_none() && gpu.power_limit.is_none());
        let gpu = read(&plain.with_details("VLLM::Worker"));
        assert!(gpu.pcie.is_some_and(|pcie| pcie.rx > pcie.tx), "{gpu:?}");
        assert!(gpu.power_limit.is_some());
        assert_eq!((gpu.ecc.corrected, gpu.ecc.uncorrected), (Some(0), Some(0)));
        let processes = gpu.processes.unwrap();
        assert_eq!(processes[0].name.as_ref().unwrap().as_str(), "VLLM::Worker");
        assert!(processes[0].memory < gpu.memory_used, "{processes:?}");
    }
}
