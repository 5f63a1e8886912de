//! Text that a person reads: how wide it may be, and how a time is written.

use std::time::Duration;

use nix::libc::{self, winsize};

/// The width in columns that text to standard output may take: the window's,
/// or 80 where there is no window.
pub fn width() -> usize {
    window().map_or(80, |(width, _)| width)
}

/// The columns and lines of the window that standard output is, if it is one.
pub fn window() -> Option<(usize, usize)> {
    let mut size = winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes a `winsize`, and there is room for it.
    let result = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) };
    if result != 0 {
        return None;
    }
    (size.ws_col > 0 && size.ws_row > 0).then(|| (size.ws_col.into(), size.ws_row.into()))
}

/// A time as a person reads it, with three digits that count and the unit that
/// fits: `31.2 ns`, `980 µs`, `3.97 ms`, `1.02 s`.
pub fn time(time: Duration) -> String {
    nanoseconds(time.as_nanos() as f64)
}

/// As [`time`], of what may take less than a nanosecond.
pub fn nanoseconds(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        n if n < 999.5 => (n, "ns"),
        n if n < 999.5e3 => (n / 1e3, "µs"),
        n if n < 999.5e6 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    let decimals = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

/// A power of ten of nanoseconds as a person reads it: `100 ns`, `1 µs`, `10 ms`.
pub fn round_time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds.log10().round() as i32 {
        ..3 => (nanoseconds, "ns"),
        3..6 => (nanoseconds / 1e3, "µs"),
        6..9 => (nanoseconds / 1e6, "ms"),
        _ => (nanoseconds / 1e9, "s"),
    };
    let decimals = usize::from(value < 0.95);
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_ten_has_no_digits_but_those_that_count() {
        let written = [0.1, 1.0, 100.0, 1e3, 1e7].map(round_time);
        assert_eq!(written, ["0.1 ns", "1 ns", "100 ns", "1 µs", "10 ms"]);
    }

    #[test]
    fn a_time_has_three_digits_and_the_unit_that_fits() {
        let written = |nanoseconds| time(Duration::from_nanos(nanoseconds));
        assert_eq!(written(0), "0.00 ns");
        assert_eq!(written(31), "31.0 ns");
        assert_eq!(written(999_400), "999 µs");
        assert_eq!(written(999_600), "1.00 ms");
        assert_eq!(written(3_974_000), "3.97 ms");
        assert_eq!(written(45_070_000), "45.1 ms");
        assert_eq!(written(1_020_000_000), "1.02 s");
        assert_eq!(written(3_600_000_000_000), "3600 s");
        assert_eq!(nanoseconds(0.254), "0.25 ns");
        assert_eq!(nanoseconds(31.24), "31.2 ns");
    }
}
