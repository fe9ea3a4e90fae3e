//! The text formats of metrics pages, Prometheus and OpenMetrics: read without copying, and written.
//!
//! It knows lines, names, labels and values, and no metric: meaning is `dialect`.
