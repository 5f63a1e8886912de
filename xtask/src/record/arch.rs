//! All that depends on the processor.

use nix::Result;
use nix::sys::ptrace;
use nix::unistd::Pid;
use seccompiler::TargetArch;

/// The processor, for the filter.
#[cfg(target_arch = "x86_64")]
pub const TARGET: TargetArch = TargetArch::x86_64;
/// The processor, for the filter.
#[cfg(target_arch = "aarch64")]
pub const TARGET: TargetArch = TargetArch::aarch64;

/// What is in the register in which a stopped task gets the result of a call.
pub fn returned(task: Pid) -> Result<i64> {
    let registers = ptrace::getregs(task)?;
    #[cfg(target_arch = "x86_64")]
    let register = registers.rax;
    #[cfg(target_arch = "aarch64")]
    let register = registers.regs[0];
    Ok(register.cast_signed())
}
