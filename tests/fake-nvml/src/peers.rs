//! What other GPU monitors ask besides, so that costs can be compared over the same library.

use std::ffi::{c_char, c_uint};

use crate::call::{Code, Device, NOT_SUPPORTED, on, put};
use crate::figures;

/// `nvmlPciInfo_t`.
#[repr(C)]
pub struct Pci {
    legacy: [c_char; 16],
    domain: c_uint,
    bus: c_uint,
    device: c_uint,
    id: c_uint,
    subsystem: c_uint,
    bus_id: [c_char; 32],
}

/// `nvmlMemory_t`: all of it, free, used.
#[repr(C)]
pub struct OldMemory {
    total: u64,
    free: u64,
    used: u64,
}

fn text<const N: usize>(text: &str) -> [c_char; N] {
    let mut field = [0; N];
    for (slot, byte) in field.iter_mut().zip(text.bytes().take(N - 1)) {
        *slot = byte.cast_signed();
    }
    field
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlErrorString(_code: Code) -> *const c_char {
    c"a stand-in driver's error".as_ptr()
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetPciInfo_v3(device: Device, slot: *mut Pci) -> Code {
    on(device, "pci", |gpu| {
        let bus_id = format!("00000000:{:02X}:00.0", gpu + 0x19);
        let pci = Pci {
            legacy: text(&bus_id[4..]),
            domain: 0,
            bus: gpu + 0x19,
            device: 0,
            id: 0,
            subsystem: 0,
            bus_id: text(&bus_id),
        };
        unsafe { put(slot, pci) }
    })
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMemoryInfo(device: Device, slot: *mut OldMemory) -> Code {
    on(device, "memory", |gpu| {
        let (total, used) = (80 << 30, figures::memory_used(gpu));
        unsafe { put(slot, OldMemory { total, free: total - used, used }) }
    })
}

/// A figure that never moves.
macro_rules! constant {
    ($($name:ident($value:expr);)*) => {$(
        /// # Safety
        /// As NVML's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(device: Device, slot: *mut c_uint) -> Code {
            on(device, "constant", |_| unsafe { put(slot, $value) })
        }
    )*};
}
constant! {
    nvmlDeviceGetCurrPcieLinkGeneration(5);
    nvmlDeviceGetMaxPcieLinkGeneration(5);
    nvmlDeviceGetCurrPcieLinkWidth(16);
    nvmlDeviceGetMaxPcieLinkWidth(16);
    nvmlDeviceGetFanSpeed(30);
}

/// A figure of which the second argument chooses a kind.
macro_rules! chosen {
    ($($name:ident($value:expr);)*) => {$(
        /// # Safety
        /// As NVML's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(device: Device, _kind: c_uint, slot: *mut c_uint) -> Code {
            on(device, "constant", |_| unsafe { put(slot, $value) })
        }
    )*};
}
chosen! {
    nvmlDeviceGetMaxClockInfo(1980);
    nvmlDeviceGetTemperatureThreshold(90);
}

/// Two figures: how busy, and over how many microseconds.
macro_rules! sampled {
    ($($name:ident;)*) => {$(
        /// # Safety
        /// As NVML's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(device: Device, busy: *mut c_uint, period: *mut c_uint) -> Code {
            on(device, "constant", |_| match unsafe { put(busy, 0) } {
                0 => unsafe { put(period, 167_000) },
                code => code,
            })
        }
    )*};
}
sampled! {
    nvmlDeviceGetEncoderUtilization;
    nvmlDeviceGetDecoderUtilization;
}

/// # Safety
/// As NVML's; nothing is written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetProcessUtilization(
    device: Device,
    _samples: *mut u8,
    _count: *mut c_uint,
    _since: u64,
) -> Code {
    on(device, "constant", |_| NOT_SUPPORTED)
}

/// Process lists in their first form: nobody.
macro_rules! nobody {
    ($($name:ident;)*) => {$(
        /// # Safety
        /// As NVML's; no entry is written.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(device: Device, count: *mut c_uint, _entries: *mut u8) -> Code {
            on(device, "constant", |_| unsafe { put(count, 0) })
        }
    )*};
}
nobody! {
    nvmlDeviceGetComputeRunningProcesses;
    nvmlDeviceGetGraphicsRunningProcesses;
}
