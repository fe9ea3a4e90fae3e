//! Everything that differs between operating systems: the machine's name, limits, what a file is, whether a process is alive, stopping and
//! replacing this process, and the signals that end a server.

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(not(unix))]
#[path = "other.rs"]
mod system;

pub use system::{
    ShutdownSignals, allow_files, file_identity, host_name, is_alive, outlive_file_limit, replace_with, special_file,
    stop_self,
};

/// Why NVML does not exist for this operating system, and what to do instead; `None` where it does.
pub const fn no_nvml() -> Option<(&'static str, &'static str)> {
    if cfg!(any(target_os = "linux", windows)) {
        None
    } else {
        Some((
            "there is no NVIDIA driver for this system",
            "watch the machines that have one: run `margintop agent --listen 0.0.0.0:9545` there and name them here; nvml:off \
             ends this message",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_name_and_this_process_lives() {
        assert!(!host_name().is_empty());
        assert!(is_alive(std::process::id()) && !is_alive(0) && !is_alive(u32::MAX));
        assert!(no_nvml().is_none() || !cfg!(target_os = "linux"));
    }
}
