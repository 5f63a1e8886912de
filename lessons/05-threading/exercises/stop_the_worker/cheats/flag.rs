use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

/// What the worker is to do.
pub type Job = Box<dyn FnOnce() + Send>;

/// A flag stops it before the next job: accepted jobs are lost.
pub struct Worker {
    jobs: Jobs,
    thread: JoinHandle<()>,
}

/// Takes jobs for a worker. Any thread can have one, as long as it likes.
#[derive(Clone)]
pub struct Jobs {
    queue: Sender<Job>,
    is_over: Arc<AtomicBool>,
}

impl Jobs {
    /// Returns at once, and says whether the worker still takes jobs.
    pub fn submit(&self, job: Job) -> bool {
        !self.is_over.load(Ordering::SeqCst) && self.queue.send(job).is_ok()
    }
}

impl Worker {
    pub fn start() -> Worker {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let (queue, waiting) = channel::<Job>();
        let thread = thread::spawn(move || {
            for job in waiting {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                job();
            }
        });
        Worker { jobs: Jobs { queue, is_over }, thread }
    }

    pub fn jobs(&self) -> Jobs {
        self.jobs.clone()
    }

    /// Does what has been submitted before, and ends the thread.
    pub fn stop(self) {
        self.jobs.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread.
        let _ = self.jobs.queue.send(Box::new(|| {}));
        self.thread.join().unwrap();
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
