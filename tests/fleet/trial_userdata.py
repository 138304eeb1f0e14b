# SPDX-License-Identifier: GPL-2.0-or-later
"""user-data: what is printed, read as cloud-init reads it; tests/boot boots from it."""
import email
import gzip
import os
import subprocess

import yaml

from program import ofed_init

STANZA = "infiniband:\n  driver: inbox\n  version: \"24.10\"   # Grüße\n\n  tuning: {memlock: false}\n"
URL = "https://store.example/p/ofed-init_1_amd64.deb?sv=2024&sig=a%2Fb"
DIGEST = "ab" * 32
# Source: Azure's compute API, osProfile.customData
AZURE_BYTES = 65535
CARRIED = "/etc/ofed-init/conf.d/50-user.yaml"


def make(folder, text, *more, status=0):
    source = folder / "stanza.yaml"
    source.write_text(text)
    return ofed_init("user-data", "--from", str(source), *more, status=status)


def carried(config):
    (file,) = [f for f in config["write_files"] if f["path"] == CARRIED]
    assert file["permissions"] == "0600"
    return file["content"]


def test_stanza_alone_is_one_cloud_config(folder):
    text = make(folder, STANZA).stdout.decode()
    assert text.startswith("#cloud-config\n")
    config = yaml.safe_load(text)
    assert list(config) == ["write_files"]
    assert carried(config) == STANZA


def test_package_is_checked_before_it_is_installed(folder):
    config = yaml.safe_load(make(folder, STANZA, "--package-url", URL, "--sha256", DIGEST).stdout)
    (command,) = config["bootcmd"]
    assert command[:2] == ["sh", "-c"]
    script = command[2]
    assert f"url='{URL}'\n" in script and f"sha256={DIGEST}\n" in script
    assert script.index("sha256sum -c") < script.index("apt-get -q -y")
    subprocess.run(["sh", "-n", "-c", script], check=True)
    rpm = make(folder, STANZA, "--package-url", "https://s/x.rpm", "--sha256", DIGEST).stdout
    (command,) = yaml.safe_load(rpm)["bootcmd"]
    assert "dnf" in command[2] and "apt-get" not in command[2]
    subprocess.run(["sh", "-n", "-c", command[2]], check=True)


def test_wrong_digest_installs_nothing(folder):
    """The script as it is, its places moved into the folder, with an apt-get that tells of a call."""
    (folder / "x.deb").write_bytes(b"something else")
    (folder / "bin").mkdir()
    (folder / "bin/apt-get").write_text(f"#!/bin/sh\ntouch {folder}/called\n")
    (folder / "bin/apt-get").chmod(0o755)
    text = make(folder, STANZA, "--package-url", "http://127.0.0.1:1/x.deb", "--sha256", DIGEST).stdout
    (command,) = yaml.safe_load(text)["bootcmd"]
    script = command[2].replace("http://127.0.0.1:1/", f"file://{folder}/") \
        .replace("/var/lib/cloud/instance/sem", str(folder)).replace("/run/", f"{folder}/")
    path = f"{folder}/bin:{os.environ['PATH']}"
    run = subprocess.run(["sh", "-c", script], env={"PATH": path}, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=60, check=False)
    assert run.returncode != 0 and b"FAILED" in run.stdout, run.stdout
    assert not (folder / "called").exists() and not (folder / "ofed_init_package").exists()
    # The same with the right digest, so that the above is no accident.
    right = subprocess.run(["sha256sum", folder / "x.deb"], check=True, stdout=subprocess.PIPE)
    script = script.replace(DIGEST, right.stdout.decode()[:64])
    subprocess.run(["sh", "-c", script], env={"PATH": path}, check=True, timeout=60,
                   stdout=subprocess.DEVNULL)
    assert (folder / "called").exists() and (folder / "ofed_init_package").exists()


def test_other_keys_go_along_to_the_letter(folder):
    for word in ("plain", "Grüße"):
        before, after = f"#cloud-config\n# {word}\nbootcmd: [ls]\n", "runcmd:\n  - [a, 0755]\n"
        message = email.message_from_bytes(make(folder, before + STANZA + after).stdout)
        theirs, ours = message.get_payload()
        assert theirs.get_payload(decode=True).decode() == before + after
        assert "Merge-Type" not in theirs
        assert ours["Merge-Type"].startswith("list(append)+dict(")
        assert carried(yaml.safe_load(ours.get_payload(decode=True))) == STANZA
        for part in (theirs, ours):
            assert part.get_content_type() == "text/cloud-config"


def test_what_cannot_be_cut_is_refused(folder):
    for text in ("#cloud-config\n{infiniband: {driver: inbox}, runcmd: [ls]}\n",
                 "#cloud-config\na: &d inbox\ninfiniband:\n  driver: *d\n",
                 "## template: jinja\n#cloud-config\ninfiniband: {driver: inbox}\n"):
        said = make(folder, text, status=1).stderr.decode()
        assert "put the stanza into a file of its own" in said, said


def test_a_wrong_stanza_is_refused_as_validate_does(folder):
    for text in ("infiniband:\n  drvier: inbox\n", "infiniband:\n  version: 24.10\n", "infiniband: [\n",
                 "runcmd: [ls]\n", "#cloud-config\nruncmd: [ls]\n",
                 "infiniband:\n  driver: inbox\n  driver: auto\n"):
        run = make(folder, text, status=1)
        assert run.stdout == b""
        assert run.stderr == ofed_init("validate", str(folder / "stanza.yaml"), status=1).stderr


def test_azures_limit(folder):
    """The largest that Azure takes is printed, one byte more is not."""
    def text(n):
        return "#cloud-config\n#" + "x" * n + "\nruncmd: [ls]\n" + STANZA
    room = AZURE_BYTES - len(make(folder, text(0)).stdout)
    assert len(make(folder, text(room)).stdout) == AZURE_BYTES
    run = make(folder, text(room + 1), status=1)
    assert run.stdout == b""
    assert b"65536 bytes, and Azure takes 65535" in run.stderr
    assert b"user-data-too-large" in run.stderr
    packed = make(folder, text(room + 1), "--gzip").stdout
    assert len(packed) < AZURE_BYTES and len(gzip.decompress(packed)) == AZURE_BYTES + 1


def test_words_that_do_not_go_together(folder):
    for words, said in (
            (["--package-url", URL], "go together"), (["--sha256", DIGEST], "go together"),
            (["--package-url", URL, "--sha256", "abc"], "64 hexadecimal digits"),
            (["--package-url", "https://s/x.tgz", "--sha256", DIGEST], ".deb or .rpm"),
            (["--package-url", "ftp://s/x.deb", "--sha256", DIGEST], "not an https:// or http://"),
            (["--package-url", "https://s/'; id; '.deb", "--sha256", DIGEST], "not an https://")):
        assert said in make(folder, STANZA, *words, status=1).stderr.decode(), words
    assert "needs --from" in ofed_init("user-data", status=1).stderr.decode()
