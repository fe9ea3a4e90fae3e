//! Who may ask a server: everyone that reaches it, holders of a token, or clients with a certificate.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;

use super::{Method, Request, Response};

/// Paths that answer without a token: a health check has none, and learns nothing else.
const HEALTH: [&str; 2] = ["/livez", "/readyz"];
/// Keys of a query that would hold a secret.
const SECRETS: [&str; 5] = ["token", "access_token", "api_key", "apikey", "key"];

/// A token. It is never printed.
#[derive(Clone)]
pub struct Token(Arc<str>);

impl Token {
    /// A token without surrounding blanks; `None` if nothing is left.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// Compares in a time that does not depend on where the texts differ.
    fn is(&self, given: &str) -> bool {
        let (ours, given) = (self.0.as_bytes(), given.as_bytes());
        ours.len() == given.len() && ours.iter().zip(given).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Who may ask a server.
#[derive(Clone, Default)]
pub struct Access {
    /// The token that a request must have.
    pub token: Option<Token>,
    /// TLS, with the certificates that clients need if it is mutual.
    pub tls: Option<TlsAcceptor>,
    /// Whether only this machine may ask, which a page of a browser could do under another name of it.
    pub loopback: bool,
    /// Whether requests may change something.
    pub posts: bool,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { token, tls, loopback, posts } = self;
        let mut fields = f.debug_struct("Access");
        fields.field("token", token).field("tls", &tls.is_some());
        fields.field("loopback", loopback).field("posts", posts).finish()
    }
}

impl Access {
    /// Why a request is refused, if it is.
    pub(super) fn refusal(&self, request: &Request) -> Option<Response> {
        if request.method == Method::Post && !self.posts {
            return Some(Response::status(405, "only GET and HEAD are answered here\n"));
        }
        if SECRETS.iter().any(|key| request.parameter(key).is_some()) {
            let why =
                "a token does not belong in an address, which is logged: send it as `Authorization: Bearer TOKEN`\n";
            return Some(Response::status(400, why));
        }
        if self.loopback && request.host.as_deref().is_some_and(|host| !is_this_machine(host)) {
            return Some(Response::status(
                421,
                "the Host header names another machine: ask for 127.0.0.1 or localhost\n",
            ));
        }
        let token = self.token.as_ref().filter(|_| !HEALTH.contains(&request.path.as_str()))?;
        let given = request.authorization.as_deref().and_then(|text| text.split_once(' '));
        let is_right =
            given.is_some_and(|(scheme, given)| scheme.eq_ignore_ascii_case("bearer") && token.is(given.trim()));
        (!is_right).then(|| {
            let why = if given.is_some() {
                "the token is wrong\n"
            } else {
                "a token is needed: `Authorization: Bearer TOKEN`\n"
            };
            Response::status(401, why)
        })
    }
}

/// Whether a `Host` header names a machine by its number or as this one. A page of a browser that was loaded from another name
/// keeps that name in the header, wherever the name points to now.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_matches(['[', ']']);
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(access: &Access, request: &Request) -> Option<u16> {
        access.refusal(request).map(|response| response.status)
    }

    #[test]
    fn a_token_is_needed_and_compared_as_a_whole() {
        let access = Access { token: Token::new(" secret\n"), ..Access::default() };
        let with = |text: &str| Request { authorization: Some(text.to_owned()), ..Request::get("/metrics") };
        assert_eq!(status(&access, &Request::get("/metrics")), Some(401));
        for wrong in ["Bearer secre", "Bearer secrets", "Basic secret", "secret", "Bearer ", "Bearer SECRET"] {
            assert_eq!(status(&access, &with(wrong)), Some(401), "{wrong}");
        }
        assert_eq!(status(&access, &with("Bearer secret")), None);
        assert_eq!(status(&access, &with("bearer secret")), None);
        assert_eq!(status(&access, &Request::get("/livez")), None);
        assert!(Token::new(" \n").is_none());
        assert!(!format!("{access:?}").contains("secret"));
    }

    #[test]
    fn a_token_in_an_address_is_refused_even_if_it_is_right() {
        let query = |query: &str| Request { query: Some(query.to_owned()), ..Request::get("/metrics") };
        for text in ["token=secret", "a=1&api_key=x", "access_token="] {
            assert_eq!(status(&Access::default(), &query(text)), Some(400), "{text}");
        }
        assert_eq!(status(&Access::default(), &query("tokens=5")), None);
    }

    #[test]
    fn another_name_of_this_machine_is_refused_where_only_it_may_ask() {
        let host = |host: &str| Request { host: Some(host.to_owned()), ..Request::get("/metrics") };
        let loopback = Access { loopback: true, ..Access::default() };
        for own in ["127.0.0.1:9545", "localhost", "LOCALHOST:80", "[::1]:9545", "127.3.0.1"] {
            assert_eq!(status(&loopback, &host(own)), None, "{own}");
        }
        for other in ["evil.example", "evil.example:9545", "localhost.evil.example:1", ""] {
            assert_eq!(status(&loopback, &host(other)), Some(421), "{other}");
        }
        assert_eq!(status(&Access::default(), &host("gpu-01.internal:9545")), None);
    }

    #[test]
    fn nothing_is_posted_unless_the_server_takes_it() {
        let post = Request { method: Method::Post, ..Request::get("/api/v1/markers") };
        assert_eq!(status(&Access::default(), &post), Some(405));
        assert_eq!(status(&Access { posts: true, ..Access::default() }, &post), None);
    }
}
