//! A kept-alive connection to one server, for pages over plain HTTP: nearly all pages.
//!
//! reqwest's read buffer grows to the size of the page and is kept; over hundreds of targets that was most of the
//! program's memory. Here only the socket is kept between two scrapes: hyper's state of a connection
//! is 25 kB of buffers, which are quickly allocated again.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HOST, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use tokio::net::TcpStream;

use crate::reading::{Label, ScrapeError};

/// The timeout of connecting.
pub(super) const CONNECT: Duration = Duration::from_secs(2);
/// The size of the read buffer in bytes, by that of the last page: what is usual is read at once. Pages are copied out as they
/// arrive.
const READ: std::ops::RangeInclusive<usize> = 16 << 10..=64 << 10;
/// What is allowed for the header of a response.
const HEADER: usize = 1 << 10;

/// The connection to one server. It is opened when first needed, and again after it was closed.
#[derive(Debug, Default)]
pub(super) struct KeptConnection {
    /// The socket between two requests.
    idle: Option<TcpStream>,
    /// Boxed, as there are fewer requests than connections, and the state of one takes a kilobyte.
    busy: Option<Box<RequestExchange>>,
    /// The address of the last request.
    asked: Option<RequestAddress>,
    /// The size of the last body.
    expected: usize,
}

/// An address as a request has it.
#[derive(Debug)]
struct RequestAddress {
    url: Url,
    path: Uri,
    host: Option<HeaderValue>,
}

impl RequestAddress {
    fn of(url: &Url) -> Self {
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let host = url.port().map_or_else(|| host(url).to_owned(), |port| format!("{}:{port}", host(url)));
        // A parsed URL has a valid path and host.
        Self { url: url.clone(), path: path.parse().unwrap_or_default(), host: HeaderValue::try_from(host).ok() }
    }
}

/// What a request says besides its address.
#[derive(Debug, Clone)]
pub(super) struct RequestHeaders {
    pub(super) accept: &'static str,
    pub(super) authorization: Option<HeaderValue>,
}

impl RequestHeaders {
    /// All headers of a request.
    pub(super) fn to_map(&self, host: Option<HeaderValue>) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(5);
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("margintop/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static(self.accept));
        // Compression would cost the engine time; a compressed body is still decompressed.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for (name, value) in [(AUTHORIZATION, self.authorization.clone()), (HOST, host)] {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        headers
    }
}

/// A request and its response, which may not have been read completely.
#[derive(Debug)]
struct RequestExchange {
    sender: SendRequest<Empty<Bytes>>,
    connection: PolledConnection,
}

/// A connection that is driven by whichever future awaits its data: a task of its own would be spawned and woken for each
/// page. `None` once it has ended.
#[derive(Debug)]
struct PolledConnection(Option<Connection<TokioIo<TcpStream>, Empty<Bytes>>>);

impl PolledConnection {
    /// Reads and writes without waiting.
    fn go_on(&mut self, cx: &mut Context<'_>) {
        // Its error is also that of the response or its body.
        if self.0.as_mut().is_some_and(|connection| connection.poll_without_shutdown(cx).is_ready()) {
            self.0 = None;
        }
    }

    /// Drives the connection until `brings` is ready.
    async fn until<T>(&mut self, mut brings: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
        poll_fn(|cx| {
            self.go_on(cx);
            brings(cx)
        })
        .await
    }

    /// The socket after the last exchange, unless unexpected data was received.
    async fn socket(self) -> Option<TcpStream> {
        let parts = self.0?.without_shutdown().await.ok()?;
        parts.read_buf.is_empty().then(|| parts.io.into_inner())
    }
}

/// The body of a response, which drives its connection while it is awaited.
pub(super) struct IncomingBody<'c> {
    body: Incoming,
    connection: Option<&'c mut PolledConnection>,
}

impl Body for IncomingBody<'_> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        // Data that has arrived is returned before more is read.
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        this.connection.iter_mut().for_each(|connection| connection.go_on(cx));
        Pin::new(&mut this.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The result of a GET.
pub(super) enum GetResult {
    /// A response.
    Answer(Response<Incoming>),
    /// A redirect to another address of the same server.
    Moved(Url),
}

impl KeptConnection {
    /// Sends a GET. A connection that the server closed between two scrapes is replaced once.
    pub(super) async fn get(&mut self, url: &Url, headers: &RequestHeaders) -> Result<GetResult, ScrapeError> {
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
        let response = response.map_err(|error| failure(&error, 0))?;
        Ok(moved(url, &response).map_or_else(|| GetResult::Answer(response), GetResult::Moved))
    }

    /// The response with a readable body.
    pub(super) fn reading(&mut self, response: Response<Incoming>) -> Response<IncomingBody<'_>> {
        let connection = self.busy.as_mut().map(|exchange| &mut exchange.connection);
        response.map(|body| IncomingBody { body, connection })
    }

    /// Sets the size of the body that is expected.
    pub(super) const fn expect(&mut self, size: usize) {
        self.expected = size;
    }

    /// Keeps the socket if the response was read completely; otherwise closes it.
    pub(super) async fn rest(&mut self) {
        let Some(busy) = self.busy.take() else { return };
        let RequestExchange { mut sender, mut connection } = *busy;
        if connection.until(|cx| sender.poll_ready(cx)).await.is_ok() {
            drop(sender);
            self.idle = connection.socket().await;
        }
    }

    async fn send(
        &mut self,
        stream: TcpStream,
        url: &Url,
        headers: &RequestHeaders,
    ) -> hyper::Result<Response<Incoming>> {
        let mut request = Request::new(Empty::new());
        let asked = self.asked.take().filter(|asked| asked.url == *url).unwrap_or_else(|| RequestAddress::of(url));
        *request.headers_mut() = headers.to_map(asked.host.clone());
        *request.uri_mut() = asked.path.clone();
        self.asked = Some(asked);
        let read = (self.expected + HEADER).clamp(*READ.start(), *READ.end());
        let (mut sender, connection) =
            Builder::new().read_buf_exact_size(Some(read)).handshake(TokioIo::new(stream)).await?;
        let mut connection = PolledConnection(Some(connection));
        connection.until(|cx| sender.poll_ready(cx)).await?;
        let mut sent = pin!(sender.send_request(request));
        let response = connection.until(|cx| sent.as_mut().poll(cx)).await?;
        self.busy = Some(Box::new(RequestExchange { sender, connection }));
        Ok(response)
    }
}

/// Whether a socket is open and has received nothing since the last response.
fn is_open(stream: &TcpStream) -> bool {
    stream.try_read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// Whether the server had closed the connection before the request.
fn is_gone(error: &hyper::Error) -> bool {
    let io = error.source().and_then(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    let reset = matches!(io, Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe));
    reset || error.is_canceled() || error.is_incomplete_message() || error.is_closed()
}

/// The target of a redirect, if it is on the same server.
fn moved(url: &Url, response: &Response<Incoming>) -> Option<Url> {
    let there = response.headers().get(LOCATION).filter(|_| response.status().is_redirection())?;
    url.join(there.to_str().ok()?).ok().filter(|there| there.origin() == url.origin())
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

async fn connect(url: &Url) -> Result<TcpStream, ScrapeError> {
    let (host, port) = (host(url), url.port_or_known_default().unwrap_or(80));
    let connecting = TcpStream::connect((host.trim_matches(['[', ']']), port));
    let stream = tokio::time::timeout(CONNECT, connecting).await.map_err(|_| ScrapeError::TimedOut)?;
    let stream = stream.map_err(|error| no_connection(&error, host))?;
    // Requests are small and are sent at once.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

fn no_connection(error: &io::Error, host: &str) -> ScrapeError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ScrapeError::Refused,
        io::ErrorKind::TimedOut => ScrapeError::TimedOut,
        _ if error.raw_os_error().is_none() => ScrapeError::NoSuchHost(Label::new(host)),
        _ => ScrapeError::Other(Label::new(&error.to_string())),
    }
}

/// Translates an error after `bytes` bytes of body.
pub(super) fn failure(error: &hyper::Error, bytes: u64) -> ScrapeError {
    if error.is_parse() {
        ScrapeError::Other(Label::new(&format!("not HTTP: {error}")))
    } else {
        ScrapeError::Cut(bytes)
    }
}
