//! Targets: `[[target]]`.

use std::collections::{BTreeMap, HashMap};

use super::error::Findings;
use super::faults::TableFaults;
use super::file::TargetTable;
use super::range;
use crate::reading::{Label, NodeName, UnitName};
use crate::source::{HeaderSetting, PolledTarget, TargetOptions};

/// One configured target, with its range expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSettings {
    /// The address as written.
    pub address: String,
    /// Its other keys.
    pub options: TargetOptions,
}

/// Reads the targets, with their ranges expanded, and reports their mistakes.
pub(super) fn targets(tables: &[TargetTable], findings: &mut Findings<'_>) -> Vec<TargetSettings> {
    let mut all = Vec::new();
    let mut known = KnownPages::default();
    for (nth, table) in tables.iter().enumerate() {
        let mut faults = TableFaults::default();
        refuse_credentials(table, &mut faults);
        refuse_headers(table, &mut faults);
        let addresses = faults.check(&["url"], range::expand(&table.url)).unwrap_or_default();
        let mut pages = Vec::new();
        for address in &addresses {
            match page(address) {
                Ok(page) => pages.extend(page),
                // A range of such addresses is one mistake.
                Err(why) => {
                    faults.add(&["url"], why);
                    break;
                }
            }
        }
        if let Some((page, first)) = pages.iter().find_map(|page| Some((page, known.table_of(page)?))) {
            let line = findings.line("target", first).unwrap_or_default();
            let why = format!(
                "{} is a target already, on line {line}, and a page is read once: write its keys there, or leave it out of one",
                page.id
            );
            faults.add(&["url"], why);
        }
        known.add(pages, nth);
        findings.faults("target", nth, faults);
        all.extend(addresses.into_iter().map(|address| TargetSettings { address, options: options(table) }));
    }
    all
}

fn options(table: &TargetTable) -> TargetOptions {
    let labels: BTreeMap<_, _> =
        table.labels.iter().map(|(name, value)| (Label::new(name), Label::new(value))).collect();
    TargetOptions {
        node: table.node.as_deref().map(NodeName::new),
        unit: table.unit.as_deref().map(UnitName::new),
        role: table.role,
        labels,
        bearer_token_file: table.bearer_token_file.clone(),
        username: table.username.clone(),
        password_file: table.password_file.clone(),
        ca_file: table.ca_file.clone(),
        cert_file: table.cert_file.clone(),
        key_file: table.key_file.clone(),
        headers: headers(table),
    }
}

/// The headers of a table, by name.
fn headers(table: &TargetTable) -> BTreeMap<String, HeaderSetting> {
    let written = table.headers.iter().map(|(name, value)| (name.clone(), HeaderSetting::Value(value.clone())));
    let filed = table.header_files.iter().map(|(name, file)| (name.clone(), HeaderSetting::File(file.clone())));
    written.chain(filed).collect()
}

/// Reports headers that cannot be sent, or are sent to no target of this kind.
fn refuse_headers(table: &TargetTable, faults: &mut TableFaults) {
    refuse_names(table, &["headers"], &table.headers.keys().collect::<Vec<_>>(), faults);
    refuse_names(table, &["header_files"], &table.header_files.keys().collect::<Vec<_>>(), faults);
    if let Some(name) = table.headers.keys().find(|name| table.header_files.contains_key(*name)) {
        faults.add(&["header_files"], format!("header {name} has a value and a file: keep one of them"));
    }
}

fn refuse_names(table: &TargetTable, key: &'static [&'static str], names: &[&String], faults: &mut TableFaults) {
    let told = key.concat();
    if !names.is_empty() && !table.url.starts_with("prometheus+") {
        let why = "only a Prometheus gets headers of its own: write url = \"prometheus+http://HOST:PORT\"";
        faults.add(key, format!("{told}: {why}"));
    }
    for name in names {
        if name.eq_ignore_ascii_case("authorization") {
            let why = "authorization is set with bearer_token_file, or with username and password_file";
            faults.add(key, format!("{told}: {why}"));
        } else if !is_header_name(name) {
            faults.add(key, format!("{told}: {name:?} is no name of a header: write letters, digits and -"));
        }
    }
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The target at an address; `None` for this machine's driver.
fn page(address: &str) -> Result<Option<PolledTarget>, String> {
    match address {
        "nvml:" | "nvml:off" => Ok(None),
        _ => address.parse::<PolledTarget>().map(Some).map_err(|error| error.to_string()),
    }
}

/// The pages of the tables before, with the number of each table.
#[derive(Debug, Default)]
struct KnownPages {
    by_id: HashMap<String, usize>,
    /// Those of this machine, which may have several names.
    here: Vec<(PolledTarget, usize)>,
}

impl KnownPages {
    fn table_of(&self, page: &PolledTarget) -> Option<usize> {
        let same = || self.here.iter().find(|(known, _)| known.is_same_page(page)).map(|(_, table)| *table);
        self.by_id.get(page.id.as_str()).copied().or_else(same)
    }

    fn add(&mut self, pages: Vec<PolledTarget>, table: usize) {
        for page in pages {
            self.by_id.entry(page.id.as_str().to_owned()).or_insert(table);
            if page.is_this_box() {
                self.here.push((page, table));
            }
        }
    }
}

/// Reports credentials that are not whole, or of two kinds.
fn refuse_credentials(table: &TargetTable, faults: &mut TableFaults) {
    let TargetTable { username, password_file, bearer_token_file, cert_file, key_file, .. } = table;
    let no_key = "cert_file without key_file: name the file with its private key";
    faults.refuse(cert_file.is_some() && key_file.is_none(), &["cert_file"], no_key);
    let no_cert = "key_file without cert_file: name the file with its certificates";
    faults.refuse(cert_file.is_none() && key_file.is_some(), &["key_file"], no_cert);
    let is_basic = username.is_some() || password_file.is_some();
    let two_kinds =
        "bearer_token_file and username with password_file cannot be combined: keep the one that the target asks for";
    if bearer_token_file.is_some() && is_basic {
        faults.add(&["bearer_token_file"], two_kinds);
    } else {
        let no_password = "username without password_file: write the password to a file and name it";
        faults.refuse(username.is_some() && password_file.is_none(), &["username"], no_password);
        let no_name = "password_file without username: say whose password it is";
        faults.refuse(username.is_none() && password_file.is_some(), &["password_file"], no_name);
    }
    let Some(name) = username else { return };
    faults.refuse(name.is_empty(), &["username"], "username is empty: say whose password it is");
    let no_colon = "username: basic authentication allows no colon and no control character in it: write another name";
    faults.refuse(name.contains(':') || name.chars().any(char::is_control), &["username"], no_colon);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::settings::mistakes;

    /// Class: a header that is sent to no one, or a credential that bypasses the keys that keep it.
    #[test]
    fn headers_are_those_of_a_prometheus() {
        let found = |keys: &str, url: &str| {
            mistakes(Path::new("m.toml"), &format!("[[target]]\nurl = \"{url}\"\n{keys}\n")).join("\n")
        };
        let server = "prometheus+http://h:1";
        assert_eq!(found("headers = { X-Scope-OrgID = \"a\" }\nheader_files = { X-Other = \"/f\" }", server), "");
        for (keys, url, word) in [
            ("headers = { X-Scope-OrgID = \"a\" }", "http://h:1", "m.toml:3: headers: only a Prometheus"),
            ("headers = { Authorization = \"Bearer x\" }", server, "bearer_token_file"),
            ("header_files = { \"a b\" = \"/f\" }", server, "no name of a header"),
            ("headers = { a = \"1\" }\nheader_files = { a = \"/f\" }", server, "keep one of them"),
        ] {
            let text = found(keys, url);
            assert!(text.contains(word), "{keys}: {text}");
        }
    }
}
