use super::*;

fn at(microseconds: u64) -> Duration {
    Duration::from_micros(microseconds)
}

/// The slices that a recorder makes of readings (time in µs, CPU, the kernel's
/// count of switches), as (start, end, CPU), and how many gaps it saw.
fn slices_of(readings: &[(u64, usize, u64)], end: u64) -> (Vec<(u64, u64, usize)>, u64) {
    let (start, cpu, switches) = readings[0];
    let mut recorder = Recorder::new(at(start), at(end), cpu, switches);
    for &(time, cpu, switches) in &readings[1..] {
        if !recorder.poll(at(time), cpu, || Ok(switches)).unwrap() {
            break;
        }
    }
    let recording = recorder.finish().unwrap();
    let micros = |time: Duration| time.as_micros() as u64;
    let slices = recording.slices.iter().map(|s| (micros(s.start), micros(s.end), s.cpu));
    (slices.collect(), recording.gaps)
}

#[test]
fn a_gap_ends_a_slice_and_an_interrupt_does_not() {
    let readings = [(0, 0, 0), (50, 0, 0), (150, 0, 0), (4000, 0, 0), (4050, 0, 0), (5000, 0, 0)];
    assert_eq!(slices_of(&readings, 5000), (vec![(0, 150, 0), (4000, 4050, 0)], 2));
}

#[test]
fn a_change_of_the_cpu_ends_a_slice() {
    let readings = [(0, 0, 0), (50, 0, 0), (60, 1, 0), (90, 1, 0), (100, 1, 0)];
    assert_eq!(slices_of(&readings, 100), (vec![(0, 50, 0), (60, 100, 1)], 0));
}

#[test]
fn a_single_reading_is_no_slice() {
    // Taken off CPU 0 after it read the clock, and put on CPU 1: the reading at 40.
    let readings = [(0, 0, 0), (30, 0, 0), (40, 1, 0), (4000, 1, 0), (4010, 1, 0), (4020, 1, 0)];
    assert_eq!(slices_of(&readings, 4020), (vec![(0, 30, 0), (4000, 4020, 1)], 1));
}

#[test]
fn nothing_is_recorded_after_the_end() {
    assert_eq!(slices_of(&[(0, 0, 0), (90, 0, 0), (110, 0, 0)], 100), (vec![(0, 100, 0)], 0));
    assert_eq!(slices_of(&[(0, 0, 0), (90, 0, 0), (900, 0, 0)], 100), (vec![(0, 90, 0)], 1));
    assert_eq!(slices_of(&[(200, 3, 0), (210, 3, 0)], 100), (vec![(100, 100, 3)], 0));
}

#[test]
fn a_short_jump_ends_a_slice_if_the_kernel_counted_a_switch() {
    let readings = [(0, 0, 7), (50, 0, 7), (60, 0, 8), (90, 0, 8), (100, 0, 8)];
    assert_eq!(slices_of(&readings, 100), (vec![(0, 50, 0), (60, 100, 0)], 0));
}

#[test]
fn no_memory_is_asked_for_while_recording() {
    let mut recorder = Recorder::new(at(0), at(1_000_000), 0, 0);
    let room = (recorder.slices.as_ptr(), recorder.slices.capacity());
    // The most slices that gaps alone can make, and then far too many.
    let mut time = at(0);
    while recorder.poll(time, 0, || Ok(0)).unwrap() {
        recorder.poll(time + at(1), 0, || Ok(0)).unwrap();
        time += GAP + at(2);
    }
    assert!(!recorder.full);
    recorder.end = Duration::MAX;
    for cpu in 0..100_000 {
        time += at(1);
        recorder.poll(time, cpu / 2, || Ok(0)).unwrap();
    }
    assert_eq!(room, (recorder.slices.as_ptr(), recorder.slices.capacity()));
    assert!(recorder.finish().unwrap_err().to_string().contains("no room"));
}

#[test]
fn a_task_records_itself() {
    let (start, end) = (now().unwrap(), now().unwrap() + at(20_000));
    let recording = record_until(end).unwrap();
    assert!(now().unwrap() >= end);
    for slice in &recording.slices {
        assert!(start <= slice.start && slice.start <= slice.end && slice.end <= end);
    }
    assert!(recording.slices.is_sorted_by(|a, b| a.end <= b.start));
}
