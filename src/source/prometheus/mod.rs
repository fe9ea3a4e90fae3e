//! A server with Prometheus' HTTP API as a source: Prometheus, `VictoriaMetrics`, Thanos, Mimir.
//!
//! It yields the raw samples that the server has of engines and GPU exporters, each with its own time, as pages of the targets that
//! were scraped. Only instant queries with a range selector are sent: `query_range` resamples, `rate` and `increase`
//! extrapolate. Each scrape is delivered once, in the order of time.

mod answer;
mod api;
mod frames;
mod page;
mod past;
mod reader;
mod replicas;
mod scraped;
mod selection;
mod source;

pub use past::PrometheusPast;
pub(super) use source::Prometheus;
