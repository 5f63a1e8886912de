//! The reader is the scheduler: chooses which thread takes the next step of the notes'
//! program, and tries to make its balance wrong. Compare with `schedule`.

use anyhow::Result;
use common::menu::Options;
use explorer::{Explorer, Orders};

use crate::change_it::{LastBalance, SOURCE, two_threads};
use crate::game::{Game, Played};

pub fn run(options: &Options) -> Result<()> {
    let without = played("without a lock: make the balance wrong, with few switches", false);
    let with = played("with the lock: can you make the balance wrong?", true);
    let game = Game::new(vec![without, with], SOURCE);
    let game = if options.has("--lock") { game.switched() } else { game };
    game.play(options)
}

fn played(title: &'static str, locked: bool) -> Played {
    let program = move || two_threads(1, locked, LastBalance::default());
    // The fewest switches that make the balance wrong, if any do.
    let mut fewest = None;
    Explorer::default().explore_each(Orders::All, program(), |schedule, fault| {
        let switches = schedule.switches();
        if fault.is_some() && fewest.is_none_or(|fewest| switches < fewest) {
            fewest = Some(switches);
        }
    });
    let hint = match fewest {
        Some(fewest) => format!("It can go wrong after {fewest}, not after fewer."),
        None => "No order makes it wrong.".to_owned(),
    };
    let (program, right) = (Box::new(program()), "the balance is 0");
    Played { program, title, right, hint, keys: "1, 2" }
}
