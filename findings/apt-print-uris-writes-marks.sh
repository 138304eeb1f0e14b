#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Package: apt 2.6.1 with libapt-pkg6.0 2.6.1 (Debian 12)
# Behaviour: `apt-get --print-uris install NAME` is documented to print addresses instead of fetching. When
# NAME is installed already, it also writes to apt's books: a package that was marked as automatically
# installed becomes manually installed, for good. `--simulate` with the same words writes nothing.
# For whom it matters: whoever asks apt what an installation would fetch, and means only to ask.
# Seen:
#   before:            hello is automatic
#   after --simulate:  hello is automatic
#   after --print-uris: hello is manual
set -euo pipefail
version=2.6.1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p debs root state/lists/partial cache/archives/partial etc/apt.conf.d etc/preferences.d dpkg/info log
(cd debs && apt-get -qq download "apt=$version" "libapt-pkg6.0=$version")
for deb in debs/*.deb; do dpkg-deb -x "$deb" root; done

# One installed package of our own, in books of our own.
cat >dpkg/status <<'END'
Package: hello
Status: install ok installed
Priority: optional
Section: misc
Maintainer: nobody <root@localhost>
Architecture: all
Version: 1
Description: an example
END
cat >apt.conf <<END
Dir "$work";
Dir::State "$work/state";
Dir::State::status "$work/dpkg/status";
Dir::State::extended_states "$work/marks";
Dir::Cache "$work/cache";
Dir::Log "$work/log";
Dir::Etc "$work/etc";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "/dev/null";
Dir::Bin::methods "$work/root/usr/lib/apt/methods";
APT::Architecture "amd64";
Debug::NoLocking "true";
END
get() {
	APT_CONFIG=$work/apt.conf LD_LIBRARY_PATH=$(echo "$work"/root/usr/lib/*-linux-gnu) \
		"$work/root/usr/bin/apt-get" -qq "$@" </dev/null >/dev/null 2>"$work/said" || { cat "$work/said"; exit 1; }
}
mark() {
	if grep -q '^Auto-Installed: 1' marks; then echo automatic; else echo manual; fi
}
automatic() { printf 'Package: hello\nArchitecture: all\nAuto-Installed: 1\n\n' >marks; }

automatic
seen="before:            hello is $(mark)"
get --simulate install hello
seen+=$'\n'"after --simulate:  hello is $(mark)"
automatic
get --print-uris install hello
seen+=$'\n'"after --print-uris: hello is $(mark)"
echo "$seen"
[ "$seen" = "before:            hello is automatic
after --simulate:  hello is automatic
after --print-uris: hello is manual" ]
