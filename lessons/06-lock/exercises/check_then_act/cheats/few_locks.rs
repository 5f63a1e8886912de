use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;

/// Sixteen locks for all keys: some keys keep each other waiting.
pub struct Cache {
    shards: [Mutex<HashMap<u32, u64>>; 16],
}

impl Cache {
    pub fn new() -> Cache {
        Cache { shards: [(); 16].map(|()| Mutex::new(HashMap::new())) }
    }

    pub fn get(&self, key: u32, compute: impl FnOnce() -> u64) -> u64 {
        let mut shard = self.shards[key as usize % 16].lock().unwrap();
        *shard.entry(key).or_insert_with(compute)
    }
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
