//! Keeps the embedded page fresh: whatever changes in `dist` rebuilds this crate.

fn main() -> std::io::Result<()> {
    // Cargo takes a missing path for a changed one and would rebuild each time: an empty folder is "not built".
    let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dist");
    std::fs::create_dir_all(dist)?;
    println!("cargo:rerun-if-changed={dist}");
    Ok(())
}
