//! Texts of the system's errors, with what to do.

/// The text of an error of the system, without its number: `No such file or directory`.
pub fn system_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words).to_owned()
}

/// The text of an error of the system about a file, and what to do.
pub fn file_error(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let remedy = match error.kind() {
        ErrorKind::NotFound => "; check the path",
        ErrorKind::PermissionDenied => "; let this user read it and write to its folder, or name another file",
        ErrorKind::IsADirectory => "; name a file in it",
        ErrorKind::AlreadyExists => "; it is left alone, name a new file",
        ErrorKind::StorageFull => "; free space there, or name a file on another disk",
        ErrorKind::ReadOnlyFilesystem => "; name a file on another disk",
        _ => "",
    };
    format!("{}{remedy}", system_error(error))
}
