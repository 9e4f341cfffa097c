//! What in a program leads to what, by the linker's own account.
//!
//! With `--emit-relocs` the linker writes down each place where code or data name a function or a constant. Without that,
//! an address is a number like others, and nothing can be taken out of the program's data or moved in it.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use rustc_demangle::demangle;
use wasm_encoder::{CodeSection, RawSection};
use wasmparser::{
    DataKind, DefinedDataSymbol, ExternalKind, KnownCustom, Linking, Name, Parser, Payload, RelocationEntry,
    RelocationType, SymbolInfo, TypeRef,
};

/// A function by its number, imported ones included, or a constant by its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Thing {
    /// The function of this number, imported ones included.
    Function(usize),
    /// [`Program::constants`] at this place.
    Constant(usize),
}

/// A place that names a thing.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// What names it; none is a part of the data that has no name.
    pub(crate) from: Option<Thing>,
    pub(crate) to: Thing,
    /// Where in the file its number or address stands.
    pub(crate) at: usize,
    pub(crate) kind: RelocationType,
    /// How far behind the beginning of a constant.
    pub(crate) addend: i64,
}

/// A linked program and what in it leads to what.
#[derive(Default)]
pub(crate) struct Program {
    bytes: Vec<u8>,
    /// Where the bodies of functions stand in the file, behind their lengths.
    bodies: Vec<Range<usize>>,
    /// How many functions it is given.
    imported: usize,
    /// By function: its name without hashes.
    names: HashMap<usize, String>,
    /// By function: how many words it takes.
    arities: Vec<usize>,
    /// The functions that can be called from without, by their names there.
    pub(crate) exports: Vec<(String, usize)>,
    /// What it is given, by name.
    pub(crate) imports: HashSet<String>,
    /// Where each constant stands in the file.
    pub(crate) constants: Vec<Range<usize>>,
    pub(crate) links: Vec<Link>,
    /// The functions that nobody calls.
    pub(crate) dead: HashSet<usize>,
}

/// What has to be known of all sections before links can be told.
#[derive(Default)]
struct Sections<'a> {
    /// Where each section begins, by its number.
    starts: Vec<usize>,
    /// Types' numbers of parameters.
    types: Vec<usize>,
    /// Where each segment of data stands.
    segments: Vec<Range<usize>>,
    symbols: Vec<SymbolInfo<'a>>,
    relocations: Vec<(usize, Vec<RelocationEntry>)>,
}

impl Program {
    /// Reads a program that was linked with `--emit-relocs`.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut program = Self { bytes: bytes.to_vec(), ..Self::default() };
        let mut sections = Sections::default();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            if let Some((_, range)) = payload.as_section() {
                sections.starts.push(range.start);
            }
            program.take(payload, &mut sections)?;
        }
        ensure!(!sections.relocations.is_empty(), "the program was linked without --emit-relocs");
        program.link(&sections)?;
        Ok(program)
    }

    /// The name of a function, without hashes.
    pub(crate) fn name(&self, function: usize) -> &str {
        self.names.get(&function).map_or("", String::as_str)
    }

    /// How many words a function takes.
    pub(crate) fn arity(&self, function: usize) -> usize {
        self.arities.get(function).copied().unwrap_or_default()
    }

    /// How many functions there are, imported ones included.
    pub(crate) fn functions(&self) -> usize {
        self.imported + self.bodies.len()
    }

    /// The bytes of a constant; none of those that begin as zeros.
    pub(crate) fn content(&self, constant: usize) -> &[u8] {
        &self.bytes[self.constants[constant].clone()]
    }

    /// Makes a constant zeros.
    pub(crate) fn blank(&mut self, constant: usize) {
        let range = self.constants[constant].clone();
        self.bytes[range].fill(0);
    }

    /// Writes a number in place of the address at `link`, which must be a signed one in code.
    pub(crate) fn put(&mut self, link: &Link, number: u32) -> Result<()> {
        ensure!(
            link.kind == RelocationType::MemoryAddrSleb,
            "only whole addresses in code can be other numbers"
        );
        // Five bytes, as the linker wrote them.
        for (place, byte) in self.bytes[link.at..link.at + 5].iter_mut().enumerate() {
            *byte = u8::try_from(u64::from(number) >> (7 * place) & 0x7f)? | if place < 4 { 0x80 } else { 0 };
        }
        Ok(())
    }

    /// The program without the linker's account, and with dead functions that do nothing but fail.
    pub(crate) fn write(&self) -> Result<Vec<u8>> {
        let mut module = wasm_encoder::Module::new();
        let mut code = CodeSection::new();
        for payload in Parser::new(0).parse_all(&self.bytes) {
            match payload? {
                Payload::CodeSectionStart { .. } => {
                    for (place, body) in self.bodies.iter().enumerate() {
                        // No locals, `unreachable`, `end`.
                        let dead: &[u8] = &[0, 0, 0x0b];
                        code.raw(if self.dead.contains(&(self.imported + place)) {
                            dead
                        } else {
                            &self.bytes[body.clone()]
                        });
                    }
                    module.section(&code);
                }
                Payload::CustomSection(custom) if is_account(custom.name()) => {}
                payload => {
                    if let Some((id, range)) = payload.as_section() {
                        module.section(&RawSection { id, data: &self.bytes[range] });
                    }
                }
            }
        }
        Ok(module.finish())
    }

    fn take<'a>(&mut self, payload: Payload<'a>, sections: &mut Sections<'a>) -> Result<()> {
        match payload {
            Payload::TypeSection(types) => {
                for ty in types.into_iter_err_on_gc_types() {
                    sections.types.push(ty?.params().len());
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    self.imports.insert(import.name.to_owned());
                    if let TypeRef::Func(ty) = import.ty {
                        self.imported += 1;
                        self.arities.push(sections.types[ty as usize]);
                    }
                }
            }
            Payload::FunctionSection(types) => {
                for ty in types {
                    self.arities.push(sections.types[ty? as usize]);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.exports.push((export.name.to_owned(), export.index as usize));
                    }
                }
            }
            Payload::StartSection { func, .. } => self.exports.push((String::new(), func as usize)),
            Payload::CodeSectionEntry(body) => self.bodies.push(body.range()),
            Payload::DataSection(data) => {
                for segment in data {
                    let segment = segment?;
                    ensure!(matches!(segment.kind, DataKind::Active { .. }), "data of another kind");
                    sections.segments.push(segment.range.end - segment.data.len()..segment.range.end);
                }
            }
            Payload::CustomSection(custom) => match custom.as_known() {
                KnownCustom::Name(subsections) => self.take_names(subsections)?,
                KnownCustom::Linking(linking) => {
                    for subsection in linking.subsections() {
                        if let Linking::SymbolTable(symbols) = subsection? {
                            sections.symbols = symbols.into_iter().collect::<Result<_, _>>()?;
                        }
                    }
                }
                KnownCustom::Reloc(relocations) => {
                    let entries = relocations.entries().into_iter().collect::<Result<_, _>>()?;
                    sections.relocations.push((relocations.section_index() as usize, entries));
                }
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn take_names(&mut self, subsections: wasmparser::NameSectionReader<'_>) -> Result<()> {
        for names in subsections {
            if let Name::Function(names) = names? {
                for naming in names {
                    let naming = naming?;
                    self.names
                        .insert(naming.index as usize, without_hashes(&demangle(naming.name).to_string()));
                }
            }
        }
        Ok(())
    }

    fn link(&mut self, sections: &Sections<'_>) -> Result<()> {
        let things = self.things(sections)?;
        let by_place: Vec<(Range<usize>, Thing)> = {
            let bodies = self.bodies.iter().cloned().enumerate();
            let bodies = bodies.map(|(place, body)| (body, Thing::Function(self.imported + place)));
            let constants = self.constants.iter().enumerate();
            let constants = constants.map(|(place, constant)| (constant.clone(), Thing::Constant(place)));
            let mut all: Vec<_> = bodies.chain(constants).collect();
            all.sort_by_key(|(range, _)| (range.start, range.end));
            all
        };
        for (section, entries) in &sections.relocations {
            let start = *sections.starts.get(*section).context("links of no section")?;
            for entry in entries {
                let Some(to) = target(entry, &things)? else { continue };
                let at = start + entry.offset as usize;
                let before = by_place.partition_point(|(range, _)| range.start <= at);
                let holds = |(range, _): &&(Range<usize>, Thing)| range.contains(&at);
                let from = by_place[..before].iter().rev().take(4).find(holds).map(|(_, thing)| *thing);
                self.links.push(Link { from, to, at, kind: entry.ty, addend: entry.addend });
            }
        }
        Ok(())
    }

    /// The thing that each symbol stands for.
    fn things(&mut self, sections: &Sections<'_>) -> Result<Vec<Option<Thing>>> {
        let mut known: HashMap<(u32, u32), usize> = HashMap::new();
        let mut things = Vec::new();
        for symbol in &sections.symbols {
            things.push(match symbol {
                SymbolInfo::Func { index, .. } => Some(Thing::Function(*index as usize)),
                SymbolInfo::Data { symbol: Some(symbol), .. } => self.constant(symbol, sections, &mut known),
                _ => None,
            });
        }
        Ok(things)
    }

    /// The constant of a symbol; none if it begins as zeros, which are not in the file.
    fn constant(
        &mut self,
        symbol: &DefinedDataSymbol,
        sections: &Sections<'_>,
        known: &mut HashMap<(u32, u32), usize>,
    ) -> Option<Thing> {
        let segment = sections.segments.get(symbol.index as usize)?;
        let start = (segment.start + symbol.offset as usize).min(segment.end);
        let end = (start + symbol.size as usize).min(segment.end);
        // Several names of one place are one constant, as long as the longest of them.
        let place = *known.entry((symbol.index, symbol.offset)).or_insert_with(|| {
            self.constants.push(start..end);
            self.constants.len() - 1
        });
        let bytes = &mut self.constants[place];
        bytes.end = bytes.end.max(end);
        Some(Thing::Constant(place))
    }
}

/// What an entry of the linker's names, if that is a function or a constant.
fn target(entry: &RelocationEntry, things: &[Option<Thing>]) -> Result<Option<Thing>> {
    use RelocationType::{
        FunctionIndexLeb, GlobalIndexLeb, MemoryAddrI32, MemoryAddrLeb, MemoryAddrSleb, TableIndexI32,
        TableIndexSleb, TableNumberLeb, TypeIndexLeb,
    };
    match entry.ty {
        FunctionIndexLeb | TableIndexSleb | TableIndexI32 | MemoryAddrLeb | MemoryAddrSleb
        | MemoryAddrI32 => Ok(*things.get(entry.index as usize).context("a link to nothing")?),
        TypeIndexLeb | GlobalIndexLeb | TableNumberLeb => Ok(None),
        other => bail!("links of the kind {other:?} are not known here"),
    }
}

fn is_account(section: &str) -> bool {
    section == "linking" || section.starts_with("reloc.")
}

/// The name without the hashes in square brackets that tell crates of one name apart.
pub(crate) fn without_hashes(name: &str) -> String {
    let mut parts = name.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| name + part.split_once(']').map_or(part, |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        ConstExpr, CustomSection, DataSection, DataSymbolDefinition, ExportKind, ExportSection,
        FunctionSection, LinkingSection, MemorySection, MemoryType, SymbolTable, TypeSection,
    };

    /// One function that names the second of two constants, and another that nobody calls.
    fn linked() -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        functions.function(0).function(0);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut exports = ExportSection::new();
        exports.export("main", ExportKind::Func, 0);
        let mut code = CodeSection::new();
        // No locals; `i32.const` with the address in five bytes; `drop`; `end`.
        code.raw(&[0, 0x41, 0x84, 0x88, 0x80, 0x80, 0, 0x1a, 0x0b]).raw(&[0, 0x01, 0x0b]);
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(1024), *b"onlytwos");
        let mut symbols = SymbolTable::new();
        for offset in [0, 4] {
            symbols.data(0, "text", Some(DataSymbolDefinition { index: 0, offset, size: 4 }));
        }
        let mut linking = LinkingSection::new();
        linking.symbol_table(&symbols);
        module
            .section(&types)
            .section(&functions)
            .section(&memories)
            .section(&exports)
            .section(&code)
            .section(&data);
        // Of the fifth section: one entry, a signed address at the fourth byte, of the second symbol.
        let account = CustomSection { name: "reloc.CODE".into(), data: (&[4, 1, 4, 4, 1, 0]).into() };
        module.section(&linking).section(&account);
        module.finish()
    }

    #[test]
    fn an_address_in_code_leads_to_its_constant() {
        let program = Program::read(&linked()).unwrap();
        let [link] = &program.links[..] else { panic!("not one") };
        assert_eq!((link.from, link.to), (Some(Thing::Function(0)), Thing::Constant(1)));
        assert_eq!((program.content(0), program.content(1)), (&b"only"[..], &b"twos"[..]));
        assert_eq!(
            (program.exports.clone(), program.functions(), program.arity(1)),
            (vec![("main".to_owned(), 0)], 2, 0)
        );
    }

    #[test]
    fn what_is_put_blanked_and_dead_is_written() {
        let mut program = Program::read(&linked()).unwrap();
        let link = program.links[0].clone();
        program.put(&link, 300).unwrap();
        program.blank(1);
        program.dead.insert(1);
        let written = program.write().unwrap();
        let holds = |bytes: &[u8]| written.windows(bytes.len()).any(|window| window == bytes);
        assert!(holds(&[0x41, 0xac, 0x82, 0x80, 0x80, 0, 0x1a, 0x0b]));
        assert!(holds(b"only\0\0\0\0") && holds(&[3, 0, 0, 0x0b]) && !holds(b"reloc") && !holds(b"linking"));
        assert!(Program::read(&written).is_err());
    }
}
