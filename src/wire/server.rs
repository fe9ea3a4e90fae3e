//! Connections: accepted up to a limit, kept alive, closed when they are idle.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::{Request, Response};
use crate::units::Timestamp;

/// Connections at one time; further ones wait in the kernel's queue.
const CONNECTIONS: usize = 256;
/// The longest wait for a request: more than the minute between scrapes that is common with Prometheus.
const SILENCE: Duration = Duration::from_secs(75);
/// The longest life of a connection, so that a client that never reads its response does not hold a place for ever.
const LIFE: Duration = Duration::from_secs(600);
/// How long accepting pauses when the machine has no descriptor left.
const PAUSE: Duration = Duration::from_millis(100);
/// The most bytes of a request line and its headers; hyper allows no less.
const HEAD: usize = 8 * 1024;

/// Answers on `listener` until the task that runs it is dropped. `handler` is called on the I/O thread and must not wait.
pub async fn serve<H>(listener: TcpListener, handler: H)
where
    H: Fn(Request) -> Response + Clone + Send + Sync + 'static,
{
    serve_at_most(CONNECTIONS, listener, handler).await;
}

async fn serve_at_most<H>(connections: usize, listener: TcpListener, handler: H)
where
    H: Fn(Request) -> Response + Clone + Send + Sync + 'static,
{
    let places = Arc::new(Semaphore::new(connections));
    // The connections end with this task, not with the runtime: a set aborts what it holds when it is dropped.
    let mut open = tokio::task::JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let stream = accept(&listener).await;
        let handler = handler.clone();
        open.spawn(async move {
            converse(stream, handler).await;
            drop(place);
        });
        while open.try_join_next().is_some() {}
    }
}

/// The next connection. Errors of `accept` concern one connection or a shortage that passes.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// All requests of one connection.
async fn converse<H>(stream: TcpStream, handler: H)
where
    H: Fn(Request) -> Response + Clone + Send + Sync + 'static,
{
    // Without it the last packet of an answer waits for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let response = answer(&request, &handler);
        async move {
            if !response.delay.is_zero() {
                sleep(response.delay).await;
            }
            Ok::<_, Infallible>(outgoing(response))
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
    if timeout(LIFE, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(SILENCE, connection).await;
    }
}

fn answer<H: Fn(Request) -> Response>(request: &hyper::Request<Incoming>, handler: &H) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Response::status(405, "only GET and HEAD are answered here\n");
    }
    let text = |name: HeaderName| request.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    handler(Request {
        path: request.uri().path().to_owned(),
        query: request.uri().query().map(str::to_owned),
        host: text(header::HOST),
        accept: text(header::ACCEPT),
    })
}

fn outgoing(response: Response) -> hyper::Response<Full<Bytes>> {
    let mut outgoing = hyper::Response::new(Full::new(response.body));
    *outgoing.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = outgoing.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(response.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(date) = response.date.and_then(http_date) {
        headers.insert(header::DATE, date);
    }
    if response.status == 405 {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
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
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let handler = |request: Request| match request.path.as_str() {
            "/gone" => Response::not_found(),
            "/then" => Response::text("then").dated(Timestamp::from_millis(1_740_628_800_000)),
            "/slow" => Response::text("slow").delayed(Duration::from_millis(60)),
            _ => Response::text(format!("{}?{:?}", request.path, request.parameter("q"))),
        };
        runtime.spawn(serve_at_most(connections, listener, handler));
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
    fn garbage_ends_its_own_connection_only() {
        let (_runtime, address) = echo(4);
        let mut bad = std::net::TcpStream::connect(address).unwrap();
        bad.write_all(b"\x16\x03\x01 not http\r\n\r\n").unwrap();
        let mut good = std::net::TcpStream::connect(address).unwrap();
        assert!(ask(&mut good, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n").contains("200 OK"));
    }
}
