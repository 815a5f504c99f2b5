//! Thrift's compact protocol, in which Parquet's page headers, page index and footer are written
//! (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>).
//!
//! In: fields of a struct, ascending by id. Out: bytes appended to a buffer. Only what those structs are made of.

/// Appends an unsigned number, seven bits a byte, the lowest first.
pub fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed number, so that those near zero are short.
pub fn put_zigzag(value: i64, out: &mut Vec<u8>) {
    put_varint((value << 1 ^ value >> 63) as u64, out);
}

/// What a field or an element of a list is.
#[derive(Debug, Clone, Copy)]
enum ThriftType {
    True = 1,
    False = 2,
    I16 = 4,
    I32 = 5,
    I64 = 6,
    Binary = 8,
    List = 9,
    Struct = 12,
}

/// A struct that is being written.
#[derive(Debug)]
pub struct Struct<'a> {
    out: &'a mut Vec<u8>,
    /// Id of the field before: ids are written as differences.
    last: u8,
}

impl<'a> Struct<'a> {
    /// Appends a struct with the fields that `fill` gives it.
    pub fn write(out: &'a mut Vec<u8>, fill: impl FnOnce(&mut Self)) {
        let mut this = Self { out, last: 0 };
        fill(&mut this);
        this.out.push(0);
    }

    fn field(&mut self, id: u8, kind: ThriftType) {
        debug_assert!(id > self.last && id - self.last < 16, "Parquet has no struct with more fields");
        self.out.push((id - self.last) << 4 | kind as u8);
        self.last = id;
    }

    /// Appends a number of 16 bits.
    pub fn i16(&mut self, id: u8, value: i16) {
        self.field(id, ThriftType::I16);
        put_zigzag(value.into(), self.out);
    }

    /// Appends a number of 32 bits.
    pub fn i32(&mut self, id: u8, value: i32) {
        self.field(id, ThriftType::I32);
        put_zigzag(value.into(), self.out);
    }

    /// Appends a number of 64 bits. Parquet has no unsigned ones: sizes and offsets of a file that can be written fit.
    pub fn i64(&mut self, id: u8, value: u64) {
        self.field(id, ThriftType::I64);
        put_zigzag(value as i64, self.out);
    }

    /// Appends a truth value.
    pub fn bool(&mut self, id: u8, value: bool) {
        self.field(id, if value { ThriftType::True } else { ThriftType::False });
    }

    /// Appends bytes or a string.
    pub fn binary(&mut self, id: u8, value: &[u8]) {
        self.field(id, ThriftType::Binary);
        put_binary(value, self.out);
    }

    /// Appends a struct with the fields that `fill` gives it.
    pub fn structure(&mut self, id: u8, fill: impl FnOnce(&mut Struct<'_>)) {
        self.field(id, ThriftType::Struct);
        Struct::write(self.out, fill);
    }

    /// Appends a list of numbers of 32 bits.
    pub fn i32s(&mut self, id: u8, values: impl ExactSizeIterator<Item = i32>) {
        self.list(id, ThriftType::I32, values, |value, out| put_zigzag(value.into(), out));
    }

    /// Appends a list of numbers of 64 bits.
    pub fn i64s(&mut self, id: u8, values: impl ExactSizeIterator<Item = u64>) {
        self.list(id, ThriftType::I64, values, |value, out| put_zigzag(value as i64, out));
    }

    /// Appends a list of truth values.
    pub fn bools(&mut self, id: u8, values: impl ExactSizeIterator<Item = bool>) {
        self.list(id, ThriftType::False, values, |value, out| {
            out.push(if value { ThriftType::True } else { ThriftType::False } as u8);
        });
    }

    /// Appends a list of strings.
    pub fn binaries<'b>(&mut self, id: u8, values: impl ExactSizeIterator<Item = &'b [u8]>) {
        self.list(id, ThriftType::Binary, values, put_binary);
    }

    /// Appends a list of structs, each with the fields that `fill` gives it.
    pub fn structs<T>(&mut self, id: u8, items: impl ExactSizeIterator<Item = T>, fill: impl Fn(T, &mut Struct<'_>)) {
        self.list(id, ThriftType::Struct, items, |item, out| Struct::write(out, |this| fill(item, this)));
    }

    fn list<T>(
        &mut self,
        id: u8,
        kind: ThriftType,
        items: impl ExactSizeIterator<Item = T>,
        put: impl Fn(T, &mut Vec<u8>),
    ) {
        self.field(id, ThriftType::List);
        let short = items.len().min(15) as u8;
        self.out.push(short << 4 | kind as u8);
        if short == 15 {
            put_varint(items.len() as u64, self.out);
        }
        items.for_each(|item| put(item, self.out));
    }
}

fn put_binary(value: &[u8], out: &mut Vec<u8>) {
    put_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the protocol's description, by hand.
    #[test]
    fn fields_are_written_as_the_protocol_says() {
        let mut out = Vec::new();
        Struct::write(&mut out, |this| {
            this.i32(1, -3);
            this.bool(2, true);
            this.bool(4, false);
            this.binary(5, b"ab");
            this.i64s(7, [1, 300].into_iter());
            this.structs(8, 0..20, |item, inner| inner.i16(1, item));
        });
        let mut wanted = vec![0x15, 5, 0x11, 0x22, 0x18, 2, b'a', b'b', 0x29, 0x26, 2, 0xd8, 0x04, 0x19, 0xfc, 20];
        (0..20).for_each(|item| wanted.extend([0x14, 2 * item, 0]));
        wanted.push(0);
        assert_eq!(out, wanted);
    }

    #[test]
    fn numbers_are_as_long_as_they_need() {
        let zigzag = |value| {
            let mut out = Vec::new();
            put_zigzag(value, &mut out);
            out
        };
        assert_eq!([zigzag(0), zigzag(-1), zigzag(1), zigzag(-64)], [[0], [1], [2], [127]]);
        assert_eq!(zigzag(64), [0x80, 1]);
        assert_eq!(zigzag(i64::MIN).len(), 10);
    }
}
