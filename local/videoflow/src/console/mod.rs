//! The console: one page on loopback that shows what `jobs`, `history`, `cost` and `dlq` tell.

mod api;
pub mod assets;
mod cached;
pub mod graph;
mod guard;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;

use crate::environment::Environment;
use assets::{Asset, CONSOLE, INDEX, SHARED, STYLE};
use guard::{BODY_LIMIT_BYTES, Guard};

/// What may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Read,
    /// Jobs may be redriven, and videos uploaded.
    Write,
}

/// What the handlers need.
pub struct Console {
    environment: Environment,
    access: Access,
    caches: api::Caches,
}

/// A console that listens and does not serve yet.
pub struct Bound {
    listener: TcpListener,
    guard: Guard,
}

/// Why a request is not answered: a status, and a sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub StatusCode, pub String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"detail": self.1}))).into_response()
    }
}

impl From<anyhow::Error> for Problem {
    /// Something behind the console does not answer, or refuses.
    fn from(error: anyhow::Error) -> Self {
        Self(StatusCode::BAD_GATEWAY, format!("{error:#}"))
    }
}

impl Console {
    /// Refuses what only a console with `--write` does.
    fn check_write(&self, what: &str) -> Result<(), Problem> {
        match self.access {
            Access::Write => Ok(()),
            Access::Read => Err(Problem(
                StatusCode::FORBIDDEN,
                format!("this console only reads: {what} needs `videoflow console --write`"),
            )),
        }
    }
}

impl Bound {
    /// Listens on loopback, on a port or on any free one (0).
    ///
    /// # Errors
    /// The port is taken.
    pub async fn bind(port: u16) -> anyhow::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}; choose another port with --port, or any free one with --port 0")
        })?;
        let guard = Guard::new(listener.local_addr().context("the port cannot be told")?);
        Ok(Self { listener, guard })
    }

    /// The page's address.
    pub fn url(&self) -> String {
        self.guard.url()
    }

    /// Serves until the program ends.
    ///
    /// # Errors
    /// The listener fails.
    pub async fn serve(self, environment: Environment, access: Access) -> anyhow::Result<()> {
        let console = Arc::new(Console {
            environment,
            access,
            caches: api::Caches::default(),
        });
        let mut routes = Router::new()
            .route("/", get(async || asset("text/html; charset=utf-8", INDEX)))
            .route(
                "/style.css",
                get(async || asset("text/css; charset=utf-8", STYLE)),
            );
        for Asset {
            name,
            content_type,
            text,
        } in SHARED.into_iter().chain(CONSOLE)
        {
            routes = routes.route(
                &format!("/{name}"),
                get(async move || asset(content_type, text)),
            );
        }
        let routes = routes
            .merge(api::routes())
            .fallback(async || Problem(StatusCode::NOT_FOUND, "there is no such page".to_owned()))
            .with_state(console)
            .layer(DefaultBodyLimit::max(
                usize::try_from(BODY_LIMIT_BYTES).unwrap_or(usize::MAX),
            ))
            .layer(from_fn_with_state(self.guard, guard::guarded));
        axum::serve(self.listener, routes)
            .await
            .context("the console cannot serve")
    }
}

fn asset(content_type: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}
