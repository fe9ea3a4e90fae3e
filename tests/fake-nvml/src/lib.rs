//! A stand-in driver library.
