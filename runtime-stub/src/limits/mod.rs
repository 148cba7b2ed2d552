//! Limits: how often each key may come. In: keys, rates, the clock. Out: admissions, refusals, rate-limit headers.

pub mod bucket;
pub mod gcra;
pub mod headers;
pub mod step;
pub mod store;

#[cfg(test)]
mod tests;
