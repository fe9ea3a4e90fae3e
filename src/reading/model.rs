//! How model names are compared, and which texts are placeholders.

use super::{Label, ModelName};

/// The placeholders of engines that were started without a model name.
const PLACEHOLDERS: &[&str] = &["undefined", "null", "none"];

impl ModelName {
    /// The name from a source, without control characters; `None` if it is a placeholder.
    pub fn reported(text: &str) -> Option<Self> {
        let name = Self::new(text);
        (!name.is_placeholder()).then_some(name)
    }

    /// The form in which names are compared everywhere: for prices, proxies, aliases and rows. It has no case, path,
    /// provider prefix (`hosted_vllm/`, `openai/`), or surrounding blanks and slashes.
    pub fn canonical(&self) -> String {
        canonical_model(self.as_str())
    }

    /// A hash of the canonical form, which is not built if the name is ASCII; the same in every process.
    pub fn canonical_hash(&self) -> u64 {
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let start = 0xcbf2_9ce4_8422_2325;
        let name = self.as_str();
        if name.is_ascii() {
            last_part(name).bytes().fold(start, |hash, byte| fnv(hash, byte.to_ascii_lowercase()))
        } else {
            self.canonical().bytes().fold(start, fnv)
        }
    }

    /// Whether it is a placeholder, or empty in canonical form.
    pub fn is_placeholder(&self) -> bool {
        let name = self.canonical();
        name.is_empty() || PLACEHOLDERS.iter().any(|known| self.as_str().trim().eq_ignore_ascii_case(known))
    }
}

/// [`ModelName::canonical`] of a text. Control characters are removed first, as from a page's name, so that a text from
/// elsewhere (a configuration, a price list) compares equal.
pub fn canonical_model(name: &str) -> String {
    let name = Label::new(name);
    last_part(name.as_str()).to_lowercase()
}

/// The last component of a path, without surrounding blanks.
fn last_part(name: &str) -> &str {
    let name = name.trim_matches(|c: char| c == '/' || c.is_whitespace());
    name.rsplit('/').next().unwrap_or(name).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class: one model under two spellings. What a path, a provider, an editor or a shell adds is no part of the name.
    #[test]
    fn spellings_of_one_name_have_one_canonical_form() {
        for name in [
            "Qwen3-32B",
            "qwen3-32b",
            " Qwen3-32B ",
            "Qwen3-32B/",
            "Qwen3-32B/ ",
            "/data/models/Qwen3-32B/",
            "/data/models/Qwen3-32B//",
            "./Qwen3-32B",
            "Qwen/Qwen3-32B",
            "Qwen/ Qwen3-32B",
            "hosted_vllm/Qwen/QWEN3-32B",
            "Qwen3-32B\u{200b}",
            "Qwen3-32B\n",
        ] {
            assert_eq!(canonical_model(name), "qwen3-32b", "{name:?}");
            let again = canonical_model(&canonical_model(name));
            assert_eq!(again, "qwen3-32b", "the canonical form of {name:?} is its own");
            assert_eq!(ModelName::new(name).canonical_hash(), ModelName::new("qwen3-32b").canonical_hash(), "{name:?}");
        }
        for other in ["Qwen3-32B-AWQ", "Qwen3-32B:free", "Qwen3 32B"] {
            assert_ne!(canonical_model(other), "qwen3-32b", "{other}");
        }
    }

    /// Class: a placeholder in another spelling.
    #[test]
    fn placeholders_are_no_names_in_any_case() {
        for text in ["undefined", "Undefined", "NULL", "None", " none ", "", "  ", "/", "null\u{200b}"] {
            assert_eq!(ModelName::reported(text), None, "{text:?}");
        }
        for text in ["nonesuch", "null-7b", "org/none-such"] {
            assert!(ModelName::reported(text).is_some(), "{text:?}");
        }
    }
}
