use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

/// What the worker is to do.
pub type Job = Box<dyn FnOnce() + Send>;

/// A worker that is to stop leaves the jobs that wait.
pub struct Worker {
    jobs: Jobs,
    thread: JoinHandle<()>,
}

/// Takes jobs for a worker. Any thread can have one, as long as it likes.
#[derive(Clone)]
pub struct Jobs {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    is_closed: bool,
}

impl Jobs {
    pub fn submit(&self, job: Job) -> bool {
        let mut queue = self.shared.queue.lock().unwrap();
        if queue.is_closed {
            return false;
        }
        queue.jobs.push_back(job);
        self.shared.changed.notify_one();
        true
    }
}

impl Worker {
    pub fn start() -> Worker {
        let jobs = Jobs { shared: Arc::default() };
        let shared = Arc::clone(&jobs.shared);
        let thread = thread::spawn(move || {
            while let Some(job) = next(&shared) {
                job();
            }
        });
        Worker { jobs, thread }
    }

    pub fn jobs(&self) -> Jobs {
        self.jobs.clone()
    }

    /// Does what has been submitted before, and ends the thread.
    pub fn stop(self) {
        self.jobs.shared.queue.lock().unwrap().is_closed = true;
        self.jobs.shared.changed.notify_one();
        self.thread.join().unwrap();
    }
}

/// Waits for a job. There is none when the queue is closed and empty.
fn next(shared: &Shared) -> Option<Job> {
    let mut queue = shared.queue.lock().unwrap();
    loop {
        if queue.is_closed {
            return None;
        }
        if let Some(job) = queue.jobs.pop_front() {
            return Some(job);
        }
        queue = shared.changed.wait(queue).unwrap();
    }
}

pub fn main() {
    let worker = Worker::start();
    let jobs = worker.jobs();
    for number in 1..=3 {
        jobs.submit(Box::new(move || println!("job {number} is done")));
    }
    worker.stop();
    println!("the worker has stopped");
    println!("it takes another job: {}", jobs.submit(Box::new(|| println!("never"))));
}
