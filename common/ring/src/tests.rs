//! Both ends in one process. What two processes do is in `tests/ring.rs`.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use proptest::prelude::*;

use super::*;

fn ends(capacity: usize) -> (Sender, Receiver) {
    ring(capacity).unwrap()
}

fn received(receiver: &mut Receiver) -> Vec<u8> {
    let mut message = vec![1, 2, 3];
    receiver.recv(&mut message).unwrap();
    message
}

#[test]
fn messages_come_as_they_were_sent() {
    let (mut sender, mut receiver) = ends(100);
    sender.send(b"pear").unwrap();
    sender.send(b"").unwrap();
    sender.send_parts(&[b"pl", b"", b"um"]).unwrap();
    assert!(sender.try_send(&[7; 100]).unwrap());
    assert_eq!(received(&mut receiver), b"pear");
    assert_eq!(received(&mut receiver), b"");
    assert_eq!(receiver.recv_with(<[u8]>::to_vec), Ok(b"plum".to_vec()));
    assert_eq!(received(&mut receiver), [7; 100]);
}

#[test]
fn what_is_too_long_is_refused_and_says_so() {
    let (mut sender, mut receiver) = ends(10);
    assert_eq!(sender.capacity(), 10);
    let refused = Err(Error::TooLong { length: 11, capacity: 10 });
    assert_eq!(sender.send(&[0; 11]), refused);
    assert_eq!(sender.send_parts(&[&[0; 5], &[0; 6]]), refused);
    assert_eq!(
        sender.try_send(&[0; 11]).unwrap_err().to_string(),
        "a message of 11 bytes: the ring's capacity is 10"
    );
    sender.send(&[5; 10]).unwrap();
    assert_eq!(received(&mut receiver), [5; 10]);
    assert!(ring(usize::MAX).is_err());
}

#[test]
fn who_tries_does_not_wait() {
    let (mut sender, mut receiver) = ends(1000);
    let mut message = Vec::new();
    assert_eq!(receiver.try_recv(&mut message), Ok(false));
    let mut sent = 0;
    while sender.try_send(&[sent; 1000]).unwrap() {
        sent += 1;
    }
    // Of 4096 bytes, 1008 for each.
    assert_eq!(sent, 4);
    for number in 0..sent {
        assert_eq!(receiver.try_recv(&mut message), Ok(true));
        assert_eq!(message, [number; 1000]);
    }
    assert_eq!(receiver.try_recv(&mut message), Ok(false));
}

#[test]
fn an_end_that_is_dropped_is_the_end_for_the_other() {
    let (mut sender, mut receiver) = ends(100);
    sender.send(b"last").unwrap();
    drop(sender);
    let mut message = Vec::new();
    assert_eq!(receiver.recv(&mut message), Ok(()));
    assert_eq!(receiver.recv(&mut message), Err(Error::Gone));
    assert_eq!(receiver.try_recv(&mut message), Err(Error::Gone));
    assert_eq!(message, b"last");

    let (mut sender, receiver) = ends(100);
    drop(receiver);
    assert_eq!(sender.send(b"for nobody"), Err(Error::Gone));
    assert_eq!(sender.try_send(b"for nobody"), Err(Error::Gone));
}

#[test]
fn a_sleeper_is_woken_when_the_other_end_is_dropped() {
    let (sender, mut receiver) = ends(100);
    let sleeping = thread::spawn(move || receiver.recv(&mut Vec::new()));
    thread::sleep(Duration::from_millis(5));
    drop(sender);
    assert_eq!(sleeping.join().unwrap(), Err(Error::Gone));

    let (mut sender, receiver) = ends(4000);
    let sleeping = thread::spawn(move || (0..3).try_for_each(|_| sender.send(&[0; 4000])));
    thread::sleep(Duration::from_millis(5));
    drop(receiver);
    assert_eq!(sleeping.join().unwrap(), Err(Error::Gone));
}

#[test]
fn a_copy_of_an_end_that_is_dropped_is_not_the_end() {
    let (mut sender, receiver) = ends(100);
    // As after a fork: two processes have it, and one drops it.
    let memory = receiver.into_fds().unwrap();
    let copy = Fds {
        memory: memory.memory.try_clone().unwrap(),
        lifeline: memory.lifeline.try_clone().unwrap(),
    };
    drop(Receiver::from_fds(copy).unwrap());
    sender.send(b"pear").unwrap();
    let mut receiver = Receiver::from_fds(memory).unwrap();
    assert_eq!(received(&mut receiver), b"pear");
    drop(receiver);
    assert_eq!(sender.send(b"plum"), Err(Error::Gone));
}

#[test]
fn an_end_goes_on_where_it_was_given_away() {
    let (mut sender, mut receiver) = ends(100);
    sender.send(b"one").unwrap();
    sender.send(b"two").unwrap();
    assert_eq!(received(&mut receiver), b"one");
    let mut receiver = Receiver::from_fds(receiver.into_fds().unwrap()).unwrap();
    let mut sender = Sender::from_fds(sender.into_fds().unwrap()).unwrap();
    assert_eq!(sender.capacity(), 100);
    sender.send(b"three").unwrap();
    assert_eq!(received(&mut receiver), b"two");
    assert_eq!(received(&mut receiver), b"three");
}

#[test]
fn a_message_that_was_looked_at_in_vain_stays() {
    let (mut sender, mut receiver) = ends(100);
    sender.send(b"pear").unwrap();
    let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        receiver.recv_with(|_| std::panic::resume_unwind(Box::new(())))
    }));
    assert!(looked.is_err());
    assert_eq!(received(&mut receiver), b"pear");
}

#[test]
fn what_is_no_ring_is_refused() {
    let refused = |memory: OwnedFd, lifeline: OwnedFd| {
        Receiver::from_fds(Fds { memory, lifeline }).unwrap_err().to_string()
    };
    let socket = || OwnedFd::from(UnixStream::pair().unwrap().0);
    let fds = || ends(100).1.into_fds().unwrap();

    let file = File::open("/proc/self/exe").unwrap();
    assert!(refused(file.into(), socket()).starts_with("no ring: "));
    assert!(refused(fds().lifeline, socket()).starts_with("no ring: "));
    let file = File::open("/dev/null").unwrap();
    assert_eq!(refused(fds().memory, file.into()), "the lifeline is no socket");

    let memory = |bytes: &[u8], seals| {
        let file = memfd_create(c"no ring", MFdFlags::MFD_ALLOW_SEALING).unwrap();
        File::from(file.try_clone().unwrap()).write_all(bytes).unwrap();
        fcntl(&file, FcntlArg::F_ADD_SEALS(seals)).unwrap();
        file
    };
    let all = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    assert_eq!(
        refused(memory(&[0; 8192], SealFlag::empty()), socket()),
        "no ring: its size may change"
    );
    assert_eq!(refused(memory(&[0; 8192], all), socket()), "no ring: it begins with 0x0");
    assert_eq!(refused(memory(&[0; 5000], all), socket()), "no ring: a file of 5000 bytes");
    assert_eq!(refused(memory(&[], all), socket()), "no ring: a file of 0 bytes");
}

/// What was published and consumed, in steps as an honest process takes them; the first
/// is ahead by so many.
fn steps(ahead: std::ops::Range<u64>) -> impl Strategy<Value = [u64; 2]> {
    (0..2000_u64, ahead).prop_map(|(consumed, ahead)| [8 * (consumed + ahead), 8 * consumed])
}

proptest! {
    /// Whatever another process leaves in the memory: it is refused, or taken for a
    /// message, but nothing outside the ring is read, and nobody panics.
    #[test]
    fn nonsense_in_the_memory_is_no_more_than_an_error(
        counters in prop_oneof![any::<[u64; 2]>(), steps(0..513), steps(0..520)],
        length in prop_oneof![any::<u64>(), Just(u64::MAX), 3900..4100_u64, 0..5000_u64],
        opened_before in any::<bool>(),
    ) {
        let (mut sender, mut receiver) = ends(4000);
        let spoil = |file: File| {
            // After the header's two words, each counter on a line of 128 bytes.
            file.write_at(&counters[0].to_ne_bytes(), 128).unwrap();
            file.write_at(&counters[1].to_ne_bytes(), 256).unwrap();
            for place in (4096..8192).step_by(8) {
                file.write_at(&length.to_ne_bytes(), place).unwrap();
            }
        };
        if opened_before {
            spoil(File::from(receiver.memory.file().unwrap()));
        } else {
            let (to, from) = (sender.into_fds().unwrap(), receiver.into_fds().unwrap());
            spoil(File::from(to.memory.try_clone().unwrap()));
            let (Ok(to), Ok(from)) = (Sender::from_fds(to), Receiver::from_fds(from)) else {
                return Ok(());
            };
            (sender, receiver) = (to, from);
        }
        let mut message = Vec::new();
        for _ in 0..3 {
            let came = receiver.try_recv(&mut message);
            prop_assert!(matches!(came, Ok(_) | Err(Error::Broken(_))), "{came:?}");
            let went = sender.try_send(&[1; 4000]);
            prop_assert!(matches!(went, Ok(_) | Err(Error::Broken(_))), "{went:?}");
        }
    }
}

#[test]
fn two_threads_pass_on_what_does_not_fit_at_once() {
    let (mut sender, mut receiver) = ends(3000);
    let sending = thread::spawn(move || {
        for number in 0..2000_u32 {
            sender.send(&vec![number as u8; number as usize]).unwrap();
        }
    });
    let mut message = Vec::new();
    for number in 0..2000_u32 {
        receiver.recv(&mut message).unwrap();
        assert_eq!(message, vec![number as u8; number as usize]);
    }
    assert_eq!(receiver.recv(&mut message), Err(Error::Gone));
    sending.join().unwrap();
}
