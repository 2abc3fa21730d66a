//! Where metrics and health are served.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tracing::info;

use super::Metrics;
use crate::config::Config;
use crate::http::{Handed, Limits, Listener, Server, cure};
use crate::trouble::Trouble;

/// The name of a socket that the service manager hands over for this (`FileDescriptorName=` in a socket unit).
pub const HANDED_AS: &str = "operations";

/// A server of its own, never the public one; none if the config names no address.
#[derive(Debug)]
pub struct Listening {
    metrics: Arc<Metrics>,
    /// What the service manager handed over takes the place of what the config says.
    handed: bool,
    at: Option<SocketAddr>,
    server: Option<Server>,
}

impl Listening {
    /// Serves `metrics` where the config says, or on what was handed over for it.
    ///
    /// # Errors
    /// When nobody can listen there.
    pub fn begin(config: &Config, handed: &Handed, metrics: Arc<Metrics>) -> Result<Self, Trouble> {
        let trouble = |error| {
            Trouble::unusable("cannot tell metrics and health on the socket that the service manager handed over")
                .because(error)
                .help("look at the socket unit: ListenStream= is the kind to hand over")
        };
        let listeners = handed.listeners(|name| name == HANDED_AS).map_err(trouble)?;
        let mut listening = Self { metrics, handed: !listeners.is_empty(), at: None, server: None };
        if listening.handed {
            listening.server = Some(listening.start(listeners).map_err(trouble)?);
        }
        listening.take_up(config)?;
        Ok(listening)
    }

    /// Serves them where another config says; if that fails, where they were before.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin).
    pub fn take_up(&mut self, config: &Config) -> Result<(), Trouble> {
        let wanted = config.operations.listen;
        if self.handed || wanted == self.at {
            return Ok(());
        }
        let start = |address| Listener::tcp(address).and_then(|listener| self.start(vec![listener]));
        let server = wanted.map(|address| {
            start(address).map_err(|error| {
                let help = cure(&error, "[operations] listen");
                Trouble::unusable(format!("cannot listen on {address} for metrics and health"))
                    .because(error)
                    .help(help)
            })
        });
        (self.server, self.at) = (server.transpose()?, wanted);
        Ok(())
    }

    /// Listens no more where this config does not say so, whose own addresses that may be in the way of.
    pub fn let_go(&mut self, config: &Config) {
        if !self.handed && config.operations.listen != self.at {
            (self.server, self.at) = (None, None);
        }
    }

    fn start(&self, listeners: Vec<Listener>) -> io::Result<Server> {
        for listener in &listeners {
            info!("serving metrics and health on {listener}");
        }
        // A monitor asks every few seconds: what needs more than this is none.
        let limits = Limits {
            first_byte: Duration::from_secs(5),
            head: Duration::from_secs(5),
            head_bytes: 8 << 10,
            connections: 16,
            drain: Duration::from_millis(500),
            ..Limits::default()
        };
        Server::start("metrics", listeners, Arc::clone(&self.metrics) as _, limits.within_descriptors())
    }
}
