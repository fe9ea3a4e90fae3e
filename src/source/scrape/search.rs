//! The wait after a search that found no page, and the error that is reported meanwhile.

use super::{AGENT_PORT, Address};
use crate::dialect;
use crate::reading::{Label, ScrapeTrouble};
use crate::words::nearest;

/// A server that answers without a page is searched again after 1, 2, 4 and up to 32 scrapes, since each search makes four
/// requests to a server that may be busy.
#[derive(Debug, Default)]
pub(super) struct Search {
    pause: u32,
    looks_left: u32,
    found_instead: Option<ScrapeTrouble>,
}

impl Search {
    /// The error of the last search, if it is too soon for another.
    pub(super) fn too_soon(&mut self) -> Option<ScrapeTrouble> {
        self.looks_left = self.looks_left.checked_sub(1)?;
        self.found_instead.clone()
    }

    /// Records the error of a search. A server that is starting or overloaded is searched again at once.
    pub(super) fn failed(&mut self, trouble: &ScrapeTrouble) {
        if matches!(trouble, ScrapeTrouble::Status(500 | 502..)) {
            return;
        }
        self.pause = (self.pause * 2).clamp(1, 32);
        self.looks_left = self.pause;
        self.found_instead = Some(trouble.clone());
    }
}

/// Whether the server answered.
pub(super) const fn is_an_answer(trouble: &ScrapeTrouble) -> bool {
    matches!(
        trouble,
        ScrapeTrouble::Status(_)
            | ScrapeTrouble::NeedsPassword(_)
            | ScrapeTrouble::NotAllowed(_)
            | ScrapeTrouble::NotMetrics(_)
            | ScrapeTrouble::Other(_)
    )
}

/// The more helpful of two errors of a search.
pub(super) fn more_telling(one: ScrapeTrouble, other: ScrapeTrouble) -> ScrapeTrouble {
    let weight = |trouble: &ScrapeTrouble| match trouble {
        ScrapeTrouble::Status(401 | 403) | ScrapeTrouble::NeedsPassword(_) | ScrapeTrouble::NotAllowed(_) => 5,
        ScrapeTrouble::NotMetrics(_) => 4,
        ScrapeTrouble::Status(501) => 3,
        ScrapeTrouble::Status(404) => 0,
        ScrapeTrouble::Status(_) => 2,
        _ => 1,
    };
    if weight(&other) > weight(&one) { other } else { one }
}

/// Adds a remedy to the error if the address suggests one: a path similar to a usual one, or the agent's port because none
/// was given.
pub(super) fn with_remedy(trouble: ScrapeTrouble, address: &Address) -> ScrapeTrouble {
    let Address::Http(url) = address else { return trouble };
    let text = match trouble {
        ScrapeTrouble::Status(404) => {
            let usual = dialect::paths(None).iter().copied().filter(|path| *path != url.path());
            let Some(near) = nearest(url.path(), usual) else { return trouble };
            format!("HTTP 404: there is no page {}; is it {near}?", url.path())
        }
        ScrapeTrouble::Refused if url.port() == Some(AGENT_PORT) && url.path() == "/" => {
            let host = url.host_str().unwrap_or_default();
            format!(
                "refused: nothing listens on port {AGENT_PORT}, the one of `margintop agent`, which is the only one that is tried for a \
                 host without a port; write an engine's with it: {host}:8000 (vLLM), {host}:30000 (SGLang)"
            )
        }
        _ => return trouble,
    };
    ScrapeTrouble::Other(Label::new(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(trouble: ScrapeTrouble, url: &str) -> String {
        url.parse().map_or_else(|_| String::new(), |url| with_remedy(trouble, &Address::Http(url)).to_string())
    }

    #[test]
    fn an_address_that_is_nearly_right_says_what_to_write() {
        let near = message(ScrapeTrouble::Status(404), "http://gpu-01:8000/metricz");
        assert!(near.ends_with("there is no page /metricz; is it /metrics?"), "{near}");
        for (trouble, url) in [
            (ScrapeTrouble::Status(404), "http://gpu-01:8000/metrics"),
            (ScrapeTrouble::Status(404), "http://gpu-01:8000/nothing"),
            (ScrapeTrouble::Status(503), "http://gpu-01:8000/metricz"),
            (ScrapeTrouble::Refused, "http://gpu-01:8000/"),
        ] {
            assert_eq!(message(trouble.clone(), url), trouble.to_string(), "{url}");
        }
        let bare = message(ScrapeTrouble::Refused, "http://localhost:9545");
        assert!(bare.contains("port 9545") && bare.contains("localhost:8000"), "{bare}");
    }
}
