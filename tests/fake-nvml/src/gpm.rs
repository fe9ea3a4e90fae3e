//! Hardware activity counters: two samples, then what happened between them.

use std::ffi::{CStr, c_char, c_uint};

use crate::call::{Code, Device, NOT_SUPPORTED, SUCCESS, note, on, put};
use crate::figures;

/// `nvmlGpmSupport_t`.
#[repr(C)]
pub struct Support {
    version: c_uint,
    supported: c_uint,
}

/// `nvmlGpmMetric_t`.
#[repr(C)]
pub struct Metric {
    id: c_uint,
    code: Code,
    value: f64,
    short_name: *const c_char,
    long_name: *const c_char,
    unit: *const c_char,
}

/// The head of `nvmlGpmMetricsGet_t`; the metrics follow it.
#[repr(C)]
pub struct Request {
    version: c_uint,
    count: c_uint,
    first: *mut Sample,
    second: *mut Sample,
    metrics: [Metric; 210],
}

/// What a sample handle points to.
pub struct Sample {
    gpu: u32,
}

/// # Safety
/// As NVML's. A GPU that lacks `gpm` answers, as real ones do, that it does not support it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlGpmQueryDeviceSupport(device: Device, support: *mut Support) -> Code {
    let code = on(device, "gpm", |_| unsafe { put(support, Support { version: 1, supported: 1 }) });
    if code == NOT_SUPPORTED { unsafe { put(support, Support { version: 1, supported: 0 }) } } else { code }
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlGpmSampleAlloc(slot: *mut *mut Sample) -> Code {
    unsafe { put(slot, Box::into_raw(Box::new(Sample { gpu: u32::MAX }))) }
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlGpmSampleFree(sample: *mut Sample) -> Code {
    drop(unsafe { Box::from_raw(sample) });
    SUCCESS
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlGpmSampleGet(device: Device, sample: *mut Sample) -> Code {
    on(device, "gpm_sample", |gpu| unsafe { put(sample, Sample { gpu }) })
}

/// # Safety
/// As NVML's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlGpmMetricsGet(request: *mut Request) -> Code {
    let request = unsafe { &mut *request };
    let gpu = unsafe { (*request.second).gpu };
    note("gpm_metrics", Some(gpu));
    for metric in request.metrics.iter_mut().take(request.count as usize) {
        let value = match metric.id {
            1 => Some(figures::activity(gpu, 1.0)),
            2 => Some(figures::activity(gpu, 0.8)),
            5 => Some(figures::activity(gpu, 0.5)),
            10 => Some(figures::activity(gpu, 0.6)),
            20 => Some(200.0),
            21 => Some(100.0),
            _ => None,
        };
        metric.code = if value.is_some() { SUCCESS } else { NOT_SUPPORTED };
        metric.value = value.unwrap_or_default();
        metric.short_name = text(c"figure");
        metric.long_name = text(c"a figure");
        metric.unit = text(c"%");
    }
    SUCCESS
}

fn text(words: &'static CStr) -> *const c_char {
    words.as_ptr()
}
