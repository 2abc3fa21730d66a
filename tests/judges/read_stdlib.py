#!/usr/bin/env python3
"""Reads a feed with nothing but the standard library and prints what it says, as read_feedparser.py does.

    read_stdlib.py FILE

FILE is an RSS or an Atom document, read with xml.etree, or a JSON Feed, read with json.
"""

import datetime
import email.utils
import json
import sys
import xml.etree.ElementTree

from read_feedparser import plain, show

ATOM = "{http://www.w3.org/2005/Atom}"


def iso(stamp):
    return int(datetime.datetime.fromisoformat(stamp).timestamp())


def of_rss(item):
    stamp = int(email.utils.parsedate_to_datetime(item.findtext("pubDate")).timestamp())
    return item.findtext("guid"), item.findtext("title"), stamp, item.findtext("link"), item.findtext("description")


def of_atom(entry):
    link = entry.find(f"{ATOM}link[@rel='alternate']")
    stamp = iso(entry.findtext(f"{ATOM}published"))
    return (entry.findtext(f"{ATOM}id"), entry.findtext(f"{ATOM}title"), stamp,
            link.get("href"), entry.findtext(f"{ATOM}content"))


def of_json(item):
    return item["id"], item["title"], iso(item["date_published"]), item["url"], item["content_html"]


def main(path):
    if path.endswith(".json"):
        with open(path, encoding="utf-8") as file:
            items = map(of_json, json.load(file)["items"])
    else:
        root = xml.etree.ElementTree.parse(path).getroot()
        items = map(of_rss, root.iter("item")) if root.tag == "rss" else map(of_atom, root.iter(f"{ATOM}entry"))
    show({"id": name, "title": title, "published": stamp, "link": link, "text": plain(content)}
         for name, title, stamp, link, content in items)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
