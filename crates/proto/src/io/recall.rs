//! Reading again what is not in memory: a question is answered from memory, or with the keys of the records that it
//! cannot be answered without. Whoever asks reads them, and asks again with what was read.

use crate::group::{OpId, Operation};
use crate::table::Table;
use crate::wire::cbor::decode;

/// The keys of records that a question cannot be answered without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking(pub Vec<Vec<u8>>);

/// What was read again for one question.
#[derive(Clone, Debug, Default)]
pub struct Recalled(Table<OpId, Option<Operation>>);

impl Recalled {
    /// The answer to a question, where the record of a key can be read at once.
    pub fn answer<T>(
        mut question: impl FnMut(&mut Self) -> Result<T, Lacking>,
        read: impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> T {
        let mut recalled = Self::default();
        loop {
            match question(&mut recalled) {
                Ok(answer) => return answer,
                Err(Lacking(keys)) => keys.iter().for_each(|key| recalled.take(key, read(key).as_deref())),
            }
        }
    }

    /// Takes the record of a key that was lacking; none when there is no such record. Nothing more is asked for it then: what
    /// was damaged is left out of the answer.
    pub fn take(&mut self, key: &[u8], value: Option<&[u8]>) {
        if let Some((_, id)) = crate::store::kept_operation(key) {
            let operation = value.and_then(decode::<Operation>);
            self.0.insert(id, operation.filter(|operation| operation.key().to_bytes() == key));
        }
    }

    /// An operation that was read again; nothing when it was not asked for yet.
    pub(crate) fn operation(&self, id: &OpId) -> Option<Option<&Operation>> {
        self.0.get(id).map(Option::as_ref)
    }

    /// Lets go of all of it.
    pub(crate) fn clear(&mut self) {
        self.0 = Table::default();
    }
}
