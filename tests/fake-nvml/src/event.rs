//! XID errors, sent once to whoever waits.

use std::collections::BTreeSet;
use std::ffi::{c_uint, c_ulonglong, c_void};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::call::{Code, Device, SUCCESS, TIMEOUT, handle, note, on, put};
use crate::plan::Plan;

/// `nvmlEventData_t`.
#[repr(C)]
pub struct Data {
    device: Device,
    kind: c_ulonglong,
    data: c_ulonglong,
    gpu_instance: c_uint,
    compute_instance: c_uint,
}

/// `nvmlEventTypeXidCriticalError`.
const XID: c_ulonglong = 8;

static SENT: Mutex<BTreeSet<(u32, u64)>> = Mutex::new(BTreeSet::new());

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlEventSetCreate(set: *mut *mut c_void) -> Code {
    note("event_set", None);
    unsafe { put(set, handle(0)) }
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlEventSetFree(_set: *mut c_void) -> Code {
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlDeviceRegisterEvents(device: Device, _kinds: c_ulonglong, _set: *mut c_void) -> Code {
    on(device, "register_events", |_| SUCCESS)
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlEventSetWait_v2(_set: *mut c_void, data: *mut Data, timeout: c_uint) -> Code {
    let until = Instant::now() + Duration::from_millis(timeout.into());
    loop {
        if let Some((gpu, xid)) = untold() {
            let device = handle(gpu);
            let event = Data { device, kind: XID, data: xid, gpu_instance: c_uint::MAX, compute_instance: c_uint::MAX };
            return unsafe { put(data, event) };
        }
        if Instant::now() >= until {
            return TIMEOUT;
        }
        // Where none is planned, waiting costs nothing, as with the true library.
        let nap = if Plan::get().expects_xid() { Duration::from_millis(20) } else { Duration::MAX };
        thread::sleep(nap.min(until.saturating_duration_since(Instant::now())));
    }
}

/// The next error that was not reported yet.
fn untold() -> Option<(u32, u64)> {
    let mut sent = SENT.lock().ok()?;
    let next = Plan::get().xids().into_iter().find(|x| !sent.contains(x))?;
    sent.insert(next);
    Some(next)
}

/// # Safety
/// As NVML's: how a waiter learns which GPU an event is about.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetIndex(device: Device, slot: *mut c_uint) -> Code {
    on(device, "index", |gpu| unsafe { put(slot, gpu) })
}
