//! The calls of a poll to each GPU which the driver answers quickly.

use std::collections::HashMap;

use nvml_wrapper::Device;
use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::{Clock, EccCounter, MemoryError, TemperatureSensor};

use super::card::{Call, Stop, Visit};
use super::lane::GpuCalls;
use super::process::ProcessNames;
use crate::reading::{Ecc, GpuReading, Mig, Throttle};
use crate::units::{Bytes, Celsius, Energy, Megahertz, Power, Ratio};

/// The number of polls between two reads of values that rarely change.
const STEADY_LOOKS: u32 = 10;

/// The smallest number that means "not available".
const BLANK: u32 = 0x7fff_fff0;
const BLANK_LONG: u64 = 0x7fff_ffff_ffff_fff0;
/// The largest valid share, in percent.
const MOST_PERCENT: u32 = 120;
/// The highest valid temperature, in degrees Celsius. Higher values are not temperatures.
const HOTTEST: i32 = 200;

/// The polls of one thread.
#[derive(Default)]
pub(super) struct DriverPoll {
    names: ProcessNames,
    steady: HashMap<u32, (u32, Steady)>,
}

/// Values that only an operator or a hardware fault changes.
#[derive(Clone, Copy, Default)]
struct Steady {
    power_limit: Option<Power>,
    ecc: Ecc,
    mig: Option<Mig>,
}

impl GpuCalls for DriverPoll {
    type Output = GpuReading;

    fn visit(&mut self, at: &Visit<'_>) -> Result<GpuReading, Stop> {
        at.ask_identity()?;
        let steady = self.steady(at)?;
        let utilization = at.ask(Call::Utilization, Device::utilization_rates)?;
        let memory = at.ask(Call::Memory, Device::memory_info)?;
        let bytes = |bytes: u64| reported_long(bytes).map(Bytes::new);
        let reading = GpuReading {
            index: at.card.index,
            id: at.card.id(),
            name: at.card.name(),
            utilization: utilization.as_ref().and_then(|u| percent(u.gpu)),
            memory_utilization: utilization.as_ref().and_then(|u| percent(u.memory)),
            // Version 2 of the call reports the driver's reserve separately.
            memory_used: memory.as_ref().and_then(|m| bytes(m.used)),
            memory_total: memory.as_ref().and_then(|m| bytes(m.total)),
            power: at.ask(Call::Power, Device::power_usage)?.and_then(reported).map(Power::new),
            power_limit: steady.power_limit,
            energy: at.ask(Call::Energy, Device::total_energy_consumption)?.and_then(reported_long).map(Energy::new),
            temperature: at.ask(Call::Temperature, |d| d.temperature(TemperatureSensor::Gpu))?.and_then(celsius),
            sm_clock: at.ask(Call::SmClock, |d| d.clock_info(Clock::SM))?.and_then(reported).map(Megahertz::new),
            memory_clock: at
                .ask(Call::MemoryClock, |d| d.clock_info(Clock::Memory))?
                .and_then(reported)
                .map(Megahertz::new),
            fan: at.ask(Call::Fan, |d| d.fan_speed(0))?.and_then(percent),
            ecc: steady.ecc,
            throttle: at.ask(Call::Throttle, Device::current_throttle_reasons)?.and_then(throttle),
            mig: steady.mig,
            processes: self.names.ask(at)?,
            ..GpuReading::default()
        };
        at.judge()?;
        Ok(reading)
    }
}

impl DriverPoll {
    fn steady(&mut self, at: &Visit<'_>) -> Result<Steady, Stop> {
        if let Some((age, steady)) = self.steady.get_mut(&at.card.index)
            && *age < STEADY_LOOKS
        {
            *age += 1;
            return Ok(*steady);
        }
        let errors =
            |call, kind| Ok(at.ask(call, |d| d.total_ecc_errors(kind, EccCounter::Volatile))?.and_then(reported_long));
        let steady = Steady {
            power_limit: at.ask(Call::PowerLimit, Device::enforced_power_limit)?.and_then(reported).map(Power::new),
            ecc: Ecc {
                corrected: errors(Call::Corrected, MemoryError::Corrected)?,
                uncorrected: errors(Call::Uncorrected, MemoryError::Uncorrected)?,
            },
            mig: at.ask(Call::Mig, Device::mig_mode)?.and_then(|m| mig(m.current)),
        };
        self.steady.insert(at.card.index, (1, steady));
        Ok(steady)
    }
}

/// A number, unless it means "not available": NVML uses the largest unsigned number for that, DCGM numbers just below the
/// largest signed one.
pub(super) fn reported(number: u32) -> Option<u32> {
    (number < BLANK).then_some(number)
}

fn reported_long(number: u64) -> Option<u64> {
    (number < BLANK_LONG).then_some(number)
}

/// A share in percent. A fan's may be slightly above 100.
fn percent(percent: u32) -> Option<Ratio> {
    (percent <= MOST_PERCENT).then(|| Ratio::from_percent(f64::from(percent))).flatten()
}

fn celsius(degrees: u32) -> Option<Celsius> {
    i32::try_from(degrees).ok().filter(|degrees| *degrees <= HOTTEST).map(Celsius::new)
}

const fn mig(mode: u32) -> Option<Mig> {
    match mode {
        0 => Some(Mig::Off),
        1 => Some(Mig::On),
        _ => None,
    }
}

/// The reasons that clocks are reduced. If the bits of all reasons are set, including idle, the value is not available.
fn throttle(reasons: ThrottleReasons) -> Option<Throttle> {
    if reasons.is_all() {
        return None;
    }
    let heat = ThrottleReasons::SW_THERMAL_SLOWDOWN | ThrottleReasons::HW_THERMAL_SLOWDOWN;
    let hardware = ThrottleReasons::HW_SLOWDOWN | ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN;
    Some(Throttle {
        power: reasons.intersects(ThrottleReasons::SW_POWER_CAP),
        thermal: reasons.intersects(heat),
        hardware: reasons.intersects(hardware),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_is_no_number() {
        assert_eq!((reported(700_000), reported(0x7fff_fff0), reported(u32::MAX)), (Some(700_000), None, None));
        assert_eq!((reported_long(1 << 50), reported_long(u64::MAX)), (Some(1 << 50), None));
        assert_eq!((percent(100).is_some(), percent(u32::MAX)), (true, None));
        assert_eq!((celsius(90), celsius(255), celsius(u32::MAX)), (Some(Celsius::new(90)), None, None));
        assert_eq!((mig(1), mig(u32::MAX)), (Some(Mig::On), None));
    }

    #[test]
    fn idleness_and_application_clocks_slow_nothing_down() {
        let idle = ThrottleReasons::GPU_IDLE | ThrottleReasons::APPLICATIONS_CLOCKS_SETTING;
        assert!(!throttle(idle).unwrap().any());
        assert!(throttle(ThrottleReasons::SW_POWER_CAP).unwrap().power);
        assert!(throttle(ThrottleReasons::HW_THERMAL_SLOWDOWN).unwrap().thermal);
        assert!(throttle(ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN).unwrap().hardware);
        assert_eq!(throttle(ThrottleReasons::all()), None, "a blank");
    }
}
