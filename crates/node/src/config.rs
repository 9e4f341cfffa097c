//! What was asked for on the command line and in the environment.

use crate::people::FOUND_DEFAULT;
use clap::parser::ValueSource;
use clap::{
    ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    builder::{FalseyValueParser, RangedU64ValueParser},
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use tertulia_proto::ConversationId;
use tertulia_proto::directory::FOUND_MAX;
use tertulia_proto::directory::code::Code;
use tertulia_proto::identity::{NAME_MAX, Name};

/// The page's port unless told otherwise: free of well-known services, and the same each day for bookmarks.
const PAGE_PORT: u16 = 7300;

const AFTER_HELP: &str = "\
Every flag has an environment variable; a flag counts more than its variable. There is no configuration file.

`tertulia export` and `tertulia import` work on the data of a node that is not running; one that is does the same by itself, with /export
and /import on its terminal. `tertulia search` runs a node for as long as it takes; one that is running searches by itself, with /search.

Without --json the terminal is a chat: type /help there. When standard input ends, an interactive terminal (Ctrl-D)
quits; a node started without a terminal (by a service manager, or with </dev/null) keeps serving until SIGINT or SIGTERM.
With --json the end of standard input quits. A node that ends says goodbye on its links and stays in its conversations: the next
run goes on with them. The method `quit` leaves them.

Data goes to standard output, diagnostics to standard error.

Exit codes:
  0  left properly, asked by a person, a program, SIGINT or SIGTERM
  1  something unforeseen, such as a standard output that takes no more
  2  wrong flags or values
  3  the data directory is in use by another process
  4  the data directory cannot be read or written, or a file in it is damaged
  5  an address cannot be listened on
  6  the file of an export cannot be written or read, or is there already (--force)
  7  an import did not take all of its file: its report says what, and why
  8  a search found no way into the network
  130, 143  a search was ended by SIGINT or SIGTERM before it was done";

const SEARCH_AFTER_HELP: &str = "\
Whoever was found is told on standard output, the best first, one a line. A data directory that is not there is made, with a new
identity in it.

Exit codes:
  0  searched to the end; nothing was written when nobody was found
  1  something unforeseen, such as a standard output that takes no more
  2  wrong flags or values
  3  the data directory is in use by another process: ask that node, with /search on its terminal
  4  the data directory cannot be read or written, or a file in it is damaged
  5  an address cannot be listened on
  8  no way into the network was found in time
  130, 143  ended by SIGINT or SIGTERM before it was done";

/// An instant messenger that belongs to nobody but its users: a node, its page and a chat on the terminal.
#[derive(Clone, Debug, Parser)]
#[command(name = "tertulia", version, after_help = AFTER_HELP)]
pub(crate) struct Config {
    /// What to do instead of running a node
    #[command(subcommand)]
    pub(crate) act: Option<Act>,

    /// Speak JSON-RPC 2.0 on standard input and output, one object a line, instead of chatting
    #[arg(long, global = true, env = "TERTULIA_JSON", value_parser = FalseyValueParser::new())]
    pub(crate) json: bool,

    /// Keep identity, certificate, port and conversations in this directory [default: tertulia in the XDG data directory]
    #[arg(long, global = true, env = "TERTULIA_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// What others see you called; kept, so it is needed once
    #[arg(long, env = "TERTULIA_NAME", value_parser = name)]
    pub(crate) name: Option<Name>,

    /// Serve the page here [default: 127.0.0.1:7300, or any free port when that is taken]
    #[arg(long, env = "TERTULIA_HTTP", value_name = "ADDR:PORT")]
    pub(crate) http: Option<SocketAddr>,

    /// Serve no page
    #[arg(long, env = "TERTULIA_NO_HTTP", value_parser = FalseyValueParser::new())]
    pub(crate) no_http: bool,

    /// Listen for peers here; port 0 is the port of the last time, or any free one [default: all interfaces]
    #[arg(long, global = true, env = "TERTULIA_UDP", value_name = "ADDR:PORT")]
    pub(crate) udp: Option<SocketAddr>,

    /// Show the page to the local network: a loopback address of --http becomes all interfaces
    #[arg(long, env = "TERTULIA_LAN", value_parser = FalseyValueParser::new())]
    pub(crate) lan: bool,

    /// Keep a link to this native node, which introduces you to others and is the way into the network. Unlike /open, it
    /// asks nobody for a conversation; may be repeated
    #[arg(
        long = "introducer",
        global = true,
        env = "TERTULIA_INTRODUCER",
        value_name = "INVITE",
        value_delimiter = ','
    )]
    pub(crate) introducers: Vec<String>,

    /// Neither look for nodes on the local network nor be found there
    #[arg(long, env = "TERTULIA_NO_MDNS", value_parser = FalseyValueParser::new())]
    pub(crate) no_mdns: bool,

    /// Let others lean on this node: more links, more remembered nodes. For a machine that is always on
    #[arg(long, env = "TERTULIA_SUPER_NODE", value_parser = FalseyValueParser::new())]
    pub(crate) super_node: bool,

    /// Stay out of the network by which people find each other: only invites lead to you, and from you to others
    #[arg(long, env = "TERTULIA_INVITE_ONLY", value_parser = FalseyValueParser::new())]
    pub(crate) invite_only: bool,

    /// How words become places in the directory: all who are to find each other's words use the same
    #[arg(
        long,
        global = true,
        env = "TERTULIA_WORD_CODE",
        value_name = "CODE",
        value_enum,
        default_value_t = WordCode::Balanced
    )]
    pub(crate) word_code: WordCode,

    /// What to tell on standard error: error, warn, info, debug, trace, or a filter such as tertulia=debug
    #[arg(
        long,
        global = true,
        env = "TERTULIA_LOG",
        value_name = "FILTER",
        default_value = "warn,rtc=error,mdns_sd=off"
    )]
    pub(crate) log: String,
}

/// How words become places in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WordCode {
    /// By the frequencies of letters, which spreads words evenly
    Balanced,
    /// Eight bits a character, as in the paper
    Ascii,
}

/// What to do with the data of a node that is not running.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Act {
    /// Look for people who are listed under these words, and end: joins the network for that, by an introducer or by nodes
    /// that were met before
    #[command(after_help = SEARCH_AFTER_HELP)]
    Search(SearchArgs),
    /// Write conversations out: as JSON Lines, which `import` takes in again, or as a page to read. The file is plain text
    Export(ExportArgs),
    /// Take conversations in from the JSON Lines of an export; whatever is in them proves itself
    Import(ImportArgs),
}

/// What to write out, and where to.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExportArgs {
    /// Only this conversation
    #[arg(long, value_name = "ID", value_parser = conversation)]
    pub(crate) conversation: Option<ConversationId>,

    /// Write a page to read, for any browser; it cannot be imported
    #[arg(long)]
    pub(crate) html: bool,

    /// Write to this file [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
}

/// Whom to look for.
#[derive(Clone, Debug, Args)]
pub(crate) struct SearchArgs {
    /// The words: names, interests, their beginnings
    #[arg(required = true, value_name = "WORDS")]
    pub(crate) words: Vec<String>,

    /// List this many at the most, of 1 to 100
    #[arg(long, value_name = "N", default_value_t = FOUND_DEFAULT, value_parser = limit())]
    pub(crate) limit: usize,

    /// Wait so many seconds for a way into the network
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub(crate) wait: u16,

    /// Write one JSON object a line for whoever was found, and no word to people
    // Stands for the flag of the whole program, which says something else there.
    #[arg(long, env = "TERTULIA_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// What to take in.
#[derive(Clone, Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file, or - for standard input
    pub(crate) file: PathBuf,

    /// Report as one JSON object
    // Stands for the flag of the whole program, which says something else there.
    #[arg(long, env = "TERTULIA_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// Where to serve the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageAddress {
    /// The address to try.
    pub(crate) address: SocketAddr,
    /// Whether another port will do as well, because nobody asked for this one.
    pub(crate) any_port: bool,
}

impl Config {
    /// Reads the command line and the environment, or ends the program with a word about what is wrong.
    pub(crate) fn from_process() -> Self {
        let matches = Self::command().get_matches();
        Self::from_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    fn from_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut config = Self::from_arg_matches(matches)?;
        let said = |flag| matches.value_source(flag) == Some(ValueSource::CommandLine);
        if said("http") && said("no_http") {
            let text = "--http and --no-http contradict each other: give one of them";
            return Err(Self::command().error(clap::error::ErrorKind::ArgumentConflict, text));
        }
        if said("json") && matches!(&config.act, Some(Act::Export(args)) if args.html) {
            let text = "--json and --html contradict each other: give one of them";
            return Err(Self::command().error(clap::error::ErrorKind::ArgumentConflict, text));
        }
        // A flag counts more than the other one's variable; between two variables, serving less counts more.
        config.no_http &= !said("http");
        Ok(config)
    }

    /// Where to serve the page, unless it is not to be served.
    pub(crate) fn page_address(&self) -> Option<PageAddress> {
        if self.no_http {
            return None;
        }
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, PAGE_PORT));
        let mut address = self.http.unwrap_or(loopback);
        if self.lan && address.ip().is_loopback() {
            address.set_ip(everywhere(address.ip()));
        }
        Some(PageAddress { address, any_port: self.http.is_none() })
    }

    /// What the core is to know: a node that a person runs wants to be part of the network, unless they say otherwise.
    pub(crate) fn core(&self) -> tertulia_proto::Config {
        use tertulia_proto::Config;
        let code = match self.word_code {
            WordCode::Balanced => Code::Balanced,
            WordCode::Ascii => Code::Ascii,
        };
        let limits = if self.super_node { Config::SUPER_NODE } else { Config::NATIVE };
        Config { overlay: !self.invite_only, seeks: !self.invite_only, code, ..limits }
    }

    /// Where to listen for peers: on all interfaces, of both families where the host has both, by default.
    pub(crate) fn udp_address(&self) -> SocketAddr {
        self.udp.unwrap_or_else(|| SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)))
    }
}

fn everywhere(like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// `text` as a name, unless something of it would be lost.
pub(crate) fn whole_name(text: &str) -> Option<Name> {
    let name = Name::cut(text);
    (name.as_str() == text.trim()).then_some(name)
}

fn conversation(text: &str) -> Result<ConversationId, String> {
    ConversationId::from_hex(text).ok_or_else(|| "a conversation is named by 32 hex digits".to_owned())
}

fn limit() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=FOUND_MAX as u64)
}

fn name(text: &str) -> Result<Name, String> {
    let name = whole_name(text).filter(|name| !name.as_str().is_empty());
    name.ok_or_else(|| format!("a name has 1 to {NAME_MAX} bytes and no control characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(flags: &[&str]) -> Config {
        let line = std::iter::once("tertulia").chain(flags.iter().copied());
        Config::from_matches(&Config::command().get_matches_from(line)).unwrap()
    }

    #[test]
    fn the_definition_holds_together() {
        Config::command().debug_assert();
    }

    fn help(line: &[&str]) -> String {
        let line = std::iter::once("tertulia").chain(line.iter().copied()).chain(["--help"]);
        Config::command().try_get_matches_from(line).unwrap_err().to_string()
    }

    #[test]
    fn json_is_one_flag_wherever_it_stands_and_means_what_its_help_says() {
        for flags in
            [&["--json", "search", "eva"][..], &["search", "eva", "--json"], &["import", "-", "--json"]]
        {
            assert!(config(flags).json, "{flags:?}");
        }
        assert!(!config(&["search", "eva"]).json);
        assert!(help(&[]).contains("JSON-RPC 2.0 on standard input"));
        for act in ["search", "import"] {
            assert!(help(&[act]).contains("JSON object") && !help(&[act]).contains("JSON-RPC"), "{act}");
        }
    }

    #[test]
    fn a_search_lists_a_hundred_at_the_most_and_says_how_it_ends() {
        let limit =
            |limit| Config::command().try_get_matches_from(["tertulia", "search", "eva", "--limit", limit]);
        assert!(limit("1").is_ok() && limit("100").is_ok());
        assert!(limit("0").is_err() && limit("101").is_err());
        assert!(limit("x").unwrap_err().to_string().contains("--limit"));
        assert!(help(&["search"]).contains("1 to 100") && help(&["search"]).contains("130, 143"));
    }

    #[test]
    fn the_page_stays_on_loopback_unless_told() {
        let page = config(&[]).page_address().unwrap();
        assert_eq!((page.address.to_string().as_str(), page.any_port), ("127.0.0.1:7300", true));
        let lan = config(&["--lan"]).page_address().unwrap();
        assert_eq!(lan.address.to_string(), "0.0.0.0:7300");
        let fixed = config(&["--lan", "--http", "192.0.2.1:80"]).page_address().unwrap();
        assert_eq!((fixed.address.to_string().as_str(), fixed.any_port), ("192.0.2.1:80", false));
        assert_eq!(config(&["--no-http"]).page_address(), None);
    }

    #[test]
    fn a_super_node_has_other_limits_and_nothing_else() {
        let limits = |flags| {
            let core = config(flags).core();
            (core.link_budget, core.super_node, core.seeks)
        };
        assert_eq!(limits(&[]), (200, false, true));
        assert_eq!(limits(&["--super-node"]), (1000, true, true));
    }

    #[test]
    fn a_node_is_part_of_the_network_unless_told() {
        let core = config(&[]).core();
        assert!(core.overlay && core.seeks && core.code == Code::Balanced);
        let core = config(&["--invite-only", "--word-code", "ascii"]).core();
        assert!(!core.overlay && !core.seeks && core.code == Code::Ascii);
    }

    #[test]
    fn a_flag_and_its_contrary_are_refused() {
        let line = ["tertulia", "--no-http", "--http", "127.0.0.1:0"];
        assert!(Config::from_matches(&Config::command().get_matches_from(line)).is_err());
    }

    #[test]
    fn introducers_may_be_repeated_or_listed() {
        assert_eq!(config(&["--introducer", "a", "--introducer", "b,c"]).introducers, ["a", "b", "c"]);
    }

    #[test]
    fn a_name_has_its_limits() {
        assert!(name("  ").is_err());
        assert!(name(&"x".repeat(NAME_MAX + 1)).is_err());
        assert!(name("A\x1bna").is_err());
        assert_eq!(name(" Ana ").unwrap().as_str(), "Ana");
    }

    #[test]
    fn every_flag_has_a_variable() {
        for arg in Config::command()
            .get_arguments()
            .filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()))
        {
            let variable = arg.get_env().and_then(|name| name.to_str()).unwrap_or_default();
            assert!(variable.starts_with("TERTULIA_"), "{} has none", arg.get_id());
        }
    }
}
