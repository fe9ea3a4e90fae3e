//! Names, and what sources report.

use std::sync::Arc;

use crate::columns::{ColumnReader, ColumnWriter, Columnar, fields, put_numbers, take_numbers, texts, variants};
use crate::reading::{
    Activity, Ecc, EngineKind, EngineRole, GpuId, GpuProcess, Health, Histogram, InstanceId, Label, Latency, Mig,
    ModelName, NodeName, Pcie, Rank, Refusals, SourceError, SourceErrorKind, TargetId, Throttle, UnitName,
};

texts! {
    Label: Label::as_str, Label::new;
    NodeName: NodeName::as_str, NodeName::new;
    ModelName: ModelName::as_str, ModelName::new;
    Rank: Rank::as_str, Rank::new;
    InstanceId: InstanceId::as_str, InstanceId::new;
    UnitName: UnitName::as_str, UnitName::new;
    TargetId: TargetId::as_str, TargetId::new;
    GpuId: GpuId::as_str, GpuId::from_canonical;
    EngineKind: EngineKind::as_str, |name| EngineKind::reported(name).unwrap_or(EngineKind::UNKNOWN);
}

variants! {
    Health { Live, Stale, Lost, Never }
    EngineRole { Unified, Prefill, Decode, Proxy }
    Mig { Off, On }
    SourceErrorKind { DriverMissing, Driver, Search, Port, Other }
}

fields! {
    Ecc { corrected, uncorrected }
    Throttle { power, thermal, hardware }
    GpuProcess { pid, name, memory }
    Pcie { tx, rx }
    Activity { engine, sm, tensor, dram }
    Refusals { lines, values, over_limit, too_large, conflicting, unreadable, truncated, first_line, start }
    Latency { ttft, itl, e2e, queue }
    SourceError { kind, source, cause, remedy }
}

/// The bounds exactly, as they are compared.
impl Columnar for Histogram {
    fn put_all(items: &[&Self], out: &mut ColumnWriter) {
        put_numbers(items.iter().map(|item| item.bounds.len() as u64), out);
        put_numbers(items.iter().flat_map(|item| item.bounds.iter().map(|bound| bound.to_bits())), out);
        let counts: Vec<&Arc<[u64]>> = items.iter().map(|item| &item.counts).collect();
        Columnar::put_all(&counts, out);
    }

    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>> {
        let lengths: Vec<usize> = take_numbers::<u64>(count, input)?.map(|length| length as usize).collect();
        let all = lengths.iter().try_fold(0_usize, |sum, length| sum.checked_add(*length))?;
        let mut bounds = take_numbers::<u64>(all, input)?.map(f64::from_bits);
        let counts: Vec<Arc<[u64]>> = Columnar::take_all(count, input)?;
        let histogram = |(length, counts): (usize, Arc<[u64]>)| {
            let bounds: Arc<[f64]> = bounds.by_ref().take(length).collect();
            (bounds.len() == counts.len()).then_some(Self { bounds, counts })
        };
        lengths.into_iter().zip(counts).map(histogram).collect()
    }
}
