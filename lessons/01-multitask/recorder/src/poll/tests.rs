use super::*;

fn at(microseconds: u64) -> Duration {
    Duration::from_micros(microseconds)
}

/// The stretches that a recorder makes of readings (time in µs, CPU), as
/// (start, end, CPU), and how many gaps it saw.
fn stretches_of(readings: &[(u64, usize)], end: u64) -> (Vec<(u64, u64, usize)>, u64) {
    let (start, cpu) = readings[0];
    let mut recorder = Recorder::new(at(start), at(end), cpu, 9);
    for &(time, cpu) in &readings[1..] {
        if !recorder.poll(at(time), cpu) {
            break;
        }
    }
    let recording = recorder.finish().unwrap();
    let micros = |time: Duration| time.as_micros() as u64;
    let stretches = recording.stretches.iter().map(|s| (micros(s.start), micros(s.end), s.cpu));
    (stretches.collect(), recording.gaps)
}

#[test]
fn a_jump_ends_a_stretch_and_a_long_one_is_a_gap() {
    let readings = [(0, 0), (2, 0), (4, 0), (50, 0), (51, 0), (152, 0), (153, 0), (155, 0)];
    assert_eq!(stretches_of(&readings, 155), (vec![(0, 4, 0), (50, 51, 0), (152, 155, 0)], 1));
}

#[test]
fn a_change_of_the_cpu_ends_a_stretch() {
    let readings = [(0, 0), (2, 0), (4, 1), (6, 1)];
    assert_eq!(stretches_of(&readings, 6), (vec![(0, 2, 0), (4, 6, 1)], 0));
}

#[test]
fn a_single_reading_is_not_a_stretch() {
    // Taken off CPU 0 after it read the clock, and put on CPU 1: the reading at 4.
    let readings = [(0, 0), (2, 0), (4, 1), (4000, 1), (4002, 1)];
    assert_eq!(stretches_of(&readings, 4002), (vec![(0, 2, 0), (4000, 4002, 1)], 1));
}

#[test]
fn nothing_is_recorded_after_the_end() {
    assert_eq!(stretches_of(&[(0, 0), (2, 0), (4, 0)], 3), (vec![(0, 3, 0)], 0));
    assert_eq!(stretches_of(&[(0, 0), (2, 0), (900, 0)], 100), (vec![(0, 2, 0)], 1));
    assert_eq!(stretches_of(&[(200, 3), (201, 3)], 100), (vec![(100, 100, 3)], 0));
}

#[test]
fn recording_allocates_no_memory() {
    let mut recorder = Recorder::new(at(0), at(1_000_000), 0, 100_000);
    let room = (recorder.stretches.as_ptr(), recorder.stretches.capacity());
    let mut time = at(0);
    while recorder.poll(time, 0) {
        recorder.poll(time + at(1), 0);
        time += PER_JUMP;
    }
    assert!(!recorder.full, "there is room for as many jumps as it says");
    recorder.end = Duration::MAX;
    for _ in 0..100 {
        recorder.poll(time, 0);
        recorder.poll(time + at(1), 0);
        time += at(4);
    }
    assert_eq!(room, (recorder.stretches.as_ptr(), recorder.stretches.capacity()));
    assert_eq!(recorder.finish(), Err(Error::TooManyJumps(room.1)));
}

#[test]
fn a_task_records_itself() {
    let (start, end) = (now().unwrap(), now().unwrap() + at(20_000));
    let recording = record_until(end).unwrap();
    assert!(now().unwrap() >= end);
    for stretch in &recording.stretches {
        assert!(start <= stretch.start && stretch.start <= stretch.end && stretch.end <= end);
    }
    assert!(recording.stretches.is_sorted_by(|a, b| a.end <= b.start));
}

#[test]
fn a_fixed_amount_of_work_takes_as_long_as_its_readings() {
    let start = now().unwrap();
    let recording = record_readings(10_000).unwrap();
    let end = now().unwrap();
    let (first, last) = (recording.stretches.first().unwrap(), recording.stretches.last().unwrap());
    assert!(start <= first.start && first.start < last.end && last.end <= end);
    // Without one reading there is nothing to record but where it was.
    assert_eq!(record_readings(0).unwrap().stretches.len(), 1);
}

#[test]
fn a_short_recording_has_room_for_whatever_can_come() {
    assert_eq!(room(0, 40), 40);
    assert_eq!(room(200, 10_000), 10_000);
    assert_eq!(room(200_000, 10_000_000), 200_000);
}
