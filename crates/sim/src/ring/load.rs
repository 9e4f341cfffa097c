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

    /// Whether nobody has a name.
    pub fn is_empty(&self) -> bool {
        [&self.first, &self.last, &self.interest].iter().all(|kind| kind.sum() == 0)
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

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "first\tjames\t3318\nfirst\tmary\t2629\nfirst\tanna\t440\nlast\tsmith\t1006\nlast\tjohnson\t810\n\
        last\tgarcia\t254\nlast\tnguyen\t5\ninterest\tchess\t3\ninterest\tsailing\t2\ninterest\tpottery\t1\n";

    fn rng() -> Rng {
        Rng::new([1; 32])
    }

    #[test]
    fn words_are_drawn_as_often_as_they_are_frequent() {
        let people = People::parse(SAMPLE).unwrap();
        let drawn = people.draw(6000, &mut rng());
        assert!(drawn.iter().all(|words| words.len() == 3));
        let count = |word: &str| drawn.iter().flatten().filter(|drawn| **drawn == word).count();
        assert!((2800..3200).contains(&count("chess")) && (800..1200).contains(&count("pottery")));
        assert_eq!(People::parse("first\tanna\tmany\n").unwrap_err(), "first\tanna\tmany");
    }

    #[test]
    fn a_record_lies_on_the_closest_nodes_around_zero_too() {
        let ring = [10, 20, 30, u128::MAX - 5];
        let nodes = |key| closest(&ring, key, 3).collect::<Vec<_>>();
        assert_eq!(nodes(0), [3, 0, 1]);
        assert_eq!(nodes(24), [1, 2, 0]);
        assert_eq!(nodes(u128::MAX), [3, 0, 1]);
        assert_eq!(closest(&ring, 5, 8).count(), 4);
    }

    #[test]
    fn the_balanced_code_spreads_what_the_ascii_code_crowds() {
        let people = People::parse(SAMPLE).unwrap();
        let drawn = people.draw(300, &mut rng());
        let of = |code| load(code, &drawn, 64, 8, &mut rng());
        let (ascii, balanced) = (of(Code::Ascii), of(Code::Balanced));
        assert!((ascii.mean - balanced.mean).abs() < 1e-9 && ascii.mean == 300.0 * 6.0 * 8.0 / 64.0);
        assert!(2.0 * balanced.greatest_over_mean < ascii.greatest_over_mean, "{balanced:?} {ascii:?}");
    }
}
