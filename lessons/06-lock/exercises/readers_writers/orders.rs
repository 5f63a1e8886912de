//! What must hold in every order.

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};

use harness::{Scenario, settle};

use super::program::Room;

pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "one thread reads and writes, twice", run: alone },
    Scenario { name: "two readers meet inside", run: meet },
    Scenario { name: "a reader and a writer", run: || visits(&[Watched::read]) },
    Scenario { name: "two writers", run: || visits(&[Watched::write]) },
    Scenario { name: "a writer comes when one of two readers has left", run: one_leaves },
    Scenario { name: "a writer waits for a reader, and another reader comes", run: late },
    Scenario { name: "five readers come one after another, and stay inside", run: stay },
    Scenario { name: "two readers wait for a writer, and meet inside", run: meet_after },
    Scenario { name: "three readers wait for a writer, and stay inside", run: gather },
    Scenario {
        name: "two writers wait for a reader, and one is inside as another reader comes",
        run: late_again,
    },
];

/// A room, and who is in it.
struct Watched {
    room: Room,
    readers: AtomicUsize,
    writers: AtomicUsize,
    /// How often something was read, and written.
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl Watched {
    fn new() -> Arc<Watched> {
        Arc::new(Watched {
            room: Room::new(),
            readers: AtomicUsize::new(0),
            writers: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
        })
    }

    fn read(&self) {
        self.room.start_reading();
        self.readers.fetch_add(1, SeqCst);
        let is_alone = self.writers.load(SeqCst) == 0;
        self.reads.fetch_add(1, SeqCst);
        self.readers.fetch_sub(1, SeqCst);
        self.room.stop_reading();
        assert!(is_alone, "a thread reads while another writes");
    }

    fn write(&self) {
        self.room.start_writing();
        let is_only_writer = self.writers.fetch_add(1, SeqCst) == 0;
        let is_without_readers = self.readers.load(SeqCst) == 0;
        self.writes.fetch_add(1, SeqCst);
        self.writers.fetch_sub(1, SeqCst);
        self.room.stop_writing();
        assert!(is_only_writer, "two threads write at the same time");
        assert!(is_without_readers, "a thread writes while another reads");
    }
}

fn start(watched: &Arc<Watched>, visit: fn(&Watched)) -> JoinHandle<()> {
    let watched = Arc::clone(watched);
    thread::spawn(move || visit(&watched))
}

fn alone() {
    let watched = Watched::new();
    for _ in 0..2 {
        watched.read();
        watched.write();
    }
}

/// Main writes, and others do what they do.
fn visits(others: &[fn(&Watched)]) {
    let watched = Watched::new();
    let others: Vec<_> = others.iter().map(|&visit| start(&watched, visit)).collect();
    watched.write();
    others.into_iter().for_each(join);
}

fn read_together(room: &Room, inside: &Barrier) {
    room.start_reading();
    inside.wait();
    room.stop_reading();
}

fn start_together(room: &Arc<Room>, inside: &Arc<Barrier>) -> JoinHandle<()> {
    let (room, inside) = (Arc::clone(room), Arc::clone(inside));
    thread::spawn(move || read_together(&room, &inside))
}

fn meet() {
    let room = Arc::new(Room::new());
    let judges_barrier = Arc::new(Barrier::new(2));
    let other = start_together(&room, &judges_barrier);
    read_together(&room, &judges_barrier);
    join(other);
}

fn meet_after() {
    let room = Arc::new(Room::new());
    let judges_barrier = Arc::new(Barrier::new(2));
    room.start_writing();
    let others = [(); 2].map(|()| start_together(&room, &judges_barrier));
    settle();
    room.stop_writing();
    others.map(join);
}

/// Three readers come one after another as main writes. None of them leaves.
fn gather() {
    let room = Arc::new(Room::new());
    room.start_writing();
    let readers = [(); 3].map(|()| {
        let room = Arc::clone(&room);
        let reader = thread::spawn(move || room.start_reading());
        settle();
        reader
    });
    room.stop_writing();
    readers.map(join);
}

/// Main still reads when the other reader has left.
fn one_leaves() {
    let watched = Watched::new();
    watched.room.start_reading();
    join(start(&watched, Watched::read));
    let writer = start(&watched, Watched::write);
    settle();
    assert!(watched.writes.load(SeqCst) == 0, "a thread writes while another reads");
    watched.room.stop_reading();
    join(writer);
}

fn stay() {
    let room = Arc::new(Room::new());
    for _ in 0..5 {
        let room = Arc::clone(&room);
        join(thread::spawn(move || room.start_reading()));
    }
}

/// Main reads until a writer waits and another reader has come.
fn late() {
    let watched = Watched::new();
    watched.room.start_reading();
    let writer = start(&watched, Watched::write);
    settle();
    assert!(watched.writes.load(SeqCst) == 0, "a thread writes while another reads");
    let reader = start_after(&watched, 1);
    settle();
    watched.room.stop_reading();
    join(writer);
    join(reader);
}

/// Two writers wait for main to read. One of them gets in and stays until another reader has come:
/// the other one still waits, and goes first.
fn late_again() {
    let watched = Watched::new();
    let judges_may_leave = Arc::new(Barrier::new(2));
    watched.room.start_reading();
    let writers = [(); 2].map(|()| {
        let (watched, may_leave) = (Arc::clone(&watched), Arc::clone(&judges_may_leave));
        thread::spawn(move || {
            watched.room.start_writing();
            if watched.writes.fetch_add(1, SeqCst) == 0 {
                may_leave.wait();
            }
            watched.room.stop_writing();
        })
    });
    settle();
    watched.room.stop_reading();
    settle();
    let writes = watched.writes.load(SeqCst);
    assert!(writes == 1, "when the reader has left, {writes} writers are inside, and not 1");
    let reader = start_after(&watched, 2);
    settle();
    judges_may_leave.wait();
    writers.map(join);
    join(reader);
}

const EARLY: &str = "a reader gets in before a writer that has waited longer";

/// A reader that comes when this many writers wait.
fn start_after(watched: &Arc<Watched>, writers: usize) -> JoinHandle<()> {
    let watched = Arc::clone(watched);
    thread::spawn(move || {
        watched.room.start_reading();
        let writes = watched.writes.load(SeqCst);
        watched.reads.fetch_add(1, SeqCst);
        watched.room.stop_reading();
        assert!(writes == writers, "{EARLY}");
    })
}

/// Joins a thread. If it has panicked, panics as it did.
fn join(thread: JoinHandle<()>) {
    thread.join().unwrap_or_else(|panic: Box<dyn Any + Send>| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or(panic.downcast_ref::<String>().cloned());
        panic!("{}", text.unwrap_or_default())
    })
}
