//! The response to a GET, from either client.

use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, WWW_AUTHENTICATE};

use super::unpacked::UnpackedBody;
use crate::clock::Clock;
use crate::reading::{Label, ScrapeError};
use crate::units::{Moment, Timestamp};

/// A complete body with the headers that are used.
#[derive(Debug)]
pub(super) struct PageAnswer {
    /// The body, decoded.
    pub(super) body: Vec<u8>,
    /// The time at which its last byte arrived.
    pub(super) at: Moment,
    /// Whether its content type is `OpenMetrics`; `None` without a content type.
    pub(super) openmetrics: Option<bool>,
    /// The server's time, from the `Date` header.
    pub(super) date: Option<Timestamp>,
    /// llama.cpp's identifier of its process, which replaces a start time.
    pub(super) process: Option<HeaderValue>,
}

/// The limits and the buffer for a response.
pub(super) struct Intake<'a> {
    /// The largest body, in bytes.
    pub(super) cap: usize,
    /// The buffer for the body.
    pub(super) buffer: Vec<u8>,
    /// The clock for its time of arrival.
    pub(super) clock: &'a Clock,
}

impl Intake<'_> {
    /// Receives the complete body. A body that is too large or truncated is an error; `broken` translates the client's
    /// error.
    pub(super) async fn receive<B>(
        self,
        response: Response<B>,
        broken: impl Fn(&B::Error, u64) -> ScrapeError,
    ) -> Result<PageAnswer, ScrapeError>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        refuse_status(&response)?;
        let (head, mut incoming) = response.into_parts();
        if incoming.size_hint().lower() > self.cap as u64 {
            return Err(ScrapeError::TooLarge(self.cap as u64));
        }
        let mut body = UnpackedBody::of(&head.headers, self.buffer, self.cap)?;
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| broken(&error, body.length() as u64))?;
            if let Some(chunk) = frame.data_ref() {
                body.take(chunk)?;
            }
        }
        Ok(PageAnswer {
            body: body.finish()?,
            at: self.clock.now(),
            openmetrics: is_openmetrics(&head.headers),
            date: date(&head.headers),
            process: head.headers.get("process-start-time-unix").cloned(),
        })
    }
}

/// Schemes that margintop does not have, as a header has them and as they are called.
const UNMET: [(&str, &str); 4] =
    [("digest", "Digest"), ("negotiate", "Negotiate"), ("ntlm", "NTLM"), ("aws4-hmac-sha256", "AWS4-HMAC-SHA256")];

fn refuse_status<B>(response: &Response<B>) -> Result<(), ScrapeError> {
    let status = response.status();
    if status.is_redirection() {
        let there = response.headers().get(LOCATION).and_then(|there| there.to_str().ok()).unwrap_or("nowhere");
        let why = format!("redirects to {there}, which is not followed; name that address if it is the engine's");
        return Err(ScrapeError::Other(Label::new(&why)));
    }
    match status.as_u16() {
        200 => Ok(()),
        code @ (401 | 403) => Err(refused(code, response.headers())),
        code => Err(ScrapeError::Status(code)),
    }
}

/// What a refusal asks for: by those of its challenges that margintop can meet, the first of which is named first. Without a
/// challenge a key is asked for.
fn refused(status: u16, headers: &HeaderMap) -> ScrapeError {
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|challenge| challenge.to_str().ok());
    let schemes: Vec<String> = challenges.flat_map(schemes).map(str::to_ascii_lowercase).collect();
    let place = |scheme: &str| schemes.iter().position(|known| known == scheme);
    let why = match (place("bearer"), place("basic")) {
        (None, Some(_)) => return ScrapeError::NeedsPassword(status),
        (Some(key), Some(password)) => {
            let (key, password) = (("bearer_token_file", key), ("username and password_file", password));
            let [first, second] = if key.1 < password.1 { [key.0, password.0] } else { [password.0, key.0] };
            format!(
                "asks for a key or a user name and password (HTTP {status}): set {first}, or {second}, for this target"
            )
        }
        // Its parameters look like schemes too: those that are known by name are reported.
        (None, None) => match UNMET.iter().find(|(scheme, _)| place(scheme).is_some()) {
            Some((_, name)) => format!(
                "asks for {name} authentication (HTTP {status}), which margintop does not have: let this page be read with a key (bearer_token_file) or with basic authentication (username and password_file)"
            ),
            None => return ScrapeError::Status(status),
        },
        (Some(_), None) => return ScrapeError::Status(status),
    };
    ScrapeError::NotAllowed(Label::new(&why))
}

/// The words of a header that may be schemes: those at the beginning of a part between commas outside quotes.
fn schemes(challenges: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let parts = challenges.split(move |character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    });
    parts.filter_map(|part| part.split_whitespace().next())
}

fn is_openmetrics(headers: &HeaderMap) -> Option<bool> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(kind.trim_start().to_ascii_lowercase().starts_with("application/openmetrics-text"))
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
}
