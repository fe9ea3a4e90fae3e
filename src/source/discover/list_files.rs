//! The files of a list of targets: one, or those whose names match a pattern in one folder.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::file_sd;
use crate::source::{PolledTarget, TargetOptions};
use crate::system_error::file_error;

/// The largest file, in bytes.
const LARGEST: u64 = 16 << 20;
/// The most files that match a pattern.
const MOST_FILES: usize = 1000;

/// A list of targets in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFiles {
    /// The path; its last part may have `*` for any characters.
    pub path: PathBuf,
    /// The options of its targets, besides what their labels say.
    pub options: TargetOptions,
}

/// What tells that a file has changed: its path, time and size.
pub(super) type FileState = (PathBuf, Option<SystemTime>, u64);

impl ListFiles {
    /// The states of the files.
    ///
    /// # Errors
    /// Why they cannot be found, and what to do.
    pub(super) fn states(&self) -> Result<Vec<FileState>, String> {
        let state = |path: PathBuf| {
            let data = std::fs::metadata(&path).map_err(|error| file_error(&error))?;
            if !data.is_file() {
                return Err(format!("{} is not a regular file; name a file of targets", path.display()));
            }
            Ok((path, data.modified().ok(), data.len()))
        };
        self.paths()?.into_iter().map(state).collect()
    }

    fn paths(&self) -> Result<Vec<PathBuf>, String> {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.contains('*') {
            return Ok(vec![self.path.clone()]);
        }
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let entries = std::fs::read_dir(folder).map_err(|error| file_error(&error))?;
        let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        let is_named = |path: &PathBuf| path.file_name().is_some_and(|file| matches(&name, &file.to_string_lossy()));
        let mut paths: Vec<PathBuf> = paths.filter(is_named).take(MOST_FILES + 1).collect();
        match paths.len() {
            0 => return Err("no file matches; write the targets to one, or correct the pattern".to_owned()),
            1..=MOST_FILES => paths.sort(),
            _ => return Err(format!("over {MOST_FILES} files match; name fewer")),
        }
        Ok(paths)
    }

    /// The targets in the files.
    ///
    /// # Errors
    /// Why a file cannot be read, and what to do.
    pub(super) fn read(&self, files: &[FileState]) -> Result<Vec<PolledTarget>, String> {
        let mut all = Vec::new();
        for (path, ..) in files {
            let mut text = Vec::new();
            let file = std::fs::File::open(path).map_err(|error| file_error(&error))?;
            file.take(LARGEST + 1).read_to_end(&mut text).map_err(|error| file_error(&error))?;
            let named = |why: String| if *path == self.path { why } else { format!("{}: {why}", path.display()) };
            if text.len() as u64 > LARGEST {
                return Err(named(format!("over {} MiB; name a file of targets", LARGEST >> 20)));
            }
            all.extend(file_sd::parse(&text, &self.options).map_err(named)?);
        }
        Ok(all)
    }
}

/// Whether a name matches a pattern in which `*` is any characters.
fn matches(pattern: &str, name: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return pattern == name };
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_characters() {
        for (pattern, name, expected) in [
            ("*.json", "gpus.json", true),
            ("gpu-*.json", "gpu-1.json", true),
            ("gpu-*.json", "gpu-1.json.tmp", false),
            ("*a*b*", "xaxbx", true),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
