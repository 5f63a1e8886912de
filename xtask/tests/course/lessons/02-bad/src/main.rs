//! A lesson that does not do what its page says.

fn main() {
    let me = std::process::id();
    match std::env::args().nth(1).as_deref() {
        Some("--list") => println!("ids\tits own id\nforgotten\trun by no transcript"),
        Some("fails") => std::process::exit(1),
        Some("refuses") => {
            println!("I do not want to");
            std::process::exit(3);
        }
        Some("endless") => print!("a line that does not end"),
        Some("balance") => println!("balance ≈ 0"),
        Some("nameless") => println!("one line\nanother line"),
        _ => {
            println!("pid {me} starts");
            println!("pid {me} made pid {}", me + 1);
            println!("pid {me} ends");
        }
    }
}
