//! Regular expressions as Trino reads them, for an engine of another make.

/// Returns a pattern of which `\w`, `\d` and `\s` are letters, digits and blanks of ASCII, as in Trino
/// (<https://trino.io/docs/current/functions/regexp.html>): here they are those of all alphabets.
pub fn of_ascii(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    // How many brackets are open: a class within a class is one more of them.
    let mut depth = 0_u32;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let Some(escaped) = letters.next() else {
                    text.push('\\');
                    break;
                };
                match (escaped, depth) {
                    ('w', 0) => text.push_str("[0-9A-Za-z_]"),
                    ('w', _) => text.push_str("0-9A-Za-z_"),
                    ('W', _) => text.push_str("[^0-9A-Za-z_]"),
                    ('d', 0) => text.push_str("[0-9]"),
                    ('d', _) => text.push_str("0-9"),
                    ('D', _) => text.push_str("[^0-9]"),
                    ('s', 0) => text.push_str("[ \\t\\n\\v\\f\\r]"),
                    ('s', _) => text.push_str(" \\t\\n\\v\\f\\r"),
                    ('S', _) => text.push_str("[^ \\t\\n\\v\\f\\r]"),
                    (other, _) => text.extend(['\\', other]),
                }
                continue;
            }
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        text.push(letter);
    }
    text
}
