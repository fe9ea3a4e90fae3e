//! What the server's list of models is needed for: a name for pages that tell none, and other names of the models.

use std::path::PathBuf;
use std::time::Duration;

use hyper::header::{HeaderMap, HeaderValue};
use reqwest::Url;
use tokio::task::JoinHandle;

use super::answer::{Intake, PageAnswer};
use super::client::{self, Clients, REDIRECTS};
use super::connection::{Got, KeptConnection};
use super::models::{KnownModels, MODELS_CAP};
use crate::clock::Clock;
use crate::dialect;
use crate::reading::{EngineReading, Label, ModelAlias, ModelName, PageReading, Role, ScrapeTrouble};
use crate::units::{Moment, Span, Timestamp};

/// How often the list is asked for: adapters are loaded and unloaded while the server runs. A proxy's tokens under a name
/// that no list or page gives are held for five minutes, so that at least one later list is read before they are posted.
const RENEW: Span = Span::from_secs(120);
/// How soon after the last time the list of another process is asked for.
const ANOTHER: Span = Span::from_secs(60);
/// What is said of an answer that is no list.
const NO_LIST: &str = "the answer is not a model list";
/// How long a list may take. Nothing waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The name of the model of a page that tells none. Rows keep their name while their process lives: one that changed it
/// would be another row.
#[derive(Debug, Default)]
pub(super) struct PageModel {
    name: Name,
    /// Whether the server may be another one by now.
    doubtful: bool,
}

/// What was found out of a name.
#[derive(Debug, Default)]
enum Name {
    #[default]
    NotAsked,
    /// The server does not say it.
    Unsaid,
    Is(ModelName),
}

impl PageModel {
    /// The server was away.
    pub(super) const fn doubt(&mut self) {
        self.doubtful = true;
    }

    /// The process is another one.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether the server is to be asked for it.
    pub(super) const fn must_be_asked(&self) -> bool {
        match self.name {
            Name::NotAsked => true,
            Name::Unsaid => false,
            Name::Is(_) => self.doubtful,
        }
    }

    /// The name, as far as it is known.
    pub(super) const fn get(&self) -> Option<&ModelName> {
        match &self.name {
            Name::Is(name) => Some(name),
            Name::NotAsked | Name::Unsaid => None,
        }
    }

    /// Takes what the server says now. A server that says nothing takes no name away.
    pub(super) fn learn(&mut self, name: Option<ModelName>) {
        self.doubtful = false;
        match (name, &self.name) {
            (Some(name), _) => self.name = Name::Is(name),
            (None, Name::NotAsked) => self.name = Name::Unsaid,
            (None, Name::Unsaid | Name::Is(_)) => {}
        }
    }
}

/// Whether rows of a page lack a name that the server's list may tell.
pub(super) fn lacks_name(reading: &PageReading) -> bool {
    let kind = reading.kind;
    let may_be_told =
        |row: &EngineReading| !dialect::names_model(kind) || (dialect::lists_models(kind) && row.placeholder);
    reading.engines.iter().any(|row| row.model.is_none() && row.role != Some(Role::Proxy) && may_be_told(row))
}

/// Gives the rows of engines that have no name this one.
pub(super) fn name_rows(reading: &mut PageReading, name: Option<&ModelName>) {
    for row in reading.engines.iter_mut().filter(|row| row.role != Some(Role::Proxy)) {
        row.model = row.model.take().or_else(|| name.cloned());
    }
}

/// Other names of the server's models, asked for now and then while pages are read. A list that can't be read changes no
/// name; if none was ever read, the page says why.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    known: Option<Vec<ModelAlias>>,
    /// Why the last list could not be read.
    refused: Option<Label>,
    asked: Option<Moment>,
    process: Option<(Option<Timestamp>, Option<HeaderValue>)>,
    under_way: Option<JoinHandle<ListedNames>>,
}

/// What came of asking for a list.
#[derive(Debug)]
enum ListedNames {
    Read(KnownModels),
    /// The server has no list.
    Absent,
    Refused(Label),
}

/// How to ask for a list of models.
pub(super) struct Ask {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    /// What speaks TLS, and unpacks compressed answers.
    pub(super) clients: Clients,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) clock: Clock,
}

impl Aliases {
    /// Takes a list that was asked for otherwise.
    pub(super) fn learn(&mut self, models: &KnownModels, now: Moment) {
        self.known = Some(models.aliases.clone());
        (self.refused, self.asked) = (None, Some(now));
    }

    /// Notes that a list that was asked for otherwise could not be read, for this reason or since it is no list.
    pub(super) fn refuse(&mut self, trouble: Option<&ScrapeTrouble>) {
        self.refused = match trouble {
            None => Some(Label::new(NO_LIST)),
            Some(trouble) if is_absent(trouble) => None,
            Some(trouble) => Some(Label::new(&refusal(trouble))),
        };
    }

    /// Writes what is known into a page.
    pub(super) async fn tell(&mut self, reading: &mut PageReading) {
        if let Some(ended) = self.under_way.take_if(|task| task.is_finished()) {
            match ended.await {
                Ok(ListedNames::Read(models)) => (self.known, self.refused) = (Some(models.aliases), None),
                Ok(ListedNames::Absent) => self.refused = None,
                Ok(ListedNames::Refused(why)) => self.refused = Some(why),
                Err(_) => {}
            }
        }
        reading.aliases.clone_from(&self.known);
        let needed = || reading.engines.iter().any(lists) || lacks_name(reading);
        reading.list_refused = self.refused.clone().filter(|_| self.known.is_none() && needed());
    }

    /// Whether to ask, now that a page of this process has come.
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

    /// Asks. The page does not wait for the answer.
    pub(super) fn ask(&mut self, ask: Ask, now: Moment) {
        self.asked = Some(now);
        self.under_way = Some(tokio::spawn(async move {
            let late = |_| ListedNames::Refused(Label::new("no answer in time"));
            tokio::time::timeout(PATIENCE, ask.send()).await.unwrap_or_else(late)
        }));
    }
}

/// Whether a row is of an engine with a name that its server's list may have others for.
fn lists(row: &EngineReading) -> bool {
    row.model.is_some() && row.role != Some(Role::Proxy) && dialect::lists_models(row.kind)
}

/// Whether the server has no list.
const fn is_absent(trouble: &ScrapeTrouble) -> bool {
    matches!(trouble, ScrapeTrouble::Status(404 | 405 | 501))
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
            Err(trouble) if is_absent(&trouble) => ListedNames::Absent,
            Err(trouble) => ListedNames::Refused(Label::new(&refusal(&trouble))),
        }
    }

    async fn receive(&self) -> Result<PageAnswer, ScrapeTrouble> {
        let intake = || Intake { cap: MODELS_CAP, buffer: Vec::new(), clock: &self.clock };
        let (mut url, mut line) = (self.url.clone(), KeptConnection::default());
        if url.scheme() == "http" {
            for _ in 0..=REDIRECTS {
                match line.get(&url, &self.headers, intake()).await? {
                    Got::Answer(answer) => return Ok(answer),
                    Got::Moved(there) => url = there,
                    Got::Unusual => break,
                }
            }
        }
        let client = self.clients.client(&self.url, self.ca_file.as_deref())?;
        let response = client::get(&client, &self.url, &self.headers).await?;
        intake().receive(response, |error, bytes| client::trouble(error, &self.url, bytes)).await
    }
}

/// Why a list can't be read, as it follows "the model list can't be read: ".
fn refusal(trouble: &ScrapeTrouble) -> String {
    match trouble {
        ScrapeTrouble::Status(401 | 403) => "it asks for a key; set bearer_token_file for this target".to_owned(),
        ScrapeTrouble::TooLarge(cap) => format!("it is over {} MiB", cap / (1024 * 1024)),
        ScrapeTrouble::Cut(bytes) | ScrapeTrouble::Unended(bytes) => format!("it was cut after {bytes} bytes"),
        other => other.to_string(),
    }
}
