# SPDX-License-Identifier: GPL-2.0-or-later
"""collect: all that a bug report needs, nothing that is secret, and it decides the same again."""
import json
import os
import tarfile

from program import ofed_init
from vm import Vm

FOLDER = "ofed-init-collect"
STANZA = "infiniband: {driver: inbox, verify: {wait_seconds: 0}}\n"
BASE64 = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7canaryKEY"
PIECE_BYTES = 512 << 10


def secrets(source):
    """One of each kind, and a word that has to be left of each line."""
    return [f"kept-{source} GET https://store.blob.core.windows.net/c/x.deb?sv=2024&se=2030&sig=canary-{source}",
            f"kept-{source} proxy http://user:canary-{source}@proxy:3128/",
            f"kept-{source} Authorization: Bearer canary.{source}.canary",
            f"kept-{source} AccountKey=canary{source}canary==;EndpointSuffix=core.windows.net",
            f"kept-{source} password=canary-{source}"]


def text(source):
    return "\n".join([*secrets(source), "-----BEGIN PRIVATE KEY-----", BASE64, BASE64,
                      "-----END PRIVATE KEY-----", f"kept-{source} the end", ""])


def tree(source):
    """The same as the strings of a record."""
    return json.dumps({"schema": 1, "steps": [*secrets(source), {"detail": text(source)}]})


def unpack(vm):
    """The files of the bundle, by name."""
    path = vm.top / "bundle.tar.gz"
    assert path.stat().st_mode & 0o777 == 0o600
    assert not list(vm.top.glob("bundle.tar.gz.*"))
    with tarfile.open(path, "r:gz") as tar:
        members = tar.getmembers()
        assert all(m.name == FOLDER or m.name.startswith(FOLDER + "/") for m in members)
        assert all(m.isdir() or m.isreg() for m in members)
        return {m.name[len(FOLDER) + 1:]: tar.extractfile(m).read() for m in members if m.isreg()}


def collect(vm, *words):
    vm.call("collect", "--output", str(vm.top / "bundle.tar.gz"), *words)
    return unpack(vm)


def planted(vm):
    """A machine whose every source has secrets in it: name in the bundle -> what was put where."""
    sources = {}
    for name in ("result.json", "agent.status", "journal.json", "installed.json", "baked.json",
                 "reboot.json"):
        sources[name] = vm.put(f"lib/ofed-init/{name}", tree(name).encode())
    sources["prefetch.json"] = vm.put("run/ofed-init/prefetch.json", tree("prefetch.json").encode())
    for name in ("ib-vmext-status", "ib-vmext-status.1"):
        sources[name] = vm.put(f"log/azure/{name}", text(name).encode())
    vm.put("lib/dkms/mlnx-ofed-kernel/24.10/build/make.log", text("dkms").encode())
    vm.put("lib/dkms/srp/24.10/6.1.0-50-amd64/x86_64/log/make.log", text("dkms").encode())
    vm.put("lib/dkms/notes", text("elsewhere").encode())
    for name, path in (("modules", "proc/modules"), ("kernel-command-line", "proc/cmdline"),
                       ("kernel-version", "proc/version")):
        vm.put(f"tree/{path}", text(name).encode())
    release = vm.top / "tree/etc/os-release"
    release.write_text(release.read_text() + "".join(f"# {line}\n" for line in secrets("os-release")))
    # Programs of this machine cannot be made to say a secret: these two only print.
    vm.stand_in("/usr/bin/dmesg", text("mlx5_core").replace("kept-", "rdma: kept-"))
    for place in ("/usr/bin/lspci", "/sbin/lspci"):
        if os.path.exists(place):
            vm.stand_in(place, text("lspci"))
            break
    return sources


def test_no_secret_in_any_part(folder):
    vm = Vm(folder)
    sources = planted(vm)
    stanza = vm.put("secret.yaml", b"""infiniband:
  driver: doca-ofed
  source:
    proxy: http://user:canary-stanza@proxy:3128
    mirrors: ["https://store.blob.core.windows.net/c?sv=2024&sig=canary-stanza"]
""")
    files = collect(vm, "--config", str(stanza))
    wanted = {*sources, "facts.json", "plan.json", "stanza.yaml", "contents", "dmesg", "modules",
              "kernel-command-line", "kernel-version", "os-release", "dkms/make-1.log",
              "dkms/make-2.log"}
    assert wanted <= set(files), wanted - set(files)
    for name, content in files.items():
        assert b"canary" not in content, (name, content.decode())
        assert b"sig=c" not in content and BASE64[:20].encode() not in content, name
    for name in sources:
        # Redacted, not dropped: each line is there, and what comes behind a key.
        assert files[name].count(f"kept-{name}".encode()) >= 6, (name, files[name].decode())
        assert b"REDACTED" in files[name]
    assert all(b"kept-dkms the end" in files[f"dkms/make-{n}.log"] for n in (1, 2))
    assert b"rdma: kept-mlx5_core the end" in files["dmesg"]
    assert not any(b"kept-elsewhere" in content for content in files.values())
    assert b"proxy:3128" in files["stanza.yaml"]


def test_the_bundle_decides_the_same_again(folder):
    vm = Vm(folder)
    vm.run(STANZA, 13)
    files = collect(vm, "--config", str(vm.top / "stanza.yaml"))
    for name in ("facts.json", "stanza.yaml"):
        vm.put(f"replay/{name}", files[name])
    again = ofed_init("plan", "--facts", str(vm.top / "replay/facts.json"), "--config",
                      str(vm.top / "replay/stanza.yaml"), "--format", "json", status=13)
    assert json.loads(again.stdout) == json.loads(files["plan.json"])
    assert json.loads(files["result.json"])["reason"] == "size-not-rdma"
    assert files["ib-vmext-status"].decode().splitlines()[-1] in \
        (vm.top / "log/azure/ib-vmext-status").read_text()


def test_a_bundle_of_a_machine_that_was_never_set_up(folder):
    vm = Vm(folder)
    contents = collect(vm)["contents"].decode()
    assert "made by" in contents
    for name in ("result.json", "stanza.yaml", "dkms/make.log"):
        assert any(line.split()[:1] == [name] and "there is none" in line
                   for line in contents.splitlines()), contents


def test_a_wrong_stanza_and_odd_files_are_no_end(folder):
    vm = Vm(folder)
    wrong = vm.put("wrong.yaml", b"infiniband: {drvier: inbox}\n")
    os.mkfifo(vm.put("lib/ofed-init/x").with_name("result.json"))
    vm.put("lib/ofed-init/journal.json", b"{\"cut\": \"https://h/?sig=canary")
    files = collect(vm, "--config", str(wrong))
    contents = files["contents"].decode()
    assert "did you mean \"driver\"" in contents and "Invalid argument" in contents, contents
    assert b"canary" not in files["journal.json"] and b"sig=REDACTED" in files["journal.json"]


def test_each_piece_is_bounded_and_its_end_is_kept(folder):
    vm = Vm(folder)
    # The piece begins in the middle of a key: its lines have lost the one that gave them away.
    head, key = "x y\n" * 1000, f"{BASE64}\n" * 20000
    vm.put("log/azure/ib-vmext-status", (head + "-----BEGIN PRIVATE KEY-----\n" + key +
                                         "-----END PRIVATE KEY-----\nthe last line\n").encode())
    vm.put("lib/dkms/a/1/build/make.log", b"CC [M] x.o\n" * 200000 + b"error: the last line\n")
    files = collect(vm)
    for name in ("ib-vmext-status", "dkms/make-1.log"):
        assert len(files[name]) <= PIECE_BYTES + 64, (name, len(files[name]))
        assert files[name].endswith(b"the last line\n")
        assert files[name].startswith(b"[what came before is left out]\n")
    assert b"canary" not in files["ib-vmext-status"]
