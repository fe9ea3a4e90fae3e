//! How a response's body ends, however its bytes come, and what becomes of the connection.
//!
//! The class of fault: a page that is taken for whole although its end is missing, or the bytes of one response for those of
//! the next one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use margintop::reading::ScrapeError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::peer::{PAGE, once, output, scrape, scraper};

/// A server that answers each request of a connection with the same bytes, cut in two at a place. Its address, and how many
/// connections it has had.
async fn server(response: Vec<u8>, cut: usize, closes: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/metrics", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let response = response.clone();
            tokio::spawn(async move {
                stream.set_nodelay(true).unwrap();
                let mut asked = [0; 2048];
                while stream.read(&mut asked).await.is_ok_and(|read| read > 0) {
                    let (first, second) = response.split_at(cut.min(response.len()));
                    let _ = stream.write_all(first).await;
                    tokio::time::sleep(Duration::from_millis(u64::from(cut > 0))).await;
                    let _ = stream.write_all(second).await;
                    if closes {
                        return;
                    }
                }
            });
        }
    });
    (url, connections)
}

fn chunked(page: &str, sizes: &[usize], head: &str, trailer: &str) -> Vec<u8> {
    let (mut body, mut rest, mut sizes) = (String::new(), page, sizes.iter().cycle());
    while !rest.is_empty() {
        let (chunk, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
        body.extend([&format!("{:x};name=\"a;b\"\r\n", chunk.len()), chunk, "\r\n"]);
        rest = later;
    }
    format!("{head}HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n{body}0\r\n{trailer}\r\n").into_bytes()
}

#[tokio::test]
async fn a_body_is_the_same_wherever_its_bytes_are_cut() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    let whole = |headers: &str| format!("{interim}HTTP/1.1 200 OK\r\n{headers}\r\n{PAGE}").into_bytes();
    let length = PAGE.len();
    let responses = [
        whole(&format!("Content-Length: {length}\r\n")),
        whole(&format!("content-length: {length}, {length}\r\nContent-Length: {length}\r\n")),
        chunked(PAGE, &[1, 7, 40], interim, "Checksum: x\r\n"),
        chunked(PAGE, &[1000], "", ""),
    ];
    for response in responses {
        for cut in (0..response.len()).step_by(3) {
            let (url, connections) = server(response.clone(), cut, false).await;
            let mut scraper = scraper(&url);
            for _ in 0..2 {
                let (cost, outcome) = scrape(&mut scraper).await;
                let reading = outcome.unwrap();
                assert_eq!(
                    (cost.bytes, output(&reading), reading.complete),
                    (length as u64, Some(7), true),
                    "at {cut}"
                );
            }
            assert_eq!(connections.load(Ordering::SeqCst), 1, "at {cut}");
        }
    }
}

#[tokio::test]
async fn a_body_that_ends_early_is_cut_wherever_that_is() {
    for response in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{PAGE}", PAGE.len()).into_bytes(),
        chunked(PAGE, &[64], "", "Checksum: x\r\n"),
    ] {
        for end in 1..response.len() {
            let (url, _) = server(response[..end].to_vec(), 0, true).await;
            assert!(matches!(once(&url).await, Err(ScrapeError::Cut(_))), "after {end} of {}", response.len());
        }
    }
}

/// A connection is used again only where the response says where it ends, and nothing follows it.
#[tokio::test]
async fn a_connection_is_used_again_where_it_may_be() {
    let length = PAGE.len();
    for (head, kept, tail) in [
        (format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n"), true, ""),
        (format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: x, Close\r\n"), false, ""),
        (format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n"), false, ""),
        (format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\nConnection: Keep-Alive\r\n"), true, ""),
        (format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n"), false, "HTTP/1.1 200 OK\r\n"),
    ] {
        let (url, connections) = server(format!("{head}\r\n{PAGE}{tail}").into_bytes(), 0, false).await;
        let mut scraper = scraper(&url);
        for _ in 0..3 {
            assert_eq!(output(&scrape(&mut scraper).await.1.unwrap()), Some(7), "{head}");
        }
        assert_eq!(connections.load(Ordering::SeqCst), if kept { 1 } else { 3 }, "{head}");
    }
}

#[tokio::test]
async fn what_is_no_response_is_reported() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n", "x".repeat(40_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: x\r\n".repeat(200));
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nx 1\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx 1\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nx 1\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nx 1\n\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx 1\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nx 1\n\n5\r\n",
        "HTTP/2 200\r\n\r\n",
        "220 mail ESMTP\r\n",
        &long,
        &many,
    ] {
        let (url, _) = server(response.as_bytes().to_vec(), 0, true).await;
        let answer = once(&url).await;
        assert!(answer.is_err(), "{response}: {answer:?}");
    }
}
