//! How evenly the two codes spread the words of 50,000 people: `load PEOPLE.tsv [SEED]…` prints one line of JSON for each
//! seed, code and size of the ring. tests/bench/words/words.py makes the file.

use std::process::ExitCode;

use tertulia_proto::directory::code::Code;
use tertulia_proto::rng::Rng;
use tertulia_sim::ring::load::{Load, People, load};

const PEOPLE: usize = 50_000;
const REPLICAS: usize = 8;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let read = arguments.next().map(std::fs::read_to_string);
    let Some(Ok(people)) = read.map(|file| file.map(|lines| People::parse(&lines))) else {
        eprintln!("usage: load PEOPLE.tsv [SEED]…, seeds of 0 to 255; nothing was measured");
        return ExitCode::FAILURE;
    };
    let people = match people {
        Ok(people) => people,
        Err(line) => {
            eprintln!("`{line}` is no kind, word and weight; nothing was measured");
            return ExitCode::FAILURE;
        }
    };
    let seeds: Vec<u8> = arguments.filter_map(|seed| seed.parse().ok()).collect();
    for seed in if seeds.is_empty() { vec![1] } else { seeds } {
        measure(&people, seed);
    }
    ExitCode::SUCCESS
}

fn measure(people: &People, seed: u8) {
    let mut rng = Rng::new([seed; 32]);
    let drawn = people.draw(PEOPLE, &mut rng);
    for (name, code) in [("ascii", Code::Ascii), ("balanced", Code::Balanced)] {
        for nodes in [1_000, 10_000] {
            let Load { mean, greatest, greatest_over_mean, share_of_one_word, word, .. } =
                load(code, &drawn, nodes, REPLICAS, &mut rng);
            println!(
                "{{\"seed\":{seed},\"code\":\"{name}\",\"nodes\":{nodes},\"people\":{PEOPLE},\"replicas\":{REPLICAS},\
                 \"mean\":{mean},\"greatest\":{greatest},\"greatest_over_mean\":{greatest_over_mean:.3},\
                 \"word\":\"{word}\",\"share_of_one_word\":{share_of_one_word:.3}}}"
            );
        }
    }
}
