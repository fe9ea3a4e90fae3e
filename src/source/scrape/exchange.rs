//! The exchange of a request and a response over a socket: HTTP/1.1, of which a GET needs the head and three ways to tell
//! where a body ends.
//!
//! A body is read into the buffer that it is parsed from, and nothing else is allocated but the head: a client that reads into
//! buffers of its own and hands out their parts took more time than the system calls, for hundreds of pages a second.

use httparse::{EMPTY_HEADER, Status, parse_chunk_size};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The largest head of a response, and the largest trailer of a body in chunks.
const HEAD: usize = 32 << 10;
/// The most headers of a response.
const HEADERS: usize = 100;
/// What most heads are shorter than.
const SHORT_HEAD: usize = 1 << 10;
/// The longest line with the size of a chunk.
const CHUNK_LINE: usize = 4 << 10;
/// The least room that is read into, and the most that is allocated before the bytes are there.
const ROOM: (usize, usize) = (8 << 10, 1 << 20);

/// Why there is no response, or not all of it.
#[derive(Debug)]
pub(super) enum Broken {
    /// The connection had ended before the response began.
    Gone,
    /// It is not HTTP.
    NotHttp(String),
    /// It ended after so many bytes of the body.
    Cut(u64),
    /// The body is over the limit.
    TooLarge,
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyEnd {
    After(u64),
    Chunks,
    Closed,
}

/// The head of a response, and what came with it of the body.
#[derive(Debug)]
pub(super) struct ResponseHead {
    pub(super) response: Response<()>,
    end: BodyEnd,
    /// Whether the server keeps the connection after the body.
    is_kept: bool,
    begun: Vec<u8>,
}

/// Sends a GET and reads the head of its response.
pub(super) async fn request(stream: &mut TcpStream, request: &[u8]) -> Result<ResponseHead, Broken> {
    stream.write_all(request).await.map_err(|_| Broken::Gone)?;
    let mut begun = Vec::with_capacity(SHORT_HEAD);
    loop {
        match stream.read_buf(&mut begun).await {
            Ok(0) | Err(_) if begun.is_empty() => return Err(Broken::Gone),
            Ok(0) | Err(_) => return Err(Broken::Cut(0)),
            Ok(_) => {}
        }
        // An interim response announces another one.
        while let Some((length, head)) = parse(&begun)? {
            begun.drain(..length);
            if !head.response.status().is_informational() {
                return Ok(ResponseHead { begun, ..head });
            }
        }
        if begun.len() >= HEAD {
            return Err(Broken::NotHttp("its head is too long".to_owned()));
        }
    }
}

/// The head that stands at the beginning of `text`, and its length; `None` if its end is missing.
fn parse(text: &[u8]) -> Result<Option<(usize, ResponseHead)>, Broken> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let is_not = |error: &dyn std::fmt::Display| Broken::NotHttp(error.to_string());
    let Status::Complete(length) = head.parse(text).map_err(|error| is_not(&error))? else { return Ok(None) };
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(head.code.unwrap_or_default()).map_err(|error| is_not(&error))?;
    response.headers_mut().reserve(head.headers.len());
    for header in head.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|error| is_not(&error))?;
        let value = HeaderValue::from_bytes(header.value).map_err(|error| is_not(&error))?;
        response.headers_mut().append(name, value);
    }
    let end = body_end(&response)?;
    let says = |word| has_word(response.headers(), &CONNECTION, word);
    let is_kept = end != BodyEnd::Closed && if head.version == Some(1) { !says("close") } else { says("keep-alive") };
    Ok(Some((length, ResponseHead { response, end, is_kept, begun: Vec::new() })))
}

/// How the end of a response's body is told (RFC 9112, 6.3).
fn body_end(response: &Response<()>) -> Result<BodyEnd, Broken> {
    let (status, headers) = (response.status().as_u16(), response.headers());
    if matches!(status, 100..=199 | 204 | 304) {
        return Ok(BodyEnd::After(0));
    }
    if let Some(last) = headers.get_all(TRANSFER_ENCODING).iter().next_back() {
        let is_chunked = words(last).next_back().is_some_and(|word| word.eq_ignore_ascii_case("chunked"));
        return Ok(if is_chunked { BodyEnd::Chunks } else { BodyEnd::Closed });
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter().flat_map(words);
    let Some(first) = lengths.next() else {
        let has_none = !headers.contains_key(CONTENT_LENGTH);
        return if has_none { Ok(BodyEnd::Closed) } else { Err(no_length()) };
    };
    let is_number = first.bytes().all(|byte| byte.is_ascii_digit()) && lengths.all(|other| other == first);
    first.parse().ok().filter(|_| is_number).map(BodyEnd::After).ok_or_else(no_length)
}

fn no_length() -> Broken {
    Broken::NotHttp("its length is no number, or several".to_owned())
}

fn words(value: &HeaderValue) -> impl DoubleEndedIterator<Item = &str> {
    value.to_str().unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn has_word(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    headers.get_all(name).iter().flat_map(words).any(|known| known.eq_ignore_ascii_case(word))
}

impl ResponseHead {
    /// Reads the body onto the end of an empty buffer. Returns whether the connection may be used again.
    pub(super) async fn read_body(
        &self,
        stream: &mut TcpStream,
        body: &mut Vec<u8>,
        cap: usize,
    ) -> Result<bool, Broken> {
        body.extend_from_slice(&self.begun);
        let is_whole = match self.end {
            BodyEnd::After(length) => read_length(stream, body, length, cap).await?,
            BodyEnd::Chunks => read_chunks(stream, body, cap).await?,
            BodyEnd::Closed => read_all(stream, body, cap).await?,
        };
        Ok(is_whole && self.is_kept)
    }
}

/// Reads a body of a length. Returns whether nothing came after it.
async fn read_length(stream: &mut TcpStream, body: &mut Vec<u8>, length: u64, cap: usize) -> Result<bool, Broken> {
    let length = usize::try_from(length).ok().filter(|length| *length <= cap).ok_or(Broken::TooLarge)?;
    while let Some(missing) = length.checked_sub(body.len()).filter(|missing| *missing > 0) {
        if body.capacity() - body.len() < missing.min(ROOM.1) {
            body.reserve(missing.min(ROOM.1));
        }
        more(stream, body, body.len()).await?;
    }
    let is_all = body.len() == length;
    body.truncate(length);
    Ok(is_all)
}

/// Reads a body up to the end of the connection.
async fn read_all(stream: &mut TcpStream, body: &mut Vec<u8>, cap: usize) -> Result<bool, Broken> {
    loop {
        if body.len() > cap {
            return Err(Broken::TooLarge);
        }
        body.reserve(ROOM.0);
        match stream.read_buf(body).await {
            Ok(0) => return Ok(false),
            Ok(_) => {}
            Err(_) => return Err(Broken::Cut(body.len() as u64)),
        }
    }
}

/// Reads a body in chunks. Returns whether nothing came after it.
async fn read_chunks(stream: &mut TcpStream, body: &mut Vec<u8>, cap: usize) -> Result<bool, Broken> {
    let mut chunks = Chunks::default();
    loop {
        chunks.decode(body)?;
        if chunks.decoded as u64 + chunks.left > cap as u64 {
            return Err(Broken::TooLarge);
        }
        if chunks.part == ChunkPart::End {
            let is_all = body.len() == chunks.decoded;
            body.truncate(chunks.decoded);
            return Ok(is_all);
        }
        body.reserve(ROOM.0);
        more(stream, body, chunks.decoded).await?;
    }
}

/// Where a body in chunks is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum ChunkPart {
    #[default]
    Size,
    Data,
    DataEnd,
    Trailer,
    End,
}

/// A body in chunks: its beginning is decoded, the rest is as it came.
#[derive(Debug, Default)]
struct Chunks {
    part: ChunkPart,
    /// What is missing of the chunk.
    left: u64,
    decoded: usize,
}

impl Chunks {
    /// Decodes what came, in place.
    fn decode(&mut self, body: &mut Vec<u8>) -> Result<(), Broken> {
        let mut at = self.decoded;
        while let Some(used) = self.step(body, at)? {
            at += used;
        }
        body.drain(self.decoded..at);
        Ok(())
    }

    /// Decodes the next part. Returns its length, or `None` if more must come.
    fn step(&mut self, body: &mut [u8], at: usize) -> Result<Option<usize>, Broken> {
        let rest = &body[at..];
        let is_not = |what: &str| Broken::NotHttp(what.to_owned());
        Ok(match self.part {
            ChunkPart::End => None,
            ChunkPart::Size => match parse_chunk_size(rest).map_err(|error| is_not(&error.to_string()))? {
                Status::Complete((used, size)) => {
                    (self.left, self.part) = (size, if size > 0 { ChunkPart::Data } else { ChunkPart::Trailer });
                    Some(used)
                }
                Status::Partial if rest.len() > CHUNK_LINE => return Err(is_not("a chunk's size is too long")),
                Status::Partial => None,
            },
            ChunkPart::Data => {
                let used = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
                body.copy_within(at..at + used, self.decoded);
                self.decoded += used;
                self.left -= used as u64;
                self.part = if self.left == 0 { ChunkPart::DataEnd } else { ChunkPart::Data };
                (used > 0).then_some(used)
            }
            ChunkPart::DataEnd if rest.len() < 2 => None,
            ChunkPart::DataEnd if rest.starts_with(b"\r\n") => {
                self.part = ChunkPart::Size;
                Some(2)
            }
            ChunkPart::DataEnd => return Err(is_not("a chunk does not end where it should")),
            ChunkPart::Trailer => match memchr::memchr(b'\n', rest) {
                Some(end) => {
                    let is_last = matches!(&rest[..end], b"" | b"\r");
                    self.part = if is_last { ChunkPart::End } else { ChunkPart::Trailer };
                    Some(end + 1)
                }
                None if rest.len() > HEAD => return Err(is_not("its trailer is too long")),
                None => None,
            },
        })
    }
}

/// Reads more of a body, of which `decoded` bytes are there.
async fn more(stream: &mut TcpStream, body: &mut Vec<u8>, decoded: usize) -> Result<(), Broken> {
    match stream.read_buf(body).await {
        Ok(0) | Err(_) => Err(Broken::Cut(decoded as u64)),
        Ok(_) => Ok(()),
    }
}
