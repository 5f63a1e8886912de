//! What two threads do that call `change_it`, by hand: no thread, no explorer.

/// What each thread adds in a call, one after the other.
const ADDED: [[i64; 2]; 2] = [[5, -5], [8, -8]];

/// What each of these steps does, and the balance after them; `order` has a 1 or a 2 for each.
/// A call takes four steps.
pub fn simulate(order: &[usize]) -> (Vec<String>, i64) {
    let (mut balance, mut loaded, mut taken) = (0, [0; 2], [0; 2]);
    let step = |&thread: &usize| {
        let me = thread - 1;
        let added = ADDED[me][taken[me] / 2 % 2];
        taken[me] += 1;
        if taken[me] % 2 == 1 {
            loaded[me] = balance;
            format!("load balance: {balance}")
        } else {
            balance = loaded[me] + added;
            format!("store balance: {balance}")
        }
    };
    let told = order.iter().map(step).collect();
    (told, balance)
}

/// The steps that a drawing of the execution shows: whose, and what was done.
pub fn drawn(text: &str) -> Vec<(usize, String)> {
    let steps = text.lines().filter(|line| line.contains(" balance: "));
    let step = |line: &str| {
        let thread = if line.starts_with("          ") { 2 } else { 1 };
        let words: Vec<_> = line.split_whitespace().collect();
        (thread, words[1..4].join(" "))
    };
    steps.map(step).collect()
}
