//! What a profile keeps in this browser: one IndexedDB database each.

use crate::view::window;
use js_sys::{Array, Promise, Uint8Array};
use tertulia_webrtc::Record;
use tertulia_webrtc::browser::{Read, Reader, Storage, Waking, after};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    IdbDatabase, IdbFactory, IdbKeyRange, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction,
    IdbTransactionMode,
};

const VERSION: u32 = 2;
const KEPT: &str = "kept";
/// What the core keeps: binary keys, byte arrays.
const RECORDS: &str = "records";
const IDENTITY: &str = "identity";
/// Records that a node takes back at once: a megabyte of talk.
const READ_MAX: u32 = 2_048;

/// The store of one profile. A temporary one has none, and forgets.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    database: Option<String>,
}

impl Store {
    /// The store of the profile called `profile`.
    pub(crate) fn of(profile: &str) -> Self {
        let database = if profile.is_empty() { "tertulia".into() } else { ["tertulia:", profile].concat() };
        Self { database: Some(database) }
    }

    /// A store that keeps nothing.
    pub(crate) fn none() -> Self {
        Self { database: None }
    }

    /// Whether anything is kept at all.
    pub(crate) fn keeps(&self) -> bool {
        self.database.is_some()
    }

    /// Has `take` told the identity that was kept here, as its bytes, or why that cannot be known.
    pub(crate) fn identity(&self, take: impl FnOnce(Result<Option<Vec<u8>>, JsValue>) + 'static) {
        let Some(name) = &self.database else { return take(Ok(None)) };
        open(name, move |database| {
            let read = database.as_ref().map_err(Clone::clone).and_then(|database| {
                let store = part(database, KEPT, IdbTransactionMode::Readonly)?;
                store.get(&IDENTITY.into())
            });
            let read = match read {
                Ok(read) => read,
                Err(why) => return take(Err(why)),
            };
            result(read, move |value| {
                database.iter().for_each(IdbDatabase::close);
                take(value.map(|value| value.dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec())));
            });
        });
    }

    /// Keeps the identity, in place of the one before, and has `then` told whether it is durable.
    pub(crate) fn keep_identity(&self, bytes: &[u8], then: impl FnOnce(bool) + 'static) {
        let Some(name) = &self.database else { return then(true) };
        let value = Uint8Array::from(bytes);
        open(name, move |database| {
            let Ok(database) = database else { return then(false) };
            let write = |store: &IdbObjectStore| store.put_with_key(&value, &IDENTITY.into()).map(drop);
            after(&change(&database, KEPT, &write), move |outcome| {
                database.close();
                then(outcome.is_ok());
            });
        });
    }

    /// Has a node take back what was kept here, and has `take` given it with the way to keep more; nothing when that cannot
    /// be read, or nothing is kept.
    pub(crate) fn wake(&self, waking: Waking, take: impl FnOnce(Option<(Waking, Storage)>) + 'static) {
        let Some(name) = &self.database else { return take(None) };
        open(name, move |database| match database {
            Ok(database) => wake_from(database, None, waking, Box::new(take)),
            Err(_) => take(None),
        });
    }

    /// Forgets all of this profile, and has `then` told whether that was done.
    pub(crate) fn erase(&self, then: impl FnOnce(bool) + 'static) {
        let Some(name) = &self.database else { return then(true) };
        match factory().and_then(|factory| factory.delete_database(name)) {
            Ok(request) => result(request.into(), move |outcome| then(outcome.is_ok())),
            Err(_) => then(false),
        }
    }
}

/// What is done with a node that has taken everything back.
type Woken = Box<dyn FnOnce(Option<(Waking, Storage)>)>;

/// Goes on with what stands behind a key, some records at a time: never all of them are in memory.
fn wake_from(database: IdbDatabase, last: Option<JsValue>, mut waking: Waking, take: Woken) {
    let behind = match last.map(|last| IdbKeyRange::lower_bound_with_open(&last, true)) {
        None => JsValue::UNDEFINED,
        Some(Ok(range)) => range.into(),
        Some(Err(_)) => return take(None),
    };
    let read = part(&database, RECORDS, IdbTransactionMode::Readonly).and_then(|store| {
        let keys = store.get_all_keys_with_key_and_limit(&behind, READ_MAX)?;
        Ok((keys, store.get_all_with_key_and_limit(&behind, READ_MAX)?))
    });
    let Ok((keys, values)) = read else { return take(None) };
    // Both were asked for in this order, and are answered in it.
    result(values, move |values| {
        let Ok((keys, values)) = values.and_then(|values| Ok((keys.result()?, values))) else {
            return take(None);
        };
        let (keys, values): (Array, Array) = (keys.unchecked_into(), values.unchecked_into());
        for (key, value) in keys.iter().zip(values.iter()) {
            waking.restoring.take(&Uint8Array::new(&key).to_vec(), &Uint8Array::new(&value).to_vec());
        }
        match keys.length().checked_sub(1).filter(|_| keys.length() == READ_MAX) {
            Some(last) => wake_from(database, Some(keys.get(last)), waking, take),
            None => take(Some((waking, storage(database)))),
        }
    });
}

/// Keeps batches and reads them again. The connection stays open, and gives way when the profile is erased.
fn storage(database: IdbDatabase) -> Storage {
    let gives_way = database.clone();
    let give_way: Box<dyn Fn()> = Box::new(move || gives_way.close());
    database.set_onversionchange(Some(Closure::wrap(give_way).into_js_value().unchecked_ref()));
    let of_reads = database.clone();
    let keep = move |batch: Vec<Record>| {
        change(&database, RECORDS, &|store| {
            for (key, value) in &batch {
                let key = bytes(key);
                match value {
                    Some(value) => store.put_with_key(&bytes(value), &key)?,
                    None => store.delete(&key)?,
                };
            }
            Ok(())
        })
    };
    Storage { keep: Box::new(keep), read: Box::new(move |keys, reader| read(&of_reads, &keys, reader)) }
}

/// Reads the records of these keys, in their order: all are asked for in one round.
fn read(database: &IdbDatabase, keys: &[Vec<u8>], reader: Reader) {
    let asked = part(database, RECORDS, IdbTransactionMode::Readonly).and_then(|store| {
        let asked: Vec<IdbRequest> =
            keys.iter().map(|key| store.get(&bytes(key))).collect::<Result<_, _>>()?;
        Ok((asked, end_of(&store.transaction())))
    });
    let (asked, end) = asked.unwrap_or_else(|why| (Vec::new(), Promise::reject(&why)));
    let count = keys.len();
    after(&end, move |_| {
        let value = |request: &IdbRequest| request.result().ok()?.dyn_into::<Uint8Array>().ok();
        let mut read: Read = asked.iter().map(|request| Some(value(request)?.to_vec())).collect();
        read.resize(count, None);
        reader(read);
    });
}

fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn factory() -> Result<IdbFactory, JsValue> {
    window().indexed_db()?.ok_or(JsValue::NULL)
}

/// Opens the database called `name`, with the parts that it is to have.
fn open(name: &str, take: impl FnOnce(Result<IdbDatabase, JsValue>) + 'static) {
    let request = match factory().and_then(|factory| factory.open_with_u32(name, VERSION)) {
        Ok(request) => request,
        Err(why) => return take(Err(why)),
    };
    let upgraded = request.clone();
    let upgrade: Box<dyn Fn()> = Box::new(move || prepare(&upgraded));
    request.set_onupgradeneeded(Some(Closure::wrap(upgrade).into_js_value().unchecked_ref()));
    result(request.into(), move |database| take(database.map(JsCast::unchecked_into)));
}

fn prepare(request: &IdbOpenDbRequest) {
    // Failing here fails the opening, which is told.
    if let Ok(database) = request.result() {
        let database: IdbDatabase = database.unchecked_into();
        let there = database.object_store_names();
        for name in [KEPT, RECORDS].into_iter().filter(|name| !there.contains(name)) {
            let _ = database.create_object_store(name);
        }
    }
}

/// A part of the database, in a transaction of its own.
fn part(database: &IdbDatabase, name: &str, mode: IdbTransactionMode) -> Result<IdbObjectStore, JsValue> {
    database.transaction_with_str_and_mode(name, mode)?.object_store(name)
}

/// Does what `write` writes in one transaction, and promises that all of it is durable then.
fn change(
    database: &IdbDatabase,
    name: &str,
    write: &dyn Fn(&IdbObjectStore) -> Result<(), JsValue>,
) -> Promise {
    let begun = part(database, name, IdbTransactionMode::Readwrite).and_then(|store| {
        let transaction = store.transaction();
        if let Err(why) = write(&store) {
            // What was asked for until here would be done.
            let _ = transaction.abort();
            return Err(why);
        }
        Ok(transaction)
    });
    match begun {
        Ok(transaction) => end_of(&transaction),
        Err(why) => Promise::reject(&why),
    }
}

/// Promises that all of a transaction is done.
fn end_of(transaction: &IdbTransaction) -> Promise {
    Promise::new(&mut |kept, broken| {
        transaction.set_oncomplete(Some(&kept));
        transaction.set_onabort(Some(&broken));
    })
}

/// Has `take` given what comes of a request.
fn result(request: IdbRequest, take: impl FnOnce(Result<JsValue, JsValue>) + 'static) {
    let promise = Promise::new(&mut |kept, broken| {
        request.set_onsuccess(Some(&kept));
        request.set_onerror(Some(&broken));
    });
    after(&promise, move |outcome| take(outcome.and_then(|_| request.result())));
}
