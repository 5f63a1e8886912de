//! `cargo xtask stamp PAGE HEADING`: vouches for a section of a Chinese page.

use std::process::ExitCode;

use common::options::UsageError;

use crate::check::translation::{self, Translation};
use crate::cli::Command;
use crate::workspace::Workspace;

/// Writes below a heading of a Chinese page that it says what the English section says.
pub const COMMAND: Command = Command {
    name: "stamp",
    words: "PAGE HEADING",
    about: "vouch that a section of a Chinese page says what the English one says",
    options: &[
        ("--list", "compare all Chinese pages, and print what is wrong or not vouched for"),
        ("--bless", "with --list: rewrite outputs, links and lists of pages that are wrong"),
    ],
    notes: "\
PAGE is a Chinese page, such as docs/zh/01-multitask/word.md, and HEADING the Chinese heading of
the section. Compare the section with the English one before you stamp it.

Exit status: 0 if it is stamped, or nothing is listed; 1 if the section has other blocks than the
English one, or something is listed; 2 if the command line is wrong.
",
    run: |arguments| {
        let root = Workspace::find()?.root;
        let has = |option| arguments.options.has(option);
        match &arguments.words[..] {
            [] if has("--list") => {
                let all = Translation::check(&root, &[], has("--bless"))?;
                all.details().iter().for_each(|line| println!("{}", line.trim_start()));
                all.stale.iter().for_each(|section| println!("{section}"));
                let held = all.stale.is_empty() && all.held();
                Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
            words if words.len() <= 2 && !has("--list") && !has("--bless") => {
                let (page, heading) = (words.first(), words.get(1));
                let page = page.map(|page| page.trim_start_matches("./"));
                let stamped = translation::stamp(&root, page, heading.map(String::as_str))?;
                println!("{stamped}: stamped");
                Ok(ExitCode::SUCCESS)
            }
            _ => Err(UsageError(
                "stamp takes a page and one heading, or --list [--bless]".to_owned(),
            )
            .into()),
        }
    },
};
