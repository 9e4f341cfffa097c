//! Faces drawn from keys: the same person looks the same everywhere, and who pretends to be them does not.

use tertulia_proto::identity::AccountId;

/// Cells of a face's side. It is mirrored, so that the eye takes it for a figure and remembers it.
pub(crate) const SIDE: usize = 5;
/// Hues that the style sheet knows, as classes `hue-0` and up.
pub(crate) const HUES: u8 = 16;

const HALF: usize = SIDE.div_ceil(2);

/// What to draw: some 32 bits of the key, each of them visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Face {
    /// The hue of ground and first tone.
    pub(crate) hue: u8,
    /// The hue of the second tone.
    pub(crate) accent: u8,
    /// SVG paths in cell units, one for each tone.
    pub(crate) tones: [String; 2],
}

impl Face {
    /// The face of this user.
    pub(crate) fn of(user: &AccountId) -> Self {
        let mut tones = [String::new(), String::new()];
        for row in 0..SIDE {
            for column in 0..SIDE {
                let half = column.min(SIDE - 1 - column);
                match user.0[row * HALF + half] % 3 {
                    0 => {}
                    tone => tones[usize::from(tone) - 1].push_str(&format!("M{column} {row}h1v1h-1z")),
                }
            }
        }
        Self { hue: user.0[30] % HUES, accent: user.0[29] % HUES, tones }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_of_the_key_in_any_cell_is_seen() {
        let plain = Face::of(&AccountId([0; 32]));
        assert_eq!(plain.tones, [String::new(), String::new()]);
        for at in (0..SIDE * HALF).chain([29, 30]) {
            let mut key = [0; 32];
            key[at] = 1;
            assert_ne!(Face::of(&AccountId(key)), plain, "byte {at}");
        }
    }

    #[test]
    fn a_face_is_mirrored() {
        let mut key = [0; 32];
        key[0] = 1;
        assert_eq!(Face::of(&AccountId(key)).tones[0], "M0 0h1v1h-1zM4 0h1v1h-1z");
    }
}
