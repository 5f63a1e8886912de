//! An axis on which equal steps are equal factors.

use crate::text;

/// A logarithmic axis.
#[derive(Clone, Copy, Debug)]
pub struct LogAxis {
    values: [f64; 2],
    pixels: [f64; 2],
}

impl LogAxis {
    /// An axis from the first value to the last, from the first pixel to the last.
    pub fn new(values: [f64; 2], pixels: [f64; 2]) -> Self {
        LogAxis { values, pixels }
    }

    /// An axis for times in nanoseconds, from a power of ten to another.
    pub fn of_times(times: impl Iterator<Item = f64> + Clone, pixels: [f64; 2]) -> Self {
        let lowest = 10_f64.powf(times.clone().fold(f64::MAX, f64::min).log10().floor());
        let highest = 10_f64.powf(times.fold(1.0, f64::max).log10().ceil());
        LogAxis::new([lowest, highest.max(10.0 * lowest)], pixels)
    }

    /// The pixel at which a value is.
    pub fn place(&self, value: f64) -> f64 {
        let ([first, last], [start, end]) = (self.values, self.pixels);
        let share = if first == last { 0.5 } else { (value / first).ln() / (last / first).ln() };
        start + (end - start) * share
    }

    /// The powers of ten in an axis [of times](Self::of_times): the pixel and the label.
    pub fn decades(&self) -> impl Iterator<Item = (f64, String)> {
        let [lowest, highest] = self.values;
        let count = (highest / lowest).log10().round() as i32;
        let times = (0..=count).map(move |decade| lowest * 10_f64.powi(decade));
        times.map(|time| (self.place(time), text::round_time(time)))
    }
}
