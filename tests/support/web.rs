//! A client that sends one request on a connection of its own and reads all that comes back.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// What a server answered.
#[derive(Debug)]
pub struct WebAnswer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl WebAnswer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The value of a line of a metrics page, by its name and labels as they are printed.
    pub fn metric(&self, line: &str) -> Option<&str> {
        self.body.lines().find_map(|known| known.strip_prefix(line)?.strip_prefix(' '))
    }
}

/// A GET of `http://HOST:PORT/PATH` with these header lines, each with its end.
pub fn get_with(url: &str, path: &str, headers: &str) -> WebAnswer {
    send(url, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}\r\n"))
}

pub fn get(url: &str, path: &str) -> WebAnswer {
    get_with(url, path, "")
}

/// A POST of JSON.
pub fn post(url: &str, path: &str, body: &str) -> WebAnswer {
    let length = body.len();
    send(
        url,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ),
    )
}

/// A connection on which a request was sent.
pub fn open(url: &str, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn send(url: &str, request: &str) -> WebAnswer {
    read_answer(open(url, request)).unwrap()
}

/// A GET of a server that may close the connection before it has answered: `None` then. An error is a connection that was
/// refused.
pub fn try_get(url: &str, path: &str) -> std::io::Result<Option<WebAnswer>> {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let asked = stream.write_all(request.as_bytes());
    Ok(asked.and_then(|()| read_answer(stream)).ok())
}

fn read_answer(stream: TcpStream) -> std::io::Result<WebAnswer> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(std::io::Error::other(format!("the head breaks off: {head:?}")));
        }
    }
    let mut body = String::new();
    reader.read_to_string(&mut body)?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok(WebAnswer { status, head, body })
}
