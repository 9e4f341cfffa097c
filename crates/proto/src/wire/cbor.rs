//! How values are coded: CBOR (RFC 8949), structures as maps with numbered fields in rising order.
//!
//! minicbor reads and writes the items. What stands above them is written here and not derived: a reader that ends
//! with "no" and nothing else, since peers are told no more, is a third of the code in the page.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use std::convert::Infallible;

/// A value that has a form on the wire.
pub trait Wire: Sized {
    /// Writes it.
    fn write(&self, to: &mut Writer);

    /// Reads it, or nothing when what comes is no legal value.
    fn read(from: &mut Reader<'_>) -> Option<Self>;

    /// The value that a field has which is not there; nothing for one that must be there.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether a field is left out rather than written.
    fn is_absent(&self) -> bool {
        false
    }
}

/// The value as bytes.
pub fn encode(value: &impl Wire) -> Vec<u8> {
    let mut to = Writer::default();
    value.write(&mut to);
    to.into_bytes()
}

/// Reads a value that must be all of `bytes`: what is signed or hashed has no room for padding.
pub fn decode<T: Wire>(bytes: &[u8]) -> Option<T> {
    let mut from = Reader::new(bytes);
    let value = T::read(&mut from)?;
    from.is_at_end().then_some(value)
}

/// Writes items one behind the other.
pub struct Writer(Encoder<Vec<u8>>);

/// Memory takes all that is written: there is no error to handle.
type Written<'a> = Result<&'a mut Encoder<Vec<u8>>, minicbor::encode::Error<Infallible>>;

impl Default for Writer {
    fn default() -> Self {
        Self(Encoder::new(Vec::new()))
    }
}

impl Writer {
    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_writer()
    }

    /// An unsigned integer, in its shortest form.
    pub fn unsigned(&mut self, value: u64) {
        let _: Written<'_> = self.0.u64(value);
    }

    /// A truth.
    pub fn truth(&mut self, value: bool) {
        let _: Written<'_> = self.0.bool(value);
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) {
        let _: Written<'_> = self.0.bytes(value);
    }

    /// A text.
    pub fn text(&mut self, value: &str) {
        let _: Written<'_> = self.0.str(value);
    }

    /// The head of an array of `len` items, which are to be written next.
    pub fn array(&mut self, len: usize) {
        let _: Written<'_> = self.0.array(len as u64);
    }

    /// The head of a map of `len` fields, which are to be written next.
    pub fn map(&mut self, len: usize) {
        let _: Written<'_> = self.0.map(len as u64);
    }

    /// A field, unless it is absent.
    pub fn field(&mut self, number: u32, value: &impl Wire) {
        if !value.is_absent() {
            self.unsigned(number.into());
            value.write(self);
        }
    }
}

/// Reads items one behind the other. Each method yields nothing when the next item is another.
pub struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    /// Reads `bytes` from their beginning.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    /// Whether all was read.
    pub fn is_at_end(&self) -> bool {
        self.0.position() == self.0.input().len()
    }

    /// An unsigned integer.
    pub fn unsigned(&mut self) -> Option<u64> {
        self.0.u64().ok()
    }

    /// A truth.
    pub fn truth(&mut self) -> Option<bool> {
        self.0.bool().ok()
    }

    /// A byte string of definite length.
    pub fn bytes(&mut self) -> Option<&'b [u8]> {
        self.0.bytes().ok()
    }

    /// A text of definite length.
    pub fn text(&mut self) -> Option<&'b str> {
        self.0.str().ok()
    }

    /// Whether a text comes next.
    pub fn is_text(&self) -> bool {
        self.0.datatype().is_ok_and(|kind| kind == Type::String)
    }

    /// The head of an array of exactly two.
    pub fn pair(&mut self) -> Option<()> {
        (self.0.array().ok()? == Some(2)).then_some(())
    }

    /// An item of any kind, whatever is in it.
    pub fn skip(&mut self) -> Option<()> {
        self.0.skip().ok()
    }

    /// An array, each item of which `item` reads.
    pub fn list(&mut self, item: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        let mut left = self.0.array().ok()?;
        while !self.ends(&mut left)? {
            item(self)?;
        }
        Some(())
    }

    /// A map with numbered fields, which are to be read next.
    pub fn fields<'r>(&'r mut self) -> Option<Fields<'r, 'b>> {
        let left = self.0.map().ok()?;
        let mut fields = Fields { reader: self, left, key: None };
        fields.advance()?;
        Some(fields)
    }

    /// Takes null, if that comes next.
    fn null(&mut self) -> bool {
        let is_null = self.0.datatype().is_ok_and(|kind| kind == Type::Null);
        is_null && self.skip().is_some()
    }

    /// Whether an array or a map ends here, of which `left` items are to come, if that was said.
    fn ends(&mut self, left: &mut Option<u64>) -> Option<bool> {
        match left {
            Some(0) => Some(true),
            Some(left) => {
                *left -= 1;
                Some(false)
            }
            None if self.0.datatype().ok()? == Type::Break => self.skip().map(|()| true),
            None => Some(false),
        }
    }
}

/// The fields of a structure, in the rising order of their numbers. A value has one reading: no field comes twice.
pub struct Fields<'r, 'b> {
    reader: &'r mut Reader<'b>,
    left: Option<u64>,
    /// The field whose value comes next; none at the end.
    key: Option<i64>,
}

impl Fields<'_, '_> {
    /// The field `number`, which lies behind those read before.
    pub fn read<T: Wire>(&mut self, number: i64) -> Option<T> {
        if !self.seek(number)? {
            return T::absent();
        }
        let value = T::read(self.reader)?;
        self.advance()?;
        Some(value)
    }

    /// The field `number`, or the default where it is absent.
    pub fn read_or_default<T: Wire + Default>(&mut self, number: i64) -> Option<T> {
        if self.seek(number)? { self.read(number) } else { Some(T::default()) }
    }

    /// The end: fields of a later version are well-formed, and ignored.
    pub fn end(mut self) -> Option<()> {
        while self.key.is_some() {
            self.reader.skip()?;
            self.advance()?;
        }
        Some(())
    }

    /// Goes on to the field `number`, past those of a later version; says whether it is there.
    fn seek(&mut self, number: i64) -> Option<bool> {
        while self.key.is_some_and(|key| key < number) {
            self.reader.skip()?;
            self.advance()?;
        }
        Some(self.key == Some(number))
    }

    /// Reads the next key, which must be higher than the one before.
    fn advance(&mut self) -> Option<()> {
        let before = self.key.take();
        if !self.reader.ends(&mut self.left)? {
            let key = self.reader.0.i64().ok()?;
            if before.is_some_and(|before| key <= before) {
                return None;
            }
            self.key = Some(key);
        }
        Some(())
    }
}

/// Codes a structure as a map of its fields under their numbers, which rise.
macro_rules! structure {
    ($name:ident { $($number:literal => $field:ident $(or $default:ident)?),* $(,)? }) => {
        impl $crate::wire::cbor::Wire for $name {
            fn write(&self, to: &mut $crate::wire::cbor::Writer) {
                to.map([$(self.$field.is_absent()),*].into_iter().filter(|is_absent| !is_absent).count());
                $(to.field($number, &self.$field);)*
            }

            fn read(from: &mut $crate::wire::cbor::Reader<'_>) -> Option<Self> {
                let mut fields = from.fields()?;
                let value = Self { $($field: $crate::wire::cbor::structure!(@read fields $number $($default)?)),* };
                fields.end()?;
                Some(value)
            }
        }
    };
    (@read $fields:ident $number:literal) => { $fields.read($number)? };
    (@read $fields:ident $number:literal default) => { $fields.read_or_default($number)? };
}
pub(crate) use structure;

/// Codes an enum without fields as its number. An unknown number is refused.
macro_rules! numbered {
    ($name:ident { $($number:literal => $variant:ident),* $(,)? }) => {
        impl $crate::wire::cbor::Wire for $name {
            fn write(&self, to: &mut $crate::wire::cbor::Writer) {
                to.unsigned(match self { $(Self::$variant => $number,)* });
            }

            fn read(from: &mut $crate::wire::cbor::Reader<'_>) -> Option<Self> {
                match from.unsigned()? {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use numbered;

macro_rules! unsigned {
    ($($name:ident)*) => {$(
        impl Wire for $name {
            fn write(&self, to: &mut Writer) {
                to.unsigned(u64::from(*self));
            }

            fn read(from: &mut Reader<'_>) -> Option<Self> {
                from.unsigned()?.try_into().ok()
            }
        }
    )*};
}
unsigned! { u16 u32 u64 }

impl Wire for bool {
    fn write(&self, to: &mut Writer) {
        to.truth(*self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.truth()
    }
}

impl<const N: usize> Wire for [u8; N] {
    fn write(&self, to: &mut Writer) {
        to.bytes(self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.bytes()?.try_into().ok()
    }
}

impl<T: Wire> Wire for Box<T> {
    fn write(&self, to: &mut Writer) {
        (**self).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        T::read(from).map(Self::new)
    }
}

/// A field that may be absent. `null` says the same.
impl<T: Wire> Wire for Option<T> {
    fn write(&self, to: &mut Writer) {
        if let Some(value) = self {
            value.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        if from.null() { Some(None) } else { T::read(from).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    struct Three {
        first: u16,
        second: Option<bool>,
        last: [u8; 2],
    }

    structure! { Three { 0 => first, 2 => second, 3 => last } }

    const THREE: Three = Three { first: 7, second: None, last: [1, 2] };

    fn three(bytes: &[u8]) -> Option<Three> {
        decode(bytes)
    }

    #[test]
    fn an_absent_field_is_left_out() {
        assert_eq!(encode(&THREE), [0xa2, 0, 7, 3, 0x42, 1, 2]);
        assert_eq!(three(&encode(&THREE)), Some(THREE));
        let whole = Three { second: Some(true), ..THREE };
        assert_eq!(three(&encode(&whole)), Some(whole));
    }

    #[test]
    fn fields_of_a_later_version_are_ignored_wherever_they_stand() {
        let ahead = [0xa3, 0x20, 0x80, 0, 7, 3, 0x42, 1, 2];
        let between = [0xa3, 0, 7, 1, 0xf6, 3, 0x42, 1, 2];
        let behind = [0xa3, 0, 7, 3, 0x42, 1, 2, 4, 0x61, b'x'];
        for bytes in [ahead, between] {
            assert_eq!(three(&bytes), Some(THREE), "{bytes:x?}");
        }
        assert_eq!(three(&behind), Some(THREE));
    }

    #[test]
    fn fields_rise_and_none_comes_twice() {
        assert_eq!(three(&[0xa2, 3, 0x42, 1, 2, 0, 7]), None);
        assert_eq!(three(&[0xa3, 0, 7, 0, 7, 3, 0x42, 1, 2]), None);
        assert_eq!(three(&[0xa4, 0, 7, 3, 0x42, 1, 2, 9, 0, 9, 0]), None);
    }

    #[test]
    fn null_is_absent_where_absence_is_legal() {
        assert_eq!(three(&[0xa3, 0, 7, 2, 0xf6, 3, 0x42, 1, 2]), Some(THREE));
        assert_eq!(three(&[0xa2, 0, 7, 3, 0xf6]), None);
        assert_eq!(three(&[0xa1, 0, 7]), None);
    }

    #[test]
    fn an_indefinite_length_ends_at_its_break() {
        assert_eq!(three(&[0xbf, 0, 7, 3, 0x42, 1, 2, 0xff]), Some(THREE));
        assert_eq!(three(&[0xbf, 0, 7, 3, 0x42, 1, 2]), None);
        assert_eq!(three(&[0xbf, 0, 7, 3, 0x42, 1, 2, 0xff, 0]), None);
    }

    #[test]
    fn an_integer_keeps_to_its_width() {
        assert_eq!(decode::<u16>(&[0x19, 0xff, 0xff]), Some(u16::MAX));
        assert_eq!(decode::<u16>(&[0x1a, 0, 1, 0, 0]), None);
        assert_eq!(decode::<u32>(&[0x26]), None);
    }

    #[test]
    fn a_claimed_length_allocates_nothing() {
        assert_eq!(decode::<[u8; 2]>(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(three(&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 7]), None);
    }
}
