#!/usr/bin/env python3
"""Compares what strangers read in a feed with what a person saw on the scraped page.

    agree.py LABELS.json FEED|URL [--root DIR] [--site SITE] [--reader NAME]… [--subset]

LABELS.json is [{"title", "date", "summary", "credit", "categories"}], or an object with such a list under "items" (and
"site"). FEED is an rss.xml or atom.xml; DIR, by default its folder, is what newsboat is served from. A URL is fetched by
each reader as it fetches. feedparser and newsboat, or the readers named, each have to see every label as one item: the id
recomputed here from site, title and date, the title, the day in UTC, and a text that contains summary and credit;
feedparser the categories, where a label has them. With --subset items beyond the labels are allowed. Prints every
difference and exits with 1 if there is one. A reader that is not installed is a failure too: a judge that stays away has
not agreed.
"""

import argparse
import datetime
import json
import pathlib
import re
import subprocess
import sys
import unicodedata
import uuid

HERE = pathlib.Path(__file__).resolve().parent
READERS = {
    "feedparser": [sys.executable, HERE / "read_feedparser.py"],
    "newsboat": ["sh", HERE / "read_newsboat.sh"],
    "reader": [sys.executable, HERE / "read_reader.py"],
    "sfeed": [sys.executable, HERE / "read_sfeed.py"],
}


def fold(text):
    """Scheme 1: NFKC, full case folding, NFKC, letters, marks and digits; else NFKC with blanks folded."""
    nfkc = unicodedata.normalize("NFKC", text)
    folded = unicodedata.normalize("NFKC", nfkc.casefold())
    kept = "".join(c for c in folded if unicodedata.category(c)[0] in "LMN")
    return kept or " ".join(nfkc.split())


def item_id(site, label):
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, "feedmill:" + site)
    explicit = label.get("explicit_id") or label.get("link")
    name = f"1\nid\n{explicit}" if explicit else f"1\n{label.get('date') or ''}\n{fold(label['title'])}"
    return f"urn:uuid:{uuid.uuid5(namespace, name)}"


def squeeze(text):
    return re.sub(r"\s+", " ", text or "").strip()


def compare(reader, rows, labels, site, subset):
    wrong = []
    seen = {}
    for row in rows:
        if row["id"] in seen:
            wrong.append(f"{row['id']} twice: {row['title']!r}")
        seen[row["id"]] = row
    for label in labels:
        row = seen.pop(item_id(site, label), None)
        if row is None:
            wrong.append(f"missing {item_id(site, label)}: {label['date']} {label['title']!r}")
            continue
        where = f"{row['id']} {label['title']!r}"
        if squeeze(row["title"]) != squeeze(label["title"]):
            wrong.append(f"{where}\n    title  label {label['title']!r}\n           read  {row['title']!r}")
        if label.get("date"):
            moment = row["published"]
            day = moment is not None and datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).date().isoformat()
            if day != label["date"]:
                wrong.append(f"{where}\n    date   label {label['date']}\n           read  {day or 'none'}")
        for field in ("summary", "credit"):
            said = squeeze(label.get(field))
            said = said.removeprefix("©").strip() if field == "credit" else said
            if said and said not in squeeze(row["text"]):
                wrong.append(f"{where}\n    {field} label {said!r}\n           read  {row['text']!r}")
        if "categories" in label and "categories" in row:
            meant, told = [[squeeze(name) for name in names] for names in (label["categories"], row["categories"])]
            if meant != told:
                wrong.append(f"{where}\n    categories label {meant!r}\n           read  {told!r}")
    if not subset:
        wrong.extend(f"no label for {row['id']}: {row['title']!r}" for row in seen.values())
    for line in wrong:
        print(f"{reader}: {line}")
    print(f"{reader}: {len(rows)} items read, {len(labels)} labels, {len(wrong)} differences")
    return not wrong


def read(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed: {done.stderr.strip() or done.stdout.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=pathlib.Path)
    parser.add_argument("feed")
    parser.add_argument("--root", type=pathlib.Path, help="the served folder; default: the feed's own")
    parser.add_argument("--site", help="the site of the source; default: the labels' own, else the feed's folder")
    parser.add_argument("--reader", action="append", choices=READERS, help="default: feedparser and newsboat")
    parser.add_argument("--subset", action="store_true", help="allow items without a label")
    args = parser.parse_args()

    labels = json.loads(args.labels.read_text(encoding="utf-8"))
    site = args.site
    if isinstance(labels, dict):
        site = site or labels.get("site")
        labels = labels["items"]
    readers = {name: READERS[name] + [args.feed] for name in args.reader or ["feedparser", "newsboat"]}
    if not args.feed.startswith("http://"):
        feed = pathlib.Path(args.feed).resolve()
        site = site or feed.parent.name
        root = (args.root or feed.parent).resolve()
        if "newsboat" in readers:
            readers["newsboat"] = READERS["newsboat"] + [root, feed.relative_to(root)]
    agreed = [compare(name, read(command), labels, site, args.subset) for name, command in readers.items()]
    sys.exit(0 if all(agreed) else 1)


if __name__ == "__main__":
    main()
