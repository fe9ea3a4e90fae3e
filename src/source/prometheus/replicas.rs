//! One server of a pair for each target: two that scrape the same targets have each series twice.

use std::collections::HashMap;

use super::scraped::ScrapedTarget;

/// How long the samples of the server that is read may end before those of another one, in milliseconds.
const PATIENCE: i64 = 60_000;

/// Which server is read, by the target's name.
#[derive(Debug, Default)]
pub(super) struct Replicas {
    read: HashMap<String, String>,
}

impl Replicas {
    /// Leaves one server for each target: the one that was read before, unless its samples ended before another's; else the
    /// first by name.
    pub(super) fn choose(&mut self, targets: Vec<ScrapedTarget>) -> Vec<(String, ScrapedTarget)> {
        let mut chosen: Vec<(String, ScrapedTarget)> = Vec::with_capacity(targets.len());
        for target in targets {
            let name = target.name();
            match chosen.last_mut().filter(|(known, _)| *known == name) {
                Some((_, known)) => {
                    if self.is_better(&name, &target, known) {
                        *known = target;
                    }
                }
                None => chosen.push((name, target)),
            }
        }
        for (name, target) in &chosen {
            if !target.server.is_empty() && self.read.get(name) != Some(&target.server) {
                self.read.insert(name.clone(), target.server.clone());
            }
        }
        chosen
    }

    /// Whether a server is to be read rather than one that comes before it.
    fn is_better(&self, name: &str, target: &ScrapedTarget, first: &ScrapedTarget) -> bool {
        let is_read = |target: &ScrapedTarget| self.read.get(name) == Some(&target.server);
        if is_read(target) {
            return target.newest() + PATIENCE >= first.newest();
        }
        first.newest() + PATIENCE < target.newest()
    }

    /// Forgets the targets that are not kept.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.read.retain(|name, _| is_kept(name));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::source::prometheus::answer::RawSeries;

    fn pair(newest: [i64; 2]) -> Vec<ScrapedTarget> {
        let of = |(server, at): (&str, i64)| ScrapedTarget {
            identity: BTreeMap::from([("job", "v".to_owned()), ("instance", "i".to_owned())]),
            server: server.to_owned(),
            series: vec![RawSeries { name: "a".to_owned(), labels: BTreeMap::new(), samples: vec![(at, 1.0)] }],
            starts: Vec::new(),
        };
        ["p-0", "p-1"].into_iter().zip(newest).map(of).collect()
    }

    /// Class: a pair's tokens are counted twice, or its two clocks alternate.
    #[test]
    fn one_server_is_read_until_its_samples_end() {
        let mut replicas = Replicas::default();
        let mut read = |newest| {
            let chosen = replicas.choose(pair(newest));
            assert_eq!(chosen.len(), 1);
            chosen.into_iter().map(|(_, target)| target.server).collect::<String>()
        };
        assert_eq!(read([100_000, 107_000]), "p-0");
        assert_eq!(read([100_000, 152_000]), "p-0", "it may be late");
        assert_eq!(read([100_000, 167_000]), "p-1", "it ended");
        assert_eq!(read([190_000, 182_000]), "p-1", "and is not read again for being the first");
    }
}
