//! The reader is the scheduler of a program: a key for each step.

mod page;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use anyhow::{Context, Result};
use common::menu::Options;
use common::options::UsageError;
use common::terminal::{CTRL_D, Event, Terminal};
use common::text;
use explorer::{
    Explorer, Outcome, Program, ReplayError, Run, Schedule, ThreadState, line_of, timeline,
};
use nix::poll::PollTimeout;

/// A program, and what the game says of it.
pub struct Played {
    pub program: Box<dyn Fn(&mut Program) + Sync>,
    pub title: &'static str,
    /// That it has come out right.
    pub right: &'static str,
    /// Whether it can go wrong, if that is known.
    pub hint: String,
    /// The keys of its threads.
    pub keys: &'static str,
}

/// The steps that were taken, of one of several programs.
pub struct Game {
    programs: Vec<Played>,
    /// The one that is played.
    current: usize,
    /// The text of the file that the programs are in.
    source: &'static str,
    taken: Schedule,
    /// Why the last key did nothing.
    refused: Option<String>,
}

impl Game {
    /// A key goes from one program to the next.
    pub fn new(programs: Vec<Played>, source: &'static str) -> Self {
        let taken = Schedule::default();
        Self { programs, current: 0, source, taken, refused: None }
    }

    /// Begins with the second program.
    pub fn switched(mut self) -> Self {
        self.switch();
        self
    }

    fn switch(&mut self) {
        self.current = (self.current + 1) % self.programs.len();
        self.taken.0.clear();
    }

    /// Plays on the terminal; without one, reads lines of keys. With `--keys`, presses these and
    /// shows the screen. With `--html`, writes a page for a browser.
    pub fn play(mut self, options: &Options) -> Result<()> {
        if let Some(file) = options.get::<PathBuf>("--html")? {
            page::write(&file, &self.programs, self.source)?;
            println!("open {} in a browser", file.display());
            return Ok(());
        }
        if let Some(keys) = options.get::<String>("--keys")? {
            for key in keys.chars() {
                self.press(key).map_err(|why| UsageError(format!("--keys: {why}")))?;
            }
            print!("{}", self.screen(text::width())?);
            return Ok(());
        }
        if io::stdin().is_terminal() && io::stdout().is_terminal() {
            return self.on_terminal();
        }
        println!("{}", self.keys());
        for line in io::stdin().lines() {
            for key in line.context("read from standard input")?.trim().chars() {
                if key == 'q' {
                    return Ok(());
                }
                self.press(key).map_err(UsageError)?;
            }
            print!("{}", self.screen(text::width())?);
        }
        Ok(())
    }

    fn on_terminal(&mut self) -> Result<()> {
        let mut terminal = Terminal::enter()?;
        loop {
            let (width, height) = text::window().unwrap_or((80, 24));
            let screen = format!("{}\n\n{}", self.keys(), self.screen(width)?);
            terminal.draw(&screen, width, height)?;
            match terminal.event(PollTimeout::NONE)? {
                Event::End | Event::Key('q' | CTRL_D) => return Ok(()),
                Event::Key(key) => {
                    if let Err(why) = self.press(key) {
                        self.refused = Some(why);
                    }
                }
                Event::Redraw => {}
            }
        }
    }

    fn has_several(&self) -> bool {
        self.programs.len() > 1
    }

    fn keys(&self) -> String {
        let lock = if self.has_several() { "l: lock  " } else { "" };
        let threads = self.programs[self.current].keys;
        format!("{threads}: that thread's next step  u: undo  {lock}r: start again  q: leave")
    }

    /// Runs the program from its beginning up to the last step that was chosen.
    fn run(&self) -> Result<Run, ReplayError> {
        Explorer::default().replay(&self.taken, &self.programs[self.current].program)
    }

    /// Does what a key asks for, or notes why that is not possible.
    ///
    /// # Errors
    /// If the key has no meaning.
    fn press(&mut self, key: char) -> Result<(), String> {
        self.refused = None;
        match key {
            '1'..='9' => self.take_step(key as usize - '0' as usize),
            'u' => _ = self.taken.0.pop(),
            'l' if self.has_several() => self.switch(),
            'r' => self.taken.0.clear(),
            _ => {
                let lock = if self.has_several() { "l, " } else { "" };
                let threads = self.programs[self.current].keys;
                return Err(format!("no key {key:?}; available: {threads}, u, {lock}r, q"));
            }
        }
        Ok(())
    }

    fn take_step(&mut self, thread: usize) {
        self.taken.0.push(thread);
        let refused = match self.run() {
            // A panic has ended it before.
            Ok(run) if run.steps.len() < self.taken.0.len() => "the program has ended".to_owned(),
            Ok(_) => return,
            Err(error) => error.to_string(),
        };
        self.taken.0.pop();
        self.refused = Some(refused);
    }

    fn screen(&self, width: usize) -> Result<String> {
        let Played { title, right, hint, .. } = &self.programs[self.current];
        let run = self.run()?;
        let mut screen = format!("{title}\n{}", timeline(&run, |_| Some(self.source), width));
        for (number, thread) in (1..).zip(&run.threads) {
            let state = match &thread.state {
                ThreadState::Ended => "has ended".to_owned(),
                ThreadState::Blocked(blocked) => format!("waits for {}", blocked.awaits),
                ThreadState::Ready(at) => {
                    format!("next: {:>2}  {}", at.line(), line_of(self.source, at.line()))
                }
            };
            screen += &format!("{number}: {} {state}\n", thread.name);
        }
        let switches = self.taken.switches();
        screen += &match &run.outcome {
            Outcome::Unfinished => format!("switches so far: {switches}"),
            Outcome::Right => format!("{right}, after {switches} switches. {hint}"),
            Outcome::Fault(fault) => format!("{fault}, after {switches} switches. {hint}"),
        };
        screen.truncate(screen.trim_end().len());
        screen.push('\n');
        if let Some(refused) = &self.refused {
            screen += &format!("{refused}\n");
        }
        Ok(screen)
    }
}
