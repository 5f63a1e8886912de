use std::fs::File;
use std::io::{PipeWriter, Read, Result, Write, pipe};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Ends the program by itself where it should return an error.
pub fn main() {
    if let Some(path) = std::env::args().nth(1) {
        return print_all(File::open(path).expect("open"));
    }
    let messages = [b"pear".to_vec(), b"two\nlines".to_vec(), vec![], vec![0; 3], vec![7; 700]];
    let (read_end, write_end) = pipe().expect("pipe");
    let mut write_end = Reluctant(write_end);
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Child => {
            drop(read_end);
            for message in messages {
                send(&mut write_end, &message).expect("send");
            }
            exit(0);
        }
        ForkResult::Parent { child } => {
            drop(write_end);
            print_all(read_end);
            waitpid(child, None).expect("waitpid");
        }
    }
}

fn print_all(mut from: impl Read) {
    let add = |hash: u32, byte: &u8| hash.wrapping_mul(31).wrapping_add((*byte).into());
    loop {
        match receive(&mut from) {
            Ok(Some(message)) => {
                println!("{} bytes, hash {}", message.len(), message.iter().fold(0, add));
            }
            Ok(None) => break,
            Err(why) => {
                println!("error: {why}");
                exit(1);
            }
        }
    }
}

/// A pipe that may take only a part of what is to be written, like many other streams.
struct Reluctant(PipeWriter);

impl Write for Reluctant {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.write(&bytes[..bytes.len().min(3)])
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

/// Sends a message: its length in four bytes (as of `u32::to_le_bytes`), then its bytes.
fn send(to: &mut impl Write, message: &[u8]) -> Result<()> {
    let length = u32::try_from(message.len()).expect("a message of less than 4 GiB");
    to.write_all(&length.to_le_bytes())?;
    to.write_all(message)
}

/// Receives the next message; `None` if there is none, an error if it ends in the middle.
fn receive(from: &mut impl Read) -> Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if from.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[1..]).expect("a length");
    let mut message = vec![0; u32::from_le_bytes(length) as usize];
    from.read_exact(&mut message).expect("a message");
    Ok(Some(message))
}
