//! Hubs over HTTPS: believed on the word of an authority that the machine trusts, and else not spoken to.

use std::io::{BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

use crate::loopback::message;
use crate::service;
use crate::support::Mill;

/// A certificate for localhost, good until 2119, its key, and the authority that gave it: of no use elsewhere.
const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hub/keys");

/// Listens, and notes the forms that come in.
fn hub() -> (String, Arc<Mutex<Vec<String>>>) {
    let keys = Path::new(KEYS);
    let certificate = CertificateDer::from_pem_file(keys.join("hub.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(keys.join("hub.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let heard = Arc::<Mutex<Vec<String>>>::default();
    let notes = heard.clone();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut socket = connection.unwrap();
            let mut session = ServerConnection::new(config.clone()).unwrap();
            let mut stream = Stream::new(&mut session, &mut socket);
            if let Some((_, form)) = message(&mut BufReader::new(&mut stream)) {
                notes.lock().unwrap().push(form);
                let _ = write!(stream, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            }
        }
    });
    (address, heard)
}

#[test]
fn a_hub_is_believed_on_the_word_of_an_authority_that_the_machine_trusts() {
    let (address, heard) = hub();
    let mill = Mill::new(&format!(
        "base_url = \"https://feeds.example/\"\n[websub]\nhubs = [\"{address}\"]\n{}",
        service::config("")
    ));
    mill.write("in/a.txt", service::sheet("start", 1..=2));
    // The machine's own authorities know nothing of it.
    let ran = mill.run_with(&["--once"], &[("SSL_CERT_FILE", ""), ("SSL_CERT_DIR", "")]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("certificate"), "{ran:?}");
    assert_eq!(heard.lock().unwrap().len(), 0);
    let authority = format!("{KEYS}/authority.pem");
    let ran = mill.run_with(&["ping"], &[("SSL_CERT_FILE", &authority), ("SSL_CERT_DIR", "")]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(heard.lock().unwrap().len(), 3);
}
