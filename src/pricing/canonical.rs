//! The canonical text of a price book, so that a ledger can store the book of its postings and notice changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::build::write_calendars;
use super::{Book, BookError, GpuFile, HistoryFile, ListFile, Pinned, PriceFile};

/// The book as text: without sources, in a fixed order.
#[derive(Serialize, Deserialize)]
struct CanonicalBook {
    currency: String,
    prices: PriceFile,
    pinned: Vec<Pinned>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    aliases: BTreeMap<String, String>,
}

impl Book {
    /// The book as JSON. Equal books have equal texts, whatever the order in which their files were read.
    pub fn canonical(&self) -> String {
        let history =
            |(model, lists): (&String, &Vec<String>)| HistoryFile { models: vec![model.clone()], lists: lists.clone() };
        let globs = self.globs.iter().map(|(pattern, lists)| history((pattern, lists)));
        let gpu = |rate: &super::GpuRate| GpuFile {
            gpu: rate.gpu.clone(),
            rate: rate.rate,
            currency: rate.currency.clone(),
            dated: rate.dated.clone(),
            commitment: rate.commitment,
            source: String::new(),
        };
        let mut gpus: Vec<_> = self.card.rates().iter().map(gpu).collect();
        gpus.sort_by(|a, b| (&a.gpu, a.commitment, &a.dated).cmp(&(&b.gpu, b.commitment, &b.dated)));
        let prices = PriceFile {
            holidays: write_calendars(&self.calendars),
            lists: self.lists.values().map(ListFile::from).collect(),
            histories: globs.chain(self.histories.iter().map(history)).collect(),
            gpus,
        };
        let book_text = CanonicalBook {
            currency: self.currency.clone(),
            prices,
            pinned: self.pinned.clone(),
            aliases: self.aliases.clone(),
        };
        // Serialization fails only for maps with keys other than strings, or a failing writer.
        serde_json::to_string(&book_text).unwrap_or_default()
    }

    /// The book of a canonical text.
    ///
    /// # Errors
    /// The text is not a valid price book.
    pub fn from_canonical(text: &str) -> Result<Self, BookError> {
        let book_text: CanonicalBook =
            serde_json::from_str(text).map_err(|error| BookError::new("a kept price book", error.to_string()))?;
        let mut book = Self::of_currency(&book_text.currency);
        book.add(book_text.prices)?;
        book.pin(book_text.pinned)?;
        book.aliases = book_text.aliases;
        Ok(book)
    }

    /// A hash of [`Book::canonical`] that is the same on every machine and for every release: 64-bit FNV-1a.
    pub fn revision(&self) -> u64 {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        self.canonical().bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_comes_back_from_its_text() -> Result<(), BookError> {
        let mut book = Book::built_in()?;
        let list = Some("deepseek-r1-standard".to_owned());
        book.pin(vec![Pinned { model: "my-*".to_owned(), tenant: Some("app".to_owned()), list, paid: None }])?;
        let again = Book::from_canonical(&book.canonical())?;
        assert_eq!(again.canonical(), book.canonical());
        assert_eq!(again.revision(), book.revision());
        let at = crate::units::Timestamp::from_millis(1_790_000_000_000);
        let tier =
            |book: &Book| book.price_of("deepseek-v4-pro").and_then(|price| Some(price.quote(at)?.tier.to_owned()));
        assert_eq!(tier(&again), tier(&book));
        assert!(Book::from_canonical("{}").is_err());
        Ok(())
    }

    #[test]
    fn a_revision_is_of_prices_not_of_sources() -> Result<(), BookError> {
        let book = |source: &str, output: &str| -> Result<u64, BookError> {
            let mut book = Book::built_in()?;
            let text = format!(
                "[[list]]\nname = \"mine\"\ncurrency = \"USD\"\nsource = \"{source}\"\n\
                 [list.tiers.standard]\nhit = \"0\"\nmiss = \"1\"\noutput = \"{output}\"\n"
            );
            let file = toml::from_str(&text).map_err(|error| BookError::new("mine", error.to_string()))?;
            book.add(file)?;
            Ok(book.revision())
        };
        assert_eq!(book("here", "2")?, book("there", "2.00")?);
        assert_ne!(book("here", "2")?, book("here", "2.000000001")?);
        Ok(())
    }
}
