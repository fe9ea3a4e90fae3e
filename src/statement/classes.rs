//! Scales whole amounts by a quotient, class by class, so that the sum of amounts of equal value does not depend on their cells.

use std::collections::HashMap;
use std::hash::Hash;

/// Amounts times a quotient, each the difference of two running parts, so that their sum is scaled as a whole. Classes come
/// one after another, whatever the order of the amounts.
#[derive(Debug)]
pub(super) struct ClassScale {
    over: i128,
    under: i128,
    /// By class: the sum that is counted; after the beginning, the sum up to the amount at hand and what was given of it.
    classes: Vec<(i128, i128)>,
}

impl ClassScale {
    /// Times `over / under`.
    pub(super) const fn new(over: i128, under: i128) -> Self {
        Self { over, under, classes: Vec::new() }
    }

    /// Adds an amount of a class, before the first one is scaled.
    pub(super) fn count(&mut self, class: usize, amount: i128) {
        if self.classes.len() <= class {
            self.classes.resize(class + 1, (0, 0));
        }
        self.classes[class].0 += amount;
    }

    /// Ends the counting.
    pub(super) fn begin(&mut self) {
        let mut upto = 0;
        for nth in 0..self.classes.len() {
            let sum = self.classes[nth].0;
            self.classes[nth] = (upto, self.of(upto).unwrap_or_default());
            upto += sum;
        }
    }

    /// The scaled amount; `None` if out of range.
    pub(super) fn part(&mut self, class: usize, amount: i128) -> Option<i128> {
        let (before, given) = *self.classes.get(class)?;
        let after = self.of(before + amount)?;
        self.classes[class] = (before + amount, after);
        Some(after - given)
    }

    fn of(&self, amount: i128) -> Option<i128> {
        amount.checked_mul(self.over)?.checked_div(self.under)
    }
}

/// The classes of keys, by number in the order of their first; `None` is of no class.
pub(super) fn numbered<K: Hash + Eq>(keys: impl Iterator<Item = Option<K>>) -> Vec<Option<usize>> {
    let mut known: HashMap<K, usize> = HashMap::new();
    let number = |key: Option<K>| {
        let next = known.len();
        Some(*known.entry(key?).or_insert(next))
    };
    keys.map(number).collect()
}
