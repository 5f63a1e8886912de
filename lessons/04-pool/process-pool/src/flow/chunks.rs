//! Which chunks the reader may begin.

use super::atomic::AtomicU64;
use super::atomic::Ordering::{AcqRel, Acquire, SeqCst};

/// How many chunks the reader may begin, and how many it has begun: in one word, so that a chunk
/// is either begun or revoked. All zero at first.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Chunks(AtomicU64);

/// Both modulo 2³².
struct Counts {
    allowed: u32,
    begun: u32,
}

impl Counts {
    fn from_word(word: u64) -> Self {
        Self { allowed: (word >> 32) as u32, begun: word as u32 }
    }

    fn to_word(&self) -> u64 {
        u64::from(self.allowed) << 32 | u64::from(self.begun)
    }
}

impl Chunks {
    /// For the writer, after it has written one: lets the reader begin one more.
    pub fn allow(&self) {
        self.0.fetch_add(1 << 32, AcqRel);
    }

    /// For the writer: revokes those that the reader has not begun, and returns how many.
    pub fn revoke(&self) -> usize {
        let before = self.0.fetch_update(AcqRel, Acquire, |word| {
            let Counts { begun, .. } = Counts::from_word(word);
            Some(Counts { allowed: begun, begun }.to_word())
        });
        let Counts { allowed, begun } =
            before.map(Counts::from_word).expect("the closure always returns a word");
        allowed.wrapping_sub(begun) as usize
    }

    /// For the reader: begins the next one; false if none is allowed.
    pub fn begin(&self) -> bool {
        let begun = self.0.fetch_update(SeqCst, SeqCst, |word| {
            let Counts { allowed, begun } = Counts::from_word(word);
            (allowed != begun).then(|| Counts { allowed, begun: begun.wrapping_add(1) }.to_word())
        });
        begun.is_ok()
    }

    /// How many the reader has begun, modulo 2³².
    pub fn begun(&self) -> u32 {
        Counts::from_word(self.0.load(Acquire)).begun
    }
}
