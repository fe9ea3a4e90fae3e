//! Everything that differs between operating systems: the machine's name, limits, kinds of files, whether a process is
//! alive, stopping and replacing this process, and the signals that end a server.

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(not(unix))]
#[path = "other.rs"]
mod system;

mod usage;

pub use usage::{ProcessUsage, own_usage};

pub use system::{
    KeptListener, ShutdownSignals, allow_files, file_identity, host_name, is_alive, outlive_file_limit, replace_with,
    special_file, stop_self,
};

/// What a signal asks of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerSignal {
    /// To end.
    End,
    /// To read its configuration again.
    Reload,
}

/// What a machine without NVIDIA's driver tells its user.
#[derive(Debug, Clone, Copy)]
pub struct MissingDriver {
    /// Why the driver's library was not found.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// How to watch a machine without GPUs.
    pub silence: &'static str,
}

impl MissingDriver {
    /// What to do, and how to watch a machine without GPUs.
    pub fn whole_remedy(&self) -> String {
        format!("{}; {}", self.remedy, self.silence)
    }
}

/// Why the driver's library was not found on this operating system, and what to do.
pub const fn missing_driver() -> MissingDriver {
    let silence = "without GPUs on this machine, nvml:off ends this message";
    if cfg!(target_os = "linux") {
        MissingDriver {
            cause: "libnvidia-ml.so.1 was not found: no NVIDIA driver is installed here",
            remedy: "in a container run with --gpus all (nvidia-container-toolkit) or mount the library and name it with \
                     --nvml-lib",
            silence,
        }
    } else if cfg!(windows) {
        MissingDriver {
            cause: "nvml.dll was not found: no NVIDIA driver is installed here",
            remedy: "install NVIDIA's driver, or name its library with --nvml-lib",
            silence,
        }
    } else {
        MissingDriver {
            cause: "there is no NVIDIA driver for this system",
            remedy: "watch the machines that have one: run `margintop agent --listen 0.0.0.0:9545` there and name them here",
            silence: "nvml:off ends this message",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_name_and_this_process_lives() {
        assert!(!host_name().is_empty());
        assert!(is_alive(std::process::id()) && !is_alive(0) && !is_alive(u32::MAX));
        let MissingDriver { cause, remedy, silence } = missing_driver();
        assert!(silence.contains("nvml:off") && !remedy.contains("nvml:off"), "{remedy}");
        assert_eq!(cause.contains("libnvidia-ml"), cfg!(target_os = "linux"), "{cause}");
    }
}
