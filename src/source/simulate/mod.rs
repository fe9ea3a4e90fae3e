//! A fleet that does not exist, behind sockets that do.
