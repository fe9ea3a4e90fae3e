//! Targets that are polled: an address and its options.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use reqwest::Url;

use crate::fleet::TargetInfo;
use crate::reading::{EngineRole, Label, NodeName, TargetId, UnitName};

/// The port of margintop's own agent, used for a host without a port.
pub const AGENT_PORT: u16 = 9545;
/// What stands before the address of a Prometheus.
const PROMETHEUS: &str = "prometheus+";

/// A page that is polled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolledTarget {
    /// Its id.
    pub id: TargetId,
    /// The address of its page.
    pub address: Address,
    /// Its options.
    pub options: TargetOptions,
}

/// The options of a target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetOptions {
    /// The node that it runs on.
    pub node: Option<NodeName>,
    /// Its deployment unit.
    pub unit: Option<UnitName>,
    /// Its role, which has precedence over the page's.
    pub role: Option<EngineRole>,
    /// The configured labels; `tenant` names the tenant whose traffic the target serves.
    pub labels: BTreeMap<Label, Label>,
    /// A file whose only line is the bearer token. It is read again when the token is refused.
    pub bearer_token_file: Option<PathBuf>,
    /// The user name for basic authentication.
    pub username: Option<String>,
    /// A file whose first line is the password. It is read again when the password is refused.
    pub password_file: Option<PathBuf>,
    /// A file of PEM certificates that are trusted in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// A file of PEM certificates that identify this client, for a server with mutual TLS.
    pub cert_file: Option<PathBuf>,
    /// A file with their private key, in PEM.
    pub key_file: Option<PathBuf>,
    /// Further headers of each request to a Prometheus: `X-Scope-OrgID` names a tenant of Mimir or Thanos.
    pub headers: BTreeMap<String, HeaderSetting>,
}

/// The value of a configured header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderSetting {
    /// As written.
    Value(String),
    /// A file whose only line is the value.
    File(PathBuf),
}

/// The files of TLS connections to a target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TlsFiles {
    /// Certificates that are trusted in addition to the system's.
    pub authorities: Option<PathBuf>,
    /// This client's certificates and their key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl TargetOptions {
    /// The files of TLS connections.
    pub fn tls_files(&self) -> TlsFiles {
        TlsFiles { authorities: self.ca_file.clone(), identity: self.cert_file.clone().zip(self.key_file.clone()) }
    }
}

/// The address of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A URL. Without a path, the page is searched for.
    Http(Url),
    /// A file with one page.
    File(PathBuf),
    /// A server with Prometheus' HTTP API, at the path that the API is below.
    Prometheus(Url),
    /// A machine that is read through the system's `ssh`.
    Ssh(SshAddress),
}

/// Whom `ssh` connects to: nothing in it can be taken for an option or for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshAddress {
    /// The user; `None` for the one that ssh's configuration names.
    pub user: Option<String>,
    /// The host, or its name in ssh's configuration.
    pub host: String,
    /// The port; `None` for the one that ssh's configuration names.
    pub port: Option<u16>,
}

impl PolledTarget {
    /// A target without options.
    pub fn new(id: TargetId, address: Address) -> Self {
        Self { id, address, options: TargetOptions::default() }
    }

    /// The host in its address; `None` for a file, and for a Prometheus, whose series are of other hosts.
    pub fn host(&self) -> Option<&str> {
        match &self.address {
            Address::Http(url) => url.host_str(),
            Address::Ssh(there) => Some(&there.host),
            Address::File(_) | Address::Prometheus(_) => None,
        }
    }

    /// The port in its address; `None` as for the host.
    pub fn port(&self) -> Option<u16> {
        match &self.address {
            Address::Http(url) => url.port_or_known_default(),
            Address::File(_) | Address::Prometheus(_) | Address::Ssh(_) => None,
        }
    }

    /// Whether its targets become known when it answers: it is none itself.
    pub const fn announces_targets(&self) -> bool {
        matches!(self.address, Address::Prometheus(_))
    }

    /// Its description for the fleet.
    pub fn info(&self) -> TargetInfo {
        TargetInfo {
            target: self.id.clone(),
            host: self.host().filter(|_| !self.is_this_box()).map(NodeName::new),
            node: self.options.node.clone(),
            unit: self.options.unit.clone(),
            role: self.options.role,
            tenant: self.options.labels.get(&Label::new("tenant")).cloned(),
        }
    }

    /// Whether it is on this machine's own address. Other addresses of the loopback network count as other hosts, since a
    /// simulated fleet has one for each node; behind a port that ssh connects to, any machine may be.
    pub fn is_this_box(&self) -> bool {
        !matches!(self.address, Address::Ssh(_))
            && self.host().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]" | "::1"))
    }

    /// Whether two addresses of this machine are one page under two host names, whose tokens count once.
    pub fn is_same_page(&self, other: &Self) -> bool {
        self.is_this_box() && other.is_this_box() && self.port() == other.port() && self.page() == other.page()
    }

    /// What identifies a page on its server: the path, and the sorted query without `autoload`.
    fn page(&self) -> (String, Vec<(String, String)>) {
        let Address::Http(url) = &self.address else { return <_>::default() };
        let mut query: Vec<(String, String)> =
            url.query_pairs().into_owned().filter(|(key, _)| key != "autoload").collect();
        query.sort();
        (url.path().trim_end_matches('/').to_owned(), query)
    }

    /// Whether its host is a loopback address.
    pub fn is_loopback(&self) -> bool {
        !matches!(self.address, Address::Ssh(_))
            && self.host().is_some_and(|host| {
                let bare = host.trim_matches(['[', ']']);
                bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            })
    }
}

/// The reason that a text is not a target, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetError {
    text: Label,
    why: &'static str,
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "target {:?}: {}", self.text.as_str(), self.why)
    }
}

impl std::error::Error for TargetError {}

impl FromStr for PolledTarget {
    type Err = TargetError;

    /// Parses `http(s)://host:port[/path]`, `host[:port]`, `ssh://[user@]host[:port]`, `prometheus+http(s)://host:port[/path]` or
    /// `file.prom`.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        let refuse = |why| TargetError { text: Label::new(&without_secrets(text)), why };
        let text = text.trim();
        if text.is_empty() {
            return Err(refuse("it is empty; write http://HOST:PORT"));
        }
        if text.trim_end_matches(':').bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refuse("it is a number and names no host; write http://HOST:PORT"));
        }
        let address = match text.split_once("://") {
            Some(("prometheus+http" | "prometheus+https", _)) => {
                Address::Prometheus(url(text.strip_prefix(PROMETHEUS).unwrap_or(text)).map_err(refuse)?)
            }
            Some(("http" | "https", _)) => Address::Http(url(text).map_err(refuse)?),
            Some(("ssh", there)) => Address::Ssh(ssh_address(there).map_err(refuse)?),
            Some(("file", path)) => Address::File(path.into()),
            Some(_) => {
                return Err(refuse(
                    "no such kind of address; write http://HOST:PORT, https://HOST:PORT, ssh://HOST or prometheus+http://HOST:PORT",
                ));
            }
            None if is_file(text) => Address::File(text.into()),
            None => Address::Http(url(&with_port(text)).map_err(refuse)?),
        };
        let id = match &address {
            Address::Http(url) => TargetId::new(url.as_str().trim_end_matches('/')),
            Address::File(path) => TargetId::new(&path.to_string_lossy()),
            Address::Ssh(there) => TargetId::new(&there.to_string()),
            Address::Prometheus(url) => TargetId::new(&format!("{PROMETHEUS}{}", url.as_str().trim_end_matches('/'))),
        };
        Ok(Self::new(id, address))
    }
}

fn url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "not an address; write http://HOST:PORT, and an IPv6 host in brackets")?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it names no host; write http://HOST:PORT");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "a password does not belong in an address; write it to a file and set username and password_file, or bearer_token_file",
        );
    }
    if url.query_pairs().any(|(key, _)| is_secret(&key)) {
        return Err(
            "a token does not belong in an address, which is logged; write it to a file and set bearer_token_file",
        );
    }
    Ok(url)
}

impl fmt::Display for SshAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ssh://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        let is_ipv6 = self.host.contains(':');
        if is_ipv6 {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// The address behind `ssh://`.
fn ssh_address(text: &str) -> Result<SshAddress, &'static str> {
    const LIKE: &str = "write ssh://[USER@]HOST[:PORT], where HOST may be a name of ssh's configuration";
    let is_name = |name: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'%');
        !name.is_empty() && !name.starts_with('-') && name.bytes().all(is_plain)
    };
    let text = text.strip_suffix('/').unwrap_or(text);
    let (user, host) = text.rsplit_once('@').map_or((None, text), |(user, host)| (Some(user), host));
    if user.is_some_and(|user| user.contains(':')) {
        return Err("a password does not belong in an address; ssh takes a key from its agent or configuration");
    }
    let bare = |host: &str| host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).map(str::to_owned);
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port.parse().map_err(|_| LIKE)?)),
        _ => (host, None),
    };
    let host = bare(host).or_else(|| (!host.contains(':')).then(|| host.to_owned())).ok_or(LIKE)?;
    let is_right = is_name(&host) && user.is_none_or(is_name);
    if is_right { Ok(SshAddress { user: user.map(str::to_owned), host, port }) } else { Err(LIKE) }
}

/// An address as it may be printed: without its query, and without what stands before its host.
fn without_secrets(text: &str) -> String {
    let (address, query) = text.split_once('?').map_or((text, ""), |(address, _)| (address, "?…"));
    let address = match address.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, host)) => format!("{scheme}://…@{host}"),
        None => address.to_owned(),
    };
    format!("{address}{query}")
}

/// Whether a parameter of a query has a name under which tokens are sent.
fn is_secret(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "token",
        "accesstoken",
        "authtoken",
        "bearertoken",
        "apikey",
        "apitoken",
        "authorization",
        "password",
        "secret",
    ];
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    NAMES.iter().any(|secret| letters.eq_ignore_ascii_case(secret))
}

/// Whether a text without a scheme names a file: it has a `/` or ends in `.prom` or `.txt`.
fn is_file(text: &str) -> bool {
    let extension = Path::new(text).extension().and_then(|extension| extension.to_str());
    text.contains('/') || extension.is_some_and(|e| e.eq_ignore_ascii_case("prom") || e.eq_ignore_ascii_case("txt"))
}

fn with_port(host: &str) -> String {
    let behind_brackets = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
    if behind_brackets.contains(':') { format!("http://{host}") } else { format!("http://{host}:{AGENT_PORT}") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        for (text, id) in [
            ("http://10.0.0.5:8000", "http://10.0.0.5:8000"),
            ("https://gpu-1.internal/metrics", "https://gpu-1.internal/metrics"),
            ("gpu-1:8000", "http://gpu-1:8000"),
            ("gpu-1", "http://gpu-1:9545"),
            ("[::1]:8000", "http://[::1]:8000"),
            ("[::1]", "http://[::1]:9545"),
            (" localhost:30000 ", "http://localhost:30000"),
            ("page.prom", "page.prom"),
            ("./pages/one", "./pages/one"),
            ("file:///tmp/x", "/tmp/x"),
            ("ssh://gpu-1", "ssh://gpu-1"),
            ("ssh://ops@gpu-1.internal:2222/", "ssh://ops@gpu-1.internal:2222"),
            ("ssh://[fe80::1%eth0]:22", "ssh://[fe80::1%eth0]:22"),
            ("prometheus+http://mon:9090/", "prometheus+http://mon:9090"),
            ("prometheus+https://mimir/prometheus/", "prometheus+https://mimir/prometheus"),
        ] {
            assert_eq!(text.parse::<PolledTarget>().unwrap().id.as_str(), id);
        }
        assert!("localhost:1".parse::<PolledTarget>().unwrap().is_loopback());
        assert!("[::1]:1".parse::<PolledTarget>().unwrap().is_loopback());
        assert!(!"ssh://localhost:2222".parse::<PolledTarget>().unwrap().is_this_box());
        assert!(!"10.0.0.1:1".parse::<PolledTarget>().unwrap().is_loopback());
    }

    #[test]
    fn what_is_no_target_says_what_to_write() {
        for (text, word) in [
            ("", "empty"),
            ("ftp://host", "http://HOST:PORT"),
            ("http://", "not an address"),
            ("host:notaport", "not an address"),
            ("http://user:secret@host:1", "bearer_token_file"),
            ("http://host:1/metrics?token=secret", "bearer_token_file"),
            ("https://host/?x=1&api_key=secret", "bearer_token_file"),
            ("host:1?Access-Token=secret", "bearer_token_file"),
            ("prometheus+http://user:secret@host:1", "bearer_token_file"),
            ("prometheus+ftp://host", "prometheus+http://HOST:PORT"),
            ("prometheus+http://", "not an address"),
            ("ssh://", "ssh://[USER@]HOST[:PORT]"),
            ("ssh://-oProxyCommand=id", "ssh://[USER@]HOST[:PORT]"),
            ("ssh://-lroot@host", "ssh://[USER@]HOST[:PORT]"),
            ("ssh://host;id", "ssh://[USER@]HOST[:PORT]"),
            ("ssh://ho st", "ssh://[USER@]HOST[:PORT]"),
            ("ssh://host/path", "ssh://[USER@]HOST[:PORT]"),
            ("ssh://host:x", "ssh://[USER@]HOST[:PORT]"),
            ("ssh://fe80::1", "ssh://[USER@]HOST[:PORT]"),
            ("ssh://user:secret@host", "key"),
            ("::1", "brackets"),
            ("28402", "names no host"),
            ("8000:", "names no host"),
        ] {
            let error = text.parse::<PolledTarget>().unwrap_err().to_string();
            assert!(error.contains(word) && !error.contains("secret"), "{text}: {error}");
            assert!("http://host:1/metrics?model=a&tokenizer=b".parse::<PolledTarget>().is_ok());
        }
    }
}
