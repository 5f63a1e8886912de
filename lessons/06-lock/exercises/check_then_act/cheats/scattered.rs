use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::thread;

/// Locks of a fixed number for all keys, which are scattered: some keys keep each other waiting.
pub struct Cache {
    shards: [Mutex<HashMap<u32, u64>>; 64],
}

impl Cache {
    pub fn new() -> Cache {
        Cache { shards: [(); 64].map(|()| Mutex::new(HashMap::new())) }
    }

    pub fn get(&self, key: u32, compute: impl FnOnce() -> u64) -> u64 {
        let mut shard = self.shards[place(key)].lock().unwrap();
        *shard.entry(key).or_insert_with(compute)
    }
}

/// In which shard the key is.
fn place(key: u32) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    (hasher.finish() % 64) as usize
}

pub fn main() {
    let cache = Arc::new(Cache::new());
    let threads = [7, 8, 7].map(|key| {
        let cache = Arc::clone(&cache);
        thread::spawn(move || {
            let value = cache.get(key, || {
                println!("computing the square of {key}");
                u64::from(key * key)
            });
            println!("{key}: {value}");
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}
