//! Calls about one GPU.

use std::ffi::{c_char, c_uint, c_ulonglong};
use std::thread;

use crate::call::{Code, Device, INSUFFICIENT_SIZE, NOT_SUPPORTED, SUCCESS, on, put, put_text};
use crate::figures::{self, MEMORY};
use crate::plan::Plan;

/// A getter of one number.
macro_rules! number {
    ($symbol:ident, $call:literal, $type:ty, $figure:expr) => {
        /// # Safety
        /// As NVML's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $symbol(device: Device, slot: *mut $type) -> Code {
            on(device, $call, |gpu| unsafe { put(slot, answer(gpu, $call, $figure(gpu), <$type>::MAX)) })
        }
    };
}

number!(nvmlDeviceGetPowerUsage, "power", c_uint, figures::power);
number!(nvmlDeviceGetEnforcedPowerLimit, "power_limit", c_uint, |_| 700_000);
number!(nvmlDeviceGetTotalEnergyConsumption, "energy", c_ulonglong, figures::energy);
// Bit 4 (value 4): the software power cap holds the clocks on every third GPU.
number!(nvmlDeviceGetCurrentClocksThrottleReasons, "throttle", c_ulonglong, |gpu| if gpu % 3 == 2 { 4 } else { 0 });

/// A figure, or what stands for none where the plan says so.
fn answer<T>(gpu: u32, call: &str, figure: T, blank: T) -> T {
    if Plan::get().blanks(gpu, call) { blank } else { figure }
}

/// `nvmlUtilization_t`.
#[repr(C)]
pub struct Utilization {
    gpu: c_uint,
    memory: c_uint,
}

/// `nvmlMemory_v2_t`.
#[repr(C)]
pub struct Memory {
    version: c_uint,
    total: c_ulonglong,
    reserved: c_ulonglong,
    free: c_ulonglong,
    used: c_ulonglong,
}

/// `nvmlProcessInfo_v2_t`.
#[repr(C)]
pub struct Process {
    pid: c_uint,
    used: c_ulonglong,
    gpu_instance: c_uint,
    compute_instance: c_uint,
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetName(device: Device, buffer: *mut c_char, length: c_uint) -> Code {
    on(device, "name", |_| unsafe { put_text(buffer, length, &Plan::get().name) })
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetUUID(device: Device, buffer: *mut c_char, length: c_uint) -> Code {
    on(device, "uuid", |gpu| unsafe { put_text(buffer, length, &figures::uuid(gpu)) })
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetUtilizationRates(device: Device, slot: *mut Utilization) -> Code {
    on(device, "utilization", |gpu| {
        let busy = answer(gpu, "utilization", figures::utilization(gpu), c_uint::MAX);
        unsafe { put(slot, Utilization { gpu: busy, memory: answer(gpu, "utilization", busy / 2, c_uint::MAX) }) }
    })
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMemoryInfo_v2(device: Device, slot: *mut Memory) -> Code {
    on(device, "memory", |gpu| {
        let (total, reserved) = MEMORY;
        let used = figures::memory_used(gpu);
        let version = (size_of::<Memory>() | 2 << 24) as c_uint;
        if Plan::get().blanks(gpu, "memory") {
            let none = c_ulonglong::MAX;
            return unsafe { put(slot, Memory { version, total: none, reserved: none, free: none, used: none }) };
        }
        unsafe { put(slot, Memory { version, total, reserved, free: total - reserved - used, used }) }
    })
}

/// # Safety
/// As NVML's. Sensor 0 is the core.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetTemperature(device: Device, sensor: c_uint, slot: *mut c_uint) -> Code {
    on(device, "temperature", |gpu| match sensor {
        0 => unsafe { put(slot, answer(gpu, "temperature", figures::temperature(gpu), 255)) },
        _ => NOT_SUPPORTED,
    })
}

/// # Safety
/// As NVML's. Clock 1 is the SM's, 2 the memory's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetClockInfo(device: Device, clock: c_uint, slot: *mut c_uint) -> Code {
    match clock {
        1 => on(device, "sm_clock", |gpu| unsafe {
            put(slot, answer(gpu, "sm_clock", figures::sm_clock(gpu), c_uint::MAX))
        }),
        2 => on(device, "memory_clock", |gpu| unsafe { put(slot, answer(gpu, "memory_clock", 2619, c_uint::MAX)) }),
        _ => NOT_SUPPORTED,
    }
}

/// # Safety
/// As NVML's. A board without fans, as the data centre's are, is `FAKE_NVML_UNSUPPORTED=*:fan`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetFanSpeed_v2(device: Device, _fan: c_uint, slot: *mut c_uint) -> Code {
    on(device, "fan", |gpu| unsafe { put(slot, answer(gpu, "fan", 30 + gpu, c_uint::MAX)) })
}

/// # Safety
/// As NVML's. Error type 0 is corrected, 1 uncorrected; counter 0 is volatile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetTotalEccErrors(
    device: Device,
    error: c_uint,
    counter: c_uint,
    slot: *mut c_ulonglong,
) -> Code {
    on(device, "ecc", |gpu| match (error, counter) {
        (0, 0) => unsafe { put(slot, answer(gpu, "ecc", u64::from(gpu) * 10, c_ulonglong::MAX)) },
        (1, 0) => unsafe { put(slot, answer(gpu, "ecc", u64::from(gpu), c_ulonglong::MAX)) },
        _ => NOT_SUPPORTED,
    })
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMigMode(device: Device, current: *mut c_uint, pending: *mut c_uint) -> Code {
    on(device, "mig", |gpu| unsafe {
        let mode = answer(gpu, "mig", c_uint::from(Plan::get().is_mig(gpu)), c_uint::MAX);
        put(current, mode) | put(pending, mode)
    })
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetComputeRunningProcesses_v3(
    device: Device,
    count: *mut c_uint,
    slots: *mut Process,
) -> Code {
    on(device, "compute", |gpu| {
        let pids = &Plan::get().pids;
        let share = answer(gpu, "compute", figures::memory_used(gpu) / pids.len().max(1) as u64, c_ulonglong::MAX);
        unsafe { put_processes(pids, share, count, slots) }
    })
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetGraphicsRunningProcesses_v3(
    device: Device,
    count: *mut c_uint,
    slots: *mut Process,
) -> Code {
    on(device, "graphics", |_| unsafe { put_processes(&[], 0, count, slots) })
}

/// # Safety
/// `count` is valid; `slots` is null or has room for `*count` entries.
unsafe fn put_processes(pids: &[u32], used: u64, count: *mut c_uint, slots: *mut Process) -> Code {
    unsafe {
        let room = count.read() as usize;
        count.write(pids.len() as c_uint);
        if room < pids.len() {
            return INSUFFICIENT_SIZE;
        }
        for (place, &pid) in pids.iter().enumerate() {
            let process = Process { pid, used, gpu_instance: c_uint::MAX, compute_instance: c_uint::MAX };
            slots.add(place).write(process);
        }
    }
    SUCCESS
}

/// # Safety
/// As NVML's. Counter 0 is sent, 1 received, both in kB/s.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetPcieThroughput(device: Device, counter: c_uint, slot: *mut c_uint) -> Code {
    on(device, "pcie", |gpu| {
        thread::sleep(Plan::get().pcie);
        unsafe { put(slot, answer(gpu, "pcie", 100_000 * (counter + 1) + gpu, c_uint::MAX)) }
    })
}
