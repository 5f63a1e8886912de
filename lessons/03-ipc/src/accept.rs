//! `IpcOneShotServer::accept` waits until a process connects. If the child never does, it
//! waits for ever (ipc-channel, issues 201 and 261), unless another thread watches the child.
//! Compare with `spawn`, where it does.

use std::io::pipe;
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use common::child::{Child, describe, fork_child};
use common::{hang, paced, pidfd, text};
use ipc_channel::IpcError;
use ipc_channel::ipc::{IpcOneShotServer, IpcReceiver, IpcSender};

use crate::spawn::{Hello, be_child, check_folder, is_child, start};

pub fn run() -> Result<()> {
    if is_child() {
        return be_child();
    }
    check_folder()?;
    println!("A child that ends before it connects:");
    accept_for_ever()?;
    println!("The same, but I also watch the child:");
    accept_in_time("ends", Duration::from_secs(60))?;
    println!("A child that neither connects nor ends, and a deadline:");
    accept_in_time("waits", paced(Duration::from_secs(1)))
}

/// Wrong: the child is dead, and nothing else will connect.
fn accept_for_ever() -> Result<()> {
    let (server, name) = IpcOneShotServer::<Hello>::new().context("IpcOneShotServer::new")?;
    let (child, _stdin) = start("accept", "ends", &name)?;
    println!("  pid {} has ended: {}", child.pid(), describe(child.wait()?));

    // In a process that can be killed while it waits.
    let waiting = fork_child(move || Ok(server.accept().map(drop)?))?;
    println!("  I call accept, in another process:");
    hang::show(&waiting)?;
    println!("  I kill it");
    Ok(())
}

/// Right: it notices at once that the child has ended, however long `time` is.
fn accept_in_time(role: &str, time: Duration) -> Result<()> {
    let (server, name) = IpcOneShotServer::<Hello>::new().context("IpcOneShotServer::new")?;
    let (child, _stdin) = start("accept", role, &name)?;
    let Err(error) = accept(server, name, &child, time)? else {
        bail!("pid {} has connected", child.pid());
    };
    println!("  accept returns: {error:?}");
    if pidfd::wait(&pidfd::open(child.pid())?, Some(Duration::ZERO))? {
        println!("  pid {} has ended: {}", child.pid(), describe(child.wait()?));
    } else {
        let time = text::time(time);
        println!("  pid {} still runs after {time}; I kill it", child.pid());
        // Before its standard input is closed.
        drop(child);
    }
    Ok(())
}

/// `accept`; the error `Disconnected` if the child ends, or lets the time pass, before it
/// connects.
fn accept(
    server: IpcOneShotServer<Hello>,
    name: String,
    child: &Child,
    time: Duration,
) -> Result<Result<(IpcReceiver<Hello>, Hello), IpcError>> {
    let process = pidfd::open(child.pid())?;
    let (accepted, accepting) = pipe().context("pipe")?;
    thread::scope(|scope| {
        let watch = thread::Builder::new().spawn_scoped(scope, move || {
            let first = pidfd::wait_for_any(&[process.as_fd(), accepted.as_fd()], Some(time));
            // To connect takes a descriptor, and there may be no more.
            drop((process, accepted));
            // If accept still waits: a connection that is closed at once. It comes after
            // the child's, if there is one.
            drop(IpcSender::<Hello>::connect(name));
            first
        });
        let watch = watch.context("start a thread")?;
        let result = server.accept();
        drop(accepting);
        watch.join().expect("the watching thread does not panic")?;
        Ok(result)
    })
}
