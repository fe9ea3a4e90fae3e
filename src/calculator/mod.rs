//! The price calculator: tokens and GPU-hours in money by the book, at one list or at all, and a benchmark's result in money. Pure.

mod benchmark_result;
mod calculated_price;
mod class_lines;
mod comparison;
mod priced_benchmark;
mod question;
mod rate;

pub(crate) use benchmark_result::{BENCHMARK_FORMATS, BenchmarkResult};
pub(crate) use calculated_price::{CalculatedPrice, PriceTerms};
pub(crate) use comparison::ListComparison;
pub(crate) use priced_benchmark::PricedBenchmark;
pub(crate) use question::{ClassCounts, PriceQuestion};
pub(crate) use rate::Rate;
