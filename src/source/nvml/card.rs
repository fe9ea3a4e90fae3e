//! One GPU of the driver: its handle, its constant properties, and its unsupported calls.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};

use super::pulse::Pulse;
use crate::reading::{GpuId, GpuState, Label};

/// The calls to a GPU. Unsupported calls are remembered by these names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Call {
    Handle,
    Name,
    Uuid,
    Utilization,
    Memory,
    Power,
    PowerLimit,
    Energy,
    Temperature,
    SmClock,
    MemoryClock,
    Fan,
    Corrected,
    Uncorrected,
    Throttle,
    Mig,
    Compute,
    Graphics,
    PcieSent,
    PcieReceived,
    Gpm,
}

/// The reason that a visit of a GPU ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// It is in this state, without values.
    Out(GpuState),
    /// The call returned after its thread was written off.
    WrittenOff,
}

/// One GPU. Threads share it, so that a new thread knows the results of earlier ones.
#[derive(Debug)]
pub(super) struct Card {
    /// The driver's index.
    pub(super) index: u32,
    nvml: &'static Nvml,
    device: OnceLock<Device<'static>>,
    name: OnceLock<Label>,
    id: OnceLock<GpuId>,
    /// A bit for each [`Call`] that is not supported.
    refused: AtomicU32,
    /// A bit for each [`Call`] that was refused for lack of permission.
    denied: AtomicU32,
}

impl Card {
    pub(super) fn new(nvml: &'static Nvml, index: u32) -> Self {
        Self {
            index,
            nvml,
            device: OnceLock::new(),
            name: OnceLock::new(),
            id: OnceLock::new(),
            refused: AtomicU32::new(0),
            denied: AtomicU32::new(0),
        }
    }

    /// The product name, once it is known.
    pub(super) fn name(&self) -> Option<Label> {
        self.name.get().cloned()
    }

    /// The id, once it is known.
    pub(super) fn id(&self) -> Option<GpuId> {
        self.id.get().cloned()
    }

    fn has_refused(&self, call: Call) -> bool {
        self.refused.load(Ordering::Relaxed) & (1 << call as u8) != 0
    }

    fn was_denied(&self, call: Call) -> bool {
        self.denied.load(Ordering::Relaxed) & (1 << call as u8) != 0
    }

    /// Records a call that is never to be made again.
    pub(super) fn refuse(&self, call: Call) {
        self.refused.fetch_or(1 << call as u8, Ordering::Relaxed);
    }
}

/// The results of the calls of one visit.
#[derive(Debug, Default)]
pub(super) struct CardTally {
    /// Whether a call returned a value.
    answered: Cell<bool>,
    /// Whether a call was refused for lack of permission.
    denied: Cell<bool>,
    /// Whether a call failed with an unspecific error.
    failed: Cell<bool>,
}

/// A thread's visit of a GPU. Each call increments the thread's pulse.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) card: &'a Card,
    pub(super) pulse: &'a Pulse,
    pub(super) tally: &'a CardTally,
}

impl Visit<'_> {
    /// Makes a call whose result may change. `None` if the call is unsupported or failed.
    pub(super) fn ask<T>(
        &self,
        call: Call,
        question: impl FnOnce(&Device<'static>) -> Result<T, NvmlError>,
    ) -> Result<Option<T>, Stop> {
        if self.card.has_refused(call) {
            self.tally.denied.set(self.tally.denied.get() || self.card.was_denied(call));
            return Ok(None);
        }
        let device = self.device()?;
        self.settle(call, || question(device))
    }

    /// Returns an error for a visit without any value, if permission was missing or all errors were unspecific.
    pub(super) fn judge(&self) -> Result<(), Stop> {
        match self.tally {
            tally if tally.answered.get() => Ok(()),
            tally if tally.denied.get() => Err(Stop::Out(GpuState::Refused)),
            tally if tally.failed.get() => Err(Stop::Out(GpuState::Failing)),
            _ => Ok(()),
        }
    }

    /// Makes the calls whose results never change, unless they are known.
    pub(super) fn ask_identity(&self) -> Result<(), Stop> {
        if self.card.name.get().is_none()
            && let Some(name) = self.ask(Call::Name, Device::name)?
        {
            let _ = self.card.name.set(Label::new(&name));
        }
        if self.card.id.get().is_none()
            && let Some(uuid) = self.ask(Call::Uuid, Device::uuid)?.filter(|uuid| !uuid.trim().is_empty())
        {
            let _ = self.card.id.set(GpuId::from_uuid(&uuid));
        }
        Ok(())
    }

    /// The handle, without which no call can be made.
    fn device(&self) -> Result<&Device<'static>, Stop> {
        if let Some(device) = self.card.device.get() {
            return Ok(device);
        }
        let device = self.settle(Call::Handle, || self.card.nvml.device_by_index(self.card.index))?;
        match device {
            Some(device) => Ok(self.card.device.get_or_init(|| device)),
            None if self.tally.denied.get() => Err(Stop::Out(GpuState::Refused)),
            None => Err(Stop::Out(GpuState::Failing)),
        }
    }

    fn settle<T>(&self, call: Call, question: impl FnOnce() -> Result<T, NvmlError>) -> Result<Option<T>, Stop> {
        self.pulse.beat(self.card.index);
        let answer = question();
        if self.pulse.is_written_off() {
            return Err(Stop::WrittenOff);
        }
        match answer {
            Ok(value) => {
                let says_who = matches!(call, Call::Handle | Call::Name | Call::Uuid);
                self.tally.answered.set(self.tally.answered.get() || !says_who);
                Ok(Some(value))
            }
            Err(NvmlError::GpuLost | NvmlError::ResetRequired) => Err(Stop::Out(GpuState::Lost)),
            Err(error) => {
                if matches!(error, NvmlError::NoPermission) {
                    self.tally.denied.set(true);
                    self.card.denied.fetch_or(1 << call as u8, Ordering::Relaxed);
                }
                if is_final(&error) {
                    self.card.refuse(call);
                } else {
                    self.tally.failed.set(true);
                }
                Ok(None)
            }
        }
    }
}

/// Whether an error is permanent while this process runs.
const fn is_final(error: &NvmlError) -> bool {
    matches!(
        error,
        NvmlError::NotSupported
            | NvmlError::NoPermission
            | NvmlError::InvalidArg
            | NvmlError::FunctionNotFound
            | NvmlError::FailedToLoadSymbol(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_library_without_a_symbol_is_a_final_refusal() {
        assert!(is_final(&NvmlError::FailedToLoadSymbol("nvmlDeviceGetMemoryInfo_v2".to_owned())));
        assert!(is_final(&NvmlError::NotSupported));
        assert!(!is_final(&NvmlError::Unknown));
        assert!(!is_final(&NvmlError::Timeout));
    }
}
