#!/bin/sh
# Reads a feed with newsboat and prints what its cache holds.
#
#     read_newsboat.sh DIR FEEDFILE
#     read_newsboat.sh URL
#
# DIR is served, FEEDFILE a path below it. A URL is fetched three times: whoever serves it may count what came of it. (It
# keeps an answer's validators only for a feed that it has already, and so asks with them the third time.) One JSON
# object a line, sorted by id, as read_feedparser.py prints them; newsboat keeps no `updated`, so that is `published`.
# Nothing of the caller's own newsboat is touched.
set -eu
[ $# -eq 1 ] || [ $# -eq 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }

home=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$home"' EXIT
trap 'exit 1' HUP INT TERM

url=$1 times="once again conditionally"
if [ $# -eq 2 ]; then
    # A loopback server on a port of the system's choice: file:// would skip the part that fetches.
    python3 - "$1" "$home/port" <<'PY' &
import functools, http.server, os, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
handler.func.log_message = lambda *_: None
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
with open(sys.argv[2] + ".new", "w") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()
PY
    server=$!
    tries=0
    until [ -s "$home/port" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] && kill -0 "$server" || { echo "the loopback server did not start" >&2; exit 1; }
        sleep 0.1
    done
    url=http://127.0.0.1:$(cat "$home/port")/$2 times=once
fi

printf '%s\n' "$url" >"$home/urls"
printf 'error-log "%s/errors"\nuse-proxy no\n' "$home" >"$home/config"
# Without a terminal type newsboat refuses to start even for a reload.
for _ in $times; do
    HOME=$home TERM=${TERM:-dumb} newsboat -q -u "$home/urls" -c "$home/cache.db" -C "$home/config" -x reload >"$home/out" 2>&1 \
        || { cat "$home/out" >&2; exit 1; }
done
[ ! -s "$home/errors" ] || { cat "$home/errors" >&2; exit 1; }

python3 - "$home/cache.db" <<'PY'
import html, json, re, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT guid, title, pubDate, url, content FROM rss_item ORDER BY guid")
for guid, title, published, link, content in rows:
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", content))).strip()
    row = {"id": guid, "title": title, "published": published, "updated": published, "link": link, "text": text}
    print(json.dumps(row, ensure_ascii=False, sort_keys=True))
PY
