//! One message to one hub, over HTTP or HTTPS.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ureq::http::{Response, StatusCode, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};
use url::Url;

use crate::mill::feed::Address;

/// How many redirects of a hub are followed.
const HOPS: usize = 3;

/// How much of what a hub says about a refusal is read, in bytes, and how much of its first line is told, in
/// characters.
const SAID: (u64, usize) = (2048, 120);

/// What a hub answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It knows.
    Heard,
    /// It refuses, and asking again would change nothing.
    Refused(String),
    /// Not now: it can't be reached, or can't cope.
    Later {
        /// What went wrong.
        why: String,
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
}

/// Speaks to hubs. What they answer is not trusted, neither its size nor its speed, and is only ever quoted.
pub(super) struct Client {
    agent: Agent,
    /// Why no hub's certificate can be verified; of interest only when one was refused.
    no_certificates: Option<String>,
}

impl Client {
    /// One that speaks to `hub`.
    pub(super) fn new(hub: &Address) -> Self {
        let (certificates, no_certificates) =
            if hub.as_str().starts_with("https://") { trusted() } else { (Vec::new(), None) };
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::new_with_certs(&certificates));
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            // A message that is followed as the library follows it arrives without its content.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent("feedmill");
        Self { agent: config.build().new_agent(), no_certificates }
    }

    /// Tells `hub` that `topic` has changed, and waits for its answer for `patience` at most.
    pub(super) fn tell(&self, hub: &Address, topic: &Address, patience: Duration) -> Answer {
        let deadline = Instant::now() + patience;
        let Ok(mut address) = Url::parse(hub.as_str()) else {
            return Answer::Refused("its address can't be read".to_owned());
        };
        for _ in 0..=HOPS {
            let form = [("hub.mode", "publish"), ("hub.url", topic.as_str())];
            let left = deadline.saturating_duration_since(Instant::now());
            let request = self.agent.post(address.as_str()).config().timeout_global(Some(left)).build();
            let mut response = match request.send_form(form) {
                Ok(response) => response,
                Err(error) => return self.unreachable(&error),
            };
            match moved(&response, &address) {
                None => return answer(&mut response),
                Some(Ok(next)) => address = next,
                Some(Err(why)) => return Answer::Refused(why),
            }
        }
        Answer::Refused(format!("it leads on and on, the last time to {:?}", address.as_str()))
    }

    fn unreachable(&self, error: &ureq::Error) -> Answer {
        let mut why = error.to_string();
        if let Some(none) = self.no_certificates.as_ref().filter(|_| why.contains("certificate")) {
            why = format!("{why} ({none})");
        }
        Answer::Later { why, after: None }
    }
}

/// The authorities that this machine trusts.
fn trusted() -> (Vec<Certificate<'static>>, Option<String>) {
    let found = rustls_native_certs::load_native_certs();
    let certificates: Vec<_> = found.certs.iter().map(|one| Certificate::from_der(one).to_owned()).collect();
    let none = certificates.is_empty().then(|| match found.errors.first() {
        Some(error) => format!("no certificates of authorities are found here: {error}"),
        None => "no certificates of authorities are found here: install ca-certificates".to_owned(),
    });
    (certificates, none)
}

/// Where the hub redirects to, if it does; an error says why it is not followed there.
fn moved(response: &Response<Body>, from: &Url) -> Option<Result<Url, String>> {
    let followed = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    if !followed.contains(&response.status()) {
        return None;
    }
    let Some(to) = text_of(response, header::LOCATION) else {
        return Some(Err(format!("{}, and it does not say where it is", response.status())));
    };
    let next = from.join(to).ok().filter(|next| matches!(next.scheme(), "http" | "https") && next.has_host());
    Some(match next {
        Some(next) if from.scheme() == "https" && next.scheme() == "http" => {
            Err(format!("it leads from https to {:?}", next.as_str()))
        }
        Some(next) => Ok(next),
        None => Err(format!("{}, and it leads to {to:?}", response.status())),
    })
}

fn answer(response: &mut Response<Body>) -> Answer {
    let status = response.status();
    if status.is_success() {
        return Answer::Heard;
    }
    let after = text_of(response, header::RETRY_AFTER).and_then(|after| retry_after(after, SystemTime::now()));
    let said = response.body_mut().with_config().limit(SAID.0).lossy_utf8(true).read_to_string().unwrap_or_default();
    let line: String = said.trim().lines().next().unwrap_or_default().chars().take(SAID.1).collect();
    let why = if line.is_empty() { status.to_string() } else { format!("{status}, {line:?}") };
    let may_change =
        status.is_server_error() || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if may_change { Answer::Later { why, after } } else { Answer::Refused(why) }
}

fn text_of(response: &Response<Body>, name: header::HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// How long `Retry-After` (RFC 9110 section 10.2.3) asks to wait: seconds, or the moment until which to wait.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|b| b.is_ascii_digit()) {
        return value.parse().ok().map(Duration::from_secs);
    }
    Some(httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_in_seconds_or_as_a_moment() {
        let now = httpdate::parse_http_date("Wed, 28 Apr 2021 12:00:00 GMT").unwrap();
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Wed, 28 Apr 2021 12:01:30 GMT", Some(90)),
            ("Wed, 28 Apr 2021 11:00:00 GMT", Some(0)),
            // The two older forms of a moment are to be understood as well (RFC 9110 section 5.6.7).
            ("Wednesday, 28-Apr-21 12:01:30 GMT", Some(90)),
            ("Wed Apr 28 12:01:30 2021", Some(90)),
            ("soon", None),
            ("-1", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }
}
