//! A map in the order of its keys whose values are found by the hashes of keys.

use std::collections::HashMap;
use std::collections::btree_map::{self, BTreeMap};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// A map in the order of its keys.
///
/// The names of a fleet's targets, nodes and GPUs begin alike: to find one of hundreds in a sorted map, a dozen texts are
/// compared, few of which are in the processor's caches. Here one is.
#[derive(Debug, Clone)]
pub(crate) struct IndexedMap<K, V> {
    order: BTreeMap<K, usize>,
    places: HashMap<K, usize, NameHashes>,
    /// `None` where a key was removed or its value is lent.
    values: Vec<Option<Box<V>>>,
    free: Vec<usize>,
}

impl<K, V> Default for IndexedMap<K, V> {
    fn default() -> Self {
        Self { order: BTreeMap::new(), places: HashMap::default(), values: Vec::new(), free: Vec::new() }
    }
}

impl<K: Ord + Hash + Clone, V> IndexedMap<K, V> {
    /// The value of a key.
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.values[*self.places.get(key)?].as_deref()
    }

    /// The value of a key, to change it.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.values[*self.places.get(key)?].as_deref_mut()
    }

    /// A key that has a value, as it is stored.
    pub(crate) fn key(&self, key: &K) -> Option<&K> {
        let (key, place) = self.places.get_key_value(key)?;
        self.values[*place].as_ref().map(|_| key)
    }

    /// Whether a key has a value.
    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// The value of a key; `or` creates a new one.
    pub(crate) fn get_or_insert_with(&mut self, key: &K, or: impl FnOnce() -> V) -> &mut V {
        let place = self.place(key);
        self.values[place].get_or_insert_with(|| Box::new(or()))
    }

    /// Sets the value of a key. Returns the former one.
    pub(crate) fn insert(&mut self, key: K, value: impl Into<Box<V>>) -> Option<Box<V>> {
        let place = self.places.get(&key).copied().unwrap_or_else(|| self.add(key));
        self.values[place].replace(value.into())
    }

    /// Removes a key. Returns its value.
    pub(crate) fn remove(&mut self, key: &K) -> Option<Box<V>> {
        let place = self.places.remove(key)?;
        self.order.remove(key);
        self.free.push(place);
        self.values[place].take()
    }

    /// Takes the value of a key that is soon inserted again: until then the key has none.
    pub(crate) fn lend(&mut self, key: &K) -> Option<Box<V>> {
        self.values[*self.places.get(key)?].take()
    }

    /// The number of keys.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The keys and values in the order of the keys.
    pub(crate) fn iter(&self) -> Iter<'_, K, V> {
        Iter { order: self.order.iter(), values: &self.values }
    }

    /// The keys from one on, with their values.
    pub(crate) fn from<'a>(&'a self, key: &K) -> impl Iterator<Item = (&'a K, &'a V)> + use<'a, K, V> {
        self.order.range(key..).filter_map(|(key, place)| Some((key, self.values[*place].as_deref()?)))
    }

    /// The keys in their order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> + Clone {
        self.iter().map(|(_, value)| value)
    }

    /// The values in the order of their keys, to change them.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        let mut values: Vec<Option<&mut V>> = self.values.iter_mut().map(Option::as_deref_mut).collect();
        self.order.values().filter_map(move |place| values.get_mut(*place)?.take())
    }

    /// The place of a key, added if it is new.
    fn place(&mut self, key: &K) -> usize {
        self.places.get(key).copied().unwrap_or_else(|| self.add(key.clone()))
    }

    /// Adds a new key. Returns its place.
    fn add(&mut self, key: K) -> usize {
        let place = self.free.pop().unwrap_or_else(|| {
            self.values.push(None);
            self.values.len() - 1
        });
        self.order.insert(key.clone(), place);
        self.places.insert(key, place);
        place
    }
}

/// Hashes of names, which cost a multiplication for eight letters. Each map has a random seed: who does not know it can't
/// find names that collide.
#[derive(Debug, Clone)]
struct NameHashes(u64);

impl Default for NameHashes {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0))
    }
}

impl BuildHasher for NameHashes {
    type Hasher = NameHasher;

    fn build_hasher(&self) -> NameHasher {
        NameHasher(self.0)
    }
}

#[derive(Debug)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        /// The golden ratio's fraction in 64 bits.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let product = u128::from(self.0 ^ u64::from_le_bytes(word)) * u128::from(FACTOR);
            self.0 = product as u64 ^ (product >> 64) as u64;
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<'a, K: Ord + Hash + Clone, V> IntoIterator for &'a IndexedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

/// Walks an [`IndexedMap`].
#[derive(Debug)]
pub(crate) struct Iter<'a, K, V> {
    order: btree_map::Iter<'a, K, usize>,
    values: &'a [Option<Box<V>>],
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self { order: self.order.clone(), values: self.values }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let values = self.values;
        self.order.find_map(|(key, place)| Some((key, values.get(*place)?.as_deref()?)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
           #[test]
           fn it_is_a_sorted_map(steps in proptest::collection::vec((0_u8..5, 0_u8..20, any::<u8>()), 0..200)) {
               let (mut ours, mut sorted) = (IndexedMap::default(), BTreeMap::new());
               for (what, key, value) in steps {
                   match what {
                       0 => prop_assert_eq!(ours.insert(key, value).map(|was| *was), sorted.insert(key, value)),
                       1 => prop_assert_eq!(ours.remove(&key).map(|was| *was), sorted.remove(&key)),
                       2 => {
                           *ours.get_or_insert_with(&key, || value) ^= 1;
                           *sorted.entry(key).or_insert(value) ^= 1;
                       }
                       3 => {
                           let lent = ours.lend(&key);
                           prop_assert!(ours.get(&key).is_none() && ours.keys().all(|other| *other != key));
                           prop_assert_eq!(lent.as_deref(), sorted.get(&key));
                           if let Some(lent) = lent {
                               ours.insert(key, lent);
                           }
                       }
                       _ => {
                           ours.values_mut().for_each(|known| *known ^= value);
                           for known in sorted.values_mut() {
    *known ^= value;
    }
                       }
                   }
                   prop_assert!(ours.iter().eq(sorted.iter()) && ours.from(&key).eq(sorted.range(key..)));
                   prop_assert_eq!((ours.get(&key), ours.len()), (sorted.get(&key), sorted.len()));
               }
           }
       }
}
