//! An order of the program's functions in which alike ones lie side by side.
//!
//! Most functions are a generic one made once more for another type, and a compressor says what it has seen before the
//! shorter, the nearer that was. Their names do not bring such functions together: what is alike is often of two names.

use std::collections::HashMap;

use anyhow::Result;
use wasm_encoder::{NameMap, NameSection, RawSection};
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// How many bytes in a row count as one trait of a function: about two instructions.
const RUN: usize = 5;
/// A trait of more functions than these tells none of them from the others, and would cost the most time.
const SHARED_MOST: usize = 400;

/// Names the functions of `program` so that `wasm-opt --reorder-functions-by-name` lays them in that order.
pub(crate) fn name_by_likeness(program: &[u8]) -> Result<Vec<u8>> {
    let functions = Functions::read(program)?;
    let mut names = NameMap::new();
    for (index, place) in (0..).zip(Likeness::new(&functions.bodies).places()) {
        let index = functions.imported + index;
        let name = functions.names.get(&index).copied().unwrap_or_default();
        names.append(index, &format!("{place:06} {name}"));
    }
    let mut section = NameSection::new();
    section.functions(&names);
    let mut module = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(program) {
        match payload? {
            Payload::CustomSection(custom) if custom.name() == "name" => {}
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    module.section(&RawSection { id, data: &program[range] });
                }
            }
        }
    }
    module.section(&section);
    Ok(module.finish())
}

/// What is read of a program.
#[derive(Default)]
struct Functions<'a> {
    /// How many of the numbers are those of functions that the program is given.
    imported: u32,
    bodies: Vec<&'a [u8]>,
    names: HashMap<u32, &'a str>,
}

impl<'a> Functions<'a> {
    fn read(program: &'a [u8]) -> Result<Self> {
        let mut functions = Self::default();
        for payload in Parser::new(0).parse_all(program) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        functions.imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => functions.bodies.push(&program[body.range()]),
                Payload::CustomSection(custom) => {
                    if let KnownCustom::Name(subsections) = custom.as_known() {
                        for names in subsections {
                            functions.name(names?)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(functions)
    }

    fn name(&mut self, names: Name<'a>) -> Result<()> {
        if let Name::Function(names) = names {
            for naming in names {
                let naming = naming?;
                self.names.insert(naming.index, naming.name);
            }
        }
        Ok(())
    }
}

/// Which functions share how much.
struct Likeness {
    /// The traits of each function that some others have too.
    traits: Vec<Vec<usize>>,
    /// The functions that have each trait.
    functions: Vec<Vec<usize>>,
    /// How many traits each function has, shared or not.
    sizes: Vec<u32>,
}

impl Likeness {
    fn new(bodies: &[&[u8]]) -> Self {
        let (mut by_trait, mut sizes) = (HashMap::<&[u8], Vec<usize>>::new(), Vec::new());
        for (function, body) in bodies.iter().enumerate() {
            let mut traits: Vec<_> = body.windows(RUN).collect();
            traits.sort_unstable();
            traits.dedup();
            sizes.push(u32::try_from(traits.len()).unwrap_or(u32::MAX));
            traits.into_iter().for_each(|one| by_trait.entry(one).or_default().push(function));
        }
        by_trait.retain(|_, functions| (2..=SHARED_MOST).contains(&functions.len()));
        let mut traits = vec![Vec::new(); bodies.len()];
        let functions: Vec<_> = by_trait.into_values().collect();
        for (one, functions) in functions.iter().enumerate() {
            functions.iter().for_each(|function| traits[*function].push(one));
        }
        Self { traits, functions, sizes }
    }

    /// The place of each function: the largest is first, and each next is the one most like the two before it.
    fn places(&self) -> Vec<usize> {
        let count = self.sizes.len();
        let (mut places, mut order) = (vec![None; count], Vec::with_capacity(count));
        let mut next = (0..count).max_by_key(|function| self.sizes[*function]);
        while let Some(function) = next {
            places[function] = Some(order.len());
            order.push(function);
            let smallest_left =
                || (0..count).filter(|other| places[*other].is_none()).min_by_key(|other| self.sizes[*other]);
            next = self.most_like(&order, &places).or_else(smallest_left);
        }
        places.into_iter().flatten().collect()
    }

    fn most_like(&self, order: &[usize], places: &[Option<usize>]) -> Option<usize> {
        let last = *order.last()?;
        let mut shared = vec![0_u32; places.len()];
        for (function, weight) in order.iter().rev().zip([2, 1]) {
            for other in self.traits[*function].iter().flat_map(|one| &self.functions[*one]) {
                shared[*other] += weight;
            }
        }
        let likeness = |other: &usize| {
            let (shared, sizes) = (f64::from(shared[*other]) / 2.0, self.sizes[*other] + self.sizes[last]);
            shared / (f64::from(sizes) - shared)
        };
        let left = (0..places.len()).filter(|other| places[*other].is_none() && shared[*other] > 0);
        left.max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_functions_lie_side_by_side() {
        let bodies: [&[u8]; 5] = [b"abcdefgh12", b"ABCDEFGH", b"abcdefgh34", b"ABCDEFGHIJ", b"#"];
        let places = Likeness::new(&bodies).places();
        assert_eq!(places[0].abs_diff(places[2]), 1);
        assert_eq!(places[1].abs_diff(places[3]), 1);
    }

    #[test]
    fn every_function_has_one_place() {
        let bodies: Vec<Vec<u8>> = (0..50).map(|length| vec![b'x'; length % 9]).collect();
        let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let mut places = Likeness::new(&bodies).places();
        places.sort_unstable();
        assert_eq!(places, (0..50).collect::<Vec<_>>());
    }
}
