//! The address that `agent` and `serve` listen on.

use tokio::net::TcpListener;

use super::{Failure, out};
use crate::words::system_error;

/// Listens on an address.
pub(super) async fn bind(address: &str) -> Result<TcpListener, Failure> {
    let why = |error| {
        let error = system_error(&error);
        Failure::Run(format!("{address}: {error}; choose another address with --listen or MARGINTOP_LISTEN"))
    };
    TcpListener::bind(address).await.map_err(why)
}

/// Prints the URL of a listener, which is the first line of output.
pub(super) fn announce(listener: &TcpListener) -> Result<(), Failure> {
    out::line(&format!("http://{}", listener.local_addr()?))
}
