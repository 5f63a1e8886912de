use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;

/// Each key has a lock, but the look is before it.
pub struct Cache {
    values: Mutex<HashMap<u32, u64>>,
    slots: Mutex<HashMap<u32, Arc<Mutex<()>>>>,
}

impl Cache {
    pub fn new() -> Cache {
        Cache { values: Mutex::default(), slots: Mutex::default() }
    }

    pub fn get(&self, key: u32, compute: impl FnOnce() -> u64) -> u64 {
        let slot = Arc::clone(self.slots.lock().unwrap().entry(key).or_default());
        let found = self.values.lock().unwrap().get(&key).copied();
        let _guard = slot.lock().unwrap();
        let value = found.unwrap_or_else(compute);
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
