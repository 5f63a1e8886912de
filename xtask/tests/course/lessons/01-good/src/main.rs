//! A lesson in which everything is as its page says.

mod ids;
mod refused;

fn main() {
    let me = std::process::id();
    match std::env::args().nth(1).as_deref() {
        Some("--list") => println!("ids\tits own id\nrefused\tnot on this machine"),
        Some("refused") => refused::run(),
        Some("either") => println!("pid {me}: {}", if me % 2 == 0 { "even" } else { "odd" }),
        Some("terminal") => match std::fs::File::open("/dev/tty") {
            Ok(_) => println!("a terminal"),
            Err(_) => println!("no terminal"),
        },
        Some("wrong") => {
            eprintln!("no demo 'wrong'");
            std::process::exit(2);
        }
        _ => ids::run(me),
    }
}
