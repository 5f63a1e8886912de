//! A variable that looks global, but each thread has its own: its student.
//! Compare with `local.py`, the same in Python.

use std::cell::RefCell;
use std::sync::{Arc, Barrier};
use std::thread;

use anyhow::{Context, Result};
use nix::unistd::gettid;

thread_local! {
    static STUDENT: RefCell<Student> = const { RefCell::new(Student(None)) };
}

struct Student(Option<&'static str>);

impl Drop for Student {
    fn drop(&mut self) {
        if let Some(name) = self.0 {
            println!("tid {}: {name} leaves", gettid());
        }
    }
}

impl Student {
    fn name(&self) -> &'static str {
        self.0.unwrap_or("nobody")
    }
}

pub fn run() -> Result<()> {
    let both_are_set = Arc::new(Barrier::new(2));
    let threads = [("Thread-A", "Alice"), ("Thread-B", "Bob")].map(|(name, student)| {
        let both_are_set = Arc::clone(&both_are_set);
        let thread = thread::Builder::new().name(name.to_owned());
        thread.spawn(move || process_thread(student, &both_are_set))
    });
    let threads = threads.into_iter().collect::<Result<Vec<_>, _>>().context("start a thread")?;
    for thread in threads {
        thread.join().ok().context("join: the thread panicked")?;
    }
    process_student();
    Ok(())
}

fn process_thread(student: &'static str, both_are_set: &Barrier) {
    STUDENT.with_borrow_mut(|it| it.0 = Some(student));
    both_are_set.wait();
    process_student();
    // Both exist at the same time, so they have two addresses.
    both_are_set.wait();
}

/// Finds the student of the thread that calls it: nothing is passed to it.
fn process_student() {
    STUDENT.with_borrow(|student| {
        let name = thread::current().name().unwrap_or("a thread").to_owned();
        println!("tid {}: Hello, {} (in {name}), at {student:p}", gettid(), student.name());
    });
}

#[cfg(test)]
mod tests {
    use testing::printed;

    use super::*;

    #[test]
    fn a_thread_finds_its_own_student_where_it_is() {
        let lines = printed::lines("0", || {
            let thread = thread::Builder::new().name("Thread-C".to_owned()).spawn(|| {
                process_thread("Carol", &Barrier::new(1));
                STUDENT.with_borrow(|student| println!("{student:p}"));
            });
            thread.unwrap().join().unwrap();
        });
        let [hello, place, gone] = &lines[..] else { panic!("{lines:#?}") };
        assert!(hello.ends_with(&format!(": Hello, Carol (in Thread-C), at {place}")), "{hello}");
        assert!(gone.ends_with(": Carol leaves"), "{gone}");
    }
}
