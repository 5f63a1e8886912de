//! The costs of the locks: a row for each, measured, checked and printed.

use std::any::type_name;
use std::hint::black_box;
use std::time::Duration;

use anyhow::{Result, ensure};
use common::text;
use crossbeam::utils::CachePadded;
use serde_json::json;

use super::Asked;
use super::window::{self, Count};

/// How often each is measured: other programs want the CPU too, so the median counts.
pub const ROUNDS: u32 = 5;

pub struct Table<'a> {
    asked: &'a Asked<'a>,
    /// One CPU, and all that may be used.
    cpus: [&'a [usize]; 2],
    pub rows: Vec<Row>,
}

/// The nanoseconds that a lock takes.
pub struct Row {
    pub name: &'static str,
    /// Its type.
    pub lock: &'static str,
    pub alone: f64,
    /// If there was more than one CPU.
    pub contending: Option<f64>,
}

impl<'a> Table<'a> {
    pub fn new(asked: &'a Asked, cpus: &'a [usize]) -> Self {
        if !asked.json {
            println!("{:24}{:>12}{:>12}", "", "alone", "contending");
        }
        Self { asked, cpus: [&cpus[..1], cpus], rows: Vec::new() }
    }

    /// A row for a lock under which a number is changed: each time by one. The number in the
    /// end shows whether the lock locks.
    pub fn change<L: Sync>(
        &mut self,
        name: &'static str,
        lock: L,
        add_one: impl Fn(&L) + Sync,
        number: impl Fn(&L) -> u64,
    ) -> Result<()> {
        let lock = CachePadded::new(lock);
        let once = || {
            add_one(&lock);
            1
        };
        self.row(name, type_name::<L>(), |cpus, time| {
            let before = number(&lock);
            let count = window::count(cpus, time, once)?;
            let now = number(&lock);
            let done = count.done;
            ensure!(now == before + done, "{name}: added {done} to {before}, and it is {now}");
            Ok(count.nanoseconds)
        })
    }

    /// A row for a lock under which a number is read. It is 1, each time.
    pub fn look<L: Sync>(
        &mut self,
        name: &'static str,
        lock: L,
        number: impl Fn(&L) -> u64 + Sync,
    ) -> Result<()> {
        let lock = CachePadded::new(lock);
        self.row(name, type_name::<L>(), |cpus, time| {
            // Otherwise the compiler may read once in place of a hundred times.
            let once = || number(black_box(&lock));
            let Count { done, sum, nanoseconds } = window::count(cpus, time, once)?;
            ensure!(sum == done, "{name}: read 1 {done} times, and the sum is {sum}");
            Ok(nanoseconds)
        })
    }

    /// A row for whatever `measure` measures: the nanoseconds, on these CPUs and for this time.
    pub fn row(
        &mut self,
        name: &'static str,
        lock: &'static str,
        mut measure: impl FnMut(&[usize], Duration) -> Result<f64>,
    ) -> Result<()> {
        let mut median = |cpus: &[usize]| -> Result<f64> {
            let rounds = (0..ROUNDS).map(|_| measure(cpus, self.asked.time / ROUNDS));
            let mut rounds = rounds.collect::<Result<Vec<_>>>()?;
            rounds.sort_by(f64::total_cmp);
            Ok(rounds[rounds.len() / 2])
        };
        let [one, all] = self.cpus;
        let alone = median(one)?;
        let contending = if all.len() > 1 { Some(median(all)?) } else { None };
        let row = Row { name, lock, alone, contending };
        if self.asked.json {
            row.print_json(all.len())
        } else {
            row.print()
        }
        self.rows.push(row);
        Ok(())
    }
}

impl Row {
    fn print(&self) {
        let contending = self.contending.map_or("-".to_owned(), text::nanoseconds);
        println!("{:24}{:>12}{contending:>12}", self.name, text::nanoseconds(self.alone));
    }

    /// A line for each time, for other programs to read.
    fn print_json(&self, cpus: usize) {
        for (threads, nanoseconds) in [(1, Some(self.alone)), (cpus, self.contending)] {
            let Some(nanoseconds) = nanoseconds else { continue };
            let seconds = nanoseconds / 1e9;
            let (name, lock) = (self.name, self.lock);
            let line =
                json!({ "lock": name, "type": lock, "threads": threads, "seconds": seconds });
            println!("{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use testing::{printed, test};

    use super::*;

    #[test]
    fn a_lock_that_does_not_lock_is_noticed() {
        let cpus = common::cpus::allowed().unwrap();
        if cpus.len() == 1 {
            return;
        }
        let time = Duration::from_millis(20);
        let asked = Asked { time, cpus: None, python: false, json: true, picture: None };
        let mut table = Table::new(&asked, &cpus);
        let mut measure = || {
            let add_one = |number: &AtomicU64| number.store(number.load(Relaxed) + 1, Relaxed);
            table.change("none", AtomicU64::new(0), add_one, |number| number.load(Relaxed))
        };
        // On a busy machine the threads may have taken turns.
        let error = (0..1000).find_map(|_| measure().err()).expect("one of 1000 goes wrong");
        assert!(error.to_string().starts_with("none: added "), "{error}");
    }

    #[test]
    fn a_row_has_the_median_for_one_cpu_and_for_all() {
        let time = Duration::from_millis(10);
        let asked = Asked { time, cpus: None, python: false, json: true, picture: None };
        let mut table = Table::new(&asked, &[3, 5]);
        let mut measured = [9.0, 1.0, 4.0, 100.0, 2.0, 70.0, 90.0, 50.0, 10.0, 60.0].into_iter();
        let mut cpus_seen = Vec::new();
        let measure = |cpus: &[usize], each: Duration| {
            assert_eq!(each * ROUNDS, time);
            cpus_seen.push(cpus.to_vec());
            Ok(measured.next().expect("as many as there are rounds"))
        };
        table.row("some lock", "its type", measure).unwrap();
        let Row { name, alone, contending, .. } = table.rows[0];
        assert_eq!((name, alone, contending), ("some lock", 4.0, Some(60.0)));
        assert_eq!(cpus_seen, [vec![vec![3]; 5], vec![vec![3, 5]; 5]].concat());
    }

    #[test]
    fn a_row_is_printed_as_it_was_measured() {
        let lines = printed::lines("1", || {
            for contending in [Some(3000.0), None] {
                Row { name: "some lock", lock: "its type", alone: 20.0, contending }.print();
            }
        });
        let words = lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        let words: Vec<_> = words.collect();
        assert_eq!(words, ["some lock 20.0 ns 3.00 µs", "some lock 20.0 ns -"]);
    }

    #[test]
    fn a_reader_that_reads_something_else_is_noticed() {
        let cpus = common::cpus::allowed().unwrap();
        let time = Duration::from_millis(5);
        let asked = Asked { time, cpus: None, python: false, json: true, picture: None };
        let error = Table::new(&asked, &cpus).look("two", 2, |&number| number).unwrap_err();
        assert!(error.to_string().starts_with("two: read 1 "), "{error}");
    }
}
