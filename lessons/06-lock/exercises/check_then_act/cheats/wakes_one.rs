use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Right for two threads, but wakes only one of those that wait.
pub struct Cache {
    values: Mutex<HashMap<u32, Option<u64>>>,
    computed: Condvar,
}

impl Cache {
    pub fn new() -> Cache {
        Cache { values: Mutex::new(HashMap::new()), computed: Condvar::new() }
    }

    pub fn get(&self, key: u32, compute: impl FnOnce() -> u64) -> u64 {
        let mut values = self.values.lock().unwrap();
        while values.get(&key) == Some(&None) {
            values = self.computed.wait(values).unwrap();
        }
        if let Some(Some(value)) = values.get(&key) {
            return *value;
        }
        values.insert(key, None);
        drop(values);
        let value = compute();
        self.values.lock().unwrap().insert(key, Some(value));
        self.computed.notify_one();
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
