//! The certificates of `agent` and `serve`, and what they ask of their clients.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

use super::Failure;
use crate::platform::special_file;

/// The most bytes of a file with a token, certificates or a key.
const LARGEST: u64 = 1 << 20;

/// The TLS of a server with these certificates and their key. With `client_ca`, a client needs a certificate of it.
pub(super) fn server_tls(cert: &Path, key: &Path, client_ca: Option<&Path>) -> Result<TlsAcceptor, Failure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        rustls::ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| Failure::Run(error.to_string()))?;
    let builder = match client_ca {
        None => versions.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(file)? {
                roots.add(authority).map_err(|error| refuse(file, &error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            versions.with_client_cert_verifier(verifier.map_err(|error| refuse(file, &error))?)
        }
    };
    let private = PrivateKeyDer::from_pem_slice(secret_file(key)?.as_bytes()).map_err(|error| refuse(key, &error))?;
    let config = builder.with_single_cert(certificates(cert)?, private).map_err(|error| refuse(cert, &error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let text = secret_file(file)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match read {
        Ok(list) if list.is_empty() => Err(refuse(file, &"it has no certificate in PEM")),
        read => read.map_err(|error| refuse(file, &error)),
    }
}

/// The text of a regular file of at most a mebibyte.
pub(super) fn secret_file(file: &Path) -> Result<String, Failure> {
    let about = std::fs::metadata(file).map_err(|error| refuse(file, &error))?;
    if !about.is_file() {
        let what = if about.is_dir() { "a folder" } else { special_file(&about) };
        return Err(refuse(file, &format!("it is {what}, not a file")));
    }
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(|error| refuse(file, &error))?;
    opened.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| refuse(file, &error))?;
    if text.len() as u64 > LARGEST {
        return Err(refuse(file, &"it is larger than 1 MiB"));
    }
    Ok(text)
}

fn refuse(file: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::Usage(format!("{}: {why}", file.display()))
}
