//! A map that records which of its keys were changed, so that saved state cannot be changed unnoticed.

use std::hash::Hash;
use std::ops::Deref;

use super::indexed::{IndexedMap, Iter};

/// A map whose values can only be changed through methods that record the key as touched.
///
/// A value that was reached mutably counts as touched, whether it changed or not. Reading is that of the map.
#[derive(Debug, Clone)]
pub(crate) struct Tracked<K, V> {
    map: IndexedMap<K, V>,
    touched: TouchedKeys<K>,
}

impl<K, V> Default for Tracked<K, V> {
    fn default() -> Self {
        Self { map: IndexedMap::default(), touched: TouchedKeys::default() }
    }
}

impl<K, V> Deref for Tracked<K, V> {
    type Target = IndexedMap<K, V>;

    fn deref(&self) -> &IndexedMap<K, V> {
        &self.map
    }
}

impl<'a, K: Ord + Hash + Clone, V> IntoIterator for &'a Tracked<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.map.iter()
    }
}

impl<K: Ord + Hash + Clone, V> Tracked<K, V> {
    /// The value of a key, to change it.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let value = self.map.get_mut(key)?;
        self.touched.add(key);
        Some(value)
    }

    /// The value of a key, to change it; `or` creates a new one.
    pub(crate) fn get_or_insert_with(&mut self, key: &K, or: impl FnOnce() -> V) -> &mut V {
        self.touched.add(key);
        self.map.get_or_insert_with(key, or)
    }

    /// The value of a key, to change it; a default one if it has none.
    pub(crate) fn get_or_default(&mut self, key: &K) -> &mut V
    where
        V: Default,
    {
        self.get_or_insert_with(key, V::default)
    }

    /// Sets the value of a key. Returns the former one.
    pub(crate) fn insert(&mut self, key: K, value: impl Into<Box<V>>) -> Option<V> {
        self.touched.add(&key);
        self.map.insert(key, value).map(|former| *former)
    }

    /// Removes a key. Returns its value.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let removed = self.map.remove(key);
        if removed.is_some() {
            self.touched.add(key);
        }
        removed.map(|removed| *removed)
    }

    /// Takes the value of a key that is soon inserted again: until then the key has none.
    pub(crate) fn lend(&mut self, key: &K) -> Option<Box<V>> {
        let lent = self.map.lend(key);
        if lent.is_some() {
            self.touched.add(key);
        }
        lent
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
        *map.get_or_default(&"b") += 1;
        assert_eq!(map.take_touched(), ["a", "b"]);
        assert_eq!((map.get(&"a"), map.len()), (Some(&1), 2));
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
            *map.get_or_default(&(step * 7 % 100)) += 1;
            assert!(map.touched.keys.len() <= 2 * 100 + REPEATED);
        }
        assert_eq!(map.take_touched(), (0..100).collect::<Vec<_>>());
    }
}
