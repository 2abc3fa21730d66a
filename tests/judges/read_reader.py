#!/usr/bin/env python3
"""Fetches a feed twice with reader and prints what it keeps, as read_feedparser.py does.

    read_reader.py URL
"""

import calendar
import sys

from reader import make_reader

from read_feedparser import plain, show


def seconds(moment):
    return calendar.timegm(moment.utctimetuple()) if moment else None


def main(url):
    reader = make_reader(":memory:")
    reader.add_feed(url)
    for _ in range(2):
        reader.update_feed(url)
    rows = []
    for entry in reader.get_entries():
        published = seconds(entry.published)
        rows.append({
            "id": entry.id,
            "title": entry.title,
            "published": published,
            "updated": seconds(entry.updated) or published,
            "link": entry.link,
            "text": plain(entry.get_content().value),
        })
    show(rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
