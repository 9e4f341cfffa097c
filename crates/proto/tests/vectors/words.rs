//! Words on the ring: what is typed, as words; their intervals and keys; a record.

use crate::book::Book;
use tertulia_proto::AccountId;
use tertulia_proto::directory::code::{Code, Interval, Reading};
use tertulia_proto::directory::words::{listed, sought};
use tertulia_proto::group::Letter;

const TYPED: &str = "Zoë O'Brien zoe.b@example.org ЯНА";
const WORDS: [&str; 6] = ["anna", "christopher", "7", "zoe.b@example.org", "яна", "pneumonoultramicroscopic"];
const CODES: [(&str, Code); 2] = [("ascii", Code::Ascii), ("balanced", Code::Balanced)];
const READINGS: [(&str, Reading); 2] = [("forward", Reading::Forward), ("backward", Reading::Backward)];

pub(crate) fn tell(book: &mut Book) {
    book.chapter(
        "Words on the ring",
        "Section 16. An interval is its first and its last point; keys are those of the account of 32 bytes 07.",
    );
    book.text("typed", TYPED);
    let joined = |words: tertulia_proto::directory::words::Words| {
        words.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(" ")
    };
    book.text("listed", &joined(listed(TYPED, Letter::of)));
    book.text("sought", &joined(sought(TYPED, Letter::of)));
    for (number, word) in WORDS.iter().enumerate() {
        book.pause();
        book.text(&format!("word.{number}"), word);
        for (name, code) in CODES {
            for (direction, reading) in READINGS {
                let name = format!("word.{number}.{name}.{direction}");
                book.bytes(&name, bytes(code.word(word, reading)));
                book.bytes(&format!("{name}.part"), bytes(code.part(word, reading)));
                let key = code.key(word, reading, &AccountId([7; 32]));
                book.bytes(&format!("{name}.key"), key.to_be_bytes());
            }
        }
    }
}

fn bytes(interval: Interval) -> Vec<u8> {
    [interval.first.to_be_bytes(), interval.last.to_be_bytes()].concat()
}
