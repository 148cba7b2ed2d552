//! Points of curves `y² = x³ - 3x + b` in Jacobian coordinates (Bernstein and Lange, Explicit-Formulas Database).
//! In: coordinates in Montgomery form. Out: sums and multiples.

use super::modulus::{Modulus, Number, is_zero};
use super::window;
use super::words::Words;
#[cfg(not(target_arch = "wasm32"))]
use super::words::{put, put_modulus};

/// A curve with a base point of prime order.
pub struct Curve<const N: usize> {
    /// Its field.
    pub field: Modulus<N>,
    /// The order of the base point.
    pub order: Modulus<N>,
    /// `b`.
    pub b: Number<N>,
    /// 1, 3, … 15 times the base point.
    pub base: [Affine<N>; 8],
}

/// A point other than infinity.
#[derive(Clone, Copy)]
pub struct Affine<const N: usize> {
    /// x
    pub x: Number<N>,
    /// y
    pub y: Number<N>,
}

/// `(x / z², y / z³)`; infinity has `z = 0`.
#[derive(Clone, Copy)]
pub struct Point<const N: usize> {
    /// x
    pub x: Number<N>,
    /// y
    pub y: Number<N>,
    /// z
    pub z: Number<N>,
}

/// Reads the table of a curve.
pub fn read<const N: usize>(table: &[u8]) -> Curve<N> {
    let mut words = Words::new(table);
    let (field, order, b) = (words.modulus(), words.modulus(), words.number());
    Curve { field, order, b, base: core::array::from_fn(|_| Affine { x: words.number(), y: words.number() }) }
}

/// Writes it.
#[cfg(not(target_arch = "wasm32"))]
pub fn write<const N: usize>(curve: &Curve<N>) -> Vec<u8> {
    let mut table = Vec::new();
    put_modulus(&mut table, &curve.field);
    put_modulus(&mut table, &curve.order);
    put(&mut table, &curve.b);
    for point in &curve.base {
        put(&mut table, &point.x);
        put(&mut table, &point.y);
    }
    table
}

impl<const N: usize> Curve<N> {
    const INFINITY: Point<N> = Point { x: [0; N], y: [0; N], z: [0; N] };

    /// Whether a point is on the curve.
    pub fn contains(&self, point: &Affine<N>) -> bool {
        let f = &self.field;
        let triple = f.add(&f.add(&point.x, &point.x), &point.x);
        let cube = f.multiply(&f.squared(&point.x), &point.x);
        f.squared(&point.y) == f.add(&f.subtract(&cube, &triple), &self.b)
    }

    /// Twice a point.
    #[inline(never)]
    fn double(&self, p: &Point<N>) -> Point<N> {
        let f = &self.field;
        let delta = f.squared(&p.z);
        let gamma = f.squared(&p.y);
        let beta = f.multiply(&p.x, &gamma);
        let product = f.multiply(&f.subtract(&p.x, &delta), &f.add(&p.x, &delta));
        let alpha = f.add(&f.add(&product, &product), &product);
        let two = f.add(&beta, &beta);
        let four = f.add(&two, &two);
        let x = f.subtract(&f.squared(&alpha), &f.add(&four, &four));
        let z = f.subtract(&f.subtract(&f.squared(&f.add(&p.y, &p.z)), &gamma), &delta);
        let mut eight = f.squared(&gamma);
        for _ in 0..3 {
            eight = f.add(&eight, &eight);
        }
        let y = f.subtract(&f.multiply(&alpha, &f.subtract(&four, &x)), &eight);
        Point { x, y, z }
    }

    /// A sum, whatever the two are.
    #[inline(never)]
    fn add(&self, p: &Point<N>, q: &Point<N>) -> Point<N> {
        if is_zero(&p.z) {
            return *q;
        }
        if is_zero(&q.z) {
            return *p;
        }
        let f = &self.field;
        let plain = q.z == f.one;
        let scaled = |x: &Number<N>, y: &Number<N>, z: &Number<N>| {
            let square = f.squared(z);
            (f.multiply(x, &square), f.multiply(y, &f.multiply(&square, z)))
        };
        let (u1, s1) = if plain { (p.x, p.y) } else { scaled(&p.x, &p.y, &q.z) };
        let (u2, s2) = scaled(&q.x, &q.y, &p.z);
        let (h, r) = (f.subtract(&u2, &u1), f.subtract(&s2, &s1));
        if is_zero(&h) {
            return if is_zero(&r) { self.double(p) } else { Self::INFINITY };
        }
        let square = f.squared(&h);
        let cube = f.multiply(&h, &square);
        let v = f.multiply(&u1, &square);
        let x = f.subtract(&f.subtract(&f.squared(&r), &cube), &f.add(&v, &v));
        let y = f.subtract(&f.multiply(&r, &f.subtract(&v, &x)), &f.multiply(&s1, &cube));
        let z = f.multiply(&p.z, &h);
        Point { x, y, z: if plain { z } else { f.multiply(&z, &q.z) } }
    }

    /// `a · base + b · q`.
    #[inline(never)]
    pub fn combine(&self, a: &Number<N>, b: &Number<N>, q: &Affine<N>) -> Point<N> {
        let first = Point { x: q.x, y: q.y, z: self.field.one };
        let twice = self.double(&first);
        let mut odd = [first; 8];
        let mut last = first;
        for place in odd.iter_mut().skip(1) {
            last = self.add(&last, &twice);
            *place = last;
        }
        let (a, b) = (window::digits(a), window::digits(b));
        let mut sum = Self::INFINITY;
        for (&a, &b) in a.iter().zip(&b).rev() {
            sum = self.double(&sum);
            if let Some((base, negative)) = window::entry(&self.base, a) {
                sum = self.add_signed(&sum, &Point { x: base.x, y: base.y, z: self.field.one }, negative);
            }
            if let Some((point, negative)) = window::entry(&odd, b) {
                sum = self.add_signed(&sum, point, negative);
            }
        }
        sum
    }

    fn add_signed(&self, p: &Point<N>, q: &Point<N>, negative: bool) -> Point<N> {
        let y = if negative { self.field.negated(&q.y) } else { q.y };
        self.add(p, &Point { x: q.x, y, z: q.z })
    }
}
