//! Quantities: as the numbers that they are.

use crate::columns::{ColumnReader, ColumnWriter, Columnar, fields, numbers, put_figures, take_figures};
use crate::units::{
    Bytes, BytesPerSecond, Celsius, EnergyPrice, GpuTime, HourlyRate, Megahertz, Money, PowerPrice, Price, Pue, Ratio,
    Share, Span, Timestamp, Tokens,
};

numbers! {
    Money as i128: |amount| amount.grains(), |grains| Some(Money::from_grains(grains));
    Timestamp as i64: |at| at.millis(), |millis| Some(Timestamp::from_millis(millis));
    Span as i64: |span| span.millis(), |millis| Some(Span::from_millis(millis));
    GpuTime as i64: |time| time.millis(), |millis| Some(GpuTime::from_millis(millis));
    Tokens as u64: |tokens| tokens.count(), |count| Some(Tokens::new(count));
    Bytes as u64: |bytes| bytes.get(), |bytes| Some(Bytes::new(bytes));
    BytesPerSecond as u64: |bytes| bytes.get(), |bytes| Some(BytesPerSecond::new(bytes));
    Celsius as i64: |degrees| degrees.get().into(), |degrees| i32::try_from(degrees).ok().map(Celsius::new);
    Megahertz as u32: |clock| clock.get(), |clock| Some(Megahertz::new(clock));
    Price as i64: |price| price.nanos(), |nanos| Some(Price::from_nanos(nanos));
    Share as u32: |share| share.ppm(), Share::from_ppm;
    EnergyPrice as i64: |price| price.micros(), EnergyPrice::from_micros;
    Pue as u32: |pue| pue.thousandths().into(), |thousandths| Pue::from_thousandths(u16::try_from(thousandths).ok()?);
    HourlyRate as i128: |rate| {
        let (micros, hours) = rate.parts();
        i128::from(micros) << 64 | i128::from(hours)
    }, |parts| HourlyRate::of_parts(i64::try_from(parts >> 64).ok()?, i64::try_from(parts & i128::from(u64::MAX)).ok()?);
}

fields! {
    PowerPrice { kwh, pue }
}

/// As a measured figure.
impl Columnar for Ratio {
    fn put_all(items: &[&Self], out: &mut ColumnWriter) {
        put_figures(items.iter().map(|ratio| ratio.get()), out);
    }

    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>> {
        take_figures(count, input)?.map(Self::new).collect()
    }
}
