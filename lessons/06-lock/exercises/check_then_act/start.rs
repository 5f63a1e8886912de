use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;

pub struct Cache {
    values: Mutex<HashMap<u32, u64>>,
}

impl Cache {
    pub fn new() -> Cache {
        Cache { values: Mutex::new(HashMap::new()) }
    }

    /// The value of the key; `compute` makes it if it is not there yet.
    pub fn get(&self, key: u32, compute: impl FnOnce() -> u64) -> u64 {
        // Not right yet: two threads can find nothing, and both compute the value.
        let found = self.values.lock().unwrap().get(&key).copied();
        if let Some(value) = found {
            return value;
        }
        let value = compute();
        self.values.lock().unwrap().insert(key, value);
        value
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
