#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Package: python3-yaml 6.0-3+b2 (PyYAML 6.0, Debian 12), read as cloud-init reads user-data: yaml.safe_load()
# Behaviour: within brackets a plain word may hold a question mark by YAML 1.1 and 1.2, and PyYAML refuses it,
# so a list of addresses with a query is not YAML for cloud-init, which then drops the whole document. The
# same word in a block list, or in quotes, is taken. libyaml, which PyYAML can use instead
# (CSafeLoader), takes all three.
# For whom it matters: user-data with `mirrors: [https://host/path?sv=1]`.
# Seen:
#   brackets: SafeLoader: ParserError
#   brackets: CSafeLoader: https://host.example/x?sv=1
#   block:    SafeLoader: https://host.example/x?sv=1
#   block:    CSafeLoader: https://host.example/x?sv=1
#   quotes:   SafeLoader: https://host.example/x?sv=1
#   quotes:   CSafeLoader: https://host.example/x?sv=1
set -euo pipefail
version=6.0-3+b2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download "python3-yaml=$version"
dpkg-deb -x python3-yaml_*.deb root
cat >read.py <<'END'
import yaml

for name, text in (("brackets:", "a: [https://host.example/x?sv=1]\n"),
                   ("block:   ", "a:\n  - https://host.example/x?sv=1\n"),
                   ("quotes:  ", 'a: ["https://host.example/x?sv=1"]\n')):
    for loader in yaml.SafeLoader, yaml.CSafeLoader:
        try:
            said = yaml.load(text, Loader=loader)["a"][0]
        except yaml.YAMLError as err:
            said = type(err).__name__
        print(name, loader.__name__ + ":", said)
END
seen=$(PYTHONPATH=root/usr/lib/python3/dist-packages /usr/bin/python3 -S read.py)
echo "$seen"
[ "$seen" = "brackets: SafeLoader: ParserError
brackets: CSafeLoader: https://host.example/x?sv=1
block:    SafeLoader: https://host.example/x?sv=1
block:    CSafeLoader: https://host.example/x?sv=1
quotes:   SafeLoader: https://host.example/x?sv=1
quotes:   CSafeLoader: https://host.example/x?sv=1" ]
