//! The wait after a search that found no page, and the error that is reported meanwhile.

use crate::dialect;
use crate::reading::{Label, ScrapeError};
use crate::source::target::{AGENT_PORT, Address};
use crate::suggestion::nearest;

/// A server that answers without a page is searched again after 1, 2, 4 and up to 32 scrapes, since each search makes four
/// requests to a server that may be busy.
#[derive(Debug, Default)]
pub(super) struct Search {
    pause: u32,
    polls_left: u32,
    found_instead: Option<ScrapeError>,
}

impl Search {
    /// The error of the last search, if it is too soon for another.
    pub(super) fn too_soon(&mut self) -> Option<ScrapeError> {
        self.polls_left = self.polls_left.checked_sub(1)?;
        self.found_instead.clone()
    }

    /// Records the error of a search. A server that is starting or overloaded is searched again at once.
    pub(super) fn failed(&mut self, failure: &ScrapeError) {
        if matches!(failure, ScrapeError::Status(500 | 502..)) {
            return;
        }
        self.pause = (self.pause * 2).clamp(1, 32);
        self.polls_left = self.pause;
        self.found_instead = Some(failure.clone());
    }
}

/// Whether the server answered.
pub(super) const fn is_an_answer(failure: &ScrapeError) -> bool {
    matches!(
        failure,
        ScrapeError::Status(_)
            | ScrapeError::NeedsPassword(_)
            | ScrapeError::NotAllowed(_)
            | ScrapeError::NotMetrics(_)
            | ScrapeError::Other(_)
    )
}

/// The more helpful of two errors of a search.
pub(super) fn more_telling(one: ScrapeError, other: ScrapeError) -> ScrapeError {
    let weight = |failure: &ScrapeError| match failure {
        ScrapeError::Status(401 | 403) | ScrapeError::NeedsPassword(_) | ScrapeError::NotAllowed(_) => 5,
        ScrapeError::NotMetrics(_) => 4,
        ScrapeError::Status(501) => 3,
        ScrapeError::Status(404) => 0,
        ScrapeError::Status(_) => 2,
        _ => 1,
    };
    if weight(&other) > weight(&one) { other } else { one }
}

/// Adds a remedy to the error if the address suggests one: a path similar to a usual one, or the agent's port because none
/// was given.
pub(super) fn with_remedy(failure: ScrapeError, address: &Address) -> ScrapeError {
    let Address::Http(url) = address else { return failure };
    let text = match failure {
        ScrapeError::Status(404) => {
            let usual = dialect::paths(None).iter().copied().filter(|path| *path != url.path());
            match (nearest(url.path(), usual), dialect::missing_flags(404)) {
                (Some(near), _) => format!("HTTP 404: there is no page {}; is it {near}?", url.path()),
                (None, Some(flags)) => format!("HTTP 404: no metrics page there; {flags}, or give the path"),
                (None, None) => return failure,
            }
        }
        ScrapeError::Status(status @ 501) => {
            let Some(flags) = dialect::missing_flags(status) else { return failure };
            format!("HTTP {status}: no metrics page there; {flags}")
        }
        ScrapeError::Refused if url.port() == Some(AGENT_PORT) && url.path() == "/" => {
            let host = url.host_str().unwrap_or_default();
            format!(
                "connection refused: nothing listens on port {AGENT_PORT}, the one of `margintop agent`, which is the only one that is tried for a \
                 host without a port; write an engine's with it: {host}:8000 (vLLM), {host}:30000 (SGLang)"
            )
        }
        _ => return failure,
    };
    ScrapeError::Other(Label::new(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(failure: ScrapeError, url: &str) -> String {
        url.parse().map_or_else(|_| String::new(), |url| with_remedy(failure, &Address::Http(url)).to_string())
    }

    #[test]
    fn an_address_that_is_nearly_right_says_what_to_write() {
        let near = message(ScrapeError::Status(404), "http://gpu-01:8000/metricz");
        assert!(near.ends_with("there is no page /metricz; is it /metrics?"), "{near}");
        for (failure, url) in
            [(ScrapeError::Status(503), "http://gpu-01:8000/metricz"), (ScrapeError::Refused, "http://gpu-01:8000/")]
        {
            assert_eq!(message(failure.clone(), url), failure.to_string(), "{url}");
        }
        let none = message(ScrapeError::Status(404), "http://gpu-01:8000/metrics");
        assert_eq!(none, "HTTP 404: no metrics page there; SGLang needs --enable-metrics, or give the path");
        let flag = message(ScrapeError::Status(501), "http://gpu-01:8080/metrics");
        assert_eq!(flag, "HTTP 501: no metrics page there; llama.cpp needs --metrics");
        let bare = message(ScrapeError::Refused, "http://localhost:9545");
        assert!(bare.contains("port 9545") && bare.contains("localhost:8000"), "{bare}");
    }
}
