//! A small HTTP/1.1 server on a bound socket, for the agent's page, the hub and the simulated fleet.
//!
//! It answers GET and HEAD, and POST where [`Access`] allows it. A request is refused before a handler sees it unless it has
//! what [`Access`] asks for.

mod access;
mod body;
mod message;
mod server;

pub use access::{Access, Token};
pub use body::{Answer, PartSender, PartsResponse};
pub use message::{Bytes, Method, Request, Response};
pub use server::serve;
