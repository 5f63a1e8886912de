use std::process::exit;

use ipc_channel::IpcError;
use ipc_channel::ipc::{IpcReceiver, IpcSender, channel};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn main() {
    let count = std::env::args().nth(1).map_or(3, |count| count.parse().expect("a number"));
    let (tx, rx) = channel().expect("channel");
    // SAFETY: this process has one thread.
    let ForkResult::Parent { child: reader } = unsafe { fork() }.expect("fork") else {
        drop(tx);
        read(rx);
        exit(0);
    };
    drop(rx);
    // SAFETY: this process has one thread.
    let ForkResult::Parent { child: writer } = unsafe { fork() }.expect("fork") else {
        write(tx, count);
        exit(0);
    };
    drop(tx);
    for child in [reader, writer] {
        waitpid(child, None).expect("waitpid");
    }
}

fn write(tx: IpcSender<u32>, count: u32) {
    for number in 1..=count {
        tx.send(number).expect("send");
    }
}

fn read(rx: IpcReceiver<u32>) {
    let mut sum = 0;
    loop {
        match rx.recv() {
            Ok(number) => sum += number,
            Err(IpcError::Disconnected) => break,
            Err(why) => panic!("recv: {why}"),
        }
    }
    println!("the sum is {sum}");
}
