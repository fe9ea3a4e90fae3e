//! Labels that Prometheus added to all series of a target, beyond those that identify its process anyway.

use crate::exposition::{LabelText, SeriesLabels, fnv1a};

/// The names of such labels on one page; usually none.
#[derive(Debug, Default)]
pub(super) struct TargetLabels<'p>(Vec<&'p [u8]>);

impl<'p> TargetLabels<'p> {
    /// The labels with these names.
    pub(super) const fn new(names: Vec<&'p [u8]>) -> Self {
        Self(names)
    }

    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A hash of a series' values of them; 0 if it has none.
    pub(super) fn hash(&self, labels: SeriesLabels<'p>) -> u64 {
        let values = self.0.iter().filter_map(|name| Some((*name, value(labels, name)?)));
        values.fold(0, |hash, (name, value)| fnv1a(&[&hash.to_le_bytes(), name, value.raw()]))
    }

    /// Whether the values of one series are all on another one.
    pub(super) fn are_among(&self, one: SeriesLabels<'p>, other: SeriesLabels<'p>) -> bool {
        self.0.iter().all(|name| value(one, name).is_none_or(|text| value(other, name) == Some(text)))
    }

    /// Their values on a series.
    pub(super) fn values(&self, labels: SeriesLabels<'p>) -> impl Iterator<Item = LabelText<'p>> {
        self.0.iter().filter_map(move |name| value(labels, name))
    }
}

/// The value of a label, unless it is empty.
fn value<'p>(labels: SeriesLabels<'p>, name: &[u8]) -> Option<LabelText<'p>> {
    labels.into_iter().find_map(|(key, value)| (key == name && !value.raw().is_empty()).then_some(value))
}
