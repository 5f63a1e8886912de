//! What must hold in every order.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use harness::unseen::{AtomicUsize, SeqCst};
use harness::{Scenario, other_threads};

use super::program::{Job, Jobs, Worker};

pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "two jobs are submitted, and nobody keeps `Jobs`", run: two_jobs },
    Scenario { name: "the main thread keeps `Jobs`, and there is no job", run: no_job },
    Scenario {
        name: "the main thread keeps `Jobs`, and submits a job before and after",
        run: late,
    },
    Scenario {
        name: "a thread submits a job, and keeps `Jobs` until the worker has stopped",
        run: kept,
    },
    Scenario { name: "a job waits for a value that is sent after it was submitted", run: waits },
    Scenario { name: "a job still waits for a value while the worker is being stopped", run: busy },
    Scenario { name: "a job submits another one", run: from_a_job },
    Scenario {
        name: "a job submits another one while the worker is being stopped",
        run: from_a_late_job,
    },
    Scenario { name: "a thread submits a job while the worker is being stopped", run: meanwhile },
];

/// The jobs that are done, as digits. To note them is no step.
#[derive(Clone)]
struct Done(Arc<AtomicUsize>);

impl Done {
    fn nothing() -> Done {
        Done(Arc::new(AtomicUsize::new(0)))
    }

    /// One of the jobs 1 to 9.
    fn job(&self, number: usize) -> Job {
        let done = self.clone();
        Box::new(move || done.set(number))
    }

    fn set(&self, number: usize) {
        self.0.store(self.0.load(SeqCst) * 10 + number, SeqCst);
    }

    /// After the worker has stopped.
    fn require(&self, expected: &str) {
        let done = self.0.load(SeqCst).to_string();
        assert!(
            done == expected,
            "when the worker has stopped, it has done {}, and should have done {}",
            list(&done),
            list(expected)
        );
    }

    /// Job 2 was not submitted before the worker was to stop.
    fn require_this_or_both(&self) {
        self.require(if self.0.load(SeqCst) == 12 { "12" } else { "1" });
    }
}

fn list(jobs: &str) -> String {
    match jobs {
        "0" => "no job".to_owned(),
        jobs => jobs.chars().map(|job| format!("job {job}")).collect::<Vec<_>>().join(", "),
    }
}

fn submit(jobs: &Jobs, job: Job) {
    assert!(jobs.submit(job), "a worker that runs does not take a job");
}

/// When the scenario has no other thread than the worker's.
fn require_ended() {
    assert!(other_threads() == 0, "`stop` has returned, and the worker's thread has not ended");
}

fn require_refused(jobs: &Jobs, done: &Done) {
    let before = done.0.load(SeqCst).to_string();
    assert!(!jobs.submit(done.job(9)), "a worker that has stopped takes a job");
    done.require(&before);
}

fn two_jobs() {
    let (worker, done) = (Worker::start(), Done::nothing());
    submit(&worker.jobs(), done.job(1));
    submit(&worker.jobs(), done.job(2));
    worker.stop();
    done.require("12");
    require_ended();
}

fn no_job() {
    let (worker, done) = (Worker::start(), Done::nothing());
    let jobs = worker.jobs();
    worker.stop();
    require_ended();
    require_refused(&jobs, &done);
}

fn late() {
    let (worker, done) = (Worker::start(), Done::nothing());
    let jobs = worker.jobs();
    submit(&jobs, done.job(1));
    worker.stop();
    done.require("1");
    require_ended();
    require_refused(&jobs, &done);
}

fn kept() {
    let (worker, done) = (Worker::start(), Done::nothing());
    let (judges_submitted, submitted) = channel();
    let (judges_stopped, stopped) = channel::<()>();
    let (jobs, job) = (worker.jobs(), done.job(1));
    let thread = thread::spawn(move || {
        submit(&jobs, job);
        judges_submitted.send(()).expect("it is received");
        stopped.recv().expect("it is sent");
        jobs
    });
    if submitted.recv().is_err() {
        panic!("a worker that runs does not take a job");
    }
    worker.stop();
    done.require("1");
    judges_stopped.send(()).expect("it is received");
    let jobs = thread.join().expect("it does not panic");
    require_refused(&jobs, &done);
}

fn waits() {
    let (worker, done) = (Worker::start(), Done::nothing());
    let (judges_value, rx) = channel();
    let jobs = worker.jobs();
    let has_done = done.clone();
    submit(&jobs, Box::new(move || has_done.set(rx.recv().unwrap_or(8))));
    submit(&jobs, done.job(2));
    judges_value.send(1).expect("the job waits for it");
    worker.stop();
    done.require("12");
    require_ended();
}

fn busy() {
    let (worker, done) = (Worker::start(), Done::nothing());
    let (judges_value, rx) = channel();
    let jobs = worker.jobs();
    let has_done = done.clone();
    submit(&jobs, Box::new(move || has_done.set(rx.recv().unwrap_or(8))));
    submit(&jobs, done.job(2));
    let thread = thread::spawn(move || judges_value.send(1));
    worker.stop();
    done.require("12");
    thread.join().expect("it does not panic").expect("the job waits for it");
}

fn from_a_job() {
    let (worker, done) = (Worker::start(), Done::nothing());
    let (judges_answer, rx) = channel();
    let (jobs, in_job, first, second) = (worker.jobs(), worker.jobs(), done.job(1), done.job(2));
    let job = move || {
        first();
        let is_taken = in_job.submit(second);
        judges_answer.send(is_taken).expect("it is received");
    };
    submit(&jobs, Box::new(job));
    assert!(rx.recv() == Ok(true), "a worker that runs does not take a job");
    worker.stop();
    done.require("12");
    require_ended();
}

fn from_a_late_job() {
    let (worker, done) = (Worker::start(), Done::nothing());
    let (jobs, in_job, first, second) = (worker.jobs(), worker.jobs(), done.job(1), done.job(2));
    let job = move || {
        in_job.submit(second);
        first();
    };
    submit(&jobs, Box::new(job));
    worker.stop();
    done.require_this_or_both();
    require_ended();
}

fn meanwhile() {
    let (worker, done) = (Worker::start(), Done::nothing());
    let (jobs, job) = (worker.jobs(), done.job(2));
    submit(&jobs, done.job(1));
    let thread = thread::spawn(move || {
        jobs.submit(job);
        jobs
    });
    worker.stop();
    let jobs = thread.join().expect("it does not panic");
    done.require_this_or_both();
    require_refused(&jobs, &done);
}
