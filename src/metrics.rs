//! What the daemon counts, and serves: `/metrics` as OpenMetrics text, and `/healthz`.
//!
//! Both have an address of their own, never the public one: they say which sources and feeds there are and how they are
//! doing. They contain no path, title or error message.
//!
//! `/healthz` is 200 while the pipeline moves and 503 when it has stopped: the same judgement that the service
//! manager's watchdog gets. Trouble that is tried again (a full disk) is no standstill: the feeds are served as they
//! were.

mod listening;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::header::{self, HeaderValue};
use hyper::{Request, Response, StatusCode};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

pub use listening::{HANDED_AS, Listening};

use crate::http::{Body, Handler, guarded, plain};
use crate::operations::Kind;
use crate::progress::Progress;
use crate::report::Report;

/// The media type of [`Metrics::text`].
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";
/// After how long without movement the pipeline has stopped, unless the service manager says otherwise.
const STOPPED: Duration = Duration::from_secs(60);

type Label = [(&'static str, String); 1];
type Real = Gauge<f64, AtomicU64>;

fn label(name: &'static str, value: &str) -> Label {
    [(name, value.to_owned())]
}

/// A metric that the registry tells, too.
fn entered<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

/// The same for one that is in seconds.
fn entered_seconds<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register_with_unit(name, help, Unit::Seconds, metric.clone());
    metric
}

/// What a pass was, beyond what it reports.
#[derive(Debug, Clone)]
pub struct Passed {
    /// It looked at all there is.
    pub all: bool,
    /// It was not ended early.
    pub whole: bool,
    /// How long it took.
    pub took: Duration,
    /// For each feed whose newest item may have changed: when that was published, in seconds since 1970.
    pub newest: Vec<(String, i64)>,
    /// How many conditions of each kind hold.
    pub open: BTreeMap<Kind, usize>,
}

/// The numbers of this process.
#[derive(Debug)]
pub struct Metrics {
    progress: Arc<Progress>,
    stopped: Duration,
    registry: Registry,
    passes: Family<Label, Counter>,
    seconds: Histogram,
    read: Counter,
    files: Family<Label, Gauge>,
    new: Counter,
    revised: Counter,
    gone: Counter,
    items: Gauge,
    feed_items: Family<Label, Gauge>,
    feed_newest: Family<Label, Gauge>,
    feed_written: Family<Label, Counter>,
    drift: Family<Label, Gauge>,
    errors: Family<Label, Counter>,
    open: Family<Label, Gauge>,
    events: Gauge,
    moving: Gauge,
    age: Real,
    /// When the newest pass that is done was done, or when it began.
    done: Mutex<Instant>,
}

impl Metrics {
    /// Nothing counted yet. `stopped`: after how long the pipeline that does not move has stopped.
    #[must_use]
    pub fn new(progress: Arc<Progress>, stopped: Option<Duration>) -> Self {
        let mut registry = Registry::with_prefix("feedmill");
        let r = &mut registry;
        r.register("build", "This feedmill", Info::new(label("version", env!("CARGO_PKG_VERSION"))));
        // They are told in the order in which they stand here.
        Self {
            progress,
            stopped: stopped.unwrap_or(STOPPED),
            passes: entered(r, "passes", "Passes, by whether they were done"),
            seconds: entered_seconds(
                r,
                "pass",
                "How long passes took",
                Histogram::new(exponential_buckets(0.001, 4.0, 10)),
            ),
            read: entered(r, "files_read", "Files that were opened"),
            files: entered(r, "files", "Files at the newest look at all there is, by what became of them"),
            new: entered(r, "items_new", "Items that were not there before"),
            revised: entered(r, "items_revised", "Items that were shown otherwise than before"),
            gone: entered(r, "items_gone", "Items that a corrected reading took back"),
            items: entered(r, "items", "Items in the store"),
            feed_items: entered(r, "feed_items", "Items in a feed's documents"),
            feed_newest: entered_seconds(
                r,
                "feed_newest_timestamp",
                "When a feed's newest item was published, since 1970",
                Family::default(),
            ),
            feed_written: entered(r, "feed_documents_written", "Documents of a feed that were replaced"),
            drift: entered(r, "source_drifted", "1: the newest capture says that the page changed"),
            errors: entered(r, "errors", "What went wrong, by kind"),
            open: entered(r, "conditions_open", "Entries of the operations feed that hold, by kind"),
            events: entered(r, "events_relied_on", "1: the system tells of changes; 0: polling"),
            moving: entered(r, "pipeline_moving", "1: it moves or has nothing to do; 0: it has stopped"),
            age: entered_seconds(
                r,
                "last_pass_age",
                "Since the newest pass that was done, or the start, by the monotonic clock",
                Real::default(),
            ),
            registry,
            done: Mutex::new(Instant::now()),
        }
    }

    /// Counts a pass that is done, or that was given up.
    pub fn pass(&self, report: Option<&Report>, passed: &Passed) {
        self.seconds.observe(passed.took.as_secs_f64());
        self.passes.get_or_create(&label("outcome", if report.is_some() { "done" } else { "trouble" })).inc();
        self.open.clear();
        for kind in Kind::ALL {
            let open = passed.open.get(&kind).copied().unwrap_or_default();
            self.open.get_or_create(&label("kind", kind.name())).set(count(open));
        }
        let Some(report) = report else { return self.error(Kind::Trouble) };
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.read.inc_by(report.files.read as u64);
        self.new.inc_by(report.items.new as u64);
        self.revised.inc_by(report.items.revised as u64);
        self.gone.inc_by(report.items.gone as u64);
        self.items.set(count(report.items.total));
        for feed in &report.feeds {
            let feed_label = label("feed", &feed.name);
            self.feed_items.get_or_create(&feed_label).set(count(feed.items));
            self.feed_written.get_or_create(&feed_label).inc_by(feed.written.len() as u64);
        }
        for (feed, newest) in &passed.newest {
            self.feed_newest.get_or_create(&label("feed", feed)).set(*newest);
        }
        if passed.all && passed.whole {
            self.looked_at_all(report);
        }
    }

    fn looked_at_all(&self, report: &Report) {
        let files = &report.files;
        let became = [("unchanged", files.unchanged), ("ignored", files.ignored), ("skipped", files.skipped)];
        for (became, files) in became.into_iter().chain([("read", files.read)]) {
            self.files.get_or_create(&label("became", became)).set(count(files));
        }
        self.drift.clear();
        for drift in &report.drift {
            self.drift.get_or_create(&label("source", &drift.source)).set(1);
        }
    }

    /// Counts something else that went wrong.
    pub fn error(&self, kind: Kind) {
        self.errors.get_or_create(&label("kind", kind.name())).inc();
    }

    /// Whether the system's events can be relied on.
    pub fn relies_on_events(&self, relies: bool) {
        self.events.set(i64::from(relies));
    }

    /// There is another config: names that it may no longer have are forgotten, and what was counted of the feeds that
    /// `left`.
    pub fn forget_names<'f>(&self, left: impl Iterator<Item = &'f str>) {
        for family in [&self.feed_items, &self.feed_newest, &self.drift] {
            family.clear();
        }
        for feed in left {
            self.feed_written.remove(&label("feed", feed));
        }
    }

    /// Whether the pipeline moves, as the service manager's watchdog sees it.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.progress.moves(self.stopped)
    }

    /// All of it, in the OpenMetrics text format 1.0.
    #[must_use]
    pub fn text(&self) -> String {
        self.moving.set(i64::from(self.moves()));
        let done = *self.done.lock().unwrap_or_else(PoisonError::into_inner);
        self.age.set(done.elapsed().as_secs_f64());
        let mut text = String::new();
        // Writing to memory can't fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Handler for Metrics {
    fn answer(&self, request: &Request<()>) -> Response<Body> {
        match request.uri().path() {
            "/metrics" => text(StatusCode::OK, OPEN_METRICS, self.text()),
            "/healthz" if self.moves() => text(StatusCode::OK, PLAIN, "ok\n".to_owned()),
            "/healthz" => text(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "the pipeline has stopped moving\n".to_owned()),
            _ => plain(StatusCode::NOT_FOUND),
        }
    }
}

fn text(status: StatusCode, media_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    *response.headers_mut() = guarded();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Drift, FeedLine, FileCounts, ItemCounts};

    #[test]
    fn what_passes_did_is_counted_and_told() {
        let metrics = Metrics::new(Arc::new(Progress::new(Arc::default())), None);
        let feed =
            FeedLine { name: "news".into(), items: 7, written: vec!["news/rss.xml".into()], ..FeedLine::default() };
        let drift = Drift { source: "lake".into(), file: "a".into(), reason: "odd".into() };
        let report = Report {
            files: FileCounts { read: 3, unchanged: 4, ignored: 5, skipped: 6 },
            items: ItemCounts { new: 2, revised: 1, total: 9, gone: 0 },
            feeds: vec![feed],
            drift: vec![drift],
            ..Report::default()
        };
        let passed = Passed {
            all: true,
            whole: true,
            took: Duration::from_millis(20),
            newest: vec![("news".into(), 1_600_000_000)],
            open: [(Kind::Drift, 1)].into(),
        };
        metrics.pass(Some(&report), &passed);
        metrics.pass(Some(&Report::default()), &Passed { all: false, newest: vec![], ..passed.clone() });
        metrics.pass(None, &passed);
        let text = metrics.text();
        for line in [
            "feedmill_passes_total{outcome=\"done\"} 2",
            "feedmill_passes_total{outcome=\"trouble\"} 1",
            "feedmill_pass_seconds_count 3",
            "feedmill_files{became=\"skipped\"} 6",
            "feedmill_files_read_total 3",
            "feedmill_items_new_total 2",
            "feedmill_feed_items{feed=\"news\"} 7",
            "feedmill_feed_newest_timestamp_seconds{feed=\"news\"} 1600000000",
            "feedmill_feed_documents_written_total{feed=\"news\"} 1",
            "feedmill_source_drifted{source=\"lake\"} 1",
            "feedmill_errors_total{kind=\"trouble\"} 1",
            "feedmill_conditions_open{kind=\"drift\"} 1",
            "feedmill_pipeline_moving 1",
            "# UNIT feedmill_last_pass_age_seconds seconds",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        metrics.forget_names(["news"].into_iter());
        let text = metrics.text();
        assert!(!text.contains("lake") && !text.contains("news"), "{text}");
    }

    fn asked(metrics: &Metrics, path: &str) -> (StatusCode, HeaderValue) {
        let response = metrics.answer(&Request::get(path).body(()).unwrap());
        (response.status(), response.headers()[header::CONTENT_TYPE].clone())
    }

    #[test]
    fn numbers_and_health_are_told_and_nothing_else() {
        let metrics = Metrics::new(Arc::new(Progress::new(Arc::default())), None);
        assert_eq!(asked(&metrics, "/metrics"), (StatusCode::OK, HeaderValue::from_static(OPEN_METRICS)));
        assert_eq!(asked(&metrics, "/healthz?probe").0, StatusCode::OK);
        for path in ["/", "/metrics/", "/../metrics", "/news/atom.xml"] {
            assert_eq!(asked(&metrics, path).0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn a_pipeline_that_stands_still_is_not_well() {
        let metrics = Metrics::new(Arc::new(Progress::new(Arc::default())), Some(Duration::ZERO));
        assert_eq!(asked(&metrics, "/healthz").0, StatusCode::SERVICE_UNAVAILABLE);
        assert!(metrics.text().contains("feedmill_pipeline_moving 0\n"));
    }
}
