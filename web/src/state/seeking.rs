//! Looking for people who are listed, as far as it has come.

use tertulia_proto::directory::FoundPerson;
use tertulia_proto::directory::words::{Rank, Word, Words, sought};
use tertulia_proto::group::Letters;
use tertulia_proto::identity::{AccountId, Name};
use tertulia_proto::io::{Person, Presence, SearchId};

/// People that a search shows: more are not looked through by anybody who can type another word.
pub(crate) const SOUGHT_MAX: usize = 20;
/// What is said of a text that nobody can be listed under or looked for by.
pub(crate) const WORDLESS: &str = "There is no word in this: letters or digits are needed.";

/// What is looked for in one searchbox, and who was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seeking {
    search: Option<SearchId>,
    words: Words,
    stage: Stage,
    /// Whom, the best first, and those who are there before others who answer as well.
    pub(crate) people: Vec<Sought>,
}

/// Somebody who was found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sought {
    /// Who, on that node of theirs that has answered, if one has.
    pub(crate) person: Person,
    /// Those of their words that were looked for.
    pub(crate) words: String,
    /// Whether they are there.
    pub(crate) presence: Presence,
    /// How well they answer.
    rank: Option<Rank>,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Stage {
    /// Nothing is looked for.
    #[default]
    Idle,
    /// Something is typed, but nothing that can be looked for.
    Wordless,
    /// Nobody has answered yet.
    Waiting,
    /// Whoever is listed is known.
    Found,
    /// There is no network to look in, and nobody who would let this node into one.
    NoNetwork,
    /// There is no network to look in yet.
    Connecting,
}

impl Sought {
    /// Whether they are there now.
    pub(crate) fn is_there(&self) -> bool {
        self.presence == Presence::Online
    }
}

impl Seeking {
    /// Nothing is looked for while this is typed.
    pub(crate) fn idle(text: &str, letters: Letters) -> Self {
        let is_wordless = !text.trim().is_empty() && sought(text, letters).is_empty();
        let stage = if is_wordless { Stage::Wordless } else { Stage::Idle };
        Self { stage, ..Self::default() }
    }

    /// A search has begun. Those found before stay until others are known.
    pub(crate) fn begin(&mut self, search: SearchId, words: Words) {
        (self.search, self.words, self.stage) = (Some(search), words, Stage::Waiting);
    }

    /// This node is in no network, unless it is on its way into one.
    pub(crate) fn refuse(&mut self, is_connecting: bool) {
        let stage = if is_connecting { Stage::Connecting } else { Stage::NoNetwork };
        *self = Self { stage, ..Self::default() };
    }

    /// Takes what a search has found, if it is this one. It is told twice, and whoever stands there by then keeps
    /// their place, but for those who turn out to be there.
    pub(crate) fn take(&mut self, search: SearchId, found: &[FoundPerson], is_over: bool, letters: Letters) {
        if self.search != Some(search) {
            return;
        }
        if self.stage == Stage::Waiting && (is_over || !found.is_empty()) {
            self.stage = Stage::Found;
            self.people = Vec::new();
        }
        for one in found {
            let Some(one) = self.sought(one, letters) else { continue };
            match self.people.iter_mut().find(|known| known.person.user == one.person.user) {
                Some(known) => *known = one,
                None => self.people.push(one),
            }
        }
        self.lift_those_who_are_there();
    }

    /// Of two who are called the same, the one who is there is seen first. Nobody else moves.
    fn lift_those_who_are_there(&mut self) {
        for at in 0..self.people.len() {
            let one = &self.people[at];
            let stays_before = |other: &Sought| other.is_there() || other.rank != one.rank;
            let to = self.people[..at].iter().rposition(stays_before).map_or(0, |before| before + 1);
            if one.is_there() && to < at {
                let one = self.people.remove(at);
                self.people.insert(to, one);
            }
        }
    }

    /// Somebody who was found, if they still are.
    pub(crate) fn one(&self, user: &AccountId) -> Option<&Sought> {
        self.people.iter().find(|one| one.person.user == *user)
    }

    /// Whether there is no network to look in.
    pub(crate) const fn is_refused(&self) -> bool {
        matches!(self.stage, Stage::NoNetwork | Stage::Connecting)
    }

    /// How far it has come, in words; none while nothing is looked for.
    pub(crate) fn outcome(&self) -> String {
        match (self.stage, self.people.len()) {
            (Stage::Idle, _) => String::new(),
            (Stage::Wordless, _) => WORDLESS.into(),
            (Stage::Waiting, _) => "Searching…".into(),
            (Stage::NoNetwork, _) => "Not connected to the network yet: open an invite first.".into(),
            (Stage::Connecting, _) => "Connecting to the network. The search begins by itself.".into(),
            (Stage::Found, 0) => "Nobody else is listed under these words.".into(),
            (Stage::Found, 1) => "One person.".into(),
            (Stage::Found, count) => [&count.to_string(), " people."].concat(),
        }
    }

    /// Whoever has no node cannot be asked for anything, and is not shown.
    fn sought(&self, found: &FoundPerson, letters: Letters) -> Option<Sought> {
        let node = *found.nodes.first()?;
        let (mut words, mut listed) = (Vec::new(), Vec::new());
        for text in &found.words {
            let folded = sought(text, letters).into_vec();
            if Rank::of(&self.words, &folded).is_some() {
                words.push(text.as_str());
            }
            listed.extend(folded);
        }
        let rank = Rank::of(&self.words, &listed);
        let person = Person { node, user: found.user, name: Name::cut(&found.name) };
        Some(Sought { person, words: words.join(", "), presence: found.presence, rank })
    }
}

/// The words that a text looks for; none while too little of one is there to mean anybody: one letter of an alphabet.
pub(crate) fn enough(text: &str, letters: Letters) -> Option<Words> {
    /// What a letter of an alphabet takes at most; that of a script of thousands takes more, and is a word.
    const LETTER_MAX: usize = 2;
    let words = sought(text, letters);
    let says = |word: &Word| word.as_str().len() > LETTER_MAX || word.as_str().chars().nth(1).is_some();
    words.iter().any(says).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letters::letter;
    use tertulia_proto::NodeId;

    const SEARCH: SearchId = SearchId([1; 8]);

    fn found(n: u8, words: &[&str], presence: Presence) -> FoundPerson {
        FoundPerson {
            user: AccountId([n; 32]),
            name: format!("Person {n}"),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            matched: 1,
            nodes: vec![NodeId([n; 16])],
            presence,
        }
    }

    fn seeking(words: &str) -> Seeking {
        let mut seeking = Seeking::default();
        seeking.begin(SEARCH, enough(words, letter).unwrap());
        seeking
    }

    #[test]
    fn it_says_how_far_it_has_come() {
        let mut seeking = Seeking::default();
        assert_eq!(seeking.outcome(), "");
        seeking.refuse(false);
        assert!(seeking.is_refused() && seeking.outcome().starts_with("Not connected to the network yet"));
        seeking.refuse(true);
        assert!(seeking.is_refused() && seeking.outcome().starts_with("Connecting to the network"));
        seeking.begin(SEARCH, enough("chess", letter).unwrap());
        assert_eq!(seeking.outcome(), "Searching…");
        seeking.take(SEARCH, &[], true, letter);
        assert_eq!(seeking.outcome(), "Nobody else is listed under these words.");
        seeking.begin(SearchId([2; 8]), enough("chess", letter).unwrap());
        seeking.take(SEARCH, &[found(1, &["chess"], Presence::Online)], true, letter);
        assert_eq!(seeking.outcome(), "Searching…", "another search's results");
        seeking.take(SearchId([2; 8]), &[found(1, &["chess"], Presence::Online)], false, letter);
        assert_eq!(seeking.outcome(), "One person.");
    }

    #[test]
    fn those_who_stand_there_keep_their_place_when_more_is_known_of_them() {
        let mut seeking = seeking("chess");
        let first = [1, 2].map(|n| found(n, &["chess"], Presence::Unknown));
        seeking.take(SEARCH, &first, false, letter);
        let second = [3, 2, 1].map(|n| found(n, &["chess"], Presence::Online));
        seeking.take(SEARCH, &second, true, letter);
        let shown: Vec<_> = seeking.people.iter().map(|one| (one.person.user.0[0], one.presence)).collect();
        assert_eq!(shown, [1, 2, 3].map(|n| (n, Presence::Online)));
        assert_eq!(seeking.outcome(), "3 people.");
    }

    #[test]
    fn those_who_are_there_come_before_others_who_answer_as_well() {
        let mut seeking = seeking("chess");
        let all = |there: [u8; 2]| {
            [(1, "chess"), (2, "chess"), (3, "chess"), (4, "chessboard"), (5, "chessboard")].map(
                |(n, word)| {
                    let presence = if there.contains(&n) { Presence::Online } else { Presence::Offline };
                    found(n, &["anna", word], presence)
                },
            )
        };
        let shown =
            |seeking: &Seeking| seeking.people.iter().map(|one| one.person.user.0[0]).collect::<Vec<_>>();
        seeking.take(SEARCH, &all([0, 0]), false, letter);
        assert_eq!(shown(&seeking), [1, 2, 3, 4, 5]);
        seeking.take(SEARCH, &all([3, 5]), true, letter);
        assert_eq!(shown(&seeking), [3, 1, 2, 5, 4]);
    }

    #[test]
    fn a_text_without_a_word_is_told_of_and_one_that_is_not_typed_yet_is_not() {
        let outcome = |text| Seeking::idle(text, letter).outcome();
        assert_eq!(outcome("!!! …"), WORDLESS);
        assert_eq!((outcome(""), outcome(" "), outcome("a")), Default::default());
    }

    #[test]
    fn those_of_the_search_before_stay_until_others_are_known() {
        let mut seeking = seeking("chess");
        seeking.take(SEARCH, &[found(1, &["chess"], Presence::Online)], true, letter);
        seeking.begin(SearchId([2; 8]), enough("garden", letter).unwrap());
        assert!(seeking.one(&AccountId([1; 32])).is_some());
        seeking.take(SearchId([2; 8]), &[found(2, &["garden"], Presence::Unknown)], false, letter);
        assert!(seeking.one(&AccountId([1; 32])).is_none() && seeking.one(&AccountId([2; 32])).is_some());
    }

    #[test]
    fn it_shows_which_words_were_meant_and_nobody_without_a_node() {
        let mut seeking = seeking("gard jhon");
        let words = ["ana", "garden", "john", "john@gard.example"];
        let nowhere = FoundPerson { nodes: vec![], ..found(2, &["john"], Presence::Offline) };
        seeking.take(SEARCH, &[found(1, &words, Presence::Offline), nowhere], true, letter);
        let [only] = &seeking.people[..] else { panic!("{:?}", seeking.people) };
        assert_eq!(only.words, "garden, john");
    }

    #[test]
    fn one_letter_of_an_alphabet_is_too_little() {
        let is_enough = |text| enough(text, letter).is_some();
        assert!(
            !is_enough("") && !is_enough("a") && !is_enough(" é ") && !is_enough("ж") && !is_enough("!?")
        );
        assert!(is_enough("an") && is_enough("茶") && is_enough("a b cd"));
    }
}
