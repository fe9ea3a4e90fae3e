//! A map that records which of its keys were changed, so that saved state cannot be changed unnoticed.

use std::collections::BTreeMap;
use std::collections::btree_map::{Entry, Iter};
use std::ops::Deref;

/// A map whose values can only be changed through methods that record the key as touched.
///
/// A value that was reached mutably counts as touched, whether it changed or not. Reading is that of the map.
#[derive(Debug, Clone)]
pub(crate) struct Tracked<K, V> {
    map: BTreeMap<K, V>,
    touched: TouchedKeys<K>,
}

impl<K, V> Default for Tracked<K, V> {
    fn default() -> Self {
        Self { map: BTreeMap::new(), touched: TouchedKeys::default() }
    }
}

impl<K, V> Deref for Tracked<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.map
    }
}

impl<'a, K, V> IntoIterator for &'a Tracked<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.map.iter()
    }
}

impl<K: Ord + Clone, V> Tracked<K, V> {
    /// The value of a key, to change it.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let value = self.map.get_mut(key)?;
        self.touched.add(key);
        Some(value)
    }

    /// The entry of a key, to change it.
    pub(crate) fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        self.touched.add(&key);
        self.map.entry(key)
    }

    /// Sets the value of a key. Returns the former one.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.touched.add(&key);
        self.map.insert(key, value)
    }

    /// Removes a key. Returns its value.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let removed = self.map.remove(key);
        if removed.is_some() {
            self.touched.add(key);
        }
        removed
    }

    /// All values, to change them.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.map.keys().for_each(|key| self.touched.add(key));
        self.map.values_mut()
    }

    /// Takes the keys that were touched since the last call, in their order.
    pub(crate) fn take_touched(&mut self) -> Vec<K> {
        self.touched.sort();
        std::mem::take(&mut self.touched).keys
    }
}

/// How many keys are recorded before repetitions are removed, beyond twice as many as there were after the last removal.
const REPEATED: usize = 64;

/// The touched keys, some of them repeatedly: removing repetitions now and then costs less than finding each key whenever it
/// is touched.
#[derive(Debug, Clone)]
struct TouchedKeys<K> {
    keys: Vec<K>,
    /// How many there were when repetitions were last removed.
    distinct: usize,
}

impl<K> Default for TouchedKeys<K> {
    fn default() -> Self {
        Self { keys: Vec::new(), distinct: 0 }
    }
}

impl<K: Ord + Clone> TouchedKeys<K> {
    fn add(&mut self, key: &K) {
        if self.keys.last() == Some(key) {
            return;
        }
        if self.keys.len() >= REPEATED + 2 * self.distinct {
            self.sort();
        }
        self.keys.push(key.clone());
    }

    /// Sorts the keys and removes repetitions.
    fn sort(&mut self) {
        self.keys.sort_unstable();
        self.keys.dedup();
        self.distinct = self.keys.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_change_a_value_touches_its_key() {
        let mut map = Tracked::default();
        map.insert("a", 1);
        *map.entry("b").or_default() += 1;
        assert_eq!(map.take_touched(), ["a", "b"]);
        assert_eq!((map.get("a"), map.len()), (Some(&1), 2));
        assert!(map.take_touched().is_empty());
        assert_eq!(map.get_mut(&"a"), Some(&mut 1));
        assert!(map.get_mut(&"c").is_none() && map.remove(&"c").is_none());
        assert_eq!(map.take_touched(), ["a"]);
        map.values_mut().for_each(|value| *value = 0);
        assert_eq!(map.take_touched(), ["a", "b"]);
        assert_eq!(map.remove(&"b"), Some(0));
        assert_eq!(map.take_touched(), ["b"]);
    }

    #[test]
    fn repeated_changes_are_recorded_within_a_multiple_of_the_keys() {
        let mut map = Tracked::default();
        for key in 0..100 {
            map.insert(key, 0);
        }
        for step in 0..100_000 {
            *map.entry(step * 7 % 100).or_default() += 1;
            assert!(map.touched.keys.len() <= 2 * 100 + REPEATED);
        }
        assert_eq!(map.take_touched(), (0..100).collect::<Vec<_>>());
    }
}
