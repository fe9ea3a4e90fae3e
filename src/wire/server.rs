//! Connections: accepted up to a limit, kept alive, closed when they are idle.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::StatusCode;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::body::OutgoingBody;
use super::{Access, Answer, Method, Request, Response};
use crate::units::Timestamp;

/// Connections at one time; further ones wait in the kernel's queue.
const CONNECTIONS: usize = 2048;
/// Connections of one client at one time, unless it is this machine; further ones are closed.
const OF_ONE_CLIENT: usize = 256;
/// The longest wait for the handshake and the first request of a connection.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// The longest wait for a further request: more than the minute between scrapes that is common with Prometheus.
const SILENCE: Duration = Duration::from_secs(75);
/// The longest life of a connection without a stream of parts, so that a client that never reads its response does not
/// hold a place for ever.
const LIFE: Duration = Duration::from_secs(600);
/// How long accepting pauses when the machine has no descriptor left.
const PAUSE: Duration = Duration::from_millis(100);
/// The most bytes of a request line and its headers; hyper allows no less.
const HEAD: usize = 8 * 1024;
/// The most bytes of a request's body.
const BODY: usize = 64 * 1024;

/// Answers on `listener` until the task that runs it is dropped. `handler` is called on the I/O thread and must not wait.
pub async fn serve<H, A>(listener: TcpListener, access: Access, handler: H)
where
    H: Fn(Request) -> A + Clone + Send + Sync + 'static,
    A: Into<Answer>,
{
    let limits = ServerLimits { connections: CONNECTIONS, first_request: FIRST_REQUEST };
    serve_within(limits, listener, access, handler).await;
}

/// What differs between the server and its tests.
#[derive(Debug, Clone, Copy)]
struct ServerLimits {
    connections: usize,
    first_request: Duration,
}

async fn serve_within<H, A>(limits: ServerLimits, listener: TcpListener, access: Access, handler: H)
where
    H: Fn(Request) -> A + Clone + Send + Sync + 'static,
    A: Into<Answer>,
{
    let (places, clients) = (Arc::new(Semaphore::new(limits.connections)), OpenConnections::default());
    // The connections end with this task, not with the runtime: a set aborts what it holds when it is dropped.
    let mut open = tokio::task::JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let (stream, client) = accept(&listener).await;
        let Some(client) = clients.admit(client) else { continue };
        let (handler, access) = (handler.clone(), access.clone());
        open.spawn(async move {
            begin(stream, limits.first_request, &access, &handler).await;
            drop((place, client));
        });
        while open.try_join_next().is_some() {}
    }
}

/// The connections of each client.
#[derive(Debug, Clone, Default)]
struct OpenConnections(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection's place among those of its client.
#[derive(Debug)]
struct ClientPlace {
    clients: OpenConnections,
    client: IpAddr,
}

impl OpenConnections {
    /// A place for one more connection of a client; `None` if it has too many.
    fn admit(&self, client: IpAddr) -> Option<ClientPlace> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(client).or_default();
        if *count >= OF_ONE_CLIENT && !client.is_loopback() {
            return None;
        }
        *count += 1;
        Some(ClientPlace { clients: self.clone(), client })
    }
}

impl Drop for ClientPlace {
    fn drop(&mut self) {
        let mut open = self.clients.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.client);
            }
        }
    }
}

/// The next connection. Errors of `accept` concern one connection or a shortage that passes.
async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer.ip()),
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// A connection, over TLS if the server has it.
async fn begin<H, A>(stream: TcpStream, patience: Duration, access: &Access, handler: &H)
where
    H: Fn(Request) -> A + Send + Sync,
    A: Into<Answer>,
{
    // Without it the last packet of an answer waits for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    match access.tls.clone() {
        None => converse(stream, patience, access, handler).await,
        // A client that fails the handshake is not served, and not logged.
        Some(tls) => {
            if let Ok(Ok(stream)) = timeout(patience, tls.accept(stream)).await {
                converse(stream, patience, access, handler).await;
            }
        }
    }
}

/// What a connection has done so far.
#[derive(Debug, Default)]
struct ConnectionProgress {
    asked: AtomicBool,
    streams: AtomicBool,
}

/// All requests of one connection.
async fn converse<H, A>(stream: impl AsyncRead + AsyncWrite + Unpin, patience: Duration, access: &Access, handler: &H)
where
    H: Fn(Request) -> A + Send + Sync,
    A: Into<Answer>,
{
    let progress = ConnectionProgress::default();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        progress.asked.store(true, Ordering::Relaxed);
        async {
            let answer = answer(request, access, handler).await;
            progress.streams.fetch_or(matches!(answer, Answer::Parts(_)), Ordering::Relaxed);
            Ok::<_, Infallible>(outgoing(answer).await)
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(SILENCE)
            .max_buf_size(HEAD)
            .serve_connection(TokioIo::new(stream), service)
    );
    // An error here is a client that disconnected or did not speak HTTP. It is not logged.
    if timeout(patience, connection.as_mut()).await.is_ok() || !progress.asked.load(Ordering::Relaxed) {
        return;
    }
    loop {
        if timeout(LIFE, connection.as_mut()).await.is_ok() {
            return;
        }
        // The sender of a stream's parts ends it if they are not read.
        if !progress.streams.load(Ordering::Relaxed) {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(SILENCE, connection).await;
            return;
        }
    }
}

async fn answer<H, A>(request: hyper::Request<Incoming>, access: &Access, handler: &H) -> Answer
where
    H: Fn(Request) -> A,
    A: Into<Answer>,
{
    let method = match *request.method() {
        hyper::Method::GET | hyper::Method::HEAD => Method::Get,
        hyper::Method::POST => Method::Post,
        _ => return Response::status(405, "only GET and HEAD are answered here\n").into(),
    };
    let (head, body) = request.into_parts();
    let text = |name: HeaderName| head.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let request = Request {
        method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        host: text(header::HOST),
        accept: text(header::ACCEPT),
        authorization: text(header::AUTHORIZATION),
        content_type: text(header::CONTENT_TYPE),
        body: Bytes::new(),
    };
    if let Some(refusal) = access.refusal(&request) {
        return refusal.into();
    }
    if method == Method::Get {
        return handler(request).into();
    }
    match timeout(FIRST_REQUEST, Limited::new(body, BODY).collect()).await {
        Ok(Ok(body)) => handler(Request { body: body.to_bytes(), ..request }).into(),
        Ok(Err(_)) => Response::status(413, "the request is too large, or broke off\n").into(),
        Err(_) => Response::status(408, "the request did not arrive in time\n").into(),
    }
}

async fn outgoing(answer: Answer) -> hyper::Response<OutgoingBody> {
    let (status, content_type, date, body) = match answer {
        Answer::Whole(response) => {
            if !response.delay.is_zero() {
                sleep(response.delay).await;
            }
            let body = OutgoingBody::Whole(Some(response.body));
            (response.status, response.content_type, response.date, body)
        }
        Answer::Parts(response) => (200, response.content_type, None, OutgoingBody::parts(response)),
    };
    let mut outgoing = hyper::Response::new(body);
    *outgoing.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = outgoing.headers_mut();
    let fixed = HeaderValue::from_static;
    headers.insert(header::CONTENT_TYPE, fixed(content_type));
    headers.insert(header::CACHE_CONTROL, fixed("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    if content_type == Response::HTML {
        // The page's own script and style are in it; nothing else is loaded, and no other page shows it in a frame.
        const OWN: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                           img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        headers.insert(header::CONTENT_SECURITY_POLICY, fixed(OWN));
    }
    if let Some(date) = date.and_then(http_date) {
        headers.insert(header::DATE, date);
    }
    match status {
        401 => drop(headers.insert(header::WWW_AUTHENTICATE, fixed("Bearer"))),
        405 => drop(headers.insert(header::ALLOW, fixed("GET, HEAD"))),
        _ => {}
    }
    outgoing
}

/// An instant as HTTP writes it: `Thu, 27 Feb 2025 04:00:00 GMT`.
fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let instant = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
    HeaderValue::try_from(instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::{Read, Write};
    use std::net::SocketAddr;

    use super::*;

    /// Serves an echo of the path in the background of a runtime that ends with the test.
    fn echo(connections: usize) -> (tokio::runtime::Runtime, SocketAddr) {
        serving(ServerLimits { connections, first_request: FIRST_REQUEST })
    }

    fn serving(limits: ServerLimits) -> (tokio::runtime::Runtime, SocketAddr) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let handler = |request: Request| match request.path.as_str() {
            "/gone" => Response::not_found(),
            "/then" => Response::text("then").dated(Timestamp::from_millis(1_740_628_800_000)),
            "/slow" => Response::text("slow").delayed(Duration::from_millis(60)),
            _ => Response::text(format!("{}?{:?}", request.path, request.parameter("q"))),
        };
        runtime.spawn(serve_within(limits, listener, Access::default(), handler));
        (runtime, address)
    }

    fn ask(stream: &mut std::net::TcpStream, request: &str) -> String {
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut seen = Vec::new();
        let mut part = [0; 4096];
        loop {
            let count = stream.read(&mut part).unwrap_or(0);
            seen.extend_from_slice(&part[..count]);
            let text = String::from_utf8_lossy(&seen).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                assert!(count > 0, "cut: {text:?}");
                continue;
            };
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            if body.len() >= length || request.starts_with("HEAD") || count == 0 {
                return text;
            }
        }
    }

    #[test]
    fn a_connection_is_kept_for_many_requests() {
        let (_runtime, address) = echo(4);
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        for path in ["/a", "/b"] {
            let answer = ask(&mut stream, &format!("GET {path}?q=1 HTTP/1.1\r\nHost: x\r\n\r\n"));
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
            assert!(answer.ends_with(&format!("{path}?Some(\"1\")")), "{answer}");
        }
        assert!(ask(&mut stream, "GET /gone HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 404"));
        let then = ask(&mut stream, "GET /then HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(then.matches("date: ").count(), 1, "{then}");
        assert!(then.contains("date: Thu, 27 Feb 2025 04:00:00 GMT\r\n"), "{then}");
        assert!(ask(&mut stream, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("slow"));
    }

    #[test]
    fn head_has_the_length_and_no_body() {
        let (_runtime, address) = echo(4);
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let answer = ask(&mut stream, "HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(answer.contains("content-length: 9"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }

    #[test]
    fn nothing_is_changed_over_the_wire() {
        let (_runtime, address) = echo(4);
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            let answer = ask(&mut stream, &format!("{method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
            assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
            assert!(answer.contains("allow: GET, HEAD"), "{answer}");
        }
    }

    #[test]
    fn beyond_the_cap_a_client_waits_for_a_place() {
        let (_runtime, address) = echo(1);
        let mut first = std::net::TcpStream::connect(address).unwrap();
        let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
        assert!(ask(&mut first, get).contains("200 OK"));
        let mut second = std::net::TcpStream::connect(address).unwrap();
        second.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        second.write_all(get.as_bytes()).unwrap();
        assert!(second.read(&mut [0; 16]).is_err(), "served beyond the cap");
        drop(first);
        assert!(ask(&mut second, get).contains("200 OK"));
    }

    #[test]
    fn a_connection_that_asks_nothing_is_closed_and_one_that_asked_stays() {
        let (_runtime, address) = serving(ServerLimits { connections: 4, first_request: Duration::from_millis(200) });
        let mut asked = std::net::TcpStream::connect(address).unwrap();
        let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
        assert!(ask(&mut asked, get).contains("200 OK"));
        let mut silent = std::net::TcpStream::connect(address).unwrap();
        silent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        silent.write_all(b"GET / HT").unwrap();
        assert!(matches!(silent.read(&mut [0; 16]), Ok(0)), "it is closed, not answered");
        assert!(ask(&mut asked, get).contains("200 OK"));
    }

    #[test]
    fn one_client_cannot_take_all_places() {
        let clients = OpenConnections::default();
        let client = IpAddr::from([10, 0, 0, 1]);
        let mut places: Vec<_> = (0..OF_ONE_CLIENT).map(|_| clients.admit(client)).collect();
        assert!(places.iter().all(Option::is_some) && clients.admit(client).is_none());
        assert!(clients.admit(IpAddr::from([10, 0, 0, 2])).is_some(), "another one is served");
        places.pop();
        assert!(clients.admit(client).is_some(), "a place is free again");
        drop(places);
        let here = IpAddr::from([127, 0, 0, 1]);
        let own: Vec<_> = (0..=OF_ONE_CLIENT).map(|_| clients.admit(here)).collect();
        assert!(own.iter().all(Option::is_some), "this machine is not limited");
    }

    #[test]
    fn parts_are_sent_as_they_come() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let handler = |_: Request| {
            let (response, parts) = crate::wire::PartsResponse::new("text/plain");
            tokio::spawn(async move {
                for part in ["one", "two"] {
                    parts.send(Bytes::from_static(part.as_bytes())).await.unwrap();
                }
            });
            Answer::Parts(response)
        };
        runtime.spawn(serve(listener, Access::default(), handler));
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.contains("transfer-encoding: chunked"), "{text}");
        assert!(text.ends_with("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"), "{text}");
    }

    #[test]
    fn garbage_ends_its_own_connection_only() {
        let (_runtime, address) = echo(4);
        let mut bad = std::net::TcpStream::connect(address).unwrap();
        bad.write_all(b"\x16\x03\x01 not http\r\n\r\n").unwrap();
        let mut good = std::net::TcpStream::connect(address).unwrap();
        assert!(ask(&mut good, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n").contains("200 OK"));
    }
}
