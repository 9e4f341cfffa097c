//! A deterministic world of nodes.
