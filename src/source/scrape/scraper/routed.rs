//! Scrapes a router: the page of each loaded model, or of the model in an address.

use reqwest::Url;

use super::super::models::KnownModels;
use super::super::naming;
use super::super::router::{self, Router};
use super::{Fetched, ScrapeOutcome, Scraper};
use crate::reading::{EngineKind, ModelName, PageReading, ScrapeCost, ScrapeError};

impl Scraper {
    /// Reads the page of the model in the address, unless that would load or wake the model.
    pub(super) async fn read_model(&mut self, page: &Url, model: &ModelName) -> Result<ScrapeOutcome, ScrapeError> {
        let stopwatch = self.clock.stopwatch();
        if self.named.is_due(self.clock.now()) {
            self.models = None;
            let models = self.ask_models(page).await?;
            self.named.learn(&models, model);
        }
        if self.named.may_be_asked(model)? {
            let read = self.read_page(page).await.map_err(|failure| router::refused(failure, model.as_str()));
            let mut outcome = read?;
            if self.named.is_routed() {
                self.resting.complete(&mut outcome.reading, model);
                self.resting.forget(std::slice::from_ref(model));
            }
            return Ok(outcome);
        }
        let cost = ScrapeCost { seconds: stopwatch.seconds(), bytes: 0 };
        Ok(ScrapeOutcome {
            at: self.clock.now(),
            cost,
            reading: router::no_model(self.owner.unwrap_or(EngineKind::UNKNOWN)),
        })
    }

    /// Starts reading a page for each model, if the server is a router. Returns the address of its page.
    pub(super) fn begin_routing(&mut self, models: &KnownModels, page: Option<Url>) -> Option<Url> {
        let page = page?;
        let loaded = models.loaded(&self.settings.clients.named().at(&page))?;
        self.router = Some(Router::new(models.router?, page.clone(), loaded));
        Some(page)
    }

    /// Reads the page of each loaded model. A model whose page is unreadable has no row.
    pub(super) async fn read_router(&mut self) -> Result<ScrapeOutcome, ScrapeError> {
        let Some(mut router) = self.router.take() else { return Err(ScrapeError::Status(404)) };
        let stopwatch = self.clock.stopwatch();
        let loaded = match router.listed.take() {
            Some(loaded) => loaded,
            None => self.loaded_now(&router.page).await?,
        };
        let (mut listed, mut awake) = (self.clock.stopwatch(), loaded.clone());
        let patience = self.settings.timeout / 3;
        let (mut all, mut bytes, mut failed): (Option<PageReading>, u64, _) = (None, 0, None);
        let mut read = Vec::new();
        for model in &loaded {
            if listed.seconds() >= router::FRESH {
                awake = self.loaded_now(&router.page).await?;
                listed = self.clock.stopwatch();
            }
            if !awake.contains(model) {
                continue;
            }
            let page = router.page_of(model);
            match tokio::time::timeout(patience, self.fetch(&page)).await {
                Ok(Ok(Fetched { cost, mut reading, .. })) if reading.complete => {
                    bytes += cost.bytes;
                    let name = ModelName::new(model);
                    naming::name_rows(&mut reading, Some(&name));
                    self.resting.complete(&mut reading, &name);
                    read.push(name);
                    match &mut all {
                        Some(all) => router::merge(all, reading),
                        None => all = Some(reading),
                    }
                }
                Ok(Ok(Fetched { cost, reading, .. })) if reading.refusals.truncated => {
                    failed = Some(ScrapeError::Unended(cost.bytes));
                }
                Ok(Ok(Fetched { cost, .. })) => failed = Some(ScrapeError::Cut(cost.bytes)),
                Ok(Err(failure)) => failed = Some(router::refused(failure, model)),
                Err(_) => failed = Some(ScrapeError::TimedOut),
            }
        }
        let mut reading = match (all, failed) {
            (Some(all), _) => all,
            (None, Some(failure)) => return Err(failure),
            (None, None) => router::no_model(router.dialect.kind),
        };
        self.aliases.complete(&mut reading).await;
        self.resting.forget(&read);
        self.router = Some(router);
        Ok(ScrapeOutcome { at: self.clock.now(), cost: ScrapeCost { seconds: stopwatch.seconds(), bytes }, reading })
    }

    /// The models that a router has loaded and awake now.
    async fn loaded_now(&mut self, page: &Url) -> Result<Vec<String>, ScrapeError> {
        self.models = None;
        let models = self.ask_models(page).await?;
        models.loaded(&self.settings.clients.named().at(page)).ok_or_else(router::no_list)
    }
}
