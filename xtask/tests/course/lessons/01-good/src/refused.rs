pub fn run() {
    eprintln!("no machine has that");
    std::process::exit(3);
}
