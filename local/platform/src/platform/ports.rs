//! The two ports, taken before anything is written.

use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use super::Error;
use crate::listen::Listener;
use crate::wire::Server;

/// A platform that is killed while it starts a function leaves its ports to that process, for the moment until its
/// program runs: so long another platform waits before it gives up.
const PATIENCE: Duration = Duration::from_secs(2);

/// Pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// Ports that are bound and not yet served.
pub struct Ports {
    pub(super) services: Server,
    pub(super) http_api: Listener,
}

impl Ports {
    /// Takes `port` of an address for the services, and the next one for the HTTP API. 0: any two that are free.
    ///
    /// # Errors
    /// `PortInUse`, `Unusable`.
    pub async fn bind(host: IpAddr, port: u16) -> Result<Self, Error> {
        let until = Instant::now() + PATIENCE;
        loop {
            match Self::try_bind(host, port).await {
                Err(Error::PortInUse { .. }) if Instant::now() < until => {
                    tokio::time::sleep(PAUSE).await;
                }
                bound => return bound,
            }
        }
    }

    async fn try_bind(host: IpAddr, port: u16) -> Result<Self, Error> {
        let next = if port == 0 { 0 } else { port.saturating_add(1) };
        let services = Server::bind(host, port).await;
        let http_api = Listener::bind(host, next).await;
        Ok(Self {
            services: services.map_err(|source| refused(host, port, "", source))?,
            http_api: http_api
                .map_err(|source| refused(host, next, " (the HTTP API's)", source))?,
        })
    }
}

fn refused(host: IpAddr, port: u16, whose: &'static str, source: std::io::Error) -> Error {
    match source.kind() {
        std::io::ErrorKind::AddrInUse => Error::PortInUse { host, port, whose },
        _ => Error::Unusable {
            what: format!("cannot listen on port {port} of {host}"),
            source,
        },
    }
}
