//! Listening for HTTP: whoever is slow or silent loses the connection, and others are served meanwhile. A web page that
//! the user has open in a browser is no caller.

use std::future::Future as _;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper::body::{Frame, SizeHint};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep};
use tokio_io_timeout::TimeoutWriter;

/// Longest time for the headers of a request, for the next bytes of its body, and for taking the next bytes of the
/// answer. A connection that is kept alive may be idle so long. S3 waits some 20 s.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections at a time. A process may have 1024 open files on most systems, and objects need some of them.
const MAX_CONNECTIONS: usize = 512;

/// Pause after an error of the listener (too many open files): it would come again at once.
const PAUSE: Duration = Duration::from_millis(100);

/// A socket that is bound and not yet serving.
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    patience: Duration,
}

impl Listener {
    /// Binds to a port of an address; 0 takes any free one.
    ///
    /// # Errors
    /// When the port is taken, or the address is none of this machine's.
    pub async fn bind(host: IpAddr, port: u16) -> io::Result<Self> {
        let socket = TcpListener::bind((host, port)).await?;
        let address = socket.local_addr()?;
        Ok(Self {
            socket,
            address,
            patience: PATIENCE,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `routes` until the task is aborted, which ends its connections too.
    pub async fn serve(self, routes: Router) {
        let host = self.address.ip();
        let guarded = from_fn(move |request: Request, next: Next| async move {
            match refusal(host, request.headers()) {
                Some(reason) => (StatusCode::FORBIDDEN, reason).into_response(),
                None => next.run(request).await,
            }
        });
        let patience = self.patience;
        let timed = from_fn(move |request: Request, next: Next| timed(request, next, patience));
        let routes = routes.layer(guarded).layer(timed);
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        // The semaphore is never closed.
        while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
            while connections.try_join_next().is_some() {}
            match self.socket.accept().await {
                Ok((stream, _)) => {
                    let serving = connection(stream, routes.clone(), self.patience);
                    connections.spawn(async move {
                        serving.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, routes: Router, patience: Duration) {
    // Without it an answer of two packets waits for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(patience));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .serve_connection(
            TokioIo::new(Box::pin(stream)),
            TowerToHyperService::new(routes),
        );
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Answers a request whose body must come in time. If the answer does not wait for all of it, the connection ends after
/// it, and the client is told: it would send its next request into the void.
async fn timed(request: Request, next: Next, patience: Duration) -> Response {
    let is_read = Arc::new(AtomicBool::new(request.body().is_end_stream()));
    let request = request.map(|body| Body::new(Timed::new(body, patience, Arc::clone(&is_read))));
    let mut response = next.run(request).await;
    if !is_read.load(Ordering::Relaxed) {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// A body whose next bytes must come in time. The time in which nobody asks for them does not count.
struct Timed {
    body: Body,
    patience: Duration,
    end: Pin<Box<Sleep>>,
    is_waiting: bool,
    /// Whether all of it has been read.
    is_read: Arc<AtomicBool>,
}

impl Timed {
    fn new(body: Body, patience: Duration, is_read: Arc<AtomicBool>) -> Self {
        Self {
            body,
            patience,
            end: Box::pin(tokio::time::sleep(patience)),
            is_waiting: false,
            is_read,
        }
    }
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.is_waiting = false;
            if frame.is_none() || self.body.is_end_stream() {
                self.is_read.store(true, Ordering::Relaxed);
            }
            return Poll::Ready(frame);
        }
        if !self.is_waiting {
            self.is_waiting = true;
            let end = Instant::now() + self.patience;
            self.end.as_mut().reset(end);
        }
        std::task::ready!(self.end.as_mut().poll(context));
        let message = format!("nothing more came for {:?}", self.patience);
        Poll::Ready(Some(Err(axum::Error::new(io::Error::other(message)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Why a request is not answered: it comes from a web page. Any page may make a browser send requests to this machine,
/// and by a name of its own that leads here (DNS rebinding) it could read the answers; nothing else keeps it out, as no
/// secret is asked for. AWS's clients send no `Origin`, and reach a loopback address by its number or as `localhost`.
fn refusal(host: IpAddr, headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name)?.to_str().ok();
    if let Some(origin) = text(header::ORIGIN) {
        return Some(format!("the page {origin} may not call the local platform"));
    }
    // Elsewhere the machine's names are not known.
    let called = text(header::HOST).filter(|_| host.is_loopback())?;
    let name = called
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(called, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']');
    let is_local = address.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost");
    (!is_local).then(|| {
        format!("{called} is not a name of the local platform: call it as localhost or 127.0.0.1")
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::extract::rejection::BytesRejection;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn web_pages_are_no_callers() {
        let check = |host: &str, origin: Option<&str>, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().expect("a header"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().expect("a header"));
            }
            let refused = refusal(Ipv4Addr::LOCALHOST.into(), &headers);
            assert_eq!(refused.is_none(), expected, "{host} {origin:?}");
        };
        for host in [
            "127.0.0.1:4566",
            "localhost:4566",
            "LOCALHOST",
            "bucket.localhost:4566",
            "[::1]:4566",
        ] {
            check(host, None, true);
            check(host, Some("http://localhost:3000"), false);
            check(host, Some("null"), false);
        }
        for host in ["evil.example:4566", "localhost.evil.example", "evil", ""] {
            check(host, None, false);
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "build-server:4566".parse().expect("a header"));
        assert_eq!(refusal(Ipv4Addr::UNSPECIFIED.into(), &headers), None);
    }

    /// More than two sockets hold.
    const LONG_BYTES: usize = 64 * 1024 * 1024;

    /// A server of little patience; what it gets it gives back, and for nothing a long answer.
    async fn server() -> SocketAddr {
        let mut listener = Listener::bind(Ipv4Addr::LOCALHOST.into(), 0)
            .await
            .expect("a free port");
        listener.patience = Duration::from_millis(200);
        let address = listener.address();
        let answer = async |body: Result<Bytes, BytesRejection>| match body {
            Ok(body) if body.is_empty() => Body::from(vec![b'a'; LONG_BYTES]).into_response(),
            Ok(body) => body.into_response(),
            Err(error) => error.into_response(),
        };
        tokio::spawn(listener.serve(Router::new().fallback(answer)));
        address
    }

    /// Everything that comes back to `sent` until the server closes the connection.
    async fn answer(address: SocketAddr, sent: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("a server");
        stream.write_all(sent.as_bytes()).await.expect("a socket");
        let mut answer = Vec::new();
        // Closed with bytes unread, the connection ends by a reset.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn slow_clients_lose_the_connection() {
        let address = server().await;
        let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n";
        for (sent, expected) in [
            ("", ""),
            (head, ""),
            (&format!("{head}\r\nab"), "HTTP/1.1 400"),
            (&format!("{head}\r\nabcde"), "HTTP/1.1 200"),
        ] {
            let answer = answer(address, sent).await;
            assert!(
                answer.starts_with(expected) && answer.is_empty() == expected.is_empty(),
                "{sent:?}: {answer:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_client_that_never_reads_loses_the_connection() {
        let address = server().await;
        let mut stream = TcpStream::connect(address).await.expect("a server");
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request).await.expect("a socket");
        // The server gives up while nothing is read: what is left is what the sockets hold.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.len() < LONG_BYTES, "{}", answer.len());
    }
}
