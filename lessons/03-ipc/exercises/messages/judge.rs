//! Are messages put together again, in whatever pieces they come?

use anyhow::{Result, ensure};

use crate::practice::{Exercise, Fault, Judge, Step, Trial};

pub const EXERCISE: Exercise = Exercise {
    lesson: "03-ipc",
    name: "messages",
    judge: Judge::Record(judge),
    verdicts: &[
        ("start", "a message comes at once, its length as of u32::to_le_bytes: it prints"),
        ("right/buffered", ""),
        ("right/fill", ""),
        ("cheats/big_endian", "at once, its length as of u32::to_le_bytes: it prints the wrong"),
        ("cheats/exits", "it exits, and should return an error"),
        ("cheats/knows_them", "the parent reads 0 bytes, and the messages have 716"),
        ("cheats/length_in_one_read", "each byte comes alone: it prints the wrong lines"),
        ("cheats/lines", "a message comes at once, its length as of u32::to_le_bytes: it prints"),
        ("cheats/loses_the_rest", "messages come in odd pieces: it prints the wrong lines"),
        ("cheats/never_ends", "the stream ends in the middle of a message: it makes"),
        ("cheats/one_read", "each byte comes alone: it prints the wrong lines"),
        ("cheats/panics", "it panics, and should return an error"),
        (
            "cheats/short_length",
            "a message comes at once, its length as of u32::to_le_bytes: it prints",
        ),
        ("cheats/three_bytes", "the stream ends in the middle of a message of 16 MiB: it should"),
        ("cheats/sleeps", "sleeps for a fixed time"),
        ("cheats/torn_length", "the stream ends in the middle of a length: it should print"),
        ("cheats/takes_a_part", "the child's messages: the parent gets an error"),
        ("cheats/takes_a_part_of_length", "the child's messages: the parent gets an error"),
        ("cheats/torn_message", "the stream ends in the middle of a message: it should print"),
    ],
};

/// The messages of the program itself.
fn own() -> Vec<Vec<u8>> {
    vec![b"pear".to_vec(), b"two\nlines".to_vec(), vec![], vec![0; 3], vec![7; 700]]
}

/// Others, which it does not know.
fn others() -> Vec<Vec<u8>> {
    let any = |count: u32| (0..count).map(|number| (number * 7 % 256) as u8).collect();
    vec![b"plum\n\n".to_vec(), vec![], any(300), vec![0; 5], vec![], b"\n".to_vec(), any(70)]
}

fn judge(trial: &Trial) -> Result<()> {
    const OWN: &str = "the child's messages";
    let record = trial.record(&[])?;
    record.require_none_killed()?;
    record.require_no_sleep()?;
    record.require_children(record.main(), 1)?;

    let small = on_the_way(&others());
    let each_alone = |bytes: &[u8]| bytes.chunks(1).map(bytes_step).collect::<Vec<_>>();
    // One first: a program that is wrong takes bytes of the next for a length, and it may be large.
    let one = vec![b"pear".to_vec()];
    let whole = bytes_step(&on_the_way(&one));
    feed(trial, "a message comes at once, its length as of u32::to_le_bytes", &[whole], &one)?;
    feed(trial, "each byte comes alone", &each_alone(&on_the_way(&one)), &one)?;
    feed(trial, "each byte comes alone", &each_alone(&small), &others())?;
    let odd = small.chunks(61).map(bytes_step).collect::<Vec<_>>();
    feed(trial, "messages come in odd pieces", &odd, &others())?;
    let large = [others(), own(), vec![vec![10; 200_000]]].concat();
    feed(trial, "all come at once", &[bytes_step(&on_the_way(&large))], &large)?;

    // In which pieces these come, chance decides: what `receive` does wrong has been seen by now.
    record.require_no_panic()?;
    let received = record.printed_by(record.main());
    ensure!(
        !received.contains("error: "),
        Fault::new(
            format!("{OWN}: the parent gets an error"),
            received.lines().map(|line| format!("it printed: {line}")).collect()
        )
    );
    record.require_all_waited_for()?;
    let ran = trial.run(&[])?;
    ran.require_lines(&printed(&own())).map_err(Fault::of(OWN))?;
    let bytes: usize = own().iter().map(Vec::len).sum();
    let read = record.bytes_read_by(record.main());
    ensure!(
        read >= bytes as u64,
        Fault::new(
            format!("the parent reads {read} bytes, and the messages have {bytes}"),
            record.lines(|event| event.process == record.main())
        )
    );

    let first = vec![b"plum".to_vec()];
    for (left, how) in [
        (2, "the stream ends in the middle of a length"),
        (7, "the stream ends in the middle of a message"),
    ] {
        let torn = on_the_way(&[b"plum".to_vec(), b"a pear".to_vec()]);
        torn_off(trial, how, &torn[..8 + left], &first)?;
    }
    // Only the last of the four bytes of its length is not 0.
    let length = (1u32 << 24).to_le_bytes();
    let torn = [&on_the_way(&first)[..], &length, b"a pear"].concat();
    torn_off(trial, "the stream ends in the middle of a message of 16 MiB", &torn, &first)
}

/// Feeds it these messages, and checks that it prints them.
fn feed(trial: &Trial, how: &str, steps: &[Step], messages: &[Vec<u8>]) -> Result<()> {
    // A record of many reads would be too long: a right program may read byte by byte.
    if steps.len() > 1 {
        trial.record_fed(1, steps).map_err(Fault::of(how))?;
    }
    let ran = trial.run_fed(1, steps).map_err(Fault::of(how))?;
    ran.require_lines(&printed(messages)).map_err(Fault::of(how))
}

/// Feeds it a stream that ends too early, and checks that it prints the messages before, and fails.
fn torn_off(trial: &Trial, how: &str, stream: &[u8], messages: &[Vec<u8>]) -> Result<()> {
    let steps = [bytes_step(stream)];
    trial.record_fed(1, &steps).map_err(Fault::of(how))?;
    let ran = trial.run_fed(1, &steps).map_err(Fault::of(how))?;
    let shown = || ran.lines.iter().map(|line| format!("it printed: {line}")).collect();
    let lines = ran.lines.iter().filter(|line| line.contains(" bytes, hash "));
    let lines = lines.cloned().collect::<Vec<_>>();
    ensure!(
        ran.status != 0 && lines == printed(messages),
        Fault::new(format!("{how}: it should print the messages before it, then fail"), shown())
    );
    ensure!(
        !ran.output.contains("panicked at"),
        Fault::new(format!("{how}: it panics, and should return an error"), shown())
    );
    // Whoever gets the error prints it.
    ensure!(
        ran.lines.len() > lines.len(),
        Fault::new(format!("{how}: it exits, and should return an error"), shown())
    );
    Ok(())
}

fn bytes_step(bytes: &[u8]) -> Step {
    Step::Bytes(0, bytes.to_vec())
}

/// Messages as they are sent.
fn on_the_way(messages: &[Vec<u8>]) -> Vec<u8> {
    let length = |message: &Vec<u8>| (message.len() as u32).to_le_bytes();
    messages.iter().flat_map(|message| [&length(message)[..], message].concat()).collect()
}

/// What the program prints of them.
fn printed(messages: &[Vec<u8>]) -> Vec<String> {
    let add = |hash: u32, byte: &u8| hash.wrapping_mul(31).wrapping_add((*byte).into());
    let line = |message: &Vec<u8>| {
        format!("{} bytes, hash {}", message.len(), message.iter().fold(0, add))
    };
    messages.iter().map(line).collect()
}
