//! What must hold.

use crate::graph::{Body, Seat};
use crate::model::Setting;
use crate::world::{Node, Phase, Stage, World};
use stateright::Property;

pub(crate) const WORD: &str = "nobody is in a list without the word of a participant";
pub(crate) const FUNCTION: &str = "the same operations give the same list";
pub(crate) const VOUCHED: &str = "who has entered has the word of the whole list, but for those out of reach";
pub(crate) const SILENT: &str = "no message elects";
pub(crate) const ONE_RETRY: &str = "nobody retries more than once";
pub(crate) const MAJORITY: &str = "only the larger half signs out";
pub(crate) const MISTAKEN: &str = "no word on an undone entry is taken for the answer to the retry";
pub(crate) const MISTOLD: &str = "in the end nobody is in who was told that it is not";
pub(crate) const BOUNDS: &str = "the model is large enough";
pub(crate) const AGREED: &str = "in the end all who are in have the same list";
pub(crate) const WHOLE: &str = "in the end a newcomer is in everybody's list or in nobody's";
pub(crate) const UNTOLD: &str = "in the end nobody is in who is out by what others know";
pub(crate) const ANSWERED: &str = "in the end every request is answered";
pub(crate) const ENTERED: &str = "in the end everybody invited is in, and knows";

pub(crate) const COMPLETED: &str = "everybody invited gets in";
pub(crate) const DERIVED: &str = "somebody is passed on to the coordinator";
pub(crate) const RETRIED: &str = "an entry is undone, and the retry succeeds";
pub(crate) const SUCCEEDED: &str = "the coordinator crashes, and another lets in";

pub(crate) fn all(setting: &Setting) -> Vec<Property<Setting>> {
    let mut all = vec![
        Property::always(WORD, |_, world: &World| world.alive().all(|at| has_words(world, at))),
        Property::always(FUNCTION, |_, world: &World| is_function(world)),
        Property::always(VOUCHED, |_, world: &World| world.alive().all(|at| is_vouched(world, at))),
        Property::always(SILENT, |_, world: &World| !world.witness.has_elected),
        Property::always(ONE_RETRY, |_, world: &World| {
            world.witness.retries.iter().all(|retries| *retries <= 1)
        }),
        Property::always(MAJORITY, |_, world: &World| !world.witness.has_seceded),
        Property::always(MISTAKEN, |_, world: &World| !world.witness.is_mistaken),
        Property::always(MISTOLD, |_, world: &World| {
            let is_mistold = |node: &Node| node.is_open() && node.wish.stage == Stage::Failed;
            !world.is_over() || !world.nodes.iter().any(is_mistold)
        }),
        Property::always(BOUNDS, |_, world: &World| !world.witness.has_overflown),
        Property::always(AGREED, |_, world: &World| !world.is_over() || is_agreed(world)),
        Property::always(WHOLE, |_, world: &World| !world.is_over() || is_whole(world)),
        Property::always(UNTOLD, |_, world: &World| {
            let mut open = world.alive().filter(|at| world.nodes[*at].is_open());
            !world.is_over() || !open.any(|at| is_untold(world, at))
        }),
        Property::always(ANSWERED, |_, world: &World| !world.is_over() || is_answered(world)),
    ];
    let is_invited = setting.intruder.is_none();
    if is_invited {
        all.push(Property::sometimes(COMPLETED, is_complete));
    }
    if setting.wishes.iter().any(|(_, host)| *host != 0) {
        all.push(Property::sometimes(DERIVED, |_, world: &World| world.nodes.iter().any(is_derived)));
    }
    if is_invited && setting.is_benign() {
        all.push(Property::always(ENTERED, |setting, world: &World| {
            !world.is_over() || is_complete(setting, world)
        }));
    }
    if setting.faults.delays + setting.faults.cuts > 0 {
        all.push(Property::sometimes(RETRIED, |_, world: &World| world.nodes.iter().any(has_retried)));
    }
    if setting.faults.crashes > 0 {
        all.push(Property::sometimes(SUCCEEDED, |_, world: &World| {
            world.alive().any(|at| is_let_in_by_next(world, at))
        }));
    }
    all
}

/// Whoever is in a list and was not from the beginning is there by an Admit for which a participant gave their word.
fn has_words(world: &World, at: Seat) -> bool {
    let node = &world.nodes[at];
    let founded =
        |seat: Seat| world.graph.last_admit(node.known, seat).and_then(|id| world.graph.get(id)).is_none();
    node.list.iter().all(|seat| {
        let admit = world.graph.last_admit(node.known, seat);
        let Some((id, op)) = admit.and_then(|id| Some((id, world.graph.get(id)?))) else {
            return founded(seat);
        };
        let Body::Admit { ticket, .. } = op.body else { return false };
        let of = ticket.map_or(id.author(), |ticket| ticket.issuer.into());
        ticket.is_none_or(|ticket| ticket.is_signed) && world.witness.words[seat].has(of)
    })
}

fn is_function(world: &World) -> bool {
    let nodes = || world.alive().map(|at| &world.nodes[at]);
    nodes().all(|one| nodes().all(|other| one.known != other.known || one.list == other.list))
}

fn is_vouched(world: &World, at: Seat) -> bool {
    let node = &world.nodes[at];
    let said = node.said;
    let has_ended = node.wish.stage == Stage::Settled && node.exit.is_none() && node.phase == Phase::Open;
    !has_ended || said.given.minus(said.yes).minus(said.excused).is_empty()
}

/// All who are in have one list, as far as any of two shows the other: two halves that grew while they were parted, until each
/// was more than half of its list, have signed each other out, and are two conversations.
fn is_agreed(world: &World) -> bool {
    let open = || world.alive().filter(|at| world.nodes[*at].is_open());
    let nodes = &world.nodes;
    let concerns = |a: Seat, b: Seat| nodes[a].has(b) || nodes[b].has(a);
    open().all(|a| open().all(|b| !concerns(a, b) || nodes[a].list == nodes[b].list))
}

/// Whoever lives and is in the list of one who is in is in, and has that one in its list.
fn is_whole(world: &World) -> bool {
    let open = || world.alive().filter(|at| world.nodes[*at].is_open());
    let is_in = |seat: Seat, of: Seat| world.nodes[seat].is_open() && world.nodes[seat].has(of);
    open().all(|at| {
        world.nodes[at].list.iter().filter(|seat| world.is_alive(*seat)).all(|seat| is_in(seat, at))
    })
}

/// Whether one is in by what it knows, and out by what those whom it shows could tell it.
fn is_untold(world: &World, at: Seat) -> bool {
    let shown = world.alive().filter(|other| world.nodes[at].has(*other)).map(|other| &world.nodes[other]);
    let open = shown.filter(|node| node.is_open() && !node.has(at));
    let told = open.fold(world.nodes[at].known, |all, node| all.or(node.known));
    !world.graph.membership(told).list.has(at)
}

fn is_answered(world: &World) -> bool {
    world.alive().all(|at| !world.nodes[at].wish.is_under_way())
}

fn is_complete(setting: &Setting, world: &World) -> bool {
    let is_in = |seat: Seat| {
        let node = &world.nodes[seat];
        node.is_open() && node.wish.stage == Stage::Settled
    };
    setting.wishes.iter().all(|(newcomer, _)| is_in(*newcomer))
}

fn is_derived(node: &Node) -> bool {
    matches!(node.wish.stage, Stage::Derived { .. })
}

fn has_retried(node: &Node) -> bool {
    node.wish.is_retried && node.wish.stage == Stage::Settled && node.is_open()
}

/// Whether a newcomer is in by the word of one who took the place of the coordinator that crashed.
fn is_let_in_by_next(world: &World, at: Seat) -> bool {
    let node = &world.nodes[at];
    let admit = world.graph.last_admit(node.known, at).filter(|id| world.graph.get(*id).is_some());
    node.wish.stage == Stage::Settled
        && node.is_open()
        && admit.is_some_and(|id| !world.is_alive(0) && id.author() != 0)
}
