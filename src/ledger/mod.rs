//! Exact postings of tokens and lease time, and what follows from them.
