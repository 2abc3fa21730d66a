//! The server in the daemon: where it listens, and what it is told of publishing.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};

use tracing::info;

use super::Shelf;
use crate::config::{Config, Serve};
use crate::http::{Handed, Limits, Listener, Server, cure};
use crate::metrics;
use crate::publish::Listed;
use crate::trouble::Trouble;

/// Where publishing tells what it did. Without a server nobody listens.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    shelf: Arc<Shelf>,
    /// Wakes the thread that prepares documents, once there is one.
    bell: Arc<OnceLock<SyncSender<()>>>,
    open: Arc<AtomicBool>,
}

impl Desk {
    /// Begins to listen to what is told.
    fn open(&self) -> io::Result<()> {
        if self.bell.get().is_none() {
            let (bell, rung) = sync_channel(1);
            let shelf = Arc::clone(&self.shelf);
            let prepare = move || rung.iter().for_each(|()| shelf.prepare());
            std::thread::Builder::new().name("serve-prepare".into()).spawn(prepare)?;
            let _ = self.bell.set(bell);
        }
        self.open.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    fn ring(&self) {
        // A ring that is waiting already covers this one.
        let _ = self.bell.get().map(|bell| bell.try_send(()));
    }

    /// What the publish ledger says of the files below `root`.
    pub fn take_up(&self, root: &Path, ledger: impl IntoIterator<Item = Listed>) {
        if self.is_open() {
            self.shelf.take_up(root, ledger);
            self.ring();
        }
    }

    /// These documents are about to replace their previous versions.
    pub fn announce(&self, coming: &[Listed]) {
        if self.is_open() {
            self.shelf.announce(coming);
        }
    }

    /// These documents were published, and those at the paths in `gone` withdrawn.
    pub fn change<'l>(&self, published: impl IntoIterator<Item = &'l Listed>, gone: &[&str]) {
        if self.is_open() {
            self.shelf.change(published, gone);
            self.ring();
        }
    }
}

/// The server, if the config asks for one or the service manager handed over sockets for it.
#[derive(Debug)]
pub struct Service {
    desk: Desk,
    /// What the service manager handed over takes the place of what the config says.
    handed: bool,
    /// The places that the config names, with their sockets: one that stays is not bound a second time.
    bound: Vec<(Endpoint, Listener)>,
    /// Sockets on which nothing is accepted before [`open`](Self::open).
    waiting: Option<Vec<Listener>>,
    server: Option<Server>,
}

/// A place to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Endpoint {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Service {
    /// Listens, and will serve what is told at `desk`. The whole ledger has to be told there first, also after a change
    /// of the config; then comes [`open`](Self::open).
    ///
    /// # Errors
    /// When nobody can listen where the config says.
    pub fn begin(config: &Config, handed: &Handed, desk: Desk) -> Result<Self, Trouble> {
        let listeners = handed.listeners(|name| name != metrics::HANDED_AS).map_err(|error| {
            Trouble::unusable("cannot serve on a socket that the service manager handed over")
                .because(error)
                .help("look at the socket unit: ListenStream= is the kind to hand over")
        })?;
        let mut service =
            Self { desk, handed: !listeners.is_empty(), bound: Vec::new(), waiting: Some(Vec::new()), server: None };
        if service.handed {
            service.listen(listeners)?;
        }
        service.take_up(config)?;
        Ok(service)
    }

    /// Lets clients in. Those who came earlier have waited, as the one for whom a socket unit started us.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn open(&mut self) -> Result<(), Trouble> {
        match self.waiting.take() {
            Some(listeners) if !listeners.is_empty() => self.listen(listeners),
            _ => Ok(()),
        }
    }

    /// Listens where another config says; if that fails, where it did before.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin).
    pub fn take_up(&mut self, config: &Config) -> Result<(), Trouble> {
        if self.handed {
            return Ok(());
        }
        let endpoints = config.serve.as_ref().map(endpoints).unwrap_or_default();
        let is_bound = |endpoint: &Endpoint| self.bound.iter().any(|(bound, _)| bound == endpoint);
        if endpoints.len() == self.bound.len() && endpoints.iter().all(is_bound) {
            return Ok(());
        }
        let mut fresh = Vec::new();
        for endpoint in endpoints.iter().filter(|endpoint| !is_bound(endpoint)) {
            fresh.push((endpoint.clone(), bind(endpoint)?));
        }
        self.bound.retain(|(bound, _)| endpoints.contains(bound));
        self.bound.append(&mut fresh);
        if let Some(waiting) = &mut self.waiting {
            // Those of a config that was given up before anybody was let in.
            waiting.clear();
        }
        if self.bound.is_empty() {
            self.desk.open.store(false, Ordering::Relaxed);
            // Who takes an answer slowly is not to hold up who asked for another config.
            if let Some(server) = self.server.take() {
                server.leave();
            }
            return Ok(());
        }
        let listeners = self.bound.iter().map(|(_, listener)| listener.share()).collect::<io::Result<_>>();
        self.listen(listeners.map_err(no_thread)?)
    }

    /// Listens no more where this config does not say so, whose own addresses those may be in the way of.
    pub fn let_go(&mut self, config: &Config) {
        if self.handed {
            return;
        }
        let endpoints = config.serve.as_ref().map(endpoints).unwrap_or_default();
        self.bound.retain(|(bound, _)| endpoints.contains(bound));
        let shared = || self.bound.iter().filter_map(|(_, listener)| listener.share().ok()).collect();
        if let Some(waiting) = &mut self.waiting {
            *waiting = shared();
        } else if let Some(server) = &self.server {
            server.listen(shared());
        }
    }

    fn listen(&mut self, mut listeners: Vec<Listener>) -> Result<(), Trouble> {
        self.desk.open().map_err(no_thread)?;
        if let Some(waiting) = &mut self.waiting {
            waiting.append(&mut listeners);
            return Ok(());
        }
        for listener in &listeners {
            info!("serving the feeds on {listener}");
        }
        match &self.server {
            Some(server) => server.listen(listeners),
            None => {
                let shelf = Arc::clone(&self.desk.shelf);
                let limits = Limits::default().within_descriptors();
                self.server = Some(Server::start("serve", listeners, shelf, limits).map_err(no_thread)?);
            }
        }
        Ok(())
    }

    /// Begins to end: answers what was asked, and stops listening.
    pub fn drain(&mut self) {
        self.bound.clear();
        // Who was not let in yet is not let in any more.
        self.waiting = None;
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
            let help = cure(&error, "[serve] listen");
            Trouble::unusable(format!("cannot listen on {address}")).because(error).help(help)
        }),
        Endpoint::Unix(path) => Listener::unix(path).map_err(|error| {
            let trouble = Trouble::unusable(format!("cannot listen on the socket \"{}\"", path.display()));
            match Listener::in_the_way(path).filter(|_| error.kind() == io::ErrorKind::AddrInUse) {
                Some(what) => trouble
                    .because(what)
                    .still("it stays as it is")
                    .help("end that program or move the file away, or let [serve] socket be another path"),
                None => trouble
                    .because(error)
                    .help("its folder has to be there, and ours to write in; let [serve] socket be another path"),
            }
        }),
    }
}

fn no_thread(error: io::Error) -> Trouble {
    Trouble::unusable("cannot start the server").because(error).help("look at the limits of the service (TasksMax=)")
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;
    use crate::config::{self, Given, Surroundings};

    #[test]
    fn an_address_that_was_given_up_before_the_first_pass_is_not_served() {
        let listens = |at: SocketAddr| TcpStream::connect(at).is_ok();
        let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = |serve: &str| {
            let text = format!("{serve}\n[[source]]\nname = \"a\"\nfiles = [\"in/*.txt\"]\n");
            config::parse(Path::new("/c.toml"), text, &Given::default(), &Surroundings::default()).unwrap()
        };
        let at = |address: SocketAddr| config(&format!("[serve]\nlisten = \"{address}\""));
        for others in [vec![free()], vec![]] {
            let first = free();
            let mut service = Service::begin(&at(first), &Handed::default(), Desk::default()).unwrap();
            assert!(listens(first), "whoever asks early waits");
            service.take_up(&others.first().map_or_else(|| config(""), |other| at(*other))).unwrap();
            service.open().unwrap();
            assert!(!listens(first) && others.iter().all(|other| listens(*other)), "{others:?}");
        }
    }
}
