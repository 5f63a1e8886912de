//! Numbers that are given on the command line.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use anyhow::Result;
use common::menu::{Options, WrongUsage};

/// The number given to an option, if one was given.
///
/// # Errors
/// [`WrongUsage`] if it is not in `range`; it says what is.
pub fn number<T>(options: &Options, option: &str, range: RangeInclusive<T>) -> Result<Option<T>>
where
    T: FromStr + PartialOrd + Display,
{
    let Some(text) = options.get::<String>(option)? else { return Ok(None) };
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(Some(number)),
        _ => {
            let (from, to) = range.into_inner();
            let message =
                format!("{option}: '{text}' will not do: give a number from {from} to {to}");
            Err(WrongUsage(message).into())
        }
    }
}
