//! A table of numbered names, in the order of first use.

use std::collections::HashMap;
use std::hash::Hash;

/// The rows and the number of each.
#[derive(Debug, Clone)]
pub(super) struct NumberedRows<T> {
    rows: Vec<T>,
    index: HashMap<T, u32>,
    handed_on: usize,
}

impl<T> Default for NumberedRows<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), index: HashMap::new(), handed_on: 0 }
    }
}

impl<T: Clone + Eq + Hash> NumberedRows<T> {
    /// A table of rows that were saved before.
    pub(super) fn of(rows: Vec<T>) -> Self {
        let mut index = HashMap::with_capacity(rows.len());
        for (row, number) in rows.iter().zip(0..) {
            index.entry(row.clone()).or_insert(number);
        }
        Self { handed_on: rows.len(), rows, index }
    }

    /// The number of a row; a new row is added.
    pub(super) fn number(&mut self, row: &T) -> u32 {
        if let Some(number) = self.index.get(row) {
            return *number;
        }
        let number = self.rows.len() as u32;
        self.rows.push(row.clone());
        self.index.insert(row.clone(), number);
        number
    }

    /// Changes rows in place; numbers stay. If rows become equal, the first one is used from then on.
    pub(super) fn change(&mut self, change: impl FnMut(&mut T)) {
        self.rows.iter_mut().for_each(change);
        self.index.clear();
        for (row, number) in self.rows.iter().zip(0..) {
            self.index.entry(row.clone()).or_insert(number);
        }
    }

    /// The rows by number.
    pub(super) fn rows(&self) -> &[T] {
        &self.rows
    }

    /// The rows that are new since the last call.
    pub(super) fn take_changes(&mut self) -> Vec<T> {
        let new = self.rows[self.handed_on..].to_vec();
        self.handed_on = self.rows.len();
        new
    }
}
