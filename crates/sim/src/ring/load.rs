//! How evenly the words of many users lie on the nodes of a ring, by code.

use std::collections::BTreeMap;

use serde::Serialize;
use tertulia_proto::AccountId;
use tertulia_proto::directory::code::{Code, Reading};
use tertulia_proto::rng::Rng;

/// Words of people with how frequent each is: first names, last names and interests.
#[derive(Clone, Debug, Default)]
pub struct People {
    first: Frequencies,
    last: Frequencies,
    interest: Frequencies,
}

impl People {
    /// Reads lines of a kind (`first`, `last`, `interest`), a folded word and its weight, between them tabs. The error is
    /// the line that is none.
    pub fn parse(lines: &str) -> Result<Self, String> {
        let mut people = Self::default();
        for line in lines.lines() {
            people.add(line).ok_or_else(|| line.to_owned())?;
        }
        Ok(people)
    }

    fn add(&mut self, line: &str) -> Option<()> {
        let mut fields = line.split('\t');
        let frequencies = match fields.next()? {
            "first" => &mut self.first,
            "last" => &mut self.last,
            "interest" => &mut self.interest,
            _ => return None,
        };
        let (word, weight) = (fields.next()?, fields.next()?.parse().ok()?);
        frequencies.add(word, weight);
        Some(())
    }

    /// The words of so many people.
    pub fn draw(&self, count: usize, rng: &mut Rng) -> Vec<Vec<&str>> {
        let kinds = [&self.first, &self.last, &self.interest];
        (0..count).map(|_| kinds.iter().filter_map(|kind| kind.draw(rng)).collect()).collect()
    }
}

/// Words with the sums of the weights up to each.
#[derive(Clone, Debug, Default)]
struct Frequencies(Vec<(u64, String)>);

impl Frequencies {
    fn sum(&self) -> u64 {
        self.0.last().map_or(0, |(sum, _)| *sum)
    }

    fn add(&mut self, word: &str, weight: u64) {
        self.0.push((self.sum() + weight, word.to_owned()));
    }

    fn draw(&self, rng: &mut Rng) -> Option<&str> {
        let at = rng.below(self.sum().max(1));
        self.0.get(self.0.partition_point(|(sum, _)| *sum <= at)).map(|(_, word)| word.as_str())
    }
}

/// How many records the nodes of a ring keep for others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Load {
    /// Nodes of the ring.
    pub nodes: usize,
    /// Records that a node keeps on average.
    pub mean: f64,
    /// Records that the node with the most keeps.
    pub greatest: u64,
    /// The greatest load over the mean.
    pub greatest_over_mean: f64,
    /// The share of the records of the node with the most that are of its most frequent word.
    pub share_of_one_word: f64,
    /// That word, as it is read there.
    pub word: String,
}

/// Puts the records of `people` on the `replicas` closest of `nodes` random nodes: for every word one read forward and one
/// read backward.
pub fn load(code: Code, people: &[Vec<&str>], nodes: usize, replicas: usize, rng: &mut Rng) -> Load {
    let mut ring: Vec<u128> = (0..nodes).map(|_| u128::from_be_bytes(rng.bytes())).collect();
    ring.sort_unstable();
    let mut kept: Vec<BTreeMap<(&str, bool), u64>> = vec![BTreeMap::new(); nodes];
    for words in people {
        let account = AccountId(rng.bytes());
        for (word, reading) in words.iter().flat_map(|word| Reading::ALL.map(|reading| (*word, reading))) {
            let key = code.key(word, reading, &account);
            for node in closest(&ring, key, replicas) {
                *kept[node].entry((word, reading == Reading::Forward)).or_default() += 1;
            }
        }
    }
    tell(&kept)
}

fn tell(kept: &[BTreeMap<(&str, bool), u64>]) -> Load {
    let sums: Vec<u64> = kept.iter().map(|words| words.values().sum()).collect();
    let mean = sums.iter().sum::<u64>() as f64 / sums.len().max(1) as f64;
    let (most, greatest) = sums.iter().copied().enumerate().max_by_key(|(_, sum)| *sum).unwrap_or_default();
    let word = kept.get(most).and_then(|words| words.iter().max_by_key(|(_, count)| **count));
    let ((word, is_forward), count) = word.map_or((("", true), 0), |(word, count)| (*word, *count));
    Load {
        nodes: sums.len(),
        mean,
        greatest,
        greatest_over_mean: greatest as f64 / mean,
        share_of_one_word: count as f64 / greatest as f64,
        word: if is_forward { word.to_owned() } else { word.chars().rev().collect() },
    }
}

/// The nodes of a sorted ring that are closest to a key, whichever way around.
fn closest(ring: &[u128], key: u128, count: usize) -> impl Iterator<Item = usize> {
    let len = ring.len();
    let above = ring.partition_point(|node| *node < key);
    let (mut up, mut down) = (0, 0);
    std::iter::from_fn(move || {
        if up + down >= count.min(len) {
            return None;
        }
        let (high, low) = ((above + up) % len, (above + len - 1 - down) % len);
        if ring[high].wrapping_sub(key) <= key.wrapping_sub(ring[low]) {
            up += 1;
            Some(high)
        } else {
            down += 1;
            Some(low)
        }
    })
}
