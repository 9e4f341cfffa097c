//! What can be typed on the terminal.

/// What `/help` says.
pub(super) const HELP: &str = "\
Text without a slash is sent to the current conversation. A text that begins with a slash: //text
  /invite [ticket] [hand]     an invite to you, or into the current conversation; with a ticket its bearer
                              need not ask; by hand it carries an offer, to be answered by a reply code
  /open INVITE [private|public] [words]
                              join the network by an invite, and ask whoever made it for a conversation
                              (tertulia --introducer INVITE joins without asking)
  /search WORDS               look for people who are listed under such words; the beginning of a word will do
  /ask n [private|public] [words]
                              ask number n of those who were found for a conversation
  /list WORDS                 be found by everybody, by your name and these words instead of those before: at most
                              8 of up to 32 letters; /unlist, be found no longer; /list alone, how you are found now
  /reply CODE                 finish what `/invite hand` began
  /me TEXT                    say what you do
  /history [count]            the last messages, with their numbers
  /find WORDS                 messages of all conversations with these words; in quotation marks: together
  /reply [#n] TEXT            answer message n (the last of others)
  /edit [#n] TEXT             give your message n (your last) other words
  /delete [#n]                take it back, for all
  /react [#n] EMOJI           react to message n (the last); /unreact takes it back
  /accept [n] [into m]        accept request n (the latest), into a new conversation or into number m
  /refuse [n]                 refuse it
  /later [n]                  let whoever asks leave a message
  /message TEXT               leave one, where your request found nobody in
  /away  /back                have every request answered so, or no longer
  /inbox                      messages that were left for you; /dismiss n takes one out
  /new [private|public] [name]  begin a conversation that you then invite others into
  /conversations              list them, with their numbers
  /chat n                     make number n the current one
  /participants               who is in the current one
  /leave                      leave it
  /forget                     leave it, and drop all of it here
  /block NAME                 hear nothing more of somebody; /unblock NAME; /blocked
  /export [here] FILE         write all conversations, or the current one, to a file; FILE.html is a page to read
  /import FILE                take conversations in from such a file, if it is no page
  /peers                      the nodes that you are linked to
  /nick NAME                  be called something else from now on
  /help [COMMAND]             all of this, or what is said here of one command
  /quit                       end; the conversations go on next time (also Ctrl-C)
A backslash does as well: \\help \\chat \\quit";

/// What the help says of one command, which it may say beside that of another.
pub(super) fn usage(word: &str) -> Option<String> {
    let command = format!("/{word}");
    let begins = |entry: &String| entry.split_whitespace().next() == Some(&command);
    let names =
        |entry: &String| entry.split(|c: char| !c.is_alphanumeric() && c != '/').any(|name| name == command);
    let (mut own, beside): (Vec<_>, Vec<_>) = entries().into_iter().filter(names).partition(begins);
    if own.is_empty() {
        own = beside;
    }
    (!own.is_empty()).then(|| own.join("\n"))
}

/// The entries: each is a line that begins with a slash, with those below it that go on with it.
fn entries() -> Vec<String> {
    let entries =
        HELP.split("\n  /").skip(1).map(|entry| entry.split("\nA backslash").next().unwrap_or(entry));
    entries.map(|entry| format!("  /{entry}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_command() {
        for word in [
            "accept",
            "refuse",
            "participants",
            "conversations",
            "chat",
            "new",
            "invite",
            "open",
            "reply",
            "search",
            "ask",
            "list",
            "unlist",
            "leave",
            "peers",
            "nick",
            "me",
            "history",
            "edit",
            "delete",
            "react",
            "unreact",
            "later",
            "message",
            "away",
            "back",
            "inbox",
            "dismiss",
            "forget",
            "block",
            "unblock",
            "blocked",
            "export",
            "import",
            "help",
            "quit",
        ] {
            assert!(HELP.contains(&format!("/{word}")), "{word}");
        }
    }

    #[test]
    fn one_command_is_told_by_itself_and_whole() {
        assert_eq!(usage("find").unwrap().lines().count(), 1);
        assert!(usage("open").unwrap().ends_with("joins without asking)"));
        let reply = usage("reply").unwrap();
        assert!(reply.contains("/reply CODE") && reply.contains("/reply [#n] TEXT"), "{reply}");
        assert!(!usage("invite").unwrap().contains("/reply"));
        for (word, beside) in
            [("unlist", "/list"), ("dismiss", "/inbox"), ("back", "/away"), ("unreact", "/react")]
        {
            assert!(usage(word).unwrap().trim_start().starts_with(beside), "{word}");
        }
        assert_eq!(usage("frobnicate"), None);
    }
}
