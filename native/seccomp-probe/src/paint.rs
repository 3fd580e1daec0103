//! Colours for terminals, which `NO_COLOR` in the environment switches off.

/// A colour, as terminals number them.
#[derive(Clone, Copy)]
pub enum Colour {
    /// A filter refuses.
    Red = 31,
    /// It is open.
    Green = 32,
    /// Something else than a filter decides.
    Yellow = 33,
}

/// The text, at least `width` wide, in a colour.
pub fn paint(colour: Colour, text: &str, width: usize) -> String {
    let padded = format!("{text:width$}");
    if std::env::var_os("NO_COLOR").is_some() {
        padded
    } else {
        format!("\x1b[{}m{padded}\x1b[0m", colour as u8)
    }
}

/// A heading.
pub fn heading(text: &str) -> String {
    if std::env::var_os("NO_COLOR").is_some() { text.to_owned() } else { format!("\x1b[1m{text}\x1b[0m") }
}
