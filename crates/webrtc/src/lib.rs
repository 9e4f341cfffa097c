//! Links for the core.
