//! Requests to an HTTP API beside the pages: with the credentials, certificates and headers of its target.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Method, Url};

use super::client::{Clients, failure};
use super::credentials::Credentials;
use super::unpacked::UnpackedBody;
use crate::reading::{Label, ScrapeError};
use crate::source::target::{HeaderSetting, PolledTarget};

/// The largest file with the value of a header, in bytes.
const HEADER_FILE: u64 = 16 << 10;

/// A client of one API.
#[derive(Debug)]
pub struct ApiClient {
    target: PolledTarget,
    base: Url,
    clients: Clients,
    credentials: Credentials,
    /// The timeout of a request with its answer.
    timeout: Duration,
}

/// An answer of an API, with any status.
#[derive(Debug)]
pub struct ApiResponse {
    /// The status.
    pub status: u16,
    /// The body, decoded.
    pub body: Vec<u8>,
}

impl ApiClient {
    /// A client of the API below `base`, with the options of `target`.
    pub fn new(target: PolledTarget, base: Url, clients: Clients, timeout: Duration) -> Self {
        let credentials = Credentials::new(&target);
        Self { target, base, clients, credentials, timeout }
    }

    /// Sends a GET with fields in the query. The body may have `cap` bytes.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn get(&mut self, path: &str, fields: &[(&str, String)], cap: usize) -> Result<ApiResponse, ScrapeError> {
        self.ask(Method::GET, path, fields, cap).await
    }

    /// Sends a POST with fields in the body. The body of the answer may have `cap` bytes.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn post(
        &mut self,
        path: &str,
        fields: &[(&str, String)],
        cap: usize,
    ) -> Result<ApiResponse, ScrapeError> {
        self.ask(Method::POST, path, fields, cap).await
    }

    /// What a refusal of the credentials means, and what to do about it.
    pub fn explain(&self, status: u16) -> ScrapeError {
        self.credentials.explain(ScrapeError::Status(status))
    }

    /// Sends a request; once more with credentials that have changed since they were read, if they are refused.
    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        fields: &[(&str, String)],
        cap: usize,
    ) -> Result<ApiResponse, ScrapeError> {
        loop {
            let sent = tokio::time::timeout(self.timeout, self.send(method.clone(), path, fields, cap));
            let response = sent.await.unwrap_or(Err(ScrapeError::TimedOut))?;
            if !matches!(response.status, 401 | 403) || !self.credentials.changed() {
                return Ok(response);
            }
        }
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        fields: &[(&str, String)],
        cap: usize,
    ) -> Result<ApiResponse, ScrapeError> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        let mut headers = self.headers()?;
        let mut body = None;
        if method == Method::POST {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
            body = Some(form(&url, fields));
        } else {
            url.query_pairs_mut().extend_pairs(fields);
        }
        let client = self.clients.client(&url, &self.target.options.tls_files())?;
        let request = client.request(method, url.clone()).headers(headers);
        let request = body.into_iter().fold(request, reqwest::RequestBuilder::body);
        let response = request.send().await.map_err(|error| failure(&error, &url, 0))?;
        let (head, mut incoming) = hyper::Response::<Body>::from(response).into_parts();
        let mut body = UnpackedBody::of(&head.headers, Vec::new(), cap)?;
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| failure(&error, &url, body.length() as u64))?;
            if let Some(chunk) = frame.data_ref() {
                body.take(chunk)?;
            }
        }
        Ok(ApiResponse { status: head.status.as_u16(), body: body.finish()? })
    }

    fn headers(&mut self) -> Result<HeaderMap, ScrapeError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(header) = self.credentials.header()? {
            headers.insert(AUTHORIZATION, header);
        }
        for (name, setting) in &self.target.options.headers {
            let refuse = |why: &str| ScrapeError::Other(Label::new(&format!("header {name}: {why}")));
            let text = match setting {
                HeaderSetting::Value(value) => value.clone(),
                HeaderSetting::File(file) => {
                    let text = of_file(file).map_err(|error| refuse(&format!("{}: {error}", file.display())))?;
                    text.trim().to_owned()
                }
            };
            let key: HeaderName =
                name.parse().map_err(|_| refuse("not a name of a header; write letters, digits and -"))?;
            let mut value =
                HeaderValue::try_from(text).map_err(|_| refuse("its value is not one line of plain text"))?;
            value.set_sensitive(true);
            headers.insert(key, value);
        }
        Ok(headers)
    }
}

fn of_file(file: &std::path::Path) -> std::io::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(file)?.take(HEADER_FILE).read_to_string(&mut text)?;
    Ok(text)
}

/// Fields as a form has them.
fn form(url: &Url, fields: &[(&str, String)]) -> String {
    let mut form = url.clone();
    form.set_query(None);
    form.query_pairs_mut().extend_pairs(fields);
    form.query().unwrap_or_default().to_owned()
}
