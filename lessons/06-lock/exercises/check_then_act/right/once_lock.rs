use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

pub struct Cache {
    slots: Mutex<HashMap<u32, Arc<OnceLock<u64>>>>,
}

impl Cache {
    pub fn new() -> Cache {
        Cache { slots: Mutex::default() }
    }

    pub fn get(&self, key: u32, compute: impl FnOnce() -> u64) -> u64 {
        let slot = self.slots.lock().unwrap().entry(key).or_default().clone();
        *slot.get_or_init(compute)
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
