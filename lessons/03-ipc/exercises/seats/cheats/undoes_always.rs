use std::io::{Read, Write};
use std::num::NonZero;
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Puts back each seat that it takes, so there is always one left.
pub fn main() {
    let number = |at| std::env::args().nth(at).and_then(|word| word.parse::<usize>().ok());
    let seats = number(1).unwrap_or(1000) as u64;
    let nights = shared_counters(number(2).unwrap_or(10));
    // A pipe that goes both ways.
    let (one, other) = UnixStream::pair().expect("socketpair");
    let children = [(1, one), (2, other)].map(|(name, colleague)| {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                sell(name, colleague, nights, seats);
                exit(0);
            }
            ForkResult::Parent { child } => child,
        }
    });
    for child in children {
        waitpid(child, None).expect("waitpid");
    }
}

/// Sells seats for each night, until there are none left, and prints how many it has sold.
fn sell(name: u32, mut colleague: UnixStream, nights: &[AtomicU64], seats: u64) {
    let mut total = 0;
    for next in nights {
        let mut sold = 0;
        while take_seat(next, seats) {
            sold += 1;
            if sold == seats / 4 {
                // Both are at work now: each waits for the other.
                colleague.write_all(b"!").expect("write");
                colleague.read_exact(&mut [0]).expect("read");
            }
        }
        total += sold;
    }
    println!("child {name} has sold {total} seats");
}

/// Takes the next seat; returns `false` if there is none left. They have the numbers from 0.
fn take_seat(next: &AtomicU64, seats: u64) -> bool {
    let is_free = next.fetch_add(1, Relaxed) < seats;
    next.fetch_sub(1, Relaxed);
    is_free
}

/// Counters that this process and its children share. Each is 0.
fn shared_counters(count: usize) -> &'static [AtomicU64] {
    let size = NonZero::new(8 * count).expect("a counter");
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: the kernel chooses a place where nothing else is, and the memory stays there.
    let memory = unsafe { mmap_anonymous(None, size, access, MapFlags::MAP_SHARED) };
    // SAFETY: there is room for `count` counters, and zero bytes are a counter that is 0.
    unsafe { std::slice::from_raw_parts(memory.expect("mmap").as_ptr().cast(), count) }
}
