//! The other process: this test program again, as a test that the others start. It gets the
//! ends of rings as descriptors.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::thread::yield_now;

use common::proc;
use nix::libc::dup2;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ring::{Error, Fds, Receiver, Sender};
use testing::start;

use crate::messages::messages;

/// Names the role and the seed.
const ROLE: &str = "RING_PEER";

/// The descriptors that it gets, memory and lifeline: of the end that it receives with.
/// The numbers are so high that no other descriptor has them.
const RECEIVE: [i32; 2] = [500, 501];
/// Of the end that it sends with.
const SEND: [i32; 2] = [502, 503];

/// The other process. Dropped, it is killed.
pub struct Peer(Child);

impl Peer {
    /// Starts it in a role, with the ends that it needs, and waits for its first message,
    /// which is empty.
    pub fn start(
        role: &str,
        seed: u64,
        receive: Option<Receiver>,
        send: Sender,
        begun: &mut Receiver,
    ) -> Self {
        let mut given = vec![(send.into_fds().unwrap(), SEND)];
        given.extend(receive.map(|receiver| (receiver.into_fds().unwrap(), RECEIVE)));
        let mut command = start::command(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "peer::peer"]).stdout(Stdio::null());
        command.env(ROLE, format!("{role} {seed}"));
        // SAFETY: it only makes system calls, and allocates nothing.
        unsafe { command.pre_exec(move || hand_over(&given)) };
        let peer = Peer(command.spawn().unwrap());
        // This closes our copies of the ends.
        drop(command);
        assert_eq!(begun.recv_with(<[u8]>::len), Ok(0));
        peer
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id() as i32), signal).unwrap();
    }

    /// Stops it, and waits until it has stopped.
    pub fn stop(&self) {
        self.signal(Signal::SIGSTOP);
        let status = format!("/proc/{}/status", self.0.id());
        while !proc::field(&status, "State").unwrap().starts_with('T') {
            yield_now();
        }
    }

    /// Waits for it, and returns whether it ended well.
    pub fn ended_well(mut self) -> bool {
        self.0.wait().unwrap().success()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// In the child: puts each descriptor in its place, where it stays open on exec.
fn hand_over(given: &[(Fds, [i32; 2])]) -> std::io::Result<()> {
    for (fds, [memory, lifeline]) in given {
        for (fd, place) in [(&fds.memory, memory), (&fds.lifeline, lifeline)] {
            // SAFETY: nothing in this process uses the descriptor that is replaced.
            if unsafe { dup2(fd.as_raw_fd(), *place) } < 0 {
                return Err(std::io::Error::last_os_error());
            }
        }
    }
    Ok(())
}

#[test]
#[ignore = "the others start it, in a process of its own"]
fn peer() {
    let role = std::env::var(ROLE).expect("a role");
    let (role, seed) = role.split_once(' ').unwrap();
    let seed = seed.parse().unwrap();
    let mut sender = Sender::from_fds(given(SEND)).unwrap();
    sender.send(b"").unwrap();
    match role {
        "send" => send(sender, seed),
        "receive" => receive(seed),
        "copy" => copy(sender),
        role => panic!("no role {role}"),
    }
}

/// Sends until no process receives any more.
fn send(mut sender: Sender, seed: u64) {
    for message in messages(seed, sender.capacity()) {
        match sender.send(&message) {
            Err(Error::Gone) => return,
            sent => sent.unwrap(),
        }
    }
}

/// Receives until no process sends any more.
fn receive(seed: u64) {
    let mut receiver = Receiver::from_fds(given(RECEIVE)).unwrap();
    let mut message = Vec::new();
    for expected in messages(seed, receiver.capacity()) {
        match receiver.recv(&mut message) {
            Err(Error::Gone) => return,
            received => received.unwrap(),
        }
        assert!(message == expected, "what came is not what was sent");
    }
}

/// Sends back what it receives.
fn copy(mut sender: Sender) {
    let mut receiver = Receiver::from_fds(given(RECEIVE)).unwrap();
    loop {
        match receiver.recv_with(|message| sender.send(message)) {
            Err(Error::Gone) | Ok(Err(Error::Gone)) => return,
            copied => copied.unwrap().unwrap(),
        }
    }
}

fn given([memory, lifeline]: [i32; 2]) -> Fds {
    let own = |descriptor| {
        // SAFETY: the test that started this program has left these descriptors to it.
        unsafe { OwnedFd::from_raw_fd(descriptor) }
    };
    Fds { memory: own(memory), lifeline: own(lifeline) }
}
