use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;

/// Lets go of the map before it computes, but not before it waits for another's computation.
pub struct Cache {
    slots: Mutex<HashMap<u32, Arc<Mutex<Option<u64>>>>>,
}

impl Cache {
    pub fn new() -> Cache {
        Cache { slots: Mutex::new(HashMap::new()) }
    }

    pub fn get(&self, key: u32, compute: impl FnOnce() -> u64) -> u64 {
        let mut slots = self.slots.lock().unwrap();
        let slot = Arc::clone(slots.entry(key).or_default());
        let mut value = slot.lock().unwrap();
        drop(slots);
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
