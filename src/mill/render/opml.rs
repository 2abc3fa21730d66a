//! OPML 2.0 (opml.org/spec2.opml): all feeds, for a reader to take over at once.

use super::Summary;
use super::html::escape;
use crate::mill::feed::{Address, path_escaped};

/// One outline a feed, in the order given. Without a base address the addresses are relative to the document, as nobody
/// said where it is served; there is no date, for that could only be the clock's.
///
/// With `pages` it names the page of each feed that has one, too.
pub(super) fn write(feeds: &[Summary], base_url: Option<&Address>, pages: bool) -> Vec<u8> {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n  <head>\n    <title>Feeds</title>\n  \
         </head>\n  <body>\n",
    );
    for feed in feeds {
        let address = |document: &str| {
            let path = format!("{}/{document}", feed.name);
            base_url.map_or_else(|| path_escaped(&path), |base| base.join(&path).to_string())
        };
        let title = feed.title.as_str();
        let (rss, page) = (address("rss.xml"), address(""));
        let attributes = [("type", "rss"), ("text", title), ("title", title), ("xmlUrl", &rss)];
        xml.push_str("    <outline");
        for (name, value) in attributes.into_iter().chain((pages && feed.has_page()).then_some(("htmlUrl", &*page))) {
            let mut escaped = String::with_capacity(value.len());
            escape(&mut escaped, value);
            xml.push_str(&format!(" {name}=\"{}\"", escaped.replace('"', "&quot;")));
        }
        xml.push_str("/>\n");
    }
    xml.push_str("  </body>\n</opml>\n");
    xml.into_bytes()
}
