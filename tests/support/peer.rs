//! A peer on loopback that answers as a test wants, and a scraper that looks at it.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use margintop::clock::Clock;
use margintop::reading::{Event, PageReading, ScrapeCost, ScrapeError};
use margintop::source::scrape::{Scraper, Settings};
use margintop::units::Tokens;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub const PAGE: &str = "# TYPE vllm:prompt_tokens_total counter\nvllm:prompt_tokens_total{engine=\"0\"} 10\n\
                    # TYPE vllm:generation_tokens_total counter\nvllm:generation_tokens_total{engine=\"0\"} 7\n";

/// What a server does with a request.
pub enum Reply {
    /// Sends this and keeps the connection.
    Send(Vec<u8>),
    /// Sends this and closes it.
    Last(Vec<u8>),
    /// Never answers.
    Hang,
}

pub fn ok(body: &str) -> Reply {
    answer("200 OK", "", body.as_bytes())
}

pub fn answer(status: &str, headers: &str, body: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    Reply::Send([head.as_bytes(), body].concat())
}

/// A server that answers by `reply`, which is given each request's head; it notes the request lines.
pub struct Server {
    pub url: String,
    asked: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (reply, log, accepted) = (Arc::new(reply), Arc::clone(&asked), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&reply), Arc::clone(&log)));
            }
        });
        Self { url, asked, connections }
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

pub async fn serve(mut stream: TcpStream, reply: Arc<impl Fn(&str) -> Reply>, log: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        log.lock().unwrap().push(head.split(' ').nth(1).unwrap().to_owned());
        match reply(&head) {
            Reply::Send(bytes) if stream.write_all(&bytes).await.is_ok() => {}
            Reply::Send(_) => return,
            Reply::Last(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reply::Hang => std::future::pending().await,
        }
    }
}

pub fn scraper(url: &str) -> Scraper {
    Scraper::new(url.parse().unwrap(), Settings::default(), Clock::System)
}

/// Polls once at a server that will not answer.
pub async fn in_vain(url: &str) -> Result<Box<PageReading>, ScrapeError> {
    let settings = Settings { timeout: Duration::from_millis(300), ..Settings::default() };
    let begun = Instant::now();
    let outcome = scrape(&mut Scraper::new(url.parse().unwrap(), settings, Clock::System)).await.1;
    assert!(begun.elapsed() < Duration::from_millis(1500));
    outcome
}

pub async fn scrape(scraper: &mut Scraper) -> (ScrapeCost, Result<Box<PageReading>, ScrapeError>) {
    match scraper.scrape().await {
        Event::Page { cost, outcome, .. } => (cost, outcome),
        other => panic!("{other:?}"),
    }
}

pub async fn once(url: &str) -> Result<Box<PageReading>, ScrapeError> {
    scrape(&mut scraper(url)).await.1
}

/// What a server gives whose metrics page is `reply`.
pub async fn given(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Result<Box<PageReading>, ScrapeError> {
    let server = Server::start(reply).await;
    once(&format!("{}/metrics", server.url)).await
}

pub fn output(reading: &PageReading) -> Option<u64> {
    reading.engines[0].tokens.output.map(Tokens::count)
}
