//! Finds the rows of a process by key in constant time.

use std::collections::HashMap;

use super::process_row::ProcessRow;
use super::values::RowKey;
use crate::reading::{EngineReading, ModelName, Rank};

/// The number of rows up to which rows are searched linearly.
const FEW: usize = 16;

/// The indexes of a process's rows. It is rebuilt if it does not match the rows, and is neither saved nor copied.
#[derive(Debug, Default)]
pub(super) struct RowIndex {
    exact: HashMap<RowKey, usize>,
    /// By rank and by the canonical form of the model, if the row has a name.
    by_name: HashMap<Option<Rank>, HashMap<Option<u64>, Vec<usize>>>,
}

impl Clone for RowIndex {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for RowIndex {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for RowIndex {}

impl RowIndex {
    /// Rebuilds the index, for changed rows.
    pub(super) fn renew(&mut self, rows: &[ProcessRow]) {
        self.exact.clear();
        self.by_name.clear();
        if rows.len() > FEW {
            rows.iter().enumerate().for_each(|(place, row)| self.add(&row.key, place));
        }
    }

    /// Rebuilds the index if the number of rows differs.
    pub(super) fn fit(&mut self, rows: &[ProcessRow]) {
        if rows.len() > FEW && !self.fits(rows) {
            self.renew(rows);
        }
    }

    /// Adds the row that was just appended to `rows`.
    pub(super) fn push(&mut self, rows: &[ProcessRow]) {
        match rows.split_last() {
            Some((last, before)) if rows.len() > FEW && self.fits(before) => self.add(&last.key, before.len()),
            _ => self.fit(rows),
        }
    }

    /// The index of a row.
    pub(super) fn find(&self, rows: &[ProcessRow], key: &RowKey) -> Option<usize> {
        if self.fits(rows) { self.exact.get(key).copied() } else { rows.iter().position(|row| row.key == *key) }
    }

    /// The index of a reading's row.
    pub(super) fn find_reading(&self, rows: &[ProcessRow], reading: &EngineReading) -> Option<usize> {
        if self.fits(rows) {
            self.exact.get(&RowKey::of(reading)).copied()
        } else {
            rows.iter().position(|row| row.key.is_of(reading))
        }
    }

    /// The indexes of the rows of a rank that may have a model's name: it is unknown on either side, or spelt differently.
    pub(super) fn of_name<'a>(
        &'a self,
        rows: &'a [ProcessRow],
        rank: Option<&'a Rank>,
        model: Option<&'a ModelName>,
    ) -> Box<dyn Iterator<Item = usize> + 'a> {
        let same = move |place: &usize| match (&rows[*place].key.model, model) {
            (Some(known), Some(model)) => known.canonical() == model.canonical(),
            (None, _) | (_, None) => true,
        };
        if !self.fits(rows) {
            return Box::new((0..rows.len()).filter(move |place| rows[*place].key.rank.as_ref() == rank).filter(same));
        }
        let Some(names) = self.by_name.get(&rank.cloned()) else { return Box::new(std::iter::empty()) };
        match model {
            None => Box::new(names.values().flatten().copied()),
            Some(name) => {
                let hashes = [None, Some(name.canonical_hash())];
                let places = hashes.into_iter().filter_map(|hash| names.get(&hash)).flatten().copied();
                Box::new(places.filter(same))
            }
        }
    }

    fn add(&mut self, key: &RowKey, place: usize) {
        self.exact.insert(key.clone(), place);
        let hash = key.model.as_ref().map(ModelName::canonical_hash);
        self.by_name.entry(key.rank.clone()).or_default().entry(hash).or_default().push(place);
    }

    /// Whether it matches these rows. Each change of a key rebuilds it, so comparing the number suffices.
    fn fits(&self, rows: &[ProcessRow]) -> bool {
        rows.len() > FEW && self.exact.len() == rows.len()
    }
}
