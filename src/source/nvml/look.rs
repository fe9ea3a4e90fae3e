//! What a look asks of each GPU: everything that the driver answers quickly.

use std::collections::HashMap;

use nvml_wrapper::Device;
use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::{Clock, EccCounter, MemoryError, TemperatureSensor};

use super::card::{Call, Stop, Visit};
use super::lane::Round;
use super::process::Names;
use crate::reading::{Ecc, GpuReading, Mig, Throttle};
use crate::units::{Bytes, Celsius, Energy, Megahertz, Power, Ratio};

/// Every how many looks it is asked what seldom changes.
const STEADY_LOOKS: u32 = 10;

/// The looks of one thread.
#[derive(Default)]
pub(super) struct Look {
    names: Names,
    steady: HashMap<u32, (u32, Steady)>,
}

/// What seldom changes: a person or a broken board does it.
#[derive(Clone, Copy, Default)]
struct Steady {
    power_limit: Option<Power>,
    ecc: Ecc,
    mig: Option<Mig>,
}

impl Round for Look {
    type Found = GpuReading;

    fn visit(&mut self, at: &Visit<'_>) -> Result<GpuReading, Stop> {
        at.ask_identity()?;
        let steady = self.steady(at)?;
        let utilization = at.ask(Call::Utilization, Device::utilization_rates)?;
        let memory = at.ask(Call::Memory, Device::memory_info)?;
        let percent = |p: u32| Ratio::from_percent(f64::from(p));
        Ok(GpuReading {
            index: at.card.index,
            id: at.card.id(),
            name: at.card.name(),
            utilization: utilization.as_ref().and_then(|u| percent(u.gpu)),
            memory_utilization: utilization.as_ref().and_then(|u| percent(u.memory)),
            // Version 2 of the call: the driver's reserve is told apart.
            memory_used: memory.as_ref().map(|m| Bytes::new(m.used)),
            memory_total: memory.as_ref().map(|m| Bytes::new(m.total)),
            power: at.ask(Call::Power, Device::power_usage)?.map(Power::new),
            power_limit: steady.power_limit,
            energy: at.ask(Call::Energy, Device::total_energy_consumption)?.map(Energy::new),
            temperature: at.ask(Call::Temperature, |d| d.temperature(TemperatureSensor::Gpu))?.and_then(celsius),
            sm_clock: at.ask(Call::SmClock, |d| d.clock_info(Clock::SM))?.map(Megahertz::new),
            memory_clock: at.ask(Call::MemoryClock, |d| d.clock_info(Clock::Memory))?.map(Megahertz::new),
            fan: at.ask(Call::Fan, |d| d.fan_speed(0))?.and_then(percent),
            ecc: steady.ecc,
            throttle: at.ask(Call::Throttle, Device::current_throttle_reasons)?.map(throttle),
            mig: steady.mig,
            processes: self.names.ask(at)?,
            ..GpuReading::default()
        })
    }
}

impl Look {
    fn steady(&mut self, at: &Visit<'_>) -> Result<Steady, Stop> {
        if let Some((age, steady)) = self.steady.get_mut(&at.card.index)
            && *age < STEADY_LOOKS
        {
            *age += 1;
            return Ok(*steady);
        }
        let errors = |call, kind| at.ask(call, |d| d.total_ecc_errors(kind, EccCounter::Volatile));
        let steady = Steady {
            power_limit: at.ask(Call::PowerLimit, Device::enforced_power_limit)?.map(Power::new),
            ecc: Ecc {
                corrected: errors(Call::Corrected, MemoryError::Corrected)?,
                uncorrected: errors(Call::Uncorrected, MemoryError::Uncorrected)?,
            },
            mig: at.ask(Call::Mig, Device::mig_mode)?.map(|m| if m.current == 1 { Mig::On } else { Mig::Off }),
        };
        self.steady.insert(at.card.index, (1, steady));
        Ok(steady)
    }
}

fn celsius(degrees: u32) -> Option<Celsius> {
    i32::try_from(degrees).ok().map(Celsius::new)
}

fn throttle(reasons: ThrottleReasons) -> Throttle {
    let heat = ThrottleReasons::SW_THERMAL_SLOWDOWN | ThrottleReasons::HW_THERMAL_SLOWDOWN;
    let hardware = ThrottleReasons::HW_SLOWDOWN | ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN;
    Throttle {
        power: reasons.intersects(ThrottleReasons::SW_POWER_CAP),
        thermal: reasons.intersects(heat),
        hardware: reasons.intersects(hardware),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idleness_and_application_clocks_slow_nothing_down() {
        let idle = ThrottleReasons::GPU_IDLE | ThrottleReasons::APPLICATIONS_CLOCKS_SETTING;
        assert!(!throttle(idle).any());
        assert!(throttle(ThrottleReasons::SW_POWER_CAP).power);
        assert!(throttle(ThrottleReasons::HW_THERMAL_SLOWDOWN).thermal);
        assert!(throttle(ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN).hardware);
    }
}
