//! Tasks and programs that do what they should not: to their own process, to the memory and the
//! descriptors that they share with others. Each pays for it itself.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd, IntoRawFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, raise, sigprocmask};
use nix::sys::stat::{Mode, SFlag, fstat, umask};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, execv, fork, gettid, pause, pipe, setsid};
use process_pool::{Function, PoolError, ProcessPool, TaskError};
use serde_bytes::ByteBuf;
use testing::start;

use crate::ends::is_gone;
use crate::programs::{CAUGHT_PANIC, lines, program, run, until};
use crate::tasks::{self, ADD_ONE, BIG, ECHO, PANIC, TASKS, UNTIL_GONE, WAIT, needs_a_pool, pool};

/// What a task does that forks.
const RETURNS: u8 = 0;
const PANICS: u8 = 1;
const RETURNS_LATER: u8 = 2;
const IS_DAEMON: u8 = 3;
const FORKS_BY_CALL: u8 = 4;

/// A way to fork.
type Fork = unsafe fn() -> nix::Result<ForkResult>;

/// As [`fork`], but by the system call alone. The C library does not notice it.
///
/// # Safety
/// As for [`fork`]; and the child does nothing for which the C library has to know its id.
unsafe fn fork_by_call() -> nix::Result<ForkResult> {
    let flags = libc::c_long::from(libc::SIGCHLD);
    // SAFETY: the child gets a copy of all memory, so it touches none of this process.
    let child =
        unsafe { libc::syscall(libc::SYS_clone, flags, 0_usize, 0_usize, 0_usize, 0_usize) };
    Ok(match Errno::result(child)? {
        0 => ForkResult::Child,
        child => ForkResult::Parent { child: Pid::from_raw(child as i32) },
    })
}

/// Forks, and both processes go on.
pub static FORK_ON: Function<(u8, u64), u64> = Function::new("fork_on", |(how, number)| {
    common::child::ensure_one_thread().unwrap();
    let fork = if how == FORKS_BY_CALL { fork_by_call } else { fork };
    // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
    match (unsafe { fork() }.unwrap(), how) {
        (ForkResult::Parent { .. }, IS_DAEMON) => std::process::exit(0),
        (ForkResult::Parent { .. }, _) => number,
        (ForkResult::Child, PANICS) => panic!("a panic in a child"),
        (ForkResult::Child, RETURNS_LATER) => {
            setsid().unwrap();
            // So that the worker has gone on meanwhile.
            std::thread::sleep(Duration::from_millis(2));
            number + 1000
        }
        (ForkResult::Child, _) => number + 1000,
    }
});

pub fn forks() {
    let pool = pool();
    for (how, chunk_size) in [RETURNS, PANICS, RETURNS_LATER, FORKS_BY_CALL]
        .into_iter()
        .flat_map(|how| [1, 3, 20].map(|chunk_size| (how, chunk_size)))
    {
        let results = pool.map(&FORK_ON, (0..20).map(|n| (how, n)), Some(chunk_size)).unwrap();
        assert!(results.into_iter().eq((0..20).map(Ok)), "way {how}, chunks of {chunk_size}");
        let others = pool.map(&ADD_ONE, 0..50, Some(chunk_size)).unwrap();
        assert!(others.into_iter().eq((1..51).map(Ok)), "way {how}, chunks of {chunk_size}");
    }
    let exited = TaskError::WorkerDied("exit status: 0".to_owned());
    let results = pool.map(&FORK_ON, (0..9).map(|n| (IS_DAEMON, n)), Some(3)).unwrap();
    assert!(results.into_iter().all(|result| result == Err(exited.clone())));
    assert!(pool.map(&ADD_ONE, 0..50, Some(1)).unwrap().into_iter().eq((1..51).map(Ok)));
}

pub fn a_copy_of_a_worker_ends() {
    let output = run(&mut program("forks"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    // The children may be later than the program that looks at them.
    assert!(errors.lines().all(|line| line.ends_with("a panic in a child")), "{errors}");
}

/// What comes in place of a socket.
const PIPE: u8 = 0;
const OTHER_SOCKET: u8 = 1;
const ZEROES: u8 = 2;
const NOTHING: u8 = 3;

/// Puts something else in place of a socket that its worker has: of the first or the last.
pub static REPLACE_SOCKET: Function<(bool, u8), bool> =
    Function::new("replace_socket", |(first, what)| {
        let is_socket = |fd: &i32| {
            // SAFETY: it is only looked at, and nothing closes it meanwhile.
            let mode = fstat(unsafe { BorrowedFd::borrow_raw(*fd) }).map_or(0, |file| file.st_mode);
            SFlag::from_bits_truncate(mode) & SFlag::S_IFMT == SFlag::S_IFSOCK
        };
        let mut sockets = (3..64).filter(is_socket);
        let place = if first { sockets.next() } else { sockets.next_back() };
        let place = place.expect("a socket");
        let other = match what {
            PIPE => {
                let (reader, writer) = pipe().unwrap();
                std::mem::forget(writer);
                reader.into_raw_fd()
            }
            OTHER_SOCKET => {
                let (ours, theirs) = UnixStream::pair().unwrap();
                std::mem::forget(theirs);
                ours.into_raw_fd()
            }
            ZEROES => File::open("/dev/zero").unwrap().into_raw_fd(),
            // SAFETY: that another one has this descriptor is what the test is about.
            _ => return unsafe { libc::close(place) } == 0,
        };
        // SAFETY: as above.
        unsafe { libc::dup2(other, place) == place }
    });

pub fn sockets() {
    for (first, what) in [true, false]
        .into_iter()
        .flat_map(|first| [PIPE, OTHER_SOCKET, ZEROES, NOTHING].map(|what| (first, what)))
    {
        let pool = ProcessPool::with_workers(TASKS, 1).unwrap();
        let before = pool.pids();
        assert_eq!(pool.apply(&REPLACE_SOCKET, (first, what)), Ok(true));
        // The one that cannot be woken any more is replaced.
        for _ in 0..3 {
            let results = pool.map(&ADD_ONE, 0..9, Some(1)).unwrap();
            assert!(results.into_iter().eq((1..10).map(Ok)), "{first} {what}");
        }
        until("another worker", || pool.pids() != before);
    }
}

pub fn a_socket_is_replaced() {
    assert_eq!(lines(&mut program("sockets are replaced")), [""; 0]);
}

/// Becomes another program.
pub static EXEC: Function<Vec<String>, ()> = Function::new("exec", |words| {
    let words: Vec<CString> = words.into_iter().map(|word| CString::new(word).unwrap()).collect();
    let _ = execv(&words[0], &words);
});

pub fn exec() {
    let pool = pool();
    for (words, how) in [
        (&["/bin/sh", "-c", "cat; exit 5"][..], "exit status: 5"),
        (&["/bin/sh", "-c", "kill -9 $$"], "killed by SIGKILL"),
        (&["/bin/sleep", "1000"], "killed, because it closed its socket"),
    ] {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        assert_eq!(pool.apply(&EXEC, words), Err(TaskError::WorkerDied(how.to_owned())));
        assert_eq!(pool.apply(&ADD_ONE, 1), Ok(2));
    }
}

/// Changes something in its worker that stays so for the tasks after it.
pub static CHANGE: Function<u8, u8> = Function::new("change", |what| {
    match what {
        0 => print!("no end of line "),
        1 => std::env::set_current_dir("/proc").unwrap(),
        2 => sigprocmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), None).unwrap(),
        3 => std::panic::set_hook(Box::new(|_| {})),
        4 => setrlimit(Resource::RLIMIT_NOFILE, 0, 0).unwrap(),
        5 => raise(Signal::SIGINT).unwrap(),
        6 => std::mem::forget(std::io::stdout().lock()),
        7 => drop(std::thread::spawn(std::thread::park)),
        8 => drop(setsid()),
        9 => (0..3).for_each(|fd| {
            // SAFETY: nothing of Rust's own owns these.
            unsafe { libc::close(fd) };
        }),
        10 => replace_streams(&File::options().write(true).open("/dev/full").unwrap()),
        11 => replace_streams(&pipe().unwrap().1),
        // SAFETY: that the worker has these descriptors is what the test is about.
        12 => drop(unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) }),
        13 => prctl::set_dumpable(false).unwrap(),
        14 => drop(umask(Mode::all())),
        _ => (3..64).for_each(|fd| {
            // SAFETY: no descriptor is closed.
            unsafe { libc::fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK) };
        }),
    }
    what
});

/// Puts a file in place of the standard streams.
fn replace_streams(file: &impl AsRawFd) {
    for fd in 0..3 {
        // SAFETY: nothing of Rust's own owns these.
        unsafe { libc::dup2(file.as_raw_fd(), fd) };
    }
}

pub fn changes() {
    for what in 0..=15 {
        let mut pool = pool();
        let results = pool.map(&CHANGE, [what; 4], Some(2)).unwrap();
        assert!(results.into_iter().eq([what; 4].map(Ok)), "change {what}");
        assert!(pool.map(&ADD_ONE, 0..9, Some(1)).unwrap().into_iter().eq((1..10).map(Ok)));
        assert!(pool.apply(&BIG, 10 << 20).is_ok_and(|bytes| bytes.len() == 10 << 20));
        assert!(matches!(pool.apply(&PANIC, 3), Err(TaskError::Panicked(_))));
        // The worker prints what its tasks have caught, if it can.
        let results = pool.map(&CAUGHT_PANIC, [1; 9], Some(3)).unwrap();
        assert!(results.into_iter().eq([1; 9].map(Ok)), "change {what}");
        pool.close();
        pool.join().unwrap();
    }
}

pub fn what_a_task_changes() {
    let printed = lines(&mut program("changes")).join("");
    assert!("no end of line ".repeat(4).starts_with(&printed), "{printed}");
}

/// Needs more than there is, or ends its process otherwise.
pub static USE_UP: Function<u8, u64> = Function::new("use_up", |what| match what {
    0 => recurse(0),
    1 => {
        setrlimit(Resource::RLIMIT_AS, 1 << 28, 1 << 28).unwrap();
        vec![1_u8; 1 << 30].len() as u64
    }
    // SAFETY: that nothing is there is what the test is about.
    2 => unsafe { std::ptr::without_provenance::<u64>(64).read_volatile() },
    // SAFETY: it does not return.
    3 => unsafe { libc::_exit(0) },
    4 => {
        // SAFETY: the worker has only this thread, so its process ends.
        unsafe { libc::syscall(libc::SYS_exit, 4) };
        0
    }
    _ => 1,
});

#[allow(unconditional_recursion)]
fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    recurse(depth + 1) + frame[3]
}

pub fn use_up() {
    let pool = pool();
    for (what, how) in [
        (0, "killed by SIGABRT"),
        (1, "killed by SIGABRT"),
        (2, "killed by SIGSEGV"),
        (3, "exit status: 0"),
        (4, "exit status: 4"),
    ] {
        let died = Err(TaskError::WorkerDied(how.to_owned()));
        assert_eq!(pool.map(&USE_UP, [9, what, 9], Some(3)).unwrap(), [Ok(1), died, Ok(1)]);
    }
}

/// Where the counters are in the memory that a worker shares with its pool.
const WRITTEN: usize = 0;
const RELEASED: usize = 128;
const CHUNKS: usize = 256;

/// Writes this number over one of the counters, and goes on as long as there is such a file.
pub static LIE: Function<(usize, u64, PathBuf), ()> =
    Function::new("lie", |(counter, number, gate)| {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        for line in maps.lines().filter(|line| line.contains("memfd:pool")) {
            let (start, rest) = line.split_once('-').unwrap();
            // The counters are at the beginning of the file.
            if rest.split_whitespace().nth(2) == Some("00000000") {
                let start = usize::from_str_radix(start, 16).unwrap();
                // SAFETY: it is mapped; and that this is not sound is what the test is about.
                unsafe { ((start + counter) as *mut u64).write_volatile(number) };
            }
        }
        while gate.exists() {
            std::thread::yield_now();
        }
    });

pub fn lies() {
    for (counter, number) in [
        (RELEASED, u64::MAX),
        (RELEASED, 0),
        (WRITTEN, 8),
        (CHUNKS, 0),
        (CHUNKS, 5 << 32),
        (CHUNKS, u64::MAX),
    ] {
        let pool = pool();
        let (gate, busy) = (tasks::File::new(), tasks::File::new());
        let lie = pool.apply_async(&LIE, (counter, number, gate.path.clone())).unwrap();
        let other = pool.apply_async(&UNTIL_GONE, busy.path.clone()).unwrap();
        // They go to both, and fill what both share with the pool. What the one has that lies is
        // given to the other one later.
        let large = ByteBuf::from(vec![1; 5 << 20]);
        let echoes: Vec<_> =
            (0..6).map(|_| pool.apply_async(&ECHO, large.clone()).unwrap()).collect();
        drop(busy);
        assert_eq!(other.wait(), Ok(()));
        // A worker that says it has begun what it has not looks like one whose task takes long.
        let may_cost_others = counter == CHUNKS;
        let (now, later) =
            if may_cost_others { (Vec::new(), echoes) } else { (echoes, Vec::new()) };
        for echo in now {
            assert!(echo.wait().is_ok_and(|echo| echo == large), "{counter} {number}");
        }
        drop(gate);
        match lie.wait() {
            Ok(()) => {}
            Err(TaskError::WorkerDied(how)) => {
                assert!(how.starts_with("killed, because "), "{how}")
            }
            other => panic!("{other:?}"),
        }
        if may_cost_others {
            pool.terminate();
        } else {
            assert!(pool.map(&ADD_ONE, 0..9, Some(1)).unwrap().into_iter().eq((1..10).map(Ok)));
        }
        for echo in later {
            assert!(echo.wait().map_or(true, |echo| echo == large), "{counter} {number}");
        }
    }
}

pub fn a_worker_lies() {
    // A worker that has begun chunks which nobody has given it may end with a message.
    assert_eq!(lines(&mut program("lies")), [""; 0]);
}

/// Truncates the memory that it shares with its parent, if it can. Without a descriptor for it, a
/// privileged process can still open what it has mapped.
pub static TRUNCATE: Function<(), usize> = Function::new("truncate", |()| {
    let mut truncated = 0;
    for folder in ["/proc/self/map_files", "/proc/self/fd"] {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let is_shared = std::fs::read_link(entry.path())
                .is_ok_and(|path| path.to_string_lossy().contains("memfd:pool"));
            let file = File::options().write(true).open(entry.path());
            if is_shared && file.is_ok_and(|file| file.set_len(0).is_ok()) {
                truncated += 1;
            }
        }
    }
    truncated
});

pub fn truncated() {
    let pool = pool();
    assert_eq!(pool.map(&TRUNCATE, [(); 4], Some(1)).unwrap(), [const { Ok(0) }; 4]);
    let large = ByteBuf::from(vec![1; 10 << 20]);
    assert!(pool.apply(&ECHO, large.clone()).is_ok_and(|echo| echo == large));
    assert_eq!(pool.apply(&ADD_ONE, 1), Ok(2));
}

pub fn shared_memory_stays() {
    assert_eq!(lines(&mut program("truncated")), [""; 0]);
}

/// Iterators that are never dropped.
pub fn forgotten() {
    for begun in [false, true] {
        let mut pool = pool();
        let mut results = pool.imap(&ADD_ONE, 0..100, 1).unwrap();
        if begun {
            assert_eq!(results.next(), Some(Ok(1)));
        }
        std::mem::forget(results);
        std::mem::forget(pool.imap_unordered(&ADD_ONE, 0.., 3).unwrap());
        assert_eq!(pool.apply(&ADD_ONE, 1), Ok(2));
        pool.close();
        pool.join().unwrap();
    }
}

pub fn a_forgotten_imap() {
    assert_eq!(lines(&mut program("forgotten")), [""; 0]);
}

/// Forks this program, which has threads. The child runs this, and nothing else.
fn fork_program(child: impl FnOnce()) -> Pid {
    // SAFETY: of what other threads may have locked, the child uses only the allocator, which the
    // C library keeps usable.
    match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            child();
            // SAFETY: it does not return.
            unsafe { libc::_exit(0) }
        }
    }
}

/// A copy of this process has all of its descriptors while the pool ends.
pub fn copied_descriptors() {
    let mut pool = pool();
    assert_eq!(pool.map(&CHANGE, [0; 4], Some(1)).unwrap(), [Ok(0), Ok(0), Ok(0), Ok(0)]);
    let child = fork_program(|| {
        pause();
    });
    pool.close();
    pool.join().unwrap();
    kill(child, Signal::SIGKILL).unwrap();
    waitpid(child, None).unwrap();
}

pub fn workers_end_well() {
    // A worker that is killed prints nothing. On a machine with much to do, one may be late.
    let printed = lines(&mut program("copied descriptors")).join("");
    assert!(printed.starts_with("no end of line "), "{printed}");
}

/// A pool in a copy of the process that has made it.
pub fn copied_pool() {
    let mut pool = pool();
    let gate = tasks::File::new();
    let running = pool.apply_async(&UNTIL_GONE, gate.path.clone()).unwrap();
    let done = pool.apply_async(&ADD_ONE, 1).unwrap();
    until("a result", || done.is_ready());
    let mut begun = pool.imap(&ADD_ONE, 0..1000, 1).unwrap();
    let mut unordered = pool.imap_unordered(&ADD_ONE, 0..1000, 7).unwrap();
    assert_eq!(begun.next(), Some(Ok(1)));
    assert!(unordered.next().is_some_and(|(_, result)| result.is_ok()));
    let forked = Some(TaskError::Refused(PoolError::Forked));
    let copy = fork_program(|| {
        assert!(running.is_ready());
        assert_eq!(pool.apply(&ADD_ONE, 1).err(), forked);
        assert_eq!(pool.map(&ADD_ONE, 0..9, None), Err(PoolError::Forked));
        assert_eq!(pool.imap(&ADD_ONE, 0..9, 1).err().map(TaskError::from), forked);
        assert!(begun.by_ref().last().is_some_and(|last| last.err() == forked));
        assert!(unordered.by_ref().last().is_some_and(|(_, last)| last.err() == forked));
        assert!(pool.pids().is_empty());
        pool.close();
        pool.terminate();
    });
    assert_eq!(waitpid(copy, None), Ok(WaitStatus::Exited(copy, 0)));
    // This one has noticed nothing.
    assert!(begun.eq((2..=1000).map(Ok)));
    assert_eq!(unordered.count(), 999);
    drop(gate);
    assert_eq!((running.wait(), done.wait()), (Ok(()), Ok(2)));
    assert_eq!(pool.pids().len(), 2);

    let handle = pool.apply_async(&ADD_ONE, 1).unwrap();
    // SAFETY: as above.
    let copy = match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            assert_eq!(handle.wait().err(), forked);
            assert_eq!(pool.join(), Err(PoolError::Forked));
            // Its thread may have the place in memory that the thread of the other pool had.
            let own = tasks::pool();
            drop(pool);
            assert_eq!(own.apply(&ADD_ONE, 1), Ok(2));
            drop(own);
            // SAFETY: it does not return.
            unsafe { libc::_exit(0) }
        }
    };
    assert_eq!(waitpid(copy, None), Ok(WaitStatus::Exited(copy, 0)));
    assert_eq!(handle.wait(), Ok(2));
    pool.close();
    pool.join().unwrap();
}

/// Copies of the process that has made a pool: in each way to fork, what may come next.
pub fn copies() {
    let mut pool = pool();
    let pids = pool.pids();
    let gate = tasks::File::new();
    let running = pool.apply_async(&UNTIL_GONE, gate.path.clone()).unwrap();
    for (fork, next) in [fork as Fork, fork_by_call]
        .into_iter()
        .flat_map(|fork| (0..6).map(move |next| (fork, next)))
    {
        all_others_asleep();
        // SAFETY: no other thread runs, so none can hold a lock that the child needs.
        let copy = match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => child,
            ForkResult::Child => {
                let right = match next {
                    0 => {
                        drop(pool);
                        true
                    }
                    1 => pool.map(&ADD_ONE, 0..9, Some(1)) == Err(PoolError::Forked),
                    2 => pool.join() == Err(PoolError::Forked) && pool.pids().is_empty(),
                    3 => running.wait() == Err(PoolError::Forked.into()),
                    4 => std::process::exit(0),
                    _ => execv(c"/bin/sh", &[c"sh", c"-c", c"exit 0"]).is_ok(),
                };
                // SAFETY: it does not return.
                unsafe { libc::_exit(if right { 0 } else { 1 }) }
            }
        };
        assert_eq!(waitpid(copy, None), Ok(WaitStatus::Exited(copy, 0)), "{next}");
        // This one has noticed nothing.
        assert!(pool.map(&ADD_ONE, 0..9, Some(1)).unwrap().into_iter().eq((1..10).map(Ok)));
        assert_eq!(pool.pids(), pids);
        assert!(!running.is_ready());
    }
    drop(gate);
    assert_eq!(running.wait(), Ok(()));
    pool.close();
    pool.join().unwrap();
}

/// Waits until no other thread of this process does anything.
fn all_others_asleep() {
    let this = gettid();
    for thread in std::fs::read_dir("/proc/self/task").unwrap() {
        let id = Pid::from_raw(thread.unwrap().file_name().to_str().unwrap().parse().unwrap());
        assert!(id == this || common::proc::poll_until_asleep(id).unwrap());
    }
}

pub fn a_copy_of_the_program() {
    assert_eq!(lines(&mut program("copied pool")), [""; 0]);
    assert_eq!(lines(&mut program("copies")), [""; 0]);
}

/// The system refuses the second of three workers, or a part of it, with fewer and fewer
/// descriptors.
pub fn started_in_part() {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let count = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    let open = count("/proc/self/fd") as u64;
    let mut failures = 0;
    for more in 0.. {
        setrlimit(Resource::RLIMIT_NOFILE, open + more, hard).unwrap();
        let pool = ProcessPool::with_workers(TASKS, 3);
        setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
        match pool {
            Ok(pool) => {
                assert_eq!(pool.apply(&ADD_ONE, 1), Ok(2));
                break;
            }
            Err(PoolError::Start(why)) => {
                assert!(why.contains("EMFILE") || why.contains("os error 24"), "{why}")
            }
            Err(why) => panic!("{why}"),
        }
        failures += 1;
        let children = format!("/proc/self/task/{}/children", std::process::id());
        assert_eq!(std::fs::read_to_string(children).unwrap(), "", "with {more} more");
        assert_eq!(count("/proc/self/fd") as u64, open, "with {more} more");
        assert_eq!(waitpid(None, None), Err(Errno::ECHILD), "with {more} more");
    }
    println!("{}", failures > 3);
}

pub fn a_pool_that_cannot_be_started() {
    assert_eq!(lines(&mut program("started in part")), ["true"]);
}

/// The program has closed its standard streams.
pub fn closed_streams() {
    for fd in 0..3 {
        // SAFETY: nothing of Rust's own owns these.
        unsafe { libc::close(fd) };
    }
    let pool = pool();
    let right = pool.map(&DIE_OR_ADD, [0, 9, 0], Some(1)).unwrap();
    let died = Err(TaskError::WorkerDied("exit status: 9".to_owned()));
    let all = right == [Ok(1), died, Ok(1)] && pool.apply(&ADD_ONE, 1) == Ok(2);
    drop(pool);
    std::process::exit(if all { 0 } else { 1 });
}

/// Adds one, or exits with this status.
pub static DIE_OR_ADD: Function<i32, i32> = Function::new("die_or_add", |status| {
    if status > 0 {
        std::process::exit(status);
    }
    status + 1
});

pub fn no_standard_streams() {
    needs_a_pool();
    let output = run(&mut program("closed streams"));
    assert!(output.status.success(), "{}", output.status);
}

/// The iterator panics; the pool is dropped while its thread panics; it is used by many.
pub fn unwinding() {
    let pool = pool();
    let numbers = || {
        (0..100).inspect(|number| {
            if *number == 50 {
                std::panic::resume_unwind(Box::new("an iterator"));
            }
        })
    };
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        pool.imap(&ADD_ONE, numbers(), 7).unwrap().count()
    }));
    assert!(caught.is_err());
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        pool.map(&ADD_ONE, numbers(), Some(7)).unwrap().len()
    }));
    assert!(caught.is_err());
    assert_eq!(pool.apply(&ADD_ONE, 1), Ok(2), "it carries on");
    let pids = pool.pids();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let pool = pool;
        let _handle = pool.apply_async(&WAIT, 3_600_000_000).unwrap();
        std::panic::resume_unwind(Box::new("with a pool"));
    }));
    assert!(caught.is_err());
    for pid in pids {
        assert!(is_gone(pid));
    }
}

/// A program that gives up its rights after it has made a pool. It may not kill the workers then.
pub fn as_another_user() {
    const NOBODY: u32 = 65_534;
    let pool = pool();
    let gate = tasks::File::new();
    let running = pool.apply_async(&UNTIL_GONE, gate.path.clone()).unwrap();
    let waiting = [(); 4].map(|()| pool.apply_async(&UNTIL_GONE, gate.path.clone()).unwrap());
    let become_user = |user| {
        // SAFETY: it takes numbers, and touches no memory of this program.
        Errno::result(unsafe { libc::setresuid(user, user, u32::MAX) })
    };
    if become_user(NOBODY).is_err() {
        return println!("not root");
    }
    assert_eq!(kill(Pid::from_raw(pool.pids()[0]), None), Err(Errno::EPERM));
    pool.terminate();
    for handle in [running].into_iter().chain(waiting) {
        assert_eq!(handle.wait(), Err(TaskError::Ended("it was terminated".to_owned())));
    }
    // The workers end when their tasks do.
    become_user(0).unwrap();
    drop(gate);
    while let Ok(status) = waitpid(None, None) {
        assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
    }
}

pub fn terminated_as_another_user() {
    let lines = lines(&mut program("as another user"));
    if lines == ["not root"] {
        return start::pass_over("only root can become another user");
    }
    assert_eq!(lines, [""; 0]);
}

pub fn stopped() {
    let pool = pool();
    let handle = pool.apply_async(&WAIT, 3_600_000_000).unwrap();
    let pids = pool.pids();
    pids.iter().for_each(|&pid| kill(Pid::from_raw(pid), Signal::SIGSTOP).unwrap());
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(|| pool.terminate()))));
    assert_eq!(handle.wait(), Err(TaskError::Ended("it was terminated".to_owned())));
    for pid in pids {
        assert!(is_gone(pid));
    }
}

pub fn closed_meanwhile() {
    let pool = pool();
    let done = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Ok(results) = pool.map(&ADD_ONE, 0..20, Some(3)) {
                    assert!(results.into_iter().eq((1..21).map(Ok)));
                    done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
        until("some results", || done.load(std::sync::atomic::Ordering::Relaxed) > 10);
        pool.close();
    });
}
