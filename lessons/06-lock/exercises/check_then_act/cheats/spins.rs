use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;

/// Computes each value once, but a thread that waits for it burns a CPU.
pub struct Cache {
    values: Mutex<HashMap<u32, Option<u64>>>,
}

impl Cache {
    pub fn new() -> Cache {
        Cache { values: Mutex::new(HashMap::new()) }
    }

    pub fn get(&self, key: u32, compute: impl FnOnce() -> u64) -> u64 {
        loop {
            let mut values = self.values.lock().unwrap();
            match values.get(&key) {
                Some(Some(value)) => return *value,
                Some(None) => {}
                None => {
                    values.insert(key, None);
                    break;
                }
            }
            drop(values);
            thread::yield_now();
        }
        let value = compute();
        self.values.lock().unwrap().insert(key, Some(value));
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
