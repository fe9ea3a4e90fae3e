//! The source for each kind of address.

use super::Source;
use super::file::PageFile;
use super::prometheus::Prometheus;
use super::scrape::{Scrape, Scraper, Settings};
use super::ssh::Ssh;
use super::target::{Address, PolledTarget};
use crate::clock::Clock;

/// The source that polls a target.
pub fn source_of(target: &PolledTarget, settings: &Settings) -> Box<dyn Source> {
    match &target.address {
        Address::File(path) => {
            Box::new(PageFile::new(target.id.clone(), path, settings.timeout, settings.max_page as u64))
        }
        Address::Ssh(there) => Box::new(Ssh::new(target.clone(), there.clone(), settings)),
        Address::Prometheus(_) => Box::new(Prometheus::new(target.clone(), settings)),
        Address::Http(_) => Box::new(Scrape::new(Scraper::new(target.clone(), settings.clone(), Clock::default()))),
    }
}
