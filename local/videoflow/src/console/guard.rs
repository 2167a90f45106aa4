//! Who is answered: the page that the user opened, and nobody else.
//!
//! Any page in the same browser can send requests to this machine. It does not know the token, the browser sends the
//! cookie with none of its requests, and where it comes from is told by headers that it cannot set.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::Problem;

/// Largest body of a request, but for an upload's.
pub const BODY_LIMIT_BYTES: u64 = 1024 * 1024;
/// Path of uploads: their bodies go to S3 piece by piece.
pub const UPLOADS: &str = "/api/uploads";
/// Header in which programs send the token.
const TOKEN_HEADER: &str = "x-videoflow-token";
/// What the page may do: its own files, its own server, and nothing within another page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// Headers of every answer.
const HEADERS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=()",
    ),
];

/// The secret in the page's address, and where the page is.
#[derive(Debug, Clone)]
pub struct Guard {
    token: String,
    address: SocketAddr,
}

impl Guard {
    /// A guard with a new token.
    pub fn new(address: SocketAddr) -> Self {
        // Two: 244 bits that nobody can guess.
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        Self { token, address }
    }

    /// Where the page is, with its token.
    pub fn url(&self) -> String {
        format!("http://{}/?token={}", self.address, self.token)
    }

    /// Cookie that lets the page's own requests through. Cookies know no ports, so its name does.
    fn cookie(&self) -> String {
        format!(
            "{}={}; HttpOnly; SameSite=Strict; Path=/",
            self.cookie_name(),
            self.token
        )
    }

    fn cookie_name(&self) -> String {
        format!("videoflow-console-{}", self.address.port())
    }

    fn is_token(&self, text: &str) -> bool {
        self.token.as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// Why a request is refused.
    fn refusal(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Problem> {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let port = self.address.port();
        let names = [self.address.to_string(), format!("localhost:{port}")];
        let host = text(header::HOST).unwrap_or_default();
        if !names.iter().any(|name| name == host) {
            // A name that leads to this machine, of somebody else's choice: DNS rebinding.
            return Some(forbidden(&format!(
                "{host} is not this console: open http://{}",
                self.address
            )));
        }
        if let Some(origin) =
            text(header::ORIGIN).filter(|origin| *origin != format!("http://{host}"))
        {
            return Some(forbidden(&format!(
                "the page {origin} may not call the console"
            )));
        }
        let is_opened = method == Method::GET
            && uri.path() == "/"
            && text(HeaderName::from_static("sec-fetch-mode")) == Some("navigate");
        let site = text(HeaderName::from_static("sec-fetch-site"));
        if site.is_some_and(|site| !["same-origin", "none"].contains(&site)) && !is_opened {
            return Some(forbidden("another page may not call the console"));
        }
        if !self.knows(uri, headers) {
            return Some(forbidden(
                "the token is missing or wrong: open the address that `videoflow console` printed",
            ));
        }
        let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        if uri.path() != UPLOADS && length.is_some_and(|length| length > BODY_LIMIT_BYTES) {
            let detail = format!("a body has at most {BODY_LIMIT_BYTES} bytes");
            return Some(Problem(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        None
    }

    /// Whether a request has the token: in the page's address, in a header or in the cookie.
    fn knows(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let in_address = query_token(uri).filter(|_| uri.path() == "/");
        let in_header = headers
            .get(TOKEN_HEADER)
            .and_then(|value| value.to_str().ok());
        let name = self.cookie_name();
        let cookies = headers.get_all(header::COOKIE).iter();
        let mut in_cookies = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(of, _)| *of == name)
            .map(|(_, token)| token);
        in_address.is_some_and(|token| self.is_token(token))
            || in_header.is_some_and(|token| self.is_token(token))
            || in_cookies.any(|token| self.is_token(token))
    }
}

fn query_token(uri: &Uri) -> Option<&str> {
    let mut pairs = uri.query()?.split('&');
    pairs.find_map(|pair| pair.strip_prefix("token="))
}

fn forbidden(detail: &str) -> Problem {
    Problem(StatusCode::FORBIDDEN, detail.to_owned())
}

/// Refuses what the guard refuses, and gives every answer its headers.
pub async fn guarded(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let refusal = guard.refusal(request.method(), request.uri(), request.headers());
    let is_opened = refusal.is_none() && query_token(request.uri()).is_some();
    let mut response = match refusal {
        Some(problem) => {
            let mut response = problem.into_response();
            // Whatever the body is, it is not read.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
            response
        }
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if let Some(cookie) = is_opened
        .then(|| HeaderValue::from_str(&guard.cookie()).ok())
        .flatten()
    {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn check(request: &str, headers: &[(&'static str, &str)], expected: Option<u16>) {
        let guard = Guard {
            token: TOKEN.to_owned(),
            address: (Ipv4Addr::LOCALHOST, 4570).into(),
        };
        let (method, uri) = request.split_once(' ').expect("a method");
        let mut map = HeaderMap::new();
        map.insert(header::HOST, HeaderValue::from_static("127.0.0.1:4570"));
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header"));
        }
        let refusal = guard.refusal(
            &method.parse().expect("a method"),
            &uri.parse().expect("an address"),
            &map,
        );
        let status = refusal.map(|problem| problem.0.as_u16());
        assert_eq!(status, expected, "{request} {headers:?}");
    }

    #[test]
    fn only_who_knows_the_token_is_answered() {
        let cookie = format!("a=b; videoflow-console-4570={TOKEN}");
        check("GET /", &[], Some(403));
        check("GET /style.css", &[], Some(403));
        check("GET /?token=0123456789abcdee", &[], Some(403));
        check("GET /?token=", &[], Some(403));
        check("GET /?token=0123456789abcdef", &[], None);
        // Addresses are written to logs and histories: nothing but the page takes it from there.
        check("GET /api/jobs?token=0123456789abcdef", &[], Some(403));
        check("GET /api/jobs", &[("x-videoflow-token", TOKEN)], None);
        check("GET /api/jobs", &[("cookie", &cookie)], None);
        check(
            "GET /api/jobs",
            &[("cookie", "videoflow-console-4571=0123456789abcdef")],
            Some(403),
        );
    }

    #[test]
    fn pages_of_other_sites_are_refused_even_with_the_token() {
        let from =
            |name: &'static str, value: &'static str| [("x-videoflow-token", TOKEN), (name, value)];
        check(
            "POST /api/redrive",
            &from("origin", "https://evil.example"),
            Some(403),
        );
        check("POST /api/redrive", &from("origin", "null"), Some(403));
        check(
            "POST /api/redrive",
            &from("origin", "http://127.0.0.1:3000"),
            Some(403),
        );
        check(
            "POST /api/redrive",
            &from("origin", "http://127.0.0.1:4570"),
            None,
        );
        check(
            "GET /api/jobs",
            &from("host", "evil.example:4570"),
            Some(403),
        );
        check("GET /api/jobs", &from("host", "127.0.0.1:4571"), Some(403));
        check("GET /api/jobs", &from("host", "localhost:4570"), None);
        check(
            "GET /api/jobs",
            &from("sec-fetch-site", "same-site"),
            Some(403),
        );
        check(
            "GET /api/jobs",
            &from("sec-fetch-site", "same-origin"),
            None,
        );
        let link = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
        ];
        check("GET /?token=0123456789abcdef", &link, None);
        check("GET /api/jobs?token=0123456789abcdef", &link, Some(403));
    }

    #[test]
    fn long_bodies_are_refused_before_they_are_read() {
        let of = |length: &'static str| [("x-videoflow-token", TOKEN), ("content-length", length)];
        check("POST /api/redrive", &of("1048576"), None);
        check("POST /api/redrive", &of("1048577"), Some(413));
        check("POST /api/redrive", &of("1073741824"), Some(413));
        check("POST /api/uploads", &of("1073741824"), None);
        // Who is no caller does not learn what a caller may send.
        check(
            "POST /api/redrive",
            &[("content-length", "1073741824")],
            Some(403),
        );
    }
}
