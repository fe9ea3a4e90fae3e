//! How nodes of an earlier watch are kept until a source reports them.

use super::{Inventory, LeasedNode, SavedNode};
use crate::reading::NodeName;
use crate::units::{Moment, Timestamp};

impl Inventory {
    /// Keeps a node of an earlier watch until a source reports it. Its GPU time is posted up to `until`. Its name is known
    /// at once, so that engines on its hosts belong to it even if their pages come first.
    pub(crate) fn remember(&mut self, saved: SavedNode, reported: Moment, until: Option<Timestamp>) {
        // A configured name that was removed no longer applies to the hosts.
        let is_named = !saved.configured || self.is_configured(&saved.node);
        for host in saved.hosts.iter().filter(|_| is_named) {
            self.hosts.note(host.as_ref(), &saved.node);
        }
        self.labels.remember(&saved);
        self.earlier.stopped.push(LeasedNode { until, ..LeasedNode::of(&saved, None) });
        self.earlier.nodes.insert(saved.node.clone(), (saved, reported));
    }

    /// Records that the saved state under a key cannot be read.
    pub(crate) fn note_unread(&mut self, key: String) {
        self.earlier.unread.push(key);
    }

    /// Takes the keys of saved states that could not be read, to remove.
    pub(crate) fn take_unread(&mut self) -> Vec<String> {
        std::mem::take(&mut self.earlier.unread)
    }

    /// Takes the nodes whose GPU time stopped with an earlier watch.
    pub(crate) fn take_stopped(&mut self) -> Vec<LeasedNode> {
        std::mem::take(&mut self.earlier.stopped)
    }

    /// Whether a node of an earlier watch waits to be reported.
    pub(crate) fn remembers(&self, name: &NodeName) -> bool {
        self.earlier.nodes.contains_key(name)
    }
}
