//! Ed25519 (RFC 8032), as most libraries verify it: keys and `S` canonical, `R` compared as bytes.
//! In: key, message, signature. Out: whether the signature holds.

use super::modulus::{self, Modulus, Number, is_zero};
use super::window;
use super::words::Words;
use crate::bytes;
use crate::digest::Stream;
use crate::digest::sha512::Sha512;

type Element = Number<8>;

/// The constants.
struct Parameters {
    /// The field.
    field: Modulus<8>,
    /// The order of the base point.
    order: Modulus<8>,
    /// The constant of the curve, and twice it.
    d: Element,
    two_d: Element,
    /// A square root of -1.
    root: Element,
    /// 1, 3, … 15 times the base point.
    base: [Addend; 8],
}

impl Parameters {
    fn read(table: &[u8]) -> Parameters {
        let mut words = Words::new(table);
        Parameters {
            field: words.modulus(),
            order: words.modulus(),
            d: words.number(),
            two_d: words.number(),
            root: words.number(),
            base: core::array::from_fn(|_| Addend { less: words.number(), more: words.number(), product: words.number() }),
        }
    }
}

/// A point in extended coordinates: `x = X / Z`, `y = Y / Z`, `x · y = T / Z`.
#[derive(Clone, Copy)]
struct Point {
    x: Element,
    y: Element,
    z: Element,
    t: Element,
}

/// A point with `Z = 1`, ready to be added.
#[derive(Clone, Copy)]
struct Addend {
    less: Element,
    more: Element,
    product: Element,
}

/// A sum that is not multiplied out yet.
struct Factors {
    e: Element,
    f: Element,
    g: Element,
    h: Element,
}

impl Factors {
    fn point(&self, field: &Modulus<8>) -> Point {
        let times = |a, b| field.multiply(a, b);
        Point { x: times(&self.e, &self.f), y: times(&self.g, &self.h), z: times(&self.f, &self.g), t: times(&self.e, &self.h) }
    }
}

#[inline(never)]
fn double(f: &Modulus<8>, p: &Point) -> Point {
    let (a, b, square) = (f.squared(&p.x), f.squared(&p.y), f.squared(&p.z));
    let h = f.add(&a, &b);
    let e = f.subtract(&h, &f.squared(&f.add(&p.x, &p.y)));
    let g = f.subtract(&a, &b);
    Factors { e, f: f.add(&f.add(&square, &square), &g), g, h }.point(f)
}

/// `p` and the point of (y - x, y + x, 2dt) with `z`, which none means 1; or the difference.
#[inline(never)]
fn add(f: &Modulus<8>, p: &Point, q: &Addend, z: Option<&Element>, negative: bool) -> Point {
    let (less, more) = if negative { (&q.more, &q.less) } else { (&q.less, &q.more) };
    let a = f.multiply(&f.subtract(&p.y, &p.x), less);
    let b = f.multiply(&f.add(&p.y, &p.x), more);
    let c = f.multiply(&p.t, &q.product);
    let d = z.map_or(p.z, |z| f.multiply(&p.z, z));
    let d = f.add(&d, &d);
    let (minus, plus) = (f.subtract(&d, &c), f.add(&d, &c));
    let (first, second) = if negative { (plus, minus) } else { (minus, plus) };
    Factors { e: f.subtract(&b, &a), f: first, g: second, h: f.add(&b, &a) }.point(f)
}

fn addend(c: &Parameters, p: &Point) -> Addend {
    Addend { less: c.field.subtract(&p.y, &p.x), more: c.field.add(&p.y, &p.x), product: c.field.multiply(&p.t, &c.two_d) }
}

/// A number from bytes, lowest first.
fn number(bytes: &[u8]) -> Element {
    Words::new(bytes).number()
}

/// A point from its encoding; only the canonical one is taken.
#[inline(never)]
fn decode(c: &Parameters, encoded: &[u8; 32]) -> Option<Point> {
    let f = &c.field;
    let mut y = number(encoded);
    let odd = y.last().is_some_and(|high| high >> 31 == 1);
    if let Some(high) = y.last_mut() {
        *high &= 0x7fff_ffff;
    }
    if !f.contains(&y) {
        return None;
    }
    let y = f.enter(&y);
    let square = f.squared(&y);
    let (u, v) = (f.subtract(&square, &f.one), f.add(&f.multiply(&square, &c.d), &f.one));
    let cube = f.multiply(&f.squared(&v), &v);
    let seventh = f.multiply(&f.squared(&cube), &v);
    // (p - 5) / 8 = 2^252 - 3
    let mut exponent = [u32::MAX; 8];
    exponent[0] = 0xffff_fffd;
    exponent[7] = 0x0fff_ffff;
    let root = f.power(&f.multiply(&u, &seventh), &exponent);
    let mut x = f.multiply(&f.multiply(&u, &cube), &root);
    let found = f.multiply(&v, &f.squared(&x));
    if found != u {
        if found != f.negated(&u) {
            return None;
        }
        x = f.multiply(&x, &c.root);
    }
    let plain = f.leave(&x);
    if is_zero(&plain) && odd {
        return None;
    }
    if (plain[0] & 1 == 1) != odd {
        x = f.negated(&x);
    }
    Some(Point { x, y, z: f.one, t: f.multiply(&x, &y) })
}

fn encode(f: &Modulus<8>, p: &Point) -> [u8; 32] {
    let inverse = f.inverted(&p.z);
    let x = f.leave(&f.multiply(&p.x, &inverse));
    let y = f.leave(&f.multiply(&p.y, &inverse));
    let mut encoded = [0; 32];
    modulus::to_bytes(&y, &mut encoded);
    encoded.reverse();
    if let Some(last) = encoded.last_mut() {
        *last |= ((x[0] & 1) as u8) << 7;
    }
    encoded
}

/// Whether a signature is one of a message under a key. `table`: the constants of the curve, `rounds`: those of SHA-512.
#[inline(never)]
pub fn verify(table: &[u8], rounds: &[u8], key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let c = &Parameters::read(table);
    let f = &c.field;
    let (Some(encoded), Some((r, s))) = (key.first_chunk::<32>(), signature.split_at_checked(32)) else { return false };
    let scalar = number(s);
    if key.len() != 32 || s.len() != 32 || !c.order.contains(&scalar) {
        return false;
    }
    let Some(point) = decode(c, encoded) else { return false };
    let mut hash = Stream::new(Sha512::new(rounds));
    hash.update(r);
    hash.update(key);
    hash.update(message);
    let hash = hash.finish();
    // The digest is low + 2^256 · high; entering Montgomery form multiplies by 2^256.
    let (low, high) = (number(&hash), number(bytes::from(&hash, 32)));
    let challenge = c.order.add(&c.order.leave(&c.order.enter(&low)), &c.order.enter(&high));

    let twice = addend(c, &double(f, &point));
    let z = double(f, &point).z;
    let mut odd = [(addend(c, &point), point.z); 8];
    let mut last = point;
    for place in odd.iter_mut().skip(1) {
        last = add(f, &last, &twice, Some(&z), false);
        *place = (addend(c, &last), last.z);
    }
    let (a, b) = (window::digits(&scalar), window::digits(&challenge));
    let mut sum = Point { x: [0; 8], y: f.one, z: f.one, t: [0; 8] };
    for (&a, &b) in a.iter().zip(&b).take(257).rev() {
        sum = double(f, &sum);
        if let Some((base, negative)) = window::entry(&c.base, a) {
            sum = add(f, &sum, base, None, negative);
        }
        // The challenge counts against the key.
        if let Some(((entry, z), negative)) = window::entry(&odd, b) {
            sum = add(f, &sum, entry, Some(z), !negative);
        }
    }
    encode(f, &sum) == *r
}
