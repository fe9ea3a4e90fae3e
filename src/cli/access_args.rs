//! Who may ask a server of margintop: the arguments of `agent` and `serve`.
#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Clone, Default, Args)]
pub(super) struct AccessArgs {
    /// A file whose only line is the token that every request must have: `Authorization: Bearer TOKEN`
    #[arg(long, help_heading = "Serving", value_name = "FILE", env = "MARGINTOP_TOKEN_FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// The server's certificates, in PEM: it then answers over TLS only
    #[arg(long, help_heading = "Serving", value_name = "FILE", requires = "tls_key", env = "MARGINTOP_TLS_CERT")]
    pub(super) tls_cert: Option<PathBuf>,
    /// Their private key, in PEM
    #[arg(long, help_heading = "Serving", value_name = "FILE", requires = "tls_cert", env = "MARGINTOP_TLS_KEY")]
    pub(super) tls_key: Option<PathBuf>,
    /// Certificates of an authority, in PEM: a client must have a certificate of it (mutual TLS)
    #[arg(long, help_heading = "Serving", value_name = "FILE", requires = "tls_cert", env = "MARGINTOP_CLIENT_CA")]
    pub(super) client_ca: Option<PathBuf>,
    /// Listen beyond this machine without a token and without mutual TLS: anyone there reads everything
    #[arg(long, help_heading = "Serving", env = "MARGINTOP_INSECURE")]
    pub(super) insecure: bool,
}
