//! The queries that are sent: names, and raw samples of some series.

use std::time::Duration;

use super::answer::{self, ApiError, RawSeries};
use super::selection;
use crate::reading::ScrapeError;
use crate::source::scrape::{ApiClient, ApiResponse, Settings};
use crate::source::target::{Address, PolledTarget};
use crate::units::{Span, Timestamp};

/// The shortest timeout of a query: a large server needs longer for it than an engine for its page.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answers, in bytes.
const LARGEST_NAMES: usize = 32 << 20;
const LARGEST_SAMPLES: usize = 128 << 20;
/// How far back names are asked for.
const NAMES_OF: Span = Span::from_secs(3600);

/// The API of one server.
#[derive(Debug)]
pub(super) struct PrometheusApi {
    client: Option<ApiClient>,
    timeout: Duration,
}

impl PrometheusApi {
    /// The API of a target.
    pub(super) fn new(target: &PolledTarget, settings: &Settings) -> Self {
        let timeout = settings.timeout.max(PATIENCE);
        let client = match &target.address {
            Address::Prometheus(base) => {
                Some(ApiClient::new(target.clone(), base.clone(), settings.clients.clone(), timeout))
            }
            Address::Http(_) | Address::File(_) | Address::Ssh(_) => None,
        };
        Self { client, timeout }
    }

    /// The names of series that may be read, of the last hour before an instant.
    pub(super) async fn names(&mut self, at: Timestamp) -> Result<Vec<String>, ApiError> {
        let fields =
            [("start", seconds(at - NAMES_OF)), ("end", seconds(at)), ("match[]", selection::known_prefixes())];
        let client = self.client()?;
        let response = client.get("/api/v1/label/__name__/values", &fields, LARGEST_NAMES).await?;
        answer::names(&self.body(response)?)
    }

    /// The samples of the series of a matcher, from `range` before an instant up to it.
    pub(super) async fn samples(
        &mut self,
        matcher: &str,
        range: Span,
        at: Timestamp,
    ) -> Result<Vec<RawSeries>, ApiError> {
        let fields = [
            ("query", format!("{matcher}[{}ms]", range.millis())),
            ("time", seconds(at)),
            ("timeout", format!("{}s", self.timeout.as_secs())),
        ];
        let client = self.client()?;
        let response = client.post("/api/v1/query", &fields, LARGEST_SAMPLES).await?;
        answer::series(&self.body(response)?)
    }

    fn client(&mut self) -> Result<&mut ApiClient, ApiError> {
        self.client.as_mut().ok_or_else(|| ApiError::said("its address is not that of a Prometheus"))
    }

    fn body(&self, ApiResponse { status, body }: ApiResponse) -> Result<Vec<u8>, ApiError> {
        if status == 200 {
            return Ok(body);
        }
        let refused = matches!(status, 401 | 403).then(|| self.client.as_ref().map(|client| client.explain(status)));
        match (answer::refusal(status, &body), refused.flatten()) {
            (ApiError::Failed(ScrapeError::Status(_)), Some(explained)) => Err(ApiError::Failed(explained)),
            (refusal, _) => Err(refusal),
        }
    }
}

/// Seconds with milliseconds, as the API has instants.
fn seconds(at: Timestamp) -> String {
    let millis = at.millis();
    format!("{}.{:03}", millis.div_euclid(1000), millis.rem_euclid(1000))
}
