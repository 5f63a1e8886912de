use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};
use std::thread;

pub struct Cache {
    slots: RwLock<HashMap<u32, Arc<Mutex<Option<u64>>>>>,
}

impl Cache {
    pub fn new() -> Cache {
        Cache { slots: RwLock::new(HashMap::new()) }
    }

    pub fn get(&self, key: u32, compute: impl FnOnce() -> u64) -> u64 {
        let found = self.slots.read().unwrap().get(&key).cloned();
        // Another thread may have put it in since then.
        let slot = found.unwrap_or_else(|| self.put(key));
        let mut value = slot.lock().unwrap();
        if value.is_none() {
            *value = Some(compute());
        }
        value.unwrap()
    }

    fn put(&self, key: u32) -> Arc<Mutex<Option<u64>>> {
        Arc::clone(self.slots.write().unwrap().entry(key).or_default())
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
