#!/usr/bin/env bash
# The README's two commands, word for word, on a bare machine: a root folder that debootstrap makes, entered by chroot.
#
#   tests/fresh_machine.sh SUITE FOLDER [MIRROR]      as root; such as: bookworm /tmp/bookworm
#
#   WITHOUT_SUBSETTER=1   as where HarfBuzz-Subset cannot be had, such as on Ubuntu 22.04
#   FIRST_ONLY=1          the report alone, without the tests
#
# What is committed is what runs there. Package indices, proxies and certificates are those of this machine.
set -euo pipefail
suite=$1 root=$2 mirror=${3-}
here=$(cd "$(dirname "$0")/.." && pwd)

command_of_readme() { # the first line of the n-th block of shell commands
  awk -v wanted="$1" '/^```sh/ { block++; getline; if (block == wanted) { print; exit } }' "$here/README.md"
}

debootstrap --variant=minbase "$suite" "$root" ${mirror:+"$mirror"} >/dev/null
case $mirror in
  *ubuntu*) printf "deb $mirror %s main universe\n" "$suite" "$suite-updates" >"$root/etc/apt/sources.list" ;;
esac
if [ -n "${WITHOUT_SUBSETTER-}" ]; then
  echo 'path-exclude=/usr/lib/*/libharfbuzz-subset.so*' >"$root/etc/dpkg/dpkg.cfg.d/without-subsetter"
fi
cp -L /etc/resolv.conf "$root/etc/"
certificates=/etc/certificates-of-this-machine.pem
cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$root$certificates"
mkdir "$root/checkout"
git -C "$here" archive HEAD | tar -x -C "$root/checkout"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount --bind /dev/pts "$root/dev/pts"
trap 'umount "$root/proc" "$root/dev/pts" "$root/dev"' EXIT

there() {
  local kept=(PIP_CERT="$certificates") name
  for name in PIP_INDEX_URL http_proxy https_proxy no_proxy; do [ -z "${!name-}" ] || kept+=("$name=${!name}"); done
  chroot "$root" env -i HOME=/root TERM=dumb LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "${kept[@]}" \
    bash -c "cd /checkout && $1"
}

echo "== $suite: the first command"
time there "$(command_of_readme 1)"
there 'cd / && /checkout/.venv/bin/quadnet doctor'  # from elsewhere, where no fonts lie
there '.venv/bin/quadnet verify outputs/quadrants-*/report.pdf && sha256sum outputs/quadrants-*/*.pdf'
if [ -z "${FIRST_ONLY-}" ]; then
  echo "== $suite: the second command"
  time there "$(command_of_readme 3)"
fi
