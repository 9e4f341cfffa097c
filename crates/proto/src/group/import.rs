//! Taking history back in from an export. The file is believed in nothing: each operation proves itself, as if a peer had
//! sent it, and stands where its dependencies put it.

use super::archive::{Imported, Kept, Line};
use super::conversation::Conversation;
use super::op::{Body, ConversationId, Create, History, Operation};
use super::{CONVERSATIONS_MAX, Groups};
use crate::ctx::Ctx;

/// Where an import is: in one conversation at a time, so that what waits for others is bounded once.
pub(super) struct Importing {
    conversation: ConversationId,
    /// What the export says of it, until that is used.
    kept: Option<Kept>,
    /// Whether anything of it was taken in.
    changes: bool,
}

impl Groups {
    /// Takes in a piece of an export, made of whole lines. After the `last` one nothing waits for more.
    pub(crate) fn import(&mut self, ctx: &mut Ctx<'_>, text: &str, last: bool) -> Imported {
        let mut imported = Imported::default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match Line::parse(line) {
                None => imported.refuse("line_unreadable", 1),
                Some(Line::Frame) => {}
                Some(Line::Conversation(kept)) => {
                    self.end_import(ctx, &mut imported);
                    self.begin_import(kept.conversation, Some(*kept));
                }
                Some(Line::Operation(operation)) => self.import_one(ctx, *operation, &mut imported),
            }
        }
        if last {
            self.end_import(ctx, &mut imported);
        }
        imported
    }

    fn begin_import(&mut self, conversation: ConversationId, kept: Option<Kept>) {
        self.importing = Some(Importing { conversation, kept, changes: false });
    }

    fn import_one(&mut self, ctx: &mut Ctx<'_>, operation: Operation, imported: &mut Imported) {
        let id = operation.conversation();
        if self.importing.as_ref().is_none_or(|at| at.conversation != id) {
            self.end_import(ctx, imported);
            self.begin_import(id, None);
        }
        if !self.by_id.contains_key(&id)
            && let Err(reason) = self.found(ctx, &operation, imported)
        {
            return imported.refuse(reason, 1);
        }
        let (Some(conversation), Some(at)) = (self.by_id.get_mut(&id), &mut self.importing) else { return };
        at.changes |= conversation.import(ctx, operation, imported);
    }

    /// Makes room for a conversation that is not here, by its Create.
    fn found(
        &mut self,
        ctx: &mut Ctx<'_>,
        create: &Operation,
        imported: &mut Imported,
    ) -> Result<(), &'static str> {
        let Body::Create(Create { history, .. }) = &create.content().body else {
            return Err("import_without_beginning");
        };
        if !create.verify() {
            return Err("operation_signature_wrong");
        }
        if self.by_id.len() >= CONVERSATIONS_MAX {
            return Err("import_too_many_conversations");
        }
        let mut kept = self.importing.as_mut().and_then(|at| at.kept.take());
        if let Some(kept) = &mut kept {
            // Where everything is given, nothing came before anybody's time.
            kept.horizons.take_if(|_| *history == History::All);
        }
        let id = create.conversation();
        self.by_id.insert(id, Conversation::imported(ctx, id, kept));
        imported.conversations += 1;
        Ok(())
    }

    /// Ends the import of one conversation.
    fn end_import(&mut self, ctx: &mut Ctx<'_>, imported: &mut Imported) {
        let Some(Importing { conversation, changes, .. }) = self.importing.take() else { return };
        if let Some(conversation) = self.by_id.get_mut(&conversation) {
            conversation.end_import(ctx, &self.linked, changes, imported);
        }
    }
}
