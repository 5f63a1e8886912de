use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

/// What the worker is to do.
pub type Job = Box<dyn FnOnce() + Send>;

/// Takes jobs for ever, and does none of them.
pub struct Worker {
    jobs: Jobs,
    thread: JoinHandle<Receiver<Option<Job>>>,
}

/// Takes jobs for a worker. Any thread can have one, as long as it likes.
#[derive(Clone)]
pub struct Jobs {
    /// Nothing in place of a job: stop.
    queue: Sender<Option<Job>>,
}

impl Jobs {
    /// Returns at once, and says whether the worker still takes jobs.
    pub fn submit(&self, job: Job) -> bool {
        self.queue.send(Some(job)).is_ok()
    }
}

impl Worker {
    pub fn start() -> Worker {
        let (queue, waiting) = channel::<Option<Job>>();
        let thread = thread::spawn(move || {
            while let Ok(Some(job)) = waiting.recv() {
                job();
            }
            waiting
        });
        Worker { jobs: Jobs { queue }, thread }
    }

    pub fn jobs(&self) -> Jobs {
        self.jobs.clone()
    }

    /// Does what has been submitted before, and ends the thread.
    pub fn stop(self) {
        self.jobs.queue.send(None).unwrap();
        let waiting = self.thread.join().unwrap();
        Box::leak(Box::new(waiting));
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
