//! The settings of charts and maps: span, measure and form.

use crate::snapshot::GpuRow;
use crate::tui::widgets::margin::MarginForm;
use crate::units::{Ratio, Span};

/// The span of charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ChartSpan {
    Quarter,
    #[default]
    Hour,
    SixHours,
    Day,
}

impl ChartSpan {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Quarter, Self::Hour, Self::SixHours, Self::Day];

    /// Its length.
    pub const fn length(self) -> Span {
        Span::from_secs(match self {
            Self::Quarter => 900,
            Self::Hour => 3_600,
            Self::SixHours => 21_600,
            Self::Day => 86_400,
        })
    }

    /// Its words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quarter => "15 min",
            Self::Hour => "1 h",
            Self::SixHours => "6 h",
            Self::Day => "24 h",
        }
    }

    /// Its name as it is typed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quarter => "15m",
            Self::Hour => "1h",
            Self::SixHours => "6h",
            Self::Day => "24h",
        }
    }

    /// The next longer or shorter one; the last stays.
    #[must_use]
    pub fn stepped(self, longer: bool) -> Self {
        stepped(&Self::ALL, self as usize, longer)
    }
}

/// The next or previous value of an ordered list; the last stays.
pub(super) fn stepped<T: Copy>(all: &[T], at: usize, forward: bool) -> T {
    let to = if forward { (at + 1).min(all.len() - 1) } else { at.saturating_sub(1) };
    all[to]
}

/// The measure of the heat map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Cells {
    #[default]
    Load,
    Memory,
    Kv,
    Profit,
    Hits,
    Temperature,
    Power,
}

impl Cells {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Load, Self::Memory, Self::Kv, Self::Profit, Self::Hits, Self::Temperature, Self::Power];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL.get(self as usize + 1).copied().unwrap_or_default()
    }

    /// Its name, and the ends of its scale.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Load => ("load", "0 to 100 %"),
            Self::Memory => ("memory", "0 to 100 %"),
            Self::Kv => ("KV", "0 to 100 %"),
            Self::Profit => ("profit/h", "0 to the highest"),
            Self::Hits => ("hits", "0 to 100 %"),
            Self::Temperature => ("temp", "30 to 90°"),
            Self::Power => ("power", "0 to its limit"),
        }
    }

    /// Whether a GPU has such a figure of its own; otherwise its node's is used.
    pub const fn is_of_gpus(self) -> bool {
        !matches!(self, Self::Kv | Self::Profit | Self::Hits)
    }

    /// A GPU's figure: degrees, or a share.
    pub fn figure(self, gpu: &GpuRow) -> Option<f64> {
        match self {
            Self::Temperature => gpu.temperature_celsius.map(|degrees| f64::from(degrees.get())),
            _ => self.share(gpu),
        }
    }

    /// Such a figure in words: `load 82 %`.
    pub fn in_words(self, figure: Option<f64>) -> String {
        let name = self.names().0;
        match (self, figure) {
            (_, None) => format!("{name} –"),
            (Self::Temperature, Some(degrees)) => format!("{name} {degrees:.0}°"),
            (_, Some(share)) => format!("{name} {:.0} %", share * 100.0),
        }
    }

    /// A GPU's position on the scale.
    pub fn share(self, gpu: &GpuRow) -> Option<f64> {
        match self {
            Self::Load => gpu.heat.map(Ratio::get),
            Self::Memory => Some(gpu.memory_used_bytes?.get() as f64 / gpu.memory_total_bytes?.get() as f64),
            Self::Power => Some(gpu.power_watts? / gpu.power_limit_watts?),
            Self::Temperature => Some((f64::from(gpu.temperature_celsius?.get()) - 30.0) / 60.0),
            Self::Kv | Self::Profit | Self::Hits => None,
        }
        .filter(|share| share.is_finite())
    }
}

/// The settings of charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChartState {
    /// The span.
    pub span: ChartSpan,
    /// Whether the span was chosen: the main chart of a view has a day until then.
    pub is_chosen: bool,
    /// The measure of the heat map.
    pub cells: Cells,
    /// The large chart: cost and profit stacked, or profit about zero.
    pub form: MarginForm,
}

impl ChartState {
    /// The span of the main chart of a view.
    pub const fn main_span(self) -> ChartSpan {
        if self.is_chosen { self.span } else { ChartSpan::Day }
    }

    /// Chooses the span of all charts.
    pub(in crate::tui) const fn choose(&mut self, span: ChartSpan) {
        (self.span, self.is_chosen) = (span, true);
    }

    pub(super) fn turn_form(&mut self) {
        self.form = match self.form {
            MarginForm::Stack => MarginForm::Profit,
            MarginForm::Profit => MarginForm::Stack,
        };
    }
}
