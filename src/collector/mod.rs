//! One task that owns the fleet: drains events, publishes snapshots.
