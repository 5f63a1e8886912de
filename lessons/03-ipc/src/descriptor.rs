//! A file descriptor is sent through a socket: the receiver reads a file that it has
//! never opened. The numbers differ, the open file is the same, with one position.

use std::fs::{File, read_link};
use std::io::{IoSlice, IoSliceMut, Read, Seek, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use anyhow::{Context, Result};
use common::child::fork_child;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, RecvMsg, SockFlag, SockType,
    recvmsg, sendmsg, socketpair,
};
use nix::unistd::{getpid, read, write};

pub fn run() -> Result<()> {
    let (ours, theirs) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
            .context("socketpair")?;
    let child = fork_child(move || send_file(&theirs))?;
    let mut file = match receive_descriptor(&ours) {
        Ok(file) => file,
        // The child knows why.
        Err(none) => return child.join().and(Err(none)),
    };
    println!("I ({}) got fd {}: {}", getpid(), file.as_raw_fd(), name(&file)?);
    println!("  I read {:?}", read_word(&mut file)?);
    write(&ours, b"your turn").context("write to the socket")?;
    child.join()?;

    println!("The child has ended. The file is still open here, at its end:");
    println!("  position {}", file.stream_position().context("lseek")?);
    file.rewind().context("lseek")?;
    println!("  I read from the start: {:?}", std::io::read_to_string(&file).context("read")?);
    Ok(())
}

/// Makes a file, reads a word, sends the file, and reads another word in its turn.
fn send_file(socket: &OwnedFd) -> Result<()> {
    // A file in memory, so that nothing is left on the disk.
    let file = memfd_create("fruit", MFdFlags::MFD_CLOEXEC).context("memfd_create")?;
    let mut file = File::from(file);
    file.write_all(b"pear plum figs").context("write")?;
    file.rewind().context("lseek")?;
    println!("child (pid {}): I have fd {}: {}", getpid(), file.as_raw_fd(), name(&file)?);
    println!("  child: I read {:?}, and send the descriptor", read_word(&mut file)?);
    send_descriptor(socket, &file)?;

    read(socket, &mut [0; 16]).context("read from the socket")?;
    println!("  child: I read {:?}", read_word(&mut file)?);
    Ok(())
}

/// Sends a descriptor, as a control message beside a message of one byte.
fn send_descriptor(socket: &OwnedFd, file: &File) -> Result<()> {
    let descriptors = [file.as_raw_fd()];
    let control = [ControlMessage::ScmRights(&descriptors)];
    let message = [IoSlice::new(b"!")];
    sendmsg::<()>(socket.as_raw_fd(), &message, &control, MsgFlags::empty(), None)
        .context("sendmsg")?;
    Ok(())
}

/// The descriptor that came: a new one of this process, for the same open file.
fn receive_descriptor(socket: &OwnedFd) -> Result<File> {
    let mut byte = [0];
    let mut message = [IoSliceMut::new(&mut byte)];
    let mut space = nix::cmsg_space!([RawFd; 1]);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let received: RecvMsg<()> =
        recvmsg(socket.as_raw_fd(), &mut message, Some(&mut space), flags).context("recvmsg")?;
    let descriptor = received.cmsgs().context("control messages")?.find_map(|control| {
        let ControlMessageOwned::ScmRights(descriptors) = control else { return None };
        descriptors.first().copied()
    });
    let descriptor = descriptor.context("no descriptor came")?;
    // SAFETY: the kernel has just given this descriptor to nobody but us.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}

/// The next five bytes at most.
fn read_word(file: &mut File) -> Result<String> {
    let mut bytes = [0; 5];
    let count = file.read(&mut bytes).context("read")?;
    Ok(String::from_utf8_lossy(&bytes[..count]).into_owned())
}

/// What the system calls the file of a descriptor.
fn name(file: &File) -> Result<String> {
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(read_link(&link).context(link)?.display().to_string())
}
