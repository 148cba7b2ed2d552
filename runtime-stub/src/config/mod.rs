//! Configuration of root contexts. In: JSON text, a schema. Out: typed values, or a message that names the key.

pub mod index;
pub mod json;
pub mod load;
pub mod none;
pub mod refusal;
pub mod roots;

#[cfg(test)]
mod tests;
