//! The messages, which both processes can compute.

/// Messages without end, of random lengths up to the capacity and random content, the
/// same for the same seed.
pub fn messages(seed: u64, capacity: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut state = seed | 1;
    let mut random = move || {
        // Xorshift: simple, and fast enough to keep the ring busy.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let sizes = u64::from(usize::BITS - capacity.leading_zeros()) + 1;
    std::iter::from_fn(move || {
        // Short ones more often than long ones.
        let length = (random() % (1 << (random() % sizes))) as usize;
        let first = random();
        let byte = |place: usize| (first >> (place % 7 * 8)) as u8 ^ place as u8;
        Some((0..length.min(capacity)).map(byte).collect())
    })
}
