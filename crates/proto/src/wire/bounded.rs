//! Bounded building blocks: a decoder made of these yields only values within their limits.

use crate::wire::cbor::{Reader, Wire, Writer};
use std::fmt;
use std::ops::Deref;

/// Text of at most `MAX` bytes of UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Takes `text` whole, or nothing when it is longer than `MAX` bytes.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (text.len() <= MAX).then_some(Self(text))
    }

    /// Takes as much of `text` as fits, cut between characters.
    pub fn cut(text: &str) -> Self {
        let end = (0..=text.len().min(MAX)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        Self(text[..end].to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> Wire for Text<MAX> {
    fn write(&self, to: &mut Writer) {
        to.text(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.text().filter(|text| text.len() <= MAX).map(|text| Self(text.to_owned()))
    }
}

/// A list of at most `MAX` values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// Takes the first `MAX` of `values`.
    pub fn first(values: impl IntoIterator<Item = T>) -> Self {
        Self(values.into_iter().take(MAX).collect())
    }

    /// The values by themselves.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Wire, const MAX: usize> Wire for List<T, MAX> {
    fn write(&self, to: &mut Writer) {
        to.array(self.0.len());
        for value in &self.0 {
            value.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut values = Vec::new();
        from.list(&mut |from| {
            values.push(T::read(from)?);
            (values.len() <= MAX).then_some(())
        })?;
        Some(Self(values))
    }
}

/// Bytes of at most `MAX`.
#[derive(Clone, PartialEq, Eq)]
pub struct Blob<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Blob<MAX> {
    /// Takes `bytes` whole, or nothing when there are more than `MAX`.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() <= MAX).then_some(Self(bytes))
    }
}

impl<const MAX: usize> Deref for Blob<MAX> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Blob<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl<const MAX: usize> Wire for Blob<MAX> {
    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.bytes().filter(|bytes| bytes.len() <= MAX).map(|bytes| Self(bytes.to_vec()))
    }
}

/// Defines a type of exactly `$n` bytes: a CBOR byte string, shown as lower-case hex.
macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $n:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $n]);

        impl $name {
            /// Reads the lower-case or upper-case hex form.
            pub fn from_hex(text: &str) -> Option<Self> {
                let bytes = base16ct::mixed::decode_vec(text).ok()?;
                Some(Self(bytes.try_into().ok()?))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&base16ct::lower::encode_string(&self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), base16ct::lower::encode_string(&self.0[..4]))
            }
        }

        impl $crate::wire::cbor::Wire for $name {
            fn write(&self, to: &mut $crate::wire::cbor::Writer) {
                $crate::wire::cbor::Wire::write(&self.0, to);
            }

            fn read(from: &mut $crate::wire::cbor::Reader<'_>) -> Option<Self> {
                $crate::wire::cbor::Wire::read(from).map(Self)
            }
        }
    };
}
pub(crate) use fixed_bytes;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::cbor::{decode, encode};

    #[test]
    fn limits_hold_on_decode() {
        let five = encode(&Text::<5>::cut("12345"));
        assert_eq!(decode::<Text<4>>(&five), None);
        assert_eq!(decode::<Text<5>>(&five).unwrap().as_str(), "12345");
        let three = encode(&List::<u16, 3>::first([1, 2, 3]));
        assert_eq!(decode::<List<u16, 2>>(&three), None);
        assert_eq!(&*decode::<List<u16, 3>>(&three).unwrap(), &[1, 2, 3]);
        assert_eq!(decode::<Blob<2>>(&[0x43, 1, 2, 3]), None);
    }

    #[test]
    fn a_cut_falls_between_characters() {
        assert_eq!(Text::<4>::cut("añañ").as_str(), "aña");
        assert_eq!(Text::<4>::cut("aññ").as_str(), "añ");
    }
}
