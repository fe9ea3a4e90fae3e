//! What tokens and GPU-hours are worth, and when.
