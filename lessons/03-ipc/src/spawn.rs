//! The child is a program of its own: this one, started again. It has no copy of the
//! parent's channels, so it gets a name to connect to. Compare with `accept`, where it never
//! connects.

use std::env;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use common::child::{Child, describe};
use ipc_channel::ipc::{IpcOneShotServer, IpcSender, channel};
use nix::sys::socket::UnixAddr;
use nix::unistd::{Pid, getpid, getppid};
use serde::{Deserialize, Serialize};

/// The variables that make this program the child: where to connect, and what to do. The last
/// two roles are for `accept`.
const SERVER: &str = "LESSON_SERVER";
const ROLE: &str = "LESSON_ROLE";

/// The child's first message: its pid, and where it takes questions.
#[derive(Serialize, Deserialize)]
pub struct Hello {
    pid: i32,
    questions: IpcSender<Question>,
}

#[derive(Serialize, Deserialize)]
struct Question {
    text: String,
    answer: IpcSender<String>,
}

pub fn run() -> Result<()> {
    if is_child() { be_child() } else { be_parent() }
}

/// Whether this program was started as the child.
pub fn is_child() -> bool {
    env::var_os(SERVER).is_some()
}

/// What the child does: its role.
pub fn be_child() -> Result<()> {
    let server = env::var(SERVER).context(SERVER)?;
    match env::var(ROLE).context(ROLE)?.as_str() {
        "answers" => answer(server),
        "ends" => std::process::exit(3),
        // The end of standard input is the parent's end.
        "waits" => std::io::stdin().read_to_end(&mut Vec::new()).map(drop).context("read"),
        role => bail!("{ROLE}: no role '{role}'; available: answers, ends, waits"),
    }
}

fn be_parent() -> Result<()> {
    check_folder()?;
    let (server, name) = IpcOneShotServer::<Hello>::new().context("IpcOneShotServer::new")?;
    let (child, _stdin) = start("spawn", "answers", &name)?;
    println!("I ({}) have started pid {}, and wait until it connects.", getpid(), child.pid());
    let (_, Hello { pid, questions }) = server.accept().context("accept")?;
    println!("  pid {pid} has connected");
    let (answer, answers) = channel().context("channel")?;
    let text = "Who are you?".to_owned();
    questions.send(Question { text, answer }).context("send the question")?;
    println!("  it answers: {}", answers.recv().context("receive the answer")?);
    drop(questions);
    println!("  it has ended: {}", describe(child.wait()?));
    Ok(())
}

/// Checks the folder in which ipc-channel makes a socket. Where it cannot, it panics, and a
/// name that is too long for a socket it cuts.
pub fn check_folder() -> Result<()> {
    let folder = tempfile::tempdir().context("TMPDIR: make a folder")?;
    let name = folder.path().join("socket");
    UnixAddr::new(&name).with_context(|| format!("TMPDIR: a socket {}", name.display()))?;
    ensure!(name.to_str().is_some(), "TMPDIR: {} is not UTF-8", name.display());
    Ok(())
}

/// Starts this demo again, as a child with a role. Its standard input ends when the
/// parent ends.
pub fn start(demo: &str, role: &str, server: &str) -> Result<(Child, ChildStdin)> {
    // This file, even if Cargo has put another in its place.
    let mut child = Command::new("/proc/self/exe")
        .arg0("03-ipc")
        .arg(demo)
        .envs([(SERVER, server), (ROLE, role)])
        .stdin(Stdio::piped())
        .spawn()
        .context("start this program again")?;
    let stdin = child.stdin.take().expect("it was asked to be a pipe");
    Ok((Child::new(Pid::from_raw(child.id() as i32)), stdin))
}

/// Connects to the parent, and answers what it asks.
fn answer(server: String) -> Result<()> {
    let (sender, questions) = channel::<Question>().context("channel")?;
    let parent = IpcSender::connect(server).context("connect")?;
    let hello = Hello { pid: getpid().as_raw(), questions: sender };
    parent.send(hello).context("send who I am")?;
    let question = questions.recv().context("receive a question")?;
    println!("  child (pid {}): I am asked: {}", getpid(), question.text);
    let answer = format!("pid {}, started by pid {}", getpid(), getppid());
    question.answer.send(answer).context("send the answer")
}
