//! The binary as people and programs run it, on loopback: one file a behaviour.

mod harness;
mod histories;

mod answering_machine;
mod bad_invites;
mod by_hand;
mod changes;
mod configuration;
mod conversation;
mod data_directory;
mod ending;
mod introducer;
mod lasting;
mod long_history;
mod malformed_calls;
mod manners;
mod network;
mod page;
mod ready;
mod terminal;
mod ticket;
