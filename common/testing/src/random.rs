//! Random numbers for tests, the same in each run.

/// A generator of random numbers: xorshift64*, from Vigna, "An experimental exploration
/// of Marsaglia's xorshift generators, scrambled" (2016).
pub struct Random(u64);

impl Random {
    /// A generator that starts from `seed`.
    ///
    /// # Panics
    /// If `seed` is 0, from which the numbers would all be 0.
    pub fn new(seed: u64) -> Random {
        assert_ne!(seed, 0);
        Random(seed)
    }

    /// The next number below `limit`. The low ones are the likelier, by less than
    /// `limit` in 2^64.
    ///
    /// # Panics
    /// If `limit` is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % limit
    }

    /// Puts the items into a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    /// A text of up to `most` characters, each one of `letters`.
    ///
    /// # Panics
    /// If `letters` is empty.
    pub fn text(&mut self, letters: &str, most: u64) -> String {
        let letters: Vec<char> = letters.chars().collect();
        let length = self.below(most + 1);
        (0..length).map(|_| letters[self.below(letters.len() as u64) as usize]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_below_the_limit_and_each_one_comes() {
        let mut random = Random::new(1);
        let mut counts = [0; 10];
        (0..1000).for_each(|_| counts[random.below(10) as usize] += 1);
        assert!(counts.iter().all(|count| (50..150).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_shuffle_keeps_the_items_and_gives_every_order() {
        let mut random = Random::new(1);
        let mut orders: Vec<[u8; 3]> = (0..200)
            .map(|_| {
                let mut items = [1, 2, 3];
                random.shuffle(&mut items);
                items
            })
            .collect();
        orders.sort_unstable();
        orders.dedup();
        assert_eq!(orders, [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]]);
    }
}
