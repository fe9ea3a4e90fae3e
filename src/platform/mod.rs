//! Everything that differs between operating systems: the machine's name, limits, kinds of files, whether a process is
//! alive, stopping and replacing this process, and the signals that end a server.

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

/// Why the driver's library was not found on this operating system, and what to do.
pub const fn missing_nvml() -> (&'static str, &'static str) {
    if cfg!(target_os = "linux") {
        (
            "libnvidia-ml.so.1 was not found: no NVIDIA driver is installed here",
            "in a container run with --gpus all (nvidia-container-toolkit) or mount the library and name it with --nvml-lib; \
             without GPUs on this machine, nvml:off ends this message",
        )
    } else if cfg!(windows) {
        (
            "nvml.dll was not found: no NVIDIA driver is installed here",
            "install NVIDIA's driver, or name its library with --nvml-lib; without GPUs on this machine, nvml:off ends this \
             message",
        )
    } else {
        (
            "there is no NVIDIA driver for this system",
            "watch the machines that have one: run `margintop agent --listen 0.0.0.0:9545` there and name them here; nvml:off \
             ends this message",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_name_and_this_process_lives() {
        assert!(!host_name().is_empty());
        assert!(is_alive(std::process::id()) && !is_alive(0) && !is_alive(u32::MAX));
        let (why, remedy) = missing_nvml();
        assert!(remedy.contains("nvml:off") && why.contains("libnvidia-ml") == cfg!(target_os = "linux"), "{why}");
    }
}
