# SPDX-License-Identifier: GPL-2.0-or-later
"""Modules that one machine has compiled, on the next one: real dkms, real headers, a real folder."""
import hashlib
import json
import shutil
import threading

import expect
import user_data
from fetch import downloads
from rig import vendor
from scenarios import BOOKWORM, BOTH, scenario
from scenarios.b_doca import Source, complete, doca_installed, openibd_loads, stanza

CACHE = "srv/modules"
PUBLISH = f"  modules_cache: {{url: /{CACHE}, publish: true}}\n"
TRUSTED = f"  modules_cache: {{url: /{CACHE}, public_key: /etc/modules.pub}}\n"
USE = f"  modules_cache: {{url: /{CACHE}}}\n"


# Publishing goes on beside the workloads: the machine stays until that is over.
STAYS = user_data.WORKLOADS + \
    "  - [sh, -c, 'n=0; while [ -e /var/lib/ofed-init/publish.json ] && [ $n -lt 240 ]; do sleep 0.5; n=$((n+1)); done']\n"


class Key:
    """A key that signs module sets; signs by openssl alone, as somebody without ofed-init would."""

    def __init__(self, t, name):
        folder = t.work_beside("keys")
        folder.mkdir(exist_ok=True)
        self.private, self.public = folder / f"{name}.key", folder / f"{name}.pub"
        downloads.openssl("genpkey", "-algorithm", "ed25519", "-out", str(self.private))
        downloads.openssl("pkey", "-in", str(self.private), "-pubout", "-out", str(self.public))

    def lines(self):
        return self.private.read_text().splitlines()[1:-1]

    def sign(self, pointer):
        text, made = self.private.with_suffix(".text"), self.private.with_suffix(".made")
        text.write_text("ofed-init modules 1\n{key}\n{package}\n{sha256}\n{bytes}\n".format(**pointer))
        downloads.openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(self.private), "-in", str(text),
                          "-out", str(made))
        return json.dumps({**pointer, "signature": made.read_bytes().hex()})


def bare(t, vm):
    """An image with neither compiler nor headers."""
    vm.container.run("apt-get", "-q", "-y", "--autoremove", "purge", "gcc", "make", "linux-headers-amd64",
                     f"linux-headers-{t.kernel}")


def start(t, vm, more):
    source = Source(t, vm)
    vm.user_data(user_data.with_script(
        user_data.plain(stanza(source.file_url, source.sha256) + more, STAYS)))
    return source


def another(t, name, cache, source, use=USE):
    """A machine with the same artefact and a copy of the cache, but no compiler."""
    vm = t.vm(beside=name)
    bare(t, vm)
    if cache:
        shutil.copytree(cache, vm.container.path(CACHE))
    source.lay_into(vm)
    vm.user_data(user_data.with_script(
        user_data.plain(stanza(source.file_url, source.sha256) + use, user_data.WORKLOADS)))
    return vm


def compiled(vm, boot, kernel):
    """The modules that are in place, and whether this machine has a compiler by now."""
    folder = vm.container.path(f"usr/lib/modules/{kernel}/updates/dkms")
    return sorted(p.name.split(".")[0] for p in folder.glob("*.ko*")), boot.installed("gcc")


def hit(t, vm, boot):
    expect.ended(t, boot, 0, expect.INSTALLED)
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    modules, compiler = compiled(vm, boot, t.kernel)
    t.equal(modules, sorted(vendor.MODULES), "the modules are in place")
    t.check(not compiler, "no compiler was installed")
    for package in ("dkms", "mlnx-ofed-kernel-dkms", f"linux-headers-{t.kernel}"):
        t.check(not boot.installed(package), f"{package} was not installed")
    for package in ("doca-ofed", "mlnx-ofed-kernel-utils", f"ofed-init-modules-{t.kernel}"):
        t.check(boot.installed(package), f"{package} is installed", boot.packages)
    dep = vm.container.path(f"usr/lib/modules/{t.kernel}/modules.dep").read_text()
    t.contains(dep, "updates/dkms/mlx5_core.ko", "depmod has seen them")
    t.contains(boot.status_log, "nothing has to be compiled", "the log says where they are from")
    complete(t, vm)


def published(t, vm, boot):
    """After the run has told how it ended, by a process that does not keep workloads waiting."""
    log = vm.container.path("var/lib/ofed-init/publish.log").read_text()
    t.contains(log, f"{len(vendor.MODULES)} published as", "they are published, and a log says so")
    t.check(log[:20] >= boot.last_line[:20], "after the end of the run", log)
    return log


def missed(t, vm, boot, why):
    """Compiled after all, and the log says why."""
    expect.ended(t, boot, 0, expect.INSTALLED)
    expect.clean_boot(t, boot)
    modules, compiler = compiled(vm, boot, t.kernel)
    t.equal(modules, sorted(vendor.MODULES), "the modules are in place")
    t.check(compiler and boot.installed("mlnx-ofed-kernel-dkms"), "they were compiled here")
    t.contains(boot.status_log, "compiled here", "the log says so")
    t.contains(boot.status_log, why, "and why")


@scenario(BOTH, layer="cache")
def cache(t):
    """Compiled and published by a first machine; a second one without compiler only takes them."""
    vm = t.vm()
    source = start(t, vm, PUBLISH)
    boot = vm.boot(420)
    doca_installed(t, vm, boot)
    published(t, vm, boot)
    folder = vm.container.path(CACHE)
    names = sorted(p.name for p in folder.iterdir())
    t.equal(len(names), 2, "two files are published, nothing half-made")
    pointer = json.loads(next(folder.glob("*.json")).read_text())
    t.check((folder / pointer["package"]).stat().st_size == pointer["bytes"], "the pointer fits")
    t.contains(pointer["key"], f"doca-ofed_any_{t.kernel}_x86_64_debian-", "the key says for what")

    second = another(t, "second", folder, source)
    before = second.packages()
    boot = second.boot(420)
    hit(t, second, boot)
    second.container.path("var/log/rig/openibd").unlink(missing_ok=True)
    again = second.boot()
    t.contains(again.last_line, ": unchanged: ", "second boot: nothing has changed")
    openibd_loads(t, second, again)
    t.equal(again.dpkg_runs(), [], "second boot: dpkg was not run")
    second.container.run("ofed-init", "uninstall")
    after = second.packages()
    t.check(after.pop("hello", None), "what the user asked for stays")
    t.equal(after, before, "uninstall leaves the packages of before")
    t.equal(compiled(second, again, t.kernel)[0], [], "and none of the modules")

    # Others write into the cache too, and disks rot: what is not right is not used.
    package = folder / pointer["package"]
    good = package.read_bytes()
    package.write_bytes(good[:-100] + bytes(100))
    third = another(t, "third", folder, source)
    missed(t, third, third.boot(420), "digest")


def store_at(t):
    """A store by https:// that can be written to, and what a stanza says of it."""
    folder = t.work_beside("ca")
    folder.mkdir()
    authority = downloads.Authority(folder)
    store = downloads.Blobs(authority.context())
    return store, authority.bundle, (
        "    ca_bundle: /etc/store.pem\n"
        f"  modules_cache: {{url: \"{store.url}/c?sv=1&sig=HUSH\", publish: true}}\n")


def puts(store):
    return [path.partition("?")[0] for path, headers in store.requests if "If-None-Match" in headers]


@scenario(BOOKWORM, layer="cache")
def cache_by_hand(t):
    """`bundle create` where a store let nobody write, which was no reason to fail; the first one's stays."""
    store, bundle, where = store_at(t)
    vm = t.vm()
    with store:
        store.puts = [downloads.Put(403, {"x-ms-error-code": "AuthorizationPermissionMismatch"}, take=0)]
        vm.container.copy(bundle, "etc/store.pem")
        source = start(t, vm, where)
        boot = vm.boot(420)
        t.equal((len(store.blobs), len(puts(store))), (0, 1), "a refusal is taken for an answer")
    doca_installed(t, vm, boot)
    log = vm.container.path("var/lib/ofed-init/publish.log").read_text()
    for part in ("not published (upload-refused)", "status 403, AuthorizationPermissionMismatch",
                 "sp=c in the SAS"):
        t.contains(log, part, "a log says why they were not published, and what to do")
    t.contains(boot.last_line, ": installed", "the last word of the status log stays the run's")
    vm.container.write("both", "#!/bin/sh\nfor n in 1 2; do\n"
                       f"ofed-init bundle create /{CACHE} --sign /key --sysroot /srv/azure --imds {vm.imds.url} "
                       "--config /stanza >/out.$n 2>&1; echo $? >>/out.$n\ndone\n", mode=0o755)
    vm.container.write("stanza", stanza(source.file_url, source.sha256))
    key = Key(t, "key")
    vm.container.copy(key.private, "key")
    vm.container.path("key").chmod(0o640)
    vm.container.run("/both")
    t.contains(vm.container.path("out.1").read_text(), "bundle-key-unusable", "a key that others may read is refused")
    vm.container.path("key").chmod(0o600)
    vm.container.run("/both")
    first, second = ((vm.container.path(f"out.{n}")).read_text() for n in (1, 2))
    t.contains(first, f"{len(vendor.MODULES)} modules, sha256", "the first one packs")
    t.contains(first, ", signed", "and signs")
    t.check(not any(line in first + second + boot.status_log for line in key.lines()), "nothing of the key is said")
    t.contains(second, "already there", "the second one leaves it alone")
    t.equal((first.splitlines()[-1], second.splitlines()[-1]), ("0", "0"), "both end with 0")
    other = another(t, "other", vm.container.path(CACHE), source, TRUSTED)
    other.container.copy(key.public, "etc/modules.pub")
    hit(t, other, other.boot(420))


@scenario(BOOKWORM, layer="cache")
def cache_unfit(t):
    """Pointers that lie: of another kernel, without a signature, with another's, of something else."""
    vm = t.vm()
    source = start(t, vm, PUBLISH)
    boot = vm.boot(420)
    doca_installed(t, vm, boot)
    t.contains(boot.status_log, "none for this machine", "where there is no pointer the log says so")
    folder = vm.container.path(CACHE)
    name = next(folder.glob("*.json")).name
    text = (folder / name).read_text()
    ours, others = Key(t, "ours"), Key(t, "others")
    pointer = json.loads(text)
    for case, lie, why in (
            ("key", text.replace(t.kernel, "5.4.0-1-generic"), "for other modules"),
            ("unsigned", text, "they are not signed"),
            ("others-key", others.sign(pointer), "not of this key"),
            ("changed", json.dumps({**json.loads(ours.sign(pointer)), "bytes": pointer["bytes"] + 1}),
             "not of this key, or of something else")):
        (folder / name).write_text(lie)
        other = another(t, case, folder, source, USE if case == "key" else TRUSTED)
        other.container.copy(ours.public, "etc/modules.pub")
        missed(t, other, other.boot(420), why)


# Each with a lock and a staging folder of its own, as on two machines.
TWO_AT_ONCE = """#!/bin/sh
mkdir -p /var/lib/ofed-init/staging
for n in 1 2; do
	unshare -m sh -c 'mount -t tmpfs none /run &&
		mount -t tmpfs -o mode=0700 none /var/lib/ofed-init/staging &&
		exec ofed-init bundle publish --sysroot /srv/azure --imds {imds} --config /stanza' >/out.$n 2>&1 &
done
wait
"""


@scenario(BOOKWORM, layer="cache")
def cache_https(t):
    """Published by https to a store that is busy at first; taken from there; and two at once."""
    store, bundle, where = store_at(t)
    with store:
        store.puts = [downloads.Put(503, {"Retry-After": "1"})]
        vm = t.vm()
        vm.container.copy(bundle, "etc/store.pem")
        source = start(t, vm, where)
        boot = vm.boot(420)
        doca_installed(t, vm, boot)
        log = published(t, vm, boot)
        t.check("HUSH" not in boot.status_log + boot.journal + log, "and nothing of the signature")
        pointer = next((p for p in store.blobs if p.endswith(".json")), "")
        told = json.loads(store.blobs[pointer])
        package = "/c/" + told["package"]
        t.equal(puts(store), [package, package, pointer], "the package, once more, then the pointer")
        t.equal({p: len(b) for p, b in store.blobs.items() if p != pointer}, {package: told["bytes"]},
                "it is complete, and there is nothing else")

        second = another(t, "second", None, source, where)
        second.container.copy(bundle, "etc/store.pem")
        second.imds.files[vendor.ARTEFACT] = source.artefact
        second.user_data(user_data.with_script(user_data.plain(
            stanza(f"{second.imds.url}/files/{vendor.ARTEFACT}", source.sha256) + where,
            user_data.WORKLOADS)))
        asked = len(store.requests)
        boot = second.boot(420)
        hit(t, second, boot)
        # The pointer once more, which may have changed since.
        t.equal([path.partition("?")[0] for path, _ in store.requests[asked:]],
                [pointer, package, pointer], "the set is fetched once, and nothing is published again")
        prefetch = (boot.result or {}).get("prefetch") or {}
        t.equal(prefetch.get("state"), "fetched", "driver and modules are fetched ahead of the run")
        t.check(prefetch.get("bytes", 0) >= told["bytes"] + source.artefact.stat().st_size, "all of both",
                prefetch)

        store.blobs.clear()
        store.requests.clear()
        store.routes.clear()
        store.meet = threading.Barrier(2, timeout=60)
        vm.container.write("stanza", stanza(source.file_url, source.sha256) + where)
        vm.container.write("both", TWO_AT_ONCE.format(imds=vm.imds.url), mode=0o755)
        vm.container.run("/both")
        said = sorted(vm.container.path(f"out.{n}").read_text().strip() for n in (1, 2))
        t.equal([f"{len(vendor.MODULES)} modules, sha256" in text for text in said].count(True), 1, "one of two has published")
        t.equal(["already there" in text for text in said].count(True), 1, "the other one finds that")
        t.equal(puts(store).count(pointer), 2, "both have tried")
        told = json.loads(store.blobs[pointer])
        t.equal([hashlib.sha256(b).hexdigest() for p, b in store.blobs.items() if p != pointer],
                [told["sha256"]], "one pointer, and the package that it names")
        t.check("HUSH" not in "".join(said), "nothing of the signature is said", said)
