//! Values that may be absent, lists, shared values and pairs.

use std::sync::Arc;

use super::{ColumnReader, ColumnWriter, Columnar, put_numbers, take_numbers};

impl<T: Columnar> Columnar for Option<T> {
    fn put_all(items: &[&Self], out: &mut ColumnWriter) {
        put_numbers(items.iter().map(|item| u8::from(item.is_some())), out);
        let present: Vec<&T> = items.iter().filter_map(|item| item.as_ref()).collect();
        T::put_all(&present, out);
    }

    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>> {
        let present: Vec<bool> = take_numbers::<u8>(count, input)?.map(|byte| byte != 0).collect();
        let known = present.iter().filter(|present| **present).count();
        let mut values = T::take_all(known, input)?.into_iter();
        present.into_iter().map(|present| if present { values.next().map(Some) } else { Some(None) }).collect()
    }
}

/// Writes lists: their lengths, and their items one after another.
fn put_lists<'l, T: Columnar + 'l>(lists: impl Iterator<Item = &'l [T]> + Clone, out: &mut ColumnWriter) {
    put_numbers(lists.clone().map(|list| list.len() as u64), out);
    let all: Vec<&T> = lists.flatten().collect();
    T::put_all(&all, out);
}

/// Reads so many lists.
fn take_lists<T: Columnar>(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Vec<T>>> {
    let lengths: Vec<usize> = take_numbers::<u64>(count, input)?.map(|length| length as usize).collect();
    let all = lengths.iter().try_fold(0_usize, |sum, length| sum.checked_add(*length))?;
    let mut items = T::take_all(all, input)?.into_iter();
    Some(lengths.into_iter().map(|length| items.by_ref().take(length).collect()).collect())
}

impl<T: Columnar> Columnar for Vec<T> {
    fn put_all(items: &[&Self], out: &mut ColumnWriter) {
        put_lists(items.iter().map(|list| list.as_slice()), out);
    }

    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>> {
        take_lists(count, input)
    }
}

impl<T: Columnar> Columnar for Arc<[T]> {
    fn put_all(items: &[&Self], out: &mut ColumnWriter) {
        put_lists(items.iter().map(|list| &***list), out);
    }

    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>> {
        Some(take_lists(count, input)?.into_iter().map(Into::into).collect())
    }
}

impl<T: Columnar> Columnar for Arc<T> {
    fn put_all(items: &[&Self], out: &mut ColumnWriter) {
        let inner: Vec<&T> = items.iter().map(|item| &***item).collect();
        T::put_all(&inner, out);
    }

    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>> {
        Some(T::take_all(count, input)?.into_iter().map(Self::new).collect())
    }
}

impl<A: Columnar, B: Columnar> Columnar for (A, B) {
    fn put_all(items: &[&Self], out: &mut ColumnWriter) {
        let (first, second): (Vec<&A>, Vec<&B>) = items.iter().map(|item| (&item.0, &item.1)).unzip();
        A::put_all(&first, out);
        B::put_all(&second, out);
    }

    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>> {
        Some(A::take_all(count, input)?.into_iter().zip(B::take_all(count, input)?).collect())
    }
}
