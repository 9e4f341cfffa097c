//! The chat on the terminal: one line is one message or one command.

mod chat;
mod command;
mod help;
mod history;
mod network;
mod notices;
mod people;
mod said;
mod text;

pub(crate) use network::found_line;

use crate::failure::Failure;
use crate::pipes::{Closed, Line, Lines, Writer};
use crate::session::{Session, own_invite};
use crate::stop::Signal;
use chat::{Chat, Flow};
use std::io::{IsTerminal, stdin, stdout};
use tertulia_webrtc::native::Events;

/// How serving came to its end.
enum End {
    /// A person asked for it.
    Asked,
    /// The node ended by itself.
    NodeGone,
}

/// Chats until the person quits or `stop` completes; then ends properly.
pub(crate) async fn run(
    session: &Session,
    mut events: Events,
    lines: Lines,
    writer: Writer,
    stop: impl Future<Output = Signal>,
) -> Result<(), Failure> {
    let talk = async {
        welcome(session, &writer).await?;
        Ok::<_, Failure>(talk(session, &mut events, lines, &writer).await)
    };
    let end = tokio::select! {
        end = talk => end?,
        _ = stop => End::Asked,
    };
    if matches!(end, End::NodeGone) {
        writer.finish().await;
        return Err(anyhow::anyhow!("the node has stopped by itself").into());
    }
    session.quit().await;
    writer.finish().await;
    Ok(())
}

/// Says where the node is and how to invite others. Without a reader this is for nobody, and no reason to end.
async fn welcome(session: &Session, writer: &Writer) -> Result<(), Failure> {
    let me = session.me().await.map_err(anyhow::Error::from)?;
    let invite = own_invite(&session.handle).await?;
    let link = session.invite_url(&invite).unwrap_or_else(|| invite.to_string());
    let mut lines =
        vec![format!("You are {}. /help lists what you can type.", text::plain(me.name.as_str()))];
    if let Some(url) = &session.url {
        lines.push(format!("Your page:   {url}"));
    }
    lines.extend(session.lan_urls.iter().map(|url| format!("On the LAN:  {url}")));
    lines.push(format!("Invite:      {link}"));
    lines.extend(text::qr(&link, stdout().is_terminal()));
    let _ = writer.line(lines.join("\n")).await;
    Ok(())
}

async fn talk(session: &Session, events: &mut Events, mut lines: Lines, writer: &Writer) -> End {
    let mut chat = Chat::new(session);
    let mut reading = true;
    loop {
        let (out, flow) = tokio::select! {
            line = lines.next(), if reading => match line {
                Some(Line::Text(line)) => chat.take(&line).await,
                Some(Line::TooLong) => (vec!["That line is too long and was not sent.".to_owned()], Flow::On),
                // Ctrl-D of a person is goodbye; a service that was started without input goes on.
                None if stdin().is_terminal() => return End::Asked,
                None => { reading = false; (Vec::new(), Flow::On) }
            },
            notice = events.next() => match notice {
                Some(notice) => (chat.notice(notice).await, Flow::On),
                None => return End::NodeGone,
            },
        };
        for line in out {
            // A terminal that is gone is no reason for the node to go: others may be served by it.
            let (Ok(()) | Err(Closed)) = writer.line(line).await;
        }
        if flow == Flow::Quit {
            return End::Asked;
        }
    }
}
