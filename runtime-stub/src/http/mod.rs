//! HTTP messages as the host hands them over. In: serialised header pairs. Out: what a policy can read of them.

pub mod address;
pub mod certificate;
pub mod cookie;
pub mod headers;
pub mod host_name;
pub mod joined;
pub mod pairs;
pub mod path;
pub mod query;
pub mod request;
pub mod response;
pub mod structured;
pub mod utf8;
