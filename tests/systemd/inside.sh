#!/usr/bin/env bash
# What has to hold of the service, asked of a systemd that is PID 1. Each line of the log is `ok WHAT` or `FAILED WHAT`;
# the last one is `done`. Nothing is waited for longer than it takes, nor for ever.
set -u
cd /checkout || exit

state=/var/lib/feedmill
public=$state/public
config=/etc/feedmill/feedmill.toml
inbox=/srv/scrapes/lakes

check() {
    local what=$1
    shift
    if "$@"; then echo "ok $what"; else echo "FAILED $what: $*"; fi
}
refused() { ! "$@" 2>/dev/null; }
# Holds within fifteen seconds.
soon() {
    local what=$1 n
    shift
    for ((n = 0; n < 300; n++)); do
        "$@" >/dev/null 2>&1 && { echo "ok $what"; return; }
        sleep 0.05
    done
    echo "FAILED $what: $* (waited 15 s)"
    systemctl status --no-pager --lines=20 feedmill
}
of() { systemctl show --value --property="$1" feedmill; }
is() { [ "$(of "$1")" = "$2" ]; }
tells() { [[ "$(of StatusText)" == *"$1"* ]]; }
active() { is ActiveState active && is SubState running; }
logged() { journalctl --quiet --output=cat --unit=feedmill "PRIORITY=$1" | grep -qF -- "$2"; }
as() { setpriv --reuid="$1" --regid="$(id -g "$1")" --clear-groups "${@:2}"; }
has() { grep -qF -- "$2" "$public/$1/rss.xml" && grep -qF -- "$2" "$public/$1/atom.xml"; }
sums() { cat "$public"/*/*.xml | sha256sum; }
whole() { [ "$(sums)" = "$1" ]; }
restarted() { is NRestarts "$1" && active; }
other() { [ "$(of MainPID)" != "$1" ] && active; }
scrape() {
    printf 'News room\n\n  1. %s\n\n    %s\n\n    The gauge at the weir has been read at noon.\n' "$2" "$3" >"$inbox/.new"
    mv "$inbox/.new" "$inbox/$1"
}

# ---- installed as the README says ----

mkdir -p "$inbox"
cp samples/lakes/*.txt "$inbox/"
bash -euxo pipefail /lab/install.sh
check "the commands of the README succeed" [ $? -eq 0 ]
check "verify finds nothing" [ -z "$(systemd-analyze verify /etc/systemd/system/feedmill.service 2>&1)" ]

# ---- start ----

soon "active after the start" active
soon "the status counts" tells "watching 1 source; 20 items in 1 feed"
check "the feeds are there when it is active" has lakes "Swimming season opens at four lakes"
pid=$(of MainPID)
check "it is not root" [ "$(stat -c %U "/proc/$pid")" = feedmill ]
check "it has no capabilities" grep -qE '^CapBnd:\s0+$' "/proc/$pid/status"
check "it filters calls" grep -qE '^Seccomp:\s2$' "/proc/$pid/status"

# ---- who may read what ----

for user in www-data nobody; do
    id "$user" >/dev/null 2>&1 || continue
    check "$user reads the feeds" as "$user" cmp "$public/lakes/rss.xml" "$public/lakes/rss.xml"
    check "$user can't list the state" refused as "$user" ls "$state" >/dev/null
    for file in feedmill.db lock; do
        check "$file is there" [ -f "$state/$file" ]
        check "$user can't read $file" refused as "$user" cat "$state/$file" >/dev/null
    done
done

# ---- a scrape lands ----

scrape news-2021-06-20.txt "Low water at the Ossel weir" "19 June 2021"
soon "a scrape reaches the feed" has lakes "Low water at the Ossel weir"
groupadd --system scrapers 2>/dev/null
mkdir -p /run/systemd/system/feedmill.service.d
printf '[Service]\nSupplementaryGroups=scrapers\nWatchdogSec=2\n' >/run/systemd/system/feedmill.service.d/lab.conf
systemctl daemon-reload
systemctl restart feedmill
soon "active after a restart" active
scrape .hidden.txt "A closed scrape is opened by its group" "20 June 2021"
chown root:scrapers "$inbox/.hidden.txt"
chmod 640 "$inbox/.hidden.txt"
mv "$inbox/.hidden.txt" "$inbox/news-2021-06-21.txt"
soon "a group opens scrapes" has lakes "A closed scrape is opened by its group"

# ---- reload ----

printf '\n[[feed]]\nname = "water"\nsources = ["lakes"]\n' >>"$config"
systemctl reload feedmill
soon "a reload brings the new feed" has water "Low water at the Ossel weir"
soon "active after the reload" active
soon "the status counts again" tells "in 1 feed"
pid=$(of MainPID)
cp "$config" /tmp/good.toml
before=$(sums)
echo 'nonsense = 1' >>"$config"
systemctl reload feedmill
soon "the status tells of a broken config" tells "the config can't be used, the previous one stays"
soon "active with the previous config" active
check "the same process" is MainPID "$pid"
check "the feeds stay" whole "$before"
soon "the journal names the key, as an error" logged 3 nonsense
scrape news-2021-06-22.txt "Divers look at the lock gates" "21 June 2021"
soon "the previous config goes on" has water "Divers look at the lock gates"
cp /tmp/good.toml "$config"
systemctl reload feedmill
soon "a mended config is taken up" tells "watching"
soon "active after mending" active

# ---- it stands still, it is killed ----

before=$(sums)
pid=$(of MainPID)
kill -STOP "$pid"
soon "the watchdog starts it again" restarted 1
check "the feeds are whole after the watchdog" whole "$before"
kill -KILL "$(of MainPID)"
soon "it is started again after kill -9" restarted 2
check "the feeds are whole after kill -9" whole "$before"
scrape news-2021-06-23.txt "The ferry bell has been found" "22 June 2021"
soon "and it goes on" has water "The ferry bell has been found"

# ---- hubs are told, where the drop-in lets it ----

cat >/tmp/hub.py <<'HUB'
import http.server, sys
class Hub(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with open("/tmp/heard", "a") as heard:
            heard.write(form + "\n")
        self.send_response(204)
        self.end_headers()
    def log_message(self, *what):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Hub)
with open("/tmp/port", "w") as port:
    port.write(str(server.server_port))
server.serve_forever()
HUB
python3 /tmp/hub.py &
soon "a hub listens" [ -s /tmp/port ]
cp "$config" /tmp/without-hub.toml
{
    printf 'base_url = "http://feeds.example/"\nwebsub.hubs = ["http://127.0.0.1:%s/"]\n' "$(cat /tmp/port)"
    cat /tmp/without-hub.toml
} >"$config"
systemctl restart feedmill
soon "the unit alone keeps it from hubs" logged 4 "the hub can't be told"
check "and the hub hears nothing" [ ! -e /tmp/heard ]
install -D -m 644 systemd/feedmill.service.d/websub.conf -t /etc/systemd/system/feedmill.service.d/
systemctl daemon-reload
systemctl restart feedmill
soon "the hub hears with the drop-in" grep -qF "hub.url=http%3A%2F%2Ffeeds.example%2Fwater%2Frss.xml" /tmp/heard
cp /tmp/without-hub.toml "$config"
systemctl reload feedmill
soon "active without hubs" active

# ---- the feeds over a socket of systemd's ----

get() { curl --silent --show-error --fail --noproxy '*' --max-time 20 "http://127.0.0.1:8080/$1"; }
gets() { get water/rss.xml | cmp -s - "$public/water/rss.xml"; }
little() { systemd-analyze security --threshold=2 --no-pager feedmill.service >/dev/null; }
rm -r /etc/systemd/system/feedmill.service.d
check "nobody listens" refused get water/rss.xml
systemctl stop feedmill
install -D -m 644 systemd/feedmill.socket /etc/systemd/system/feedmill.socket
check "verify finds nothing in the socket" [ -z "$(systemd-analyze verify /etc/systemd/system/feedmill.socket 2>&1)" ]
systemctl daemon-reload
systemctl enable --now feedmill.socket
check "the socket is enabled" systemctl is-enabled --quiet feedmill.socket
check "and starts nothing by itself" is ActiveState inactive
check "who asks is answered by the service that this starts" gets
soon "active since somebody asked" active
pid=$(of MainPID)
check "it takes the socket from systemd" logged 6 "serving the feeds on"
check "in a network of its own" [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]
(sleep 0.2; gets && echo answered >/tmp/asked) &
asking=$!
systemctl restart feedmill
wait "$asking"
check "nobody is turned away by a restart" [ -s /tmp/asked ]
check "another process answers" other "$pid"
check "and little is exposed" little
systemctl disable --now feedmill.socket 2>/dev/null
systemctl restart feedmill
soon "active without the socket" active
check "nobody listens any more" refused get water/rss.xml

# ---- stop ----

systemctl stop feedmill
check "stopped" is ActiveState inactive
check "with success" is Result success
check "and exit 0" is ExecMainStatus 0
check "the journal has the start" logged 6 "watching 1 source; 20 items in 1 feed"
check "and the end" logged 6 ended

# ---- what a restart mends, and what not ----

setpriv --reuid=feedmill --regid=feedmill --clear-groups /usr/local/bin/feedmill -q -c "$config" &
holder=$!
# Asked by its pid in the file: whoever tries the lock holds it for a moment.
held() { [ "$(cat "$state/lock")" = "$holder" ]; }
soon "another one holds the store" held
systemctl start feedmill
check "refused with 4" is ExecMainStatus 4
kill "$holder"
soon "started once the other is gone" active
soon "the refusal is an error" logged 3 "another feedmill"
systemctl stop feedmill

echo 'nonsense = 1' >>"$config"
systemctl start feedmill
soon "a config that can't be used is not tried again" is ActiveState failed
check "at all" is NRestarts 0
check "refused with 2" is ExecMainStatus 2
echo done
