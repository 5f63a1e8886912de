//! The mutex between processes, on real ones. It forks, so it has a `main` of its own,
//! which runs the tests one by one.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use anyhow::anyhow;
use common::child::{self, Child};
use common::proc;
use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus};
use nix::unistd::{ForkResult, alarm, execv, fork, getpid};
use shared_mutex::{Guard, LockError, SharedMutex, Word};
use testing::harness;
use testing::random::Random;

fn main() {
    // Should a lock never come, this process ends, and its children with it.
    alarm::set(250);
    harness::run(&[
        ("two_processes_lose_no_increment", &no_increment_is_lost),
        ("the_next_owner_is_told_and_finds_what_was_left", &the_next_owner_is_told),
        ("a_process_that_waits_is_woken_and_told", &who_waits_is_told),
        ("without_repair_nobody_gets_it_any_more", &without_repair),
        ("a_repairer_may_be_killed_too", &a_repairer_may_be_killed),
        ("a_lock_that_is_not_robust_stays_locked", &not_robust),
        ("who_dies_without_the_lock_is_not_told_of", &died_without_the_lock),
        ("the_child_of_an_owner_does_not_have_the_lock", &forks_with_the_lock),
        ("a_thread_that_locks_it_twice_panics", &locked_twice),
        ("kills_at_random_moments_lose_nothing", &random_kills),
        ("a_process_that_becomes_another_program_has_died", &exec),
        ("a_process_that_ends_with_the_lock_has_died", &ends_with_the_lock),
        ("a_repair_that_is_not_finished_is_none", &unfinished_repairs),
        ("waiters_may_be_stopped_or_killed", &stopped_and_killed_waiters),
        ("a_mutex_may_be_large_or_not_fit", &sizes),
        // A fork is possible only as long as there is one thread, so these are the last.
        ("threads_lose_no_increment", &threads_lose_no_increment),
        ("a_thread_that_forgets_its_guard_has_died", &a_forgotten_guard),
        ("without_repair_no_thread_gets_it_or_waits_on", &threads_without_repair),
    ]);
}

type Number = SharedMutex<Word>;

/// Forks a child; it ends when this process does.
fn start(task: impl FnOnce()) -> Child {
    child::ensure_one_thread().unwrap();
    let parent = getpid();
    // SAFETY: this process has one thread, and no guard.
    match unsafe { fork() }.unwrap() {
        // A panic that went on would go on with the other tests.
        ForkResult::Child => {
            child::exit(child::end_with(parent).and_then(|()| {
                catch_unwind(AssertUnwindSafe(task)).map_err(|_| anyhow!("panicked"))
            }))
        }
        ForkResult::Parent { child } => Child::new(child),
    }
}

fn kill_and_wait(child: Child) {
    let pid = child.pid();
    kill(pid, Signal::SIGKILL).unwrap();
    assert!(matches!(child.wait().unwrap(), WaitStatus::Signaled(_, Signal::SIGKILL, _)));
}

/// A child that has the lock, has set the number to 7, and is stopped.
fn stopped_owner(number: &Number) -> Child {
    let mut owner = start(|| {
        let guard = number.lock().or_else(repaired).unwrap();
        guard.set(7);
        raise(Signal::SIGSTOP).unwrap();
    });
    let status = owner.wait_with(WaitPidFlag::WUNTRACED).unwrap();
    assert!(matches!(status, WaitStatus::Stopped(..)), "{status:?}");
    owner
}

/// The lock of one that has died, as if all was well.
fn repaired<T>(error: LockError<T>) -> Result<Guard<T>, &'static str> {
    match error {
        LockError::OwnerDied(dead) => Ok(dead.consistent()),
        LockError::NotRecoverable => Err("not recoverable"),
    }
}

/// Fails unless the owner has died and left 7.
fn told_of_7(number: &Number) {
    match number.lock() {
        Err(LockError::OwnerDied(dead)) => {
            assert_eq!(dead.get(), 7);
            dead.consistent().set(8);
        }
        other => panic!("nobody was told: {other:?}"),
    }
}

fn no_increment_is_lost() {
    const TIMES: i64 = 100_000;
    for number in
        [SharedMutex::robust(Word::new(0)).unwrap(), SharedMutex::not_robust(Word::new(0)).unwrap()]
    {
        let add = || {
            for _ in 0..TIMES {
                let number = number.lock().unwrap();
                number.set(number.get() + 1);
            }
        };
        let children = [start(add), start(add)];
        children.into_iter().for_each(|child| child.join().unwrap());
        assert_eq!(number.lock().unwrap().get(), 2 * TIMES);
    }
}

fn the_next_owner_is_told() {
    let number = SharedMutex::robust(Word::new(0)).unwrap();
    kill_and_wait(stopped_owner(number));
    told_of_7(number);
    // Whoever comes behind the repair is not told.
    assert_eq!(number.lock().unwrap().get(), 8);
    start(|| assert_eq!(number.lock().unwrap().get(), 8)).join().unwrap();
}

fn who_waits_is_told() {
    let number = SharedMutex::robust(Word::new(0)).unwrap();
    let owner = stopped_owner(number);
    let next = start(|| told_of_7(number));
    assert!(proc::poll_until_asleep(next.pid()).unwrap());
    kill_and_wait(owner);
    next.join().unwrap();
    assert_eq!(number.lock().unwrap().get(), 8);
}

fn without_repair() {
    for waiters in [1, 2, 3, 10] {
        let number = SharedMutex::robust(Word::new(0)).unwrap();
        let owner = stopped_owner(number);
        // The first to get it does not repair it. All the others are told, and none waits on.
        let waiting: Vec<Child> = (0..waiters).map(|_| start(|| drop(number.lock()))).collect();
        for child in &waiting {
            assert!(proc::poll_until_asleep(child.pid()).unwrap());
        }
        kill_and_wait(owner);
        waiting.into_iter().for_each(|child| child.join().unwrap());
        let lost = || assert!(matches!(number.lock(), Err(LockError::NotRecoverable)));
        lost();
        start(lost).join().unwrap();
        lost();
    }
}

fn a_repairer_may_be_killed() {
    let number = SharedMutex::robust(Word::new(0)).unwrap();
    for stops_before_consistent in [true, false] {
        kill_and_wait(stopped_owner(number));
        let mut repairer = start(|| match number.lock() {
            Err(LockError::OwnerDied(dead)) if stops_before_consistent => {
                raise(Signal::SIGSTOP).unwrap();
                drop(dead);
            }
            Err(LockError::OwnerDied(dead)) => {
                let _guard = dead.consistent();
                raise(Signal::SIGSTOP).unwrap();
            }
            other => panic!("nobody was told: {other:?}"),
        });
        repairer.wait_with(WaitPidFlag::WUNTRACED).unwrap();
        kill_and_wait(repairer);
        told_of_7(number);
    }
}

fn not_robust() {
    let number = SharedMutex::not_robust(Word::new(0)).unwrap();
    let owner = stopped_owner(number);
    let next = start(|| drop(number.lock()));
    assert!(proc::poll_until_asleep(next.pid()).unwrap());
    kill_and_wait(owner);
    // If the kernel wakes it for this, it has done so by now.
    assert!(proc::poll_until_asleep(next.pid()).unwrap());
    kill_and_wait(next);
}

fn died_without_the_lock() {
    let number = SharedMutex::robust(Word::new(0)).unwrap();
    let mut other = start(|| {
        number.lock().unwrap().set(7);
        raise(Signal::SIGSTOP).unwrap();
    });
    other.wait_with(WaitPidFlag::WUNTRACED).unwrap();
    kill_and_wait(other);
    assert_eq!(number.lock().unwrap().get(), 7);
}

/// A process forks while it has the lock. The child has a copy of the guard, but not the lock.
fn forks_with_the_lock() {
    for number in
        [SharedMutex::robust(Word::new(0)).unwrap(), SharedMutex::not_robust(Word::new(0)).unwrap()]
    {
        let guard = number.lock().unwrap();
        // The child drops its copy, or ends with it.
        let copy = start(|| {
            // SAFETY: that the child has the guard, too, is what the test is about. It drops it only
            // here: it leaves without the destructors of what it has from its parent.
            drop(unsafe { std::ptr::read(&guard) });
        });
        copy.join().unwrap();
        start(|| std::process::exit(0)).join().unwrap();
        // Neither has released it.
        let next = start(|| {
            let number = number.lock().unwrap();
            number.set(number.get() + 1);
        });
        assert!(proc::poll_until_asleep(next.pid()).unwrap());
        guard.set(7);
        drop(guard);
        next.join().unwrap();
        assert_eq!(number.lock().unwrap().get(), 8);
    }
}

fn locked_twice() {
    for number in
        [SharedMutex::robust(Word::new(0)).unwrap(), SharedMutex::not_robust(Word::new(0)).unwrap()]
    {
        let guard = number.lock().unwrap();
        let caught = catch_unwind(AssertUnwindSafe(|| drop(number.lock())));
        let why = caught.unwrap_err().downcast::<String>().unwrap();
        assert!(why.starts_with("pthread_mutex_lock: EDEADLK"), "{why}");
        // It still has the lock.
        let next = start(|| assert_eq!(number.lock().unwrap().get(), 7));
        assert!(proc::poll_until_asleep(next.pid()).unwrap());
        guard.set(7);
        drop(guard);
        next.join().unwrap();
    }
}

/// Three children add 1 to each of two numbers, one after the other; one is killed again
/// and again, and replaced. Who finds them different makes them equal.
fn random_kills() {
    let mut random = Random::new(1);
    let numbers = SharedMutex::robust([Word::new(0), Word::new(0)]).unwrap();
    let lock = || match numbers.lock() {
        Ok(guard) => {
            assert_eq!(guard[0].get(), guard[1].get());
            guard
        }
        Err(LockError::OwnerDied(dead)) => {
            let missing = dead[0].get() - dead[1].get();
            assert!([0, 1].contains(&missing), "{missing}");
            dead[1].set(dead[0].get());
            dead.consistent()
        }
        Err(LockError::NotRecoverable) => panic!("nobody leaves it without repair"),
    };
    let add = || {
        loop {
            let guard = lock();
            guard[0].set(guard[0].get() + 1);
            guard[1].set(guard[1].get() + 1);
        }
    };
    let mut children = [start(add), start(add), start(add)];
    let mut last = 0;
    for _ in 0..500 {
        // Not to wait for anything: any moment will do.
        thread::sleep(Duration::from_micros(random.below(200)));
        let victim = &mut children[random.below(3) as usize];
        kill_and_wait(std::mem::replace(victim, start(add)));
        let now = lock()[0].get();
        assert!(now >= last, "{now} after {last}");
        last = now;
    }
    children.into_iter().for_each(kill_and_wait);
    assert!(lock()[0].get() >= last && last > 0);
}

fn threads_lose_no_increment() {
    let number = SharedMutex::robust(Word::new(0)).unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..100_000 {
                    let number = number.lock().unwrap();
                    number.set(number.get() + 1);
                }
            });
        }
    });
    assert_eq!(number.lock().unwrap().get(), 200_000);
}

fn threads_without_repair() {
    let number = SharedMutex::robust(Word::new(0)).unwrap();
    let (locked, is_locked) = channel();
    let (end, may_end) = channel();
    let owner = thread::spawn(move || {
        std::mem::forget(number.lock().unwrap());
        locked.send(()).unwrap();
        may_end.recv().unwrap();
    });
    is_locked.recv().unwrap();
    let waiting: Vec<_> = (0..10).map(|_| thread::spawn(|| number.lock().is_ok())).collect();
    // Some may be asleep by now, others come later: either way they are told.
    end.send(()).unwrap();
    owner.join().unwrap();
    assert!(waiting.into_iter().all(|thread| !thread.join().unwrap()));
}

fn a_forgotten_guard() {
    let number = SharedMutex::robust(Word::new(0)).unwrap();
    let thread = thread::spawn(move || {
        let guard = number.lock().unwrap();
        guard.set(7);
        std::mem::forget(guard);
    });
    thread.join().unwrap();
    told_of_7(number);
}

fn exec() {
    let number = SharedMutex::robust(Word::new(0)).unwrap();
    let mut owner = start(|| {
        let guard = number.lock().unwrap();
        guard.set(7);
        std::mem::forget(guard);
        // It stops, as the child does in `stopped_owner`.
        let words = [c"/bin/sh", c"-c", c"kill -STOP $$"];
        let _ = execv(words[0], &words);
    });
    let status = owner.wait_with(WaitPidFlag::WUNTRACED).unwrap();
    assert!(matches!(status, WaitStatus::Stopped(..)), "{status:?}");
    told_of_7(number);
    kill_and_wait(owner);
    assert_eq!(number.lock().unwrap().get(), 8);
}

fn ends_with_the_lock() {
    let ways: [fn(); 3] = [|| {}, || std::process::exit(3), || std::process::abort()];
    for end in ways {
        let number = SharedMutex::robust(Word::new(0)).unwrap();
        let owner = start(|| {
            let guard = number.lock().unwrap();
            guard.set(7);
            std::mem::forget(guard);
            end();
        });
        owner.wait().unwrap();
        told_of_7(number);
    }
}

fn unfinished_repairs() {
    // One is forgotten, so the next owner is told again; the other is given up by a panic.
    let number = SharedMutex::robust(Word::new(0)).unwrap();
    kill_and_wait(stopped_owner(number));
    let repairer = start(|| match number.lock() {
        Err(LockError::OwnerDied(dead)) => std::mem::forget(dead),
        other => panic!("{other:?}"),
    });
    repairer.join().unwrap();
    told_of_7(number);

    kill_and_wait(stopped_owner(number));
    let caught = catch_unwind(AssertUnwindSafe(|| match number.lock() {
        Err(LockError::OwnerDied(_dead)) => resume_unwind(Box::new("a panic")),
        other => panic!("{other:?}"),
    }));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"a panic"));
    for _ in 0..3 {
        assert!(matches!(number.lock(), Err(LockError::NotRecoverable)));
    }
}

fn stopped_and_killed_waiters() {
    for _ in 0..5 {
        let number = SharedMutex::robust(Word::new(0)).unwrap();
        let owner = stopped_owner(number);
        let add = || {
            let number = number.lock().or_else(repaired).unwrap();
            number.set(number.get() + 1);
        };
        let waiters = [(); 6].map(|()| start(add));
        for waiter in &waiters {
            assert!(proc::poll_until_asleep(waiter.pid()).unwrap());
        }
        let [stopped, killed, ..] = &waiters;
        kill(stopped.pid(), Signal::SIGSTOP).unwrap();
        kill(killed.pid(), Signal::SIGKILL).unwrap();
        kill_and_wait(owner);
        kill(stopped.pid(), Signal::SIGCONT).unwrap();
        let ended = waiters.map(|waiter| waiter.wait().unwrap());
        let well = ended.iter().filter(|status| matches!(status, WaitStatus::Exited(_, 0)));
        assert_eq!(well.count(), 5, "{ended:?}");
        assert_eq!(number.lock().unwrap().get(), 7 + 5);
    }
}

fn sizes() {
    let many = SharedMutex::robust([const { Word::new(3) }; 10_000]).unwrap();
    many.lock().unwrap()[9_999].set(4);
    start(|| assert_eq!(many.lock().unwrap()[9_999].get(), 4)).join().unwrap();
    let limited = start(|| {
        setrlimit(Resource::RLIMIT_AS, 1 << 20, 1 << 20).unwrap();
        assert_eq!(SharedMutex::robust(Word::new(0)).err(), Some(Errno::ENOMEM));
    });
    limited.join().unwrap();
}
