# SPDX-License-Identifier: GPL-2.0-or-later
"""validate knows every form in which a stanza travels, and says all that is wrong at once."""
import base64
import email.mime.multipart
import email.mime.text
import gzip
import json
import subprocess

from rig import lookalike

STANZA = "infiniband:\n  driver: inbox\n"
WRITTEN = "#cloud-config\nwrite_files:\n  - path: /etc/ofed-init/conf.d/50-user.yaml\n"
B64 = base64.b64encode(STANZA.encode()).decode()
GZ64 = base64.b64encode(gzip.compress(STANZA.encode())).decode()
HOW = "merge_how: 'dict(recurse_array,no_replace)+list(append)'\n"


def mime(*parts, subtype="cloud-config", encode=None, headers=()):
    message = email.mime.multipart.MIMEMultipart()
    for part in parts:
        made = email.mime.text.MIMEText(part, subtype, encode or "us-ascii")
        for name, value in headers:
            made.add_header(name, value)
        message.attach(made)
    return message.as_string()


def archive(*items):
    return "#cloud-config-archive\n" + "".join(
        "- type: text/cloud-config\n  content: |\n" + "".join(f"    {line}\n" for line in item.splitlines())
        for item in items)


CONFIG = "#cloud-config\n" + STANZA
BLOCK = "#cloud-config\ninfiniband: {on_failure: block}\n"
# Each is a stanza; the keys that are looked at beside driver: inbox.
FORMS = {
    "conf.d": (STANZA, {}),
    "conf.d with a byte order mark": ("\ufeff" + STANZA, {}),
    "cloud-config": (CONFIG + "runcmd: [ls]\n", {}),
    "more behind the word": ("#cloud-config vendor\n" + STANZA + "runcmd: [ls]\n", {}),
    "a modeline behind it": ("#cloud-config # vim: syntax=yaml\n" + STANZA + "runcmd: [ls]\n", {}),
    "empty lines before": ("\n\n" + CONFIG + "runcmd: [ls]\n", {}),
    "other letters": ("#Cloud-Config\n" + STANZA + "runcmd: [ls]\n", {}),
    "indented": ("    #cloud-config\n    infiniband:\n      driver: inbox\n    runcmd: [ls]\n", {}),
    "CRLF": ((CONFIG + "runcmd: [ls]\n").replace("\n", "\r\n"), {}),
    "merge key": ("#cloud-config\nx: &d {driver: inbox, on_failure: block}\ninfiniband: {<<: *d}\n", {"on_failure": "block"}),
    "%YAML": ("#cloud-config\n%YAML 1.3\n---\n" + STANZA, {}),
    "write_files": (WRITTEN + "    content: |\n      infiniband:\n        driver: inbox\n", {}),
    "write_files, quoted": (WRITTEN + '    content: "infiniband: {driver: inbox}"\n', {}),
    "write_files, b64": (WRITTEN + f"    encoding: b64\n    content: {B64}\n", {}),
    "write_files, gz+b64": (WRITTEN + f"    encoding: gz+b64\n    content: {GZ64}\n", {}),
    "write_files, binary": (WRITTEN + f"    content: !!binary {B64}\n", {}),
    "MIME": (mime(CONFIG), {}),
    "MIME, base64": (mime("#cloud-config\n# \u00e9\n" + STANZA, encode="utf-8"), {}),
    "MIME, text/plain": (mime(CONFIG, subtype="plain"), {}),
    "MIME, x-infiniband": (mime("driver: inbox\n", subtype="x-infiniband"), {}),
    "MIME, the later replaces": (mime(BLOCK, CONFIG), {"on_failure": "continue"}),
    "MIME, merged": (mime(BLOCK, CONFIG + HOW), {"on_failure": "block"}),
    "MIME, merged by header": (mime(BLOCK, CONFIG, headers=[("Merge-Type", "dict(recurse_array,no_replace)+list(append)+str()")]),
                               {"on_failure": "block"}),
    "MIME, merged by settings": (mime(BLOCK, CONFIG + "merge_how:\n - {name: list, settings: [append]}\n"
                                                      " - {name: dict, settings: [no_replace, recurse_list]}\n"), {"on_failure": "block"}),
    "MIME, first wins": (mime(CONFIG, "#cloud-config\ninfiniband: {driver: auto, on_failure: block}\n" + HOW), {"on_failure": "block"}),
    "archive": (archive("#cloud-config\nruncmd: [ls]\n", CONFIG), {}),
    "archive of texts": ("#cloud-config-archive\n- |\n  #cloud-config\n  infiniband: {driver: inbox}\n", {}),
    "gzip": (gzip.compress(CONFIG.encode()), {}),
    "gzip of MIME": (gzip.compress(mime(CONFIG).encode()), {}),
    "template": ("## template: jinja\n#cloud-config\n{% set x = 1 %}\ninfiniband:\n  driver: inbox\n  version: {{ x }}\n"
                 "{% if x %}\nruncmd: [ls]\n{% endif %}\n", {}),
    "template with branches": ("## template: jinja\n#cloud-config\n{% if v1.distro == 'x' %}infiniband:{% endif %}\n"
                               "  driver: {% if y %}inbox{% else %}doca-ofed{% endif %}\n"
                               "  {% if z %}enabled: true{% endif %}\n  blacklist: [{% for m in l %}{{ m }}, {% endfor %}]\n", {"driver": "auto"}),
    "template with a statement over two lines": ("## template: jinja\n#cloud-config\nruncmd:\n - echo {% if x\n   and y %} foo {% endif %}\n"
                                                 "infiniband:\n  driver: inbox\n", {}),
    "modeline of a document": ("# yaml-language-server: $schema=schemas/cloud-config.schema.json\ninfiniband:\n  driver: inbox\n", {}),
    "modeline": ("# yaml-language-server: $schema=stanza.schema.json\ndriver: inbox\n", {}),
    "Cluster API": ((lookalike.TOP / "examples/kubernetes/kubeadm-config.yaml").read_text().replace("driver: auto", "driver: inbox"),
                    {"on_failure": "block"}),
}
# Each is refused, and says this.
REFUSED = {
    "byte order mark": ("\ufeff" + CONFIG, ["FILE:1:1: a byte order mark"]),
    "UTF-16": (CONFIG.encode("utf-16"), ["UTF-16"]),
    "second document": (CONFIG + "---\nruncmd: [ls]\n", ["FILE:4:1: a second document"]),
    "tab": (CONFIG + "  on_failure:\tblock\n", ["FILE:4:14: a tab"]),
    "unknown tag": (CONFIG + "x: !vault y\n", ["FILE:4:4: !vault"]),
    "date": (CONFIG + "x: 2026-13-01\n", ["FILE:4:4: 2026-13-01: there is no such date"]),
    "number as key": (CONFIG + "1: x\n", ["FILE:4:1: 1: a key that is not text"]),
    "list": ("#cloud-config\n- infiniband\n", ["FILE:2:1: expected a map"]),
    "near": ("#cloud-config\nruncmd: [ls]\ninfinband: {}\n", ["FILE:3:1: infinband: no such key; did you mean infiniband?"]),
    "twice": (CONFIG + STANZA, ["FILE:4:1: infiniband: the key is given twice"]),
    "late word": ("# x\n#cloud-config\n" + STANZA + "  drivr: x\n", ["FILE:2: #cloud-config has to be the first line", "FILE:5:3: infiniband.drivr"]),
    "deferred": (WRITTEN + "    defer: true\n    content: |\n      infiniband: {}\n", ["defer: true is written after the run"]),
    "in write_files": (WRITTEN + "    content: |\n      infiniband:\n        drivr: x\n", ["FILE:6:9: infiniband.drivr"]),
    "in MIME": (mime("#cloud-config\nruncmd: []\n", CONFIG + "  drivr: x\n"), ["FILE:20:3: infiniband.drivr"]),
    "in an archive": (archive("#cloud-config\nruncmd: []\n", CONFIG + "  drivr: x\n"), ["FILE:11:7: infiniband.drivr"]),
    "in a template": ("## template: jinja\n#cloud-config\ninfiniband:\n  driver: {{ x }}\n  drivr: {{ y }}\n  verify: {ports: 99}\n",
                      ["FILE:4:11: infiniband.driver: not judged", "FILE:6:19: infiniband.verify.ports"]),
    "in a template's line": ("## template: jinja\n#cloud-config\ninfiniband:\n  driver: {% if x %}inbox{% else %}auto{% endif %}\n"
                             "  verify: {ports: {% if x %}8{% endif %}, wait_secs: 3}\n",
                             ["FILE:4:11: infiniband.driver: not judged", "infiniband.verify.wait_secs: unknown key", "verify.ports: not judged"]),
    "bare": ("driver: inbox\n", ["belongs below infiniband:"]),
    "no stanza": ("#cloud-config\nruncmd: [ls]\n", ["expected the key infiniband:"]),
    "object without": ((lookalike.TOP / "examples/kubernetes/daemonset.yaml").read_text(), ["no file for /etc/ofed-init/conf.d"]),
    "all at once": ("#cloud-config\ninfiniband:\n  drivr: x\n  enabled: \"true\"\n  timeout_seconds: 30m\n  hold_units: slurmd.service\n"
                    "  source: {sha256: 'sha256:abc', url: ftp://x, mirrors: [ftp://y]}\n  blacklist: [B B]\n  report: {webhook: x, prometheus: y}\n",
                    ["did you mean \"driver\"", "take the quotes off", "only the digits", "put it in brackets", "without the prefix sha256:",
                     "source.url: expected https://", "\"ftp://y\"", "\"B B\"", "report.webhook", "report.prometheus"]),
}


def ask(vm, *arguments, text=None):
    done = subprocess.run([lookalike.PROGRAM, *arguments], capture_output=True, check=False, input=text or b"")
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def put(vm, text):
    path = vm.root / "FILE"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def try_forms_are_known(vm):
    for name, (text, keys) in FORMS.items():
        path = put(vm, text)
        status, said, wrong = ask(vm, "validate", path)
        assert status == 0 and "valid" in said, f"{name}: {said}{wrong}"
        for given in ([path], ["/dev/stdin"]):
            status, said, wrong = ask(vm, "validate", "--format", "json", *given, text=(vm.root / "FILE").read_bytes())
            assert status == 0, f"{name}: {wrong}"
            seen = json.loads(said)["infiniband"]
            for key, value in {"driver": "inbox", **keys}.items():
                assert seen[key] == value, f"{name}: {key} is {seen[key]}"


def try_faults_have_their_place(vm):
    for name, (text, wanted) in REFUSED.items():
        path = put(vm, text)
        status, said, wrong = ask(vm, "validate", path)
        assert status == 1, f"{name}: exit {status}: {said}"
        for words in wanted:
            assert words in wrong.replace(path, "FILE"), f"{name}: no {words!r} in: {wrong}"
        for more in (["plan", "--config", path, "--facts", "none"], ["user-data", "--from", path]):
            assert ask(vm, *more)[0] == 1, f"{name}: {more}"


def try_a_lost_block_is_told(vm):
    """The second of two parts takes the whole stanza's place, unless it says how to merge."""
    path = put(vm, mime(BLOCK, CONFIG))
    _, _, wrong = ask(vm, "validate", path)
    assert "takes the place of the whole one" in wrong and "merge_how" in wrong, wrong
    path = put(vm, mime(BLOCK, CONFIG + HOW))
    assert "place" not in ask(vm, "validate", path)[2]


def try_all_that_user_data_prints(vm):
    package = ["--package-url", "https://mirror.example.com/ofed-init.deb", "--sha256", "0" * 64]
    for text in (STANZA, CONFIG + "runcmd: [ls]\n", CONFIG + "# \u00e9\npackages: [x]\n"):
        path = put(vm, text)
        for more in ([], package, ["--gzip"], [*package, "--gzip"]):
            done = subprocess.run([lookalike.PROGRAM, "user-data", "--from", path, *more], capture_output=True, check=True)
            made = put(vm, done.stdout)
            status, said, wrong = ask(vm, "validate", "--format", "json", made)
            assert status == 0 and json.loads(said)["infiniband"]["driver"] == "inbox", wrong
            put(vm, text)


def try_all_examples(vm):
    found = 0
    for path in sorted((lookalike.TOP / "examples").rglob("*.yaml")):
        if "apiVersion: apps/" in path.read_text():
            continue  # it only asks for the status
        status, said, wrong = ask(vm, "validate", path)
        assert status == 0, f"{path}: {wrong}"
        found += 1
    assert found >= 9, found
