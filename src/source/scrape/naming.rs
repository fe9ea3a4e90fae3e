//! What the server's list of models is needed for: a name for pages that tell none, and other names of the models.

use std::time::Duration;

use hyper::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Url};
use tokio::task::JoinHandle;

use super::answer::Intake;
use super::client;
use super::line::{self, Got, Line};
use super::models::{MODELS_CAP, Models};
use crate::clock::Clock;
use crate::dialect;
use crate::reading::{EngineReading, ModelAlias, ModelName, PageReading, Role};
use crate::units::{Moment, Span, Timestamp};

/// How often the list is asked for: adapters are loaded and unloaded while the server runs. A proxy's tokens under a name
/// that no list or page gives are held for five minutes, so that at least one later list is read before they are posted.
const RENEW: Span = Span::from_secs(120);
/// How soon after the last time the list of another process is asked for.
const ANOTHER: Span = Span::from_secs(60);
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
    /// Nobody says it.
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

/// Other names of the server's models, asked for now and then, behind the pages' back. A list that can't be had changes
/// nothing.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    known: Option<Vec<ModelAlias>>,
    asked: Option<Moment>,
    process: Option<(Option<Timestamp>, Option<HeaderValue>)>,
    under_way: Option<JoinHandle<Option<Models>>>,
}

/// How to ask for a list of models.
pub(super) struct Ask {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    /// What speaks TLS, where the address asks for it.
    pub(super) client: Option<Client>,
    pub(super) clock: Clock,
}

impl Aliases {
    /// Takes a list that was asked for otherwise.
    pub(super) fn learn(&mut self, models: &Models, now: Moment) {
        self.known = Some(models.aliases.clone());
        self.asked = Some(now);
    }

    /// Writes what is known into a page.
    pub(super) async fn tell(&mut self, reading: &mut PageReading) {
        if let Some(ended) = self.under_way.take_if(|task| task.is_finished()) {
            self.known = ended.await.ok().flatten().map(|models| models.aliases).or(self.known.take());
        }
        reading.aliases.clone_from(&self.known);
    }

    /// Whether to ask, now that a page of this process has come.
    pub(super) fn is_due(&mut self, reading: &PageReading, process: Option<&HeaderValue>, now: Moment) -> bool {
        let lists = |row: &EngineReading| {
            row.model.is_some() && row.role != Some(Role::Proxy) && dialect::lists_models(row.kind)
        };
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

    /// Asks, without anybody waiting for the answer.
    pub(super) fn ask(&mut self, ask: Ask, now: Moment) {
        self.asked = Some(now);
        self.under_way =
            Some(tokio::spawn(async move { tokio::time::timeout(PATIENCE, ask.send()).await.ok().flatten() }));
    }
}

impl Drop for Aliases {
    fn drop(&mut self) {
        if let Some(task) = &self.under_way {
            task.abort();
        }
    }
}

impl Ask {
    /// The list; `None` if there is none, or none without trouble.
    async fn send(self) -> Option<Models> {
        let intake = Intake { cap: MODELS_CAP, buffer: Vec::new(), clock: &self.clock };
        if let Some(client) = &self.client {
            let response = client::get(client, &self.url, &self.headers).await.ok()?;
            let broken = |error: &reqwest::Error, bytes| client::trouble(error, &self.url, bytes);
            return Models::read(&intake.receive(response, broken).await.ok()?.body);
        }
        match Line::default().get(&self.url, &self.headers).await.ok()? {
            Got::Answer(response) => {
                let answer = intake.receive(response, line::trouble).await.ok()?;
                Models::read(&answer.body)
            }
            Got::Moved(_) | Got::Unusual => None,
        }
    }
}
