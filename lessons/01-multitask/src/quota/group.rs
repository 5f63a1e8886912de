//! A cgroup with a limit on CPU time: cgroups(7). It is removed however this program ends.

use std::fs::{create_dir, read_to_string, remove_dir, write};
use std::io::{self, PipeReader, PipeWriter, Read, pipe};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use common::Unsupported;
use common::child::{self, Child};
use nix::poll::{PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::unistd::{ForkResult, fork, getpid};

pub struct Group {
    folder: PathBuf,
    /// The one hierarchy of version 2, or that of version 1 for the CPU.
    is_version_2: bool,
    /// Removes the folder when all copies of `alive` are closed.
    janitor: Option<Child>,
    alive: Option<PipeWriter>,
}

impl Group {
    /// Makes a cgroup beside the one of this process, or in it, as far as the rules allow that.
    ///
    /// # Errors
    /// [`Unsupported`] if the system refuses: usually only root may do this.
    pub fn make() -> Result<Self> {
        let text = read_to_string("/proc/self/cgroup").context("/proc/self/cgroup")?;
        let (above, is_version_2) = place(&text, passes_cpu_on)
            .ok_or_else(|| refused("no cgroup above this one has a CPU controller to pass on"))?;
        let folder = above.join(format!("course-quota-{}", getpid()));
        let (janitor, alive) = start_janitor(&folder)?;
        let group = Self { folder, is_version_2, janitor: Some(janitor), alive: Some(alive) };
        create_dir(&group.folder)
            .map_err(|why| refused(&format!("mkdir {}: {why}", group.folder.display())))?;
        Ok(group)
    }

    /// Lets its processes together use `quota` of CPU time in each period.
    pub fn limit(&self, quota: Duration, period: Duration) -> Result<()> {
        let [quota, period] = [quota, period].map(|time| time.as_micros());
        if self.is_version_2 {
            return self.write("cpu.max", &format!("{quota} {period}"));
        }
        self.write("cpu.cfs_period_us", &period.to_string())?;
        self.write("cpu.cfs_quota_us", &quota.to_string())
    }

    /// Moves this process into it.
    pub fn enter(&self) -> Result<()> {
        self.write("cgroup.procs", "0")
    }

    fn write(&self, file: &str, text: &str) -> Result<()> {
        let path = self.folder.join(file);
        Ok(write(&path, text).map_err(|why| refused(&format!("{}: {why}", path.display())))?)
    }

    /// In how many periods its processes were stopped because they had used up their quota, and
    /// for how long in all.
    pub fn throttled(&self) -> Result<(u64, Duration)> {
        let path = self.folder.join("cpu.stat");
        let text = read_to_string(&path).with_context(|| path.display().to_string())?;
        let number = |name: &str| -> Result<u64> {
            let number = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
            number.with_context(|| format!("{}: no {name}", path.display()))
        };
        let time = if self.is_version_2 {
            Duration::from_micros(number("throttled_usec")?)
        } else {
            Duration::from_nanos(number("throttled_time")?)
        };
        Ok((number("nr_throttled")?, time))
    }

    /// Removes it, as dropping it does.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(mut self) -> Result<()> {
        drop(self.alive.take());
        self.janitor.take().expect("there is one until now").join()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        drop(self.alive.take());
        if let Some(janitor) = self.janitor.take() {
            // It has printed what went wrong.
            let _ = janitor.wait();
        }
    }
}

/// The folder in which to make a cgroup, from the text of /proc/self/cgroup; and whether it is of
/// version 2.
fn place(text: &str, passes_on: impl Fn(&Path) -> bool) -> Option<(PathBuf, bool)> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':')?.1.split_once(":/"));
    let of_version_1 = |controllers: &str| controllers.split(',').any(|name| name == "cpu");
    if let Some((_, path)) = lines.clone().find(|(controllers, _)| of_version_1(controllers)) {
        return Some((Path::new("/sys/fs/cgroup/cpu").join(path), false));
    }
    // One with processes passes nothing on to others in it, unless it is the root.
    let (_, path) = lines.find(|(controllers, _)| controllers.is_empty())?;
    let own = Path::new("/sys/fs/cgroup").join(path);
    let above = own.ancestors().skip(usize::from(!path.is_empty()));
    let mut above = above.take_while(|folder| folder.starts_with("/sys/fs/cgroup"));
    above.find(|folder| passes_on(folder)).map(|folder| (folder.to_owned(), true))
}

/// Whether those in a cgroup of version 2 can have a limit on CPU time of their own.
fn passes_cpu_on(folder: &Path) -> bool {
    let controllers = read_to_string(folder.join("cgroup.subtree_control"));
    controllers.is_ok_and(|text| text.split_whitespace().any(|name| name == "cpu"))
}

/// Forks a process that removes the folder when this one has ended, and all of its children that
/// have a copy of the pipe: at Ctrl-C, too, and when it is killed.
fn start_janitor(folder: &Path) -> Result<(Child, PipeWriter)> {
    let (until_ended, alive) = pipe().context("pipe")?;
    child::ensure_one_thread()?;
    // A signal for all of them, as by Ctrl-C, must not end this one.
    let all = SigSet::all();
    let before = all.thread_swap_mask(SigmaskHow::SIG_SETMASK).context("sigmask")?;
    // SAFETY: this is the only thread, so no other can hold a lock that the child needs.
    let forked = unsafe { fork() };
    if let Ok(ForkResult::Child) = forked {
        drop(alive);
        child::exit(wait_and_remove(until_ended, folder))
    }
    before.thread_set_mask().context("sigmask")?;
    match forked.context("fork")? {
        ForkResult::Parent { child } => Ok((Child::new(child), alive)),
        ForkResult::Child => unreachable!("it has left"),
    }
}

fn wait_and_remove(mut until_ended: PipeReader, folder: &Path) -> Result<()> {
    until_ended.read_to_end(&mut Vec::new()).context("wait for the end")?;
    let mut result = remove_dir(folder);
    // A process closes its files a moment before it leaves its cgroup.
    while result.as_ref().is_err_and(|why| why.kind() == io::ErrorKind::ResourceBusy) {
        poll(&mut [], PollTimeout::from(1_u8)).context("poll")?;
        result = remove_dir(folder);
    }
    match result {
        // It was not made.
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.with_context(|| format!("rmdir {}", folder.display())),
    }
}

fn refused(why: &str) -> Unsupported {
    Unsupported(format!("this system doesn't let this user make a cgroup with a limit ({why})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_made_where_the_kernel_allows_it() {
        let place = |text, passing: &str| {
            let place = place(text, |folder| folder == Path::new(passing));
            place.map(|(folder, is_version_2)| (folder.display().to_string(), is_version_2))
        };
        let old = "3:cpuset:/x\n2:cpu,cpuacct:/box/y\n0::/z\n";
        assert_eq!(place(old, "-"), Some(("/sys/fs/cgroup/cpu/box/y".to_owned(), false)));
        let new = "0::/user.slice/app.slice/shell.scope\n";
        for passing in ["/sys/fs/cgroup/user.slice/app.slice", "/sys/fs/cgroup"] {
            assert_eq!(place(new, passing), Some((passing.to_owned(), true)));
        }
        for other in ["/sys/fs/cgroup/user.slice/app.slice/shell.scope", "/sys/fs", "-"] {
            assert_eq!(place(new, other), None);
        }
        assert_eq!(place("0::/\n", "/sys/fs/cgroup").unwrap().0, "/sys/fs/cgroup/");
        assert_eq!(place("1:name=systemd:/\n", "/sys/fs/cgroup"), None);
    }

    #[test]
    fn its_files_are_those_of_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let read = |file| read_to_string(folder.path().join(file)).unwrap();
        let [quota, period] = [2, 20].map(Duration::from_millis);
        for is_version_2 in [true, false] {
            let folder = folder.path().to_owned();
            let group = Group { folder, is_version_2, janitor: None, alive: None };
            group.limit(quota, period).unwrap();
            group.enter().unwrap();
            assert_eq!(read("cgroup.procs"), "0");
            let time = if is_version_2 { "throttled_usec 3" } else { "throttled_time 3000" };
            let stat = format!("nr_periods 9\nnr_throttled 7\n{time}\nnr_bursts 0\n");
            write(group.folder.join("cpu.stat"), stat).unwrap();
            assert_eq!(group.throttled().unwrap(), (7, Duration::from_micros(3)));
        }
        assert_eq!(read("cpu.max"), "2000 20000");
        assert_eq!(
            (read("cpu.cfs_quota_us"), read("cpu.cfs_period_us")),
            ("2000".into(), "20000".into())
        );
    }
}
