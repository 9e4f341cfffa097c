//! Tertulia's protocol.
