//! Why a page could not be read or a source does not work, in words for people.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Label;

/// Why a target returned no page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScrapeError {
    /// The connection was refused.
    Refused,
    /// Timeout.
    TimedOut,
    /// The name does not resolve.
    NoSuchHost(Label),
    /// A status other than 200.
    Status(u16),
    /// This status, with a request for basic authentication.
    NeedsPassword(u16),
    /// A refusal with status 401 or 403, and what to do about it.
    NotAllowed(Label),
    /// An answer that is not a metrics page.
    NotMetrics(Label),
    /// The body is larger than the cap, in bytes.
    TooLarge(u64),
    /// The page ended too early, after this many bytes.
    Cut(u64),
    /// Its last line has no line feed, after this many bytes: its last number may be incomplete.
    Unended(u64),
    /// The certificate or the TLS handshake failed.
    Tls(Label),
    /// Another error, in its own words.
    Other(Label),
}

impl fmt::Display for ScrapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => {
                f.write_str("connection refused: nothing listens there; is the engine up, and is this its port?")
            }
            Self::TimedOut => f.write_str("no answer in time; the last figures stand until it answers"),
            Self::NoSuchHost(host) => write!(f, "{host}: no such host; check the name"),
            Self::Status(401 | 403) => {
                f.write_str("asks for a key (HTTP 401 or 403): set bearer_token_file for this target")
            }
            Self::NeedsPassword(status) => write!(
                f,
                "asks for a user name and password (HTTP {status}): set username and password_file for this target, or check them"
            ),
            Self::Status(404) => f.write_str("HTTP 404: no metrics page there; give the path"),
            Self::Status(status @ 500..) => write!(f, "HTTP {status}: the server failed; its log says why"),
            Self::Status(status) => write!(f, "HTTP {status}: no metrics page there; check the address"),
            Self::NotMetrics(what) => write!(f, "not a metrics page: {what}"),
            Self::TooLarge(cap) => {
                write!(f, "page over {} MiB, not read: name one with fewer series", cap / (1024 * 1024))
            }
            Self::Cut(bytes) => write!(
                f,
                "page cut after {bytes} bytes: its end is missing, so nothing of it is counted; a proxy in between may cut it"
            ),
            Self::Unended(bytes) => write!(
                f,
                "page cut after {bytes} bytes: its last line has no line feed, so it was cut or is still being written; nothing of it is counted"
            ),
            Self::Tls(why) => write!(f, "TLS: {why}; for a private CA set ca_file"),
            Self::NotAllowed(why) | Self::Other(why) => why.fmt(f),
        }
    }
}

/// What kind of source fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceErrorKind {
    /// The NVIDIA driver is not installed.
    DriverMissing,
    /// The NVIDIA driver is installed and fails.
    Driver,
    /// The search for engines on this machine found none.
    Search,
    /// A server on this machine answers and is no engine.
    Port,
    /// Another source, or one that an earlier release recorded.
    #[default]
    Other,
}

/// An error of a source, with its remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceError {
    /// Which kind of source fails, and whether it is there at all.
    #[serde(default)]
    pub kind: SourceErrorKind,
    /// What fails: `NVML`, `engines`, a target.
    #[serde(alias = "what")]
    pub source: Label,
    /// Why it fails.
    #[serde(alias = "why")]
    pub cause: Label,
    /// What to do about it.
    #[serde(alias = "mend")]
    pub remedy: Label,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.source, self.cause, self.remedy)
    }
}
