//! Writing a value into the room that there is.

use postcard::ser_flavors::Flavor;
use serde::Serialize;

use super::Kind;

/// What came of an attempt to write a value.
pub enum Put {
    /// It was written, in so many bytes.
    Done(usize),
    /// There is not enough room.
    NoRoom,
    /// It cannot be written as bytes, and why.
    Impossible(String),
}

/// Writes a small value with its kind.
pub fn write_value<T: Serialize>(value: &T, room: &mut [u8]) -> Put {
    let [kind, room @ ..] = room else { return Put::NoRoom };
    *kind = Kind::Small as u8;
    match postcard::serialize_with_flavor(value, Room { bytes: room, used: 0 }) {
        Ok(used) => Put::Done(1 + used),
        Err(postcard::Error::SerializeBufferFull) => Put::NoRoom,
        Err(why) => Put::Impossible(why.to_string()),
    }
}

/// Room for a value, as postcard wants it. (Its own kind of room copies every few bytes by
/// a call of memmove, which costs more than the bytes.)
struct Room<'a> {
    bytes: &'a mut [u8],
    used: usize,
}

impl Flavor for Room<'_> {
    type Output = usize;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        *self.bytes.get_mut(self.used).ok_or(postcard::Error::SerializeBufferFull)? = byte;
        self.used += 1;
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if bytes.len() < 16 {
            return bytes.iter().try_for_each(|&byte| self.try_push(byte));
        }
        let room = self.bytes.get_mut(self.used..self.used + bytes.len());
        room.ok_or(postcard::Error::SerializeBufferFull)?.copy_from_slice(bytes);
        self.used += bytes.len();
        Ok(())
    }

    #[inline]
    fn finalize(self) -> postcard::Result<usize> {
        Ok(self.used)
    }
}
