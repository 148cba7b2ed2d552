//! Many rules that compare one subject: what the planner finds by value instead of trying. In: what is declared. Out: rules.

use super::case::Node;
use super::expr::{Expressions, Place};
use super::random::Random;
use super::world::{ADDRESSES, COOKIES, HEADERS, NETWORKS, PATTERNS, QUERY, TEXTS, World, quoted};

/// Eight to twenty rules on one subject, some with a place or a second condition besides.
pub fn fleet(random: &mut Random, world: &mut World) -> Vec<Node> {
    let address = random.chance(25);
    let subject = match random.below(7) {
        _ if address => "client.ip".to_owned(),
        0 => format!("request.headers[{}]", quoted(random.word(HEADERS))),
        1 => format!("request.query[{}]", quoted(random.word(QUERY))),
        2 => format!("request.cookies[{}]", quoted(random.word(COOKIES))),
        3 => "request.method".to_owned(),
        4 => "request.host".to_owned(),
        5 => "request.raw_path".to_owned(),
        _ => "request.path".to_owned(),
    };
    (0..random.between(8, 20)).map(|_| rule(random, world, &subject, address)).collect()
}

fn rule(random: &mut Random, world: &mut World, subject: &str, address: bool) -> Node {
    let name = world.name("f");
    let mut children = Vec::new();
    if random.chance(40) {
        children.push(Node::line(random.word(&["on \"/**\"", "on GET \"/**\"", "on \"/a/**\", \"/*\"", "on \"/orders/{id}\", \"/{id}\""])));
    }
    let mut condition = comparison(random, subject, address);
    if random.chance(15) {
        condition = format!("({condition}) or ({})", comparison(random, subject, address));
    }
    if random.chance(20) {
        let place = Place { request: true, ..Place::default() };
        let more = Expressions { random, world, place: &place }.boolean(2);
        condition = format!("({condition}) and ({more})");
    }
    let word = if random.chance(8) { "unless" } else { "when" };
    children.push(Node::line(format!("{word} {condition}")));
    let head = match random.below(6) {
        0..=2 => "permit",
        3 => "forbid",
        _ => {
            children.push(Node::line(format!("append \"x-f\" = {}", quoted(&name))));
            "rewrite request"
        }
    };
    Node::block(format!("{head} \"{name}\""), children)
}

fn comparison(random: &mut Random, subject: &str, address: bool) -> String {
    if address {
        return match random.below(4) {
            0 => format!("{subject} == {}", quoted(random.word(ADDRESSES))),
            1 => format!("{subject} in [{}, {}]", quoted(random.word(NETWORKS)), quoted(random.word(ADDRESSES))),
            _ => format!("{subject} in {}", quoted(random.word(NETWORKS))),
        };
    }
    let texts: &[&'static str] = match random.below(3) {
        0 => &["GET", "POST", "api.example.com", "/", "/a", "/orders", "/orders/7", "/v1"],
        _ => TEXTS,
    };
    match random.below(9) {
        0 => format!("{subject} in [{}, {}]", quoted(random.word(texts)), quoted(random.word(texts))),
        1 => format!("{subject} starts_with {}", quoted(random.word(texts))),
        2 => format!("{subject} ends_with {}", quoted(random.word(texts))),
        3 => format!("{subject} contains {}", quoted(random.word(texts))),
        4 | 5 => format!("{subject} matches {}", random.word(PATTERNS)),
        _ => format!("{subject} == {}", quoted(random.word(texts))),
    }
}
