#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Package: libjson-c5 0.16-2 (json-c 0.16, Debian 12)
# Behaviour: an integer beyond 64 bits is read without an error, as the nearest one that fits, and is written as that
# one. A floating-point number that is far beyond a double is written as it was read. So a document that goes through
# json-c keeps 1e400 and changes 18446744073709551616, and the caller cannot see it: the error is json_tokener_success.
# For whom it matters: programs that read the JSON of others, as cloud-init's merged configuration, and write it again.
# Seen:
#   18446744073709551615 -> 18446744073709551615 (success)
#   18446744073709551616 -> 18446744073709551615 (success)
#   -9223372036854775809 -> -9223372036854775808 (success)
#   1e400 -> 1e400 (success)
set -euo pipefail
version=0.16-2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download "libjson-c5=$version"
dpkg-deb -x libjson-c5_*.deb root
cat >read.py <<'END'
import ctypes
import glob

json_c = ctypes.CDLL(glob.glob("root/usr/lib/*/libjson-c.so.5")[0])
json_c.json_tokener_parse_verbose.restype = ctypes.c_void_p
json_c.json_object_to_json_string.argtypes = [ctypes.c_void_p]
json_c.json_object_to_json_string.restype = ctypes.c_char_p
json_c.json_tokener_error_desc.restype = ctypes.c_char_p
for text in "18446744073709551615", "18446744073709551616", "-9223372036854775809", "1e400":
    error = ctypes.c_int()
    got = json_c.json_tokener_parse_verbose(text.encode(), ctypes.byref(error))
    print(text, "->", json_c.json_object_to_json_string(got).decode(), f"({json_c.json_tokener_error_desc(error).decode()})")
END
seen=$(/usr/bin/python3 read.py)
echo "$seen"
[ "$seen" = "18446744073709551615 -> 18446744073709551615 (success)
18446744073709551616 -> 18446744073709551615 (success)
-9223372036854775809 -> -9223372036854775808 (success)
1e400 -> 1e400 (success)" ]
