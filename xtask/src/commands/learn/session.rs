//! The exercises at a terminal: shows the task, judges at each save, and does what keys ask for.

use std::fs;
use std::process::{Command, ExitCode};
use std::time::SystemTime;

use anyhow::{Context, Result};
use common::terminal::{CTRL_D, Event, Terminal};
use common::text;
use nix::poll::PollTimeout;

use super::{Judged, file, judge, lines, make};
use crate::practice::{self, Exercise, Language, Progress, Text};
use crate::workspace::{OWN, Workspace};
use crate::wrap::{is_chinese, wrapped};

const KEYS: &str = "h hint  n next  p previous  l list  e editor  r reset  s solution  q quit";

/// How often it is looked whether the file was saved, in milliseconds. (inotify(7) does not
/// see what is saved on a Windows drive.)
const LOOK_EVERY: u16 = 200;

/// How wide a task may be.
const WIDTH: usize = 90;

struct Session<'a> {
    workspace: &'a Workspace,
    exercise: &'static Exercise,
    /// What the judge said last.
    judged: Option<Judged>,
    /// What a key has asked to be shown below.
    shown: Vec<String>,
    /// Whether the last key asked for the solution, before the exercise was solved.
    asked_for_solution: bool,
}

/// Goes on with this exercise, or where the reader was, or, if that is solved, with the next one that
/// is not.
pub fn run(
    workspace: &Workspace,
    exercise: Option<&'static Exercise>,
    is_terminal: bool,
) -> Result<ExitCode> {
    let progress = Progress::read(&workspace.root)?;
    let is_open = |it: &&Exercise| !progress.exercises.get(it.name).is_some_and(|it| it.passed);
    let from_there = practice::all().skip_while(|it| it.name != progress.at);
    let open = || from_there.chain(practice::all()).find(is_open).or(practice::all().next());
    let exercise = exercise.or_else(open).context("there is no exercise")?;
    let mut session =
        Session { workspace, exercise, judged: None, shown: Vec::new(), asked_for_solution: false };
    session.turn_to(exercise)?;
    if !is_terminal {
        print!("{}", session.screen()?);
        println!("`cargo xtask learn --check {}` judges it.", exercise.name);
        return Ok(ExitCode::SUCCESS);
    }
    session.watch()
}

impl Session<'_> {
    /// Begins another exercise, or goes on with it.
    fn turn_to(&mut self, exercise: &'static Exercise) -> Result<()> {
        make(self.workspace, exercise)?;
        self.exercise = exercise;
        self.judged = None;
        self.shown.clear();
        let mut progress = Progress::read(&self.workspace.root)?;
        exercise.name.clone_into(&mut progress.at);
        progress.write(&self.workspace.root)
    }

    /// Judges whenever the file is saved, until the reader leaves.
    fn watch(&mut self) -> Result<ExitCode> {
        let mut judged_of = None;
        loop {
            let now = (self.exercise.name, self.saved());
            if judged_of != Some(now) {
                judged_of = Some(now);
                self.show()?;
                println!("judging …");
                // The terminal is as it was: Cargo may show colours, and Ctrl-C ends all.
                self.judged = Some(judge(self.workspace, self.exercise)?);
                // What Cargo has said stays on the screen.
                let not_built = matches!(self.judged, Some(Judged::NotBuilt(_)));
                if not_built {
                    let line = self.judged.as_ref().map_or("", Judged::line);
                    println!("\nNot yet: {line}\n\n{KEYS}");
                } else {
                    self.show()?;
                }
            }
            match self.key(now.1)? {
                None => {}
                Some('q' | CTRL_D) => return Ok(ExitCode::SUCCESS),
                Some(key) => {
                    self.press(key)?;
                    self.show()?;
                }
            }
        }
    }

    /// When the file was saved last.
    fn saved(&self) -> Option<SystemTime> {
        // An editor may just be replacing it.
        fs::metadata(file(self.workspace, self.exercise)).and_then(|it| it.modified()).ok()
    }

    /// The next key, if one is pressed before the file is saved again.
    fn key(&self, saved: Option<SystemTime>) -> Result<Option<char>> {
        let mut terminal = Terminal::enter()?;
        loop {
            match terminal.event(PollTimeout::from(LOOK_EVERY))? {
                Event::Key(key) => return Ok(Some(key)),
                Event::End => return Ok(Some(CTRL_D)),
                Event::Redraw if self.saved() != saved => return Ok(None),
                Event::Redraw => {}
            }
        }
    }

    fn press(&mut self, key: char) -> Result<()> {
        let asked_before = std::mem::take(&mut self.asked_for_solution);
        let is_this = |it: &&Exercise| it.name == self.exercise.name;
        match key {
            'h' => self.hint()?,
            'n' => match practice::all().skip_while(|it| !is_this(it)).nth(1) {
                Some(next) => self.turn_to(next)?,
                None => self.shown = vec!["This is the last one.".to_owned()],
            },
            'p' => match practice::all().rev().skip_while(|it| !is_this(it)).nth(1) {
                Some(before) => self.turn_to(before)?,
                None => self.shown = vec!["This is the first one.".to_owned()],
            },
            'l' => self.shown = lines(self.workspace)?,
            'e' => self.edit()?,
            'r' => self.reset()?,
            's' => self.solution(asked_before)?,
            _ => self.shown = vec![format!("There is no key {key:?}.")],
        }
        Ok(())
    }

    fn text(&self) -> Result<Text> {
        Text::read(&self.workspace.root, self.exercise, Language::of_reader())
    }

    fn hint(&mut self) -> Result<()> {
        let text = self.text()?;
        let mut progress = Progress::read(&self.workspace.root)?;
        let hints = &mut progress.of(self.exercise.name).hints;
        self.shown.clear();
        let is_last = *hints == text.hints.len();
        *hints = (*hints + 1).min(text.hints.len());
        for (number, hint) in (1..).zip(&text.hints).take(*hints) {
            self.shown.extend(paragraphs(&format!("Hint {number}: {hint}")));
        }
        if is_last {
            self.shown.push("There are no more hints; s shows a solution.".to_owned());
        }
        progress.write(&self.workspace.root)
    }

    fn solution(&mut self, asked_before: bool) -> Result<()> {
        let passed = Progress::read(&self.workspace.root)?.of(self.exercise.name).passed;
        if !passed && !asked_before {
            self.asked_for_solution = true;
            self.shown =
                vec!["You have not solved it yet. Press s again to see a solution.".into()];
            return Ok(());
        }
        let path = format!("{}/right/solution.rs", self.exercise.folder());
        let file = self.workspace.root.join(&path);
        let source = fs::read_to_string(&file).with_context(|| format!("read {path}"))?;
        self.shown = vec![format!("{path}:"), String::new()];
        self.shown.extend(source.lines().map(str::to_owned));
        self.shown.push(String::new());
        self.shown.extend(paragraphs(&self.text()?.why));
        Ok(())
    }

    /// Begins from the start again; what was there is kept beside it.
    fn reset(&mut self) -> Result<()> {
        let file = file(self.workspace, self.exercise);
        let free = (1..).map(|number| file.with_extension(format!("rs.old{number}")));
        let old = free.into_iter().find(|old| !old.exists()).context("a name for the old file")?;
        fs::rename(&file, &old).with_context(|| format!("rename {}", file.display()))?;
        make(self.workspace, self.exercise)?;
        let old = old.strip_prefix(&self.workspace.root).unwrap_or(&old);
        self.shown = vec![format!("As at the start. What you had is {}.", old.display())];
        Ok(())
    }

    /// Opens the file in the reader's editor.
    fn edit(&mut self) -> Result<()> {
        let file = file(self.workspace, self.exercise);
        let mut editor = ["VISUAL", "EDITOR"].into_iter().find_map(|it| std::env::var(it).ok());
        let mut place = file.clone().into_os_string();
        if std::env::var("TERM_PROGRAM").is_ok_and(|program| program == "vscode") {
            editor = Some("code -g".to_owned());
            place.push(format!(":{}", self.line()));
        }
        let Some(editor) = editor else {
            self.shown = vec!["Which editor? Set EDITOR, as in: export EDITOR=nano".to_owned()];
            return Ok(());
        };
        // It may have arguments, as git and others take it.
        let mut words = editor.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or("vi"));
        match command.args(words).arg(&place).status() {
            Ok(status) if status.success() => {}
            Ok(status) => self.shown = vec![format!("{editor}: {status}")],
            Err(why) => self.shown = vec![format!("{editor}: {why}")],
        }
        Ok(())
    }

    /// The line to look at: where the fault is, or what is marked.
    fn line(&self) -> usize {
        let number =
            |detail: &String| detail.strip_prefix("line ")?.split_once(':')?.0.parse().ok();
        let of_fault = match &self.judged {
            Some(Judged::Wrong(fault)) => fault.details.iter().find_map(number),
            _ => None,
        };
        let text = fs::read_to_string(file(self.workspace, self.exercise)).unwrap_or_default();
        let marked = || text.lines().position(|line| line.trim_start().starts_with("// "));
        of_fault.or_else(|| marked().map(|line| line + 1)).unwrap_or(1)
    }

    fn show(&self) -> Result<()> {
        // The beginning of the screen; what was there stays above, to scroll back to.
        print!("\x1b[2J\x1b[H{}", self.screen()?);
        println!("\n{KEYS}");
        Ok(())
    }

    fn screen(&self) -> Result<String> {
        let exercise = self.exercise;
        let text = self.text()?;
        let number = practice::all().take_while(|it| it.name != exercise.name).count() + 1;
        let count = practice::all().count();
        let mut screen = vec![
            format!("{}, exercise {number} of {count}: {}", exercise.lesson, text.title),
            String::new(),
        ];
        screen.extend(paragraphs(&text.task));
        screen.push(String::new());
        screen.push(format!("Your file: {OWN}/{}/src/main.rs", exercise.name));
        let room = text::width();
        if let Some(judged) = &self.judged {
            let line = match judged {
                Judged::Right(tried) => {
                    let end = if tried.is_empty() { "" } else { "." };
                    format!(
                        "Right! {tried}{end} n leads to the next exercise, s shows our solution."
                    )
                }
                Judged::NotHere(why) => format!("It cannot be judged here: {why}"),
                Judged::NotBuilt(why) => format!(
                    "Not yet: {why}. `cargo {OWN} {}` shows again what Cargo says.",
                    self.exercise.name
                ),
                Judged::Wrong(fault) => format!("Not yet: {}", fault.what),
            };
            screen.push(String::new());
            screen.extend(wrapped(&line, room));
            if let Judged::Wrong(fault) = judged {
                let lines = fault.details.iter().map(|line| format!("  {line}"));
                screen.extend(lines.flat_map(|line| wrapped(&line, room)));
            }
        }
        if !self.shown.is_empty() {
            screen.push(String::new());
            screen.extend(self.shown.iter().cloned());
        }
        Ok(screen.join("\n") + "\n")
    }
}

/// The paragraphs of a text, in lines that fit the window.
fn paragraphs(text: &str) -> Vec<String> {
    let room = text::width().min(WIDTH);
    let mut lines = Vec::new();
    for paragraph in text.split("\n\n") {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        if paragraph.starts_with("    ") {
            lines.extend(paragraph.lines().map(str::to_owned));
            continue;
        }
        if paragraph.lines().all(|line| line.starts_with("    ")) {
            lines.extend(paragraph.lines().map(str::to_owned));
            continue;
        }
        for (number, item) in paragraph.split("\n- ").enumerate() {
            let is_item = number > 0 || item.starts_with("- ");
            let item = if number > 0 { format!("- {item}") } else { item.to_owned() };
            let words = item.split_whitespace().collect::<Vec<_>>().join(" ");
            let indent = if is_item { "  " } else { "" };
            // The terminal breaks Chinese where a line is full.
            let room = if words.contains(is_chinese) { usize::MAX } else { room };
            let wrapped = wrapped(&words, room);
            let rest = wrapped[1..].iter().map(|line| format!("{indent}{}", line.trim_start()));
            lines.extend(wrapped.first().cloned().into_iter().chain(rest));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_lists_stay_as_they_are() {
        let text = "one\ntwo\n\n    let a = 1;\n    let b = 2;\n\n- first\n  part\n- second";
        let expected =
            ["one two", "", "    let a = 1;", "    let b = 2;", "", "- first part", "- second"];
        assert_eq!(paragraphs(text), expected);
    }
}
