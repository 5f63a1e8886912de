//! All that depends on the processor.

use nix::Result;
use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace;
use nix::unistd::Pid;
use syscalls::Sysno;

/// The processor's own set of system calls, as seccomp(2) and ptrace(2) call it
/// (`AUDIT_ARCH_…` in linux/audit.h).
#[cfg(target_arch = "x86_64")]
pub const SET: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
pub const SET: u32 = 0xc000_00b7;

/// From this number on, a call is one of the x32 set, which x86-64 does not tell apart
/// otherwise.
pub const X32: u32 = 0x4000_0000;

/// The name of a call, and whether it is one of the processor's own set.
pub fn name(set: u32, number: u64) -> (String, bool) {
    if set != SET {
        return (name_of_32_bit(number), false);
    }
    match Sysno::new(number as usize) {
        Some(call) => (call.name().to_owned(), true),
        None if number >= X32.into() => (format!("x32 call {}", number - u64::from(X32)), false),
        None => (format!("call {number}"), true),
    }
}

#[cfg(target_arch = "aarch64")]
use syscalls::arm::Sysno as Sysno32;
#[cfg(target_arch = "x86_64")]
use syscalls::x86::Sysno as Sysno32;

fn name_of_32_bit(number: u64) -> String {
    match Sysno32::new(number as usize).map(|call| call.name()) {
        // The same calls, under the names that 64-bit programs know.
        Some("waitpid") => "wait4".to_owned(),
        Some("_newselect") => "select".to_owned(),
        Some("sigsuspend") => "rt_sigsuspend".to_owned(),
        Some("sigreturn") => "rt_sigreturn".to_owned(),
        Some("mmap2") => "mmap".to_owned(),
        Some("fcntl64") => "fcntl".to_owned(),
        Some("sendfile64") => "sendfile".to_owned(),
        Some(name) => name.trim_end_matches("_time64").to_owned(),
        None => format!("call {number}"),
    }
}

/// What is in the register in which a stopped task gets the result of a call.
pub fn returned(task: Pid) -> Result<i64> {
    let registers = ptrace::getregs(task)?;
    #[cfg(target_arch = "x86_64")]
    let register = registers.rax;
    #[cfg(target_arch = "aarch64")]
    let register = registers.regs[0];
    Ok(register.cast_signed())
}

/// Lets a task that has stopped at the end of a call of the processor's own set make that call
/// again.
pub fn make_again(task: Pid, name: &str, first_argument: u64) -> Result<()> {
    let number = name.parse::<Sysno>().map_err(|()| Errno::EINVAL)?.id();
    let mut registers = ptrace::getregs(task)?;
    #[cfg(target_arch = "x86_64")]
    {
        // The instruction is two bytes long, and the result is where the number was.
        let _ = first_argument;
        registers.rip -= 2;
        registers.rax = number as u64;
    }
    #[cfg(target_arch = "aarch64")]
    {
        // The instruction is four bytes long, and the result is where the first argument was.
        let _ = number;
        registers.pc -= 4;
        registers.regs[0] = first_argument;
    }
    ptrace::setregs(task, registers)
}

/// Clears flags in the first argument of the call that a stopped task is about to make.
pub fn clear_in_first_argument(task: Pid, set: u32, flags: u64) -> Result<()> {
    let mut registers = ptrace::getregs(task)?;
    #[cfg(target_arch = "x86_64")]
    let register = if set == SET { &mut registers.rdi } else { &mut registers.rbx };
    #[cfg(target_arch = "aarch64")]
    let register = {
        let _ = set;
        &mut registers.regs[0]
    };
    *register &= !flags;
    ptrace::setregs(task, registers)
}

/// Clears flags in a word of a stopped task's memory.
pub fn clear_in_memory(task: Pid, address: u64, flags: u64) -> Result<()> {
    let address = address as *mut libc::c_void;
    let word = ptrace::read(task, address)?;
    ptrace::write(task, address, word & !(flags.cast_signed()))
}
