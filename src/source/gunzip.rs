//! Bytes of an object -> text.
//!
//! Whole objects go through libdeflate into one reused buffer, about twice as fast as zlib; objects with several
//! gzip members, or whose text would not fit, go through zlib piece by piece. Either way every checksum is verified
//! to the end: an object that does not read to its end gives an [`UnpackError`], never part of its text.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::GzDecoder;
use libdeflater::{Crc, DecompressionError, Decompressor};

use crate::options::MAX_OBJECT_BYTES;

/// What gzip data begins with: magic, then "deflate" (RFC 1952, 2.3.1).
const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Why an object has no text.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// Zero bytes.
    #[error("the object is empty (0 bytes)")]
    Empty,
    /// Named `.gz`, but it is not gzip.
    #[error("the object is named .gz but is not gzip (it begins with {0})")]
    NotGzip(String),
    /// It ends before the gzip data does.
    #[error("the gzip data is cut off after {0} bytes")]
    Truncated(u64),
    /// Damaged: bad data, wrong checksum or length, or something behind the last gzip member.
    #[error("the gzip data is damaged: {0}")]
    Damaged(String),
    /// More text than `--max-object-bytes` allows.
    #[error("the object unpacks to more than {limit} {0}", limit = MAX_OBJECT_BYTES)]
    TooLarge(u64),
    /// A line that does not fit into memory.
    #[error("line {line} is longer than {limit} bytes")]
    LineTooLong {
        /// Line number, from 1.
        line: u64,
        /// The longest line that can be read.
        limit: usize,
    },
    /// The store failed in the middle.
    #[error("cannot read: {0}")]
    Io(#[from] io::Error),
}

/// How an object's text was had.
#[derive(Debug)]
pub enum Unpacked {
    /// All of it is in the buffer.
    Whole,
    /// It is larger than the buffer may be: read it with `TextReader`.
    Large,
}

/// A decompressor with its state, for one thread.
pub struct Unpacker {
    inner: Decompressor,
}

impl std::fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unpacker")
    }
}

impl Default for Unpacker {
    fn default() -> Self {
        Self { inner: Decompressor::new() }
    }
}

impl Unpacker {
    /// Unpacks an object into `text`, which is cleared before.
    ///
    /// `text` grows to `max_whole` bytes at most; an object with more text than that is verified to its end and
    /// reported as [`Unpacked::Large`]. `packed_name` says that the object's name ends in `.gz`: text under such a name is text, but
    /// of anything else it is said that it is no gzip.
    ///
    /// # Errors
    /// `UnpackError` if the object does not read to its end or has more than `max_bytes` of text.
    pub fn unpack(
        &mut self,
        object: &[u8],
        packed_name: bool,
        text: &mut Vec<u8>,
        max_whole: usize,
        max_bytes: u64,
    ) -> Result<Unpacked, UnpackError> {
        if object.is_empty() {
            return Err(UnpackError::Empty);
        }
        if !object.starts_with(&GZIP_MAGIC) {
            if packed_name && !is_text(object) {
                return Err(not_gzip(object));
            }
            if object.len() as u64 > max_bytes {
                return Err(UnpackError::TooLarge(max_bytes));
            }
            if object.len() > max_whole {
                return Ok(Unpacked::Large);
            }
            text.clear();
            text.extend_from_slice(object);
            return Ok(Unpacked::Whole);
        }
        if self.one_member(object, text, max_whole)? {
            if text.len() as u64 > max_bytes {
                return Err(UnpackError::TooLarge(max_bytes));
            }
            return Ok(Unpacked::Whole);
        }
        slowly(object, text, max_whole, max_bytes)
    }

    /// Unpacks one gzip member; returns false if this object needs the slow way.
    fn one_member(&mut self, object: &[u8], text: &mut Vec<u8>, max_whole: usize) -> Result<bool, UnpackError> {
        // libdeflate passes over the checksum of a header, which `gzip -d` looks at.
        if object.get(3).is_none_or(|bits| bits & flags::CHECKSUM != 0) {
            return Ok(false);
        }
        // The last four bytes are the length of the text (modulo 2^32) if this is all there is.
        let Some(length) = object.last_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes) as usize) else {
            return Ok(false);
        };
        // Deflate cannot pack more than 1,032 to 1: a larger figure is no length but damage or other data.
        if length > max_whole || length > object.len().saturating_mul(1_032) {
            return Ok(false);
        }
        // What is in the buffer is overwritten: only what it lacks is filled with zeros.
        text.resize(length, 0);
        match self.inner.gzip_decompress(object, text) {
            Ok(written) if written == length && is_all(object, text) => Ok(true),
            // What is wrong with it, the slow way says better.
            Ok(_) | Err(DecompressionError::BadData | DecompressionError::InsufficientSpace) => Ok(false),
        }
    }
}

/// Returns whether the member with this text, the object's first, reaches to its end.
///
/// A member ends with its checksum and length: if the object has these eight bytes at its end and nowhere before, they are
/// this member's. Equal members, with whatever between them, have them more than once.
fn is_all(object: &[u8], text: &[u8]) -> bool {
    let [a, b, c, d] = libdeflater::crc32(text).to_le_bytes();
    let [e, f, g, h] = (text.len() as u32).to_le_bytes();
    let trailer = [a, b, c, d, e, f, g, h];
    object.ends_with(&trailer) && memchr::memmem::find(object, &trailer) == Some(object.len() - trailer.len())
}

fn slowly(object: &[u8], text: &mut Vec<u8>, max_whole: usize, max_bytes: u64) -> Result<Unpacked, UnpackError> {
    text.clear();
    let mut reader = TextReader::new(object, object.starts_with(&GZIP_MAGIC), max_bytes);
    let mut piece = vec![0; 256 << 10];
    let mut large = false;
    loop {
        let read = reader.read_some(&mut piece)?;
        if read == 0 {
            break;
        }
        large |= text.len() + read > max_whole;
        if large {
            text.clear();
        } else {
            text.extend_from_slice(&piece[..read]);
        }
    }
    Ok(if large { Unpacked::Large } else { Unpacked::Whole })
}

/// Returns the first line of an object whose first bytes are `head`, as far as they reach; blank ones before it are passed
/// over, as by [`super::reader`].
pub fn first_line(head: &[u8]) -> Vec<u8> {
    let begin = |text: &[u8]| text.iter().position(|b| !matches!(b, b'\n' | b'\r' | b' ')).unwrap_or(text.len());
    let mut text = Vec::new();
    if head.starts_with(&GZIP_MAGIC) {
        // Its text may come in several members. The data is cut off somewhere: whatever came before that is good.
        let mut reader = Members::new(head);
        let mut piece = [0; 4096];
        while let Ok(read) = reader.read(&mut piece) {
            text.extend_from_slice(&piece[..read]);
            if read == 0 || text.len() > (1 << 20) || text[begin(&text)..].contains(&b'\n') {
                break;
            }
        }
    } else {
        text.extend_from_slice(head);
    }
    text[begin(&text)..].split(|b| *b == b'\n').next().unwrap_or_default().to_vec()
}

/// Returns whether an object begins as text does.
fn is_text(head: &[u8]) -> bool {
    head.iter().take(GZIP_MAGIC.len()).all(|b| matches!(b, b'\t' | b'\n' | b'\r' | b' '..=b'~'))
}

fn not_gzip(object: &[u8]) -> UnpackError {
    let shown: Vec<String> = object.iter().take(4).map(|b| format!("{b:02x}")).collect();
    UnpackError::NotGzip(shown.join(" "))
}

/// Text of an object that is too large to be held, piece by piece.
pub struct TextReader<R: Read> {
    source: Packed<R>,
    read: u64,
    max_bytes: u64,
}

enum Packed<R: Read> {
    /// It is neither gzip nor text, by its first bytes.
    Neither(Vec<u8>),
    Plain(R),
    Gzip(Box<Members<BufReader<CountingReader<R>>>>),
}

/// The members of gzip data, one after the other, and zeros behind the last one: tapes and block devices fill up with them,
/// and `gzip -d` passes over them. Anything else behind a member is another one, or damage.
///
/// Headers are read here, and what `gzip -d` takes of them is taken: names and comments of any length, and a checksum if there
/// is one. What unpacks the rest gets a header without anything in it.
enum Members<R> {
    Header(R),
    Text(Box<GzDecoder<Chain<&'static [u8], R>>>),
    End,
}

/// A member's header without name, comment and checksum (RFC 1952, 2.3).
const PLAIN_HEADER: [u8; 10] = [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0xff];

/// The parts that a header has besides those that each has, by the bits of its fourth byte.
mod flags {
    pub const CHECKSUM: u8 = 2;
    pub const EXTRA: u8 = 4;
    pub const NAME: u8 = 8;
    pub const COMMENT: u8 = 16;
    /// Nobody has given them a meaning.
    pub const UNKNOWN: u8 = 0xe0;
}

impl<R: BufRead> Members<R> {
    fn new(source: R) -> Self {
        Self::Header(source)
    }

    fn source(&self) -> Option<&R> {
        match self {
            Self::Header(source) => Some(source),
            Self::Text(member) => Some(member.get_ref().get_ref().1),
            Self::End => None,
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self {
                Self::End => return Ok(0),
                // An error leaves the source where it is, for whoever wants to know how far that was.
                Self::Header(source) => skip_header(source)?,
                Self::Text(member) => {
                    let read = member.read(buffer)?;
                    if read > 0 || buffer.is_empty() {
                        return Ok(read);
                    }
                }
            }
            *self = match std::mem::replace(self, Self::End) {
                Self::End => Self::End,
                Self::Header(source) => Self::Text(Box::new(GzDecoder::new(PLAIN_HEADER.as_slice().chain(source)))),
                Self::Text(member) => {
                    let mut rest = member.into_inner().into_inner().1;
                    if nothing_follows(&mut rest)? { Self::End } else { Self::Header(rest) }
                }
            };
        }
    }
}

/// Reads a member's header to its end.
fn skip_header(source: &mut impl BufRead) -> io::Result<()> {
    let damaged = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut checksum = Crc::new();
    let mut begin = [0; 10];
    source.read_exact(&mut begin)?;
    if !begin.starts_with(&GZIP_MAGIC) || begin[3] & flags::UNKNOWN != 0 {
        return Err(damaged("invalid gzip header"));
    }
    checksum.update(&begin);
    if begin[3] & flags::EXTRA != 0 {
        let mut length = [0; 2];
        source.read_exact(&mut length)?;
        checksum.update(&length);
        let mut extra = vec![0; u16::from_le_bytes(length).into()];
        source.read_exact(&mut extra)?;
        checksum.update(&extra);
    }
    for flag in [flags::NAME, flags::COMMENT] {
        let mut ended = begin[3] & flag == 0;
        while !ended {
            let piece = source.fill_buf()?;
            if piece.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let end = memchr::memchr(0, piece);
            let taken = end.map_or(piece.len(), |end| end + 1);
            checksum.update(&piece[..taken]);
            source.consume(taken);
            ended = end.is_some();
        }
    }
    if begin[3] & flags::CHECKSUM != 0 {
        let mut said = [0; 2];
        source.read_exact(&mut said)?;
        // Its lower half.
        if u32::from(u16::from_le_bytes(said)) != checksum.sum() & 0xffff {
            return Err(damaged("the checksum of its header is wrong"));
        }
    }
    Ok(())
}

/// Returns whether nothing, or nothing but zeros, stands behind a gzip member.
fn nothing_follows(rest: &mut impl BufRead) -> io::Result<bool> {
    let mut padded = false;
    loop {
        let piece = rest.fill_buf()?;
        let zeros = piece.iter().take_while(|b| **b == 0).count();
        match (piece.len(), zeros) {
            (0, _) => return Ok(true),
            (_, 0) if !padded => return Ok(false),
            (all, zeros) if zeros < all => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "there is something behind its end"));
            }
            _ => {
                padded = true;
                rest.consume(zeros);
            }
        }
    }
}

/// Counts the packed bytes, to say where the data ends too early.
struct CountingReader<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

impl<R: Read> std::fmt::Debug for TextReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextReader").field("read", &self.read).finish_non_exhaustive()
    }
}

impl<R: Read> TextReader<Chain<Cursor<Vec<u8>>, R>> {
    /// Makes a reader of the text of an object, by its first bytes, as [`Unpacker::unpack`] does.
    ///
    /// # Errors
    /// When the first bytes cannot be read.
    pub fn of_object(mut object: R, packed_name: bool, max_bytes: u64) -> io::Result<Self> {
        let mut head = Vec::new();
        object.by_ref().take(4).read_to_end(&mut head)?;
        let gzip = head.starts_with(&GZIP_MAGIC);
        if packed_name && !gzip && !is_text(&head) {
            return Ok(Self { source: Packed::Neither(head), read: 0, max_bytes });
        }
        Ok(Self::new(Cursor::new(head).chain(object), gzip, max_bytes))
    }
}

impl<R: Read> TextReader<R> {
    /// Makes a reader of an object's text; `gzip` says whether it is packed.
    pub fn new(object: R, gzip: bool, max_bytes: u64) -> Self {
        let source = if gzip {
            let counted = CountingReader { inner: object, bytes: 0 };
            Packed::Gzip(Box::new(Members::new(BufReader::with_capacity(256 << 10, counted))))
        } else {
            Packed::Plain(object)
        };
        Self { source, read: 0, max_bytes }
    }

    /// Reads some text; 0 bytes at the end.
    ///
    /// # Errors
    /// [`UnpackError`] if the data is damaged, cut off or too much.
    pub fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, UnpackError> {
        let read = match &mut self.source {
            Packed::Neither(head) => return Err(not_gzip(head)),
            Packed::Plain(plain) => plain.read(buffer)?,
            Packed::Gzip(gzip) => match gzip.read(buffer) {
                Ok(read) => read,
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                    return Err(UnpackError::Truncated(gzip.source().map_or(0, |source| source.get_ref().bytes)));
                }
                Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
                    return Err(UnpackError::Damaged(e.to_string()));
                }
                Err(e) => return Err(UnpackError::Io(e)),
            },
        };
        self.read += read as u64;
        if self.read > self.max_bytes {
            return Err(UnpackError::TooLarge(self.max_bytes));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(object: &[u8], max_whole: usize) -> Result<(bool, Vec<u8>), String> {
        let mut text = vec![1, 2, 3];
        let whole = Unpacker::default().unpack(object, true, &mut text, max_whole, 10_000_000);
        whole.map(|w| (matches!(w, Unpacked::Whole), text)).map_err(|e| e.to_string())
    }

    #[test]
    fn reads_one_member_several_and_equal_ones() {
        let (a, b) = (gzip(b"version\n"), gzip(b"2\n"));
        assert_eq!(unpack(&a, 100), Ok((true, b"version\n".to_vec())));
        assert_eq!(unpack(&[a.clone(), b].concat(), 100), Ok((true, b"version\n2\n".to_vec())));
        assert_eq!(unpack(&[a.clone(), a].concat(), 100), Ok((true, b"version\nversion\n".to_vec())));
    }

    #[test]
    fn the_first_line_is_that_of_the_text() {
        let lines = b"\n  \r\nversion account-id\r\n2 x\n";
        let (one, other) = lines.split_at(2);
        for head in [lines.to_vec(), gzip(lines), [gzip(one), gzip(other)].concat(), gzip(b"version account-id\r")] {
            assert_eq!(first_line(&head), b"version account-id\r");
        }
        assert!(first_line(b"\n \n").is_empty() && first_line(b"").is_empty() && first_line(&gzip(b"")).is_empty());
    }

    #[test]
    fn zeros_behind_the_last_member_are_padding_and_anything_else_is_damage() {
        let (a, b) = (gzip(b"version\n"), gzip(b"2\n"));
        for zeros in [1, 2, 3, 4, 5, 8, 9, 511, 1 << 20] {
            let zeros = vec![0; zeros];
            assert_eq!(unpack(&[&a[..], &zeros].concat(), 100), Ok((true, b"version\n".to_vec())));
            assert_eq!(unpack(&[&a[..], &b, &zeros].concat(), 100), Ok((true, b"version\n2\n".to_vec())));
            assert_eq!(first_line(&[&a[..], &zeros].concat()), b"version");
            for behind in [&a[..], &b, b"x"] {
                let damaged = unpack(&[&a[..], &zeros, behind].concat(), 100);
                assert_eq!(damaged, Err("the gzip data is damaged: there is something behind its end".to_owned()));
            }
        }
        for behind in [&b"this is something else"[..], &[b"this is something else", &a[..]].concat()] {
            let garbage = unpack(&[&a[..], behind].concat(), 100);
            assert_eq!(garbage, Err("the gzip data is damaged: invalid gzip header".to_owned()));
        }
    }

    #[test]
    fn headers_of_any_length_are_read_and_their_checksums_are_looked_at() {
        let text = b"version account-id\n2 x\n";
        let packed = gzip(text);
        let with = |bits: u8, parts: &[u8], checksum: u16| {
            let mut object = packed[..10].to_vec();
            object[3] = bits;
            object.extend(parts);
            if bits & flags::CHECKSUM != 0 {
                let right = (libdeflater::crc32(&object) & 0xffff) as u16;
                object.extend((right ^ checksum).to_le_bytes());
            }
            object.extend(&packed[10..]);
            object
        };
        let long = [vec![b'n'; 3_000_000], vec![0]].concat();
        let extra = [&[0xff, 0xff][..], &[0; 0xffff]].concat();
        for (bits, parts) in [(0, &[][..]), (1, &[]), (4, &extra), (8, &long), (16, &long)] {
            for bits in [bits, bits | flags::CHECKSUM] {
                let object = with(bits, parts, 0);
                assert_eq!(unpack(&object, 100), Ok((true, text.to_vec())), "{bits:#x}");
                assert_eq!(unpack(&object, 5).unwrap().1, b"", "piece by piece");
                assert_eq!(first_line(&object), b"version account-id");
                let twice = [packed.clone(), object.clone()].concat();
                assert_eq!(unpack(&twice, 100), Ok((true, [&text[..], text].concat())), "a later member");
            }
            let wrong = unpack(&with(bits | flags::CHECKSUM, parts, 1), 100);
            assert_eq!(wrong, Err("the gzip data is damaged: the checksum of its header is wrong".to_owned()));
        }
        for unknown in [0x20, 0x40, 0x80] {
            let refused = unpack(&with(unknown, &[], 0), 100);
            assert_eq!(refused, Err("the gzip data is damaged: invalid gzip header".to_owned()));
        }
        let cut = with(8, &long, 0);
        assert_eq!(unpack(&cut[..2_000_000], 100), Err("the gzip data is cut off after 2000000 bytes".to_owned()));
    }

    #[test]
    fn tells_a_second_member_from_bytes_that_look_like_one() {
        let mut stored = GzEncoder::new(Vec::new(), Compression::none());
        stored.write_all(&[b"x", &GZIP_MAGIC[..], b"y", &GZIP_MAGIC[..]].concat()).unwrap();
        let one = stored.finish().unwrap();
        let mut text = Vec::new();
        assert!(Unpacker::default().one_member(&one, &mut text, 100).unwrap(), "the fast way");
        let (a, b) = (gzip(b"version\n"), gzip(b"account\n"));
        for members in [vec![&a, &a], vec![&a, &b], vec![&a, &b, &a], vec![&a, &a, &a], vec![&one, &one]] {
            let object = members.into_iter().flatten().copied().collect::<Vec<u8>>();
            assert!(!Unpacker::default().one_member(&object, &mut text, 100).unwrap());
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(|i| (i.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
        let good = gzip(&text);
        assert_eq!(unpack(b"", 100), Err("the object is empty (0 bytes)".to_owned()));
        assert_eq!(
            unpack(b"\x80bc", 100),
            Err("the object is named .gz but is not gzip (it begins with 80 62 63)".to_owned())
        );
        assert_eq!(unpack(b"abc", 100), Ok((true, b"abc".to_vec())), "the content decides");
        for cut in [good.len() - 1, good.len() - 8, good.len() / 2, 12] {
            assert_eq!(unpack(&good[..cut], 1 << 20), Err(format!("the gzip data is cut off after {cut} bytes")));
        }
        let mut flipped = good.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0x10;
        assert!(unpack(&flipped, 1 << 20).unwrap_err().contains("damaged"));
        let mut wrong_sum = good.clone();
        let at = wrong_sum.len() - 6;
        wrong_sum[at] ^= 1;
        assert!(unpack(&wrong_sum, 1 << 20).unwrap_err().contains("damaged"));
        assert!(unpack(&[good.clone(), b"garbage".to_vec()].concat(), 1 << 20).is_err());
        let zeros = gzip(&vec![0; 20_000_000]);
        assert_eq!(
            unpack(&zeros, 1 << 20),
            Err("the object unpacks to more than max_object_bytes 10000000".to_owned())
        );
        assert_eq!(unpack(&good, 1_000), Ok((false, Vec::new())), "too large to be held, but sound");
    }
}
