//! The meaning of a GPU's series, in margintop's units.

/// The meaning of a GPU's series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct GpuField {
    pub(super) what: GpuFieldKind,
    /// The factor to margintop's unit.
    pub(super) scale: f64,
    /// Whether its exporter prints 0 for a value that it does not know.
    pub(super) zero_is_unknown: bool,
    /// Whose labels the series has.
    pub(super) labels: LabelStyle,
}

/// The exporters whose labels differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LabelStyle {
    /// Those of dcgm-exporter, `nvidia_gpu_exporter`, Triton and margintop's agent.
    Usual,
    AllSmi,
    /// Those of AMD's device metrics exporter.
    Amd,
}

/// The meaning of a GPU's series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GpuFieldKind {
    Utilization,
    MemoryUtilization,
    Used,
    Free,
    Reserved,
    Total,
    Watts,
    WattLimit,
    Millijoules,
    Celsius,
    SmMegahertz,
    MemoryMegahertz,
    Fan,
    Corrected,
    Uncorrected,
    Throttle,
    Xid,
    Tx,
    Rx,
    EngineActive,
    SmActive,
    TensorActive,
    DramActive,
    MigMode,
    Index,
    /// The following ones need more than the value, after [`GpuFieldKind::FIGURES`] numbers.
    Info,
    State,
    Process,
    /// A clock that a label names.
    NamedClock,
}

impl GpuFieldKind {
    /// How many of them are one number per GPU.
    pub(super) const FIGURES: usize = Self::Info as usize;

    /// Whether labels say what it is, so that its lines differ from page to page.
    pub(super) const fn is_in_labels(self) -> bool {
        self as usize >= Self::FIGURES
    }
}
