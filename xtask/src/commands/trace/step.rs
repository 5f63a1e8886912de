//! `cargo xtask trace --step`: the reader is the scheduler of real processes.

mod screen;

use std::io::{self, BufRead, IsTerminal};

use anyhow::{Context, Result};
use common::options::UsageError;
use common::terminal::{CTRL_D, Event, Terminal};
use common::text;
use nix::poll::PollTimeout;
use record::{Group, Program, Selection, State, Steps};

use screen::Screen;

/// Before these a task is held unless the reader selects others.
const HELD_BEFORE: [Group; 9] = [
    Group::Fork,
    Group::Exec,
    Group::Wait,
    Group::Exit,
    Group::Channel,
    Group::Data,
    Group::Signal,
    Group::Print,
    Group::Sleep,
];

const KEYS: &str = "1, 2, 3: that task goes on  k1: kill it  a: all run  q: quit";

/// How many lines of what was printed are shown on a terminal.
const PRINTED_LINES: usize = 8;

/// How often the screen is redrawn while something runs, in milliseconds.
const WHILE_RUNNING: u8 = 20;

/// The selection where the reader gives none.
pub fn default_selection() -> Selection {
    Selection::Groups(HELD_BEFORE.to_vec())
}

/// What a key asks for.
#[derive(Clone, Copy)]
pub enum Key {
    /// A task, by its number.
    Task(usize),
    /// The task of the next key is killed.
    Kill,
    /// All tasks run.
    All,
    Quit,
}

impl Key {
    /// # Errors
    /// If the key has no meaning.
    fn read(key: char) -> Result<Key, String> {
        match key {
            'a' => Ok(Key::All),
            'k' => Ok(Key::Kill),
            'q' => Ok(Key::Quit),
            key => screen::number_of(key).map(Key::Task).ok_or_else(|| {
                format!("no key {key:?}; available: 1 to 9 and A to Z (a task), k, a, q")
            }),
        }
    }
}

/// Reads keys that are all there.
///
/// # Errors
/// If one of them has no meaning, or the last is `k`: a [`UsageError`].
fn read_keys(keys: &str) -> Result<Vec<Key>, UsageError> {
    let keys = keys.chars().filter(|key| *key != '\n').map(Key::read);
    let keys: Vec<Key> = keys.collect::<Result<_, _>>().map_err(UsageError)?;
    match keys.last() {
        Some(Key::Kill) => Err(UsageError("after 'k' comes the task to kill".to_owned())),
        _ => Ok(keys),
    }
}

/// Where the keys come from.
pub enum Source {
    Given(Vec<Key>),
    Terminal,
    StandardInput,
}

impl Source {
    /// These keys, or those of the terminal or of standard input.
    ///
    /// # Errors
    /// If one of the keys has no meaning: a [`UsageError`].
    pub fn of(given: Option<&str>) -> Result<Source, UsageError> {
        match given {
            Some(keys) => {
                let keys = read_keys(keys)
                    .map_err(|UsageError(why)| UsageError(format!("--keys: {why}")))?;
                Ok(Source::Given(keys))
            }
            None if io::stdin().is_terminal() && io::stdout().is_terminal() => Ok(Source::Terminal),
            None => Ok(Source::StandardInput),
        }
    }
}

/// Runs the program as the keys say. What is left of it at the end is killed.
///
/// # Errors
/// As of [`record::step`]; a [`UsageError`] if a key has no meaning.
pub fn run(program: &Program, selection: Selection, keys: Source) -> Result<()> {
    let screen = Screen::new(selection.clone());
    let mut game = Game { screen, is_killing: false, refused: None };
    match keys {
        Source::Given(keys) => {
            record::step(program, selection, |steps| game.play(steps, keys.into_iter().map(Ok)))
        }
        Source::StandardInput => record::step(program, selection, |steps| {
            let lines = io::stdin().lock().lines();
            let keys = lines.flat_map(|line| match line.context("read from standard input") {
                Ok(line) => line
                    .chars()
                    .map(|key| Key::read(key).map_err(|why| UsageError(why).into()))
                    .collect(),
                Err(why) => vec![Err(why)],
            });
            game.play(steps, keys)
        }),
        Source::Terminal => {
            let mut terminal = Terminal::enter()?;
            record::step(program, selection, |steps| game.play_on(&mut terminal, steps))
        }
    }
}

struct Game {
    screen: Screen,
    /// Whether the last key was `k`.
    is_killing: bool,
    /// Why the last key did nothing.
    refused: Option<String>,
}

impl Game {
    /// Takes each key when the tasks have settled, then prints the screen once.
    fn play(&mut self, steps: &mut Steps, keys: impl Iterator<Item = Result<Key>>) -> Result<()> {
        self.settle(steps)?;
        for key in keys {
            if self.press(steps, key?)? {
                break;
            }
            self.settle(steps)?;
        }
        print!("{}", self.drawn(usize::MAX));
        Ok(())
    }

    fn settle(&mut self, steps: &mut Steps) -> Result<()> {
        steps.settle(&mut self.screen.printed)?;
        self.screen.refresh(steps);
        Ok(())
    }

    /// Takes keys and shows the tasks at any time, until the reader quits or all have ended.
    fn play_on(&mut self, terminal: &mut Terminal, steps: &mut Steps) -> Result<()> {
        let mut shown = String::new();
        loop {
            steps.take_stops()?;
            steps.read_printed(&mut self.screen.printed)?;
            let is_settled = steps.is_settled();
            self.screen.refresh(steps);
            let (width, height) = text::window().unwrap_or((80, 24));
            let screen = format!("{KEYS}\n\n{}", self.drawn(PRINTED_LINES));
            // The size counts, too: after a change of it the screen is redrawn.
            let drawn = format!("{width} {height} {screen}");
            if drawn != shown {
                terminal.draw(&screen, width, height)?;
                shown = drawn;
            }
            if steps.tasks().is_empty() {
                return Ok(());
            }
            // No signal comes when a task falls asleep.
            let timeout =
                if is_settled { PollTimeout::NONE } else { PollTimeout::from(WHILE_RUNNING) };
            match terminal.event(timeout)? {
                Event::End | Event::Key(CTRL_D) => return Ok(()),
                Event::Key(key) => match Key::read(key) {
                    Ok(key) => {
                        if self.press(steps, key)? {
                            return Ok(());
                        }
                    }
                    Err(why) => self.refused = Some(why),
                },
                Event::Redraw => {}
            }
        }
    }

    /// Does what a key asks for, or notes why that is not possible. Returns whether the reader
    /// quits.
    fn press(&mut self, steps: &mut Steps, key: Key) -> Result<bool> {
        self.refused = None;
        let is_killing = std::mem::take(&mut self.is_killing);
        match key {
            Key::Quit => return Ok(true),
            Key::All => steps.let_all_go()?,
            Key::Kill => self.is_killing = true,
            Key::Task(number) => match self.screen.living(number) {
                Err(why) => self.refused = Some(why),
                Ok(id) if is_killing => steps.kill(id),
                Ok(id) => match steps.state(id) {
                    Some(State::AboutTo(_) | State::TimeOver(_)) => {
                        self.screen.let_go(number);
                        steps.let_go(id)?;
                    }
                    state => {
                        let state = screen::in_words(state.as_ref());
                        self.refused =
                            Some(format!("{} is not held: it is {state}", screen::label(number)));
                    }
                },
            },
        }
        Ok(false)
    }

    fn drawn(&self, printed_lines: usize) -> String {
        let mut drawn = self.screen.drawn(printed_lines);
        if self.is_killing {
            drawn += "kill which one?\n";
        }
        if let Some(refused) = &self.refused {
            drawn += &format!("{refused}\n");
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_a_meaning_or_the_others_are_listed() {
        assert!(read_keys("12\nk3aAZq").is_ok());
        for wrong in ["x", "0", "1b", "é", "1 2"] {
            let UsageError(why) = read_keys(wrong).err().unwrap();
            assert!(why.contains("available: 1 to 9 and A to Z (a task), k, a, q"), "{why}");
        }
        assert!(read_keys("1k").is_err());
    }
}
