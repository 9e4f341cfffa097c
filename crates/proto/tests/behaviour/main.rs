//! How nodes behave towards each other, in simulated worlds: one behaviour a file.
//!
//! The worlds are deterministic and have neither threads nor files nor clocks, so the same tests run natively
//! and in wasm.

mod answering_machine;
mod bad_peers;
mod blocking;
mod by_hand;
mod causal_order;
mod crashes;
mod damaged_records;
mod deletions;
mod directory;
mod directory_attacks;
mod duplicates;
mod edits;
mod entering;
mod envelopes;
mod expired_invites;
mod exports;
mod forgetting;
mod frame_limits;
mod from_admission;
mod glare;
mod handshake_attacks;
mod healing;
mod imports;
mod introductions;
mod invites;
mod leaving;
mod link_budget;
// Tens of thousands of operations: a minute in wasm, where nothing of it is different.
#[cfg(not(target_family = "wasm"))]
mod long_histories;
mod missing_operations;
mod overlay;
mod overlay_attacks;
mod private_conversations;
mod random_bytes;
mod reaching;
mod reactions;
mod read_marks;
mod refusals;
mod remembering;
mod replay;
mod restarts;
mod resuming;
mod searching;
mod seeking;
mod silence;
mod three_at_once;
mod tickets;
mod typing;
