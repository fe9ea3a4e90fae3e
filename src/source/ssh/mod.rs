//! Machines that are read through the system's `ssh`, without an agent that listens.
//!
//! One connection stays open. If the machine has margintop, its agent prints pages; else a loop of a shell prints what
//! `nvidia-smi` and the engines' pages say.

mod command;
mod connection;
mod failure;
mod rounds;
mod source;

pub(in crate::source) use source::Ssh;
