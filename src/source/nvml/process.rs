//! The processes that use memory of a GPU, with their names.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use nvml_wrapper::Device;
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::struct_wrappers::device::ProcessInfo;

use super::card::{Call, Stop, Visit};
use crate::reading::{GpuProcess, Label};
use crate::units::Bytes;

/// The length to which the kernel truncates names in `comm`.
const COMM: usize = 15;
/// The number of polls after which all names are read again, since a process may have changed its name, or an id may have
/// been reused.
const KEPT: u32 = 1024;

/// Names of processes, kept between polls.
#[derive(Default)]
pub(super) struct ProcessNames {
    known: HashMap<u32, Option<Label>>,
    asked: u32,
}

impl ProcessNames {
    /// The processes on a GPU; `None` if neither kind can be listed.
    pub(super) fn ask(&mut self, at: &Visit<'_>) -> Result<Option<Vec<GpuProcess>>, Stop> {
        let compute = at.ask(Call::Compute, Device::running_compute_processes)?;
        let graphics = at.ask(Call::Graphics, Device::running_graphics_processes)?;
        if compute.is_none() && graphics.is_none() {
            return Ok(None);
        }
        let mut processes: Vec<GpuProcess> = Vec::new();
        for info in compute.into_iter().chain(graphics).flatten() {
            self.add(&mut processes, &info);
        }
        Ok(Some(processes))
    }

    /// Adds a process. One that both computes and draws is listed twice, with the same memory.
    fn add(&mut self, processes: &mut Vec<GpuProcess>, info: &ProcessInfo) {
        let memory = match info.used_gpu_memory {
            UsedGpuMemory::Used(bytes) => Some(Bytes::new(bytes)),
            UsedGpuMemory::Unavailable => None,
        };
        match processes.iter_mut().find(|p| p.pid == info.pid) {
            Some(known) => known.memory = known.memory.max(memory),
            None => processes.push(GpuProcess { pid: info.pid, name: self.name(info.pid), memory }),
        }
    }

    fn name(&mut self, pid: u32) -> Option<Label> {
        self.asked += 1;
        if self.asked >= KEPT {
            *self = Self::default();
        }
        self.known.entry(pid).or_insert_with(|| read_name(Path::new("/proc"), pid)).clone()
    }
}

/// The kernel's name of a process, or the program's file name if the kernel truncated it.
fn read_name(proc: &Path, pid: u32) -> Option<Label> {
    let folder = proc.join(pid.to_string());
    let comm = fs::read_to_string(folder.join("comm")).ok()?;
    let comm = comm.trim_end();
    if comm.len() < COMM {
        return Some(Label::new(comm));
    }
    let line = fs::read(folder.join("cmdline")).unwrap_or_default();
    let program = String::from_utf8_lossy(line.split(|b| *b == 0).next().unwrap_or_default()).into_owned();
    let file = program.rsplit('/').next().unwrap_or_default();
    Some(Label::new(if file.starts_with(comm) { file } else { comm }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn name_of(comm: &str, cmdline: &[u8]) -> Option<String> {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir(proc.path().join("7")).unwrap();
        fs::write(proc.path().join("7/comm"), comm).unwrap();
        fs::write(proc.path().join("7/cmdline"), cmdline).unwrap();
        read_name(proc.path(), 7).map(|l| l.as_str().to_owned())
    }

    #[test]
    fn a_name_that_the_kernel_cut_is_completed() {
        assert_eq!(name_of("python3\n", b"/usr/bin/python3\0-m\0vllm\0").as_deref(), Some("python3"));
        assert_eq!(name_of("VLLM::EngineCor\n", b"VLLM::EngineCore_DP0\0").as_deref(), Some("VLLM::EngineCore_DP0"));
        assert_eq!(name_of("a-process-that-\n", b"/bin/other\0").as_deref(), Some("a-process-that-"));
        assert_eq!(name_of("evil\x1b[31m\n", b"").as_deref(), Some("evil[31m"));
    }

    #[test]
    fn a_process_that_is_gone_has_no_name() {
        assert_eq!(read_name(Path::new("/nonexistent"), 7), None);
    }
}
