use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;

pub struct Cache {
    slots: Mutex<HashMap<u32, Arc<Mutex<Option<u64>>>>>,
}

impl Cache {
    pub fn new() -> Cache {
        Cache { slots: Mutex::new(HashMap::new()) }
    }

    /// The value of the key; `compute` makes it if it is not there yet.
    pub fn get(&self, key: u32, compute: impl FnOnce() -> u64) -> u64 {
        let slot = Arc::clone(self.slots.lock().unwrap().entry(key).or_default());
        let mut value = slot.lock().unwrap();
        *value.get_or_insert_with(compute)
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
