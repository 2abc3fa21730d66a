#!/usr/bin/env python3
"""Files that nobody means well with, and a few that somebody does: hostile.py FORM SHAPE BYTES writes one to standard
output; without arguments it names all forms and shapes, a pair a line.

Each shape repeats one thing until the size is reached, so that ten times the bytes are ten times the thing.
"""

import itertools
import signal
import sys

DAYS = [f"{day} {month} 2020" for month in ("June", "May", "April") for day in range(1, 29)]
WORDS = "ferries return to the islands orchard opens lamps along quay are lit council meets again".split()


def title(n):
    return " ".join(WORDS[(n * k + k) % len(WORDS)] for k in range(1, 6)).capitalize() + f" {n}"


def items():
    return ((n, title(n), DAYS[n % len(DAYS)], title(n * 7) + " is what they said. " + title(n * 3) + ".")
            for n in itertools.count(1))


def each(form, head, tail=""):
    """An ordinary file: one line of `form` for each item."""
    return head, (form.format(n=n, title=t, date=d, summary=s) for n, t, d, s in items()), tail


def of(piece, head="", tail=""):
    return head, itertools.repeat(piece), tail


def numbered(piece, head="", tail=""):
    return head, (piece.format(n=n) for n in itertools.count(1)), tail


PAGE = "<!DOCTYPE html><html><body>"
RSS = '<rss version="2.0"><channel><title>News</title>'
RSS_END = "</channel></rss>"
LIST = PAGE + "<ul>"
ITEM_JSON = '{{"title": "{title}", "date": "{date}", "summary": "{summary}", "url": "https://a.example/{n}"}}'

ADDRESSES = "\nReferences\n\n   1. https://a.example/1\n   2. https://a.example/2\n"

SHAPES = {
    "text": {
        "page": lambda: each("  {n}. {title}\n\n    {date}\n\n    {summary}\n\n", "News room\n\n"),
        "endless-line": lambda: of("word "),
        "endless-word": lambda: of("w"),
        "endless-digits": lambda: of("12"),
        "blocks": lambda: of("a\n\n"),
        "folded-block": lambda: of("a word\n"),
        "list-marks": lambda: of("1. a\n"),
        "lone-marks": lambda: of("-\n"),
        "dates": lambda: of("12 June 2020\n"),
        "numeric-dates": lambda: of("04/07/2020\n"),
        "bars": lambda: of("| "),
        "rows": lambda: of("a | b\n"),
        "blank-lines": lambda: of("\n"),
        "blanks": lambda: of(" "),
        "deeper": lambda: ("", (" " * (n % 400) + "a\n" for n in itertools.count()), ""),
        "credits": lambda: of("\u00a9 A. Person\n\n"),
        "marks-run": lambda: of("- "),
        "dump": lambda: of("   [1]A title\n   12 June 2020\n\n", "News\n\n", ADDRESSES),
        "links-in-a-dump": lambda: of("[1]", tail="\n" + ADDRESSES),
        "brackets-of-a-dump": lambda: of("[", tail="[1]\n" + ADDRESSES),
        "addresses-of-a-dump": lambda: numbered("{n}. https://a.example/{n}\n", "[1]News\n\nReferences\n\n"),
        "same-item": lambda: of("1. Title\n\n12 June 2020\n\nText here.\n\n"),
    },
    "markdown": {
        "page": lambda: each("## [{title}](https://a.example/{n})\n\n{date}\n\n{summary}\n\n", "# News\n\n"),
        "endless-line": lambda: of("word "),
        "blocks": lambda: of("a\n\n"),
        "lists": lambda: of("- a\n"),
        "empty-lists": lambda: of("-\n"),
        "nested-lists": lambda: of("- "),
        "nested-numbers": lambda: of("1. "),
        "deeper-lists": lambda: ("", ("  " * (n % 60) + "- a\n" for n in itertools.count()), ""),
        "nested-quotes": lambda: of("> "),
        "quotes-growing": lambda: ("", (">" * (n % 200) + " a\n" for n in itertools.count()), ""),
        "quotes": lambda: of("> a\n"),
        "links": lambda: of("[a](b) "),
        "links-alone": lambda: of("[a](b)\n\n"),
        "open-brackets": lambda: of("["),
        "open-links": lambda: of("[a]("),
        "nested-links": lambda: of("[a](b"),
        "images": lambda: of("![a](b) "),
        "open-images": lambda: of("!["),
        "emphasis": lambda: of("*a* "),
        "stars": lambda: of("*"),
        "unclosed-stars": lambda: of("*a "),
        "mixed-stars": lambda: of("*a_ "),
        "ticks": lambda: of("`a` "),
        "ticks-growing": lambda: ("", ("`" * n + " " for n in itertools.count(1)), ""),
        "entities": lambda: of("&amp;"),
        "unknown-entities": lambda: of("&a;"),
        "backslashes": lambda: of("\\*"),
        "inline-html": lambda: of("<b>a</b> "),
        "html-blocks": lambda: of("<div>\n\n"),
        "open-html": lambda: of("<a "),
        "open-comments": lambda: of("<!-- "),
        "autolinks": lambda: of("<http://a> "),
        "definitions": lambda: numbered("[a{n}]: /b\n\n"),
        "same-definition": lambda: of("[a]: /b\n\n"),
        "references": lambda: of("[a] ", tail="\n\n[a]: /b\n"),
        "headings": lambda: of("# a\n"),
        "underlined": lambda: of("a\n=\n"),
        "fences": lambda: of("```\na\n```\n"),
        "open-fences": lambda: ("", ("`" * (3 + n % 40) + "\n" for n in itertools.count()), ""),
        "table": lambda: of("| a | b |\n", "| a | b |\n|---|---|\n"),
        "wide-table": lambda: of("|a", tail="\n" + "|-" * 9 + "\n"),
        "columns": lambda: None,
        "tildes": lambda: of("~~a~~ "),
    },
    "html": {
        "page": lambda: each('<li><a href="/{n}">{title}</a><p>{date}</p><p>{summary}</p></li>\n', LIST, "</ul>"),
        "endless-line": lambda: of("word ", PAGE),
        "paragraphs": lambda: of("<p>a", PAGE),
        "breaks": lambda: of("a<br>", PAGE),
        "nested": lambda: of("<div>", PAGE),
        "nested-inline": lambda: of("<b>", PAGE),
        "nested-lists": lambda: of("<ul><li>", PAGE),
        "empty-lists": lambda: of("<ul></ul>", PAGE),
        "empty-entries": lambda: of("<li>", LIST),
        "attributes": lambda: numbered(" a{n}=x", PAGE + "<p", ">"),
        "same-attribute": lambda: of(" a=x", PAGE + "<p", ">"),
        "long-attribute": lambda: of("x", PAGE + '<p a="', '">'),
        "elements-with-attributes": lambda: of("<p a=1 b=2 c=3 d=4>", PAGE),
        "links": lambda: numbered('<a href="/{n}">a</a> ', PAGE),
        "open-links": lambda: of('<a href="/x">a', PAGE),
        "times": lambda: of("<time>a</time>", PAGE + "<p>"),
        "times-of-changes": lambda: of("<time class=updated>a</time>", PAGE + "<p>"),
        "hidden-words": lambda: of("<i class=sr-only>a</i>", PAGE + "<p>"),
        "linked-headings": lambda: numbered('<h2><a href="/{n}">a</a></h2>', PAGE),
        "fields-of-entries": lambda: of("<li>a<ul><li>3 May 2021<li>b<li>c</ul>", LIST),
        "open-times": lambda: of("<time>a", PAGE + "<p>"),
        "open-times-in-blocks": lambda: of("<time><p>a", PAGE),
        "rows": lambda: of("<tr><td>a<td>b", PAGE + "<table>"),
        "columns": lambda: of("<td>a", PAGE + "<table><tr>"),
        "nested-tables": lambda: of("<table><tr><td>a", PAGE),
        "entities": lambda: of("&amp;", PAGE),
        "long-entities": lambda: of("&aaaaaaaa", PAGE),
        "open-quote": lambda: of("x ", PAGE + '<a href="'),
        "open-comment": lambda: of("- ", PAGE + "<!--"),
        "open-comments": lambda: of("<!--", PAGE),
        "open-script": lambda: of("</scrip", PAGE + "<script>"),
        "brackets": lambda: of("<", PAGE),
        "ends": lambda: of("</p>", PAGE),
        "ends-of-others": lambda: of("</i>", PAGE + "<div>" * 500),
        "pre": lambda: of("a\n", PAGE + "<pre>"),
        "headings": lambda: of("<h2>a</h2>", PAGE),
    },
    "json": {
        "page": lambda: each(ITEM_JSON + ",\n", "[", '{"title": "Last"}]'),
        "cut": lambda: each(ITEM_JSON + ",\n", "["),
        "empty-lists": lambda: of("[],", "[", "0]"),
        "empty-objects": lambda: of("{},", '{"items": [', "{}]}"),
        "nested": lambda: of("["),
        "nested-objects": lambda: of('{"a":'),
        "numbers": lambda: of("0,", "[", "0]"),
        "tiny-items": lambda: of('{"title":"a"},', "[", '{"title":"a"}]'),
        "members": lambda: numbered('"a{n}":0,', "{", '"z":0}'),
        "members-of-one-name": lambda: of('"a":0,', "{", '"z":0}'),
        "members-of-an-item": lambda: numbered('"a{n}":0,', '[{"title":"x",', '"z":0}]'),
        "lists-of-lists": lambda: numbered('"a{n}":[{{"title":"x"}}],', "{", '"z":0}'),
        "long-string": lambda: of("x", '[{"title":"', '"}]'),
        "open-string": lambda: of("x", '[{"title":"'),
        "escapes": lambda: of("\\n", '[{"title":"', '"}]'),
        "backslashes": lambda: of("\\\\", '[{"title":"', '"}]'),
        "blanks": lambda: of(" ", "[", "]"),
        "html": lambda: of("<p>a", '[{"title":"x","content_html":"', '"}]'),
    },
    "jsonl": {
        "page": lambda: each(ITEM_JSON + "\n", ""),
        "tiny-items": lambda: of('{"title":"a"}\n'),
        "empty-objects": lambda: of("{}\n"),
        "nested": lambda: of('{"a":'),
        "no-json": lambda: of("a\n"),
        "cut-lines": lambda: of('{"title":\n'),
        "numbers": lambda: of("0\n"),
        "blank-lines": lambda: of("\n"),
        "endless-line": lambda: of("x", '{"title":"', '"}\n'),
    },
    "csv": {
        "page": lambda: each('"{title}",{date},"{summary}",https://a.example/{n}\n', "title,date,summary,url\n"),
        "columns": lambda: of(",", "title"),
        "columns-named": lambda: numbered("a{n},", "title,"),
        "wide-rows": lambda: of("a" + "," * 4000 + "\n", "title" + "," * 4000 + "\n"),
        "tiny-items": lambda: of("a\n", "title\n"),
        "blank-cells": lambda: of(",\n", "title,date\n"),
        "open-quote": lambda: of("a\n", 'title\n"'),
        "open-quotes": lambda: of('"a\n', "title\n"),
        "quotes": lambda: of('""', 'title\n"', '"\n'),
        "endless-line": lambda: of("word ", "title\n"),
        "blank-lines": lambda: of("\n", "title\n"),
        "header-alone": lambda: of("x", "title,"),
    },
    "feed": {
        "page": lambda: each("<item><title>{title}</title><pubDate>{date}</pubDate><description>{summary}</description>"
                             "<link>https://a.example/{n}</link></item>\n", RSS, RSS_END),
        "cut": lambda: each("<item><title>{title}</title><pubDate>{date}</pubDate></item>\n", RSS),
        "tiny-items": lambda: of("<item/>", RSS, RSS_END),
        "titles": lambda: of("<item><title>a</title></item>", RSS, RSS_END),
        "nested": lambda: of("<a>", RSS),
        "attributes": lambda: numbered(' a{n}="x"', RSS + "<item", "/>" + RSS_END),
        "namespaces": lambda: numbered(' xmlns:a{n}="x"', RSS + "<item", "/>" + RSS_END),
        "elements-with-namespace": lambda: of('<a xmlns:b="c"/>', RSS, RSS_END),
        "elements-with-namespaces": lambda: numbered('<a xmlns:b{n}="c{n}"/>', RSS, RSS_END),
        "children": lambda: of("<category>a</category>", RSS + "<item><title>x</title>", "</item>" + RSS_END),
        "empty-titles": lambda: of("<title/>", RSS + "<item>", "</item>" + RSS_END),
        "ampersands": lambda: of("& ", RSS + "<item><title>", "</title></item>" + RSS_END),
        "entities": lambda: of("&amp;", RSS + "<item><title>", "</title></item>" + RSS_END),
        "html": lambda: of("&lt;p&gt;a", RSS + "<item><title>x</title><description>", "</description></item>" + RSS_END),
        "cdata": lambda: of("<![CDATA[a]]>", RSS + "<item><title>", "</title></item>" + RSS_END),
        "open-cdata": lambda: of("<![CDATA[", RSS),
        "open-comments": lambda: of("<!--", RSS),
        "comments": lambda: of("<!--a-->", RSS, RSS_END),
        "brackets": lambda: of("<", RSS),
        "instructions": lambda: of("<?a?>", "", RSS + RSS_END),
    },
}
# Paths in the config say which form a file has by its name.
ENDINGS = {"text": "txt", "markdown": "md", "feed": "rss"}


def wide(size):
    """A table whose rows are as wide as it is long: rows times columns grow with its size."""
    side = max(4, int((size / 8) ** 0.5))
    return "|a" * side + "\n" + "|-" * side + "\n" + ("|b" * side + "\n") * (size // (2 * side + 1))


def write(form, shape, size, out):
    made = SHAPES[form][shape]()
    if made is None:
        out.write(wide(size))
        return
    head, pieces, tail = made
    out.write(head)
    written, buffer = 0, []
    for piece in pieces:
        buffer.append(piece)
        written += len(piece)
        if written >= size:
            break
        if len(buffer) >= 65536:
            out.write("".join(buffer))
            buffer.clear()
    out.write("".join(buffer))
    out.write(tail)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        for form, shapes in SHAPES.items():
            for shape in shapes:
                print(form, shape, ENDINGS.get(form, form))
    else:
        # Who reads may have had enough.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        sys.stdout.reconfigure(encoding="utf-8", newline="")
        write(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.stdout)
