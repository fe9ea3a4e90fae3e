//! The address that `agent` and `serve` listen on.

use tokio::net::TcpListener;

use super::{Failure, out};
use crate::system_error::system_error;

/// Listens on an address.
pub(super) async fn bind(address: &str) -> Result<TcpListener, Failure> {
    check(address)?;
    let why = |error| {
        let error = system_error(&error);
        Failure::Run(format!("{address}: {error}; choose another address with --listen or MARGINTOP_LISTEN"))
    };
    TcpListener::bind(address).await.map_err(why)
}

/// Refuses an address of the environment that `agent` and `serve` would refuse.
pub(super) fn check_environment() -> Result<(), Failure> {
    std::env::var_os("MARGINTOP_LISTEN").map_or(Ok(()), |address| check(&address.to_string_lossy()))
}

/// Refuses what is not a host and a port.
fn check(address: &str) -> Result<(), Failure> {
    let is_port = |port: &str| port.parse::<u16>().is_ok();
    let parts = address.rsplit_once(':').filter(|(host, port)| !host.is_empty() && is_port(port));
    if parts.is_some() {
        return Ok(());
    }
    let port = address.trim_start_matches(':');
    let like = if is_port(port) { format!("127.0.0.1:{port}") } else { "127.0.0.1:PORT".to_owned() };
    Err(Failure::Usage(format!(
        "\"{address}\" is not a host and a port to listen on: write {like}, or 0.0.0.0:PORT for the network, with --listen or MARGINTOP_LISTEN"
    )))
}

/// Prints the URL of a listener, which is the first line of output.
pub(super) fn announce(listener: &TcpListener) -> Result<(), Failure> {
    out::line(&format!("http://{}", listener.local_addr()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_host_and_port_is_a_wrong_call() {
        for good in ["127.0.0.1:0", "0.0.0.0:9545", "[::]:9545", "localhost:80"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for (bad, like) in [
            ("9545", "write 127.0.0.1:9545,"),
            ("", "write 127.0.0.1:"),
            ("foo", "write 127.0.0.1:"),
            ("localhost:http", "write 127.0.0.1:"),
            (":9545", "write 127.0.0.1:9545,"),
            ("127.0.0.1:99999", "write 127.0.0.1:"),
        ] {
            assert!(matches!(check(bad), Err(Failure::Usage(why)) if why.contains(like)), "{bad}");
        }
    }
}
