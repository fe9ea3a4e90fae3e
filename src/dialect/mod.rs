//! What each engine and exporter means by its page: one small file each, names, units and double-count rules, nothing else.
