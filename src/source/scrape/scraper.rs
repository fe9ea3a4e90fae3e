//! One target, looked at again and again.

use std::path::Path;
use std::time::Duration;

use hyper::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Client, Url};

use super::answer::{Answer, Intake};
use super::client::{self, Clients, REDIRECTS};
use super::line::{self, Got, Line};
use super::models::Models;
use super::search::{Search, is_an_answer, more_telling};
use super::token::Token;
use super::{Address, Target};
use crate::clock::Clock;
use crate::dialect::{self, Hint};
use crate::reading::{EngineKind, Event, Label, PageReading, ScrapeCost, ScrapeTrouble};
use crate::units::Moment;

/// One text format, from whoever negotiates.
const TEXT: &str = "text/plain;version=0.0.4;q=1,*/*;q=0.1";
/// `/v1/models` is a few kilobytes.
const MODELS_CAP: usize = 1 << 20;

/// How targets are looked at. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The longest a look may take, everything included.
    pub timeout: Duration,
    /// The most bytes of a decoded page.
    pub max_page: usize,
    /// The connections.
    pub clients: Clients,
}

impl Default for Settings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), max_page: 16 << 20, clients: Clients::default() }
    }
}

/// Looks at one target and remembers what it learnt of it.
#[derive(Debug)]
pub struct Scraper {
    target: Target,
    settings: Settings,
    clock: Clock,
    line: Line,
    /// A page that the server has moved, and where it is: asked there from then on.
    moved: Option<(Url, Url)>,
    /// Whether the server answers in ways that the line can't take: then the client asks.
    unusual: bool,
    client: Option<Client>,
    token: Token,
    /// What `/v1/models` said, since the server was last seen to start.
    models: Option<Models>,
    /// The engine that it last named.
    owner: Option<EngineKind>,
    /// Where the page was found.
    page: Option<Url>,
    /// Since the last search found no page.
    search: Search,
    /// Pages that reading uses up. They were read once, by mistake, and never are again.
    consumed: Vec<Url>,
    process: Option<HeaderValue>,
}

/// What a look that worked gives.
struct Look {
    at: Moment,
    cost: ScrapeCost,
    reading: PageReading,
}

impl Scraper {
    /// A scraper that has not looked yet.
    pub fn new(target: Target, settings: Settings, clock: Clock) -> Self {
        let page = match &target.address {
            Address::Http(url) if url.path() != "/" || url.query().is_some() => Some(url.clone()),
            _ => None,
        };
        let token = Token::new(target.bearer_token_file.as_deref());
        Self {
            target,
            settings,
            clock,
            line: Line::default(),
            moved: None,
            unusual: false,
            client: None,
            token,
            models: None,
            owner: None,
            page,
            search: Search::default(),
            consumed: Vec::new(),
            process: None,
        }
    }

    /// What it looks at.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Where its page was found, once it was.
    pub const fn page(&self) -> Option<&Url> {
        self.page.as_ref()
    }

    /// The engine that the server says it is, whether it shows a metrics page or not.
    pub const fn owner(&self) -> Option<EngineKind> {
        self.owner
    }

    /// Looks once. It gives one [`Event::Page`], within the timeout, whatever happens.
    pub async fn look(&mut self) -> Event {
        let stopwatch = self.clock.stopwatch();
        let limit = self.settings.timeout;
        let looked = tokio::time::timeout(limit, self.read()).await.unwrap_or(Err(ScrapeTrouble::TimedOut));
        let (at, cost, outcome) = match looked {
            Ok(look) => (look.at, look.cost, Ok(Box::new(look.reading))),
            Err(trouble) => {
                self.forget(&trouble);
                (self.clock.now(), ScrapeCost { seconds: stopwatch.seconds(), bytes: 0 }, Err(trouble))
            }
        };
        Event::Page { target: self.target.id.clone(), at, cost, outcome }
    }

    async fn read(&mut self) -> Result<Look, ScrapeTrouble> {
        match self.target.address.clone() {
            Address::File(path) => self.read_file(&path).await,
            Address::Http(url) => match self.page.clone() {
                Some(page) => self.read_page(&page).await,
                None => self.find_page(&url).await,
            },
        }
    }

    /// After trouble: what must be found out anew. A server that was away may come back as another.
    fn forget(&mut self, trouble: &ScrapeTrouble) {
        (self.models, self.moved) = (None, None);
        let named = matches!(&self.target.address, Address::Http(url) if url.path() != "/" || url.query().is_some());
        if !named && matches!(trouble, ScrapeTrouble::Status(_) | ScrapeTrouble::NotMetrics(_)) {
            self.page = None;
        }
    }

    async fn read_file(&self, path: &Path) -> Result<Look, ScrapeTrouble> {
        let (file, cap, stopwatch) = (path.to_owned(), self.settings.max_page as u64, self.clock.stopwatch());
        let read = tokio::task::spawn_blocking(move || {
            use std::io::Read;
            let mut body = Vec::new();
            std::fs::File::open(file)?.take(cap + 1).read_to_end(&mut body).map(|_| body)
        });
        let refuse = |why: &str| ScrapeTrouble::Other(Label::new(&format!("{}: {why}", path.display())));
        let body = match read.await {
            Ok(read) => read.map_err(|error| refuse(&error.to_string()))?,
            Err(_) => return Err(refuse("reading it was given up")),
        };
        if body.len() as u64 > cap {
            return Err(ScrapeTrouble::TooLarge(cap));
        }
        let cost = ScrapeCost { seconds: stopwatch.seconds(), bytes: body.len() as u64 };
        Ok(Look { at: self.clock.now(), cost, reading: dialect::read(&body, &Hint::default())? })
    }

    /// Searches the page, but not at every look. Where it was is remembered.
    async fn find_page(&mut self, origin: &Url) -> Result<Look, ScrapeTrouble> {
        if let Some(trouble) = self.search.too_soon() {
            return Err(trouble);
        }
        match self.search_page(origin).await {
            Ok((url, look)) => {
                self.search = Search::default();
                self.page = Some(url);
                Ok(look)
            }
            Err(trouble) => {
                if is_an_answer(&trouble) {
                    self.search.failed(&trouble);
                }
                Err(trouble)
            }
        }
    }

    /// Tries the places where a page may be. One with metrics of nobody known is taken if nothing better is found.
    async fn search_page(&mut self, origin: &Url) -> Result<(Url, Look), ScrapeTrouble> {
        let models = self.ask_models(origin).await?;
        let (mut worst, mut second_best) = (ScrapeTrouble::Status(404), None);
        for path in models.paths() {
            let Ok(url) = origin.join(path) else { continue };
            match self.read_page(&url).await {
                Ok(look) if look.reading.kind == EngineKind::Unknown && look.reading.gpus.is_empty() => {
                    second_best = second_best.or(Some((url, look)));
                }
                Ok(look) => return Ok((url, look)),
                Err(trouble) if is_an_answer(&trouble) => worst = more_telling(worst, trouble),
                Err(trouble) => return Err(trouble),
            }
        }
        second_best.ok_or(worst)
    }

    /// Asks who is there, once. Only a server that is not there at all is trouble: many have no such page.
    async fn ask_models(&mut self, origin: &Url) -> Result<Models, ScrapeTrouble> {
        if let Some(models) = &self.models {
            return Ok(models.clone());
        }
        let Ok(url) = origin.join("/v1/models") else { return Ok(Models::default()) };
        // It must not use up the time of the page itself.
        let asked = tokio::time::timeout(self.settings.timeout / 3, self.get(&url, "application/json", MODELS_CAP));
        let models = match asked.await {
            Ok(Ok(answer)) => Models::read(&answer.body),
            Ok(Err(trouble @ (ScrapeTrouble::Refused | ScrapeTrouble::NoSuchHost(_) | ScrapeTrouble::Tls(_)))) => {
                return Err(trouble);
            }
            Ok(Err(_)) | Err(_) => Models::default(),
        };
        self.owner = models.owner.or(self.owner);
        self.models = Some(models.clone());
        Ok(models)
    }

    async fn read_page(&mut self, url: &Url) -> Result<Look, ScrapeTrouble> {
        if self.consumed.contains(url) {
            return Err(ScrapeTrouble::NotMetrics(Label::new(dialect::JSON_ARRAY)));
        }
        let stopwatch = self.clock.stopwatch();
        let answer = self.get(url, TEXT, self.settings.max_page).await?;
        let cost = ScrapeCost { seconds: stopwatch.seconds(), bytes: answer.body.len() as u64 };
        let at = answer.at;
        if answer.process != self.process {
            // Another process than the one seen before may serve another model.
            self.models = self.models.take().filter(|_| self.process.is_none());
            self.process.clone_from(&answer.process);
        }
        let read = dialect::read(&answer.body, &self.hint(&answer));
        if read.is_err() && answer.body.trim_ascii_start().starts_with(b"[") {
            self.consumed.push(url.clone());
        }
        self.settings.clients.give_back(answer.body);
        let mut reading = read?;
        self.name_models(url, &mut reading).await?;
        Ok(Look { at, cost, reading })
    }

    fn hint(&self, answer: &Answer) -> Hint {
        let models = self.models.clone().unwrap_or_default();
        Hint {
            kind: models.owner,
            model: models.first,
            openmetrics: answer.openmetrics,
            open_ended: answer.open_ended,
            date: answer.date,
        }
    }

    /// A page that names no model belongs to the one that `/v1/models` lists.
    async fn name_models(&mut self, page: &Url, reading: &mut PageReading) -> Result<(), ScrapeTrouble> {
        let nameless = |kind| matches!(kind, EngineKind::Llamacpp | EngineKind::Tgi);
        if !nameless(reading.kind) || reading.engines.iter().all(|row| row.model.is_some()) {
            return Ok(());
        }
        let models = self.ask_models(page).await?;
        for row in &mut reading.engines {
            row.model = row.model.take().or_else(|| models.first.clone());
        }
        Ok(())
    }

    /// One GET with this target's key; with another one, if the first is refused and the file holds another by now.
    async fn get(&mut self, url: &Url, accept: &'static str, cap: usize) -> Result<Answer, ScrapeTrouble> {
        loop {
            let mut headers = HeaderMap::with_capacity(5);
            headers.insert(USER_AGENT, HeaderValue::from_static(concat!("margintop/", env!("CARGO_PKG_VERSION"))));
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            // Compressing is work for the engine; what comes compressed all the same is unpacked.
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            if let Some(key) = self.token.header()? {
                headers.insert(AUTHORIZATION, key);
            }
            match self.send(url, &headers, cap).await {
                Err(ScrapeTrouble::Status(401 | 403)) if self.token.changed() => {}
                answer => return answer,
            }
        }
    }

    async fn send(&mut self, url: &Url, headers: &HeaderMap, cap: usize) -> Result<Answer, ScrapeTrouble> {
        let clients = &self.settings.clients;
        let intake = Intake { cap, buffer: clients.buffer(), clock: &self.clock };
        let mut moves = 0;
        while url.scheme() == "http" && !self.unusual {
            let there = self.moved.as_ref().filter(|(from, _)| from == url).map_or(url, |(_, to)| to);
            match self.line.get(there, headers).await? {
                Got::Answer(response) => return intake.receive(response, line::trouble).await,
                Got::Moved(_) if moves >= REDIRECTS => {
                    return Err(ScrapeTrouble::Other(Label::new("redirects in a circle")));
                }
                Got::Moved(to) => self.moved = Some((url.clone(), to)),
                Got::Unusual => self.unusual = true,
            }
            moves += 1;
        }
        let client = match &self.client {
            Some(client) => client,
            None => self.client.insert(clients.client(url, self.target.ca_file.as_deref())?),
        };
        let response = client::get(client, url, headers).await?;
        intake.receive(response, |error, bytes| client::trouble(error, url, bytes)).await
    }
}
