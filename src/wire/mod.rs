//! A small HTTP/1.1 server on a bound socket, for the agent's page, the hub and the simulated fleet.
//!
//! It answers only GET and HEAD, so that no request can change anything.

mod message;
mod server;

pub use message::{Bytes, Request, Response};
pub use server::serve;
