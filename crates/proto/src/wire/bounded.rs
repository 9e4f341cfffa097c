//! Bounded building blocks: a decoder made of these yields only values within their limits.

use minicbor::decode::{Decode, Decoder, Error};
use minicbor::encode::{Encode, Encoder, Write};
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

impl<C, const MAX: usize> Encode<C> for Text<MAX> {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C, const MAX: usize> Decode<'b, C> for Text<MAX> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        Self::new(d.str()?).ok_or_else(|| Error::message("text over its limit"))
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

impl<C, T: Encode<C>, const MAX: usize> Encode<C> for List<T, MAX> {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        c: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(self.0.len() as u64)?;
        self.0.iter().try_for_each(|value| value.encode(e, c))
    }
}

impl<'b, C, T: Decode<'b, C>, const MAX: usize> Decode<'b, C> for List<T, MAX> {
    fn decode(d: &mut Decoder<'b>, c: &mut C) -> Result<Self, Error> {
        let values: Vec<T> = d.array_iter_with(c)?.take(MAX + 1).collect::<Result<_, _>>()?;
        if values.len() > MAX { Err(Error::message("list over its limit")) } else { Ok(Self(values)) }
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

impl<C, const MAX: usize> Encode<C> for Blob<MAX> {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C, const MAX: usize> Decode<'b, C> for Blob<MAX> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        let bytes = d.bytes()?;
        if bytes.len() > MAX {
            Err(Error::message("bytes over their limit"))
        } else {
            Ok(Self(bytes.to_vec()))
        }
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

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let bytes = d.bytes()?.try_into();
                bytes.map(Self).map_err(|_| minicbor::decode::Error::message(concat!(stringify!($name), " of a wrong length")))
            }
        }
    };
}
pub(crate) use fixed_bytes;

/// Codes an enum without fields as its number. An unknown number is an error of its own, and not minicbor's
/// `unknown_variant`, which an optional field around it would take for absence and read on in its middle.
macro_rules! numbered {
    ($name:ident { $($number:literal => $variant:ident),* $(,)? }) => {
        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.u32(match self { $(Self::$variant => $number,)* })?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                match d.u32()? {
                    $($number => Ok(Self::$variant),)*
                    _ => Err(minicbor::decode::Error::message(concat!("unknown ", stringify!($name)))),
                }
            }
        }
    };
}
pub(crate) use numbered;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_on_decode() {
        let long = minicbor::to_vec("12345").unwrap();
        assert!(minicbor::decode::<Text<4>>(&long).is_err());
        assert_eq!(minicbor::decode::<Text<5>>(&long).unwrap().as_str(), "12345");
        let three = minicbor::to_vec(vec![1u8, 2, 3]).unwrap();
        assert!(minicbor::decode::<List<u8, 2>>(&three).is_err());
        assert_eq!(&*minicbor::decode::<List<u8, 3>>(&three).unwrap(), &[1, 2, 3]);
    }

    #[test]
    fn a_cut_falls_between_characters() {
        assert_eq!(Text::<4>::cut("añañ").as_str(), "aña");
        assert_eq!(Text::<4>::cut("aññ").as_str(), "añ");
    }
}
