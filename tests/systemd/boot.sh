#!/usr/bin/env bash
# Boots a systemd of its own, in namespaces of its own, on a throw-away layer over this machine's files, and lets it
# run inside.sh. Nothing outside the lab is changed. Needs root, overlayfs and cgroup2.
#
# boot.sh LAB BINARY REPOSITORY: LAB is a folder that gets the results, and holds install.sh.
set -euo pipefail
lab=$1 binary=$2 repository=$3

if [ -z "${FEEDMILL_LAB_INSIDE:-}" ]; then
    export FEEDMILL_LAB_INSIDE=1
    # Judged by what lies in LAB afterwards: a powered-off PID 1 tells no exit code.
    exec timeout --kill-after=5 120 unshare --fork --kill-child --pid --mount --uts --ipc --net --cgroup \
        --propagation private bash "$0" "$@"
fi

scratch=$lab/scratch
mkdir -p "$scratch"
mount -t tmpfs scratch "$scratch"
mkdir -p "$scratch"/{upper,work,root}
root=$scratch/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" "$root"
mount -t proc proc "$root/proc"
for folder in run tmp; do mount -t tmpfs -o mode=1777 tmpfs "$root/$folder"; done
chmod 755 "$root/run"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root"/dev/{pts,shm}
mount -t devpts -o newinstance,ptmxmode=0666 pts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

# This machine's own services stay out of it: empty folders over those that would pull them in.
for folder in "$root"/etc/systemd/system "$root"/usr/lib/systemd/system/*.wants; do
    mount -t tmpfs -o mode=755 tmpfs "$folder"
done

# What a checkout holds after `cargo build --release`, as far as the installation needs it.
mkdir -p "$root"/checkout/target/release "$root/lab"
cp -r "$repository"/systemd "$repository"/samples "$root/checkout/"
touch "$root/checkout/target/release/feedmill"
mount --bind "$binary" "$root/checkout/target/release/feedmill"
mount --bind "$lab" "$root/lab"
cp "$repository/tests/systemd/inside.sh" "$lab/inside.sh"

units=$root/run/systemd/system
mkdir -p "$units"
cat >"$units/lab.target" <<'UNIT'
[Unit]
Requires=basic.target
After=basic.target
Wants=lab.service systemd-journald.service
AllowIsolate=yes
UNIT
cat >"$units/lab.service" <<'UNIT'
[Unit]
After=systemd-journald.service
[Service]
Type=oneshot
ExecStart=/bin/bash -c 'exec /bin/bash /lab/inside.sh >/lab/log 2>&1'
ExecStopPost=/usr/bin/systemctl poweroff --force --force
TimeoutStartSec=100
UNIT

mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,ro,bind "$root/proc/sys"
systemd=$(readlink -f /lib/systemd/systemd)
cd "$root"
mkdir -p old
pivot_root . old
umount -l /old
exec env -i container=lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    "$systemd" --unit=lab.target --log-target=journal --show-status=no
