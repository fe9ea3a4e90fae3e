//! The driver's error events, received on a separate thread.

use std::sync::mpsc::Sender;
use std::thread;

#[cfg(target_os = "linux")]
use nvml_wrapper::bitmasks::event::EventTypes;
use nvml_wrapper::enums::event::XidError;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, EventSet, Nvml};

use super::message::LaneMessage;

/// How long one wait lasts, in milliseconds.
const WAIT: u32 = 600_000;
/// The code of an unknown error in the driver's documentation.
const UNKNOWN: u32 = 999;

/// Sends every XID error from now on until the receiver is dropped; none if the driver does not support events.
pub(super) fn watch(nvml: &'static Nvml, gpus: u32, sender: Sender<LaneMessage>) {
    let _ = thread::Builder::new().name("nvml-xid".to_owned()).spawn(move || {
        let Some(events) = register(nvml, gpus) else { return };
        loop {
            match events.wait(WAIT) {
                Ok(event) => {
                    let (Some(code), Ok(gpu)) = (event.event_data, event.device.index()) else { continue };
                    let code = match code {
                        XidError::Value(code) => u32::try_from(code).unwrap_or(UNKNOWN),
                        XidError::Unknown => UNKNOWN,
                    };
                    if sender.send(LaneMessage::Xid { gpu, code }).is_err() {
                        return;
                    }
                }
                Err(NvmlError::Timeout) => {}
                Err(_) => return,
            }
        }
    });
}

/// An event set with every GPU that supports events. A failed registration consumes the set, so it is created again without
/// that GPU.
fn register(nvml: &'static Nvml, gpus: u32) -> Option<EventSet<'static>> {
    let mut willing: Vec<u32> = (0..gpus).collect();
    while !willing.is_empty() {
        match register_all(nvml, &willing) {
            Ok(events) => return Some(events),
            Err(refused) => willing.retain(|gpu| *gpu != refused),
        }
    }
    None
}

/// An event set with all of `gpus`, or the first GPU that failed.
fn register_all(nvml: &'static Nvml, gpus: &[u32]) -> Result<EventSet<'static>, u32> {
    let first = gpus.first().copied().unwrap_or_default();
    let events = nvml.create_event_set().map_err(|_| first)?;
    gpus.iter().try_fold(events, |events, gpu| {
        let device = nvml.device_by_index(*gpu).map_err(|_| *gpu)?;
        register_gpu(&device, events).ok_or(*gpu)
    })
}

/// Adds a GPU to the set. The driver has events on Linux only.
#[cfg(target_os = "linux")]
fn register_gpu(device: &Device<'static>, events: EventSet<'static>) -> Option<EventSet<'static>> {
    device.register_events(EventTypes::CRITICAL_XID_ERROR, events).ok()
}

#[cfg(not(target_os = "linux"))]
fn register_gpu(_device: &Device<'static>, _events: EventSet<'static>) -> Option<EventSet<'static>> {
    None
}
