//! A large output, for the tests and the bench.

/// 256 actors, 50 lines each, in turns; every tenth line names a neighbour.
pub fn large(first_id: usize, stride: usize) -> Vec<String> {
    let line = |step: usize, actor: usize| {
        let (own, neighbour) = (first_id + actor, first_id + (actor + 1) % 256);
        match step % 10 {
            0 => format!("pid {own}: step {step}, next to pid {neighbour}, after {step} ms"),
            _ => format!("pid {own}: step {step}, after {step} ms"),
        }
    };
    let turns =
        (0..50).flat_map(|step| (0..256).map(move |turn| (step, (turn * stride + step) % 256)));
    turns.map(|(step, actor)| line(step, actor)).collect()
}
