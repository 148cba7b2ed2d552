//! typed tree
