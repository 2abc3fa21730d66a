//! Sockets to accept connections on: bound by us, or handed over by the service manager (sd_listen_fds(3)).

use std::fmt;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::net::{AddressFamily, sockopt};

/// How many connections may wait to be accepted; the kernel has a limit of its own (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;

/// A socket that listens.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: Socket,
    /// What to remove at the end: our own socket file, and its inode.
    file: Option<(PathBuf, u64)>,
}

#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    /// Listens on an address.
    ///
    /// # Errors
    /// The system's: somebody listens there already, the address is not this machine's, the port is reserved.
    pub fn tcp(address: SocketAddr) -> io::Result<Self> {
        Self::new(Socket::Tcp(TcpListener::bind(address)?))
    }

    /// Listens on a socket file, open to everybody who may enter its folder. A file left behind by a process that no
    /// longer listens is replaced.
    ///
    /// # Errors
    /// The system's; `AddrInUse` where somebody listens, or what stands there is no socket.
    pub fn unix(path: &Path) -> io::Result<Self> {
        let left = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
        if left && UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            fs::remove_file(path)?;
        }
        let socket = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
        let inode = fs::symlink_metadata(path)?.ino();
        let mut listener = Self::new(Socket::Unix(socket))?;
        listener.file = Some((path.to_owned(), inode));
        Ok(listener)
    }

    /// What is at `path` and keeps us from making a socket file there; `None`: nothing.
    #[must_use]
    pub fn in_the_way(path: &Path) -> Option<&'static str> {
        let found = fs::symlink_metadata(path).ok()?;
        Some(match found.file_type().is_socket() {
            true => "another program listens on the socket that stands there",
            false => "what stands there is no socket",
        })
    }

    /// The same socket again. It listens until both are dropped.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub fn share(&self) -> io::Result<Self> {
        let socket = match &self.socket {
            Socket::Tcp(tcp) => Socket::Tcp(tcp.try_clone()?),
            Socket::Unix(unix) => Socket::Unix(unix.try_clone()?),
        };
        Ok(Self { socket, file: None })
    }

    /// Takes a socket that listens already.
    fn handed(socket: OwnedFd) -> io::Result<Self> {
        if !sockopt::socket_acceptconn(&socket)? {
            return Err(io::Error::other("it does not listen"));
        }
        match rustix::net::getsockname(&socket)?.address_family() {
            AddressFamily::INET | AddressFamily::INET6 => Self::new(Socket::Tcp(socket.into())),
            AddressFamily::UNIX => Self::new(Socket::Unix(socket.into())),
            family => Err(io::Error::other(format!("its address family is {family:?}"))),
        }
    }

    fn new(socket: Socket) -> io::Result<Self> {
        match &socket {
            Socket::Tcp(tcp) => {
                tcp.set_nonblocking(true)?;
                // Whoever is accepted inherits it: an answer is written at once, and nothing is gained by waiting.
                sockopt::set_tcp_nodelay(tcp, true)?;
                rustix::net::listen(tcp, BACKLOG)?;
            }
            Socket::Unix(unix) => {
                unix.set_nonblocking(true)?;
                rustix::net::listen(unix, BACKLOG)?;
            }
        }
        Ok(Self { socket, file: None })
    }
}

/// What helps where the system lets nobody listen on an address that `key` of the config names.
#[must_use]
pub fn cure(refused: &io::Error, key: &str) -> String {
    match refused.kind() {
        io::ErrorKind::AddrInUse => {
            format!("another program may listen there (`ss -ltnp`); or let {key} be another address")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "this machine does not have that address (`ip address` lists those it has): let {key} be another one"
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!("ports below 1024 are not for everybody: let {key} name a higher one, or let systemd listen there")
        }
        _ => format!("let {key} be another address"),
    }
}

impl fmt::Display for Listener {
    /// Where it listens: `127.0.0.1:8080` or `unix:/run/feedmill/http`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Socket::Tcp(tcp) => match tcp.local_addr() {
                Ok(address) => write!(f, "{address}"),
                Err(_) => f.write_str("a socket"),
            },
            Socket::Unix(unix) => match unix.local_addr() {
                Ok(address) => write!(f, "unix:{}", address.as_pathname().unwrap_or(Path::new("?")).display()),
                Err(_) => f.write_str("a socket"),
            },
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some((path, inode)) = &self.file
            && fs::symlink_metadata(path).is_ok_and(|found| found.ino() == *inode)
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// The sockets that the service manager handed over when it started us, by their names (`FileDescriptorName=`).
#[derive(Debug, Default)]
pub struct Handed(Vec<(String, OwnedFd)>);

impl Handed {
    /// Takes them from the environment; none without a service manager that has some.
    ///
    /// # Errors
    /// When the environment announces sockets that do not exist.
    pub fn of_process() -> io::Result<Self> {
        let handed = sd_listen_fds::get().map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self(handed.into_iter().map(|(name, socket)| (name.unwrap_or_default(), socket.into_std())).collect()))
    }

    /// Those whose name satisfies `is`. They can be taken any number of times.
    ///
    /// # Errors
    /// When one of them is not a listening stream socket.
    pub fn listeners(&self, is: impl Fn(&str) -> bool) -> io::Result<Vec<Listener>> {
        let mut listeners = Vec::new();
        for (name, socket) in self.0.iter().filter(|(name, _)| is(name)) {
            let duplicate = socket.as_fd().try_clone_to_owned()?;
            let listener = Listener::handed(duplicate)
                .map_err(|error| io::Error::other(format!("the socket {name:?} can't be listened on: {error}")))?;
            listeners.push(listener);
        }
        Ok(listeners)
    }
}
