//! The page: a node in a browser tab.
//!
//! [`session`] runs the node and folds its events into [`state`]; `components` show that, one a file, drawn by
//! [`view`]; [`ui`] is where the person is on the page. The modules without a browser in them are tested natively.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code, unused_imports))]

mod avatar;
mod command;
mod letters;
mod qr;
mod state;

#[cfg(target_family = "wasm")]
mod address;
#[cfg(target_family = "wasm")]
mod clipboard;
#[cfg(target_family = "wasm")]
mod components;
#[cfg(target_family = "wasm")]
mod keys;
#[cfg(target_family = "wasm")]
mod lock;
#[cfg(target_family = "wasm")]
mod mark;
#[cfg(target_family = "wasm")]
mod session;
#[cfg(target_family = "wasm")]
mod store;
#[cfg(target_family = "wasm")]
mod theme;
#[cfg(target_family = "wasm")]
mod ui;
#[cfg(target_family = "wasm")]
mod view;
#[cfg(target_family = "wasm")]
mod when;

/// The standard library's would be twice as much of the page.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

#[cfg(target_family = "wasm")]
fn main() {
    // The owner of all lives as long as the page.
    std::mem::forget(view::show(components::app));
}

#[cfg(not(target_family = "wasm"))]
fn main() {
    eprintln!("This program is the page. Run `cargo xtask run` and open the address that it prints.");
}
