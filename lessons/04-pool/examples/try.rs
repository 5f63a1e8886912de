use lesson_04_pool::*;
use std::time::{Duration, Instant};
static ECHO: Function<u64, u64> = Function::new("echo", |n| n);
static SPIN: Function<u64, u64> = Function::new("spin", |us| {
    let t = Instant::now();
    while t.elapsed() < Duration::from_micros(us) {}
    us
});
static BOOM: Function<u64, u64> = Function::new("boom", |n| {
    if n == 3 {
        panic!("three")
    }
    if n == 5 {
        std::process::exit(9)
    }
    n
});
static BYTES: Function<serde_bytes::ByteBuf, serde_bytes::ByteBuf> = Function::new("bytes", |b| b);
static TASKS: Tasks = &[&ECHO, &SPIN, &BOOM, &BYTES];
fn main() -> anyhow::Result<()> {
    work_if_worker(TASKS);
    for fork in [true, false] {
        let t = Instant::now();
        let mut pool = ProcessPool::new(TASKS, Options { workers: Some(2), fork })?;
        pool.apply(&ECHO, &1)?;
        println!("start-up fork {fork}: {:?}", t.elapsed());
        println!("{:?}", pool.map(&BOOM, 0..8, Some(2))?);
        for _ in 0..3 {
            let t = Instant::now();
            let r = pool.map(&ECHO, 0..100_000, None)?;
            let a = t.elapsed();
            assert!(r.iter().enumerate().all(|(i, r)| *r == Ok(i as u64)));
            let t = Instant::now();
            pool.map(&ECHO, 0..200_000, Some(1))?;
            let b = t.elapsed();
            let t = Instant::now();
            let h: Vec<_> = (0..100_000).map(|n| pool.apply_async(&ECHO, &n).unwrap()).collect();
            for h in h {
                h.wait()?;
            }
            let h = t.elapsed();
            let t = Instant::now();
            let n = pool.imap_unordered(&ECHO, 0..100_000, 100)?.count();
            let i = t.elapsed();
            let t = Instant::now();
            pool.map(&SPIN, (0..20_000).map(|_| 10), Some(1))?;
            let c = t.elapsed();
            let t = Instant::now();
            pool.map(&SPIN, (0..20_000).map(|_| 10), None)?;
            let c2 = t.elapsed();
            let t = Instant::now();
            pool.map(&SPIN, (0..400).map(|_| 1000), None)?;
            let d = t.elapsed();
            let t = Instant::now();
            for n in 0..1000 {
                pool.apply(&ECHO, &n)?;
            }
            let e = t.elapsed();
            let blob = serde_bytes::ByteBuf::from(vec![7; 1 << 20]);
            let t = Instant::now();
            pool.map(&BYTES, (0..64).map(|_| blob.clone()), Some(1))?;
            let g = t.elapsed();
            println!(
                "map100k {a:?}; chunk1 {:.2} M/s; apply_async {:.2} M/s; imap {n} {i:?}; 10us one by one {:.2}; 10us default {:.3}; 1ms {:.3}; apply {:?}; 1MiB {:?}",
                0.2 / b.as_secs_f64(),
                0.1 / h.as_secs_f64(),
                0.1 / c.as_secs_f64(),
                0.1 / c2.as_secs_f64(),
                0.2 / d.as_secs_f64(),
                e / 1000,
                g / 64
            );
        }
        pool.close();
        pool.join()?;
    }
    Ok(())
}
