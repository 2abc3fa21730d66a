//! The server as the daemon has it: where it listens, and what it hears of publishing.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use tracing::info;

use super::Shelf;
use crate::config::{Config, Serve};
use crate::http::{Handed, Limits, Listener, Server};
use crate::publish::Listed;
use crate::trouble::Trouble;

/// What listeners are named that are not ours (`FileDescriptorName=` in a socket unit).
const NOT_OURS: &str = "operations";

/// The server, where the config asks for one or the service manager handed over sockets for it.
#[derive(Debug)]
pub struct Service {
    shelf: Arc<Shelf>,
    /// Rings for the thread that prepares documents; one ring waiting is enough.
    bell: SyncSender<()>,
    /// What the service manager handed over takes the place of what the config says.
    handed: bool,
    /// Where the config says, and the sockets there: what stays is not bound a second time.
    bound: Vec<(Endpoint, Listener)>,
    server: Option<Server>,
}

/// A place to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Endpoint {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Service {
    /// Begins to listen. There is nothing to show until [`published`](Self::published) is told of it.
    ///
    /// # Errors
    /// When nobody can listen where the config says.
    pub fn begin(config: &Config, handed: &Handed) -> Result<Self, Trouble> {
        let shelf = Arc::<Shelf>::default();
        let (bell, rung) = sync_channel(1);
        let prepared = Arc::clone(&shelf);
        let prepare = move || rung.iter().for_each(|()| prepared.prepare());
        std::thread::Builder::new().name("serve-prepare".into()).spawn(prepare).map_err(no_thread)?;
        let listeners = handed.listeners(|name| name != NOT_OURS).map_err(|error| {
            Trouble::unusable("cannot serve on a socket that the service manager handed over")
                .because(error)
                .help("look at the socket unit: ListenStream= is the kind to hand over")
        })?;
        let mut service = Self { shelf, bell, handed: !listeners.is_empty(), bound: Vec::new(), server: None };
        if service.handed {
            service.listen(listeners)?;
        }
        service.take_up(config)?;
        Ok(service)
    }

    /// Listens where another config says. Where that fails it listens where it did.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin).
    pub fn take_up(&mut self, config: &Config) -> Result<(), Trouble> {
        if self.handed {
            return Ok(());
        }
        let endpoints = config.serve.as_ref().map(endpoints).unwrap_or_default();
        if self.bound.iter().map(|(endpoint, _)| endpoint).eq(&endpoints) {
            return Ok(());
        }
        let mut fresh = Vec::new();
        for endpoint in endpoints.iter().filter(|endpoint| self.bound.iter().all(|(bound, _)| bound != *endpoint)) {
            fresh.push((endpoint.clone(), bind(endpoint)?));
        }
        self.bound.retain(|(bound, _)| endpoints.contains(bound));
        self.bound.append(&mut fresh);
        if self.bound.is_empty() {
            self.server = None;
            return Ok(());
        }
        let listeners = self.bound.iter().map(|(_, listener)| listener.share()).collect::<io::Result<_>>();
        self.listen(listeners.map_err(no_thread)?)
    }

    fn listen(&mut self, listeners: Vec<Listener>) -> Result<(), Trouble> {
        for listener in &listeners {
            info!("serving the feeds on {listener}");
        }
        match &self.server {
            Some(server) => server.listen(listeners),
            None => {
                let shelf = Arc::clone(&self.shelf);
                let limits = Limits::default().within_descriptors();
                self.server = Some(Server::start("serve", listeners, shelf, limits).map_err(no_thread)?);
            }
        }
        Ok(())
    }

    /// Whether anybody can ask.
    #[must_use]
    pub fn listens(&self) -> bool {
        self.server.is_some()
    }

    /// What the publish ledger says of the files below `root`, as of now.
    pub fn published(&self, root: &Path, ledger: impl IntoIterator<Item = Listed>) {
        if self.listens() {
            self.shelf.take_up(root, ledger);
            let _ = self.bell.try_send(());
        }
    }

    /// Begins to end: answers what was asked, and listens no more.
    pub fn drain(&mut self) {
        self.bound.clear();
        if let Some(server) = &self.server {
            server.drain();
        }
    }
}

/// Where the config says.
fn endpoints(serve: &Serve) -> Vec<Endpoint> {
    let tcp = serve.listen.map(Endpoint::Tcp);
    tcp.into_iter().chain(serve.socket.clone().map(Endpoint::Unix)).collect()
}

fn bind(endpoint: &Endpoint) -> Result<Listener, Trouble> {
    match endpoint {
        Endpoint::Tcp(address) => Listener::tcp(*address).map_err(|error| {
            Trouble::unusable(format!("cannot listen on {address}"))
                .because(error)
                .help("another program may listen there (`ss -ltnp`); or let [serve] listen be another address")
        }),
        Endpoint::Unix(path) => Listener::unix(path).map_err(|error| {
            Trouble::unusable(format!("cannot listen on the socket \"{}\"", path.display()))
                .because(error)
                .help("its folder has to be there, and ours to write in; let [serve] socket be another path")
        }),
    }
}

fn no_thread(error: io::Error) -> Trouble {
    Trouble::unusable("cannot start the server").because(error).help("look at the limits of the service (TasksMax=)")
}
