//! Credentials. In: requests, places, known keys. Out: states, names of keys, requests without credentials.

pub mod api_key;
pub mod aws;
pub mod basic;
pub mod captures;
pub mod http_signature;
pub mod jwt;
pub mod nonce;
pub mod signed;
pub mod strip;
pub mod verified;
