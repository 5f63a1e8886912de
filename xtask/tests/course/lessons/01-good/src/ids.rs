pub fn run(me: u32) {
    println!("I am pid {me}.");
    println!("pace {}", std::env::var("LESSON_PACE").unwrap_or_default());
    println!("Process ({me}) took {} µs.", 100 + me % 7);
}
