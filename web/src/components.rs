//! What the page is made of, one component a file.

mod app;
mod attention;
mod avatar;
mod commands;
mod composer;
mod confirm;
mod controls;
mod conversation;
mod copy_field;
mod dialog;
mod finder;
mod first_visit;
mod frame;
mod home;
mod inbox;
mod invite;
mod join;
mod keys;
mod leave_message;
mod listing;
mod message;
mod message_actions;
mod messages;
mod network;
mod new_conversation;
mod participants;
mod people;
mod qr_code;
mod rename;
mod request;
mod search;
mod settings;
mod sidebar;
mod switch;
mod talk;

pub(crate) use app::app;
