#!/bin/sh
# Reads a feed with newsboat and prints what its cache holds.
#
#     read_newsboat.sh DIR FEEDFILE
#
# DIR is the served folder, FEEDFILE a path below it. One JSON object a line, sorted by id, as read_feedparser.py prints
# them; newsboat keeps no `updated`, so that is `published`. Nothing of the caller's own newsboat is touched.
set -eu
[ $# -eq 2 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
dir=$1
feed=$2

home=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$home"' EXIT
trap 'exit 1' HUP INT TERM

# A loopback server on a port of the system's choice: file:// would skip the part that fetches.
python3 - "$dir" "$home/port" <<'PY' &
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

printf 'http://127.0.0.1:%s/%s\n' "$(cat "$home/port")" "$feed" >"$home/urls"
printf 'error-log "%s/errors"\nuse-proxy no\n' "$home" >"$home/config"
# Without a terminal type newsboat refuses to start even for a reload.
HOME=$home TERM=${TERM:-dumb} newsboat -q -u "$home/urls" -c "$home/cache.db" -C "$home/config" -x reload >"$home/out" 2>&1 \
    || { cat "$home/out" >&2; exit 1; }
[ ! -s "$home/errors" ] || { cat "$home/errors" >&2; exit 1; }

python3 - "$home/cache.db" <<'PY'
import html, json, re, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT guid, title, pubDate, content FROM rss_item ORDER BY guid")
for guid, title, published, content in rows:
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", content))).strip()
    row = {"id": guid, "title": title, "published": published, "updated": published, "text": text}
    print(json.dumps(row, ensure_ascii=False, sort_keys=True))
PY
