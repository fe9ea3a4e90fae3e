//! Scrapes one target repeatedly.

mod routed;

use std::time::Duration;

use hyper::header::HeaderValue;
use reqwest::{Client, Url};

use super::answer::{Intake, PageAnswer};
use super::client::{self, Clients, REDIRECTS};
use super::connection::{self, GetResult, KeptConnection, RequestHeaders};
use super::credentials::Credentials;
use super::models::{KnownModels, MODELS_CAP};
use super::named_pages;
use super::naming::{self, Aliases, Ask, PageModel};
use super::router::{self, NamedModel, Router, UnloadedModels};
use super::search::{self, Search, is_an_answer, more_telling};
use crate::clock::Clock;
use crate::dialect::{self, Hint, PageReader};
use crate::reading::{EngineKind, Event, Label, ModelName, PageReading, ScrapeCost, ScrapeError};
use crate::source::target::{Address, PolledTarget};
use crate::units::Moment;

/// Requests the text format from servers that negotiate the format.
const TEXT: &str = "text/plain;version=0.0.4;q=1,*/*;q=0.1";

/// The settings of scrapes. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The timeout of a scrape as a whole.
    pub timeout: Duration,
    /// The largest decoded page, in bytes.
    pub max_page: usize,
    /// The connections.
    pub clients: Clients,
    /// Whether the first poll of a Prometheus also reads the scrapes before the last ones, so that one poll gives rates.
    pub looks_back: bool,
    /// The time between two polls, for what is told how often to print.
    pub interval: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            max_page: 16 << 20,
            clients: Clients::default(),
            looks_back: false,
            interval: Duration::from_secs(1),
        }
    }
}

/// Scrapes one target, and caches the address of its page and its engine.
#[derive(Debug)]
pub struct Scraper {
    target: PolledTarget,
    settings: Settings,
    clock: Clock,
    connection: KeptConnection,
    /// A page that the server has redirected, and its new address, which is requested from then on.
    moved: Option<(Url, Url)>,
    client: Option<Client>,
    credentials: Credentials,
    /// The list of `/v1/models` since the server's last start.
    models: Option<KnownModels>,
    /// The engine that the last list named.
    owner: Option<EngineKind>,
    /// The model in the address.
    asked_model: Option<ModelName>,
    /// Whether the page of that model may be requested.
    named: NamedModel,
    /// The model of a page that does not name it.
    page_model: PageModel,
    aliases: Aliases,
    /// The router, if the server has a page for each model.
    router: Option<Router>,
    /// The models of a router that were listed as not running.
    resting: UnloadedModels,
    /// The address of the page, once found.
    page: Option<Url>,
    /// The wait before the next search, after one that found no page.
    search: Search,
    /// Pages that are consumed by reading. They were read once by mistake, and are never read again.
    consumed: Vec<Url>,
    process: Option<HeaderValue>,
    /// The size of the last page, in bytes.
    length: usize,
    reader: PageReader,
}

/// The result of a successful scrape.
struct ScrapeOutcome {
    at: Moment,
    cost: ScrapeCost,
    reading: PageReading,
}

/// A fetched and parsed page.
struct Fetched {
    cost: ScrapeCost,
    at: Moment,
    reading: PageReading,
    process: Option<HeaderValue>,
    /// Whether rows lack a model's name that the server's list may have.
    nameless: bool,
}

impl Scraper {
    /// A scraper before its first scrape.
    pub fn new(target: PolledTarget, settings: Settings, clock: Clock) -> Self {
        let page = match &target.address {
            Address::Http(url) if url.path() != "/" || url.query().is_some() => Some(router::harmless(url)),
            _ => None,
        };
        let asked_model = page.as_ref().and_then(router::model_of);
        let credentials = Credentials::new(&target);
        let named = NamedModel::of(page.as_ref(), asked_model.as_ref(), settings.clients.named());
        Self {
            target,
            settings,
            clock,
            connection: KeptConnection::default(),
            moved: None,
            client: None,
            credentials,
            models: None,
            owner: None,
            asked_model,
            named,
            page_model: PageModel::default(),
            aliases: Aliases::default(),
            router: None,
            resting: UnloadedModels::default(),
            page,
            search: Search::default(),
            consumed: Vec::new(),
            process: None,
            length: 0,
            reader: PageReader::default(),
        }
    }

    /// Replaces the clock.
    pub(super) fn set_clock(&mut self, clock: &Clock) {
        self.clock = clock.clone();
    }

    /// The target.
    pub const fn target(&self) -> &PolledTarget {
        &self.target
    }

    /// The address of its page, once found.
    pub const fn page(&self) -> Option<&Url> {
        self.page.as_ref()
    }

    /// The engine that the server's list names, whether it has a metrics page or not.
    pub const fn owner(&self) -> Option<EngineKind> {
        self.owner
    }

    /// Scrapes once. Always returns one [`Event::Page`], within the timeout.
    pub async fn scrape(&mut self) -> Event {
        let stopwatch = self.clock.stopwatch();
        let limit = self.settings.timeout;
        let read = tokio::time::timeout(limit, self.read()).await.unwrap_or(Err(ScrapeError::TimedOut));
        let (at, cost, outcome) = match read {
            Ok(mut outcome) => {
                self.tell_page(&mut outcome.reading);
                (outcome.at, outcome.cost, Ok(Box::new(outcome.reading)))
            }
            Err(failure) => {
                self.forget(&failure);
                let failure = search::with_remedy(failure, &self.target.address);
                (self.clock.now(), ScrapeCost { seconds: stopwatch.seconds(), bytes: 0 }, Err(failure))
            }
        };
        Event::Page { target: self.target.id.clone(), at, cost, outcome }
    }

    async fn read(&mut self) -> Result<ScrapeOutcome, ScrapeError> {
        match (&self.target.address, self.page.clone(), &self.router) {
            (Address::File(_) | Address::Prometheus(_) | Address::Ssh(_), ..) => {
                Err(ScrapeError::Other(Label::new("its address is of no page that is scraped")))
            }
            (_, Some(page), None) => self.read_named(&page).await,
            // Boxed: their states are large, and most targets have one page.
            (_, _, Some(_)) => Box::pin(self.read_router()).await,
            (Address::Http(url), None, None) => {
                let url = url.clone();
                Box::pin(self.find_page(&url)).await
            }
        }
    }

    /// Sets the page's hash on each row.
    fn tell_page(&self, reading: &mut PageReading) {
        if reading.engines.is_empty() {
            return;
        }
        let Some(page) = self.router.as_ref().map(|router| &router.page).or(self.page.as_ref()) else { return };
        let there = self.moved.as_ref().filter(|(from, _)| from == page).map_or(page, |(_, to)| to);
        let hash = named_pages::hash(there, self.named.id());
        reading.engines.iter_mut().for_each(|row| row.page = Some(hash));
    }

    /// After an error, forgets what may have changed: another server may be at the address when it answers again.
    fn forget(&mut self, failure: &ScrapeError) {
        (self.models, self.moved, self.router) = (None, None, None);
        self.resting = UnloadedModels::default();
        self.page_model.note_failure();
        let named = matches!(&self.target.address, Address::Http(url) if url.path() != "/" || url.query().is_some());
        if !named && is_an_answer(failure) && !matches!(failure, ScrapeError::Other(_)) {
            self.page = None;
        }
    }

    /// Searches for the page, but not at every scrape, and caches its address.
    async fn find_page(&mut self, origin: &Url) -> Result<ScrapeOutcome, ScrapeError> {
        if let Some(failure) = self.search.too_soon() {
            return Err(failure);
        }
        match self.search_page(origin).await {
            Ok((url, outcome)) => {
                self.search = Search::default();
                self.page = Some(url);
                Ok(outcome)
            }
            Err(failure) => {
                if is_an_answer(&failure) {
                    self.search.failed(&failure);
                }
                Err(failure)
            }
        }
    }

    /// Requests the usual addresses of a page. A page of an unknown engine is used if no better one is found.
    async fn search_page(&mut self, origin: &Url) -> Result<(Url, ScrapeOutcome), ScrapeError> {
        let models = self.ask_models(origin).await?;
        if let Some(page) = self.begin_routing(&models, origin.join("/metrics").ok()) {
            return Ok((page, self.read_router().await?));
        }
        let (mut worst, mut second_best) = (ScrapeError::Status(404), None);
        for path in dialect::paths(models.owner) {
            let Ok(url) = origin.join(path) else { continue };
            match self.read_page(&url).await {
                Ok(outcome) if outcome.reading.kind == EngineKind::UNKNOWN && outcome.reading.gpus.is_empty() => {
                    second_best = second_best.or(Some((url, outcome)));
                }
                Ok(outcome) => return Ok((url, outcome)),
                Err(failure) if is_an_answer(&failure) => worst = more_telling(worst, failure),
                Err(failure) => return Err(failure),
            }
        }
        second_best.ok_or(worst)
    }

    /// Requests `/v1/models` once. Only a server that does not answer at all is an error, since many lack this page.
    async fn ask_models(&mut self, origin: &Url) -> Result<KnownModels, ScrapeError> {
        if let Some(models) = &self.models {
            return Ok(models.clone());
        }
        let Ok(url) = origin.join("/v1/models") else { return Ok(KnownModels::default()) };
        // It must leave time for the page itself.
        let asked = tokio::time::timeout(self.settings.timeout / 3, self.get(&url, "application/json", MODELS_CAP));
        let asked = asked.await;
        match &asked {
            Ok(Ok(answer)) if KnownModels::read(&answer.body).is_some() => {}
            Ok(Ok(_)) => self.aliases.refuse(None),
            Ok(Err(failure)) => self.aliases.refuse(Some(failure)),
            Err(_) => self.aliases.refuse(Some(&ScrapeError::TimedOut)),
        }
        let models = match asked {
            Ok(Ok(answer)) => match KnownModels::read(&answer.body) {
                Some(models) => {
                    self.aliases.learn(&models, self.clock.now());
                    models
                }
                None => KnownModels::default(),
            },
            Ok(Err(failure @ (ScrapeError::Refused | ScrapeError::NoSuchHost(_) | ScrapeError::Tls(_)))) => {
                return Err(failure);
            }
            Ok(Err(ScrapeError::Status(status))) if status < 500 => KnownModels::default(),
            Ok(Err(
                ScrapeError::NotMetrics(_)
                | ScrapeError::NeedsPassword(_)
                | ScrapeError::NotAllowed(_)
                | ScrapeError::Other(_),
            )) => KnownModels::default(),
            Ok(Err(_)) | Err(_) => KnownModels { unsure: true, ..KnownModels::default() },
        };
        self.owner = models.owner.or(self.owner);
        self.resting.learn(&models, self.clock.now());
        self.models = Some(models.clone());
        Ok(models)
    }

    /// Reads the page of a target with a path. A router refuses a path without a model.
    async fn read_named(&mut self, page: &Url) -> Result<ScrapeOutcome, ScrapeError> {
        if let Some(model) = self.asked_model.clone() {
            return self.read_model(page, &model).await;
        }
        let read = self.read_page(page).await;
        if !matches!(read, Err(ScrapeError::Status(400))) {
            return read;
        }
        let models = self.ask_models(page).await?;
        match self.begin_routing(&models, Some(page.clone())) {
            Some(_) => self.read_router().await,
            None => read,
        }
    }

    async fn read_page(&mut self, url: &Url) -> Result<ScrapeOutcome, ScrapeError> {
        if self.consumed.contains(url) {
            return Err(ScrapeError::NotMetrics(Label::new(dialect::JSON_ARRAY)));
        }
        let Fetched { cost, at, mut reading, process, nameless } = self.fetch(url).await?;
        if process != self.process {
            // A new process may serve another model.
            if self.process.is_some() {
                self.models = None;
                self.page_model.forget();
            }
            self.process = process;
        }
        if nameless {
            if self.page_model.follow(&reading) {
                self.models = None;
            }
            self.name_model(url, &mut reading).await?;
        }
        self.aliases.complete(&mut reading).await;
        if let Some(only) = self.aliases.take_only() {
            self.page_model.learn(Some(only));
        }
        self.ask_aliases(url, &reading);
        Ok(ScrapeOutcome { at, cost, reading })
    }

    /// Fetches and reads a page.
    async fn fetch(&mut self, url: &Url) -> Result<Fetched, ScrapeError> {
        let stopwatch = self.clock.stopwatch();
        let answer = self.get(url, TEXT, self.settings.max_page).await?;
        let cost = ScrapeCost { seconds: stopwatch.seconds(), bytes: answer.body.len() as u64 };
        let hint = self.hint(&answer);
        let read = self.reader.read(&answer.body, &hint, self.settings.clients.layouts());
        if read.is_err() && dialect::is_array(&answer.body) {
            self.consumed.push(url.clone());
        }
        let nameless = read.as_ref().is_ok_and(naming::lacks_name);
        self.length = answer.body.len();
        self.settings.clients.give_back(answer.body);
        Ok(Fetched { cost, at: answer.at, reading: read?, process: answer.process, nameless })
    }

    fn hint(&self, answer: &PageAnswer) -> Hint {
        Hint {
            kind: self.models.as_ref().and_then(|models| models.owner),
            model: None,
            openmetrics: answer.openmetrics,
            date: answer.date,
        }
    }

    /// Sets the model of a page that does not name it: the one in its address, or the one in `/v1/models`.
    async fn name_model(&mut self, page: &Url, reading: &mut PageReading) -> Result<(), ScrapeError> {
        if self.asked_model.is_none() && self.page_model.must_be_asked() {
            let only = self.ask_models(page).await?.only;
            self.page_model.learn(only);
        }
        naming::name_rows(reading, self.asked_model.as_ref().or_else(|| self.page_model.get()));
        Ok(())
    }

    /// Requests the aliases of the models of a page from time to time, without waiting.
    fn ask_aliases(&mut self, page: &Url, reading: &PageReading) {
        let now = self.clock.now();
        if !self.aliases.is_due(reading, self.process.as_ref(), now) {
            return;
        }
        let (Ok(url), Ok(headers)) = (page.join("/v1/models"), self.headers("application/json")) else { return };
        let (clients, tls) = (self.settings.clients.clone(), self.target.options.tls_files());
        self.aliases.ask(Ask { url, headers, clients, tls, clock: self.clock.clone() }, now);
    }

    /// Sends a GET with the target's credentials. If they are refused and their file has changed, sends it again with the
    /// new ones.
    async fn get(&mut self, url: &Url, accept: &'static str, cap: usize) -> Result<PageAnswer, ScrapeError> {
        loop {
            let headers = self.headers(accept)?;
            match self.send(url, &headers, cap).await {
                Err(ScrapeError::Status(401 | 403) | ScrapeError::NeedsPassword(_) | ScrapeError::NotAllowed(_))
                    if self.credentials.changed() => {}
                answer => return answer.map_err(|failure| self.credentials.explain(failure)),
            }
        }
    }

    fn headers(&mut self, accept: &'static str) -> Result<RequestHeaders, ScrapeError> {
        Ok(RequestHeaders { accept, authorization: self.credentials.header()? })
    }

    async fn send(&mut self, url: &Url, headers: &RequestHeaders, cap: usize) -> Result<PageAnswer, ScrapeError> {
        let (clients, expected, clock) = (&self.settings.clients, self.length + self.length / 16, &self.clock);
        // There are no more buffers than responses in transfer.
        let intake = || Intake { cap, buffer: clients.buffer(expected), clock };
        self.connection.expect(expected);
        let mut moves = 0;
        while url.scheme() == "http" {
            let there = self.moved.as_ref().filter(|(from, _)| from == url).map_or(url, |(_, to)| to);
            match self.connection.get(there, headers).await? {
                GetResult::Answer(response) => {
                    let response = self.connection.reading(response);
                    let answer = intake().receive(response, connection::failure).await;
                    self.connection.rest().await;
                    return answer;
                }
                GetResult::Moved(_) if moves >= REDIRECTS => {
                    return Err(ScrapeError::Other(Label::new("redirects in a circle")));
                }
                GetResult::Moved(to) => self.moved = Some((url.clone(), to)),
            }
            moves += 1;
        }
        let client = match &self.client {
            Some(client) => client,
            None => self.client.insert(clients.client(url, &self.target.options.tls_files())?),
        };
        let response = client::get(client, url, headers.to_map(None)).await?;
        intake().receive(response, |error, bytes| client::failure(error, url, bytes)).await
    }
}
