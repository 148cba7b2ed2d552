//! The table. In: variants with what they cost. Out: Markdown, JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::load::Turn;
use super::variants::{Job, Variant};

/// One in so many slices counts among the cheapest.
const SHARE: usize = 4;

/// One variant's costs, in nanoseconds of processor time per request.
pub(super) struct Row {
    name: &'static str,
    job: Job,
    /// The mean of the cheapest slices: what repeats on a shared machine.
    cheapest: f64,
    median: f64,
    /// Beyond the variant without filters.
    over_cheapest: f64,
    over_median: f64,
    requests: usize,
}

/// A row for each variant; the first is the one without filters.
pub(super) fn rows(variants: &[Variant], turns: &[Turn]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut base = None;
    for (variant, turn) in variants.iter().zip(turns) {
        let (cheapest, median) = summary(&turn.costs);
        let (base_cheapest, base_median) = *base.get_or_insert((cheapest, median));
        rows.push(Row {
            name: variant.name,
            job: variant.job,
            cheapest,
            median,
            over_cheapest: cheapest - base_cheapest,
            over_median: median - base_median,
            requests: turn.sent,
        });
    }
    rows
}

/// The mean of the cheapest quarter, and the median.
fn summary(costs: &[f64]) -> (f64, f64) {
    let mut costs = costs.to_vec();
    costs.sort_by(f64::total_cmp);
    let best = costs.get(..costs.len().div_ceil(SHARE)).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "there are a few dozen slices")]
    let cheapest = best.iter().sum::<f64>() / best.len().max(1) as f64;
    (cheapest, costs.get(costs.len() / 2).copied().unwrap_or_default())
}

/// A table for people, in microseconds.
pub(super) fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| job | variant | µs per request, cheapest slices | median | over no filter, cheapest | median | requests |\n\
         |---|---|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {} |",
            job(row.job),
            row.name,
            row.cheapest / 1_000.0,
            row.median / 1_000.0,
            row.over_cheapest / 1_000.0,
            row.over_median / 1_000.0,
            row.requests
        );
    }
    text
}

/// The same for programs, in nanoseconds.
pub(super) fn json(rows: &[Row]) -> Value {
    let row = |row: &Row| {
        json!({
            "job": job(row.job),
            "variant": row.name,
            "rules": row.job.rules(),
            "cheapest_ns": row.cheapest,
            "median_ns": row.median,
            "over_no_filter_cheapest_ns": row.over_cheapest,
            "over_no_filter_median_ns": row.over_median,
            "requests": row.requests,
        })
    };
    Value::Array(rows.iter().map(row).collect())
}

fn job(job: Job) -> String {
    match job {
        Job::Pass => "nothing decided".to_owned(),
        Job::Decide(count) => format!("{count} path rules"),
        Job::DecideAndEdit(count) => format!("{count} path rules, one header set"),
        Job::Keys(count) => format!("one of {count} API keys"),
        Job::Token(algorithm, true) => format!("{} tokens seen before", algorithm.as_str()),
        Job::Token(algorithm, false) => format!("new {} tokens", algorithm.as_str()),
        Job::Gateway => "whole gateway".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Job, Row, markdown, summary};

    #[test]
    fn the_cheapest_quarter_is_averaged_and_the_median_stands_beside_it() {
        assert_eq!(summary(&[9.0, 1.0, 3.0, 50.0, 7.0, 8.0, 6.0, 5.0]), (2.0, 7.0));
        assert_eq!(summary(&[4.0]), (4.0, 4.0));
    }

    #[test]
    fn a_row_is_in_microseconds() {
        let row = Row {
            name: "Lua",
            job: Job::Decide(100),
            cheapest: 15_250.0,
            median: 16_000.0,
            over_cheapest: 1_000.0,
            over_median: -500.0,
            requests: 7,
        };
        let table = markdown(&[row]);
        assert_eq!(table.lines().nth(2), Some("| 100 path rules | Lua | 15.25 | 16.00 | 1.00 | -0.50 | 7 |"));
    }
}
