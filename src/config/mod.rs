//! What the user configured, and every mistake in it at once.
