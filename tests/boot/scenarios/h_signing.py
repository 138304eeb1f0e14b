# SPDX-License-Identifier: GPL-2.0-or-later
"""Secure Boot: modules signed with the stanza's key, by real dkms and sign-file."""
import subprocess

import expect
import user_data
from rig import vendor
from scenarios import BOOKWORM, TRIXIE, scenario
from scenarios.b_doca import Source, stanza

KEY, CERTIFICATE = "/etc/ofed-init/mok.priv", "/etc/ofed-init/mok.der"
PAIR = f"  secure_boot: {{key: {KEY}, certificate: {CERTIFICATE}}}\n"


def pair(t, name):
    """(key, certificate, serial number): files, as an administrator makes them."""
    folder = t.work_beside("pairs")
    folder.mkdir(exist_ok=True)
    key, certificate = folder / f"{name}.priv", folder / f"{name}.der"
    subprocess.run(["openssl", "req", "-x509", "-nodes", "-days", "1", "-subj", f"/CN=rig {name}/",
                    "-newkey", "rsa:2048", "-keyout", key, "-outform", "DER", "-out", certificate],
                   check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    done = subprocess.run(["openssl", "x509", "-inform", "DER", "-in", certificate, "-noout", "-serial"],
                          check=True, stdout=subprocess.PIPE)
    return key.read_bytes(), certificate.read_bytes(), done.stdout.decode().strip().split("=")[1]


def serials(vm, kernel):
    """By whose key each module is signed, as the machine's own modinfo has it."""
    found = {}
    for module in vendor.MODULES:
        vm.container.run("modinfo", "-k", kernel, "-F", "sig_key", module, log=f"{module}.txt")
        text = (vm.container.logs / f"{module}.txt").read_text()
        found[module] = text.strip().replace(":", "")
    return found


@scenario(TRIXIE)
def signed(t):
    """Built, signed and installed; and a package that asks for a password gets no answer."""
    vm = t.vm(secure_boot=True)
    source = Source(t, vm, "asks")
    key, certificate, serial = pair(t, "one")
    vm.container.write(KEY, key, mode=0o600)
    vm.container.write(CERTIFICATE, certificate)
    vm.user_data(user_data.plain(stanza(source.file_url, source.sha256) + PAIR))
    boot = vm.boot(420)
    expect.ended(t, boot, 0, expect.INSTALLED)
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    t.equal(serials(vm, t.kernel), {module: serial for module in vendor.MODULES},
            "every module is signed with that key")
    t.contains(boot.status_log, "modules are signed by rig one", "the status log says by whom")
    t.contains(boot.status_log, "nobody was asked", "no question was shown")
    said = [line for line in key.decode().splitlines()[1:-1] if line in boot.status_log + boot.journal]
    t.check(not said, "no line of the key is in a log", said)
    t.check(not vm.container.path("var/lib/dkms/mok.key").exists(),
            "dkms has made no key of its own")


@scenario(BOOKWORM)
def signed_afterwards(t):
    """dkms does not sign, as before its version 3: ofed-init does, with the kernel's sign-file."""
    vm = t.vm(secure_boot=True)
    source = Source(t, vm)
    key, certificate, serial = pair(t, "one")
    vm.container.write(KEY, key, mode=0o600)
    vm.container.write(CERTIFICATE, certificate)
    vm.container.write("etc/dkms/framework.conf.d/zz-rig.conf", "sign_file=/nonexistent\n")
    vm.user_data(user_data.plain(stanza(source.file_url, source.sha256) + PAIR))
    boot = vm.boot(420)
    expect.ended(t, boot, 0, expect.INSTALLED)
    t.equal(serials(vm, t.kernel), {module: serial for module in vendor.MODULES},
            "every module is signed with that key")
    t.contains(boot.status_log, f"({len(vendor.MODULES)} of them just now)", "all by ofed-init")


@scenario(BOOKWORM)
def signing_key_wrong(t):
    """Others may read it; then it is another's: both are seen before anything is changed."""
    vm = t.vm(secure_boot=True)
    source = Source(t, vm)
    key, certificate, _ = pair(t, "one")
    _, foreign, _ = pair(t, "other")
    vm.container.write(KEY, key, mode=0o640)
    vm.container.write(CERTIFICATE, certificate)
    vm.user_data(user_data.plain(stanza(source.file_url, source.sha256) + PAIR))
    before = vm.packages()
    boot = vm.boot()
    expect.ended(t, boot, 1, "config-untrusted")
    expect.clean_boot(t, boot)
    expect.nothing_installed(t, before, boot)
    t.contains(boot.last_line, f"{KEY}: others than root may read it", "which file, and what is wrong")
    t.contains(boot.last_line, "chmod 600", "what is to be done")

    vm.container.path(KEY).chmod(0o600)
    vm.container.write(CERTIFICATE, foreign)
    boot = vm.boot()
    expect.ended(t, boot, 14, "signing-key-unusable")
    expect.nothing_installed(t, before, boot)
    t.contains(boot.last_line, "the certificate is not of this key", "what is wrong with it")

    vm.container.path(KEY).unlink()
    boot = vm.boot()
    expect.ended(t, boot, 14, "signing-key-unusable")
    t.contains(boot.last_line, f"{KEY}: No such file", "which file is missing")
