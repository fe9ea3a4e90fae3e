//! A small HTTP server on loopback or a named address. It knows no page.
