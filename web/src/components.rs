//! What the page is made of, one component a file.

mod app;
mod attention;
mod avatar;
mod composer;
mod controls;
mod conversation;
mod copy_field;
mod dialog;
mod first_visit;
mod frame;
mod home;
mod invite;
mod join;
mod keys;
mod messages;
mod network;
mod new_conversation;
mod participants;
mod people;
mod qr_code;
mod rename;
mod request;
mod settings;
mod sidebar;
mod switch;

pub(crate) use app::app;
