//! All programs of this lesson's exercises in one, for the check: the judge of each exercise must
//! find what is wrong with each. The variable `EXERCISE` names the program to be.

#![allow(clippy::all)]

mod children {
    pub mod start;
    pub mod right {
        pub mod any_order;
        pub mod solution;
    }
    pub mod cheats {
        pub mod computes;
        pub mod last_only;
        pub mod one_by_one;
    }
}

fn main() {
    let name = std::env::var("EXERCISE").expect("EXERCISE names the program");
    match name.as_str() {
        "children/start" => children::start::main(),
        "children/right/solution" => children::right::solution::main(),
        "children/right/any_order" => children::right::any_order::main(),
        "children/cheats/computes" => children::cheats::computes::main(),
        "children/cheats/last_only" => children::cheats::last_only::main(),
        "children/cheats/one_by_one" => children::cheats::one_by_one::main(),
        other => panic!("no program {other}"),
    }
}
