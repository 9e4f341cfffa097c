//! Frames, their codec and their limits.

pub mod bounded;
pub(crate) mod seal;
pub mod signed;

/// Encodes a value that cannot fail to encode: ours are made of integers, bytes, text, lists and maps.
pub(crate) fn encode(value: &impl minicbor::Encode<()>) -> Vec<u8> {
    minicbor::to_vec(value).expect("encoding into memory cannot fail")
}
