//! What a profile keeps in this browser: one IndexedDB database each.

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, TransactionMode};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};

const VERSION: u32 = 1;
const KEPT: &str = "kept";
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
            let _ = database.create_object_store(KEPT, ObjectStoreParams::new());
        }
    });
    request.await
}
