use super::*;

fn stat(pid: u32, name: &str, state: char, ticks: u64, started: u64) -> String {
    let zeros = "0 ".repeat(9);
    format!("{pid} ({name}) {state} 7 {zeros}{ticks} 1 0 0 20 0 3 0 {started} 4096 7")
}

fn snapshot(stats: &[String]) -> Snapshot {
    let processes = stats.iter().map(|stat| Process::read(stat).unwrap()).collect();
    Snapshot { time: Duration::ZERO, processes, switches: 0 }
}

#[test]
fn a_name_may_hold_anything() {
    for (name, read) in [("sh", "sh"), ("a) R 1 (b", "a) R 1 (b"), ("\"x\u{1b}[2J", "?x?[2J")] {
        let process = Process::read(&stat(12, name, 'S', 5, 99)).unwrap();
        let expected = Process {
            pid: 12,
            parent: 7,
            started: 99,
            name: read.to_owned(),
            state: 'S',
            threads: 3,
            ticks: 6,
        };
        assert_eq!(process, expected);
    }
    for torn in ["", "12", "12 (sh", "12 (sh) ", "12 (sh) S 1 2 3"] {
        assert_eq!(Process::read(torn), None, "{torn:?}");
    }
}

#[test]
fn the_busiest_are_those_that_used_most_since_then() {
    let before = snapshot(&[stat(1, "init", 'S', 900, 0), stat(2, "old", 'R', 50, 5)]);
    let after = snapshot(&[
        stat(1, "init", 'S', 902, 0),
        // Another process with the same id.
        stat(2, "new", 'R', 7, 80),
        stat(3, "idle", 'S', 0, 81),
    ]);
    let busiest = after.busiest_since(&before);
    let busiest: Vec<_> = busiest.iter().map(|(ticks, p)| (*ticks, p.name.as_str())).collect();
    assert_eq!(busiest, [(8, "new"), (2, "init"), (1, "idle")]);
    assert_eq!(after.count(|state| state == 'S'), 2);
}

#[test]
fn this_process_is_among_those_in_sight() {
    let snapshot = Snapshot::take().unwrap();
    let this = snapshot.processes.iter().filter(|process| process.pid == std::process::id());
    let [this] = this.collect::<Vec<_>>()[..] else { panic!("once, not as `self` too") };
    // The state is that of the main thread, which waits for this test.
    assert!("RS".contains(this.state) && this.threads >= 2, "{this:?}");
    assert!(snapshot.largest_program().is_some());
    assert!(Snapshot::take().unwrap().switches >= snapshot.switches);
}

#[test]
fn the_largest_program_is_one_that_started_itself_again_and_again() {
    let process =
        |pid, parent| Process { parent, ..Process::read(&stat(pid, "any", 'S', 0, 0)).unwrap() };
    // Four shells that were started one by one, and a browser of three in two generations,
    // which a shell has started.
    let processes = [(2, 1), (3, 1), (4, 1), (5, 1), (6, 5), (7, 6), (8, 7)];
    let processes = processes.map(|(pid, parent)| process(pid, parent));
    let program = |pid| if pid < 6 { "shell" } else { "browser" };
    let by_id = processes.iter().map(|p| (p.pid, (p, program(p.pid)))).collect();
    assert_eq!(largest(&by_id).map(|(first, more)| (first.pid, more)), Some((6, 2)));
    // Two that are each other's parent, as ids that are used again may look.
    let circle = [process(2, 3), process(3, 2)];
    let by_id = circle.iter().map(|p| (p.pid, (p, "shell"))).collect();
    assert!(largest(&by_id).is_some());
    assert_eq!(largest::<&str>(&HashMap::new()), None);
}
