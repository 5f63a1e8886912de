//! The reader is the scheduler: chooses which thread takes the next step of the notes'
//! program, and tries to make its balance wrong. Compare with `schedule`.

use std::io::{self, IsTerminal};

use anyhow::{Context, Result};
use common::menu::Options;
use common::options::UsageError;
use common::terminal::{CTRL_D, Event, Terminal};
use common::text;
use explorer::{
    Explorer, Orders, Outcome, ReplayError, Run, Schedule, ThreadState, line_of, timeline,
};
use nix::poll::PollTimeout;

use crate::change_it::{LastBalance, SOURCE, two_threads};

const KEYS: &str = "1, 2: that thread's next step  u: undo  l: lock  r: start again  q: leave";

struct Game {
    taken: Schedule,
    locked: bool,
    /// The fewest switches that make the balance wrong, if any do.
    fewest: Option<usize>,
    /// Why the last key did nothing.
    refused: Option<String>,
}

pub fn run(options: &Options) -> Result<()> {
    let mut game = Game::new(options.has("--lock"));
    if let Some(keys) = options.get::<String>("--keys")? {
        for key in keys.chars() {
            game.press(key).map_err(|why| UsageError(format!("--keys: {why}")))?;
        }
        print!("{}", game.screen(text::width())?);
        return Ok(());
    }
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return on_terminal(&mut game);
    }
    println!("{KEYS}");
    for line in io::stdin().lines() {
        for key in line.context("read from standard input")?.trim().chars() {
            if key == 'q' {
                return Ok(());
            }
            game.press(key).map_err(UsageError)?;
        }
        print!("{}", game.screen(text::width())?);
    }
    Ok(())
}

fn on_terminal(game: &mut Game) -> Result<()> {
    let mut terminal = Terminal::enter()?;
    loop {
        let (width, height) = text::window().unwrap_or((80, 24));
        terminal.draw(&format!("{KEYS}\n\n{}", game.screen(width)?), width, height)?;
        match terminal.event(PollTimeout::NONE)? {
            Event::End | Event::Key('q' | CTRL_D) => return Ok(()),
            Event::Key(key) => {
                if let Err(why) = game.press(key) {
                    game.refused = Some(why);
                }
            }
            Event::Redraw => {}
        }
    }
}

impl Game {
    fn new(locked: bool) -> Self {
        let mut fewest = None;
        let program = two_threads(1, locked, LastBalance::default());
        Explorer::default().explore_each(Orders::All, program, |schedule, fault| {
            let switches = schedule.switches();
            if fault.is_some() && fewest.is_none_or(|fewest| switches < fewest) {
                fewest = Some(switches);
            }
        });
        Self { taken: Schedule::default(), locked, fewest, refused: None }
    }

    /// Runs the program from its beginning up to the last step that was chosen.
    fn play(&self) -> Result<Run, ReplayError> {
        let program = two_threads(1, self.locked, LastBalance::default());
        Explorer::default().replay(&self.taken, program)
    }

    /// Does what a key asks for, or notes why that is not possible.
    ///
    /// # Errors
    /// If the key has no meaning.
    fn press(&mut self, key: char) -> Result<(), String> {
        self.refused = None;
        match key {
            '1' => self.take_step(1),
            '2' => self.take_step(2),
            'u' => _ = self.taken.0.pop(),
            'l' => *self = Self::new(!self.locked),
            'r' => self.taken.0.clear(),
            _ => return Err(format!("no key {key:?}; available: 1, 2, u, l, r, q")),
        }
        Ok(())
    }

    fn take_step(&mut self, thread: usize) {
        self.taken.0.push(thread);
        if let Err(error) = self.play() {
            self.taken.0.pop();
            self.refused = Some(error.to_string());
        }
    }

    fn screen(&self, width: usize) -> Result<String> {
        let run = self.play()?;
        let title = if self.locked {
            "with the lock: can you make the balance wrong?"
        } else {
            "without a lock: make the balance wrong, with few switches"
        };
        let mut screen = format!("{title}\n{}", timeline(&run, SOURCE, width));
        for (number, thread) in (1..).zip(&run.threads) {
            let state = match &thread.state {
                ThreadState::Ended => "has ended".to_owned(),
                ThreadState::Blocked(blocked) => format!("waits for {}", blocked.awaits),
                ThreadState::Ready(at) => {
                    format!("next: {:>2}  {}", at.line(), line_of(SOURCE, at.line()))
                }
            };
            screen += &format!("{number}: {} {state}\n", thread.name);
        }
        let switches = self.taken.switches();
        let hint = self.hint();
        screen += &match &run.outcome {
            Outcome::Unfinished => format!("switches so far: {switches}\n"),
            Outcome::Right => format!("the balance is 0, after {switches} switches. {hint}\n"),
            Outcome::Fault(fault) => format!("{fault}, after {switches} switches. {hint}\n"),
        };
        if let Some(refused) = &self.refused {
            screen += &format!("{refused}\n");
        }
        Ok(screen)
    }

    fn hint(&self) -> String {
        match self.fewest {
            Some(fewest) => format!("It can go wrong after {fewest}, not after fewer."),
            None => "No order makes it wrong.".to_owned(),
        }
    }
}
