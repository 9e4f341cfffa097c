//! Parts of the page that come and go.

use super::effect::follow;
use super::{View, document, nothing, untrack};
use leptos::prelude::Owner;
use web_sys::Node;

/// A run of rows between two empty texts, which say where it is while there are none.
struct List {
    end: Node,
    /// Of the rows' owners.
    owner: Owner,
    rows: Vec<Row>,
}

/// A row that stands on the page.
struct Row {
    key: u128,
    owner: Owner,
    first: Node,
    last: Node,
}

/// What `read` reads, each drawn by `draw` as a row of its own. Rows keep their place in the document, their focus and
/// their state while others come and go, told from each other by their keys.
pub(crate) fn each<T: 'static, V: Into<View>>(
    read: impl Fn() -> Vec<T> + Send + 'static,
    key: fn(&T) -> u128,
    draw: impl Fn(&T) -> V + Send + 'static,
) -> View {
    let (mut list, view) = List::new();
    follow(Box::new(move || {
        let items = read();
        let keys: Vec<u128> = items.iter().map(key).collect();
        list.show(&keys, &|at| items.get(at).map_or_else(nothing, |item| draw(item).into()));
    }));
    view
}

/// What `draw` draws, while `is_on` holds.
pub(crate) fn when<V: Into<View>>(
    is_on: impl Fn() -> bool + Send + 'static,
    draw: impl Fn() -> V + Send + 'static,
) -> View {
    let keys = move || if is_on() { [0].as_slice() } else { &[] };
    keyed(Box::new(keys), Box::new(move |_| draw().into()))
}

fn keyed(keys: Box<dyn Fn() -> &'static [u128] + Send>, draw: Box<dyn Fn(usize) -> View + Send>) -> View {
    let (mut list, view) = List::new();
    follow(Box::new(move || list.show(keys(), &*draw)));
    view
}

/// What `draw` makes of what `read` reads, drawn anew whenever that has changed.
pub(crate) fn dynamic<T: PartialEq + Send + 'static, V: Into<View>>(
    read: impl Fn() -> T + Send + 'static,
    draw: impl Fn(&T) -> V + Send + 'static,
) -> View {
    let (mut list, view) = List::new();
    let mut before = None;
    follow(Box::new(move || {
        let now = read();
        if before.as_ref() != Some(&now) {
            list.show(&[], &|_| nothing());
            list.show(&[0], &|_| draw(&now).into());
            before = Some(now);
        }
    }));
    view
}

/// A key out of an identifier's first sixteen bytes, which are as good as random, and of what else is shown.
pub(crate) fn key_of(id: &[u8], also: &[u8]) -> u128 {
    let first = id.iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte));
    // FNV-1a: what is shown beside one identifier is short, and only has to differ from what was shown before.
    also.iter().fold(first, |key, byte| {
        (key ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

impl List {
    /// A list without rows, and what stands on the page for it.
    fn new() -> (Self, View) {
        let (start, end) = (nothing().0, nothing().0);
        let run = document().create_document_fragment();
        for node in [&start, &end] {
            let _ = run.append_child(node);
        }
        (Self { end, owner: Owner::new(), rows: Vec::new() }, View(run.into()))
    }

    /// Makes the rows those of `keys`. Those that are there already stay as they are.
    fn show(&mut self, keys: &[u128], draw: &dyn Fn(usize) -> View) {
        let mut before = std::mem::take(&mut self.rows);
        // What comes next is then the last.
        before.reverse();
        let mut rows = Vec::with_capacity(keys.len());
        for (at, key) in keys.iter().enumerate() {
            while let Some(gone) = before.pop_if(|row| !keys[at..].contains(&row.key)) {
                gone.remove();
            }
            let next = before.last().map_or(&self.end, |row| &row.first).clone();
            let row = match before.iter().rposition(|row| row.key == *key) {
                Some(there) => before.remove(there),
                None => self.row(*key, || draw(at)),
            };
            row.stand_before(&next);
            rows.push(row);
        }
        before.iter().for_each(Row::remove);
        self.rows = rows;
    }

    fn row(&self, key: u128, draw: impl FnOnce() -> View) -> Row {
        let owner = self.owner.with(Owner::new);
        // What is read in passing while a row is drawn is none of the list's business.
        let view = owner.with(|| untrack(draw));
        let (first, last) = view.ends();
        Row { key, owner, first, last }
    }
}

impl Row {
    fn stand_before(&self, next: &Node) {
        if let Some(parent) = next.parent_node().filter(|_| self.first != *next) {
            let _ = parent.insert_before(&self.lift(), Some(next));
        }
    }

    fn remove(&self) {
        self.owner.cleanup();
        self.lift();
    }

    /// Takes it from where it stands.
    fn lift(&self) -> Node {
        let run = document().create_document_fragment();
        let mut next = Some(self.first.clone());
        while let Some(node) = next {
            next = node.next_sibling().filter(|_| node != self.last);
            let _ = run.append_child(&node);
        }
        run.into()
    }
}
