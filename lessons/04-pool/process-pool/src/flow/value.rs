//! A value as bytes: a prefix with its kind and its length, and then its own bytes. Whatever
//! a type writes or reads, it cannot get into the next value.

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::panics;
use postcard::{Deserializer, de_flavors, ser_flavors};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::stack;
use crate::TaskError;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// An argument or a result.
    Value = 0,
    /// In place of a result: where and why the task panicked.
    Panicked = 1,
    /// In place of a value: why it could not be converted to bytes or back.
    Unreadable = 2,
}

/// What precedes the bytes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    pub kind: Kind,
    /// How many bytes the value has.
    pub length: usize,
}

impl Prefix {
    pub const LENGTH: usize = 8;

    fn to_bytes(self) -> [u8; Self::LENGTH] {
        (u64::from(self.kind as u8) << 56 | self.length as u64).to_le_bytes()
    }

    /// `None` if it is of no known kind.
    #[inline]
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Option<Self> {
        let word = u64::from_le_bytes(bytes);
        let kind = match word >> 56 {
            0 => Kind::Value,
            1 => Kind::Panicked,
            2 => Kind::Unreadable,
            _ => return None,
        };
        Some(Self { kind, length: (word & ((1 << 56) - 1)) as usize })
    }
}

/// Memory of up to this many bytes is kept for the next values, whatever they need.
const KEPT: usize = 1 << 20;

/// Removes all values, but keeps their memory for the next ones. More than they have made use
/// of is released, so that a large value takes up memory only while others are as large: for
/// each of those, the system would have to find new memory page by page.
#[inline]
pub fn clear(values: &mut Vec<u8>) {
    if values.capacity() > KEPT.max(4 * values.len()) {
        *values = Vec::new();
    }
    values.clear();
}

/// Appends a value to `bytes`.
///
/// # Errors
/// If it cannot be converted to bytes. Then nothing of it is left in `bytes`.
#[inline]
pub fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), String> {
    let start = bytes.len();
    // For small values; those of another size make space themselves.
    bytes.reserve(64);
    bytes.extend_from_slice(&[0; Prefix::LENGTH]);
    let to = Buffer { bytes, stack: stack::limit() };
    match postcard::serialize_with_flavor(value, to) {
        Ok(()) => {
            set_prefix(Kind::Value, start, bytes);
            Ok(())
        }
        Err(why) => {
            bytes.truncate(start);
            Err(explain(&why))
        }
    }
}

/// Appends a text to `bytes`, in place of a value.
pub fn encode_text(kind: Kind, text: &str, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; Prefix::LENGTH]);
    bytes.extend_from_slice(text.as_bytes());
    set_prefix(kind, start, bytes);
}

/// Sets the prefix of a value that begins at `start` and is the last one.
fn set_prefix(kind: Kind, start: usize, bytes: &mut [u8]) {
    let length = bytes.len() - start - Prefix::LENGTH;
    bytes[start..start + Prefix::LENGTH].copy_from_slice(&Prefix { kind, length }.to_bytes());
}

/// Removes the first value of `bytes`: its kind and its own bytes. `None` if there is no
/// whole value.
#[inline]
pub fn split_first<'a>(bytes: &mut &'a [u8]) -> Option<(Kind, &'a [u8])> {
    let (prefix, rest) = bytes.split_first_chunk()?;
    let Prefix { kind, length } = Prefix::from_bytes(*prefix)?;
    let (value, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some((kind, value))
}

/// The value that has these bytes.
///
/// # Errors
/// If they are not those of such a value, and no more.
#[inline]
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut from = Deserializer::from_flavor(Bytes { rest: bytes, stack: stack::limit() });
    let value = T::deserialize(&mut from).map_err(|why| explain(&why))?;
    match from.finalize() {
        Ok([]) => Ok(value),
        _ => Err("it ends before its bytes do".to_owned()),
    }
}

/// Runs what may call code of the program. A panic in there is an error of the task.
pub fn guard<T>(doing: &str, run: impl FnOnce() -> Result<T, TaskError>) -> Result<T, TaskError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let message = panics::message(&*panic).to_owned();
        panics::discard(panic);
        Err(TaskError::Panicked(format!("while {doing}: {message}")))
    })
}

/// Neither of these two errors has another reason here: a `Vec` is never full, and there are
/// no checksums.
const STACK_USED_UP_WRITING: postcard::Error = postcard::Error::SerializeBufferFull;
const STACK_USED_UP_READING: postcard::Error = postcard::Error::DeserializeBadCrc;

fn explain(why: &postcard::Error) -> String {
    if [STACK_USED_UP_WRITING, STACK_USED_UP_READING].contains(why) {
        return "it is nested too deeply for the stack of this thread".to_owned();
    }
    why.to_string()
}

/// What postcard writes to.
struct Buffer<'a> {
    bytes: &'a mut Vec<u8>,
    stack: usize,
}

impl ser_flavors::Flavor for Buffer<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        if stack::is_used_up(self.stack) {
            return Err(STACK_USED_UP_WRITING);
        }
        self.bytes.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if stack::is_used_up(self.stack) {
            return Err(STACK_USED_UP_WRITING);
        }
        if bytes.len() < 16 {
            // A call of memcpy would cost more than the bytes.
            bytes.iter().for_each(|&byte| self.bytes.push(byte));
        } else {
            self.bytes.extend_from_slice(bytes);
        }
        Ok(())
    }

    #[inline]
    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// What postcard reads from.
struct Bytes<'de> {
    rest: &'de [u8],
    stack: usize,
}

impl<'de> de_flavors::Flavor<'de> for Bytes<'de> {
    type Remainder = &'de [u8];
    type Source = &'de [u8];

    #[inline]
    fn pop(&mut self) -> postcard::Result<u8> {
        if stack::is_used_up(self.stack) {
            return Err(STACK_USED_UP_READING);
        }
        let (byte, rest) =
            self.rest.split_first().ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
        self.rest = rest;
        Ok(*byte)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }

    #[inline]
    fn try_take_n(&mut self, count: usize) -> postcard::Result<&'de [u8]> {
        if stack::is_used_up(self.stack) {
            return Err(STACK_USED_UP_READING);
        }
        let split = self.rest.split_at_checked(count);
        let (bytes, rest) = split.ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn finalize(self) -> postcard::Result<&'de [u8]> {
        Ok(self.rest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn values_come_back_one_by_one(values: Vec<(u64, String)>, text: String) {
            let mut bytes = Vec::new();
            values.iter().for_each(|value| encode(value, &mut bytes).unwrap());
            encode_text(Kind::Panicked, &text, &mut bytes);
            let mut rest = &bytes[..];
            for value in values {
                let (kind, bytes) = split_first(&mut rest).unwrap();
                prop_assert_eq!((kind, decode(bytes)), (Kind::Value, Ok(value)));
            }
            prop_assert_eq!(split_first(&mut rest), Some((Kind::Panicked, text.as_bytes())));
            prop_assert_eq!(split_first(&mut rest), None);
        }

        #[test]
        fn nonsense_is_no_value(bytes: Vec<u8>) {
            let mut rest = &bytes[..];
            while let Some((_, value)) = split_first(&mut rest) {
                prop_assert!(value.len() <= bytes.len());
                let _ = decode::<Vec<Option<String>>>(value);
            }
        }
    }

    #[derive(Serialize, Deserialize)]
    struct List {
        next: Option<Box<List>>,
        value: u8,
    }

    impl Drop for List {
        fn drop(&mut self) {
            // Not one within the other, which would need as much stack as there is.
            let mut next = self.next.take();
            while let Some(mut list) = next {
                next = list.next.take();
            }
        }
    }

    fn list(length: usize) -> List {
        let end = List { next: None, value: 0 };
        (1..length).fold(end, |list, _| List { next: Some(Box::new(list)), value: 1 })
    }

    #[test]
    fn what_is_nested_too_deeply_is_an_error() {
        let deep = "it is nested too deeply for the stack of this thread";
        let mut bytes = Vec::new();
        assert_eq!(encode(&list(1_000_000), &mut bytes), Err(deep.to_owned()));
        assert!(bytes.is_empty(), "{} bytes of it are left", bytes.len());
        // Which some type with more stack has written.
        bytes.resize(1_000_000, 1);
        assert_eq!(decode::<List>(&bytes).err().as_deref(), Some(deep));

        bytes.clear();
        encode(&list(300), &mut bytes).unwrap();
        let (_, value) = split_first(&mut &bytes[..]).unwrap();
        assert!(decode::<List>(value).is_ok());
    }
}
