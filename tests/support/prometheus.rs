//! A stand-in for a Prometheus on the loopback network: it has the samples that a test gives it, and answers as a real one.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use margintop::exposition::{LabelText, Limits, Rows};
use serde_json::{Value, json};

/// The labels of a series, with its name.
pub type SeriesKey = BTreeMap<String, String>;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The method, the path and the query.
    pub line: String,
    /// The headers with names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The fields of the query or the body, decoded.
    pub fields: BTreeMap<String, String>,
}

/// What it answers instead of samples.
#[derive(Debug, Clone)]
pub enum Fault {
    /// A status and a body.
    Status(u16, String),
    /// The end of the connection.
    HangUp,
    /// This error for more names than so many.
    TooMany(usize),
    /// Samples with a warning.
    Warning(String),
}

#[derive(Debug, Default)]
struct State {
    series: BTreeMap<SeriesKey, Vec<(i64, f64)>>,
    fault: Option<Fault>,
    asked: Vec<Asked>,
}

/// The server. It answers until the test's process ends.
#[derive(Debug, Clone)]
pub struct FakePrometheus {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl FakePrometheus {
    /// A server without samples.
    pub fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &state));
            }
        });
        Self { url, state }
    }

    /// Its address as a target.
    pub fn target(&self) -> String {
        format!("prometheus+{}", self.url)
    }

    /// Takes a page as a scrape of a target with these labels, at an instant in milliseconds.
    pub fn scrape(&self, labels: &[(&str, &str)], at: i64, page: &[u8]) {
        let mut state = self.state.lock().unwrap();
        for row in Rows::new(page, Limits::default(), |_, _| Some(())) {
            let own = row.labels.into_iter().map(|(key, value)| (text(key), LabelText::text(value).into_owned()));
            let added = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            let name = ("__name__".to_owned(), row.name.to_owned());
            let key: SeriesKey = own.chain(added).chain([name]).collect();
            state.series.entry(key).or_default().push((at, row.value));
        }
    }

    /// Answers this from now on, or samples again.
    pub fn fail(&self, fault: impl Into<Option<Fault>>) {
        self.state.lock().unwrap().fault = fault.into();
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(asked) = request(&mut reader) {
        let answer = {
            let mut state = state.lock().unwrap();
            state.asked.push(asked.clone());
            answer(&state, &asked)
        };
        let Some((status, body)) = answer else { return };
        let head =
            format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).is_err() {
            return;
        }
    }
}

fn request(reader: &mut impl BufRead) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let target = line.split(' ').nth(1)?;
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let encoded = format!("http://x/?{query}&{}", String::from_utf8(body).unwrap());
    let fields = reqwest::Url::parse(&encoded).unwrap().query_pairs().into_owned().collect();
    Some(Asked { line: line.trim_end().to_owned(), headers, fields })
}

/// A status and a body; `None` to end the connection.
fn answer(state: &State, asked: &Asked) -> Option<(u16, String)> {
    let success = |data: Value| (200, json!({ "status": "success", "data": data }).to_string());
    if let Some(Fault::Status(status, body)) = &state.fault {
        return Some((*status, body.clone()));
    }
    if matches!(state.fault, Some(Fault::HangUp)) {
        return None;
    }
    let path = asked.line.split(' ').nth(1)?.split('?').next()?;
    if path.ends_with("/api/v1/label/__name__/values") {
        let mut names: Vec<&String> = state.series.keys().map(|key| &key["__name__"]).collect();
        names.dedup();
        names.sort_unstable();
        names.dedup();
        return Some(success(json!(names)));
    }
    if !path.ends_with("/api/v1/query") || !asked.line.starts_with("POST") {
        return Some((404, "404 page not found\n".to_owned()));
    }
    let query = &asked.fields["query"];
    let (matcher, range) = query.strip_suffix("ms]").unwrap().rsplit_once('[').unwrap();
    let range: i64 = range.parse().unwrap();
    let until = (asked.fields["time"].parse::<f64>().unwrap() * 1000.0).round() as i64;
    if let Some(Fault::TooMany(most)) = state.fault
        && matcher.split('|').count() > most
    {
        let error = "query processing would load too many samples into memory in query execution";
        return Some((422, json!({ "status": "error", "errorType": "execution", "error": error }).to_string()));
    }
    let matching = state.series.iter().filter(|(key, _)| matches(matcher, key));
    let result: Vec<Value> = matching
        .filter_map(|(key, samples)| {
            let within = samples.iter().filter(|(at, _)| (until - range..=until).contains(at));
            let values: Vec<Value> =
                within.map(|(at, value)| json!([*at as f64 / 1000.0, value.to_string()])).collect();
            (!values.is_empty()).then(|| json!({ "metric": key, "values": values }))
        })
        .collect();
    let data = json!({ "resultType": "matrix", "result": result });
    Some(match &state.fault {
        Some(Fault::Warning(why)) => (200, json!({ "status": "success", "warnings": [why], "data": data }).to_string()),
        _ => success(data),
    })
}

/// Whether a series has what a matcher asks for: `{a="x",b=~"y|z"}`, without special characters.
fn matches(matcher: &str, key: &SeriesKey) -> bool {
    let inside = matcher.trim_start_matches('{').trim_end_matches('}');
    inside.split("\",").all(|part| {
        let (label, wanted) = part.split_once('=').unwrap();
        let value = key.get(label).map_or("", String::as_str);
        let wanted = wanted.trim_matches('"');
        match wanted.strip_prefix("~\"") {
            Some(names) => names.split('|').any(|name| name.replace("\\\\", "") == value),
            None => wanted == value,
        }
    })
}
