//! Credentials: a bearer token or a password in a file, read once, and again when refused.

use std::path::Path;

use hyper::header::HeaderValue;

use crate::reading::{Label, ScrapeError};
use crate::source::target::PolledTarget;

/// The credentials of one target.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    scheme: Scheme,
    header: Option<HeaderValue>,
}

#[derive(Debug, Default)]
enum Scheme {
    #[default]
    None,
    /// A file with a bearer token.
    Bearer(std::path::PathBuf),
    /// A user name, and a file with the password.
    Basic(String, std::path::PathBuf),
}

impl Credentials {
    /// The credentials of a target, not read yet.
    pub(super) fn new(target: &PolledTarget) -> Self {
        let scheme = match (&target.options.bearer_token_file, &target.options.username, &target.options.password_file)
        {
            (Some(file), ..) => Scheme::Bearer(file.clone()),
            (None, Some(username), Some(file)) => Scheme::Basic(username.clone(), file.clone()),
            _ => Scheme::None,
        };
        Self { scheme, header: None }
    }

    /// The `Authorization` header, if the target has credentials.
    ///
    /// # Errors
    /// [`ScrapeError::Other`] if the file is unreadable or empty.
    pub(super) fn header(&mut self) -> Result<Option<HeaderValue>, ScrapeError> {
        if self.header.is_none() {
            self.header = self.read()?;
        }
        Ok(self.header.clone())
    }

    /// Reads the file again after its content was refused. Returns whether the content has changed.
    pub(super) fn changed(&mut self) -> bool {
        match self.read() {
            Ok(header) if header != self.header => {
                self.header = header;
                true
            }
            _ => false,
        }
    }

    /// What a refusal of these credentials means, and what to do about it.
    pub(super) fn explain(&self, failure: ScrapeError) -> ScrapeError {
        let why = match (&self.scheme, &failure) {
            (Scheme::Basic(..), ScrapeError::Status(status @ (401 | 403))) => format!(
                "refuses the user name and password (HTTP {status}): check username and password_file, and whether this user may read the page; if it asks for a key, set bearer_token_file instead"
            ),
            (Scheme::Bearer(_), ScrapeError::Status(status @ (401 | 403))) => format!(
                "refuses the key (HTTP {status}): check bearer_token_file, and whether this key may read the page"
            ),
            (Scheme::Bearer(_), ScrapeError::NeedsPassword(status)) => format!(
                "asks for a user name and password, not for a key (HTTP {status}): set username and password_file instead of bearer_token_file"
            ),
            _ => return failure,
        };
        ScrapeError::NotAllowed(Label::new(&why))
    }

    fn read(&self) -> Result<Option<HeaderValue>, ScrapeError> {
        let (text, key, file) = match &self.scheme {
            Scheme::None => return Ok(None),
            Scheme::Bearer(file) => {
                let token = secret("bearer_token_file", file)?;
                (format!("Bearer {}", token.trim()), "bearer_token_file", file)
            }
            Scheme::Basic(username, file) => {
                let password = secret("password_file", file)?;
                // Blanks may be part of the password; the line end is not.
                let password = password.trim_end_matches(['\r', '\n']);
                (format!("Basic {}", base64(format!("{username}:{password}").as_bytes())), "password_file", file)
            }
        };
        let mut header = HeaderValue::try_from(text).map_err(|_| refusal(key, file, "not one line of plain text"))?;
        header.set_sensitive(true);
        Ok(Some(header))
    }
}

fn secret(key: &str, file: &Path) -> Result<String, ScrapeError> {
    let text = std::fs::read_to_string(file).map_err(|error| refusal(key, file, &error.to_string()))?;
    if text.trim().is_empty() { Err(refusal(key, file, "it is empty")) } else { Ok(text) }
}

fn refusal(key: &str, file: &Path, why: &str) -> ScrapeError {
    ScrapeError::Other(Label::new(&format!("{key} {}: {why}", file.display())))
}

/// Base64 with padding, as used in basic authentication.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_as_rfc_4648_has_it() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("u:pw", "dTpwdw=="),
            ("ü:~ÿ", "w7w6fsO/"),
        ] {
            assert_eq!(base64(plain.as_bytes()), text);
        }
    }
}
