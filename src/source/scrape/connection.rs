//! A kept-alive connection to one server, for uncompressed pages over plain HTTP: nearly all pages.
//!
//! Between two scrapes only the socket is kept: read buffers of hundreds of connections were most of the program's memory.
//! Compressed bodies and TLS are left to reqwest.

use std::io;
use std::time::Duration;

use hyper::Response;
use hyper::header::{CONTENT_ENCODING, HeaderMap, LOCATION};
use reqwest::Url;
use tokio::net::TcpStream;

use super::answer::{Intake, PageAnswer, refuse_status};
use super::exchange::{self, Broken, ResponseHead};
use crate::reading::{Label, ScrapeTrouble};

/// The timeout of connecting.
pub(super) const CONNECT: Duration = Duration::from_secs(2);
/// The largest body that is read only to use its connection again.
const DRAINED: usize = 64 << 10;

/// The connection to one server. It is opened when it is first needed, and again after it was closed.
#[derive(Debug, Default)]
pub(super) struct KeptConnection {
    /// The socket between two requests.
    idle: Option<TcpStream>,
}

/// The result of a GET.
pub(super) enum Got {
    /// A response.
    Answer(PageAnswer),
    /// A redirect to another address of the same server.
    Moved(Url),
    /// A response that needs the general client.
    Unusual,
}

impl KeptConnection {
    /// Sends a GET. A connection that the server closed between two scrapes is replaced once.
    pub(super) async fn get(
        &mut self,
        url: &Url,
        headers: &HeaderMap,
        intake: Intake<'_>,
    ) -> Result<Got, ScrapeTrouble> {
        let request = request(url, headers);
        let kept = self.idle.take().filter(is_open);
        let was_kept = kept.is_some();
        let mut stream = match kept {
            Some(stream) => stream,
            None => connect(url).await?,
        };
        let head = match exchange::request(&mut stream, &request).await {
            Err(Broken::Gone) if was_kept => {
                stream = connect(url).await?;
                exchange::request(&mut stream, &request).await
            }
            head => head,
        };
        let head = head.map_err(|broken| trouble(broken, 0))?;
        let response = &head.response;
        if let Some(there) = moved(url, response) {
            self.drain(stream, &head).await;
            return Ok(Got::Moved(there));
        }
        if response.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Ok(Got::Unusual);
        }
        if let Err(refusal) = refuse_status(response) {
            self.drain(stream, &head).await;
            return Err(refusal);
        }
        let Intake { cap, buffer: mut body, clock } = intake;
        let is_kept =
            head.read_body(&mut stream, &mut body, cap).await.map_err(|broken| trouble(broken, cap as u64))?;
        self.idle = is_kept.then_some(stream);
        Ok(Got::Answer(PageAnswer::new(body, clock.now(), head.response.headers())))
    }

    /// Reads a small body that is not wanted, so that its connection can be used again.
    async fn drain(&mut self, mut stream: TcpStream, head: &ResponseHead) {
        let is_kept = head.read_body(&mut stream, &mut Vec::new(), DRAINED).await.unwrap_or(false);
        self.idle = is_kept.then_some(stream);
    }
}

/// The bytes of a request.
fn request(url: &Url, headers: &HeaderMap) -> Vec<u8> {
    let mut request = Vec::with_capacity(512);
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    for part in ["GET ", url.path(), &query, " HTTP/1.1\r\nhost: ", host(url), &port, "\r\n"] {
        request.extend_from_slice(part.as_bytes());
    }
    for (name, value) in headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            request.extend_from_slice(part);
        }
    }
    request.extend_from_slice(b"\r\n");
    request
}

/// Whether a socket is open and has received nothing since its last response.
fn is_open(stream: &TcpStream) -> bool {
    stream.try_read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// The target of a redirect, if it is on the same server.
fn moved(url: &Url, response: &Response<()>) -> Option<Url> {
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
    // Requests are small and are sent at once.
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

/// Translates why there is no response, or not all of it.
fn trouble(broken: Broken, cap: u64) -> ScrapeTrouble {
    match broken {
        Broken::Gone => ScrapeTrouble::Cut(0),
        Broken::Cut(bytes) => ScrapeTrouble::Cut(bytes),
        Broken::NotHttp(why) => ScrapeTrouble::Other(Label::new(&format!("not HTTP: {why}"))),
        Broken::TooLarge => ScrapeTrouble::TooLarge(cap),
    }
}
