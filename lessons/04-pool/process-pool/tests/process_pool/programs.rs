//! What needs a program of its own: an odd environment, signals to a whole group, what is
//! printed on standard error. The program is this one, started with a role.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, killpg, sigaction};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getpid, pause};
use process_pool::{Function, PoolError, ProcessPool, TaskError, Tasks, work_if_worker};
use testing::start;

use crate::tasks::{self, ADD_ONE, DIE, TASKS, UNTIL_GONE, needs_a_pool, pool};
use crate::{hostile, misuse};

/// What this program is started for; without a role it runs the tests.
const ROLE: &str = "POOL_ROLE";

const ROLES: &[(&str, fn())] = &[
    ("deaths", deaths),
    ("deaths with SIGCHLD ignored", deaths_with_sigchld_ignored),
    ("deaths with SA_NOCLDWAIT", deaths_with_no_cld_wait),
    ("deaths that are reaped elsewhere", deaths_reaped_elsewhere),
    ("forgetful", add_one),
    ("forgetful worker", add_one),
    ("another table in the worker", add_one),
    ("one task", add_one),
    ("no descriptors", no_descriptors),
    ("no workers", no_workers),
    ("one left, EAGAIN", || one_left(Errno::EAGAIN)),
    ("one left, ENOMEM", || one_left(Errno::ENOMEM)),
    ("none left, EAGAIN", || none_left(Errno::EAGAIN)),
    ("none left, ENOMEM", || none_left(Errno::ENOMEM)),
    ("useless workers", useless_workers),
    ("interrupted", interrupted),
    ("panics", panics),
    ("terminated in an argument", terminated_in_an_argument),
    ("forks", misuse::forks),
    ("sockets are replaced", misuse::sockets),
    ("changes", misuse::changes),
    ("lies", misuse::lies),
    ("forgotten", misuse::forgotten),
    ("truncated", misuse::truncated),
    ("copied descriptors", misuse::copied_descriptors),
    ("copied pool", misuse::copied_pool),
    ("copies", misuse::copies),
    ("started in part", misuse::started_in_part),
    ("as another user", misuse::as_another_user),
    ("closed streams", misuse::closed_streams),
    ("few descriptors", hostile::few_descriptors),
    ("aborting workers", hostile::aborting_workers),
];

static OTHER_ADD_ONE: Function<u64, u64> = Function::new("add_one", |number| number + 100);
static OTHER_TABLE: Tasks = &[&DIE, &OTHER_ADD_ONE];

/// Makes this program a worker, or what a test has started it for.
pub fn be_started() {
    let role = std::env::var(ROLE).ok();
    let is_worker = std::env::args().nth(1).is_some_and(|argument| argument == "pool-worker");
    match role.as_deref() {
        Some("forgetful") => {}
        Some("forgetful worker") if is_worker => std::process::exit(0),
        Some("useless workers") if is_worker && note_worker() => std::process::exit(0),
        Some("aborting workers") if is_worker && note_worker() => std::process::abort(),
        Some("another table in the worker") if is_worker => work_if_worker(OTHER_TABLE),
        _ => work_if_worker(TASKS),
    }
    if let Some(role) = role {
        let (_, run) = ROLES.iter().find(|(name, _)| *name == role).expect("a role");
        run();
        std::process::exit(0);
    }
}

/// This program with a role, to which `command` gives an environment.
fn with_role(mut command: Command, role: &str) -> Command {
    if command.get_program() != std::env::current_exe().unwrap() {
        command.arg(std::env::current_exe().unwrap());
    }
    command.env(ROLE, role);
    command
}

pub fn program(role: &str) -> Command {
    with_role(start::command(std::env::current_exe().unwrap()), role)
}

/// Runs it, and returns what it has printed. Fails if it hangs: after a minute.
pub fn run(command: &mut Command) -> Output {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = child.process_group(0).spawn().unwrap();
    let group = Pid::from_raw(child.id() as i32);
    let (done, wait) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(child.wait_with_output().unwrap()));
    wait.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| {
        let _ = killpg(group, Signal::SIGKILL);
        panic!("{command:?} hangs");
    })
}

/// The lines that it has printed on standard output.
pub fn lines(command: &mut Command) -> Vec<String> {
    let Output { status, stdout, stderr } = run(command);
    let errors = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{status}: {errors}");
    String::from_utf8(stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Waits until something is true. Fails if that takes longer than any machine needs.
pub fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_true() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn kill_and_replace(pool: &ProcessPool) {
    let before = pool.pids();
    for pid in &before {
        kill(Pid::from_raw(*pid), Signal::SIGKILL).unwrap();
    }
    until("other workers", || {
        let now = pool.pids();
        now.len() == before.len() && now.iter().all(|pid| !before.contains(pid))
    });
}

fn add_one() {
    match pool_or_error() {
        Ok(pool) => match pool.apply(&ADD_ONE, 1) {
            Ok(result) => println!("{result}"),
            Err(why) => println!("task: {why}"),
        },
        Err(why) => println!("pool: {why}"),
    }
}

fn pool_or_error() -> Result<ProcessPool, PoolError> {
    ProcessPool::with_workers(TASKS, 2)
}

/// Workers die in all ways, busy and idle, and the pool goes on.
fn deaths() {
    let pool = pool();
    for chunk_size in [1, 3, 9] {
        let results = pool.map(&DIE, [0, 1, 0, 2, 3, 0, 0, 1, 0], Some(chunk_size)).unwrap();
        for result in results {
            match result {
                Ok(way) => println!("{way}"),
                Err(why) => println!("{why}"),
            }
        }
        kill_and_replace(&pool);
        assert!(
            pool.map(&ADD_ONE, 0..10, Some(chunk_size)).unwrap().into_iter().eq((1..11).map(Ok))
        );
    }
}

fn deaths_with_sigchld_ignored() {
    set_sigchld(SigHandler::SigIgn, SaFlags::empty());
    deaths();
}

fn deaths_with_no_cld_wait() {
    set_sigchld(SigHandler::SigDfl, SaFlags::SA_NOCLDWAIT);
    deaths();
}

fn set_sigchld(handler: SigHandler, flags: SaFlags) {
    let action = SigAction::new(handler, flags, SigSet::empty());
    // SAFETY: no handler is installed, so none can run at a bad moment.
    unsafe { sigaction(Signal::SIGCHLD, &action) }.unwrap();
}

fn deaths_reaped_elsewhere() {
    // As the first process of a container must do it.
    std::thread::spawn(|| {
        loop {
            if waitpid(None, None).is_err() {
                std::thread::yield_now();
            }
        }
    });
    deaths();
}

pub fn unknown_deaths() {
    let unknown = "its worker died: how is not known, as its exit status went elsewhere";
    let known = |way: &str| format!("its worker died: {way}");
    let in_words = |how: &dyn Fn(&str) -> String| -> Vec<String> {
        let ways = [
            "",
            "exit status: 7",
            "",
            "killed by SIGABRT",
            "killed by SIGKILL",
            "",
            "",
            "exit status: 7",
            "",
        ];
        let line = |way: &&str| if way.is_empty() { "0".to_owned() } else { how(way) };
        ways.iter().cycle().take(3 * ways.len()).map(line).collect()
    };
    assert_eq!(lines(&mut program("deaths")), in_words(&known));
    let all_unknown = in_words(&|_| unknown.to_owned());
    assert_eq!(lines(&mut program("deaths with SIGCHLD ignored")), all_unknown);
    assert_eq!(lines(&mut program("deaths with SA_NOCLDWAIT")), all_unknown);
    let mut inherited = start::command("env");
    inherited.arg("--ignore-signal=CHLD");
    assert_eq!(lines(&mut with_role(inherited, "deaths")), all_unknown);
    // The first to wait gets the status.
    let either = lines(&mut program("deaths that are reaped elsewhere"));
    for (line, (known, unknown)) in either.iter().zip(in_words(&known).iter().zip(&all_unknown)) {
        assert!(line == known || line == unknown, "{line}");
    }
    assert_eq!(either.len(), all_unknown.len());
}

pub fn agreement() {
    let line = |role| lines(&mut program(role)).join("\n");
    assert_eq!(line("one task"), "2");
    let forgetful = line("forgetful");
    assert!(
        forgetful.starts_with("pool: this program has not called work_if_worker"),
        "{forgetful}"
    );
    // The same program, but it behaves otherwise when it is started by a pool.
    let worker = line("forgetful worker");
    assert!(
        worker.starts_with("task: the pool has ended: many workers in a row ended"),
        "{worker}"
    );
    assert!(worker.ends_with("exit status: 0"), "{worker}");
    // On a machine with much to do, the pool may have ended before it gets the task.
    let refused = "task: the pool takes no more tasks";
    let mut printed = (0..60).map(|_| line("another table in the worker"));
    let another = printed.find(|line| line != refused).expect("a pool that takes the task");
    assert!(
        another.starts_with("task: the pool has ended: its functions are (add_one: u64 -> u64; "),
        "{another}"
    );
    assert!(another.ends_with("with (die: u8 -> u8; add_one: u64 -> u64)"), "{another}");
}

/// A task that makes a pool.
pub static NEST: Function<(), String> = Function::new("nest", |()| match pool_or_error() {
    Ok(_) => "a pool".to_owned(),
    Err(why) => why.to_string(),
});

pub fn nested() {
    assert_eq!(
        pool().apply(&NEST, ()).unwrap(),
        "a task cannot make a pool: it runs in a worker of one"
    );
}

/// While the system refuses another worker, the other one goes on, and then there are two.
fn with_one_worker(refuse: impl FnOnce() -> Box<dyn FnOnce()>) {
    let pool = pool();
    let gate = tasks::File::new();
    let running = pool.apply_async(&UNTIL_GONE, gate.path.clone()).unwrap();
    let victim = pool.apply_async(&PID, ()).unwrap().wait().unwrap();
    let allow = refuse();
    kill(Pid::from_raw(victim), Signal::SIGKILL).unwrap();
    until("one worker", || !pool.pids().contains(&victim));
    assert_eq!(pool.pids().len(), 1);
    assert!(!running.is_ready());
    let handles: Vec<_> = (0..10).map(|n| pool.apply_async(&ADD_ONE, n).unwrap()).collect();
    drop(gate);
    assert_eq!(running.wait(), Ok(()));
    for (number, handle) in (1..).zip(handles) {
        assert_eq!(handle.wait(), Ok(number));
    }
    assert_eq!(pool.pids().len(), 1);
    allow();
    until("two workers", || pool.pids().len() == 2);
    assert!(!pool.pids().contains(&victim));
    println!("{:?}", pool.map(&ADD_ONE, [1, 2], Some(1)).unwrap());
}

/// The worker.
pub static PID: Function<(), i32> = Function::new("pid", |()| getpid().as_raw());

fn no_descriptors() {
    with_one_worker(|| {
        let all: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        Box::new(|| drop(all))
    });
}

/// No worker is left, and none can be started.
fn no_workers() {
    let pool = pool();
    // What the workers have is above this limit, so their end makes no room.
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 3, hard).unwrap();
    for pid in pool.pids() {
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    }
    // One may have been given to a worker before it died.
    let handles: Vec<_> = (0..9).map(|n| pool.apply_async(&ADD_ONE, n)).collect();
    for handle in handles.into_iter().flatten() {
        match handle.wait() {
            Err(TaskError::Ended(why)) => println!("{why}"),
            Ok(_) | Err(TaskError::WorkerDied(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pool.apply(&ADD_ONE, 1), Err(PoolError::Closed.into()));
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
}

pub fn not_replaced() {
    let done = ["[Ok(2), Ok(3)]"];
    assert_eq!(lines(&mut with_role(start::with_descriptors(64), "no descriptors")), done);
    let lines = lines(&mut program("no workers"));
    assert!(!lines.is_empty());
    for line in lines {
        assert!(line.starts_with("start a worker in place of one that died: "), "{line}");
        assert!(line.contains("EMFILE") || line.contains("Too many open files"), "{line}");
    }
}

/// One of two workers dies, and the system starts no process any more.
fn one_left(error: Errno) {
    let pool = pool();
    let gate = tasks::File::new();
    let running = pool.apply_async(&UNTIL_GONE, gate.path.clone()).unwrap();
    let victim = pool.apply(&PID, ()).unwrap();
    let spared: Vec<i32> = pool.pids().into_iter().filter(|&pid| pid != victim).collect();
    start::refuse_processes_from_now_on(error);
    kill(Pid::from_raw(victim), Signal::SIGKILL).unwrap();
    until("one worker", || pool.pids() == spared);
    assert!(!running.is_ready());
    drop(gate);
    assert_eq!(running.wait(), Ok(()));
    // Without a worker the pool would give up after about a second. This is longer, and the
    // worker that is left does all of the tasks.
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(1500) {
        assert!(pool.map(&ADD_ONE, 0..10, Some(1)).unwrap().into_iter().eq((1..11).map(Ok)));
        assert_eq!(pool.apply(&PID, ()), Ok(spared[0]));
    }
    assert_eq!(pool.pids(), spared);
}

/// All workers die, and the system starts no process any more.
fn none_left(error: Errno) {
    let pool = pool();
    let gate = tasks::File::new();
    let running = [(); 2].map(|()| pool.apply_async(&UNTIL_GONE, gate.path.clone()).unwrap());
    let waiting: Vec<_> = (0..9).map(|n| pool.apply_async(&ADD_ONE, n).unwrap()).collect();
    start::refuse_processes_from_now_on(error);
    for pid in pool.pids() {
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    }
    for handle in running {
        // The kill may have come before the task began.
        match handle.wait() {
            Err(TaskError::WorkerDied(how)) => assert_eq!(how, "killed by SIGKILL"),
            Err(TaskError::Ended(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    for handle in waiting {
        let Err(TaskError::Ended(why)) = handle.wait() else { panic!("no worker was left") };
        println!("{why}");
    }
    assert_eq!(pool.apply(&ADD_ONE, 1), Err(PoolError::Closed.into()));
}

pub fn no_processes() {
    for (error, text) in
        [("EAGAIN", "Resource temporarily unavailable"), ("ENOMEM", "Cannot allocate memory")]
    {
        assert_eq!(lines(&mut program(&format!("one left, {error}"))), [""; 0]);
        let lines = lines(&mut program(&format!("none left, {error}")));
        assert_eq!(lines.len(), 9);
        for line in lines {
            assert!(line.starts_with("start a worker in place of one that died: "), "{line}");
            assert!(line.contains(text), "{line}");
        }
    }
}

/// The file whose presence makes new workers useless.
pub const USELESS: &str = "POOL_USELESS";

pub fn useless_file() -> PathBuf {
    std::env::var_os(USELESS).expect("the test has set it").into()
}

/// Adds a line to this file, if it is there.
fn note_worker() -> bool {
    let file = File::options().append(true).open(useless_file());
    file.is_ok_and(|mut file| writeln!(file, "{}", getpid()).is_ok())
}

/// One of two workers dies, and those that take its place end before they have done anything.
fn useless_workers() {
    let pool = pool();
    let spared = pool.apply(&PID, ()).unwrap();
    let file = useless_file();
    File::create(&file).unwrap();
    let begin = Instant::now();
    for pid in pool.pids().into_iter().filter(|&pid| pid != spared) {
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    }
    // A pool without a worker gives up after 20.
    until("25 useless workers", || {
        assert_eq!(pool.apply(&PID, ()), Ok(spared));
        std::fs::read_to_string(&file).unwrap().lines().count() >= 25
    });
    // Each time it has waited 5 ms longer.
    assert!(begin.elapsed() > Duration::from_millis(1500), "{:?}", begin.elapsed());
    std::fs::remove_file(&file).unwrap();
    // While one worker is busy, there is another one that does this.
    let gate = tasks::File::new();
    let busy = pool.apply_async(&UNTIL_GONE, gate.path.clone()).unwrap();
    assert_eq!(pool.apply(&ADD_ONE, 1), Ok(2));
    drop(gate);
    assert_eq!(busy.wait(), Ok(()));
    // Those before it do not count any more.
    kill_and_replace(&pool);
    assert!(pool.map(&ADD_ONE, 0..10, Some(1)).unwrap().into_iter().eq((1..11).map(Ok)));
}

pub fn useless() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("file");
    assert_eq!(lines(program("useless workers").env(USELESS, file)), [""; 0]);
}

pub fn file_size_limit() {
    let mut command = start::command("sh");
    command.args(["-c", "ulimit -f 2048; exec \"$0\" \"$@\""]);
    let lines = lines(&mut with_role(command, "one task"));
    assert!(lines[0].starts_with("pool: start the workers: shared memory of "), "{lines:?}");
    assert!(lines[0].ends_with("the limit for files is 1048576 (ulimit -f)"), "{lines:?}");
}

/// Runs a command and waits for it.
pub static SHELL: Function<String, bool> = Function::new("shell", |command| {
    Command::new("sh").args(["-c", &command]).status().unwrap().success()
});

/// A process that is forked and goes on without exec.
pub static FORK: Function<PathBuf, ()> = Function::new("fork", |file| {
    common::child::ensure_one_thread().unwrap();
    // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => loop {
            std::fs::write(&file, getpid().to_string()).unwrap();
            pause();
        },
        ForkResult::Parent { child } => drop(waitpid(child, None).unwrap()),
    }
});

/// Prints the ids of what its tasks have started, and then what comes of it.
fn interrupted() {
    // What the program itself does with Ctrl-C is its own affair: this one goes on.
    extern "C" fn nothing(_: libc::c_int) {}
    let action = SigAction::new(SigHandler::Handler(nothing), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGINT, &action) }.unwrap();
    let pool = pool();
    let (shell, fork) = (tasks::File::new(), tasks::File::new());
    let command = format!("echo $$ > {}; exec sleep 1000", shell.path.display());
    let handle = pool.apply_async(&SHELL, command).unwrap();
    let forked = pool.apply_async(&FORK, fork.path.clone()).unwrap();
    for file in [&shell.path, &fork.path] {
        let mut text = String::new();
        until("a pid", || {
            text = std::fs::read_to_string(file).unwrap();
            !text.trim().is_empty()
        });
    }
    println!("started");
    std::io::stdout().flush().unwrap();
    println!("{:?} {:?}", handle.wait(), forked.wait());
    println!("{:?}", pool.apply(&ADD_ONE, 1));
}

pub fn ctrl_c_reaches_what_tasks_started() {
    needs_a_pool();
    let mut command = program("interrupted");
    let mut child = command.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("started"));
    killpg(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    // They have ended, and the workers have not.
    assert_eq!(lines.next().as_deref(), Some("Ok(false) Ok(())"));
    assert_eq!(lines.next().as_deref(), Some("Ok(2)"));
    assert!(child.wait().unwrap().success());
}

/// Closes its socket to the pool, and all else, and goes on.
pub static CLOSE_SOCKET: Function<(), ()> = Function::new("close_socket", |()| {
    for fd in 3..1024 {
        // SAFETY: nothing else in the task uses descriptors.
        unsafe { libc::close(fd) };
    }
    loop {
        pause();
    }
});

pub fn closed_socket() {
    let pool = pool();
    let others: Vec<_> = (0..20).map(|n| pool.apply_async(&ADD_ONE, n).unwrap()).collect();
    let begin = cpu_time();
    let result = pool.apply(&CLOSE_SOCKET, ());
    let time = cpu_time() - begin;
    let why = "killed, because it closed its socket".to_owned();
    assert_eq!(result, Err(TaskError::WorkerDied(why)));
    // It waits a second before it is killed. Most of that the manager sleeps.
    assert!(time < Duration::from_millis(500), "the manager was busy for {time:?}");
    assert!(others.into_iter().map(|handle| handle.wait()).eq((1..21).map(Ok)));
}

/// How long this process has used a CPU.
fn cpu_time() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap().into()
}

/// Writes over the memory that it shares with its parent.
pub static SCRIBBLE: Function<u8, ()> = Function::new("scribble", |byte| {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    for line in maps.lines().filter(|line| line.contains("memfd:pool")) {
        let (start, rest) = line.split_once('-').unwrap();
        let start = usize::from_str_radix(start, 16).unwrap();
        let end = usize::from_str_radix(rest.split_once(' ').unwrap().0, 16).unwrap();
        // SAFETY: it is mapped; and that this is not sound is what the test is about.
        unsafe { std::ptr::write_bytes(start as *mut u8, byte, end - start) };
    }
    loop {
        pause();
    }
});

pub fn scribbled() {
    for byte in [1, 3, 0x80, 0xff] {
        let pool = pool();
        let others: Vec<_> = (0..20).map(|n| pool.apply_async(&ADD_ONE, n).unwrap()).collect();
        assert!(others.into_iter().map(|handle| handle.wait()).eq((1..21).map(Ok)));
        let scribbled = pool.apply_async(&SCRIBBLE, byte).unwrap();
        until("the end of the task", || {
            // The other worker does these. The manager looks at both.
            let _ = pool.apply(&ADD_ONE, 1);
            scribbled.is_ready()
        });
        let why = "killed, because it wrote what is not a result".to_owned();
        assert_eq!(scribbled.wait(), Err(TaskError::WorkerDied(why)));
        assert!(pool.map(&ADD_ONE, 0..20, Some(1)).unwrap().into_iter().eq((1..21).map(Ok)));
    }
}

/// A thread that it starts panics, and it does not care.
pub static THREAD_PANIC: Function<u8, u8> = Function::new("thread_panic", |number| {
    let _ = std::thread::spawn(|| panic!("a panic in a thread")).join();
    number
});

/// A panic where it cannot unwind ends the process.
pub static C_PANIC: Function<u8, u8> = Function::new("c_panic", |number| {
    extern "C" fn callback() {
        panic!("a panic in a callback of C");
    }
    callback();
    number
});

pub static CAUGHT_PANIC: Function<u8, u8> = Function::new("caught_panic", |number| {
    let _ = std::panic::catch_unwind(|| panic!("a panic that is caught"));
    assert!(number > 0, "a panic that is not caught");
    number
});

pub static RESUMED_PANIC: Function<u8, u8> = Function::new("resumed_panic", |_| {
    std::panic::resume_unwind(Box::new("a panic without a hook"))
});

fn panics() {
    let pool = pool();
    println!("{:?}", pool.apply(&THREAD_PANIC, 1));
    println!("{:?}", pool.apply(&C_PANIC, 1));
    println!("{:?}", pool.apply(&CAUGHT_PANIC, 1));
    println!("{:?}", pool.apply(&RESUMED_PANIC, 1));
    let not_caught = pool.apply(&CAUGHT_PANIC, 0);
    println!("{}", not_caught.unwrap_err().to_string().ends_with("a panic that is not caught"));
}

pub fn panics_are_seen() {
    let Output { status, stdout, stderr } = run(&mut program("panics"));
    let (lines, errors) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(status.success(), "{errors}");
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(
        lines,
        [
            "Ok(1)",
            "Err(WorkerDied(\"killed by SIGABRT\"))",
            "Ok(1)",
            "Err(Panicked(\"a panic without a hook\"))",
            "true",
        ]
    );
    let seen = |text| errors.matches(text).count();
    assert_eq!(seen("a panic in a thread"), 1, "{errors}");
    assert_eq!(seen("a panic in a callback of C"), 1, "{errors}");
    assert_eq!(seen("a panic that is caught"), 2, "{errors}");
}

/// Its workers are in the middle of an argument when they are terminated.
fn terminated_in_an_argument() {
    for time in 0..20 {
        let pool = pool();
        let argument = serde_bytes::ByteBuf::from(vec![1; 64 << 20]);
        let handle = pool.apply_async(&tasks::ECHO, argument).unwrap();
        // Any moment will do.
        std::thread::sleep(Duration::from_millis(2 * time));
        pool.terminate();
        assert!(handle.is_ready());
    }
}

pub fn terminate_is_silent() {
    let Output { status, stderr, .. } = run(&mut program("terminated in an argument"));
    assert_eq!((status.success(), String::from_utf8_lossy(&stderr)), (true, "".into()));
}
