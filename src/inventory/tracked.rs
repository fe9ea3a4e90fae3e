//! A map that records which of its keys were changed, so that saved state cannot be changed unnoticed.

use std::collections::btree_map::{Entry, Iter};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

/// A map whose values can only be changed through methods that record the key as touched.
///
/// A value that was reached mutably counts as touched, whether it changed or not. Reading is that of the map.
#[derive(Debug, Clone)]
pub(crate) struct Tracked<K, V> {
    map: BTreeMap<K, V>,
    touched: BTreeSet<K>,
}

impl<K, V> Default for Tracked<K, V> {
    fn default() -> Self {
        Self { map: BTreeMap::new(), touched: BTreeSet::new() }
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
    fn touch(&mut self, key: &K) {
        if !self.touched.contains(key) {
            self.touched.insert(key.clone());
        }
    }

    /// The value of a key, to change it.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if self.map.contains_key(key) {
            self.touch(key);
        }
        self.map.get_mut(key)
    }

    /// The entry of a key, to change it.
    pub(crate) fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        self.touch(&key);
        self.map.entry(key)
    }

    /// Sets the value of a key. Returns the former one.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.touch(&key);
        self.map.insert(key, value)
    }

    /// Removes a key. Returns its value.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let removed = self.map.remove(key);
        if removed.is_some() {
            self.touch(key);
        }
        removed
    }

    /// All values, to change them.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.touched.extend(self.map.keys().cloned());
        self.map.values_mut()
    }

    /// Takes the keys that were touched since the last call.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<K> {
        std::mem::take(&mut self.touched)
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
        assert_eq!(map.take_touched(), BTreeSet::from(["a", "b"]));
        assert_eq!((map.get("a"), map.len()), (Some(&1), 2));
        assert!(map.take_touched().is_empty());
        assert_eq!(map.get_mut(&"a"), Some(&mut 1));
        assert!(map.get_mut(&"c").is_none() && map.remove(&"c").is_none());
        assert_eq!(map.take_touched(), BTreeSet::from(["a"]));
        map.values_mut().for_each(|value| *value = 0);
        assert_eq!(map.take_touched(), BTreeSet::from(["a", "b"]));
        assert_eq!(map.remove(&"b"), Some(0));
        assert_eq!(map.take_touched(), BTreeSet::from(["b"]));
    }
}
