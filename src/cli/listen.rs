//! The address that `agent` and `serve` listen on.

use std::path::Path;

use tokio::net::TcpListener;

use super::access_args::AccessArgs;
use super::server_tls::{secret_file, server_tls};
use super::{Failure, out, to_stderr};
use crate::platform::KeptListener;
use crate::system_error::system_error;
use crate::wire::{Access, Token};

/// Listens on an address, and says who may ask there.
///
/// # Errors
/// An address beyond this machine without a token, mutual TLS or `--insecure`; an unusable file; an address in use.
pub(super) async fn bind(address: &str, args: &AccessArgs) -> Result<(TcpListener, Access), Failure> {
    check(address)?;
    let access = access(args)?;
    let why = |error| {
        let error = system_error(&error);
        Failure::Run(format!("{address}: {error}; choose another address with --listen or MARGINTOP_LISTEN"))
    };
    let listener = open(address).await.map_err(why)?;
    let loopback = listener.local_addr()?.ip().is_loopback();
    let is_guarded = access.token.is_some() || args.client_ca.is_some();
    if !loopback && !is_guarded && !args.insecure {
        return Err(Failure::Usage(format!(
            "{address} is reached from other machines: name a token with --token-file, or certificates for mutual TLS with \
             --tls-cert, --tls-key and --client-ca, or say --insecure to let anyone there read everything"
        )));
    }
    if !loopback && access.token.is_some() && access.tls.is_none() {
        to_stderr(&format!(
            "{address}: the token is sent in plain text: anyone on the way reads it; add --tls-cert and --tls-key"
        ));
    }
    Ok((listener, Access { loopback, ..access }))
}

/// The socket that this process inherited, if it is one of this address, else a new one.
async fn open(address: &str) -> std::io::Result<TcpListener> {
    if let Some(inherited) = KeptListener::inherited() {
        let its_own = inherited.local_addr()?;
        let mut wanted = tokio::net::lookup_host(address).await?;
        if wanted.any(|wanted| wanted == its_own || (wanted.port() == 0 && wanted.ip() == its_own.ip())) {
            inherited.set_nonblocking(true)?;
            return TcpListener::from_std(inherited);
        }
    }
    TcpListener::bind(address).await
}

/// The access that the arguments ask for.
fn access(args: &AccessArgs) -> Result<Access, Failure> {
    let token = args.token_file.as_deref().map(token).transpose()?;
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => Some(server_tls(cert, key, args.client_ca.as_deref())?),
        _ => None,
    };
    Ok(Access { token, tls, ..Access::default() })
}

/// The token in a file.
fn token(file: &Path) -> Result<Token, Failure> {
    let text = secret_file(file)?;
    let one_line = text.trim().lines().count() <= 1;
    Token::new(&text)
        .filter(|_| one_line)
        .ok_or_else(|| Failure::Usage(format!("{}: it must be one line with the token", file.display())))
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
pub(super) fn announce(listener: &TcpListener, access: &Access) -> Result<(), Failure> {
    let scheme = if access.tls.is_some() { "https" } else { "http" };
    out::line(&format!("{scheme}://{}", listener.local_addr()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class: an address that others reach, with nothing that keeps them out.
    #[tokio::test]
    async fn beyond_this_machine_something_must_keep_others_out() -> Result<(), Box<dyn std::error::Error>> {
        let bare = AccessArgs::default();
        assert!(matches!(bind("0.0.0.0:0", &bare).await, Err(Failure::Usage(why)) if why.contains("--token-file")));
        let (_, access) = bind("0.0.0.0:0", &AccessArgs { insecure: true, ..bare.clone() })
            .await
            .map_err(|failure| text(&failure))?;
        assert!(access.token.is_none() && !access.loopback);
        let (_, access) = bind("127.0.0.1:0", &bare).await.map_err(|failure| text(&failure))?;
        assert!(access.loopback);
        let file = tempfile::NamedTempFile::new()?;
        let with_token = AccessArgs { token_file: Some(file.path().to_owned()), ..bare };
        assert!(matches!(bind("0.0.0.0:0", &with_token).await, Err(Failure::Usage(why)) if why.contains("one line")));
        std::fs::write(file.path(), "secret\n")?;
        let (_, access) = bind("0.0.0.0:0", &with_token).await.map_err(|failure| text(&failure))?;
        assert!(access.token.is_some());
        Ok(())
    }

    fn text(failure: &Failure) -> String {
        format!("{failure:?}")
    }

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
