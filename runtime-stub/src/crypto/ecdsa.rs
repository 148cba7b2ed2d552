//! ECDSA (FIPS 186-4, section 6.4) with keys and signatures as JWS has them: two numbers of equal length, one after the other.
//! In: curve, key, digest, signature. Out: whether the signature holds.

use super::curve::{Affine, Curve};
use super::modulus::{self, is_zero};

/// Whether `signature` (r, s) is one of a digest as long as the order, under the key (x, y).
#[inline(never)]
pub fn verify<const N: usize>(curve: &Curve<N>, key: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    let size = N.wrapping_mul(4);
    let (Some((x, y)), Some((r, s))) = (key.split_at_checked(size), signature.split_at_checked(size)) else { return false };
    if y.len() != size || s.len() != size || digest.len() != size {
        return false;
    }
    let (field, order) = (&curve.field, &curve.order);
    let (x, y) = (modulus::from_bytes(x), modulus::from_bytes(y));
    let point = Affine { x: field.enter(&x), y: field.enter(&y) };
    if !field.contains(&x) || !field.contains(&y) || !curve.contains(&point) {
        return false;
    }
    let (r, s) = (modulus::from_bytes::<N>(r), modulus::from_bytes::<N>(s));
    if is_zero(&r) || is_zero(&s) || !order.contains(&r) || !order.contains(&s) {
        return false;
    }
    // A value in Montgomery form times one that is not gives one that is not.
    let inverse = order.inverted(&order.enter(&s));
    let a = order.multiply(&modulus::from_bytes(digest), &inverse);
    let b = order.multiply(&r, &inverse);
    let sum = curve.combine(&a, &b, &point);
    if is_zero(&sum.z) {
        return false;
    }
    // x / z² = r modulo the order: x is r, or r and the order if that is in the field.
    let square = field.squared(&sum.z);
    if field.multiply(&field.enter(&r), &square) == sum.x {
        return true;
    }
    let (more, carry) = modulus::sum(&r, &order.n);
    carry == 0 && field.contains(&more) && field.multiply(&field.enter(&more), &square) == sum.x
}
