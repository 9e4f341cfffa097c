//! One conversation: who, what was said, and where to say more.

use super::composer::Composer;
use super::erased::{When, dynamic, flag, press, text};
use super::frame::Head;
use super::messages::Messages;
use super::participants::Participants;
use crate::session::Session;
use crate::ui::{Overlay, Ui};
use leptos::html;
use leptos::prelude::*;
use tertulia_proto::group::{ConversationId, ConversationKind};
use tertulia_proto::io::ConversationView;

/// From this width on, who is here stands beside the talk from the start (styles/layout.css has the same).
const WIDE: &str = "(min-width: 75rem)";

/// A conversation.
#[component]
pub(crate) fn Conversation(id: ConversationId) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let name = text(move || session.name_of(id));
    let detail =
        text(move || session.state.with(|state| state.conversation(id).map(describe).unwrap_or_default()));
    let is_open =
        Memo::new(move |_| session.state.with(|state| state.conversation(id).is_some_and(|view| view.open)));
    let shows_participants = RwSignal::new(is_wide());
    let list = NodeRef::<html::Section>::new();
    let open_participants = move || {
        shows_participants.set(true);
        request_animation_frame(move || {
            list.try_get_untracked().flatten().into_iter().for_each(|list| drop(list.focus()));
        });
    };
    let write = dynamic(move || {
        if is_open.get() {
            view! { <Composer conversation=id /> }.into_any()
        } else {
            view! { <p class="over">"This conversation is over for you. What was said stays here."</p> }
                .into_any()
        }
    });
    view! {
        <section class="conversation" class:with-participants=flag(move || shows_participants.get())>
            <div class="talk">
                <Head title=name detail>
                    <When on=is_open>
                        <button on:click=press(move || ui.open(Overlay::Invite(Some(id))))>"Invite"</button>
                    </When>
                    <button
                        aria-expanded=text(move || shows_participants.get().to_string())
                        on:click=press(open_participants)
                    >
                        "Participants"
                    </button>
                </Head>
                <Messages conversation=id />
                {write}
            </div>
            <When on=shows_participants>
                <Participants id node_ref=list shown=shows_participants />
            </When>
        </section>
    }
}

/// Who is in it, in a line.
fn describe(view: &ConversationView) -> String {
    let others = view.participants.iter().filter(|participant| !participant.me).count();
    let linked = view.participants.iter().filter(|participant| !participant.me && participant.linked).count();
    let kind = match view.kind {
        ConversationKind::Private => "Private",
        ConversationKind::Public => "Public",
    };
    match others {
        _ if !view.open => format!("{kind}, over"),
        0 => format!("{kind}, nobody else yet"),
        1 if linked == 1 => format!("{kind}, you and one other, online"),
        1 => format!("{kind}, you and one other"),
        _ => format!("{kind}, you and {others} others, {linked} online"),
    }
}

fn is_wide() -> bool {
    window().match_media(WIDE).ok().flatten().is_some_and(|query| query.matches())
}
