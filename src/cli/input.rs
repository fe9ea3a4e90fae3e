//! Files of other programs that a call names.

use std::io::{ErrorKind, Read};
use std::path::Path;

use super::Failure;

/// The text of a file of another program, of `largest` bytes at most. `what` says for messages which file is wanted.
///
/// # Errors
/// The file, why it is not read, and which one to name.
pub(super) fn text(path: &Path, what: &str, largest: u64) -> Result<String, Failure> {
    let said = |why: &str| Failure::Run(format!("{}: {why}; name {what}", path.display()));
    let of_system = |error: &std::io::Error| match error.kind() {
        ErrorKind::IsADirectory => said("is a folder"),
        ErrorKind::InvalidData => said("is not a text in UTF-8"),
        _ => Failure::of_file(path, error),
    };
    let mut text = String::new();
    let opened = std::fs::File::open(path).map_err(|error| of_system(&error))?;
    opened.take(largest + 1).read_to_string(&mut text).map_err(|error| of_system(&error))?;
    if text.len() as u64 > largest {
        return Err(said(&format!("has over {} MiB", largest >> 20)));
    }
    // Editors on Windows write a byte order mark.
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}
