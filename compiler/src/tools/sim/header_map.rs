//! A header map as Envoy keeps it: lower-case names, pseudo headers first, some headers of one line only.

use crate::tools::message::{Headers, JOINED_BY_ENVOY};

use super::pairs;

/// The lines in Envoy's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeaderMap {
    lines: Headers,
}

impl HeaderMap {
    /// A map of these lines, added one by one.
    pub(crate) fn new(lines: &Headers) -> Self {
        let mut map = Self::default();
        for (name, value) in lines {
            map.add(name.as_bytes(), value);
        }
        map
    }

    /// Adds a line, or to the line where there can be only one.
    pub(crate) fn add(&mut self, name: &[u8], value: &[u8]) {
        let name = lower(name);
        if JOINED_BY_ENVOY.contains(&name.as_str())
            && let Some((_, present)) = self.lines.iter_mut().find(|(key, _)| *key == name)
        {
            if present.is_empty() {
                *present = value.to_vec();
            } else if !value.is_empty() {
                present.push(b',');
                present.extend(value);
            }
            return;
        }
        if name.starts_with(':') {
            let at = self.lines.iter().take_while(|(key, _)| key.starts_with(':')).count();
            self.lines.insert(at, (name, value.to_vec()));
        } else {
            self.lines.push((name, value.to_vec()));
        }
    }

    /// Removes every line of the name.
    pub(crate) fn remove(&mut self, name: &[u8]) {
        let name = lower(name);
        self.lines.retain(|(key, _)| *key != name);
    }

    /// One line with this value, whatever was there. It moves to the end (of the pseudo headers, for one of them).
    pub(crate) fn replace(&mut self, name: &[u8], value: &[u8]) {
        self.remove(name);
        self.add(name, value);
    }

    /// The value of the first line; other lines stay hidden, as from `proxy_get_header_map_value`.
    pub(crate) fn first(&self, name: &[u8]) -> Option<&[u8]> {
        let name = lower(name);
        self.lines.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_slice())
    }

    /// The value of the first line as text; empty when absent or not UTF-8.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.first(name.as_bytes()).and_then(|value| std::str::from_utf8(value).ok()).unwrap_or("")
    }

    /// All values joined with commas, as the property `request.headers.NAME`.
    pub(crate) fn joined(&self, name: &[u8]) -> Option<Vec<u8>> {
        let name = lower(name);
        let values: Vec<&[u8]> = self.lines.iter().filter(|(key, _)| *key == name).map(|(_, value)| value.as_slice()).collect();
        (!values.is_empty()).then(|| values.join(&b','))
    }

    /// Serialised for the guest.
    pub(crate) fn encode(&self) -> Vec<u8> {
        pairs::encode(self.lines.iter().map(|(key, value)| (key.as_bytes(), value.as_slice())))
    }

    /// Replaces all lines.
    pub(crate) fn set_all(&mut self, pairs: &pairs::Pairs) {
        self.lines.clear();
        for (name, value) in pairs {
            self.add(name, value);
        }
    }

    /// How many lines.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Bytes of all names and values.
    pub(crate) fn byte_size(&self) -> usize {
        self.lines.iter().map(|(key, value)| key.len() + value.len()).sum()
    }

    /// The lines.
    pub(crate) fn lines(&self) -> &Headers {
        &self.lines
    }
}

fn lower(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::HeaderMap;

    #[test]
    fn order_and_single_lines() {
        let mut map = HeaderMap::default();
        map.add(b"X-A", b"1");
        map.add(b":path", b"/");
        map.add(b"x-a", b"2");
        map.add(b"user-agent", b"u");
        map.add(b"user-agent", b"v");
        let names: Vec<&str> = map.lines().iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(names, [":path", "x-a", "x-a", "user-agent"]);
        assert_eq!(map.first(b"X-a"), Some(b"1".as_slice()));
        assert_eq!(map.joined(b"x-A"), Some(b"1,2".to_vec()));
        assert_eq!(map.first(b"user-agent"), Some(b"u,v".as_slice()));
        map.replace(b"x-a", b"3");
        assert_eq!(map.joined(b"x-a"), Some(b"3".to_vec()));
        map.add(b":method", b"GET");
        map.replace(b":path", b"/b");
        map.replace(b"user-agent", b"w");
        let names: Vec<&str> = map.lines().iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(names, [":method", ":path", "x-a", "user-agent"]);
    }
}
