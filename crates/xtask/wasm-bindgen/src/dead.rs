//! What nothing leads to once panics say no sentence.
//!
//! The linker kept the texts of panics, what makes sentences of them, and the tables of what values can do, for the
//! functions that [`panics`] replaces. `wasm-opt` cannot tell: to it all data are alike, and what a table names is used.

use std::collections::HashSet;

use anyhow::Result;

use crate::links::{Program, Thing};
use crate::panics;
use crate::places::Places;
use crate::unused;

/// Empties what is of no use, and numbers the places of panics.
pub(crate) fn bury(program: &mut Program) -> Result<Places> {
    let found = Places::find(program);
    let ends = |thing: &Thing| match thing {
        Thing::Function(function) => panics::is_replaced(program.name(*function), program.arity(*function)),
        Thing::Constant(constant) => found.contains_key(constant),
    };
    let alive = reach(program, ends);
    let is_alive = |constant: &usize| alive.contains(&Thing::Constant(*constant));
    let places = Places::of(found.iter().filter(|(constant, _)| is_alive(constant)).map(|(_, place)| place));
    for link in program.links.clone() {
        let Thing::Constant(constant) = link.to else { continue };
        if let Some(number) = found.get(&constant).and_then(|place| places.number(place)) {
            program.put(&link, number)?;
        }
    }
    let constants = 0..program.constants.len();
    let unused: Vec<_> =
        constants.filter(|constant| !is_alive(constant) || found.contains_key(constant)).collect();
    unused.into_iter().for_each(|constant| program.blank(constant));
    let functions = 0..program.functions();
    program.dead = functions.filter(|function| !alive.contains(&Thing::Function(*function))).collect();
    Ok(places)
}

/// All that what is called from without leads to, not through what `ends` says.
fn reach(program: &Program, ends: impl Fn(&Thing) -> bool) -> HashSet<Thing> {
    let mut links = program.links.clone();
    links.sort_by_key(|link| link.from);
    let unnamed = links.iter().filter(|link| link.from.is_none()).map(|link| link.to);
    let names: Vec<_> = program.exports.iter().map(|(name, _)| name.clone()).collect();
    let useless = unused::classes(&names, &program.imports);
    let exported = program.exports.iter().filter(|(name, _)| !unused::is_of(name, &useless));
    let exported = exported.map(|(_, function)| Thing::Function(*function));
    let mut next: Vec<Thing> = unnamed.chain(exported).collect();
    let mut alive = HashSet::new();
    while let Some(thing) = next.pop() {
        if alive.insert(thing) && !ends(&thing) {
            let first = links.partition_point(|link| link.from < Some(thing));
            let of_it = links[first..].iter().take_while(|link| link.from == Some(thing));
            next.extend(of_it.map(|link| link.to));
        }
    }
    alive
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::Link;
    use wasmparser::RelocationType;

    const THREE: Thing = Thing::Constant(3);

    fn program(links: &[(Option<Thing>, Thing)]) -> Program {
        let link = |(from, to): &(Option<Thing>, Thing)| Link {
            from: *from,
            to: *to,
            at: 0,
            kind: RelocationType::MemoryAddrSleb,
            addend: 0,
        };
        let mut program = Program::default();
        program.links = links.iter().map(link).collect();
        program.exports =
            vec![("main".to_owned(), 1), ("ear_hear".to_owned(), 8), ("__wbg_ear_free_0f".to_owned(), 8)];
        program
    }

    #[test]
    fn what_is_exported_leads_to_what_is_alive() {
        let [one, two, other] = [1, 2, 9].map(Thing::Function);
        let program = program(&[(Some(two), THREE), (Some(one), two), (Some(other), Thing::Constant(4))]);
        assert_eq!(reach(&program, |_| false), HashSet::from([one, two, THREE]));
        assert_eq!(reach(&program, |thing| *thing == two), HashSet::from([one, two]));
    }

    #[test]
    fn what_nobody_knows_the_owner_of_is_alive() {
        assert!(reach(&program(&[(None, THREE)]), |_| false).contains(&THREE));
    }
}
