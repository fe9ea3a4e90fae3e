//! One simulated socket: its address and its responses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::reading::{EngineRole, NodeName, UnitName};
use crate::units::Timestamp;
use crate::wire::{Access, Request, Response, serve};

/// A socket that is not open yet.
pub(super) struct UnopenedSocket {
    /// The number of its loopback address.
    pub(super) place: u32,
    pub(super) port: u16,
    pub(super) nodes: Vec<NodeName>,
    pub(super) unit: Option<UnitName>,
    pub(super) role: Option<EngineRole>,
    pub(super) site: Arc<dyn ServedPages>,
}

/// The pages of a socket.
pub(super) trait ServedPages: Send + Sync + 'static {
    /// The metrics page at an instant, which depends on nothing else.
    fn page(&self, now: Timestamp) -> Response;

    /// The model that is served, and the engine's name, if this is an engine.
    fn model(&self) -> Option<(&str, &str)>;
}

/// The loopback address of machine number `node`: Linux answers on all of 127/8, so each machine has its own.
pub(super) fn address(node: u32) -> Ipv4Addr {
    let octet = |n: u32| 1 + u8::try_from(n % 250).unwrap_or_default();
    Ipv4Addr::new(127, 0, octet(node / 250), octet(node))
}

/// Listens on `port`, or on any free port if that one is taken.
pub(super) async fn listen(address: Ipv4Addr, port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let places = [(address, port), (address, 0), (Ipv4Addr::LOCALHOST, 0)];
    let mut refusal = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for (address, port) in places {
        match TcpListener::bind((IpAddr::V4(address), port)).await {
            Ok(listener) => {
                let bound = listener.local_addr()?;
                return Ok((listener, bound));
            }
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Serves `site` until the task is dropped.
pub(super) async fn open(listener: TcpListener, site: Arc<dyn ServedPages>, clock: Clock) {
    serve(listener, Access::default(), move |request: Request| {
        let now = clock.now().wall;
        answer(&*site, &request, now).dated(now)
    })
    .await;
}

fn answer(site: &dyn ServedPages, request: &Request, now: Timestamp) -> Response {
    match (request.path.as_str(), site.model()) {
        ("/metrics", _) => site.page(now),
        ("/v1/models", Some((model, engine))) => Response::json(format!(
            "{{\"object\":\"list\",\"data\":[{{\"id\":\"{model}\",\"object\":\"model\",\"owned_by\":\"{engine}\"}}]}}"
        )),
        ("/health", _) => Response::text(""),
        _ => Response::not_found(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_has_its_own_loopback_address() {
        let mut addresses: Vec<_> = (0..2048).map(address).collect();
        assert_eq!(addresses[0], Ipv4Addr::new(127, 0, 1, 1));
        assert_eq!(addresses[250], Ipv4Addr::new(127, 0, 2, 1));
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), 2048);
    }
}
