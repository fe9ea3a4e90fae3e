//! A small HTTP/1.1 server on a socket that someone else bound: what the agent's page, the hub and the simulated fleet
//! stand on.
//!
//! It knows requests and responses and no page. It answers only GET and HEAD: nothing here can be changed over a wire.

mod message;
mod server;

pub use message::{Bytes, Request, Response};
pub use server::serve;
