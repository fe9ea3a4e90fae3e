//! What a server that refuses is asking for, and what the message says to do.

use crate::peer;
use crate::scrape::with_password;

use std::io::Write;

use margintop::clock::Clock;
use margintop::reading::ScrapeError;
use margintop::source::PolledTarget;
use margintop::source::scrape::{Scraper, Settings};
use peer::*;

#[tokio::test]
async fn the_hint_fits_the_challenge() {
    for (challenge, word) in [
        ("WWW-Authenticate: Basic realm=\"x\"\r\n", "set username and password_file"),
        ("WWW-Authenticate: basic\r\n", "set username and password_file"),
        ("WWW-Authenticate: Bearer\r\n", "set bearer_token_file"),
        // The first challenge that can be met, of several in one header or in several.
        ("WWW-Authenticate: Bearer, Basic realm=\"x\"\r\n", "set bearer_token_file, or username and password_file"),
        (
            "WWW-Authenticate: Basic\r\nWWW-Authenticate: Bearer\r\n",
            "set username and password_file, or bearer_token_file",
        ),
        ("WWW-Authenticate: Digest realm=\"x\", nonce=\"a\"\r\n", "Digest authentication"),
        ("WWW-Authenticate: Negotiate\r\n", "Negotiate authentication"),
        ("WWW-Authenticate: Negotiate, Basic realm=\"x\"\r\n", "set username and password_file"),
        ("WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm=\"x\"\r\n", "set username and password_file"),
        ("WWW-Authenticate: Digest realm=\"a, basic\", nonce=\"x\", Bearer\r\n", "set bearer_token_file"),
        ("WWW-Authenticate: Bearer realm=\"x\"\r\nWWW-Authenticate: Basic\r\n", "set bearer_token_file"),
        ("", "set bearer_token_file"),
    ] {
        for status in ["401 No", "403 No"] {
            let failure = given(move |_| answer(status, challenge, b"")).await.unwrap_err().to_string();
            assert!(failure.contains(word) && failure.contains("401") | failure.contains("403"), "{failure}");
        }
    }
    let server = Server::start(|_| answer("401 No", "WWW-Authenticate: Basic\r\n", b"")).await;
    assert_eq!(once(&server.url).await, Err(ScrapeError::NeedsPassword(401)), "reported after a search, too");
}

/// Class: a remedy that is there already.
#[tokio::test]
async fn the_hint_fits_the_credentials() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "secret").unwrap();
    for (status, challenge, password, word) in [
        ("403 No", "", true, "refuses the user name and password (HTTP 403): check username and password_file"),
        ("401 No", "WWW-Authenticate: Bearer\r\n", true, "set bearer_token_file instead"),
        (
            "401 No",
            "WWW-Authenticate: Basic\r\n",
            true,
            "set username and password_file for this target, or check them",
        ),
        ("403 No", "", false, "refuses the key (HTTP 403): check bearer_token_file"),
        ("401 No", "WWW-Authenticate: Basic\r\n", false, "set username and password_file instead of bearer_token_file"),
    ] {
        let server = Server::start(move |_| answer(status, challenge, b"")).await;
        let url = format!("{}/metrics", server.url);
        let mut scraper = if password {
            with_password(&url, "u", file.path())
        } else {
            let mut target: PolledTarget = url.parse().unwrap();
            target.options.bearer_token_file = Some(file.path().into());
            Scraper::new(target, Settings::default(), Clock::System)
        };
        let failure = scrape(&mut scraper).await.1.unwrap_err().to_string();
        assert!(failure.contains(word), "{challenge}: {failure}");
    }
}
