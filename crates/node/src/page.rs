//! The HTTP port: serves the page that was built into this binary, and nothing else.

mod host;
mod policy;

use crate::config::PageAddress;
use crate::failure::Failure;
use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::serve::IncomingStream;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use tertulia_webrtc::native::Handle;
use tokio::net::TcpListener;

const INDEX: &str = "index.html";
const UNBUILT: &str = include_str!("page/unbuilt.html");

/// What `cargo xtask build` made, as it was when this binary was compiled.
#[derive(rust_embed::Embed)]
#[folder = "../../dist"]
#[allow_missing = true]
struct Dist;

/// The page's port, bound but not yet served.
#[derive(Debug)]
pub(crate) struct Page {
    listener: TcpListener,
    address: SocketAddr,
}

impl Page {
    /// Binds the port; where nobody asked for that very port, any free one does as well, and is said.
    pub(crate) async fn bind(wish: PageAddress) -> Result<Self, Failure> {
        let failed =
            |source| Failure::Address { what: "page", address: wish.address, flag: "--http", source };
        let listener = match TcpListener::bind(wish.address).await {
            Err(error) if wish.any_port && error.kind() == std::io::ErrorKind::AddrInUse => {
                let listener = TcpListener::bind((wish.address.ip(), 0)).await.map_err(failed)?;
                tracing::warn!("port {} is taken: the page is on another one", wish.address.port());
                listener
            }
            bound => bound.map_err(failed)?,
        };
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Where a browser on this host finds the page.
    pub(crate) fn url(&self) -> String {
        url(match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, self.address.port()).into(),
            IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, self.address.port()).into(),
            _ => self.address,
        })
    }

    /// Where browsers on other hosts find the page, given the addresses of this one.
    pub(crate) fn lan_urls(&self, own: &[SocketAddr]) -> Vec<String> {
        let reachable = |ip: &IpAddr| match self.address.ip() {
            bound if !bound.is_unspecified() => *ip == bound,
            bound => bound.is_ipv6() || ip.is_ipv4(),
        };
        let ips = own.iter().map(SocketAddr::ip).filter(|ip| !ip.is_loopback()).filter(reachable);
        ips.map(|ip| url((ip, self.address.port()).into())).collect()
    }

    /// Serves until the task is dropped.
    pub(crate) async fn serve(self, handle: Handle) -> std::io::Result<()> {
        let site = Arc::new(Site::new(dist, Some(handle)));
        let app = Router::new().fallback(answer).with_state(site);
        axum::serve(self.listener, app.into_make_service_with_connect_info::<Reached>()).await
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// The address of ours that a connection came in at.
#[derive(Clone, Copy, Debug)]
struct Reached(Option<SocketAddr>);

impl Connected<IncomingStream<'_, TcpListener>> for Reached {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self(stream.io().local_addr().ok())
    }
}

/// A file of the page by its path.
type Files = fn(&str) -> Option<Cow<'static, [u8]>>;

fn dist(path: &str) -> Option<Cow<'static, [u8]>> {
    Dist::get(path).map(|file| file.data)
}

/// All that a request is answered from.
struct Site {
    files: Files,
    /// Without one (only in tests) the page knows no node.
    node: Option<Handle>,
    index: Option<String>,
    policy: HeaderValue,
}

impl Site {
    fn new(files: Files, node: Option<Handle>) -> Self {
        let index = files(INDEX).and_then(|bytes| String::from_utf8(bytes.into_owned()).ok());
        let policy = policy::content_security_policy(index.as_deref().unwrap_or(UNBUILT));
        Self { files, node, index, policy }
    }

    async fn answer(&self, reached: Reached, request: &Parts) -> Response {
        // Before anything else: a foreign name that resolves to this host must not read a byte (DNS rebinding).
        if !host::is_allowed(request, reached.0) {
            let text =
                "This is not the address of a Tertulia page. Open the address that the node printed.\n";
            return (StatusCode::FORBIDDEN, text).into_response();
        }
        if ![Method::GET, Method::HEAD].contains(&request.method) {
            let allow = [(header::ALLOW, "GET, HEAD")];
            return (StatusCode::METHOD_NOT_ALLOWED, allow, "Only GET and HEAD.\n").into_response();
        }
        match request.uri.path().trim_start_matches('/') {
            "" | INDEX => self.index().await,
            path => self.file(path),
        }
    }

    async fn index(&self) -> Response {
        let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
        match &self.index {
            Some(html) => (kind, with_node(html, self.invite().await.as_deref())).into_response(),
            None => (StatusCode::SERVICE_UNAVAILABLE, kind, UNBUILT).into_response(),
        }
    }

    /// The node's own invite, made anew each time: addresses and name may have changed since the start.
    async fn invite(&self) -> Option<String> {
        crate::session::own_invite(self.node.as_ref()?).await.ok().map(|invite| invite.to_string())
    }

    fn file(&self, path: &str) -> Response {
        let Some(bytes) = (self.files)(path) else {
            return (StatusCode::NOT_FOUND, "There is no such file.\n").into_response();
        };
        let kind =
            [(header::CONTENT_TYPE, content_type(path)), (header::CACHE_CONTROL, caching(path).to_owned())];
        (kind, Body::from(bytes.into_owned())).into_response()
    }
}

async fn answer(
    State(site): State<Arc<Site>>,
    ConnectInfo(reached): ConnectInfo<Reached>,
    request: Request,
) -> Response {
    // Nothing here has a use for a body.
    let (request, _) = request.into_parts();
    let mut response = site.answer(reached, &request).await;
    policy::protect(response.headers_mut(), &site.policy);
    response
}

/// Tells the tab which node served it, so that it needs no further request to learn that.
fn with_node(html: &str, invite: Option<&str>) -> String {
    let Some(invite) = invite else { return html.to_owned() };
    // An invite is base64url text: nothing in it needs escaping.
    let meta = format!(r#"<meta name="tertulia-node" content="{invite}">"#);
    match html.split_once("</head>") {
        Some((head, rest)) => format!("{head}{meta}</head>{rest}"),
        None => format!("{html}{meta}"),
    }
}

fn content_type(path: &str) -> String {
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let textual = mime.type_() == "text" || mime.subtype() == "javascript";
    if textual { format!("{mime}; charset=utf-8") } else { mime.to_string() }
}

/// A file whose name holds the hash of its content never changes; any other may with the next build.
fn caching(path: &str) -> &'static str {
    let stem = path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or(path);
    let is_hash = |part: &str| part.len() >= 12 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if stem.split(['-', '_']).skip(1).any(is_hash) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = "<!doctype html><html><head><title>T</title><script type=module>go()</script></head><body></body></html>";

    fn files(path: &str) -> Option<Cow<'static, [u8]>> {
        match path {
            "index.html" => Some(Cow::Borrowed(HTML.as_bytes())),
            "app-0123456789abcdef_bg.wasm" => Some(Cow::Borrowed(b"\0asm")),
            _ => None,
        }
    }

    async fn get(files: Files, method: Method, path: &str, host: &str) -> Response {
        let request =
            Request::builder().method(method).uri(path).header("host", host).body(Body::empty()).unwrap();
        let reached = Reached(Some("127.0.0.1:7300".parse().unwrap()));
        answer(State(Arc::new(Site::new(files, None))), ConnectInfo(reached), request).await
    }

    fn header_of<'a>(response: &'a Response, name: &str) -> &'a str {
        response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_hashed_file_is_typed_and_kept_by_browsers() {
        let response = get(files, Method::GET, "/app-0123456789abcdef_bg.wasm", "localhost:7300").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header_of(&response, "content-type"), "application/wasm");
        assert!(header_of(&response, "cache-control").contains("immutable"));
    }

    #[tokio::test]
    async fn the_index_is_asked_for_again_and_runs_its_own_script_only() {
        let response = get(files, Method::GET, "/?profile=ana", "127.0.0.1:7300").await;
        assert_eq!(header_of(&response, "cache-control"), "no-cache");
        assert_eq!(header_of(&response, "content-type"), "text/html; charset=utf-8");
        assert!(header_of(&response, "content-security-policy").contains("'sha256-"));
    }

    #[tokio::test]
    async fn what_is_not_there_or_not_allowed_is_said() {
        let status = async |method, path, host| get(files, method, path, host).await.status();
        assert_eq!(status(Method::GET, "/nothing", "localhost:7300").await, StatusCode::NOT_FOUND);
        assert_eq!(status(Method::GET, "/../Cargo.toml", "localhost:7300").await, StatusCode::NOT_FOUND);
        assert_eq!(status(Method::POST, "/", "localhost:7300").await, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(status(Method::GET, "/", "evil.example").await, StatusCode::FORBIDDEN);
        assert_eq!(status(Method::POST, "/", "evil.example").await, StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn a_page_that_was_not_built_says_how() {
        let response = get(|_| None, Method::GET, "/", "localhost:7300").await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
        assert!(String::from_utf8(body.to_vec()).unwrap().contains("cargo xtask build"));
    }

    #[test]
    fn the_node_is_named_in_the_head() {
        let html = with_node(HTML, Some("Abc"));
        assert!(html.contains(r#"<meta name="tertulia-node" content="Abc"></head>"#));
        assert!(with_node("<p>no head", Some("Abc")).ends_with(r#"content="Abc">"#));
        assert_eq!(with_node(HTML, None), HTML);
    }

    #[test]
    fn only_names_with_a_hash_are_kept() {
        for (path, kept) in [
            ("tertulia-web-5d41402abc4b2a76.js", true),
            ("tertulia-web-5d41402abc4b2a76_bg.wasm", true),
            ("main-5d41402abc4b2a76.css", true),
            ("index.html", false),
            ("manifest.webmanifest", false),
            ("deadbeefdeadbeef.js", false),
        ] {
            assert_eq!(caching(path).contains("immutable"), kept, "{path}");
        }
    }

    #[test]
    fn urls_name_addresses_that_a_browser_can_open() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let _guard = runtime.enter();
        let listener = TcpListener::from_std(listener).unwrap();
        let page = Page { listener, address: "0.0.0.0:81".parse().unwrap() };
        assert_eq!(page.url(), "http://127.0.0.1:81");
        let own =
            ["192.0.2.7:4000", "[2001:db8::1]:4000", "127.0.0.1:4000"].map(|text| text.parse().unwrap());
        assert_eq!(page.lan_urls(&own), ["http://192.0.2.7:81"]);
    }
}
