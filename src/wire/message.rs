//! HTTP requests and responses.

use std::time::Duration;

pub use hyper::body::Bytes;

use crate::units::Timestamp;

/// A request. The method is GET or HEAD; for HEAD the server leaves the body of the response out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The path, as sent: `/metrics`.
    pub path: String,
    /// The query without the `?`, as sent.
    pub query: Option<String>,
    /// The `Host` header, as sent.
    pub host: Option<String>,
    /// The `Accept` header, as sent.
    pub accept: Option<String>,
}

impl Request {
    /// A GET of `path`.
    pub fn get(path: &str) -> Self {
        Self { path: path.to_owned(), query: None, host: None, accept: None }
    }

    /// The value of `key` in the query, as sent: nothing is decoded.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        let pairs = self.query.as_deref()?.split('&');
        pairs.filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The body; clones share it.
    pub body: Bytes,
    /// The `Date` header; `None` is this machine's time. A simulated host has its own.
    pub date: Option<Timestamp>,
    /// The delay before the response is sent, for a simulated host that is slow. The handler itself never waits.
    pub delay: Duration,
}

impl Response {
    /// Prometheus' text format, as its own client libraries announce it.
    pub const EXPOSITION: &'static str = "text/plain; version=0.0.4; charset=utf-8";
    /// JSON.
    pub const JSON: &'static str = "application/json";
    const TEXT: &'static str = "text/plain; charset=utf-8";

    /// Status 200 with a body.
    pub fn ok(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status: 200, content_type, body: body.into(), date: None, delay: Duration::ZERO }
    }

    /// Status 200 with plain text.
    pub fn text(body: impl Into<Bytes>) -> Self {
        Self::ok(Self::TEXT, body)
    }

    /// Status 200 with a metrics page.
    pub fn exposition(page: impl Into<Bytes>) -> Self {
        Self::ok(Self::EXPOSITION, page)
    }

    /// Status 200 with JSON.
    pub fn json(body: impl Into<Bytes>) -> Self {
        Self::ok(Self::JSON, body)
    }

    /// A status and a line of text.
    pub fn status(status: u16, line: impl Into<Bytes>) -> Self {
        Self { status, ..Self::text(line) }
    }

    /// Status 404.
    pub fn not_found() -> Self {
        Self::status(404, "no such page\n")
    }

    /// The same answer, given at `now`.
    #[must_use]
    pub fn dated(self, now: Timestamp) -> Self {
        Self { date: Some(now), ..self }
    }

    /// The same answer, sent `span` later.
    #[must_use]
    pub fn delayed(self, span: Duration) -> Self {
        Self { delay: span, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_by_its_whole_name() {
        let request = Request { query: Some("since=1&by=hour&x".to_owned()), ..Request::get("/") };
        assert_eq!(request.parameter("by"), Some("hour"));
        assert_eq!(request.parameter("y"), None);
        assert_eq!(request.parameter("x"), None);
        assert_eq!(Request::get("/").parameter("by"), None);
    }
}
