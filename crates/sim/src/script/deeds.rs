//! What can happen in a scenario.

use super::Stage;
use serde::Deserialize;
use tertulia_proto::Duration;

/// One thing that happens, some time after what stands before it.
#[derive(Debug, Deserialize)]
pub(super) struct Step {
    #[serde(default)]
    after_ms: u64,
    #[serde(flatten)]
    deed: Deed,
}

/// What happens.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
enum Deed {
    /// The first begins the conversation and the others enter it, one after the other, until all agree.
    Gather { who: Vec<String> },
    /// All of them follow invites of `to` at once, with a ticket or else to be accepted.
    Enter {
        who: Vec<String>,
        to: String,
        #[serde(default)]
        ticket: bool,
    },
    /// Each of them says something, `times` over, every so often; their turns are spread over that time.
    Say {
        who: Vec<String>,
        #[serde(default = "once")]
        times: u64,
        #[serde(default)]
        every_ms: u64,
    },
    /// They leave.
    Leave { who: Vec<String> },
    /// They die without a word.
    Kill { who: Vec<String> },
    /// They start again with what was kept.
    Resume { who: Vec<String> },
    /// They start again and remember nothing.
    Restart { who: Vec<String> },
    /// Links between islands carry nothing, and none opens. Who is on no island is on the first.
    Partition { islands: Vec<Vec<String>> },
    /// A link carries nothing.
    Cut { between: [String; 2] },
    /// A link is broken, and both drivers notice at once.
    Sever { between: [String; 2] },
    /// Nothing passes from one to the other, while the other is heard.
    Mute { from: String, to: String },
    /// Everything is healed.
    Heal,
    /// Nothing.
    Wait,
    /// These agree within a time, and nobody else is in their list.
    Agree { who: Vec<String>, within_ms: u64 },
    /// All of them see this one as the coordinator.
    Coordinates { who: String, seen_by: Vec<String> },
}

const fn once() -> u64 {
    1
}

impl Stage {
    /// Does what a step says.
    pub(super) fn act(&mut self, step: &Step) {
        self.world.run_for(Duration::from_millis(step.after_ms));
        match &step.deed {
            Deed::Gather { who } => self.talk = Some(self.world.gather(&self.those(who))),
            Deed::Enter { who, to, ticket } => self.enter(who, to, *ticket),
            Deed::Say { who, times, every_ms } => self.say(who, *times, *every_ms),
            Deed::Partition { islands } => {
                let islands: Vec<_> = islands.iter().map(|island| self.those(island)).collect();
                let islands: Vec<_> = islands.iter().map(Vec::as_slice).collect();
                self.world.partition(&islands);
            }
            Deed::Cut { between: [one, other] } => self.world.cut(self.one(one), self.one(other)),
            Deed::Sever { between: [one, other] } => self.world.sever(self.one(one), self.one(other)),
            Deed::Mute { from, to } => self.world.mute(self.one(from), self.one(to)),
            Deed::Heal => self.world.heal_all(),
            Deed::Wait => {}
            Deed::Agree { who, within_ms } => {
                let (seats, limit) = (self.those(who), Duration::from_millis(*within_ms));
                self.world.settle_agreement(self.talk(), &seats, limit);
            }
            Deed::Coordinates { who, seen_by } => self.check_coordinator(who, seen_by),
            Deed::Leave { who } | Deed::Kill { who } | Deed::Resume { who } | Deed::Restart { who } => {
                self.those(who).into_iter().for_each(|seat| self.come_or_go(&step.deed, seat));
            }
        }
    }

    fn come_or_go(&mut self, deed: &Deed, seat: crate::Seat) {
        match deed {
            Deed::Kill { .. } => self.world.kill(seat),
            Deed::Resume { .. } => self.world.resume(seat),
            Deed::Restart { .. } => self.world.restart(seat),
            _ => {
                if let Err(refusal) = self.world.leave(seat, self.talk()) {
                    self.world.fail(&format!("{seat:?} cannot leave: {refusal}"));
                }
            }
        }
    }

    fn enter(&mut self, who: &[String], to: &str, ticket: bool) {
        let (host, talk) = (self.one(to), self.talk());
        let invite =
            if ticket { self.world.ticket_into(host, talk) } else { self.world.invite_into(host, talk) };
        for guest in self.those(who) {
            self.world.open(guest, &invite, None);
        }
    }

    fn say(&mut self, who: &[String], times: u64, every_ms: u64) {
        let (speakers, talk) = (self.those(who), self.talk());
        let pause = Duration::from_micros(every_ms * 1000 / speakers.len().max(1) as u64);
        for number in 1..=times {
            for &speaker in &speakers {
                self.world.say(speaker, talk, &format!("{number} of {times}"));
                self.world.run_for(pause);
            }
        }
    }

    fn check_coordinator(&mut self, who: &str, seen_by: &[String]) {
        let (wanted, talk) = (self.world.id(self.one(who)), self.talk());
        for seat in self.those(seen_by) {
            let view = self.world.node(seat).and_then(|node| node.conversation(talk));
            let participants = view.into_iter().flat_map(|view| view.participants);
            let seen = participants.filter(|one| one.coordinator).map(|one| one.person.node).next();
            if seen != Some(wanted) {
                self.world.fail(&format!("{seat:?} sees {seen:?} coordinate, not {who}"));
            }
        }
    }
}
