//! How values are coded: CBOR (RFC 8949), structures as maps with numbered fields in rising order.
//!
//! Items are read and written here and nothing of it is derived: a reader that ends with "no" and nothing else, since peers
//! are told no more, is a third of the code in the page. `minicbor` is the second opinion in tests.

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

/// The kinds of items: the first three bits of each.
mod major {
    pub(super) const UNSIGNED: u8 = 0;
    pub(super) const NEGATIVE: u8 = 1;
    pub(super) const BYTES: u8 = 2;
    pub(super) const TEXT: u8 = 3;
    pub(super) const ARRAY: u8 = 4;
    pub(super) const MAP: u8 = 5;
    pub(super) const TAG: u8 = 6;
}
/// Items of one byte.
const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
const NULL: u8 = 0xf6;
/// What ends an item of indefinite length.
const BREAK: u8 = 0xff;

/// Writes items one behind the other.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The head of an item, in its shortest form.
    fn head(&mut self, major: u8, value: u64) {
        let bytes = value.to_be_bytes();
        // One, two, four or eight bytes, unless the first has room for it.
        let (info, width) = match value {
            ..24 => (bytes[7], 0),
            24..0x100 => (24, 1),
            0x100..0x1_0000 => (25, 2),
            0x1_0000..0x1_0000_0000 => (26, 4),
            _ => (27, 8),
        };
        self.0.push(major << 5 | info);
        self.0.extend_from_slice(&bytes[8 - width..]);
    }

    /// An unsigned integer, in its shortest form.
    pub fn unsigned(&mut self, value: u64) {
        self.head(major::UNSIGNED, value);
    }

    /// A truth.
    pub fn truth(&mut self, value: bool) {
        self.0.push(if value { TRUE } else { FALSE });
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) {
        self.head(major::BYTES, value.len() as u64);
        self.0.extend_from_slice(value);
    }

    /// A text.
    pub fn text(&mut self, value: &str) {
        self.head(major::TEXT, value.len() as u64);
        self.0.extend_from_slice(value.as_bytes());
    }

    /// The head of an array of `len` items, which are to be written next.
    pub fn array(&mut self, len: usize) {
        self.head(major::ARRAY, len as u64);
    }

    /// The head of a map of `len` fields, which are to be written next.
    pub fn map(&mut self, len: usize) {
        self.head(major::MAP, len as u64);
    }

    /// An item that was written before.
    pub fn item(&mut self, item: &[u8]) {
        self.0.extend_from_slice(item);
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
pub struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    /// Reads `bytes` from their beginning.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// Whether all was read.
    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// The next so many bytes.
    fn take(&mut self, count: u64) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    /// Takes the next byte if it is this one.
    fn take_if(&mut self, byte: u8) -> bool {
        let is_it = self.0.first() == Some(&byte);
        if is_it {
            self.0 = &self.0[1..];
        }
        is_it
    }

    /// The head of an item: its kind, and its value or length, unless that is indefinite.
    fn head(&mut self) -> Option<(u8, Option<u64>)> {
        let first = *self.take(1)?.first()?;
        let info = first & 31;
        let value = match info {
            ..24 => Some(info.into()),
            24..28 => {
                let bytes = self.take(1 << (info - 24))?;
                Some(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
            }
            31 => None,
            _ => return None,
        };
        Some((first >> 5, value))
    }

    /// The value or length of an item of this kind.
    fn value_of(&mut self, major: u8) -> Option<Option<u64>> {
        let (kind, value) = self.head()?;
        (kind == major).then_some(value)
    }

    /// An unsigned integer.
    pub fn unsigned(&mut self) -> Option<u64> {
        self.value_of(major::UNSIGNED)?
    }

    /// A truth.
    pub fn truth(&mut self) -> Option<bool> {
        let is_true = self.take_if(TRUE);
        (is_true || self.take_if(FALSE)).then_some(is_true)
    }

    /// A byte string of definite length.
    pub fn bytes(&mut self) -> Option<&'b [u8]> {
        let len = self.value_of(major::BYTES)??;
        self.take(len)
    }

    /// A text of definite length.
    pub fn text(&mut self) -> Option<&'b str> {
        let len = self.value_of(major::TEXT)??;
        str::from_utf8(self.take(len)?).ok()
    }

    /// Whether a text comes next.
    pub fn is_text(&self) -> bool {
        self.0.first().is_some_and(|first| first >> 5 == major::TEXT)
    }

    /// The head of an array of exactly two.
    pub fn pair(&mut self) -> Option<()> {
        (self.value_of(major::ARRAY)? == Some(2)).then_some(())
    }

    /// The bytes of an item of any kind, whatever is in it.
    pub fn item(&mut self) -> Option<&'b [u8]> {
        let all = self.0;
        self.skip()?;
        Some(&all[..all.len() - self.0.len()])
    }

    /// Passes over an item of any kind, whatever is in it.
    pub fn skip(&mut self) -> Option<()> {
        // How many items are left in what is open, unless that ends with a break. It grows by as much as is read.
        let mut open = vec![Some(1)];
        while let Some(left) = open.last_mut() {
            if self.ends(left)? {
                open.pop();
                continue;
            }
            match self.head()? {
                (major::BYTES, Some(len)) => drop(self.take(len)?),
                (major::TEXT, Some(len)) => drop(str::from_utf8(self.take(len)?).ok()?),
                (kind @ (major::BYTES | major::TEXT), None) => self.pieces(kind)?,
                (major::ARRAY, len) => open.push(len),
                (major::MAP, None) => open.push(None),
                (major::MAP, Some(len)) => open.push(Some(len.checked_mul(2)?)),
                (major::TAG, Some(_)) => open.push(Some(1)),
                // Integers, and what has its value in its head.
                (_, value) => drop(value?),
            }
        }
        Some(())
    }

    /// The pieces of a string of indefinite length.
    fn pieces(&mut self, kind: u8) -> Option<()> {
        while !self.take_if(BREAK) {
            let len = self.value_of(kind)??;
            let piece = self.take(len)?;
            if kind == major::TEXT {
                str::from_utf8(piece).ok()?;
            }
        }
        Some(())
    }

    /// An array, each item of which `item` reads.
    pub fn list(&mut self, item: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        let mut left = self.value_of(major::ARRAY)?;
        while !self.ends(&mut left)? {
            item(self)?;
        }
        Some(())
    }

    /// A map with numbered fields, which are to be read next.
    pub fn fields<'r>(&'r mut self) -> Option<Fields<'r, 'b>> {
        let left = self.value_of(major::MAP)?;
        let mut fields = Fields { reader: self, left, key: None };
        fields.advance()?;
        Some(fields)
    }

    /// Takes null, if that comes next.
    fn null(&mut self) -> bool {
        self.take_if(NULL)
    }

    /// The number of a field.
    fn key(&mut self) -> Option<i64> {
        let (kind, value) = self.head()?;
        let value = i64::try_from(value?).ok()?;
        match kind {
            major::UNSIGNED => Some(value),
            major::NEGATIVE => Some(-1 - value),
            _ => None,
        }
    }

    /// Whether an array or a map ends here, of which `left` items are to come, if that was said.
    fn ends(&mut self, left: &mut Option<u64>) -> Option<bool> {
        match left {
            Some(0) => Some(true),
            Some(left) => {
                *left -= 1;
                Some(false)
            }
            None if self.is_at_end() => None,
            None => Some(self.take_if(BREAK)),
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
            let key = self.reader.key()?;
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

impl<T: Wire> Wire for std::sync::Arc<T> {
    fn write(&self, to: &mut Writer) {
        (**self).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        T::read(from).map(Self::new)
    }
}

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
    use proptest::prelude::*;

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

    /// What another reader of CBOR makes of the same.
    fn second_opinion(bytes: &[u8]) -> [Option<String>; 6] {
        let read = |of: fn(&mut minicbor::Decoder<'_>) -> Result<String, minicbor::decode::Error>| {
            let mut decoder = minicbor::Decoder::new(bytes);
            of(&mut decoder).ok().map(|value| format!("{value} to {}", decoder.position()))
        };
        [
            read(|decoder| Ok(decoder.u64()?.to_string())),
            read(|decoder| Ok(decoder.bool()?.to_string())),
            read(|decoder| Ok(format!("{:?}", decoder.bytes()?))),
            read(|decoder| Ok(decoder.str()?.to_owned())),
            read(|decoder| Ok(decoder.i64()?.to_string())),
            read(|decoder| decoder.skip().map(|()| String::new())),
        ]
    }

    fn ours(bytes: &[u8]) -> [Option<String>; 6] {
        let read = |of: fn(&mut Reader<'_>) -> Option<String>| {
            let mut reader = Reader::new(bytes);
            of(&mut reader).map(|value| format!("{value} to {}", bytes.len() - reader.0.len()))
        };
        [
            read(|reader| Some(reader.unsigned()?.to_string())),
            read(|reader| Some(reader.truth()?.to_string())),
            read(|reader| Some(format!("{:?}", reader.bytes()?))),
            read(|reader| Some(reader.text()?.to_owned())),
            read(|reader| Some(reader.key()?.to_string())),
            read(|reader| reader.skip().map(|()| String::new())),
        ]
    }

    #[test]
    fn heads_are_as_short_as_another_writer_makes_them() {
        for value in [0, 23, 24, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, u64::MAX] {
            let mut to = Writer::default();
            to.unsigned(value);
            let mut encoder = minicbor::Encoder::new(Vec::new());
            let _ = encoder.u64(value);
            assert_eq!(to.into_bytes(), encoder.into_writer());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 20_000, ..ProptestConfig::default() })]

        #[test]
        fn another_reader_reads_the_same(
            first in any::<u8>(),
            rest in proptest::collection::vec(prop_oneof![Just(0xff), Just(0x9f), Just(0x61), 0u8..4, any::<u8>()], 0..12),
        ) {
            let bytes = [&[first][..], &rest].concat();
            let (ours, mut other) = (ours(&bytes), second_opinion(&bytes));
            // The other skips a break where nothing is open, as if it were an item.
            other[5].take_if(|_| ours[5].is_none() && bytes.contains(&BREAK));
            prop_assert_eq!(ours, other, "{:x?}", bytes);
        }
    }
}
