//! Variables whose operations are each one step: [`std::sync::atomic`].
//!
//! Every [`Ordering`] is accepted and means `SeqCst`: all threads see all stores in one order.
//! What a weaker one would permit is not tried.

use std::fmt::{self, Debug};
use std::panic::Location;
use std::sync::Mutex;

pub use std::sync::atomic::Ordering;

use crate::engine::{self, Handle, step};
use crate::execution::Object;
use crate::op::Op;

/// Does nothing: every operation is ordered already.
pub fn fence(order: Ordering) {
    std::sync::atomic::fence(order);
}

/// A variable that is read, or written, or both, in one step.
pub(crate) struct Variable<T> {
    handle: Handle,
    value: Mutex<T>,
}

impl<T: Copy + PartialEq + Debug> Variable<T> {
    pub fn new(handle: Handle, value: T) -> Self {
        Self { handle, value: Mutex::new(value) }
    }

    #[track_caller]
    pub fn at_caller(value: T) -> Self {
        let at = Location::caller();
        Self::new(engine::add_object_at(at, "atomic", Object::Variable), value)
    }

    #[track_caller]
    pub fn load(&self) -> T {
        step(
            Op::Read(self.handle.id()),
            |_, _| *engine::lock(&self.value),
            |value| format!("load {}: {value:?}", self.handle.name),
        )
    }

    /// Writes it; `change` makes the new value from the old one, if there is to be one. Returns
    /// the old one.
    #[track_caller]
    pub fn update(&self, what: &str, change: impl FnOnce(T) -> Option<T>) -> T {
        let id = self.handle.id();
        let (old, _) = step(
            Op::Write(id),
            |execution, me| {
                let mut value = engine::lock(&self.value);
                let old = *value;
                if let Some(new) = change(old).filter(|&new| new != old) {
                    *value = new;
                    execution.change(id, me);
                }
                (old, *value)
            },
            |(_, value)| format!("{what} {}: {value:?}", self.handle.name),
        );
        old
    }

    #[track_caller]
    pub fn compare_exchange(&self, expected: T, new: T) -> Result<T, T> {
        let id = self.handle.id();
        step(
            Op::Write(id),
            |execution, me| {
                let mut value = engine::lock(&self.value);
                let old = *value;
                if old != expected {
                    return Err(old);
                }
                if new != old {
                    *value = new;
                    execution.change(id, me);
                }
                Ok(old)
            },
            |result| match result {
                Ok(_) => format!("compare_exchange {}: {new:?}", self.handle.name),
                Err(found) => {
                    format!("compare_exchange {}: no ({found:?})", self.handle.name)
                }
            },
        )
    }

    pub fn into_inner(self) -> T {
        self.value.into_inner().expect("no panic leaves a step")
    }

    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut().expect("no panic leaves a step")
    }
}

impl<T> Debug for Variable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.handle.name)
    }
}

/// The types, with what all of them have.
macro_rules! atomics {
    ($($(#[$doc:meta])* $name:ident($value:ty);)*) => { $(
        $(#[$doc])*
        pub struct $name(Variable<$value>);

        impl $name {
            /// A variable with this value.
            #[track_caller]
            pub fn new(value: $value) -> Self {
                Self(Variable::at_caller(value))
            }

            /// Reads it: a step.
            #[track_caller]
            pub fn load(&self, _: Ordering) -> $value {
                self.0.load()
            }

            /// Writes it: a step.
            #[track_caller]
            pub fn store(&self, value: $value, _: Ordering) {
                self.0.update("store", |_| Some(value));
            }

            /// Writes it, and returns the value before: a step.
            #[track_caller]
            pub fn swap(&self, value: $value, _: Ordering) -> $value {
                self.0.update("swap", |_| Some(value))
            }

            /// Writes it if it has the expected value: a step. Returns the value before.
            ///
            /// # Errors
            /// The value, if it is not the expected one.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                expected: $value,
                new: $value,
                _: Ordering,
                _: Ordering,
            ) -> Result<$value, $value> {
                self.0.compare_exchange(expected, new)
            }

            /// The same: it fails only if the value is not the expected one.
            ///
            /// # Errors
            /// The value, if it is not the expected one.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                expected: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(expected, new, success, failure)
            }

            /// Reads it, and tries to write what `change` returns until no other thread has
            /// written in between: two steps each time, as in std.
            ///
            /// # Errors
            /// The value, if `change` returns `None`.
            #[track_caller]
            pub fn fetch_update<F: FnMut($value) -> Option<$value>>(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut change: F,
            ) -> Result<$value, $value> {
                let mut old = self.load(fetch_order);
                while let Some(new) = change(old) {
                    match self.compare_exchange_weak(old, new, set_order, fetch_order) {
                        Ok(old) => return Ok(old),
                        Err(other) => old = other,
                    }
                }
                Err(old)
            }

            /// The same, by the name that it has since Rust 1.95.
            ///
            /// # Errors
            /// The value, if `change` returns `None`.
            #[track_caller]
            pub fn try_update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                change: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                self.fetch_update(set_order, fetch_order, change)
            }

            /// Like [`try_update`](Self::try_update), where `change` always returns a value.
            #[track_caller]
            pub fn update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut change: impl FnMut($value) -> $value,
            ) -> $value {
                let old = self.fetch_update(set_order, fetch_order, |old| Some(change(old)));
                old.unwrap_or_else(|old| old)
            }

            /// Returns the value.
            pub fn into_inner(self) -> $value {
                self.0.into_inner()
            }

            /// The value.
            pub fn get_mut(&mut self) -> &mut $value {
                self.0.get_mut()
            }
        }

        impl From<$value> for $name {
            #[track_caller]
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }

        impl Default for $name {
            #[track_caller]
            fn default() -> Self {
                Self::new(<$value>::default())
            }
        }

        impl Debug for $name {
            /// Reads it: a step.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.load().fmt(f)
            }
        }
    )* };
}

/// Changes that read and write in one step, and return the value before.
macro_rules! fetch {
    ($name:ident($value:ty): $($(#[$doc:meta])* $method:ident($old:ident, $operand:ident) $new:expr;)*) => {
        impl $name { $(
            $(#[$doc])*
            #[track_caller]
            pub fn $method(&self, $operand: $value, _: Ordering) -> $value {
                self.0.update(stringify!($method), |$old| Some($new))
            }
        )* }
    };
}

macro_rules! integers {
    ($($(#[$doc:meta])* $name:ident($value:ty);)*) => { $(
        atomics! { $(#[$doc])* $name($value); }

        fetch! { $name($value):
            /// Adds to it, and wraps around: a step. Returns the value before.
            fetch_add(old, n) old.wrapping_add(n);
            /// Subtracts from it, and wraps around: a step. Returns the value before.
            fetch_sub(old, n) old.wrapping_sub(n);
            /// Sets it to its maximum with `n`: a step. Returns the value before.
            fetch_max(old, n) old.max(n);
            /// Sets it to its minimum with `n`: a step. Returns the value before.
            fetch_min(old, n) old.min(n);
            /// Bitwise and: a step. Returns the value before.
            fetch_and(old, n) old & n;
            /// Bitwise nand: a step. Returns the value before.
            fetch_nand(old, n) !(old & n);
            /// Bitwise or: a step. Returns the value before.
            fetch_or(old, n) old | n;
            /// Bitwise exclusive or: a step. Returns the value before.
            fetch_xor(old, n) old ^ n;
        }
    )* };
}

integers! {
    /// An `i8`: [`std::sync::atomic::AtomicI8`].
    AtomicI8(i8);
    /// An `i16`: [`std::sync::atomic::AtomicI16`].
    AtomicI16(i16);
    /// An `i32`: [`std::sync::atomic::AtomicI32`].
    AtomicI32(i32);
    /// An `i64`: [`std::sync::atomic::AtomicI64`].
    AtomicI64(i64);
    /// A `u8`: [`std::sync::atomic::AtomicU8`].
    AtomicU8(u8);
    /// A `u16`: [`std::sync::atomic::AtomicU16`].
    AtomicU16(u16);
    /// A `u32`: [`std::sync::atomic::AtomicU32`].
    AtomicU32(u32);
    /// A `u64`: [`std::sync::atomic::AtomicU64`].
    AtomicU64(u64);
    /// A `usize`: [`std::sync::atomic::AtomicUsize`].
    AtomicUsize(usize);
    /// An `isize`: [`std::sync::atomic::AtomicIsize`].
    AtomicIsize(isize);
}

atomics! {
    /// A `bool`: [`std::sync::atomic::AtomicBool`].
    AtomicBool(bool);
}

fetch! { AtomicBool(bool):
    /// Logical and: a step. Returns the value before.
    fetch_and(old, n) old & n;
    /// Logical nand: a step. Returns the value before.
    fetch_nand(old, n) !(old & n);
    /// Logical or: a step. Returns the value before.
    fetch_or(old, n) old | n;
    /// Logical exclusive or: a step. Returns the value before.
    fetch_xor(old, n) old ^ n;
}

impl AtomicBool {
    /// Logical not: a step. Returns the value before.
    #[track_caller]
    pub fn fetch_not(&self, _: Ordering) -> bool {
        self.0.update("fetch_not", |old| Some(!old))
    }
}
