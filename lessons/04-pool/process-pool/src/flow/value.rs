//! Encoding a value into the space that there is.

use postcard::ser_flavors::Flavor;
use serde::Serialize;

use super::Kind;

/// Writes a small value with its kind. Returns their length in bytes.
///
/// # Errors
/// If the value does not fit, or cannot be converted to bytes.
pub fn encode<T: Serialize>(value: &T, space: &mut [u8]) -> postcard::Result<usize> {
    let (kind, bytes) = space.split_first_mut().ok_or(postcard::Error::SerializeBufferFull)?;
    *kind = Kind::Small as u8;
    Ok(1 + postcard::serialize_with_flavor(value, Buffer { bytes, used: 0 })?)
}

/// What postcard writes to. (Its own `Slice` copies every few bytes by a call of memmove,
/// which costs more than the bytes.)
struct Buffer<'a> {
    bytes: &'a mut [u8],
    used: usize,
}

impl Flavor for Buffer<'_> {
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
        let space = self.bytes.get_mut(self.used..self.used + bytes.len());
        space.ok_or(postcard::Error::SerializeBufferFull)?.copy_from_slice(bytes);
        self.used += bytes.len();
        Ok(())
    }

    #[inline]
    fn finalize(self) -> postcard::Result<usize> {
        Ok(self.used)
    }
}
