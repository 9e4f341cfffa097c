//! What the page is made of, one component a file.
// The attribute `component` makes its function public in the eyes of this lint.
#![allow(unreachable_pub)]

mod app;
mod attention;
mod avatar;
mod composer;
mod conversation;
mod copy_field;
mod dialog;
mod erased;
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

pub(crate) use app::App;
