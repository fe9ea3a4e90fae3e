//! One kept-alive connection to one server, for pages that come over plain HTTP as they are: nearly all of them.
//!
//! A general client's read buffer grows to the size of the page and stays; over hundreds of targets that is most of the
//! program's memory. This one's does not, and between two scrapes nothing is kept but the socket: hyper's state of a connection
//! is 25 kB of buffers, and is made anew in no time. What it can't do (compressed bodies) it hands back.

use std::error::Error;
use std::io;
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{CONTENT_ENCODING, HOST, HeaderMap, HeaderValue, LOCATION};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::reading::{Label, ScrapeTrouble};

/// How long connecting may take.
pub(super) const CONNECT: Duration = Duration::from_secs(2);
/// Bytes read at once; a page is copied out as it comes.
const READ: usize = 32 << 10;

/// The connection to one server, made when it is first needed and again when it was closed.
#[derive(Debug, Default)]
pub(super) struct KeptLine {
    /// The socket, while nothing is asked.
    idle: Option<TcpStream>,
    busy: Option<RequestExchange>,
}

/// A request and its answer, which may not have been read to its end.
#[derive(Debug)]
struct RequestExchange {
    sender: SendRequest<Empty<Bytes>>,
    /// Ends with the sender, and gives the socket back.
    running: JoinHandle<Option<TcpStream>>,
}

/// What came of a GET.
pub(super) enum Got {
    /// An answer to take in.
    Answer(Response<Incoming>),
    /// Another address of the same server, where the answer is.
    Moved(Url),
    /// One that asks for a client that can do more.
    Unusual,
}

impl KeptLine {
    /// Sends a GET. A connection that the server closed between two scrapes is replaced once.
    pub(super) async fn get(&mut self, url: &Url, headers: &HeaderMap) -> Result<Got, ScrapeTrouble> {
        self.rest().await;
        let kept = self.idle.take().filter(is_open);
        let was_kept = kept.is_some();
        let stream = match kept {
            Some(stream) => stream,
            None => connect(url).await?,
        };
        let response = match self.send(stream, url, headers).await {
            Err(error) if was_kept && is_gone(&error) => {
                let fresh = connect(url).await?;
                self.send(fresh, url, headers).await
            }
            sent => sent,
        };
        let response = response.map_err(|error| trouble(&error, 0))?;
        let encoded = response.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
        Ok(match moved(url, &response) {
            Some(there) => Got::Moved(there),
            None if encoded => Got::Unusual,
            None => Got::Answer(response),
        })
    }

    /// Takes the socket back, once an answer was read to its end; otherwise it is closed.
    pub(super) async fn rest(&mut self) {
        let Some(RequestExchange { mut sender, running }) = self.busy.take() else { return };
        if sender.ready().await.is_ok() {
            drop(sender);
            self.idle = running.await.ok().flatten();
        }
    }

    async fn send(&mut self, stream: TcpStream, url: &Url, headers: &HeaderMap) -> hyper::Result<Response<Incoming>> {
        let mut request = Request::new(Empty::new());
        *request.headers_mut() = headers.clone();
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let host = url.port().map_or_else(|| host(url).to_owned(), |port| format!("{}:{port}", host(url)));
        // What parsed as an address is a valid path and host.
        *request.uri_mut() = path.parse().unwrap_or_default();
        if let Ok(host) = HeaderValue::try_from(host) {
            request.headers_mut().insert(HOST, host);
        }
        let (mut sender, connection) =
            Builder::new().read_buf_exact_size(Some(READ)).handshake(TokioIo::new(stream)).await?;
        // Its error is told by the answer.
        let running = tokio::spawn(async move {
            let parts = connection.without_shutdown().await.ok()?;
            parts.read_buf.is_empty().then(|| parts.io.into_inner())
        });
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        self.busy = Some(RequestExchange { sender, running });
        Ok(response)
    }
}

/// Whether nothing came on a socket since its last answer, not even its end.
fn is_open(stream: &TcpStream) -> bool {
    stream.try_read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// Whether the server had closed the connection before it was asked.
fn is_gone(error: &hyper::Error) -> bool {
    let io = error.source().and_then(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    let reset = matches!(io, Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe));
    reset || error.is_canceled() || error.is_incomplete_message() || error.is_closed()
}

/// Where a redirect leads, if it stays with the server.
fn moved(url: &Url, response: &Response<Incoming>) -> Option<Url> {
    let there = response.headers().get(LOCATION).filter(|_| response.status().is_redirection())?;
    url.join(there.to_str().ok()?).ok().filter(|there| there.origin() == url.origin())
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

async fn connect(url: &Url) -> Result<TcpStream, ScrapeTrouble> {
    let (host, port) = (host(url), url.port_or_known_default().unwrap_or(80));
    let connecting = TcpStream::connect((host.trim_matches(['[', ']']), port));
    let stream = tokio::time::timeout(CONNECT, connecting).await.map_err(|_| ScrapeTrouble::TimedOut)?;
    let stream = stream.map_err(|error| no_connection(&error, host))?;
    // Small requests that wait for nothing.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

fn no_connection(error: &io::Error, host: &str) -> ScrapeTrouble {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ScrapeTrouble::Refused,
        io::ErrorKind::TimedOut => ScrapeTrouble::TimedOut,
        _ if error.raw_os_error().is_none() => ScrapeTrouble::NoSuchHost(Label::new(host)),
        _ => ScrapeTrouble::Other(Label::new(&error.to_string())),
    }
}

/// What broke after so many bytes of body.
pub(super) fn trouble(error: &hyper::Error, bytes: u64) -> ScrapeTrouble {
    if error.is_parse() {
        ScrapeTrouble::Other(Label::new(&format!("not HTTP: {error}")))
    } else {
        ScrapeTrouble::Cut(bytes)
    }
}
