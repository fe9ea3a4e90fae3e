//! The GPUs that the kernel driver lists under `/proc`, for when the library fails.

use std::fs;
use std::path::Path;

use nvml_wrapper::error::NvmlError;

use crate::reading::{GpuId, GpuReading, GpuState, Label};

/// The folder with the driver's list of GPUs.
pub(super) const FOLDER: &str = "/proc/driver/nvidia/gpus";

/// The state of every GPU if the library fails with `error`; `None` if the error does not determine it.
pub(super) const fn state_after(error: &NvmlError) -> Option<GpuState> {
    match error {
        NvmlError::NoPermission => Some(GpuState::Refused),
        NvmlError::GpuLost | NvmlError::ResetRequired => Some(GpuState::Lost),
        NvmlError::Unknown | NvmlError::Timeout | NvmlError::IrqIssue => Some(GpuState::Failing),
        _ => None,
    }
}

/// A reading without values for each GPU in `folder`, in the order of bus addresses, as in the library.
pub(super) fn list(folder: &Path, state: GpuState) -> Vec<GpuReading> {
    let mut addresses: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    addresses.sort();
    let reading = |(index, address): (u32, std::path::PathBuf)| {
        let text = fs::read_to_string(address.join("information")).unwrap_or_default();
        // The driver writes question marks for unknown values.
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            line.map(str::trim).filter(|value| !value.is_empty() && !value.contains('?'))
        };
        GpuReading {
            index,
            id: value("GPU UUID").map(GpuId::from_uuid),
            name: value("Model").map(Label::new),
            state,
            ..GpuReading::default()
        }
    };
    (0..).zip(addresses).map(reading).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn gpus_are_listed_by_address_with_what_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let reported = "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 16\nGPU UUID: \t GPU-1\nDevice Minor: \t 0\n";
        for (address, text) in
            [("0000:81:00.0", "Model: Unknown?\nGPU UUID: GPU-????????\n"), ("0000:01:00.0", reported)]
        {
            fs::create_dir(folder.path().join(address)).unwrap();
            fs::write(folder.path().join(address).join("information"), text).unwrap();
        }
        let gpus = list(folder.path(), GpuState::Refused);
        assert_eq!((gpus.len(), gpus[0].id.as_ref()), (2, Some(&GpuId::from_uuid("GPU-1"))));
        assert_eq!(gpus[0].name.as_ref().map(Label::as_str), Some("NVIDIA H100 80GB HBM3"));
        assert_eq!((gpus[1].index, &gpus[1].id, &gpus[1].name), (1, &None, &None));
        assert!(gpus.iter().all(|gpu| gpu.state == GpuState::Refused));
        assert_eq!(list(&folder.path().join("absent"), GpuState::Refused), Vec::new());
    }
}
