//! All that is known: events in, the picture out. Pure; it reads no clock and does no I/O.
