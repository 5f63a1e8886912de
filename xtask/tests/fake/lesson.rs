//! A lesson that prints what its chapter shows, and does nothing else.

const LESSON: &str = env!("CARGO_BIN_NAME");
const PAGE: &str = include_str!("chapter.md");

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let default = format!("$ cargo lesson {LESSON}");
    // Cargo takes these dashes away.
    let page = PAGE.replace(&format!("{default} -- "), &format!("{default} "));
    if arguments == ["--list"] {
        println!("default\tthe first block");
        let demos = page.lines().filter_map(|line| line.strip_prefix(&format!("{default} ")));
        let names = demos.filter_map(|demo| demo.split(' ').next());
        names.for_each(|name| println!("{name}\tanother block"));
        return;
    }
    let block_of = |words: &[String]| {
        let command = format!("{default} {}", words.join(" "));
        page.split_once(&format!("{}\n", command.trim_end()))
    };
    // A record may be one of other options than those of the demo's block.
    let block = block_of(&arguments).or_else(|| block_of(&arguments[..1]));
    let (before, block) = block.expect("a block");
    let (output, _) = block.split_once("```").expect("the end of the block");
    output.lines().for_each(|line| println!("{line}"));

    // The comment before the block says with which status it ends, if not with 0.
    let comment = before.lines().rev().nth(1).unwrap_or("");
    let status = comment.split_once("status ").map_or("", |(_, status)| status);
    let digits = status.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
    std::process::exit(digits.parse().unwrap_or(0));
}
