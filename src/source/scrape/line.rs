//! One kept-alive connection to one server, for pages that come over plain HTTP as they are: nearly all of them.
//!
//! A general client's read buffer grows to the size of the page and stays; over hundreds of targets that is most of the
//! program's memory. This one's does not. What it can't do
//! (compressed bodies) it hands back.

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

use crate::reading::{Label, ScrapeTrouble};

/// How long connecting may take.
pub(super) const CONNECT: Duration = Duration::from_secs(2);
/// Bytes read at once; a page is copied out as it comes.
const READ: usize = 8 << 10;

/// The connection to one server, made when it is first needed and again when it was closed.
#[derive(Debug, Default)]
pub(super) struct Line {
    sender: Option<SendRequest<Empty<Bytes>>>,
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

impl Line {
    /// Sends a GET. A connection that the server closed between two looks is replaced once.
    pub(super) async fn get(&mut self, url: &Url, headers: &HeaderMap) -> Result<Got, ScrapeTrouble> {
        let kept = self.sender.take().filter(|sender| !sender.is_closed());
        let was_kept = kept.is_some();
        let sender = match kept {
            Some(sender) => sender,
            None => connect(url).await?,
        };
        let response = match self.send(sender, url, headers).await {
            Err(error) if was_kept && (error.is_canceled() || error.is_incomplete_message() || error.is_closed()) => {
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

    async fn send(
        &mut self,
        mut sender: SendRequest<Empty<Bytes>>,
        url: &Url,
        headers: &HeaderMap,
    ) -> hyper::Result<Response<Incoming>> {
        let mut request = Request::new(Empty::new());
        *request.headers_mut() = headers.clone();
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let host = url.port().map_or_else(|| host(url).to_owned(), |port| format!("{}:{port}", host(url)));
        // What parsed as an address is a valid path and host.
        *request.uri_mut() = path.parse().unwrap_or_default();
        if let Ok(host) = HeaderValue::try_from(host) {
            request.headers_mut().insert(HOST, host);
        }
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        self.sender = Some(sender);
        Ok(response)
    }
}

/// Where a redirect leads, if it stays with the server.
fn moved(url: &Url, response: &Response<Incoming>) -> Option<Url> {
    let there = response.headers().get(LOCATION).filter(|_| response.status().is_redirection())?;
    url.join(there.to_str().ok()?).ok().filter(|there| there.origin() == url.origin())
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

async fn connect(url: &Url) -> Result<SendRequest<Empty<Bytes>>, ScrapeTrouble> {
    let (host, port) = (host(url), url.port_or_known_default().unwrap_or(80));
    let connecting = TcpStream::connect((host.trim_matches(['[', ']']), port));
    let stream = tokio::time::timeout(CONNECT, connecting).await.map_err(|_| ScrapeTrouble::TimedOut)?;
    let stream = stream.map_err(|error| no_connection(&error, host))?;
    // Small requests that wait for nothing.
    let _ = stream.set_nodelay(true);
    let shaken = Builder::new().read_buf_exact_size(Some(READ)).handshake(TokioIo::new(stream)).await;
    let (sender, connection) = shaken.map_err(|error| trouble(&error, 0))?;
    // It ends with the sender, and its error is told by the answer.
    tokio::spawn(connection);
    Ok(sender)
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
