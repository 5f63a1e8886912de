//! The program for the kernel (seccomp(2)) that stops a task at the selected calls and
//! lets all others pass.
//!
//! The numbers of calls mean something for one set of calls only. A 64-bit kernel also
//! has others, of 32-bit programs; a call of another set always stops.

use nix::libc;
use seccompiler::sock_filter;

use super::arch;

/// A condition on an argument of a call.
enum When {
    /// The argument has one of these bits.
    Has { argument: u32, bits: u32 },
    /// The argument is one of these three numbers.
    Is { argument: u32, numbers: [u32; 3] },
}

/// Only some of these calls are of interest, and a program makes many others.
fn condition(call: u32) -> Option<When> {
    match i64::from(call) {
        libc::SYS_mmap => Some(When::Has { argument: 3, bits: libc::MAP_SHARED as u32 }),
        libc::SYS_fcntl => Some(When::Is {
            argument: 1,
            numbers: [
                libc::F_DUPFD as u32,
                libc::F_DUPFD_CLOEXEC as u32,
                libc::F_SETPIPE_SZ as u32,
            ],
        }),
        libc::SYS_prctl => Some(When::Is { argument: 0, numbers: [libc::PR_SET_NAME as u32; 3] }),
        _ => None,
    }
}

/// Where struct seccomp_data has the number of the call, and the set that it is of.
const NUMBER: u32 = 0;
const SET: u32 = 4;

/// Where it has the low half of an argument.
const fn low_half(argument: u32) -> u32 {
    16 + 8 * argument + if cfg!(target_endian = "big") { 4 } else { 0 }
}

/// The filter that stops at these calls.
pub fn filter(calls: &[u32]) -> Vec<sock_filter> {
    let stop = statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_TRACE);
    let pass = statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW);
    let mut program = vec![
        load(SET),
        jump(libc::BPF_JEQ, arch::SET, 1, 0),
        stop.clone(),
        load(NUMBER),
        jump(libc::BPF_JGE, arch::X32, 0, 1),
        stop.clone(),
    ];
    for call in calls {
        match condition(*call) {
            None => program.extend([jump(libc::BPF_JEQ, *call, 0, 1), stop.clone()]),
            Some(When::Has { argument, bits }) => program.extend([
                jump(libc::BPF_JEQ, *call, 0, 4),
                load(low_half(argument)),
                jump(libc::BPF_JSET, bits, 0, 1),
                stop.clone(),
                pass.clone(),
            ]),
            Some(When::Is { argument, numbers: [first, second, third] }) => program.extend([
                jump(libc::BPF_JEQ, *call, 0, 6),
                load(low_half(argument)),
                jump(libc::BPF_JEQ, first, 2, 0),
                jump(libc::BPF_JEQ, second, 1, 0),
                jump(libc::BPF_JEQ, third, 0, 1),
                stop.clone(),
                pass.clone(),
            ]),
        }
    }
    program.push(pass);
    program
}

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

/// Loads a word of struct seccomp_data.
fn load(offset: u32) -> sock_filter {
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset)
}

/// Compares what was loaded with `k`, and skips `if_true` or `if_false` instructions.
fn jump(test: u32, k: u32, if_true: u8, if_false: u8) -> sock_filter {
    sock_filter { jt: if_true, jf: if_false, ..statement(libc::BPF_JMP | test | libc::BPF_K, k) }
}
