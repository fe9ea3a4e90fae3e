//! Calls about the library and the machine.

use std::ffi::{c_char, c_int, c_uint};

use crate::call::{Code, Device, INVALID_ARGUMENT, handle, note, on, put, put_text};
use crate::plan::Plan;

#[unsafe(no_mangle)]
pub extern "C" fn nvmlInit_v2() -> Code {
    note("init", None);
    std::thread::sleep(Plan::get().init_takes);
    Plan::get().init
}

/// Tests look for this line in the log: the program must never shut the library down.
#[unsafe(no_mangle)]
pub extern "C" fn nvmlShutdown() -> Code {
    note("shutdown", None);
    0
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetDriverVersion(buffer: *mut c_char, length: c_uint) -> Code {
    note("driver", None);
    unsafe { put_text(buffer, length, &Plan::get().driver) }
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetCudaDriverVersion_v2(version: *mut c_int) -> Code {
    note("cuda", None);
    unsafe { put(version, 13_000) }
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCount_v2(count: *mut c_uint) -> Code {
    note("count", None);
    if Plan::get().count != 0 {
        return Plan::get().count;
    }
    unsafe { put(count, Plan::get().gpus) }
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(index: c_uint, device: *mut Device) -> Code {
    if index >= Plan::get().gpus {
        return INVALID_ARGUMENT;
    }
    on(handle(index), "handle", |gpu| unsafe { put(device, handle(gpu)) })
}
