//! A router: a server with a process for each loaded model, and a page for each.
//!
//! A request that names a model may wake or load it. So the router's list is requested right before the pages, and only pages
//! of models that are listed as loaded are requested. How it names them is in its dialect.

use std::sync::Arc;

use reqwest::Url;

use super::models::{KnownModels, RoutedModel};
use super::named_pages::{NamedPage, NamedPages};
use crate::dialect::{self, ModelRouter};
use crate::reading::{EngineKind, Label, Listed, ModelName, PageReading, Refusals, ScrapeError};
use crate::units::{Moment, Span};

/// The minimum time between two requests of the list of a server that is not a router.
const RENEW: Span = Span::from_secs(30);
/// The maximum age in seconds of a list by which a page is requested, since a model may have fallen asleep.
pub(super) const FRESH: f64 = 0.1;
/// The reason that a model's page is not requested without a list.
const NO_LIST: &str =
    "/v1/models does not answer, and asking for a model's page might wake it: not asked until it does";

/// A router.
#[derive(Debug)]
pub(super) struct Router {
    /// How it names its pages.
    pub(super) dialect: &'static ModelRouter,
    /// Its page, without a model.
    pub(super) page: Url,
    /// Its loaded models, if its list was just received.
    pub(super) listed: Option<Vec<String>>,
}

impl Router {
    /// A router whose list was just received.
    pub(super) const fn new(dialect: &'static ModelRouter, page: Url, loaded: Vec<String>) -> Self {
        Self { dialect, page, listed: Some(loaded) }
    }

    /// The page of a model.
    pub(super) fn page_of(&self, model: &str) -> Url {
        let mut page = self.page.clone();
        let (key, value) = self.dialect.without_loading;
        page.query_pairs_mut().append_pair(self.dialect.model_parameter, model).append_pair(key, value);
        page
    }
}

/// The state of the model in an address, if it has one.
#[derive(Debug, Default)]
pub(super) struct NamedModel {
    standing: Option<PageStanding>,
    /// The router's name of it.
    id: Option<String>,
    asked: Option<Moment>,
    /// Kept so that the router's own target excludes the model.
    _page: Option<Arc<NamedPage>>,
}

/// Whether a model's page may be requested.
#[derive(Debug, Clone, PartialEq, Eq)]
enum PageStanding {
    /// The server is not a router that loads and wakes models.
    Plain,
    /// It is loaded.
    Awake,
    /// It is not loaded, or asleep: a request would load or wake it.
    Asleep,
    /// The router lists these models, but not this one.
    Unlisted(Label),
}

impl NamedModel {
    /// The state of an address's model, which is registered for other targets.
    pub(super) fn of(page: Option<&Url>, model: Option<&ModelName>, all: &NamedPages) -> Self {
        let page = page.zip(model).map(|(page, model)| all.add(page, model));
        Self { _page: page, ..Self::default() }
    }

    /// Whether the server's list must be requested, as before each page of a router. It counts as requested from now on.
    pub(super) fn is_due(&mut self, now: Moment) -> bool {
        let is_plain = self.standing == Some(PageStanding::Plain);
        let due = !is_plain || self.asked.is_none_or(|asked| now.since(asked) >= RENEW);
        if due {
            self.asked = Some(now);
        }
        due
    }

    /// Applies the server's list. Without one, a router's model may have fallen asleep.
    pub(super) fn learn(&mut self, models: &KnownModels, name: &ModelName) {
        if models.unsure {
            self.standing = self.standing.take().filter(|standing| *standing == PageStanding::Plain);
            return;
        }
        self.standing = Some(models.routed.as_ref().map_or(PageStanding::Plain, |routed| {
            let ours: Vec<_> = routed.iter().filter(|model| model.is_called(name)).collect();
            if ours.is_empty() {
                let known: Vec<&str> = routed.iter().filter_map(|model| model.id()).collect();
                return PageStanding::Unlisted(Label::new(&known.join(", ")));
            }
            self.id = ours.first().and_then(|model| model.id()).map(str::to_owned);
            let awake = ours.iter().all(|model| model.is_loaded() || model.state.is_none());
            if awake { PageStanding::Awake } else { PageStanding::Asleep }
        }));
    }

    /// The router's name of the model, if the server is a router.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether the server is a router, with a process for each model.
    pub(super) fn is_routed(&self) -> bool {
        self.standing == Some(PageStanding::Awake)
    }

    /// Whether the model's page should be requested.
    ///
    /// # Errors
    /// The router does not list the model, or it is unknown whether a request would wake it.
    pub(super) fn may_be_asked(&self, name: &ModelName) -> Result<bool, ScrapeError> {
        match &self.standing {
            Some(PageStanding::Plain | PageStanding::Awake) => Ok(true),
            Some(PageStanding::Asleep) => Ok(false),
            Some(PageStanding::Unlisted(known)) => {
                Err(ScrapeError::Other(Label::new(&format!("the server has no model {name}; it lists {known}"))))
            }
            None => Err(no_list()),
        }
    }
}

/// The models that a router listed as not running since their pages were last read. A process that later shows such a page
/// started after that. A process that sleeps keeps its counters.
#[derive(Debug, Default)]
pub(super) struct UnloadedModels(Vec<(RoutedModel, Moment)>);

impl UnloadedModels {
    /// Applies the router's list.
    pub(super) fn learn(&mut self, models: &KnownModels, now: Moment) {
        let resting = models.routed.iter().flatten().filter(|model| model.is_not_running());
        for model in resting {
            match self.0.iter_mut().find(|(known, _)| known.id() == model.id()) {
                Some(known) => *known = (model.clone(), now),
                None => self.0.push((model.clone(), now)),
            }
        }
    }

    /// Adds what the list says of its process to a model's page.
    pub(super) fn complete(&self, page: &mut PageReading, model: &ModelName) {
        let known = self.0.iter().find(|(known, _)| known.is_called(model));
        let listed = Listed { not_running: known.map(|(_, at)| *at) };
        page.engines.iter_mut().for_each(|row| row.listed = Some(listed));
    }

    /// Forgets models whose pages were read.
    pub(super) fn forget(&mut self, read: &[ModelName]) {
        self.0.retain(|(known, _)| !read.iter().any(|model| known.is_called(model)));
    }
}

/// The error of a router without a list.
pub(super) fn no_list() -> ScrapeError {
    ScrapeError::Other(Label::new(NO_LIST))
}

/// Translates the error for a model's page.
pub(super) fn refused(failure: ScrapeError, name: &str) -> ScrapeError {
    match failure {
        ScrapeError::Status(status @ (400 | 404)) => ScrapeError::Other(Label::new(&format!(
            "HTTP {status}: the server has no page of model {name}; it is not loaded, or its name is another"
        ))),
        other => other,
    }
}

/// The model in the query of an address.
pub(super) fn model_of(url: &Url) -> Option<ModelName> {
    let is_model = |key: &str| dialect::model_routers().any(|router| router.model_parameter == key);
    let named = url.query_pairs().find(|(key, _)| is_model(key))?.1;
    (!named.trim().is_empty()).then(|| ModelName::new(&named))
}

/// The address that is requested, which must not load the model that it names.
pub(super) fn harmless(url: &Url) -> Url {
    let mut asked = url.clone();
    let says = |key: &str| url.query_pairs().any(|(known, _)| known == key);
    for router in dialect::model_routers().filter(|router| says(router.model_parameter)) {
        let (key, value) = router.without_loading;
        if !says(key) {
            let query = asked.query().unwrap_or_default();
            asked.set_query(Some(&format!("{query}&{key}={value}")));
        }
    }
    asked
}

/// The reading of a router without loaded models: it answers, and has no rows.
pub(super) fn no_model(kind: EngineKind) -> PageReading {
    PageReading {
        kind,
        engines: Vec::new(),
        instance_starts: Vec::new(),
        aliases: None,
        list_refused: None,
        gpus: Vec::new(),
        gpu_hosts: Vec::new(),
        start: None,
        other_starts: Vec::new(),
        date: None,
        complete: true,
        refusals: Refusals::default(),
    }
}

/// Adds the rows of another model's page.
pub(super) fn merge(all: &mut PageReading, other: PageReading) {
    all.engines.extend(other.engines);
    all.refusals.add(other.refusals);
    all.date = all.date.max(other.date);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_model_in_an_address_is_named_and_never_loaded() {
        for (url, asked, model) in [
            ("http://h/metrics", "http://h/metrics", None),
            ("http://h/metrics?name[]=x", "http://h/metrics?name[]=x", None),
            ("http://h/metrics?model=", "http://h/metrics?model=&autoload=false", None),
            ("http://h/metrics?model=a%2Fb+c", "http://h/metrics?model=a%2Fb+c&autoload=false", Some("a/b c")),
            ("http://h/metrics?autoload=true&model=x", "http://h/metrics?autoload=true&model=x", Some("x")),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(harmless(&url), Url::parse(asked).unwrap());
            assert_eq!(model_of(&url), model.map(ModelName::new));
        }
    }

    #[test]
    fn a_models_page_is_asked_for_by_its_whole_name() {
        let router = dialect::model_router(EngineKind::named("llamacpp"))
            .map(|dialect| Router::new(dialect, Url::parse("http://h/metrics").unwrap(), Vec::new()))
            .unwrap();
        assert_eq!(router.page_of("a/b:c&d").as_str(), "http://h/metrics?model=a%2Fb%3Ac%26d&autoload=false");
    }
}
