//! A ring between this process and another, which is killed at random points: whatever was
//! received is the beginning of what was sent, and no process waits for a dead one.

mod messages;
mod peer;

use std::os::unix::thread::JoinHandleExt;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use messages::messages;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use peer::Peer;
use proptest::prelude::*;
use ring::{Error, Receiver, Sender, ring};
use testing::test;

/// Runs it in a thread, and fails if it hangs: after a minute.
fn in_time<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, wait) = channel();
    thread::spawn(move || done.send(run()));
    wait.recv_timeout(Duration::from_secs(60)).expect("an end within a minute")
}

/// Receives until the sender is gone, and returns the number of messages. Fails if one is
/// not what was sent.
fn receive_all(mut receiver: Receiver, seed: u64) -> usize {
    let mut message = Vec::new();
    for (number, expected) in messages(seed, receiver.capacity()).enumerate() {
        match receiver.recv(&mut message) {
            Ok(()) => assert!(message == expected, "message {number} is not what was sent"),
            Err(error) => {
                assert_eq!(error, Error::Gone);
                return number;
            }
        }
    }
    unreachable!("messages without end")
}

/// Sends `count` messages, or until the receiver is gone; returns how many were sent.
fn send_all(mut sender: Sender, seed: u64, count: usize) -> usize {
    for (number, message) in messages(seed, sender.capacity()).take(count).enumerate() {
        if let Err(error) = sender.send(&message) {
            assert_eq!(error, Error::Gone);
            return number;
        }
    }
    count
}

fn capacities() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0), 1..50_usize, 1000..5000_usize, 4000..4100_usize, 100_000..2_000_000_usize]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn everything_comes_back(seed: u64, there in capacities(), count in 0..2000_usize) {
        let (sender, theirs) = ring(there).unwrap();
        let (back, mut receiver) = ring(there).unwrap();
        let peer = Peer::start("copy", seed, Some(theirs), back, &mut receiver);
        let count = count.min(20_000_000 / (there + 1));
        let (sent, received) = in_time(move || {
            let sending = thread::spawn(move || send_all(sender, seed, count));
            let received = receive_all(receiver, seed);
            (sending.join().unwrap(), received)
        });
        prop_assert_eq!((sent, received), (count, count));
        prop_assert!(peer.ended_well());
    }

    #[test]
    fn a_sender_is_killed(seed: u64, capacity in capacities(), after in 0..5000_u64) {
        let (theirs, mut receiver) = ring(capacity).unwrap();
        let peer = Peer::start("send", seed, None, theirs, &mut receiver);
        let receiving = thread::spawn(move || in_time(move || receive_all(receiver, seed)));
        thread::sleep(Duration::from_micros(after));
        peer.signal(Signal::SIGKILL);
        receiving.join().unwrap();
    }

    #[test]
    fn a_receiver_is_killed(seed: u64, capacity in capacities(), after in 0..5000_u64) {
        let (sender, theirs) = ring(capacity).unwrap();
        let (back, mut receiver) = ring(0).unwrap();
        let peer = Peer::start("receive", seed, Some(theirs), back, &mut receiver);
        let sending = thread::spawn(move || in_time(move || send_all(sender, seed, usize::MAX)));
        thread::sleep(Duration::from_micros(after));
        peer.signal(Signal::SIGKILL);
        sending.join().unwrap();
    }

    #[test]
    fn both_ways_are_cut(seed: u64, capacity in capacities(), after in 0..5000_u64) {
        let (sender, theirs) = ring(capacity).unwrap();
        let (back, mut receiver) = ring(capacity).unwrap();
        let peer = Peer::start("copy", seed, Some(theirs), back, &mut receiver);
        let ends = thread::spawn(move || in_time(move || {
            let sending = thread::spawn(move || send_all(sender, seed, usize::MAX));
            (receive_all(receiver, seed), sending.join().unwrap())
        }));
        thread::sleep(Duration::from_micros(after));
        peer.signal(Signal::SIGKILL);
        let (received, sent) = ends.join().unwrap();
        prop_assert!(received <= sent, "{received} of {sent}");
    }
}

#[test]
fn a_stopped_process_is_not_gone() {
    let (mut sender, theirs) = ring(100).unwrap();
    let (back, mut receiver) = ring(100).unwrap();
    let peer = Peer::start("copy", 1, Some(theirs), back, &mut receiver);
    let mut message = Vec::new();
    sender.send(b"one").unwrap();
    receiver.recv(&mut message).unwrap();

    peer.stop();
    sender.send(b"two").unwrap();
    let receiving = thread::spawn(move || receiver.recv(&mut message).map(|()| message));
    // Time enough to look at the lifeline more than once.
    thread::sleep(Duration::from_millis(130));
    assert!(!receiving.is_finished());
    peer.signal(Signal::SIGCONT);
    assert_eq!(receiving.join().unwrap(), Ok(b"two".to_vec()));
    drop(sender);
    assert!(peer.ended_well());
}

extern "C" fn nothing(_: i32) {}

/// Waits with `wait` for a peer that is killed meanwhile, while signals interrupt the sleep
/// much more often than it looks at its lifeline.
fn waits_among_signals(peer: &Peer, wait: impl FnOnce() -> Error + Send + 'static) {
    let action = SigAction::new(SigHandler::Handler(nothing), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }.unwrap();
    let (answer, answered) = channel();
    let waiting = thread::spawn(move || answer.send(wait()).unwrap());
    peer.signal(Signal::SIGKILL);
    let begin = Instant::now();
    let why = loop {
        if let Ok(why) = answered.try_recv() {
            break why;
        }
        thread::yield_now();
        // SAFETY: the thread has not been joined.
        unsafe { libc::pthread_kill(waiting.as_pthread_t(), libc::SIGUSR1) };
        assert!(begin.elapsed() < Duration::from_secs(20), "it waits for a dead process");
    };
    waiting.join().unwrap();
    assert_eq!(why, Error::Gone);
}

#[test]
fn signals_do_not_put_off_the_end_of_a_wait() {
    let (sender, theirs) = ring(100).unwrap();
    let (back, mut receiver) = ring(100).unwrap();
    let peer = Peer::start("copy", 1, Some(theirs), back, &mut receiver);
    waits_among_signals(&peer, move || receiver.recv(&mut Vec::new()).unwrap_err());
    drop(sender);

    let (mut sender, theirs) = ring(100).unwrap();
    let (back, mut receiver) = ring(100).unwrap();
    let peer = Peer::start("copy", 1, Some(theirs), back, &mut receiver);
    peer.stop();
    waits_among_signals(&peer, move || {
        loop {
            if let Err(why) = sender.send(&[1; 100]) {
                return why;
            }
        }
    });
}
