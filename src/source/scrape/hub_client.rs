//! Requests to a hub: with the credentials and certificates of its target.

use hyper::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Response, Url};

use super::client::{Clients, failure};
use super::credentials::Credentials;
use crate::reading::{Label, ScrapeError};
use crate::source::target::{Address, PolledTarget};

/// A client of one hub.
#[derive(Debug)]
pub struct HubClient {
    target: PolledTarget,
    origin: Url,
    clients: Clients,
    credentials: Credentials,
}

impl HubClient {
    /// A client of the hub at a target's address; `None` for a file.
    pub fn new(target: PolledTarget) -> Option<Self> {
        let Address::Http(origin) = target.address.clone() else { return None };
        let credentials = Credentials::new(&target);
        Some(Self { target, origin, clients: Clients::default(), credentials })
    }

    /// The hub's address.
    pub const fn origin(&self) -> &Url {
        &self.origin
    }

    /// A client with connections of its own.
    #[must_use]
    pub fn another(&self) -> Self {
        let credentials = Credentials::new(&self.target);
        Self { target: self.target.clone(), origin: self.origin.clone(), clients: self.clients.clone(), credentials }
    }

    /// Sends a GET of a path, and returns the response if its status is 200. Refused credentials are read again once.
    ///
    /// # Errors
    /// Why there is no answer, or its status.
    pub async fn get(&mut self, path: &str) -> Result<Response, ScrapeError> {
        let url = self.origin.join(path).map_err(|error| ScrapeError::Other(Label::new(&error.to_string())))?;
        let first = self.send(&url).await?;
        let refused = matches!(first.status().as_u16(), 401 | 403);
        let response = if refused && self.credentials.changed() { self.send(&url).await? } else { first };
        match response.status().as_u16() {
            200 => Ok(response),
            401 => {
                let needs =
                    "the hub asks for a token: name its file with bearer_token_file in a [[target]] of this address";
                let failure = self.credentials.explain(ScrapeError::Status(401));
                Err(if failure == ScrapeError::Status(401) {
                    ScrapeError::NotAllowed(Label::new(needs))
                } else {
                    failure
                })
            }
            status => Err(self.credentials.explain(ScrapeError::Status(status))),
        }
    }

    async fn send(&mut self, url: &Url) -> Result<Response, ScrapeError> {
        let mut headers = HeaderMap::new();
        if let Some(header) = self.credentials.header()? {
            headers.insert(AUTHORIZATION, header);
        }
        let client = self.clients.client(url, &self.target.options.tls_files())?;
        let sent = client.get(url.clone()).headers(headers).send().await;
        sent.map_err(|error| failure(&error, url, 0))
    }

    /// Translates an error while a body is read.
    pub fn failure(&self, error: &reqwest::Error) -> ScrapeError {
        failure(error, &self.origin, 0)
    }
}
