use std::time::Instant;
use lesson_04_pool::*;
use serde_bytes::ByteBuf;
static BYTES: Function<ByteBuf, ByteBuf> = Function::new("bytes", |b| b);
static LEN: Function<ByteBuf, usize> = Function::new("len", |b| b.len());
static MAKE: Function<usize, ByteBuf> = Function::new("make", |n| ByteBuf::from(vec![1; n]));
static ECHO: Function<u64, u64> = Function::new("echo", |n| n);
static TASKS: Tasks = &[&BYTES, &LEN, &MAKE, &ECHO];
fn main() -> anyhow::Result<()> {
    work_if_worker(TASKS);
    let pool = ProcessPool::new(TASKS, Options { workers: Some(2), fork: false })?;
    let blob = ByteBuf::from(vec![7; 1 << 20]);
    let time = |name: &str, n: u32, f: &dyn Fn()| { for _ in 0..5 { f(); } let t = Instant::now(); for _ in 0..n { f(); } println!("{name}: {:?}", t.elapsed() / n); };
    time("apply echo small", 500, &|| { pool.apply(&ECHO, &1).unwrap(); });
    time("apply in", 50, &|| { pool.apply(&LEN, &blob).unwrap(); });
    time("apply out", 50, &|| { pool.apply(&MAKE, &(1 << 20)).unwrap(); });
    time("apply echo", 50, &|| { pool.apply(&BYTES, &blob).unwrap(); });
    time("map in x64", 5, &|| { pool.map(&LEN, (0..64).map(|_| blob.clone()), Some(1)).unwrap(); });
    time("map out x64", 5, &|| { pool.map(&MAKE, (0..64).map(|_| 1<<20), Some(1)).unwrap(); });
    time("map echo x64", 5, &|| { pool.map(&BYTES, (0..64).map(|_| blob.clone()), Some(1)).unwrap(); });
    time("map 100k", 20, &|| { pool.map(&ECHO, 0..100_000, None).unwrap(); });
    time("encode 100k", 20, &|| { let mut b = Vec::new(); for n in 0..100_000u64 { b = postcard::to_extend(&n, b).unwrap(); } std::hint::black_box(b); });
    time("collect 100k", 20, &|| { let mut v: Vec<Option<Result<u64, TaskError>>> = std::iter::repeat_with(|| None).take(100_000).collect(); for (i, s) in v.iter_mut().enumerate() { *s = Some(Ok(i as u64)); } std::hint::black_box(v.into_iter().collect::<Option<Vec<_>>>()); });
    println!("{}", std::mem::size_of::<Option<Result<u64, TaskError>>>());
    Ok(())
}
