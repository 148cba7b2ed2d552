//! Configurations that are refused at start although every value has its type: with the key's name, in each engine alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use portcullis::plan;
use portcullis::tools::message::{Answer, Decision, Request};
use portcullis_tests::engines::with;

#[test]
fn rates_and_bursts_below_one_are_refused() {
    let policy = r#"policy p { default = allow }
        config { rate: int = 5  factor: int = 1  burst: int = 3  big: bool = false }
        limit l {
          key = client.ip
          rate = match request.method { "GET": config.rate * config.factor per 1m, otherwise: 6 per 1m }
          burst = if config.big then config.burst else 2
        }
        scope "/**" { apply l }"#;
    let refused = [
        (r#"{"rate":0}"#, "configuration keys `rate`, `factor` make the rate of limit `l` less than 1"),
        (r#"{"rate":-5}"#, "configuration keys `rate`, `factor` make the rate of limit `l` less than 1"),
        (r#"{"factor":0}"#, "configuration keys `rate`, `factor` make the rate of limit `l` less than 1"),
        (r#"{"rate":-9223372036854775808,"factor":2}"#, "configuration keys `rate`, `factor` make the rate of limit `l` less than 1"),
        (r#"{"burst":0,"big":true}"#, "configuration keys `big`, `burst` make the burst of limit `l` less than 1"),
    ];
    for mut engine in with(policy, &[plan::Options::unoptimised(), plan::Options::default()]).unwrap() {
        for (configuration, expected) in refused {
            let told = engine.start(configuration).unwrap_err().to_string();
            assert!(told.contains(expected), "{} on {configuration}: {told}", engine.name());
        }
        // Two at once, the third is too many; what no request would take is no fault.
        engine.start(r#"{"rate":1,"factor":1,"burst":-1}"#).unwrap();
        let mut decision = || engine.request(&Request::get("/"), &Answer::ok()).unwrap().decision;
        assert_eq!([decision(), decision()], [Decision::Allow, Decision::Allow]);
        assert_eq!(decision(), Decision::deny(429, "l"));
    }
}
