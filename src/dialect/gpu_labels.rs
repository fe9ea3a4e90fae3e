//! What the labels of a GPU's series say, as each exporter writes them.

use super::gpu_field::{GpuFieldKind, LabelStyle};
use super::process::host_of;
use crate::exposition::{LabelText, SeriesLabels};

/// The labels of one series of a GPU.
#[derive(Debug, Default)]
pub(super) struct GpuLabels<'p> {
    /// The UUID, or a maker's serial number.
    pub(super) uuid: Option<LabelText<'p>>,
    /// Whether there is a label for the UUID with any text at all.
    pub(super) is_stated: bool,
    pub(super) index: Option<LabelText<'p>>,
    pub(super) node: Option<LabelText<'p>>,
    /// The `instance` that an aggregated page has it from.
    pub(super) origin: Option<LabelText<'p>>,
    pub(super) name: Option<LabelText<'p>>,
    pub(super) state: Option<LabelText<'p>>,
    /// The number and name of a process that holds memory on it.
    pub(super) process: (Option<LabelText<'p>>, Option<LabelText<'p>>),
    /// The MIG instance of the board that the series is of.
    pub(super) instance: Option<LabelText<'p>>,
    /// Which part of a partitioned card the series is of.
    pub(super) part: CardPart,
    /// The clock that the series is of.
    clock: Option<LabelText<'p>>,
}

/// A part of a card that its driver splits into several devices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum CardPart {
    /// The card is not split.
    #[default]
    Whole,
    /// The device that also reports what the card has once: power, energy, temperature.
    First,
    /// Another device: what it reports of these is 0.
    Other,
}

impl<'p> GpuLabels<'p> {
    /// The labels of a series; `None` if it is not of a GPU.
    pub(super) fn read(style: LabelStyle, labels: SeriesLabels<'p>) -> Option<Self> {
        match style {
            LabelStyle::Usual => Some(Self::usual(labels)),
            LabelStyle::AllSmi => Some(Self::all_smi(labels)),
            LabelStyle::Amd => Self::amd(labels),
        }
    }

    fn usual(labels: SeriesLabels<'p>) -> Self {
        let (mut found, mut index) = (Self::default(), None);
        // Where a server passes on the page of another, `instance` is that server.
        let mut exported = None;
        for (key, value) in labels {
            match key {
                b"UUID" | b"uuid" | b"gpu_uuid" => found.identify(value),
                b"gpu" => found.index = said(value),
                b"index" => index = said(value),
                b"hostname" | b"Hostname" => found.node = said(value),
                b"instance" => found.origin = found.origin.or(said(value)),
                b"exported_instance" => exported = said(value),
                b"modelName" | b"name" => found.name = said(value),
                b"state" => found.state = Some(value),
                b"pid" => found.process.0 = Some(value),
                b"process" => found.process.1 = Some(value),
                b"GPU_I_ID" => found.instance = said(value),
                _ => {}
            }
        }
        found.origin = exported.or(found.origin);
        // nvidia_gpu_exporter has it with the card's name.
        found.index = found.index.or(index);
        found.checked()
    }

    /// `gpu` is the card's name, and `instance` the name of the host. Earlier releases have `uuid` and `index`.
    fn all_smi(labels: SeriesLabels<'p>) -> Self {
        let (mut found, mut instance, mut exported, mut name) = (Self::default(), None, None, None);
        for (key, value) in labels {
            match key {
                b"gpu_uuid" | b"uuid" | b"device_uuid" => found.identify(value),
                b"gpu_index" | b"index" => found.index = said(value),
                b"instance" => instance = said(value),
                b"exported_instance" => exported = said(value),
                b"gpu" => found.name = said(value),
                b"pid" => found.process.0 = Some(value),
                b"name" => name = Some(value),
                _ => {}
            }
        }
        found.process.1 = name.filter(|_| found.process.0.is_some());
        // A Prometheus server renames the exporter's `instance`, unless it is told to keep it.
        let is_host = |text: &LabelText<'_>| host_of(&text.text()) == &*text.text();
        match exported {
            Some(host) => (found.node, found.origin) = (Some(host), instance),
            None if instance.as_ref().is_some_and(is_host) => found.node = instance,
            None => found.origin = instance,
        }
        found.checked()
    }

    /// A card is known by its serial number. The devices that a card is split into share it; each has a `gpu_id`.
    fn amd(labels: SeriesLabels<'p>) -> Option<Self> {
        let (mut found, mut model, mut series, mut exported) = (Self::default(), None, None, None);
        let (mut partition, mut split, mut is_card) = (None, false, false);
        for (key, value) in labels {
            match key {
                b"gpu_id" => found.index = said(value),
                b"serial_number" => {
                    is_card = true;
                    found.identify(value);
                }
                b"card_model" => {
                    is_card = true;
                    model = said(value);
                }
                b"card_series" => series = said(value),
                b"hostname" => found.node = said(value),
                b"instance" => found.origin = found.origin.or(said(value)),
                b"exported_instance" => exported = said(value),
                b"gpu_partition_id" => partition = said(value),
                b"gpu_compute_partition_type" => split = is_split(value.raw()),
                b"clock_type" => found.clock = Some(value),
                _ => {}
            }
        }
        found.origin = exported.or(found.origin);
        // The model of some cards is the number of their device.
        found.name = model.filter(|model| !model.raw().starts_with(b"0x")).or(series).or(model);
        if split {
            let is_first = partition.is_none_or(|id| matches!(id.raw(), b"0" | b"NA"));
            found.part = if is_first { CardPart::First } else { CardPart::Other };
        }
        let index = found.index?;
        found.uuid = found.uuid.filter(|serial| !is_placeholder(serial.raw(), Some(index.raw())));
        if found.part == CardPart::Other {
            found.index = None;
        }
        is_card.then_some(found)
    }

    fn identify(&mut self, value: LabelText<'p>) {
        self.uuid = said(value);
        self.is_stated = !value.raw().is_empty();
    }

    fn checked(self) -> Self {
        let index = self.index.map(LabelText::raw);
        Self { uuid: self.uuid.filter(|uuid| is_uuid(uuid.raw(), index)), ..self }
    }

    /// What a series with these labels is of; `None` if its value is not that of the GPU.
    pub(super) fn meaning(&self, what: GpuFieldKind) -> Option<GpuFieldKind> {
        let what = match (what, self.clock) {
            (GpuFieldKind::NamedClock, Some(clock)) => named_clock(clock.raw())?,
            (GpuFieldKind::NamedClock, None) => return None,
            _ => what,
        };
        // The driver does not measure how busy each device is, and whether its memory is its share or the card's depends
        // on the release.
        let is_of_device = |what| is_share(what) || matches!(what, GpuFieldKind::Used | GpuFieldKind::Free);
        match self.part {
            CardPart::Whole => Some(what),
            CardPart::First => Some(what).filter(|what| !is_of_device(*what)),
            CardPart::Other => None,
        }
    }

    /// Whether other series with exactly these labels are of the same GPU and nothing else.
    pub(super) fn only_identify(&self) -> bool {
        let is_plain = self.state.is_none() && self.process == (None, None) && self.clock.is_none();
        is_plain && self.instance.is_none() && self.part == CardPart::Whole
    }
}

/// Whether a card is split into several devices: by the type of its compute partitions, of which SPX is one for the card.
fn is_split(kind: &[u8]) -> bool {
    [&b"dpx"[..], b"tpx", b"qpx", b"cpx"].iter().any(|known| kind.eq_ignore_ascii_case(known))
}

/// A clock by its type, which earlier releases write with a prefix. The system clock is that of the compute units.
fn named_clock(kind: &[u8]) -> Option<GpuFieldKind> {
    let kind = kind.strip_prefix(b"GPU_CLOCK_TYPE_").unwrap_or(kind);
    if kind.eq_ignore_ascii_case(b"system") {
        Some(GpuFieldKind::SmMegahertz)
    } else {
        kind.eq_ignore_ascii_case(b"memory").then_some(GpuFieldKind::MemoryMegahertz)
    }
}

/// A label's value, unless it is one that exporters print for a missing text: an empty one, DCGM's
/// `<<<NOT_SUPPORTED>>>`, or nvidia-smi's `[N/A]`.
fn said(value: LabelText<'_>) -> Option<LabelText<'_>> {
    Some(value).filter(|value| !matches!(value.raw(), [] | [b'<', b'<', b'<', ..] | [b'[', ..] | b"N/A"))
}

/// Whether a text can be a UUID. Without the prefix of its kind, only one in the form of a UUID. A PCI address is none:
/// the cards of all machines of a kind have the same.
fn is_uuid(text: &[u8], index: Option<&[u8]>) -> bool {
    let (prefixed, rest) = bare(text);
    let is_hexadecimal = || rest.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    !is_placeholder(text, index) && !text.contains(&b':') && (prefixed || is_hexadecimal())
}

/// Whether a text identifies no GPU. If the driver has no UUID, exporters print a word, a dash, zeros or the index; with
/// such a value all cards of a fleet would be one.
fn is_placeholder(text: &[u8], index: Option<&[u8]>) -> bool {
    const WORDS: [&[u8]; 10] =
        [b"unknown", b"none", b"null", b"nil", b"na", b"nan", b"undefined", b"notsupported", b"notavailable", b"error"];
    let (_, rest) = bare(text);
    let digits = || rest.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase);
    let is_word = |word: &&[u8]| digits().eq(word.iter().copied());
    let is_all = |digit: u8| digits().all(|byte| byte == digit);
    let is_mask = digits().count() >= 8 && (is_all(b'f') || is_all(b'x'));
    WORDS.iter().any(is_word) || is_all(b'0') || is_mask || index == Some(rest)
}

/// Whether a UUID has the prefix of its kind, and the text without it.
fn bare(text: &[u8]) -> (bool, &[u8]) {
    let text = text.trim_ascii();
    let begins = |prefix: &[u8]| text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let prefixed = begins(b"gpu-") || begins(b"mig-");
    (prefixed, if prefixed { text.get(4..).unwrap_or_default() } else { text })
}

/// Whether a figure of a part is not that of the whole board.
pub(super) const fn is_share(what: GpuFieldKind) -> bool {
    matches!(
        what,
        GpuFieldKind::Utilization
            | GpuFieldKind::MemoryUtilization
            | GpuFieldKind::Total
            | GpuFieldKind::Reserved
            | GpuFieldKind::EngineActive
            | GpuFieldKind::SmActive
            | GpuFieldKind::TensorActive
            | GpuFieldKind::DramActive
    )
}
