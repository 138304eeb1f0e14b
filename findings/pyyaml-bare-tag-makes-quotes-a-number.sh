#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Package: python3-yaml 6.0-3+b2 (PyYAML 6.0, Debian 12), read as cloud-init reads user-data: yaml.safe_load()
# Behaviour: a lone `!` before a value is YAML's way to say "take it as it is written, guess nothing": a string.
# PyYAML, and libyaml beneath it, do the opposite. The quotes of `! "60"` no longer count, and the value is guessed: an
# integer, a boolean, a number to the base of 60. `!!str` does what `!` is specified to do.
# For whom it matters: documents of programs that mark strings with `!`, read by cloud-init.
# Seen:
#   "60"        str '60'
#   ! "60"      int 60
#   ! "yes"     bool True
#   ! "30:00"   int 1800
#   !!str 60    str '60'
set -euo pipefail
version=6.0-3+b2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download "python3-yaml=$version"
dpkg-deb -x python3-yaml_*.deb root
cat >read.py <<'END'
import yaml

for text in '"60"', '! "60"', '! "yes"', '! "30:00"', "!!str 60":
    got = yaml.safe_load("a: " + text)["a"]
    assert got == yaml.load("a: " + text, Loader=yaml.CSafeLoader)["a"], text
    print(f"{text:11} {type(got).__name__} {got!r}")
END
seen=$(PYTHONPATH=root/usr/lib/python3/dist-packages /usr/bin/python3 -S read.py)
echo "$seen"
[ "$seen" = "\"60\"        str '60'
! \"60\"      int 60
! \"yes\"     bool True
! \"30:00\"   int 1800
!!str 60    str '60'" ]
