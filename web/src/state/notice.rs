//! What the person is told outside of conversations.

/// Notices that stand at once: more would hide what is behind them, and the oldest have been read.
const NOTICES_MAX: usize = 4;

/// Tells one notice from another.
pub(crate) type NoticeId = u64;

/// The notices that stand, the oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Notices {
    standing: Vec<Notice>,
    told: NoticeId,
}

/// One thing that the person is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    /// Which one.
    pub(crate) id: NoticeId,
    /// How loud.
    pub(crate) tone: Tone,
    /// What happened, and what was kept.
    pub(crate) text: String,
    /// What they can do; empty when there is nothing to do.
    pub(crate) remedy: String,
}

/// How loud a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Said when nothing else is being said, and gone by itself.
    Quiet,
    /// Said at once, and stands until it is dismissed.
    Urgent,
}

impl Notices {
    /// Says `text` when there is time.
    pub(crate) fn quiet(&mut self, text: String) {
        self.say(Tone::Quiet, text, String::new());
    }

    /// Says `text` now, and what can be done.
    pub(crate) fn urgent(&mut self, text: String, remedy: String) {
        self.say(Tone::Urgent, text, remedy);
    }

    /// Takes one away.
    pub(crate) fn dismiss(&mut self, id: NoticeId) {
        self.standing.retain(|notice| notice.id != id);
    }

    /// Those of this tone, the oldest first.
    pub(crate) fn of(&self, tone: Tone) -> Vec<Notice> {
        self.standing.iter().filter(|notice| notice.tone == tone).cloned().collect()
    }

    fn say(&mut self, tone: Tone, text: String, remedy: String) {
        self.standing.retain(|notice| notice.text != text);
        self.told += 1;
        self.standing.push(Notice { id: self.told, tone, text, remedy });
        // The quiet ones give way first: what a person must act upon is not pushed out by who came and went.
        while self.standing.len() > NOTICES_MAX {
            let quiet = self.standing.iter().position(|notice| notice.tone == Tone::Quiet);
            self.standing.remove(quiet.unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quiet_give_way_to_the_urgent() {
        let mut notices = Notices::default();
        notices.urgent("no way to Ana".into(), String::new());
        (0..9).for_each(|n| notices.quiet(format!("somebody {n}")));
        assert_eq!(notices.of(Tone::Urgent).len(), 1);
        let quiet: Vec<_> = notices.of(Tone::Quiet).into_iter().map(|notice| notice.text).collect();
        assert_eq!(quiet, ["somebody 6", "somebody 7", "somebody 8"]);
    }

    #[test]
    fn the_same_is_not_said_twice_and_can_be_dismissed() {
        let mut notices = Notices::default();
        notices.quiet("Ana let you in.".into());
        notices.quiet("Ana let you in.".into());
        let [only] = &notices.of(Tone::Quiet)[..] else { panic!("said twice") };
        notices.dismiss(only.id);
        assert!(notices.of(Tone::Quiet).is_empty());
    }
}
