//! Which engines run on this box.
