//! What every call goes through: it is counted, delayed, refused or never answered, as planned.

use std::ffi::{c_char, c_uint, c_void};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use crate::plan::Plan;

/// NVML's return code.
pub type Code = c_uint;

pub const SUCCESS: Code = 0;
pub const INVALID_ARGUMENT: Code = 2;
pub const NOT_SUPPORTED: Code = 3;
pub const NO_PERMISSION: Code = 4;
pub const INSUFFICIENT_SIZE: Code = 7;
pub const TIMEOUT: Code = 10;
pub const GPU_IS_LOST: Code = 15;
pub const UNKNOWN: Code = 999;

/// A device handle: the index plus one, so that none is null.
pub type Device = *mut c_void;

/// The handle of a GPU.
pub fn handle(gpu: u32) -> Device {
    (gpu as usize + 1) as Device
}

/// Does `work` for the GPU behind `device`, unless the plan says otherwise.
pub fn on(device: Device, call: &str, work: impl FnOnce(u32) -> Code) -> Code {
    let plan = Plan::get();
    let gpu = (device as usize).wrapping_sub(1) as u32;
    if gpu >= plan.gpus {
        return INVALID_ARGUMENT;
    }
    note(call, Some(gpu));
    while plan.hangs(gpu, call) {
        thread::sleep(Duration::from_millis(100));
    }
    thread::sleep(plan.delay(gpu));
    if plan.is_lost(gpu) {
        GPU_IS_LOST
    } else if plan.lacks(gpu, call) {
        NOT_SUPPORTED
    } else if plan.denies(gpu, call) {
        NO_PERMISSION
    } else if plan.fails(gpu, call) {
        UNKNOWN
    } else {
        work(gpu)
    }
}

/// Writes a line about a call to the log, if there is one.
pub fn note(call: &str, gpu: Option<u32>) {
    static LOG: OnceLock<Option<Mutex<File>>> = OnceLock::new();
    let open = |path: &String| OpenOptions::new().create(true).append(true).open(path).ok().map(Mutex::new);
    let log = LOG.get_or_init(|| Plan::get().log.as_ref().and_then(open));
    let Some(mut file) = log.as_ref().and_then(|f| f.lock().ok()) else { return };
    let line = gpu.map_or_else(|| format!("{call} -\n"), |g| format!("{call} {g}\n"));
    let _ = file.write_all(line.as_bytes());
}

/// Stores a result.
///
/// # Safety
/// `slot` is null or valid for writes.
pub unsafe fn put<T>(slot: *mut T, value: T) -> Code {
    if slot.is_null() {
        return INVALID_ARGUMENT;
    }
    unsafe { slot.write(value) };
    SUCCESS
}

/// Stores a string with its terminating zero.
///
/// # Safety
/// `buffer` is null or valid for writes of `length` bytes.
pub unsafe fn put_text(buffer: *mut c_char, length: c_uint, text: &str) -> Code {
    if buffer.is_null() || text.len() >= length as usize {
        return INSUFFICIENT_SIZE;
    }
    unsafe {
        buffer.copy_from_nonoverlapping(text.as_ptr().cast(), text.len());
        buffer.add(text.len()).write(0);
    }
    SUCCESS
}
