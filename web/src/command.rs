//! What one types behind a slash instead of saying it.

/// The commands and what they do, for the list that completes them and the one of the keys.
pub(crate) const COMMANDS: [(&str, &str); 8] = [
    ("/me", "Say what you do"),
    ("/nick", "Take another name"),
    ("/invite", "Invite somebody to this conversation"),
    ("/search", "Look for people by their words"),
    ("/leave", "Leave this conversation"),
    ("/away", "Let the answering machine answer requests"),
    ("/back", "Answer requests yourself again"),
    ("/help", "List the commands and the keys"),
];

/// What was typed into the composer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typed<'a> {
    /// Something to say, emotes included.
    Words,
    /// A command and what stands behind it.
    Command(&'static str, &'a str),
    /// What looks like a command and is none.
    Unknown(&'a str),
}

/// Takes what was typed apart.
pub(crate) fn parse(text: &str) -> Typed<'_> {
    if !text.starts_with('/') {
        return Typed::Words;
    }
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match COMMANDS.iter().find(|(name, _)| *name == word) {
        Some(("/me", _)) if !rest.trim().is_empty() => Typed::Words,
        Some((name, _)) => Typed::Command(name, rest.trim()),
        None => Typed::Unknown(word),
    }
}

/// The commands that what was typed so far may become.
pub(crate) fn completions(text: &str) -> Vec<(&'static str, &'static str)> {
    let fits = |name: &str| text.starts_with('/') && name.starts_with(text) && name.len() > text.len();
    COMMANDS.into_iter().filter(|(name, _)| fits(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_a_slash_is_a_command() {
        assert_eq!(parse("hello /me"), Typed::Words);
        assert_eq!(parse("/me waves"), Typed::Words);
        assert_eq!(parse("/me "), Typed::Command("/me", ""));
        assert_eq!(parse("/nick Ana  Maria "), Typed::Command("/nick", "Ana  Maria"));
        assert_eq!(parse("/leaves"), Typed::Unknown("/leaves"));
        assert_eq!(parse(" /leave"), Typed::Words);
    }

    #[test]
    fn commands_complete_until_they_are_complete() {
        let names = |text| completions(text).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("/"), COMMANDS.map(|(name, _)| name));
        assert_eq!(names("/m"), ["/me"]);
        assert_eq!(names("/me"), [""; 0]);
        assert_eq!(names("me"), [""; 0]);
        assert_eq!(names(""), [""; 0]);
    }
}
