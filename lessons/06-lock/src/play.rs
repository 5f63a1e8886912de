//! The reader is the scheduler: says which thread takes the next step of the notes'
//! program, and tries to make its balance wrong. Compare with `schedule`.

mod terminal;

use std::io::{self, IsTerminal};

use anyhow::{Context, Result};
use common::menu::Options;
use common::options::UsageError;
use common::text;
use explorer::{Explorer, Impossible, Orders, Outcome, Run, Schedule, line_of, timeline};

use crate::change_it::{Balances, SOURCE, two_threads};
use terminal::{Event, Terminal};

const KEYS: &str = "1, 2: that thread's next step  u: undo  l: lock  r: start again  q: leave";

const CTRL_D: char = '\x04';

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
        match terminal.event()? {
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
        let mut fewest = None::<usize>;
        let program = two_threads(1, locked, Balances::default());
        Explorer::default().explore_each(Orders::All, program, |schedule, fault| {
            if fault.is_some() {
                let switches = schedule.switches();
                fewest = Some(fewest.map_or(switches, |fewest| fewest.min(switches)));
            }
        });
        Self { taken: Schedule::default(), locked, fewest, refused: None }
    }

    /// The program, from its beginning to where it stands now.
    fn play(&self) -> Result<Run, Impossible> {
        let program = two_threads(1, self.locked, Balances::default());
        Explorer::default().replay(&self.taken, program)
    }

    /// Does what a key asks for, or notes why it cannot be.
    ///
    /// # Errors
    /// If there is no such key: says which there are.
    fn press(&mut self, key: char) -> Result<(), String> {
        self.refused = None;
        match key {
            '1' | '2' => {
                self.taken.0.push(if key == '1' { 1 } else { 2 });
                if let Err(why) = self.play() {
                    self.taken.0.pop();
                    self.refused = Some(why.to_string());
                }
                Ok(())
            }
            'u' => {
                self.taken.0.pop();
                Ok(())
            }
            'l' => {
                *self = Self::new(!self.locked);
                Ok(())
            }
            'r' => {
                self.taken.0.clear();
                Ok(())
            }
            other => Err(format!("{other:?} is no key: there is 1, 2, u, l, r, q")),
        }
    }

    fn screen(&self, width: usize) -> Result<String> {
        let run = self.play()?;
        let mut screen = match self.locked {
            true => "with the lock: can you make the balance wrong?\n".to_owned(),
            false => "without a lock: make the balance wrong, with few switches\n".to_owned(),
        };
        screen += &timeline(&run, SOURCE, width);
        for (place, thread) in run.threads.iter().enumerate() {
            let next = match (thread.next, &thread.awaits) {
                (None, _) => "has ended".to_owned(),
                (Some(_), Some(awaits)) => format!("waits for {awaits}"),
                (Some(at), None) => {
                    format!("next: {:>2}  {}", at.line(), line_of(SOURCE, at.line()))
                }
            };
            screen += &format!("{}: {} {next}\n", place + 1, thread.name);
        }
        let switches = self.taken.switches();
        screen += &match &run.outcome {
            Outcome::Unfinished => format!("switches so far: {switches}\n"),
            Outcome::Right => {
                format!("the balance is 0, after {switches} switches. {}\n", self.hint())
            }
            Outcome::Fault(fault) => {
                format!("{fault}, after {switches} switches. {}\n", self.hint())
            }
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
