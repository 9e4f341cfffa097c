//! QR codes as SVG paths.

use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write;

/// The light frame that scanners need around a code, in modules.
const QUIET_ZONE: i32 = 4;

/// A QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// Its side with the quiet zone, in modules.
    pub(crate) side: i32,
    /// The dark modules, as an SVG path in module units.
    pub(crate) path: String,
}

impl Code {
    /// The code of `text`, or nothing when it is longer than a QR code holds.
    pub(crate) fn of(text: &str) -> Option<Self> {
        // Read off a screen at arm's length, nothing is torn or stained: the least correction makes the largest modules.
        // As bytes: links have small letters, for which there is no shorter way.
        let qr = QrCode::encode_binary(text.as_bytes(), QrCodeEcc::Low).ok()?;
        let mut path = String::new();
        for y in 0..qr.size() {
            let mut x = 0;
            while x < qr.size() {
                let start = x;
                while qr.get_module(x, y) {
                    x += 1;
                }
                if x > start {
                    let (left, top, run) = (start + QUIET_ZONE, y + QUIET_ZONE, x - start);
                    // Writing to a String cannot fail.
                    let _ = write!(path, "M{left} {top}h{run}v1h-{run}z");
                }
                x += 1;
            }
        }
        Some(Self { side: qr.size() + 2 * QUIET_ZONE, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_its_finders_where_scanners_look() {
        let code = Code::of("http://127.0.0.1:8080/#AaQB").unwrap();
        assert!(code.path.starts_with("M4 4h7v1h-7z"), "top left: {}", &code.path[..40]);
        let right = code.side - QUIET_ZONE - 7;
        assert!(code.path.contains(&format!("M{right} 4h7v1h-7z")), "top right");
        assert!(code.path.contains(&format!("M4 {right}h7v1h-7z")), "bottom left");
    }

    #[test]
    fn an_invite_by_hand_fits_and_a_book_does_not() {
        assert!(Code::of(&"a".repeat(2900)).is_some());
        assert!(Code::of(&"a".repeat(3000)).is_none());
    }
}
