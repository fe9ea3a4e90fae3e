//! Uses of the server's list of models: names for pages without one, and aliases of the models.

use crate::source::target::TlsFiles;
use std::time::Duration;

use hyper::header::HeaderValue;
use reqwest::Url;
use tokio::task::JoinHandle;

use super::answer::{Intake, PageAnswer};
use super::client::{self, Clients, REDIRECTS};
use super::connection::{self, GetResult, KeptConnection, RequestHeaders};
use super::models::{KnownModels, MODELS_CAP};
use crate::clock::Clock;
use crate::dialect;
use crate::reading::{EngineReading, EngineRole, Label, ModelAlias, ModelName, PageReading, ScrapeError};
use crate::units::{Moment, Span, Timestamp, Tokens};

/// How often the list is requested, since adapters are loaded and unloaded while the server runs. A proxy's tokens under an
/// unknown name are withheld for five minutes, so that at least one later list is read before they are posted.
const RENEW: Span = Span::from_secs(120);
/// The minimum time between two requests of the list when the process has changed.
const ANOTHER: Span = Span::from_secs(60);
/// The error of a response that is not a list.
const NO_LIST: &str = "the answer is not a model list";
/// The timeout of a list. Nothing waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The model's name for a page without it. Rows keep their name while their process lives, since a row that changed its
/// name would be another row.
#[derive(Debug, Default)]
pub(super) struct PageModel {
    name: Name,
    /// Whether another server may be at the address now.
    is_uncertain: bool,
    /// The tokens on the last page without a name.
    tokens: u64,
}

/// The state of the search for a name.
#[derive(Debug, Default)]
enum Name {
    #[default]
    NotAsked,
    /// The server's list has no name.
    Unsaid,
    Is(ModelName),
}

impl PageModel {
    /// Records that the server did not answer.
    pub(super) const fn note_failure(&mut self) {
        self.is_uncertain = true;
    }

    /// Follows the tokens of a page without a name. Returns whether they fell: another process may answer, with another model.
    pub(super) fn follow(&mut self, reading: &PageReading) -> bool {
        let of_row = |row: &EngineReading| {
            row.tokens
                .prompt
                .counted()
                .map_or(0, Tokens::count)
                .saturating_add(row.tokens.output.map_or(0, Tokens::count))
        };
        let tokens = reading.engines.iter().map(of_row).fold(0, u64::saturating_add);
        let fell = tokens < std::mem::replace(&mut self.tokens, tokens);
        self.is_uncertain |= fell;
        if fell && matches!(self.name, Name::Unsaid) {
            self.name = Name::NotAsked;
        }
        fell
    }

    /// Forgets the name, since the process was replaced.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether the list must be requested.
    pub(super) const fn must_be_asked(&self) -> bool {
        match self.name {
            Name::NotAsked => true,
            Name::Unsaid => false,
            Name::Is(_) => self.is_uncertain,
        }
    }

    /// The name, if known.
    pub(super) const fn get(&self) -> Option<&ModelName> {
        match &self.name {
            Name::Is(name) => Some(name),
            Name::NotAsked | Name::Unsaid => None,
        }
    }

    /// Applies the server's current list. A list without a name does not remove a known name.
    pub(super) fn learn(&mut self, name: Option<ModelName>) {
        self.is_uncertain = false;
        match (name, &self.name) {
            (Some(name), _) => self.name = Name::Is(name),
            (None, Name::NotAsked) => self.name = Name::Unsaid,
            (None, Name::Unsaid | Name::Is(_)) => {}
        }
    }
}

/// Whether rows of a page lack a name that the server's list may have.
pub(super) fn lacks_name(reading: &PageReading) -> bool {
    let kind = reading.kind;
    let may_be_named =
        |row: &EngineReading| !dialect::names_model(kind) || (dialect::lists_models(kind) && row.placeholder);
    reading.engines.iter().any(|row| row.model.is_none() && row.role != Some(EngineRole::Proxy) && may_be_named(row))
}

/// Sets the name of the engines' rows without one.
pub(super) fn name_rows(reading: &mut PageReading, name: Option<&ModelName>) {
    for row in reading.engines.iter_mut().filter(|row| row.role != Some(EngineRole::Proxy)) {
        row.model = row.model.take().or_else(|| name.cloned());
    }
}

/// Aliases of the server's models, requested from time to time while pages are read. An unreadable list changes no name; if
/// none was ever read, the page reports the reason.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    known: Option<Vec<ModelAlias>>,
    /// Why the last list was unreadable.
    refused: Option<Label>,
    asked: Option<Moment>,
    process: Option<(Option<Timestamp>, Option<HeaderValue>)>,
    under_way: Option<JoinHandle<ListedNames>>,
    /// The only model of a list that was just renewed.
    only: Option<ModelName>,
}

/// The result of requesting a list.
#[derive(Debug)]
enum ListedNames {
    Read(KnownModels),
    /// The server has no list.
    Absent,
    Refused(Label),
}

/// The parameters of a request for a list of models.
pub(super) struct Ask {
    pub(super) url: Url,
    pub(super) headers: RequestHeaders,
    /// The client for TLS and compressed responses.
    pub(super) clients: Clients,
    pub(super) tls: TlsFiles,
    pub(super) clock: Clock,
}

impl Aliases {
    /// Applies a list requested elsewhere.
    pub(super) fn learn(&mut self, models: &KnownModels, now: Moment) {
        self.known = Some(models.aliases.clone());
        (self.refused, self.asked) = (None, Some(now));
    }

    /// Records that a list requested elsewhere was unreadable, for this reason or because it is not a list.
    pub(super) fn refuse(&mut self, failure: Option<&ScrapeError>) {
        self.refused = match failure {
            None => Some(Label::new(NO_LIST)),
            Some(failure) if is_absent(failure) => None,
            Some(failure) => Some(Label::new(&refusal(failure))),
        };
    }

    /// Adds the known aliases to a page.
    pub(super) async fn complete(&mut self, reading: &mut PageReading) {
        if let Some(ended) = self.under_way.take_if(|task| task.is_finished()) {
            match ended.await {
                Ok(ListedNames::Read(models)) => {
                    (self.known, self.refused, self.only) = (Some(models.aliases), None, models.only);
                }
                Ok(ListedNames::Absent) => self.refused = None,
                Ok(ListedNames::Refused(why)) => self.refused = Some(why),
                Err(_) => {}
            }
        }
        reading.aliases.clone_from(&self.known);
        let needed = || reading.engines.iter().any(lists) || lacks_name(reading);
        reading.list_refused = self.refused.clone().filter(|_| self.known.is_none() && needed());
    }

    /// Takes the only model of a list that was renewed since the last call.
    pub(super) const fn take_only(&mut self) -> Option<ModelName> {
        self.only.take()
    }

    /// Whether to request the list after a page of this process.
    pub(super) fn is_due(&mut self, reading: &PageReading, process: Option<&HeaderValue>, now: Moment) -> bool {
        if !reading.engines.iter().any(lists) || self.under_way.is_some() {
            return false;
        }
        let process = (reading.start, process.cloned());
        let another = self.process.as_ref().is_some_and(|known| *known != process);
        let since = self.asked.map(|asked| now.since(asked));
        let due = since.is_none_or(|since| since >= if another { ANOTHER } else { RENEW });
        if due || self.process.is_none() {
            self.process = Some(process);
        }
        due
    }

    /// Requests the list, without waiting for the response.
    pub(super) fn ask(&mut self, ask: Ask, now: Moment) {
        self.asked = Some(now);
        self.under_way = Some(tokio::spawn(async move {
            let late = |_| ListedNames::Refused(Label::new("no answer in time"));
            tokio::time::timeout(PATIENCE, ask.send()).await.unwrap_or_else(late)
        }));
    }
}

/// Whether a row is of an engine whose server's list may have aliases of its model.
fn lists(row: &EngineReading) -> bool {
    row.model.is_some() && row.role != Some(EngineRole::Proxy) && dialect::lists_models(row.kind)
}

/// Whether the server has no list.
const fn is_absent(failure: &ScrapeError) -> bool {
    matches!(failure, ScrapeError::Status(404 | 405 | 501))
}

impl Drop for Aliases {
    fn drop(&mut self) {
        if let Some(task) = &self.under_way {
            task.abort();
        }
    }
}

impl Ask {
    async fn send(self) -> ListedNames {
        match self.receive().await {
            Ok(answer) => KnownModels::read(&answer.body)
                .map_or_else(|| ListedNames::Refused(Label::new(NO_LIST)), ListedNames::Read),
            Err(failure) if is_absent(&failure) => ListedNames::Absent,
            Err(failure) => ListedNames::Refused(Label::new(&refusal(&failure))),
        }
    }

    async fn receive(&self) -> Result<PageAnswer, ScrapeError> {
        let intake = || Intake { cap: MODELS_CAP, buffer: Vec::new(), clock: &self.clock };
        let (mut url, mut line) = (self.url.clone(), KeptConnection::default());
        if url.scheme() == "http" {
            for _ in 0..=REDIRECTS {
                match line.get(&url, &self.headers).await? {
                    GetResult::Answer(response) => {
                        return intake().receive(line.reading(response), connection::failure).await;
                    }
                    GetResult::Moved(there) => url = there,
                }
            }
        }
        let client = self.clients.client(&self.url, &self.tls)?;
        let response = client::get(&client, &self.url, self.headers.to_map(None)).await?;
        intake().receive(response, |error, bytes| client::failure(error, &self.url, bytes)).await
    }
}

/// Why a list is unreadable, as it follows "the model list can't be read: ".
fn refusal(failure: &ScrapeError) -> String {
    match failure {
        ScrapeError::Status(401 | 403) => "it asks for a key; set bearer_token_file for this target".to_owned(),
        ScrapeError::TooLarge(cap) => format!("it is over {} MiB", cap / (1024 * 1024)),
        ScrapeError::Cut(bytes) | ScrapeError::Unended(bytes) => format!("it was cut after {bytes} bytes"),
        other => other.to_string(),
    }
}
