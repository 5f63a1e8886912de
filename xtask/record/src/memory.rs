//! Reads and writes the memory of a stopped task. `None` is what cannot be read: a pointer may lead
//! nowhere, and of a program that is not dumpable (prctl(2)) the kernel shows the memory
//! only to a tracer with CAP_SYS_PTRACE.

use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::os::unix::fs::FileExt;

use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::Pid;

/// At most `length` bytes from `address` on; fewer where the memory ends.
pub fn up_to(task: Pid, address: u64, length: usize) -> Option<Vec<u8>> {
    let mut buffer = vec![0; length];
    let from = RemoteIoVec { base: address as usize, len: length };
    let count = process_vm_readv(task, &mut [IoSliceMut::new(&mut buffer)], &[from])
        .ok()
        // It stops at the first page that is not there; /proc does better.
        .or_else(|| {
            File::open(format!("/proc/{task}/mem")).ok()?.read_at(&mut buffer, address).ok()
        })?;
    buffer.truncate(count);
    (count > 0 || length == 0).then_some(buffer)
}

/// The `length` bytes from `address` on.
pub fn bytes(task: Pid, address: u64, length: usize) -> Option<Vec<u8>> {
    up_to(task, address, length).filter(|bytes| bytes.len() == length)
}

/// Writes these bytes to `address`.
pub fn write(task: Pid, address: u64, bytes: &[u8]) -> nix::Result<()> {
    let to = RemoteIoVec { base: address as usize, len: bytes.len() };
    process_vm_writev(task, &[IoSlice::new(bytes)], &[to]).map(drop)
}

/// The text up to the first zero byte, as far as it is readable.
pub fn text(task: Pid, address: u64) -> Option<Vec<u8>> {
    let mut text = up_to(task, address, 4096)?;
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    text.truncate(end);
    Some(text)
}

/// A number of 8 bytes.
pub fn word(task: Pid, address: u64) -> Option<u64> {
    bytes(task, address, 8)?.try_into().ok().map(u64::from_ne_bytes)
}

/// A number of 4 bytes, with a sign.
pub fn int(task: Pid, address: u64) -> Option<i32> {
    bytes(task, address, 4)?.try_into().ok().map(i32::from_ne_bytes)
}

/// The most texts of a list that are read.
const MOST_TEXTS: usize = 64;

/// The texts of a list that ends with a null pointer, such as the arguments of
/// a program, and whether there are more. A null pointer in place of the list is an empty
/// one, as for the kernel. `pointer` is the size of a pointer: 8 bytes, or 4 for a call of
/// a 32-bit program.
pub fn texts(task: Pid, mut address: u64, pointer: u64) -> Option<(Vec<Vec<u8>>, bool)> {
    let mut texts = Vec::new();
    while address != 0 {
        let text_at = match pointer {
            4 => u64::from(int(task, address)?.cast_unsigned()),
            _ => word(task, address)?,
        };
        if text_at == 0 {
            break;
        }
        if texts.len() == MOST_TEXTS {
            return Some((texts, true));
        }
        texts.push(text(task, text_at)?);
        address = address.wrapping_add(pointer);
    }
    Some((texts, false))
}
