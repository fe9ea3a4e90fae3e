//! HTTP requests and responses.

use std::time::Duration;

pub use hyper::body::Bytes;

use crate::units::Timestamp;

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET, or HEAD, for which the server leaves the body of the response out.
    Get,
    /// POST.
    Post,
}

/// A request.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, as sent: `/metrics`.
    pub path: String,
    /// The query without the `?`, as sent.
    pub query: Option<String>,
    /// The `Host` header, as sent.
    pub host: Option<String>,
    /// The `Accept` header, as sent.
    pub accept: Option<String>,
    /// The `Authorization` header, as sent.
    pub authorization: Option<String>,
    /// The `Content-Type` header, as sent.
    pub content_type: Option<String>,
    /// The body; empty for GET.
    pub body: Bytes,
}

impl std::fmt::Debug for Request {
    /// Without the credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = f.debug_struct("Request");
        fields.field("method", &self.method).field("path", &self.path).field("query", &self.query);
        fields.finish_non_exhaustive()
    }
}

impl Request {
    /// A GET of `path`.
    pub fn get(path: &str) -> Self {
        Self {
            method: Method::Get,
            path: path.to_owned(),
            query: None,
            host: None,
            accept: None,
            authorization: None,
            content_type: None,
            body: Bytes::new(),
        }
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
    /// A web page.
    pub const HTML: &'static str = "text/html; charset=utf-8";
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
