//! A stand-in for `libnvidia-ml.so.1`: any number of GPUs, figures by formula, faults on demand.
//!
//! Tests load it through the true wrapper, so that what they prove holds for the true library too. It exports only what
//! the program calls and what other monitors ask besides; every other symbol is missing, as it is in an old driver. The environment says what to be, once,
//! when the first call arrives; see [`plan::Plan`].

mod call;
mod device;
mod event;
mod figures;
mod gpm;
mod peers;
mod plan;
mod system;
