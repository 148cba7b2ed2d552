//! Results for people. In: results and the sources they point into. Out: text; colours and exit codes are the command line's.

use super::TestResult;
use crate::base::Sources;

/// One line a test, two more for a failure, and a line of sums. When no test ran the sums say so.
pub fn report(sources: &Sources, results: &[TestResult]) -> String {
    let mut text = String::new();
    let (mut passed, mut failed, mut skipped) = (0_usize, 0_usize, 0_usize);
    for result in results {
        match (&result.failure, &result.skipped) {
            (Some(failure), _) => {
                failed += 1;
                let (line, column) = sources.line_column(failure.span);
                let file = sources.get(failure.span.file).map_or("", |source| source.name.as_str());
                text.push_str(&format!("FAIL  {}\n", result.name));
                text.push_str(&format!("      {file}:{line}:{column}\n"));
                text.push_str(&format!("      expected {}\n", failure.expected));
                text.push_str(&format!("      got      {}\n", failure.got));
            }
            (None, Some(reason)) => {
                skipped += 1;
                text.push_str(&format!("skip  {}: {reason}\n", result.name));
            }
            (None, None) => {
                passed += 1;
                text.push_str(&format!("ok    {}\n", result.name));
            }
        }
    }
    text.push_str(&format!("{passed} passed, {failed} failed, {skipped} skipped\n"));
    text
}
