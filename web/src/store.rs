//! What a profile keeps in this browser: one IndexedDB database each.

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, Query, TransactionMode};
use js_sys::Uint8Array;
use std::cell::OnceCell;
use std::future::IntoFuture;
use std::rc::Rc;
use tertulia_webrtc::Record;
use tertulia_webrtc::browser::{Memory, Storage};
use wasm_bindgen::{JsCast, JsValue};

const VERSION: u32 = 2;
const KEPT: &str = "kept";
/// What the core keeps: binary keys, byte arrays.
const RECORDS: &str = "records";
const IDENTITY: &str = "identity";

/// The store of one profile. A temporary one has none, and forgets.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    database: Option<String>,
}

impl Store {
    /// The store of the profile called `profile`.
    pub(crate) fn of(profile: &str) -> Self {
        let database = if profile.is_empty() { "tertulia".into() } else { format!("tertulia:{profile}") };
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

    /// The identity that was kept here, as its bytes.
    pub(crate) async fn identity(&self) -> Result<Option<Vec<u8>>, Error> {
        let Some(name) = &self.database else { return Ok(None) };
        let database = open(name).await?;
        let transaction = database.transaction(&[KEPT], TransactionMode::ReadOnly)?;
        let value = transaction.object_store(KEPT)?.get(JsValue::from_str(IDENTITY))?.await?;
        database.close();
        Ok(value.and_then(|value| value.dyn_into::<Uint8Array>().ok()).map(|bytes| bytes.to_vec()))
    }

    /// Keeps the identity, in place of the one before.
    pub(crate) async fn keep_identity(&self, bytes: &[u8]) -> Result<(), Error> {
        let Some(name) = &self.database else { return Ok(()) };
        let database = open(name).await?;
        let transaction = database.transaction(&[KEPT], TransactionMode::ReadWrite)?;
        let value = Uint8Array::from(bytes);
        transaction.object_store(KEPT)?.put(&value, Some(&JsValue::from_str(IDENTITY)))?.await?;
        transaction.commit()?.await?;
        database.close();
        Ok(())
    }

    /// What the node kept here, and the way to keep more.
    pub(crate) async fn memory(&self) -> Result<Memory, Error> {
        let Some(name) = &self.database else { return Ok(Memory::default()) };
        let mut database = open(name).await?;
        let transaction = database.transaction(&[RECORDS], TransactionMode::ReadOnly)?;
        let store = transaction.object_store(RECORDS)?;
        let keys = store.get_all_keys(None, None)?.into_future();
        let values = store.get_all(None, None)?.into_future();
        let (keys, values) = (keys.await?, values.await?);
        let bytes = |value: JsValue| Uint8Array::new(&value).to_vec();
        let records = keys.into_iter().map(bytes).zip(values.into_iter().map(bytes)).collect();
        // The connection stays open, and gives way when the profile is erased.
        let connection = Rc::new(OnceCell::new());
        let of_event = Rc::clone(&connection);
        database.on_version_change(move |_| of_event.get().into_iter().for_each(Database::close));
        let _ = connection.set(database);
        let of_reads = Rc::clone(&connection);
        let keep = move |batch| {
            let connection = Rc::clone(&connection);
            Box::pin(async move {
                match connection.get() {
                    Some(database) => write(database, batch).await.unwrap_or(false),
                    None => false,
                }
            }) as _
        };
        let read = move |keys: Vec<Vec<u8>>| {
            let connection = Rc::clone(&of_reads);
            Box::pin(async move {
                let nothing = vec![None; keys.len()];
                match connection.get() {
                    Some(database) => read(database, keys).await.unwrap_or(nothing),
                    None => nothing,
                }
            }) as _
        };
        Ok(Memory { records, storage: Some(Storage { keep: Box::new(keep), read: Box::new(read) }) })
    }

    /// Forgets all of this profile.
    pub(crate) async fn erase(&self) -> Result<(), Error> {
        let Some(name) = &self.database else { return Ok(()) };
        Factory::new()?.delete(name)?.await
    }
}

async fn open(name: &str) -> Result<Database, Error> {
    let mut request = Factory::new()?.open(name, Some(VERSION))?;
    request.on_upgrade_needed(|event| {
        // Failing here fails the opening, which is told.
        if let Ok(database) = event.database() {
            let there = database.store_names();
            for name in [KEPT, RECORDS].into_iter().filter(|name| !there.iter().any(|one| one == name)) {
                let _ = database.create_object_store(name, ObjectStoreParams::new());
            }
        }
    });
    request.await
}

/// Reads the records of these keys, in their order.
async fn read(database: &Database, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, Error> {
    let transaction = database.transaction(&[RECORDS], TransactionMode::ReadOnly)?;
    let store = transaction.object_store(RECORDS)?;
    // All are asked for before the first is waited for: one round of the browser's.
    let mut asked = Vec::with_capacity(keys.len());
    for key in keys {
        asked.push(store.get(JsValue::from(Uint8Array::from(&key[..])))?.into_future());
    }
    let mut records = Vec::with_capacity(asked.len());
    for one in asked {
        records.push(one.await?.map(|value| Uint8Array::new(&value).to_vec()));
    }
    Ok(records)
}

/// Writes a batch in one transaction, and says whether it is complete.
async fn write(database: &Database, batch: Vec<Record>) -> Result<bool, Error> {
    let transaction = database.transaction(&[RECORDS], TransactionMode::ReadWrite)?;
    let store = transaction.object_store(RECORDS)?;
    for (key, value) in batch {
        let key = JsValue::from(Uint8Array::from(&key[..]));
        match value {
            Some(value) => drop(store.put(&Uint8Array::from(&value[..]), Some(&key))?),
            None => drop(store.delete(Query::Key(key))?),
        }
    }
    Ok(transaction.commit()?.await?.is_committed())
}
