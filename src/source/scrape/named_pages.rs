//! The models whose pages are targets themselves, so that a router's target excludes them.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use reqwest::Url;

use crate::exposition::fnv1a;
use crate::reading::ModelName;

/// A model's page that is a target.
#[derive(Debug)]
pub(super) struct NamedPage {
    server: Server,
    model: ModelName,
}

/// The address of a page, without its model.
type Server = (String, Option<u16>, String);

/// The pages of all polled targets.
#[derive(Debug, Default)]
pub(super) struct NamedPages(Mutex<Vec<Weak<NamedPage>>>);

impl NamedPages {
    /// Adds a target's page, for as long as the returned value is kept.
    pub(super) fn add(&self, page: &Url, model: &ModelName) -> Arc<NamedPage> {
        let named = Arc::new(NamedPage { server: server(page), model: model.clone() });
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.retain(|known| known.strong_count() > 0);
        pages.push(Arc::downgrade(&named));
        named
    }

    /// The models of a router that are targets, by the router's page.
    pub(super) fn at(&self, page: &Url) -> Vec<ModelName> {
        let pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut server_of_page = None;
        let known = pages.iter().filter_map(Weak::upgrade);
        known
            .filter(|named| named.server == *server_of_page.get_or_insert_with(|| server(page)))
            .map(|named| named.model.clone())
            .collect()
    }
}

/// A hash of a page, equal for every spelling of its address; `model` is the server's name of the requested model.
pub(super) fn hash(page: &Url, model: Option<&str>) -> u64 {
    let (host, port, path) = server(page);
    let mut asked: Vec<_> = page.query_pairs().filter(|(key, _)| key != "autoload").collect();
    asked.sort_unstable();
    let port = port.unwrap_or_default().to_string();
    let mut parts = vec![host.as_bytes(), port.as_bytes(), path.as_bytes()];
    for (key, value) in &asked {
        let value = model.filter(|_| key == "model").unwrap_or(value);
        parts.extend([key.as_bytes(), value.as_bytes()]);
    }
    fnv1a(&parts)
}

fn server(page: &Url) -> Server {
    let host = match page.host_str().unwrap_or_default() {
        "127.0.0.1" | "[::1]" => "localhost",
        host => host,
    };
    (host.to_owned(), page.port_or_known_default(), page.path().trim_end_matches('/').to_owned())
}
