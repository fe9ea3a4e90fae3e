//! The general HTTP client: TLS and redirects within a server; and the buffers that pages are read into.

use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hyper::Response;
use hyper::header::HeaderMap;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Body, Certificate, Client, ClientBuilder, Identity, Url};
use rustls::RootCertStore;
use rustls::crypto::ring;

use super::connection::CONNECT;
use super::named_pages::NamedPages;
use crate::dialect::PageLayouts;
use crate::reading::{Label, ScrapeError};
use crate::source::target::TlsFiles;

/// Redirects followed within one server: `/metrics` to `/metrics/`.
pub(super) const REDIRECTS: usize = 4;
/// The largest buffer kept for the next page, and the most buffers kept, as many as a slot of the schedule needs.
const KEEP: usize = 1 << 20;
const BUFFERS: usize = 32;

/// The connections of all scrapers of a process, kept alive between scrapes.
///
/// A client with TLS reads the system's certificates when it is created, which takes longer than the first frame may take.
/// So it is created for the first `https` target.
#[derive(Debug, Clone, Default)]
pub struct Clients(Arc<SharedState>);

#[derive(Debug, Default)]
struct SharedState {
    plain: OnceLock<Client>,
    /// Clients by the files that they use.
    tls: Mutex<HashMap<TlsFiles, Client>>,
    buffers: Mutex<Vec<Vec<u8>>>,
    layouts: PageLayouts,
    named: NamedPages,
}

impl Clients {
    /// The client for `url`, with these files.
    ///
    /// # Errors
    /// [`ScrapeError::Tls`] if a file or the system's certificates are unreadable.
    pub(super) fn client(&self, url: &Url, files: &TlsFiles) -> Result<Client, ScrapeError> {
        if url.scheme() != "https" {
            return match self.0.plain.get() {
                Some(client) => Ok(client.clone()),
                None => plain().map(|built| self.0.plain.get_or_init(|| built).clone()),
            };
        }
        let mut tls = self.0.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = tls.get(files) {
            return Ok(client.clone());
        }
        let client = secure(files)?;
        tls.insert(files.clone(), client.clone());
        Ok(client)
    }

    /// The models that targets' addresses name.
    pub(super) fn named(&self) -> &NamedPages {
        &self.0.named
    }

    /// The layouts of all pages.
    pub(super) fn layouts(&self) -> &PageLayouts {
        &self.0.layouts
    }

    /// An empty buffer with capacity for the last page's size. Pages of engines and exporters differ in size: a buffer that
    /// is too small is replaced, so that the kept ones fit most pages.
    pub(super) fn buffer(&self, expected: usize) -> Vec<u8> {
        let expected = expected.min(KEEP);
        let mut buffers = self.0.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fits) = buffers.iter().rposition(|buffer| buffer.capacity() >= expected) {
            return buffers.swap_remove(fits);
        }
        buffers.pop();
        Vec::with_capacity(expected)
    }

    /// Returns a buffer for reuse.
    pub(super) fn give_back(&self, mut buffer: Vec<u8>) {
        let mut buffers = self.0.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        if buffer.capacity() <= KEEP && buffers.len() < BUFFERS {
            buffer.clear();
            buffers.push(buffer);
        }
    }
}

fn builder() -> ClientBuilder {
    Client::builder()
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(1)
        .http1_only()
        .no_proxy()
        .referer(false)
        .redirect(Policy::custom(same_origin))
}

/// Follows a redirect within one origin; any other is returned as the response.
fn same_origin(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let home = attempt.previous().first().map(Url::origin);
    if attempt.previous().len() > REDIRECTS || home != Some(attempt.url().origin()) {
        attempt.stop()
    } else {
        attempt.follow()
    }
}

/// A client for `http` only, without certificate roots.
fn plain() -> Result<Client, ScrapeError> {
    let trusts_nobody = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ScrapeError::Tls(Label::new(&error.to_string())))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    build(builder().tls_backend_preconfigured(trusts_nobody))
}

/// A client that trusts the system's certificates and those in a file, and identifies itself if it has a certificate.
fn secure(files: &TlsFiles) -> Result<Client, ScrapeError> {
    // An error means that it is already installed.
    let _ = ring::default_provider().install_default();
    let mut building = builder();
    if let Some(file) = &files.authorities {
        building = building.tls_certs_merge(authorities(file)?);
    }
    if let Some((cert, key)) = &files.identity {
        let mut pem = read("key_file", key)?;
        pem.extend(read("cert_file", cert)?);
        let identity = Identity::from_pem(&pem).map_err(|error| refuse("cert_file", cert, &root_cause(&error)))?;
        building = building.identity(identity);
    }
    build(building)
}

fn authorities(file: &Path) -> Result<Vec<Certificate>, ScrapeError> {
    let pem = read("ca_file", file)?;
    let certificates =
        Certificate::from_pem_bundle(&pem).map_err(|error| refuse("ca_file", file, &error.to_string()))?;
    if certificates.is_empty() {
        return Err(refuse("ca_file", file, "no certificate in it"));
    }
    Ok(certificates)
}

fn read(key: &str, file: &Path) -> Result<Vec<u8>, ScrapeError> {
    std::fs::read(file).map_err(|error| refuse(key, file, &error.to_string()))
}

fn refuse(key: &str, file: &Path, why: &str) -> ScrapeError {
    ScrapeError::Tls(Label::new(&format!("{key} {}: {why}", file.display())))
}

fn build(builder: ClientBuilder) -> Result<Client, ScrapeError> {
    builder.build().map_err(|error| ScrapeError::Tls(Label::new(&root_cause(&error))))
}

/// Sends a GET.
pub(super) async fn get(client: &Client, url: &Url, headers: HeaderMap) -> Result<Response<Body>, ScrapeError> {
    let sent = client.get(url.clone()).headers(headers).send().await;
    sent.map(Response::from).map_err(|error| failure(&error, url, 0))
}

/// Translates an error and its causes, after `bytes` bytes of body.
pub(super) fn failure(error: &reqwest::Error, url: &Url, bytes: u64) -> ScrapeError {
    if error.is_timeout() {
        return ScrapeError::TimedOut;
    }
    let causes = || chain(error).skip(1);
    let io = causes().find_map(|cause| cause.downcast_ref::<io::Error>());
    if error.is_connect() {
        if causes().any(|cause| cause.to_string().starts_with("dns error")) {
            return ScrapeError::NoSuchHost(Label::new(url.host_str().unwrap_or_default()));
        }
        if io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused) {
            return ScrapeError::Refused;
        }
        if let Some(why) = causes().find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
            return ScrapeError::Tls(Label::new(&why.to_string()));
        }
    }
    let cut =
        error.is_body() || error.is_decode() || causes().any(|cause| cause.to_string().contains("before message"));
    if cut || io.is_some_and(|io| matches!(io.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)) {
        return ScrapeError::Cut(bytes);
    }
    ScrapeError::Other(Label::new(&root_cause(error)))
}

/// The innermost cause of an error.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// An error and its causes, the innermost last. The source of an I/O error omits the error that it wraps.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause| {
        let cause: &'e (dyn Error + 'static) = *cause;
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| cause.source())
    })
}
