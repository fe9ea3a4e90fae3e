//! GPUs with dcgm-exporter's names, labels and units, so that programs that read its page read this one.
//!
//! A value that the driver does not report has no line. Series that dcgm-exporter does not have are called `margintop_…`.

use std::fmt::{self, Display, Write};

use crate::reading::{GpuReading, Label, Mig, NodeName};
use crate::units::{Bytes, Ratio};

/// A value of one GPU, if it is known.
type GpuValue = fn(&GpuReading) -> Option<Value>;

/// A number as dcgm-exporter prints it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    Whole(u64),
    Float(f64),
}

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(n) => n.fmt(f),
            Self::Float(x) => write!(f, "{x:.6}"),
        }
    }
}

/// Name, type, help and value of each family. DCGM counts memory in MiB, power in W, energy in mJ.
const FAMILIES: [(&str, &str, &str, GpuValue); 23] = [
    ("DCGM_FI_DEV_SM_CLOCK", "gauge", "SM clock frequency (in MHz).", |g| Some(whole(g.sm_clock?.get()))),
    ("DCGM_FI_DEV_MEM_CLOCK", "gauge", "Memory clock frequency (in MHz).", |g| Some(whole(g.memory_clock?.get()))),
    ("DCGM_FI_DEV_GPU_TEMP", "gauge", "GPU temperature (in C).", |g| {
        Some(whole(u64::try_from(g.temperature?.get()).ok()?))
    }),
    ("DCGM_FI_DEV_POWER_USAGE", "gauge", "Power draw (in W).", |g| Some(Value::Float(g.power?.watts()))),
    ("DCGM_FI_DEV_ENFORCED_POWER_LIMIT", "gauge", "Enforced power limit (in W).", |g| {
        Some(Value::Float(g.power_limit?.watts()))
    }),
    ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "counter", "Energy since the driver loaded (in mJ).", |g| {
        Some(whole(g.energy?.get()))
    }),
    ("DCGM_FI_DEV_GPU_UTIL", "gauge", "GPU utilization (in %).", |g| percent(g.utilization?)),
    ("DCGM_FI_DEV_MEM_COPY_UTIL", "gauge", "Memory utilization (in %).", |g| percent(g.memory_utilization?)),
    ("DCGM_FI_DEV_FAN_SPEED", "gauge", "Fan speed (in % of its maximum).", |g| percent(g.fan?)),
    ("DCGM_FI_DEV_FB_TOTAL", "gauge", "Framebuffer memory (in MiB).", |g| Some(whole(mib(g.memory_total?)))),
    ("DCGM_FI_DEV_FB_USED", "gauge", "Framebuffer memory used (in MiB).", |g| Some(whole(mib(g.memory_used?)))),
    ("DCGM_FI_DEV_FB_FREE", "gauge", "Framebuffer memory free, the reserve included (in MiB).", |g| {
        Some(whole(mib(g.memory_total?).checked_sub(mib(g.memory_used?))?))
    }),
    ("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", "counter", "Corrected ECC errors since the driver loaded.", |g| {
        Some(whole(g.ecc.corrected?))
    }),
    ("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "counter", "Uncorrected ECC errors since the driver loaded.", |g| {
        Some(whole(g.ecc.uncorrected?))
    }),
    ("DCGM_FI_DEV_XID_ERRORS", "gauge", "The last XID error code.", |g| Some(whole(g.xid?))),
    ("DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", "gauge", "Why clocks are throttled (NVML's bits).", throttle_bits),
    ("DCGM_FI_DEV_MIG_MODE", "gauge", "Whether the GPU is partitioned.", |g| Some(whole(g.mig? == Mig::On))),
    ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "gauge", "Share of time the engine was busy.", |g| share(g.activity.engine)),
    ("DCGM_FI_PROF_SM_ACTIVE", "gauge", "Share of time an SM had a warp.", |g| share(g.activity.sm)),
    ("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "gauge", "Share of time the tensor pipe was busy.", |g| {
        share(g.activity.tensor)
    }),
    ("DCGM_FI_PROF_DRAM_ACTIVE", "gauge", "Share of time the memory interface was busy.", |g| share(g.activity.dram)),
    ("DCGM_FI_PROF_PCIE_TX_BYTES", "gauge", "PCIe traffic from the GPU (in B/s).", |g| Some(whole(g.pcie?.tx.get()))),
    ("DCGM_FI_PROF_PCIE_RX_BYTES", "gauge", "PCIe traffic to the GPU (in B/s).", |g| Some(whole(g.pcie?.rx.get()))),
];

fn whole(number: impl Into<u64>) -> Value {
    Value::Whole(number.into())
}

fn percent(share: Ratio) -> Option<Value> {
    let percent = (share.get() * 100.0).round();
    (percent >= 0.0).then_some(whole(percent as u64))
}

fn share(share: Option<Ratio>) -> Option<Value> {
    Some(Value::Float(share?.get()))
}

fn mib(bytes: Bytes) -> u64 {
    bytes.get() / (1024 * 1024)
}

fn throttle_bits(gpu: &GpuReading) -> Option<Value> {
    const SW_POWER_CAP: u32 = 0x4;
    const HW_SLOWDOWN: u32 = 0x8;
    const SW_THERMAL: u32 = 0x20;
    let throttle = gpu.throttle?;
    let bit = |set, bit| if set { bit } else { 0 };
    Some(whole(
        bit(throttle.power, SW_POWER_CAP) | bit(throttle.hardware, HW_SLOWDOWN) | bit(throttle.thermal, SW_THERMAL),
    ))
}

/// The page of one node's GPUs in Prometheus' text format. `driver` is the driver's version.
pub fn gpu_page(node: &NodeName, gpus: &[GpuReading], driver: Option<&Label>) -> String {
    let labels: Vec<String> = gpus.iter().map(|gpu| labels(node, gpu, driver)).collect();
    let mut page = String::with_capacity(256 + gpus.len() * FAMILIES.len() * 200);
    for (name, kind, help, figure) in FAMILIES {
        let mut lines = gpus.iter().zip(&labels).filter_map(|(gpu, labels)| Some((labels, figure(gpu)?))).peekable();
        if lines.peek().is_some() {
            head(&mut page, name, kind, help);
        }
        for (labels, value) in lines {
            line(&mut page, name, labels, value);
        }
    }
    states(&mut page, gpus, &labels);
    processes(&mut page, gpus, &labels);
    page
}

/// Whether the driver answers for each GPU. dcgm-exporter leaves a lost GPU out, like one that was released.
fn states(page: &mut String, gpus: &[GpuReading], labels: &[String]) {
    const NAME: &str = "margintop_gpu_state";
    if !gpus.is_empty() {
        head(page, NAME, "gauge", "Whether the driver answers for the GPU (1 for its state).");
    }
    for (gpu, labels) in gpus.iter().zip(labels) {
        let state = gpu.state.name();
        line(page, NAME, &format!("{labels},state=\"{state}\""), 1);
    }
}

/// The memory of each process, for the list of processes of a node. dcgm-exporter shows pods, not processes.
fn processes(page: &mut String, gpus: &[GpuReading], labels: &[String]) {
    const NAME: &str = "margintop_gpu_process_memory_bytes";
    let mut begun = false;
    for (gpu, labels) in gpus.iter().zip(labels) {
        for process in gpu.processes.iter().flatten() {
            let Some(memory) = process.memory else { continue };
            if !std::mem::replace(&mut begun, true) {
                head(page, NAME, "gauge", "Memory that a process holds on the GPU.");
            }
            let name = process.name.as_ref().map_or("", Label::as_str);
            let labels = format!("{labels},pid=\"{}\",process=\"{}\"", process.pid, Escaped(name));
            line(page, NAME, &labels, memory.get());
        }
    }
}

/// dcgm-exporter's labels in its order, without unknown ones.
fn labels(node: &NodeName, gpu: &GpuReading, driver: Option<&Label>) -> String {
    let mut labels = format!("gpu=\"{}\"", gpu.index);
    let mut add = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = write!(labels, ",{name}=\"{}\"", Escaped(value));
    };
    if let Some(id) = &gpu.id {
        add("UUID", id.as_str());
    }
    add("device", &format!("nvidia{}", gpu.index));
    if let Some(name) = &gpu.name {
        add("modelName", name.as_str());
    }
    add("hostname", node.as_str());
    if let Some(driver) = driver {
        add("DCGM_FI_DRIVER_VERSION", driver.as_str());
    }
    labels
}

/// The two comment lines of a family.
pub(super) fn head(page: &mut String, name: &str, kind: &str, help: &str) {
    let _ = write!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn line(page: &mut String, name: &str, labels: &str, value: impl Display) {
    let _ = writeln!(page, "{name}{{{labels}}} {value}");
}

/// The value of a label, escaped.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\\' => f.write_str(r"\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str(r"\n")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::GpuState;
    use crate::reading::{GpuId, GpuProcess, Throttle};
    use crate::units::{Celsius, Energy, Megahertz, Power};

    fn gpu() -> GpuReading {
        GpuReading {
            index: 1,
            id: Some(GpuId::from_uuid("GPU-22222222-aaaa-bbbb-cccc-000000000001")),
            name: Some(Label::new("NVIDIA H200")),
            utilization: Ratio::from_percent(97.0),
            memory_used: Some(Bytes::from_mib(130_569)),
            memory_total: Some(Bytes::from_mib(143_771)),
            power: Some(Power::new(598_040)),
            energy: Some(Energy::new(90_012_339_000)),
            temperature: Some(Celsius::new(55)),
            sm_clock: Some(Megahertz::new(1755)),
            throttle: Some(Throttle { power: true, thermal: false, hardware: false }),
            ..GpuReading::default()
        }
    }

    /// The lines of dcgm-exporter's own page for the same GPU, with the labels that this page leaves out taken away.
    #[test]
    fn it_prints_what_dcgm_exporter_prints() {
        let node = NodeName::new("node-a");
        let page = gpu_page(&node, &[gpu()], Some(&Label::new("580.65.06")));
        let theirs = include_str!("../../tests/fixtures/engines/dcgm-exporter.prom");
        for name in ["SM_CLOCK", "GPU_TEMP", "POWER_USAGE", "TOTAL_ENERGY_CONSUMPTION", "GPU_UTIL", "FB_USED"] {
            let name = format!("DCGM_FI_DEV_{name}");
            let line = theirs.lines().find(|l| l.starts_with(&format!("{name}{{gpu=\"1\""))).unwrap_or_default();
            let expected = line.replace(",pci_bus_id=\"00000000:3B:00.0\"", "");
            let expected = expected.replace(",container=\"vllm\",namespace=\"llm\",pod=\"ds-0\"", "");
            assert!(!expected.is_empty() && page.lines().any(|l| l == expected), "{expected}\n{page}");
            let kind = theirs.lines().find(|l| l.starts_with(&format!("# TYPE {name} "))).unwrap_or_default();
            assert!(page.lines().any(|l| l == kind), "{kind}");
        }
    }

    #[test]
    fn what_is_not_known_has_no_line() {
        let lost = GpuReading { index: 3, state: GpuState::Lost, ..GpuReading::default() };
        let page = gpu_page(&NodeName::new("n"), &[lost], None);
        let lines: Vec<_> = page.lines().filter(|l| !l.starts_with('#')).collect();
        assert_eq!(lines, [r#"margintop_gpu_state{gpu="3",device="nvidia3",hostname="n",state="lost"} 1"#]);
    }

    #[test]
    fn a_hostile_name_stays_one_label() {
        let process = GpuProcess { pid: 7, name: Some(Label::new("a\"} 1\\\nx")), memory: Some(Bytes::new(5)) };
        let gpu = GpuReading { processes: Some(vec![process]), ..GpuReading::default() };
        let page = gpu_page(&NodeName::new("n\"q"), &[gpu], None);
        assert!(page.contains(r#"hostname="n\"q",pid="7",process="a\"} 1\\x"} 5"#), "{page}");
    }

    #[test]
    fn throttling_is_reported_in_nvmls_bits() {
        assert_eq!(throttle_bits(&gpu()), Some(Value::Whole(4)));
        assert_eq!(throttle_bits(&GpuReading::default()), None);
    }
}
