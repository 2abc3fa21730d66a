#!/usr/bin/env python3
"""Fetches a feed, as sfeed leaves to others, and prints what sfeed reads in it, as read_feedparser.py does.

    read_sfeed.py URL
"""

import re
import subprocess
import sys
import urllib.request

from read_feedparser import plain, show

ESCAPED = {"\\t": "\t", "\\n": "\n", "\\\\": "\\"}


def main(url):
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=60) as answer:
        document = answer.read()
    lines = subprocess.run(["sfeed"], input=document, capture_output=True, check=True).stdout.decode().splitlines()
    rows = []
    for stamp, title, link, content, _, name, *_ in (line.split("\t") for line in lines):
        published = int(stamp) if stamp else None
        text = plain(re.sub(r"\\[tn\\]", lambda found: ESCAPED[found[0]], content))
        rows.append({"id": name, "title": title, "published": published, "updated": published, "link": link, "text": text})
    show(rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
