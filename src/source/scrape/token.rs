//! A key in a file: read once, and again when it is refused.

use std::path::{Path, PathBuf};

use hyper::header::HeaderValue;

use crate::reading::{Label, ScrapeTrouble};

/// The key of one target.
#[derive(Debug, Default)]
pub(super) struct Token {
    file: Option<PathBuf>,
    header: Option<HeaderValue>,
}

impl Token {
    /// The key in `file`, not yet read.
    pub(super) fn new(file: Option<&Path>) -> Self {
        Self { file: file.map(Into::into), header: None }
    }

    /// The `Authorization` header, if there is a key.
    ///
    /// # Errors
    /// [`ScrapeTrouble::Other`] if the file can't be read or holds no key.
    pub(super) fn header(&mut self) -> Result<Option<HeaderValue>, ScrapeTrouble> {
        if self.header.is_none() {
            self.header = self.read()?;
        }
        Ok(self.header.clone())
    }

    /// Reads the file again, after the key was refused. Whether there is another key now.
    pub(super) fn changed(&mut self) -> bool {
        match self.read() {
            Ok(header) if header != self.header => {
                self.header = header;
                true
            }
            _ => false,
        }
    }

    fn read(&self) -> Result<Option<HeaderValue>, ScrapeTrouble> {
        let Some(file) = &self.file else { return Ok(None) };
        let refuse =
            |why: &str| ScrapeTrouble::Other(Label::new(&format!("bearer_token_file {}: {why}", file.display())));
        let key = std::fs::read_to_string(file).map_err(|error| refuse(&error.to_string()))?;
        let header = HeaderValue::try_from(format!("Bearer {}", key.trim()));
        let mut header = header.map_err(|_| refuse("not one line of plain text"))?;
        if key.trim().is_empty() {
            return Err(refuse("it is empty"));
        }
        header.set_sensitive(true);
        Ok(Some(header))
    }
}
