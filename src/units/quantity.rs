//! Measurements of a GPU or a page. None of these is money, so floats are used if the source prints them.

use serde::{Deserialize, Serialize};

/// A finite fraction, usually 0 to 1; a quotient of two amounts may be any finite number.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64")]
pub struct Ratio(f64);

impl Ratio {
    /// `value`, unless it is `NaN` or infinite.
    pub fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    /// `percent` hundredths, unless it is `NaN` or infinite.
    pub fn from_percent(percent: f64) -> Option<Self> {
        Self::new(percent / 100.0)
    }

    /// `part / whole`, unless the whole is zero.
    pub fn of(part: f64, whole: f64) -> Option<Self> {
        if whole == 0.0 { None } else { Self::new(part / whole) }
    }

    /// The fraction.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Ratio {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        Self::new(value).ok_or("a ratio is a finite number")
    }
}

macro_rules! whole_quantity {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        pub struct $name($inner);

        impl $name {
            /// Wraps an amount.
            pub const fn new(value: $inner) -> Self {
                Self(value)
            }

            /// The amount.
            pub const fn get(self) -> $inner {
                self.0
            }
        }
    };
}

whole_quantity!(
    /// Bytes.
    Bytes(u64)
);
whole_quantity!(
    /// Bytes a second.
    BytesPerSecond(u64)
);
whole_quantity!(
    /// Degrees Celsius.
    Celsius(i32)
);
whole_quantity!(
    /// Megahertz.
    Megahertz(u32)
);
whole_quantity!(
    /// Power in milliwatts, as in NVML.
    Power(u32)
);
whole_quantity!(
    /// Energy in millijoules since the driver was loaded, as in NVML.
    Energy(u64)
);

impl Bytes {
    /// `mib` mebibytes.
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib * 1024 * 1024)
    }
}

impl Power {
    /// The power in watts.
    pub fn watts(self) -> f64 {
        f64::from(self.0) / 1000.0
    }

    /// `watts` watts; `None` unless finite and not negative.
    pub fn from_watts(watts: f64) -> Option<Self> {
        (watts.is_finite() && watts >= 0.0 && watts < f64::from(u32::MAX) / 1000.0)
            .then(|| Self((watts * 1000.0).round() as u32))
    }
}

impl Energy {
    /// The energy in joules.
    pub fn joules(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}
