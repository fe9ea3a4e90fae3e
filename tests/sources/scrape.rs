//! A scraper against a server that answers as badly as it can.
#![allow(clippy::format_collect)]

use crate::peer;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use margintop::clock::{Clock, ScriptedClock};
use margintop::reading::{EngineKind, Event, PageReading, PromptCount, ScrapeError};
use margintop::source::scrape::{Scraper, Settings};
use margintop::source::{PollTiming, SourceMessage, sink};
use margintop::source::{PolledTarget, source_of};
use margintop::units::{Span, Timestamp};
use peer::*;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_page_is_read_over_one_connection() {
    let server = Server::start(|head| {
        assert!(head.contains("accept-encoding: identity"), "{head}");
        assert!(head.contains("accept: text/plain;version=0.0.4"), "{head}");
        answer("200 OK", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", PAGE.as_bytes())
    })
    .await;
    let mut scraper = scraper(&format!("{}/metrics", server.url));
    for _ in 0..3 {
        let (cost, outcome) = scrape(&mut scraper).await;
        let reading = outcome.unwrap();
        assert_eq!((reading.kind, output(&reading), reading.complete), (EngineKind::named("vllm"), Some(7), true));
        assert_eq!(reading.date, Some(Timestamp::from_millis(784_111_777_000)));
        assert_eq!(cost.bytes, PAGE.len() as u64);
    }
    assert_eq!(server.asked(), ["/metrics"; 3]);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_is_replaced() {
    let whole = || format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{PAGE}", PAGE.len()).into_bytes();
    let server = Server::start(move |_| Reply::Last(whole())).await;
    let mut scraper = scraper(&format!("{}/metrics", server.url));
    for _ in 0..4 {
        assert!(scrape(&mut scraper).await.1.is_ok());
    }
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn a_refusal_leaves_the_connection_usable() {
    let turn = AtomicUsize::new(0);
    let server = Server::start(move |_| match turn.fetch_add(1, Ordering::SeqCst) % 2 {
        0 => answer("503 Busy", "", b"one moment"),
        _ => ok(PAGE),
    })
    .await;
    let mut scraper = scraper(&format!("{}/metrics", server.url));
    for _ in 0..3 {
        assert_eq!(scrape(&mut scraper).await.1, Err(ScrapeError::Status(503)));
        assert!(scrape(&mut scraper).await.1.is_ok());
    }
}

#[tokio::test]
async fn what_does_not_speak_http_is_reported() {
    match given(|_| Reply::Last(b"SSH-2.0-OpenSSH_9.6\r\n".into())).await {
        Err(ScrapeError::Other(why)) => assert!(why.as_str().contains("not HTTP"), "{why}"),
        answer => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn arrival_is_the_last_byte() {
    let clock = ScriptedClock::at(Timestamp::from_millis(1_000_000));
    let hand = clock.clone();
    let server = Server::start(move |_| {
        hand.advance(Span::from_millis(250));
        ok(PAGE)
    })
    .await;
    let target = format!("{}/metrics", server.url).parse().unwrap();
    let event = Scraper::new(target, Settings::default(), Clock::Scripted(clock)).scrape().await;
    assert_eq!(event.at().wall, Timestamp::from_millis(1_000_250));
    let Event::Page { cost, .. } = event else { panic!() };
    assert_eq!(cost.seconds.to_bits(), 0.25f64.to_bits());
}

#[tokio::test]
async fn nobody_there_is_refused_at_once() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let begun = Instant::now();
    assert_eq!(once(&format!("http://{port}")).await, Err(ScrapeError::Refused));
    assert!(begun.elapsed() < Duration::from_millis(500));
}

#[tokio::test]
async fn a_server_that_hangs_costs_its_timeout_and_no_more() {
    for path in ["", "/metrics"] {
        let server = Server::start(|_| Reply::Hang).await;
        assert_eq!(in_vain(&format!("{}{path}", server.url)).await, Err(ScrapeError::TimedOut));
    }
}

#[tokio::test]
async fn a_body_that_stops_half_way_costs_the_timeout() {
    let server = Server::start(|_| Reply::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nvllm:".into())).await;
    assert_eq!(in_vain(&format!("{}/metrics", server.url)).await, Err(ScrapeError::TimedOut));
}

#[tokio::test]
async fn statuses_are_reported() {
    for (status, code) in [("500 Oh", 500), ("401 No", 401), ("204 Empty", 204)] {
        assert_eq!(given(move |_| answer(status, "", b"x 1\n")).await, Err(ScrapeError::Status(code)));
    }
    // Of two it is known which engine answers so without a flag.
    for (status, flag) in [("404 No", "SGLang needs --enable-metrics"), ("501 No", "llama.cpp needs --metrics")] {
        let error = given(move |_| answer(status, "", b"x 1\n")).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("HTTP {}: no metrics page there", &status[..3])), "{error}");
        assert!(error.contains(flag), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_page_is_reported() {
    for (body, word) in [
        (&b"<html><body>Please log in</body></html>"[..], "HTML"),
        (b"\x00\x01\x02\xff\xfe", "binary"),
        (b"", "empty"),
        (b"{\"detail\":\"Not Found\"}", "JSON"),
    ] {
        match given(move |_| answer("200 OK", "", body)).await {
            Err(ScrapeError::NotMetrics(what)) => assert!(what.as_str().contains(word), "{what}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_cut_page_is_no_page() {
    let bytes = PAGE.len() as u64;
    let short = move || format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{PAGE}", bytes + 9).into_bytes();
    assert_eq!(given(move |_| Reply::Last(short())).await, Err(ScrapeError::Cut(bytes)));
    let chunk =
        move || format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{bytes:x}\r\n{PAGE}\r\n").into_bytes();
    assert_eq!(given(move |_| Reply::Last(chunk())).await, Err(ScrapeError::Cut(bytes)));
    assert_eq!(given(|_| Reply::Last(b"HTTP/1.1 200 OK\r\nContent-Le".into())).await, Err(ScrapeError::Cut(0)));
}

#[tokio::test]
async fn a_page_of_unknown_length_is_whole_only_at_the_end_of_a_line() {
    let closing = |page: &str| Reply::Last(format!("HTTP/1.0 200 OK\r\n\r\n{page}").into_bytes());
    let whole = given(move |_| closing(PAGE)).await.unwrap();
    assert_eq!((whole.complete, output(&whole)), (true, Some(7)));
    let cut = given(move |_| closing(&PAGE[..PAGE.len() - 1])).await.unwrap();
    assert_eq!((cut.complete, output(&cut)), (false, None));
}

#[tokio::test]
async fn values_that_are_no_counts_are_unknown() {
    for value in ["NaN", "+Inf", "-5", "0.5"] {
        let page = format!("vllm:prompt_tokens_total {value}\nvllm:generation_tokens_total 7\n");
        let reading = given(move |_| ok(&page)).await.unwrap();
        assert_eq!(reading.engines[0].tokens.prompt, PromptCount::Unknown, "{value}");
        assert_eq!((output(&reading), reading.refusals.values), (Some(7), 1), "{value}");
    }
}

#[tokio::test]
async fn a_falling_counter_is_read_as_it_stands() {
    let count = Mutex::new(100);
    let server = Server::start(move |_| {
        *count.lock().unwrap() -= 30;
        ok(&format!("vllm:generation_tokens_total {}\n", count.lock().unwrap()))
    })
    .await;
    let mut scraper = scraper(&format!("{}/metrics", server.url));
    for expected in [70, 40] {
        assert_eq!(output(&scrape(&mut scraper).await.1.unwrap()), Some(expected));
    }
}

#[tokio::test]
async fn a_page_over_the_cap_is_not_read() {
    let begun = Instant::now();
    let outcome = given(|_| Reply::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 62914560\r\n\r\nx 1\n".into())).await;
    assert_eq!(outcome, Err(ScrapeError::TooLarge(16 << 20)));
    let flood: Vec<u8> = {
        let chunk = "x 1\n".repeat(1 << 18);
        let one = format!("{:x}\r\n{chunk}\r\n", chunk.len());
        ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &one.repeat(60), "0\r\n\r\n"].concat().into_bytes()
    };
    assert_eq!(given(move |_| Reply::Last(flood.clone())).await, Err(ScrapeError::TooLarge(16 << 20)));
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_model_name_commands_no_terminal() {
    let page = "vllm:generation_tokens_total{model_name=\"a\x1b]52;c;x\x07\u{9b}2Jb\"} 7\n";
    let reading = given(move |_| ok(page)).await.unwrap();
    assert_eq!(reading.engines[0].model.as_ref().unwrap().as_str(), "a]52;c;x2Jb");
}

#[tokio::test]
async fn a_redirect_within_the_server_is_followed_with_the_key() {
    let mut key = tempfile::NamedTempFile::new().unwrap();
    writeln!(key, "secret").unwrap();
    let server = Server::start(|head| {
        assert!(head.contains("authorization: Bearer secret"), "{head}");
        if head.starts_with("GET /metrics/ ") { ok(PAGE) } else { answer("307 There", "Location: /metrics/\r\n", b"") }
    })
    .await;
    let mut target: PolledTarget = format!("{}/metrics", server.url).parse().unwrap();
    target.options.bearer_token_file = Some(key.path().into());
    let mut scraper = Scraper::new(target, Settings::default(), Clock::System);
    for _ in 0..3 {
        assert_eq!(output(&scrape(&mut scraper).await.1.unwrap()), Some(7));
    }
    assert_eq!(server.asked(), ["/metrics", "/metrics/", "/metrics/", "/metrics/"], "where it moved is remembered");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_redirect_to_another_server_is_reported_and_not_followed() {
    let other = Server::start(|_| ok(PAGE)).await;
    let there = format!("Location: {}/metrics\r\n", other.url);
    match given(move |_| answer("302 There", &there, b"")).await {
        Err(ScrapeError::Other(why)) => assert!(why.as_str().contains(&other.url), "{why}"),
        answer => panic!("{answer:?}"),
    }
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let server = Server::start(|_| answer("302 There", "Location: /metrics\r\n", b"")).await;
    assert!(matches!(once(&format!("{}/metrics", server.url)).await, Err(ScrapeError::Other(_))));
    assert!(server.asked().len() < 10);
}

#[tokio::test]
async fn a_refused_key_is_read_again() {
    let mut key = tempfile::NamedTempFile::new().unwrap();
    write!(key, "old").unwrap();
    let server =
        Server::start(|head| if head.contains("Bearer new") { ok(PAGE) } else { answer("401 No", "", b"") }).await;
    let mut target: PolledTarget = format!("{}/metrics", server.url).parse().unwrap();
    target.options.bearer_token_file = Some(key.path().into());
    let mut scraper = Scraper::new(target, Settings::default(), Clock::System);
    let refused = scrape(&mut scraper).await.1.unwrap_err().to_string();
    assert!(refused.contains("refuses the key (HTTP 401): check bearer_token_file"), "{refused}");
    std::fs::write(key.path(), "new\n").unwrap();
    assert!(scrape(&mut scraper).await.1.is_ok());
    let mut missing = scraper.target().clone();
    missing.options.bearer_token_file = Some("/nonexistent".into());
    match scrape(&mut Scraper::new(missing, Settings::default(), Clock::System)).await.1 {
        Err(ScrapeError::Other(why)) => assert!(why.as_str().contains("bearer_token_file /nonexistent"), "{why}"),
        answer => panic!("{answer:?}"),
    }
}

pub(crate) fn with_password(url: &str, username: &str, file: &std::path::Path) -> Scraper {
    let mut target: PolledTarget = url.parse().unwrap();
    (target.options.username, target.options.password_file) = (Some(username.to_owned()), Some(file.into()));
    Scraper::new(target, Settings::default(), Clock::System)
}

/// Class: an exporter or engine that asks for a user and a password (dcgm-exporter #209), which there was no way to give.
#[tokio::test]
async fn a_user_and_a_password_are_sent_to_this_server_alone() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "pw").unwrap();
    let server = Server::start(|head| {
        assert!(head.contains("authorization: Basic dTpwdw==\r\n"), "{head}");
        if head.starts_with("GET /metrics/ ") { ok(PAGE) } else { answer("307 There", "Location: /metrics/\r\n", b"") }
    })
    .await;
    let mut scraper = with_password(&format!("{}/metrics", server.url), "u", file.path());
    for _ in 0..3 {
        assert_eq!(output(&scrape(&mut scraper).await.1.unwrap()), Some(7));
    }
    let other = Server::start(|_| ok(PAGE)).await;
    let there = format!("Location: {}/metrics\r\n", other.url);
    let server = Server::start(move |_| answer("302 There", &there, b"")).await;
    let outcome = scrape(&mut with_password(&format!("{}/metrics", server.url), "u", file.path())).await.1;
    assert!(matches!(outcome, Err(ScrapeError::Other(_))) && other.asked().is_empty(), "{outcome:?}");
}

#[tokio::test]
async fn a_refused_password_is_read_again_and_keeps_its_blanks() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "old").unwrap();
    // `u: p w ` in Base64.
    let server = Server::start(|head| {
        let right = head.contains("Basic dTogcCB3IA==\r\n");
        if right { ok(PAGE) } else { answer("401 No", "WWW-Authenticate: Basic realm=\"x\"\r\n", b"") }
    })
    .await;
    let mut scraper = with_password(&format!("{}/metrics", server.url), "u", file.path());
    assert_eq!(scrape(&mut scraper).await.1, Err(ScrapeError::NeedsPassword(401)));
    std::fs::write(file.path(), " p w \r\n").unwrap();
    assert!(scrape(&mut scraper).await.1.is_ok());
    for (name, word) in [("/nonexistent", "password_file /nonexistent"), ("/dev/null", "it is empty")] {
        let outcome = scrape(&mut with_password(&server.url, "u", std::path::Path::new(name))).await.1;
        assert!(matches!(&outcome, Err(ScrapeError::Other(why)) if why.as_str().contains(word)), "{outcome:?}");
    }
}

#[tokio::test]
async fn what_comes_compressed_all_the_same_is_unpacked() {
    let reading = given(|_| answer("200 OK", "Content-Encoding: gzip\r\n", &gzip(PAGE.as_bytes()))).await.unwrap();
    assert_eq!((output(&reading), reading.complete), (Some(7), true));
    let cut = gzip(PAGE.as_bytes());
    let cut = given(move |_| answer("200 OK", "Content-Encoding: gzip\r\n", &cut[..60])).await;
    assert!(matches!(cut, Err(ScrapeError::Cut(_))), "{cut:?}");
    let brotli = given(|_| answer("200 OK", "Content-Encoding: br\r\n", b"\x8b\x02\x80")).await;
    assert!(
        matches!(&brotli, Err(ScrapeError::Other(why)) if why.as_str().starts_with("its body is encoded as br")),
        "{brotli:?}"
    );
}

/// Class: gzip of several members one after another, as `cat a.gz b.gz` and servers that flush whole members send it.
#[tokio::test]
async fn all_members_of_a_compressed_page_are_read() {
    let (page, at) = (PAGE.as_bytes(), PAGE.len() / 2);
    for parts in [vec![&page[..at], &page[at..]], page.chunks(5).collect()] {
        let packed: Vec<u8> = parts.into_iter().flat_map(gzip).collect();
        for encoding in ["gzip", "x-gzip", "GZIP"] {
            let (head, body) = (format!("Content-Encoding: {encoding}\r\n"), packed.clone());
            let reading = given(move |_| answer("200 OK", &head, &body)).await.unwrap();
            assert_eq!((output(&reading), reading.complete), (Some(7), true));
        }
        let cut = packed[..packed.len() - 9].to_vec();
        let cut = given(move |_| answer("200 OK", "Content-Encoding: gzip\r\n", &cut)).await;
        assert!(matches!(cut, Err(ScrapeError::Cut(_))), "{cut:?}");
    }
}

#[tokio::test]
async fn the_cap_is_on_what_a_page_unpacks_to() {
    let bomb = gzip(&b"x 1\n".repeat(5 << 20));
    let begun = Instant::now();
    let answer = given(move |_| answer("200 OK", "Content-Encoding: gzip\r\n", &bomb)).await;
    assert_eq!(answer, Err(ScrapeError::TooLarge(16 << 20)));
    assert!(begun.elapsed() < Duration::from_secs(3));
}

/// Gzip without compressing: blocks as they are.
fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packed = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    let blocks = plain.chunks(0xffff);
    let last = blocks.len() - 1;
    for (place, block) in blocks.enumerate() {
        let length = u16::try_from(block.len()).unwrap();
        packed.push(u8::from(place == last));
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend(block);
    }
    let sum = !plain.iter().fold(!0u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(sum & 1)))
    });
    packed.extend(sum.to_le_bytes());
    packed.extend(u32::try_from(plain.len()).unwrap().to_le_bytes());
    packed
}

/// What a file says when it is polled once, as the source that it is.
async fn file(path: &str) -> Result<Box<PageReading>, ScrapeError> {
    let target: PolledTarget = path.parse().unwrap();
    let mut source = source_of(&target, &Settings::default());
    let (sink, mut outlet) = sink();
    source.start(sink, &Clock::System);
    assert_eq!((source.id(), source.timing()), (&target.id, PollTiming::Once));
    source.poll().await;
    match outlet.try_recv().unwrap() {
        SourceMessage::Events(mut events) => match events.pop().unwrap() {
            Event::Page { target: id, outcome, .. } if id == target.id => outcome,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_is_a_page() {
    let mut file = tempfile::Builder::new().suffix(".prom").tempfile().unwrap();
    file.write_all(PAGE.as_bytes()).unwrap();
    assert_eq!(output(&self::file(file.path().to_str().unwrap()).await.unwrap()), Some(7));
    match self::file("/nonexistent/page.prom").await {
        // The row of the target has its path.
        Err(ScrapeError::Other(why)) => {
            assert!(why.as_str().starts_with("No such file or directory; check the path"), "{why}");
        }
        answer => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn what_is_no_tls_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/metrics", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let outcome = once(&url).await;
    assert!(matches!(outcome, Err(ScrapeError::Tls(_))), "{outcome:?}");
    let mut target: PolledTarget = url.parse().unwrap();
    target.options.ca_file = Some("/nonexistent.pem".into());
    match scrape(&mut Scraper::new(target, Settings::default(), Clock::System)).await.1 {
        Err(ScrapeError::Tls(why)) => assert!(why.as_str().contains("ca_file /nonexistent.pem"), "{why}"),
        answer => panic!("{answer:?}"),
    }
}

/// A server that speaks TLS with a certificate that only `tests/fixtures/tls/ca.pem` vouches for.
fn secure_server() -> String {
    let file = |name: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name);
    let chain = CertificateDer::pem_file_iter(file("server.pem")).unwrap().collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(file("server-key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/metrics", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = stream.unwrap();
            let mut secure = rustls::Stream::new(&mut session, &mut stream);
            let mut asked = [0; 4096];
            if secure.read(&mut asked).is_ok() {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{PAGE}", PAGE.len());
                let _ = secure.write_all(head.as_bytes());
                let _ = secure.flush();
                secure.conn.send_close_notify();
                let _ = secure.flush();
            }
        }
    });
    url
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_it_is_named() {
    let url = secure_server();
    let outcome = once(&url).await;
    assert!(matches!(outcome, Err(ScrapeError::Tls(_))), "{outcome:?}");
    let mut target: PolledTarget = url.parse().unwrap();
    target.options.ca_file = Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls/ca.pem"));
    let mut scraper = Scraper::new(target, Settings::default(), Clock::System);
    assert_eq!(output(&scrape(&mut scraper).await.1.unwrap()), Some(7));
}
