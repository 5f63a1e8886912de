//! Both ends in one process. `tests/ring` has them in two.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::resource::{Resource, getrlimit};
use proptest::prelude::*;
use testing::{start, test};

use super::index::taken;
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
    sender.send(b"plum").unwrap();
    sender.send(&[7; 100]).unwrap();
    assert_eq!(received(&mut receiver), b"pear");
    assert_eq!(received(&mut receiver), b"");
    assert_eq!(receiver.recv_with(<[u8]>::to_vec), Ok(b"plum".to_vec()));
    assert_eq!(received(&mut receiver), [7; 100]);
}

#[test]
fn what_is_too_long_is_refused_and_says_so() {
    let (mut sender, mut receiver) = ends(10);
    assert_eq!(sender.capacity(), 10);
    let refused = sender.send(&[0; 11]).unwrap_err();
    assert_eq!(refused, Error::TooLong { length: 11, capacity: 10 });
    assert_eq!(refused.to_string(), "a message of 11 bytes: the ring's capacity is 10");
    sender.send(&[5; 10]).unwrap();
    assert_eq!(received(&mut receiver), [5; 10]);
    assert_eq!(ring(usize::MAX).unwrap_err(), Error::Capacity(usize::MAX));
}

#[test]
fn an_end_that_is_dropped_is_the_end_for_the_other() {
    let (mut sender, mut receiver) = ends(100);
    sender.send(b"last").unwrap();
    drop(sender);
    let mut message = Vec::new();
    assert_eq!(receiver.recv(&mut message), Ok(()));
    assert_eq!(receiver.recv(&mut message), Err(Error::Gone));
    assert_eq!(receiver.recv(&mut message), Err(Error::Gone));
    assert_eq!(message, b"last");

    let (mut sender, receiver) = ends(100);
    drop(receiver);
    assert_eq!(sender.send(b"for nobody"), Err(Error::Gone));
    assert_eq!(sender.send(b"for nobody"), Err(Error::Gone));
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
fn an_end_continues_where_it_was_given_away() {
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
fn a_message_stays_if_the_look_at_it_panics() {
    let (mut sender, mut receiver) = ends(100);
    sender.send(b"pear").unwrap();
    let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        receiver.recv_with(|_| std::panic::resume_unwind(Box::new(())))
    }));
    assert!(looked.is_err());
    assert_eq!(received(&mut receiver), b"pear");
}

#[test]
fn what_is_not_a_ring_is_refused() {
    let refused =
        |memory: OwnedFd, lifeline: OwnedFd| match Receiver::from_fds(Fds { memory, lifeline }) {
            Err(Error::NotARing(why)) => why,
            other => panic!("{other:?}"),
        };
    let socket = || OwnedFd::from(UnixStream::pair().unwrap().0);
    let fds = || ends(100).1.into_fds().unwrap();

    let file = File::open("/proc/self/exe").unwrap();
    assert_eq!(refused(file.into(), socket()), "its size may change");
    assert_eq!(refused(fds().lifeline, socket()), "its size may change");
    let file = File::open("/dev/null").unwrap();
    assert_eq!(refused(fds().memory, file.into()), "the lifeline is not a socket");

    let memory = |bytes: &[u8], seals| {
        let file = memfd_create(c"no ring", MFdFlags::MFD_ALLOW_SEALING).unwrap();
        File::from(file.try_clone().unwrap()).write_all(bytes).unwrap();
        fcntl(&file, FcntlArg::F_ADD_SEALS(seals)).unwrap();
        file
    };
    let all = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    let unsealed = SealFlag::empty();
    assert_eq!(refused(memory(&[0; 8192], unsealed), socket()), "its size may change");
    assert_eq!(refused(memory(&[0; 8192], all), socket()), "it begins with another number");
    assert_eq!(refused(memory(&[0; 5000], all), socket()), "no ring has its size");
    assert_eq!(refused(memory(&[], all), socket()), "no ring has its size");
    let mut too_long = u64::from_be_bytes(*b"ring  01").to_ne_bytes().to_vec();
    too_long.extend(4090_u64.to_ne_bytes());
    too_long.resize(8192, 0);
    assert_eq!(refused(memory(&too_long, all), socket()), "its longest message would not fit");
}

/// What was published and consumed, in steps as an honest process takes them: at the
/// beginning, at the largest valid counter, and where additions overflow.
fn steps(ahead: std::ops::Range<u64>) -> impl Strategy<Value = [u64; 2]> {
    let near = |edge: u64| edge - 600..(edge + 600).min(1 << 61);
    let consumed = prop_oneof![0..2000_u64, near(1 << 60), near(1 << 61)];
    (consumed, ahead).prop_map(|(consumed, ahead)| {
        [consumed + ahead, consumed].map(|steps| steps.wrapping_mul(8))
    })
}

proptest! {
    /// Whatever another process leaves in the memory is refused or taken for a message, but
    /// nothing outside the ring is read, and neither side panics.
    #[test]
    fn nonsense_in_the_memory_is_only_an_error(
        counters in prop_oneof![any::<[u64; 2]>(), steps(0..12), steps(0..513), steps(0..520)],
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
            // Each side acts only where it need not wait for the other.
            let received = match receiver.reader.unread(receiver.memory.indices()) {
                Ok(0) => Ok(()),
                Ok(_) => receiver.recv(&mut message),
                Err(broken) => Err(broken.into()),
            };
            prop_assert!(matches!(received, Ok(()) | Err(Error::Broken(_))), "{received:?}");
            let sent = match sender.writer.has_room(sender.memory.indices(), taken(4000)) {
                Ok(false) => Ok(()),
                Ok(true) => sender.send(&[1; 4000]),
                Err(broken) => Err(broken.into()),
            };
            prop_assert!(matches!(sent, Ok(()) | Err(Error::Broken(_))), "{sent:?}");
        }
    }
}

/// Another process may leave anything in the words on which both sides sleep. Whoever sleeps
/// there still notices the end of that process, which rings no bell if it is killed.
#[test]
fn nonsense_in_the_bells_does_not_hide_the_end_of_the_other_side() {
    for nonsense in [4, 6, 1 << 31, u32::MAX] {
        let spoil = |file: &OwnedFd| {
            let file = File::from(file.try_clone().unwrap());
            // In the third line of 128 bytes after the first one: the receiver's, the sender's.
            file.write_at(&nonsense.to_ne_bytes(), 384).unwrap();
            file.write_at(&nonsense.to_ne_bytes(), 388).unwrap();
        };
        let (answer, answered) = channel();
        let (sender, mut receiver) = ends(100);
        let theirs = sender.into_fds().unwrap();
        spoil(&theirs.memory);
        let answer_of_receiver = answer.clone();
        thread::spawn(move || answer_of_receiver.send(receiver.recv(&mut Vec::new())));
        drop(theirs);
        assert_eq!(answered.recv_timeout(LONG), Ok(Err(Error::Gone)), "{nonsense:x}");

        let (mut sender, receiver) = ends(100);
        let theirs = receiver.into_fds().unwrap();
        spoil(&theirs.memory);
        thread::spawn(move || answer.send((0..1000).try_for_each(|_| sender.send(&[1; 100]))));
        drop(theirs);
        assert_eq!(answered.recv_timeout(LONG), Ok(Err(Error::Gone)), "{nonsense:x}");
    }
}

/// Longer than any machine needs.
const LONG: Duration = Duration::from_secs(20);

#[test]
fn two_threads_pass_on_more_than_fits_at_once() {
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

#[test]
fn a_limit_for_files_is_an_error() {
    let test = "tests::a_limit_for_files_is_an_error";
    if std::env::var_os("LIMITED").is_none() {
        // In a process of its own: the limit is for all of it.
        let mut command = start::command("sh");
        command.args(["-c", "ulimit -f 16; exec \"$0\" --exact \"$1\" --nocapture"]);
        command.arg(std::env::current_exe().unwrap()).arg(test).env("LIMITED", "1");
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{output:?}");
        return;
    }
    let (limit, _) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    let size = 4096 + (1 << 20);
    assert_eq!(ring(1_000_000).err(), Some(Error::FileSize { size, limit }));
}

/// Two copies of an end, which both are used: a mistake.
fn twice(fds: Fds) -> [Fds; 2] {
    let copy = Fds {
        memory: fds.memory.try_clone().unwrap(),
        lifeline: fds.lifeline.try_clone().unwrap(),
    };
    [fds, copy]
}

/// Either side may get an error or the wrong messages, but it does not wait for ever.
#[test]
fn an_end_that_is_used_twice_hangs_nobody() {
    let send = |mut sender: Sender| (0..2000).all(|_| sender.send(&[1; 300]).is_ok());
    let receive =
        |mut receiver: Receiver| (0..2000).all(|_| receiver.recv(&mut Vec::new()).is_ok());
    let (answer, answered) = channel();
    let thread = thread::spawn(move || {
        for _ in 0..5 {
            let (sender, receiver) = ends(500);
            let receivers = twice(receiver.into_fds().unwrap()).map(Receiver::from_fds);
            let mut threads = vec![thread::spawn(move || send(sender))];
            threads.extend(receivers.map(|it| thread::spawn(move || receive(it.unwrap()))));
            assert_eq!(threads.into_iter().filter_map(|it| it.join().err()).count(), 0);

            let (sender, receiver) = ends(500);
            let senders = twice(sender.into_fds().unwrap()).map(Sender::from_fds);
            let mut threads = vec![thread::spawn(move || receive(receiver))];
            threads.extend(senders.map(|it| thread::spawn(move || send(it.unwrap()))));
            assert_eq!(threads.into_iter().filter_map(|it| it.join().err()).count(), 0);
        }
        answer.send(()).unwrap();
    });
    assert_ne!(answered.recv_timeout(LONG), Err(RecvTimeoutError::Timeout), "somebody hangs");
    thread.join().unwrap_or_else(|panic| resume_unwind(panic));
}

#[test]
fn a_ring_may_have_any_capacity_up_to_a_limit() {
    for capacity in [0, 1, 7, 8, 4080, 4088, 4089, 5000, (1 << 32) + 3, 1 << 40] {
        let (mut sender, mut receiver) = ends(capacity);
        let longest = vec![7; capacity.min(1 << 16)];
        for _ in 0..10 {
            sender.send(&longest).unwrap();
            assert_eq!(received(&mut receiver), longest);
            sender.send(b"").unwrap();
            assert_eq!(received(&mut receiver), b"");
        }
    }
    for capacity in [(1 << 40) + 1, usize::MAX - 7, usize::MAX] {
        assert_eq!(ring(capacity).err(), Some(Error::Capacity(capacity)));
    }
}
