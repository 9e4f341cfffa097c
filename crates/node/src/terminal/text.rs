//! Text from others and codes for others, as a terminal can show them.

use qrcodegen::{QrCode, QrCodeEcc};

/// What lies around a QR code so that cameras find it, in modules: half of what the standard asks for, which
/// phones do with, and which fits more terminals.
const QUIET: i32 = 2;

/// Text of others on one line: what could move the cursor, colour the screen or reverse the reading is replaced.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|char| if is_harmless(char) { char } else { '\u{fffd}' }).collect()
}

/// The same for text of several lines: each further one is indented, so that none can pass for another message.
pub(super) fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n    ")
}

fn is_harmless(char: char) -> bool {
    let reverses = matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = matches!(char, '\u{2028}' | '\u{2029}');
    !char.is_control() && !reverses && !breaks
}

/// `text` as a QR code of half-block characters; none when it is too long for one. Colours make it dark on light
/// on any terminal; without them (in a file, a pipe) it counts on light characters on a dark ground.
pub(super) fn qr(text: &str, coloured: bool) -> Option<String> {
    // A screen is neither torn nor stained: the least redundancy makes the smallest code.
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let size = code.size();
    // Outside of the code all is light.
    let line = |y: i32| -> String {
        let cells =
            (-QUIET..size + QUIET).map(|x| match (code.get_module(x, y), code.get_module(x, y + 1)) {
                (true, true) => ' ',
                (true, false) => '▄',
                (false, true) => '▀',
                (false, false) => '█',
            });
        if coloured { format!("\x1b[97;40m{}\x1b[0m", cells.collect::<String>()) } else { cells.collect() }
    };
    let lines = (-QUIET..size + QUIET).step_by(2).map(line);
    Some(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_others_steers_the_terminal() {
        assert_eq!(plain("a\x1b[2Jb\rc\u{9b}d\u{202e}e"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}e");
        assert_eq!(plain("¡Hola, Zoë! 👋 سلام"), "¡Hola, Zoë! 👋 سلام");
        assert_eq!(plain_lines("one\nEva: two"), "one\n    Eva: two");
    }

    #[test]
    fn a_code_is_square_and_its_rim_is_light() {
        let code = qr("http://127.0.0.1:7300/#abc", false).unwrap();
        let lines: Vec<&str> = code.lines().collect();
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == width));
        assert!(lines.len() == width.div_ceil(2));
        assert!(lines[0].chars().all(|char| char == '█'));
        assert!(code.contains(' ') && code.contains('▄') && code.contains('▀'));
        assert_eq!(qr(&"x".repeat(5000), false), None);
    }
}
