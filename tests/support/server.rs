//! A server on the loopback network that answers `/metrics` as a test wants, well or badly.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What comes back.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A page with status 200.
    Page(Vec<u8>),
    /// These bytes and the end of the connection.
    Raw(Vec<u8>),
    /// Nothing, for as long as the client waits.
    Hang,
}

impl Reply {
    /// A page of text.
    pub fn page(text: &str) -> Self {
        Self::Page(text.as_bytes().to_vec())
    }

    /// A status, headers (each with its line end) and a body of its stated length.
    pub fn status(status: &str, headers: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        Self::Raw((head + body).into_bytes())
    }
}

/// A listening server. It answers until the test's process ends.
pub struct Server {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    asked: Arc<AtomicUsize>,
}

impl Server {
    /// A server on its own port of 127.0.0.1 that answers the nth time it is asked (from 0) by `reply`.
    pub fn new(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1", reply)
    }

    /// The same at another address of the loopback network: another machine, to whoever reads it.
    pub fn at(address: &str, reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (reply, count) = (Arc::new(reply), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (reply, count) = (Arc::clone(&reply), Arc::clone(&count));
                thread::spawn(move || serve(stream, &count, &*reply));
            }
        });
        Self { url, asked }
    }

    /// A server of these pages, one a poll; the last one is served again and again.
    pub fn pages(pages: &[&str]) -> Self {
        let pages: Vec<_> = pages.iter().map(|page| Reply::page(page)).collect();
        Self::new(move |nth| pages[nth.min(pages.len() - 1)].clone())
    }

    /// Where its page is, so that nothing else is asked.
    pub fn metrics(&self) -> String {
        format!("{}/metrics", self.url)
    }

    /// How often its page was asked for.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Answers one connection until either side ends it. It has no other page than `/metrics`, with any query.
fn serve(mut stream: TcpStream, count: &AtomicUsize, reply: &(dyn Fn(usize) -> Reply + Sync)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(path) = request(&mut reader) {
        let reply = if path.split('?').next() == Some("/metrics") {
            reply(count.fetch_add(1, Ordering::SeqCst))
        } else {
            Reply::status("404 Not Found", "", "no such page\n")
        };
        let sent = match reply {
            Reply::Page(body) => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).is_ok()
            }
            Reply::Raw(bytes) => {
                let _ = stream.write_all(&bytes);
                false
            }
            Reply::Hang => request(&mut reader).is_some(),
        };
        if !sent {
            return;
        }
    }
}

/// The path of the next request, once its head is read.
fn request(reader: &mut impl BufRead) -> Option<String> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    }
    Some(first.split(' ').nth(1)?.to_owned())
}
