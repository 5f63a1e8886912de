//! Types that serde does not write and read alike, or whose code panics. What goes wrong with
//! such a value is an error of its task; all others are right.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::panic_any;
use std::sync::Mutex;

use process_pool::{Function, ProcessPool, TaskError};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::tasks::{ADD_ONE, pool};

/// Runs a function on odd arguments among sound tasks, in chunks of several sizes, all of it on
/// one worker: each argument has such a result, and nothing else is different.
fn among_others<A, R>(
    function: &Function<A, R>,
    arguments: impl Fn() -> Vec<A>,
    is_right: impl Fn(usize, Result<R, TaskError>) -> bool,
) where
    A: Serialize + 'static,
    R: DeserializeOwned + 'static,
{
    let pool = ProcessPool::with_workers(crate::tasks::TASKS, 1).unwrap();
    let worker = pool.pids();
    for chunk_size in [1, 2, 3, 7] {
        let before: Vec<_> = (0..3).map(|n| pool.apply_async(&ADD_ONE, n).unwrap()).collect();
        let odd = pool.map(function, arguments(), Some(chunk_size)).unwrap();
        let after = pool.map(&ADD_ONE, 10..20, Some(chunk_size)).unwrap();
        for (number, result) in odd.into_iter().enumerate() {
            assert!(is_right(number, result), "argument {number}, in chunks of {chunk_size}");
        }
        assert!(before.into_iter().map(|handle| handle.wait()).eq((1..4).map(Ok)));
        assert!(after.into_iter().eq((11..21).map(Ok)), "in chunks of {chunk_size}");
    }
    assert_eq!(pool.pids(), worker, "no worker died of it");
}

fn is_unreadable<R>(result: &Result<R, TaskError>, why: &str) -> bool {
    matches!(result, Err(TaskError::Unreadable(text)) if text.starts_with(why))
}

/// Is read back as another type than it is written as.
#[derive(Debug, Clone, PartialEq)]
pub struct OneSided;

impl Serialize for OneSided {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("not a number")
    }
}

impl<'de> Deserialize<'de> for OneSided {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(bool::deserialize(deserializer)?))
    }
}

pub static ONE_SIDED: Function<u64, OneSided> = Function::new("one_sided", |_| OneSided);

/// Leaves out what the reader expects.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Skipped {
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<u8>,
    value: u8,
}

pub static SKIPPED: Function<u8, Skipped> =
    Function::new("skipped", |value| Skipped { note: None, value });

/// Writes what the reader does not expect.
#[derive(Debug, Serialize, Deserialize)]
pub struct Unread {
    #[serde(skip_deserializing)]
    cached: u8,
    key: u8,
}

pub static UNREAD: Function<Unread, u8> = Function::new("unread", |entry| entry.key);

pub static ANY: Function<Value, usize> = Function::new("any", |value| value.to_string().len());
pub static ANY_BACK: Function<u8, Value> = Function::new("any_back", Value::from);

/// serde has to know the fields' names and the number of fields to read these.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Flat {
    #[serde(flatten)]
    fields: BTreeMap<String, u8>,
}

pub static FLAT: Function<u8, Flat> =
    Function::new("flat", |n| Flat { fields: BTreeMap::from([("field".to_owned(), n)]) });

pub static NOTHING: Function<(), ()> = Function::new("nothing", |()| ());

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    Number(u64),
    Text(Cow<'static, str>),
}

pub static TEXT: Function<Text, u8> = Function::new("text", |_| 1);
pub static TEXT_BACK: Function<u8, Text> = Function::new("text_back", |_| Text::Text("a".into()));

/// Of many lengths, some of them like the beginning of another value.
pub static LISTS: Function<Vec<u64>, Vec<u64>> = Function::new("lists", |list| list);

pub fn unreadable() {
    among_others(
        &ONE_SIDED,
        || vec![1; 7],
        |_, result| is_unreadable(&result, "its result cannot be read: "),
    );
    let bytes = || (0..=255).collect::<Vec<u8>>();
    // Its own bytes may happen to be those of a value, but those of the next are not.
    among_others(&SKIPPED, bytes, |_, result| {
        is_unreadable(&result, "its result cannot be read: ")
    });
    among_others(&FLAT, || vec![1; 7], |_, result| result.is_err());
    among_others(
        &UNREAD,
        || (0..20).map(|n| Unread { cached: n, key: n + 1 }).collect(),
        |_, result| is_unreadable(&result, "its argument cannot be read: it ends before"),
    );
    let any = || vec![Value::Null, Value::from(1), Value::from("text"), Value::from(vec![1, 2])];
    among_others(&ANY, any, |_, result| is_unreadable(&result, "its argument cannot be "));
    among_others(&ANY_BACK, bytes, |_, result| is_unreadable(&result, "its result cannot be "));
    among_others(
        &TEXT,
        || vec![Text::Number(1), Text::Text("text".into())],
        |_, result| is_unreadable(&result, "its argument cannot be "),
    );
    among_others(&TEXT_BACK, bytes, |_, result| is_unreadable(&result, "its result cannot be "));
}

pub fn of_any_size() {
    among_others(&NOTHING, || vec![(); 20], |_, result| result == Ok(()));
    let lists: Vec<Vec<u64>> = (0..40).map(|n| vec![1 << n; n * 7]).collect();
    among_others(&LISTS, || lists.clone(), |n, result| result.as_ref() == Ok(&lists[n]));
}

/// A list that is dropped without recursion, so it can be as long as memory permits.
#[derive(Serialize, Deserialize)]
pub struct List {
    next: Option<Box<List>>,
    value: u8,
}

impl List {
    fn new(length: usize) -> Self {
        let end = List { next: None, value: 0 };
        (1..length).fold(end, |list, _| List { next: Some(Box::new(list)), value: 1 })
    }

    fn length(&self) -> usize {
        let mut list = self;
        let mut length = 1;
        while let Some(next) = &list.next {
            (list, length) = (next, length + 1);
        }
        length
    }
}

impl Drop for List {
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut list) = next {
            next = list.next.take();
        }
    }
}

pub static DEEP: Function<List, usize> = Function::new("deep", |list| list.length());
pub static DEEP_BACK: Function<usize, List> = Function::new("deep_back", List::new);

pub fn deeply_nested() {
    const LENGTHS: [usize; 5] = [1, 1000, 30_000, 100_000, 1_000_000];
    // As much as the stacks permit, and that is more in the worker than in this thread, the
    // usual one of Rust.
    let in_a_thread = || {
        let is_deep = |result: &Result<(), TaskError>| matches!(result, Err(TaskError::Unreadable(why)) if why.contains("nested too deeply"));
        let right = |length: usize, result: Result<usize, TaskError>| match result {
            Ok(same) => same == length,
            Err(why) => length > 1000 && is_deep(&Err(why)),
        };
        among_others(
            &DEEP,
            || LENGTHS.map(List::new).into(),
            |n, result| right(LENGTHS[n], result),
        );
        among_others(
            &DEEP_BACK,
            || LENGTHS.into(),
            |n, result| right(LENGTHS[n], result.map(|list| list.length())),
        );
    };
    in_a_thread();
    std::thread::spawn(in_a_thread).join().unwrap();
}

/// Panics, but only where it is told to.
#[derive(Debug, PartialEq)]
pub struct Touchy(pub &'static str);

const PLACES: [&str; 4] = ["nowhere", "written", "read", "dropped"];

impl Serialize for Touchy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert_ne!(self.0, "written");
        let place = PLACES.iter().position(|place| *place == self.0);
        (place.unwrap() as u64).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Touchy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let place = PLACES[u64::deserialize(deserializer)? as usize];
        assert_ne!(place, "read");
        // Only one of the two values that there are of it.
        Ok(Self(if place == "dropped" { "nowhere" } else { place }))
    }
}

impl Drop for Touchy {
    fn drop(&mut self) {
        assert_ne!(self.0, "dropped");
    }
}

pub static TOUCHY: Function<Touchy, u8> = Function::new("touchy", |_| 1);
pub static TOUCHY_BACK: Function<usize, Touchy> =
    Function::new("touchy_back", |place| Touchy(PLACES[place]));

/// What it panics with panics when it is dropped.
pub static DROP_PAYLOAD: Function<u8, u8> = Function::new("drop_payload", |_| {
    struct Payload(u8);
    impl Drop for Payload {
        fn drop(&mut self) {
            if self.0 > 0 {
                panic_any(Payload(self.0 - 1));
            }
        }
    }
    panic_any(Payload(3))
});

pub fn panic_in_a_conversion() {
    let is_right = |n: usize, result: Result<(), TaskError>| match result {
        Ok(()) => PLACES[n] == "nowhere",
        Err(TaskError::Panicked(what)) => n > 0 && what.contains(PLACES[n]),
        Err(_) => false,
    };
    // Those that happen here are printed, as Rust does it.
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    among_others(&TOUCHY, || PLACES.map(Touchy).into(), |n, result| is_right(n, result.map(drop)));
    among_others(
        &TOUCHY_BACK,
        || (0..PLACES.len()).collect(),
        |n, result| is_right(n, result.map(drop)),
    );
    std::panic::set_hook(print);
    among_others(
        &DROP_PAYLOAD,
        || vec![1; 7],
        |_, result| matches!(result, Err(TaskError::Panicked(what)) if what.contains("types.rs:")),
    );
}

static GATE: Mutex<()> = Mutex::new(());

/// Cannot be read while somebody holds the gate.
#[derive(Debug, PartialEq, Serialize)]
pub struct Slow(u64);

impl<'de> Deserialize<'de> for Slow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let _gate = GATE.lock().unwrap();
        u64::deserialize(deserializer).map(Self)
    }
}

pub static SLOW: Function<u64, Slow> = Function::new("slow", Slow);

pub fn slow_to_read() {
    let pool = pool();
    let gate = GATE.lock().unwrap();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| pool.apply(&SLOW, 7));
        for number in 0..100 {
            assert_eq!(pool.apply(&ADD_ONE, number), Ok(number + 1));
        }
        drop(gate);
        assert_eq!(slow.join().unwrap(), Ok(Slow(7)));
    });
}
