use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

/// What the worker is to do.
pub type Job = Box<dyn FnOnce() + Send>;

/// A thread that does one job after another, and waits while there is none.
pub struct Worker {
    jobs: Jobs,
    thread: JoinHandle<()>,
}

pub enum Message {
    Do(Job),
    Stop,
}

/// Takes jobs for a worker. Any thread can have one, as long as it likes.
#[derive(Clone)]
pub struct Jobs {
    queue: Sender<Message>,
}

impl Jobs {
    /// Returns at once, and says whether the worker still takes jobs.
    pub fn submit(&self, job: Job) -> bool {
        self.queue.send(Message::Do(job)).is_ok()
    }
}

impl Worker {
    pub fn start() -> Worker {
        let (queue, waiting) = channel();
        let thread = thread::spawn(move || {
            for message in waiting {
                match message {
                    Message::Do(job) => job(),
                    Message::Stop => return,
                }
            }
        });
        Worker { jobs: Jobs { queue }, thread }
    }

    pub fn jobs(&self) -> Jobs {
        self.jobs.clone()
    }

    /// Does what has been submitted before, and ends the thread.
    pub fn stop(self) {
        let _ = self.jobs.queue.send(Message::Stop);
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
