//! The frames of a stream, and a past as a frame of its own.

use std::sync::Arc;

use crate::columns::{ColumnWriter, Columnar, FrameError};
use crate::ledger::Past;
use crate::snapshot::{Coverage, EngineRow, NodeRow, Snapshot};

/// The first bytes of a stream, and of a past: the version of everything behind them.
pub const PREAMBLE: &[u8] = concat!("margintop-attach ", env!("CARGO_PKG_VERSION"), " 1\n").as_bytes();
/// The largest frame, compressed.
const LARGEST: usize = 64 << 20;
/// The bytes before a frame: its length, whether it is whole, and its number.
const HEAD: usize = 13;

/// From so many rows of GPUs and engines on, every second frame has those of the frame before: totals move every second,
/// rows every two.
const MANY_ROWS: usize = 1000;

/// Snapshots as frames.
#[derive(Debug, Default)]
pub struct FrameWriter {
    last: Option<Arc<ColumnWriter>>,
    rows: Option<SentRows>,
    number: u64,
}

/// The rows of the last frame.
#[derive(Debug)]
struct SentRows {
    nodes: Vec<Arc<NodeRow>>,
    engines: Vec<Arc<EngineRow>>,
    coverage: Coverage,
    alerts: usize,
}

/// One snapshot, to be sent whole or as the difference from the one before.
#[derive(Debug, Clone)]
pub struct Frame {
    number: u64,
    columns: Arc<ColumnWriter>,
    before: Option<Arc<ColumnWriter>>,
}

impl FrameWriter {
    /// The frame of the next snapshot.
    pub fn next(&mut self, snapshot: &Snapshot) -> Frame {
        let mut columns = ColumnWriter::default();
        if let Some(sent) = self.rows.take().filter(|sent| sent.still_hold(snapshot)) {
            Snapshot { nodes: sent.nodes, engines: sent.engines, ..snapshot.clone() }.put(&mut columns);
        } else {
            snapshot.put(&mut columns);
            self.rows = SentRows::of(snapshot);
        }
        let columns = Arc::new(columns);
        self.number += 1;
        let before = self.last.replace(Arc::clone(&columns));
        Frame { number: self.number, columns, before }
    }
}

impl SentRows {
    /// The rows of a large fleet.
    fn of(snapshot: &Snapshot) -> Option<Self> {
        let count = snapshot.engines.len() + snapshot.nodes.iter().map(|node| node.gpus.len()).sum::<usize>();
        (count >= MANY_ROWS).then(|| Self {
            nodes: snapshot.nodes.clone(),
            engines: snapshot.engines.clone(),
            coverage: snapshot.coverage,
            alerts: snapshot.alerts.len(),
        })
    }

    /// Whether a snapshot may be shown with these rows: nothing appeared, left or fell silent.
    fn still_hold(&self, snapshot: &Snapshot) -> bool {
        self.coverage == snapshot.coverage
            && self.alerts == snapshot.alerts.len()
            && (self.nodes.len(), self.engines.len()) == (snapshot.nodes.len(), snapshot.engines.len())
    }
}

impl Frame {
    /// Its number; the next one's is one more.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The bytes for a client that has nothing yet, or missed a frame.
    pub fn whole(&self) -> Vec<u8> {
        framed(self.number, true, &self.columns.frame(None))
    }

    /// The bytes for a client that has the frame before; `None` for the first.
    pub fn difference(&self) -> Option<Vec<u8>> {
        let before = self.before.as_deref()?;
        Some(framed(self.number, false, &self.columns.frame(Some(before))))
    }
}

fn framed(number: u64, is_whole: bool, frame: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + frame.len());
    bytes.extend_from_slice(&(frame.len() as u32).to_le_bytes());
    bytes.push(u8::from(is_whole));
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(frame);
    bytes
}

/// Reads a stream, in pieces of any size.
#[derive(Debug, Default)]
pub struct FrameReader {
    waiting: Vec<u8>,
    begun: bool,
    last: Option<(u64, ColumnWriter)>,
}

impl FrameReader {
    /// Takes the next bytes of the stream, and returns the newest snapshot that they complete.
    ///
    /// # Errors
    /// [`FrameError`] if the stream is not one of this version, or a frame is missing: begin again.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Option<Snapshot>, FrameError> {
        self.waiting.extend_from_slice(bytes);
        if !self.begun {
            let known = self.waiting.len().min(PREAMBLE.len());
            if self.waiting[..known] != PREAMBLE[..known] {
                return Err(FrameError::Malformed);
            }
            if known < PREAMBLE.len() {
                return Ok(None);
            }
            self.waiting.drain(..known);
            self.begun = true;
        }
        let mut is_new = false;
        while let Some(length) = self.length()? {
            if self.waiting.len() < HEAD + length {
                break;
            }
            let frame: Vec<u8> = self.waiting.drain(..HEAD + length).collect();
            self.apply(&frame)?;
            is_new = true;
        }
        match &self.last {
            Some((_, columns)) if is_new => {
                let mut reader = columns.reader();
                let snapshot = Snapshot::take(&mut reader).filter(|_| reader.is_at_end());
                snapshot.map(Some).ok_or(FrameError::Malformed)
            }
            _ => Ok(None),
        }
    }

    fn length(&self) -> Result<Option<usize>, FrameError> {
        let Some(bytes) = self.waiting.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*bytes) as usize;
        if length > LARGEST { Err(FrameError::TooLarge) } else { Ok(Some(length)) }
    }

    fn apply(&mut self, frame: &[u8]) -> Result<(), FrameError> {
        let (head, frame) = frame.split_at(HEAD);
        let is_whole = head[4] == 1;
        let number = u64::from_le_bytes(head[5..].try_into().map_err(|_| FrameError::Malformed)?);
        let before = match &self.last {
            _ if is_whole => None,
            Some((last, columns)) if last + 1 == number => Some(columns),
            _ => return Err(FrameError::OutOfOrder),
        };
        let columns = ColumnWriter::of_frame(frame, before)?;
        self.last = Some((number, columns));
        Ok(())
    }
}

/// A past as bytes.
pub fn encode_past(past: &Past) -> Vec<u8> {
    let mut columns = ColumnWriter::default();
    past.put(&mut columns);
    [PREAMBLE, &columns.frame(None)].concat()
}

/// The past of bytes.
///
/// # Errors
/// [`FrameError`] if they are not a past of this version.
pub fn decode_past(bytes: &[u8]) -> Result<Past, FrameError> {
    let frame = bytes.strip_prefix(PREAMBLE).ok_or(FrameError::Malformed)?;
    let columns = ColumnWriter::of_frame(frame, None)?;
    let mut reader = columns.reader();
    Past::take(&mut reader).filter(|_| reader.is_at_end()).ok_or(FrameError::Malformed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::dialect::{self, Hint};
    use crate::fleet::{Fleet, FleetConfig, TargetInfo};
    use crate::pricing::Book;
    use crate::reading::{Event, ScrapeCost, TargetId};
    use crate::units::{Moment, Span};

    /// Snapshots of a fleet with an engine, one a second.
    fn snapshots() -> impl Iterator<Item = Snapshot> {
        let target = TargetId::new("http://gpu-01:8000");
        let member =
            TargetInfo { target: target.clone(), host: None, node: None, unit: None, role: None, tenant: None };
        let began = Clock::System.now();
        let config = FleetConfig { targets: vec![member], ..FleetConfig::local("here") };
        let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began);
        (1..).map(move |nth| {
            let span = Span::from_secs(nth);
            let at = Moment { wall: began.wall + span, boot: began.boot + span };
            let page = format!("vllm:prompt_tokens_total{{model_name=\"m\",engine=\"0\"}} {}\n", nth * 100);
            let page = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
            let cost = ScrapeCost { seconds: 0.001, bytes: 100 };
            fleet.apply(Event::Page { target: target.clone(), at, cost, outcome: Ok(Box::new(page)) });
            fleet.apply(Event::Tick(at));
            fleet.snapshot()
        })
    }

    fn json(snapshot: &Snapshot) -> String {
        serde_json::to_string(snapshot).unwrap()
    }

    #[test]
    fn a_stream_is_read_in_pieces_of_any_size() {
        let mut writer = FrameWriter::default();
        let sent: Vec<Snapshot> = snapshots().take(4).collect();
        let mut bytes = PREAMBLE.to_vec();
        for snapshot in &sent {
            let frame = writer.next(snapshot);
            bytes.extend(frame.difference().unwrap_or_else(|| frame.whole()));
        }
        for size in [1, 7, 100, bytes.len()] {
            let mut reader = FrameReader::default();
            let read: Vec<Snapshot> = bytes.chunks(size).filter_map(|part| reader.take(part).unwrap()).collect();
            let last = read.last().unwrap();
            assert_eq!(last.tokens.prompt_total, sent[3].tokens.prompt_total, "{size}");
            assert_eq!((last.at, last.money.revenue), (sent[3].at, sent[3].money.revenue), "{size}");
            assert_eq!(last.engines[0].target, sent[3].engines[0].target);
        }
    }

    /// Class: a fleet's rows cost more than a slow link carries, or a row that fell silent is shown a second longer.
    #[test]
    fn rows_of_a_large_fleet_come_every_two_seconds_or_when_one_falls_silent() {
        let large = |mut snapshot: Snapshot| {
            let row = Arc::clone(&snapshot.engines[0]);
            snapshot.engines = vec![row; MANY_ROWS];
            snapshot
        };
        let (mut writer, mut reader) = (FrameWriter::default(), FrameReader::default());
        reader.take(PREAMBLE).unwrap();
        let mut sent: Vec<Snapshot> = snapshots().take(5).map(large).collect();
        sent[4].coverage.engines_live = 0;
        let mut shown = Vec::new();
        for snapshot in &sent {
            let frame = writer.next(snapshot);
            let read = reader.take(&frame.difference().unwrap_or_else(|| frame.whole())).unwrap().unwrap();
            assert_eq!(read.tokens.prompt_total, snapshot.tokens.prompt_total, "totals move every second");
            shown.push(read.engines[0].prompt_total);
        }
        let of: Vec<_> = sent.iter().map(|snapshot| snapshot.engines[0].prompt_total).collect();
        assert_eq!(shown, [of[0], of[0], of[2], of[2], of[4]]);
        assert!(of[0] < of[2] && of[2] < of[4], "{shown:?}");
        sent[3].coverage.engines_live = 0;
        let mut writer = FrameWriter::default();
        let rows = |frame: &Frame| FrameReader { begun: true, ..<_>::default() }.take(&frame.whole()).unwrap().unwrap();
        let shown: Vec<_> =
            sent[2..4].iter().map(|snapshot| rows(&writer.next(snapshot)).engines[0].prompt_total).collect();
        assert_eq!(shown, of[2..4], "an engine fell silent");
    }

    /// Class: a difference is applied to another frame than the one it was made from.
    #[test]
    fn a_missing_frame_is_noticed_and_a_whole_one_goes_on() {
        let mut writer = FrameWriter::default();
        let frames: Vec<Frame> = snapshots().take(4).map(|snapshot| writer.next(&snapshot)).collect();
        let mut reader = FrameReader::default();
        reader.take(PREAMBLE).unwrap();
        assert_eq!(reader.take(&frames[1].difference().unwrap()).err(), Some(FrameError::OutOfOrder));
        let mut reader = FrameReader::default();
        reader.take(PREAMBLE).unwrap();
        let first = reader.take(&frames[0].whole()).unwrap().unwrap();
        assert_eq!(reader.take(&frames[2].difference().unwrap()).err(), Some(FrameError::OutOfOrder));
        let third = reader.take(&frames[2].whole()).unwrap().unwrap();
        let fourth = reader.take(&frames[3].difference().unwrap()).unwrap().unwrap();
        assert!(first.at < third.at && third.at < fourth.at);
        assert_ne!(json(&third), json(&fourth));
    }

    /// Class: the hub has another version.
    #[test]
    fn another_version_is_refused() {
        let mut reader = FrameReader::default();
        assert_eq!(reader.take(b"margintop-attach 9").err(), Some(FrameError::Malformed));
        assert_eq!(FrameReader::default().take(b"HTTP").err(), Some(FrameError::Malformed));
        assert_eq!(decode_past(b"the ledger is busy\n").err(), Some(FrameError::Malformed));
        let mut reader = FrameReader::default();
        reader.take(PREAMBLE).unwrap();
        assert_eq!(reader.take(&[255; 64]).err(), Some(FrameError::TooLarge));
    }
}
