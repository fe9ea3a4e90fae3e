//! Loads the driver's library, and explains failures.

use std::path::{Path, PathBuf};
use std::thread;

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

use super::kernel;
use crate::platform::missing_driver;
use crate::reading::{GpuState, Label, SourceError, SourceErrorKind};

/// The loaded library.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Leaked: its `Drop` would shut the driver down under threads that are still inside it.
    pub(super) nvml: &'static Nvml,
    pub(super) gpus: u32,
    pub(super) version: Option<Label>,
}

/// The reason why the library was not loaded, and the state of each GPU if that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) failure: SourceError,
    pub(super) gpus: Option<GpuState>,
}

/// Loads the library on its own thread, since initializing a broken driver may hang, and passes the result to `done`.
pub(super) fn load(library: Option<PathBuf>, done: impl FnOnce(Result<Loaded, Failed>) + Send + 'static) {
    let failed =
        |path: Option<&Path>, error| Failed { failure: failure(path, &error), gpus: kernel::state_after(&error) };
    let attempt = move || done(try_load(library.as_deref()).map_err(|error| failed(library.as_deref(), error)));
    let _ = thread::Builder::new().name("nvml-load".to_owned()).spawn(attempt);
}

fn try_load(library: Option<&Path>) -> Result<Loaded, NvmlError> {
    let nvml = match library {
        Some(path) => Nvml::builder().lib_path(path.as_os_str()).init()?,
        None => Nvml::init()?,
    };
    let nvml: &'static Nvml = Box::leak(Box::new(nvml));
    let version = nvml.sys_driver_version().ok().map(|v| Label::new(&v));
    Ok(Loaded { nvml, gpus: nvml.device_count()?, version })
}

/// The error if initialisation does not return.
pub(super) fn silent() -> Failed {
    let failure = said(
        "the driver does not answer: its initialisation has not come back in 10 s",
        "see whether nvidia-smi hangs too and what `dmesg | grep NVRM` says; often only a reboot helps",
    );
    Failed { failure, gpus: Some(GpuState::Hung) }
}

fn failure(library: Option<&Path>, error: &NvmlError) -> SourceError {
    match error {
        NvmlError::LibloadingError(why) => not_loaded(library, why),
        NvmlError::DriverNotLoaded => said(
            "the library is here, but the kernel's nvidia driver is not loaded",
            "run `modprobe nvidia`; after a kernel upgrade the module may have to be built again (dkms status)",
        ),
        NvmlError::LibRmVersionMismatch => said(
            "the library and the loaded kernel driver are of different versions",
            "a driver was upgraded underneath: reboot, or restart the container so that it gets the new library",
        ),
        NvmlError::NoPermission => said(
            "permission denied: this user may not talk to the driver",
            "allow it to read and write /dev/nvidiactl and /dev/nvidia* (often: add it to the video group); in a \
             container run with --gpus all",
        ),
        other => said(
            &format!("initialisation failed: {other}"),
            "see whether nvidia-smi works; `dmesg | grep NVRM` says more",
        ),
    }
}

/// The error if the library is missing or invalid.
fn not_loaded(library: Option<&Path>, why: &dyn std::fmt::Display) -> SourceError {
    let error = if let Some(path) = library {
        said(
            &format!("{} cannot be loaded: {why}", path.display()),
            "check the path in --nvml-lib, MARGINTOP_NVML_LIB or the key nvml_lib; without one the system's own library is used",
        )
    } else {
        let missing = missing_driver();
        said(missing.cause, &missing.whole_remedy())
    };
    SourceError { kind: SourceErrorKind::DriverMissing, ..error }
}

fn said(cause: &str, remedy: &str) -> SourceError {
    let kind = SourceErrorKind::Driver;
    SourceError { kind, source: Label::new("NVML"), cause: Label::new(cause), remedy: Label::new(remedy) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_its_own_remedy() {
        let errors =
            [NvmlError::DriverNotLoaded, NvmlError::LibRmVersionMismatch, NvmlError::NoPermission, NvmlError::Unknown];
        let mut remedies: Vec<_> = errors.iter().map(|e| failure(None, e).remedy).collect();
        remedies.sort();
        remedies.dedup();
        assert_eq!(remedies.len(), errors.len());
    }
}
