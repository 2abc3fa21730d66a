#!/usr/bin/env python3
"""Reads a feed with feedparser and prints what a subscriber would see.

    read_feedparser.py FILE|URL

One JSON object a line, sorted by id: {"id", "title", "published", "updated", "link", "text", "categories"}; times in
seconds since 1970. Exits with 1 when feedparser calls the document broken. A URL is fetched three times: plainly, and
with what the first answer brought, its entity tag and its date, each alone. Whoever serves it may count what came of it.
"""

import calendar
import html
import json
import re
import sys

import feedparser


def plain(markup):
    """The words of an HTML fragment, without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", markup))).strip()


def seconds(moment):
    return calendar.timegm(moment) if moment else None


def show(rows):
    for row in sorted(rows, key=lambda row: row["id"]):
        print(json.dumps(row, ensure_ascii=False, sort_keys=True))


def parse(path):
    if path.startswith("http://"):
        feed = feedparser.parse(path)
        feedparser.parse(path, etag=feed.get("etag"))
        feedparser.parse(path, modified=feed.get("modified"))
        return feed
    with open(path, "rb") as file:
        return feedparser.parse(file.read())


def main(path):
    # The words of the feed are compared, not what is made of text that merely looks like markup.
    feedparser.SANITIZE_HTML = False
    feedparser.RESOLVE_RELATIVE_URIS = False
    feed = parse(path)
    if feed.bozo:
        sys.exit(f"{path}: feedparser refuses it: {feed.bozo_exception}")
    rows = []
    for entry in feed.entries:
        content = entry.content[0].value if "content" in entry else entry.get("summary", "")
        published = seconds(entry.get("published_parsed"))
        rows.append({
            "id": entry.get("id", ""),
            "title": entry.get("title", ""),
            "published": published,
            "updated": seconds(entry["updated_parsed"]) if "updated" in entry else published,
            "link": entry.get("link", ""),
            "text": plain(content),
            "categories": [tag.get("term") for tag in entry.get("tags", [])],
        })
    show(rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
