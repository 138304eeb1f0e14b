# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for the vendor's doca-host package: a .deb that holds a signed apt repository.

The shape is the vendor's (names, dependencies, dkms, where files go); the content is small and
ours. The dkms package is real: it compiles modules of the real names against the real headers
in the container. Nothing of the vendor is fetched or contained.

Variants, each a way in which a real one goes wrong or must be handled with care:
    good            everything fits; it also offers a newer dkms, which must not be taken
    broken-build    the modules do not compile, and the package's script hides it from apt
    other-key       the repository is signed by a key that the package does not carry
    new-kernel      doca-ofed depends on another kernel
    asks            a package's script asks, by debconf and on the terminal, as shim's do
    replaces        doca-ofed wants a newer rig-lib than the machine has
    broken-others   a module that the fabric does not need does not compile, and the package fails with it

And one for a machine with a kernel of its own:
    drives          its modules do what the kernel's own do, since they are those, as another build;
                    only mlx_compat is compiled, and openibd really loads and unloads
"""
import hashlib
import os
import pathlib
import subprocess

from rig.deb import deb

HERE = pathlib.Path(__file__).resolve().parent / "vendor"

DOCA = "3.2.3"
LEVEL = "25.10-1.2.8"
DKMS_VERSION = "25.10.OFED.25.10.1.2.8.1"
ARTEFACT = f"doca-host_{DOCA}-019000-25.10-ubuntu2404_amd64.deb"
HOME = f"/usr/share/doca-host-{DOCA}-019000-25.10-ubuntu2404"
KEYRING = "/usr/share/keyrings/GPG-KEY-Mellanox.gpg"
MODULES = ("mlx5_core", "mlx5_ib", "ib_core", "ib_uverbs", "ib_umad", "ib_cm", "rdma_ucm", "ib_ipoib")
COMPILED = "mlx_compat"  # by the variant whose other modules are not
DRIVER = "mlnx-ofed-kernel"
SOURCE = f"/usr/src/{DRIVER}-{DKMS_VERSION}"
DRIVER_PACKAGES = ("doca-ofed", "mlnx-ofed-kernel-dkms", "mlnx-ofed-kernel-utils", "ofed-scripts")
# What else the vendor has dkms compile: its name there, its package, and its module.
OTHERS = (("iser", "iser-dkms", "ib_iser"), ("kernel-mft-dkms", "kernel-mft-dkms", "mst_pci"))


def text_of(name, dkms_name=DRIVER):
    text = (HERE / name).read_text()
    text = text.replace("@LEVEL@", LEVEL).replace("@DKMS_VERSION@", DKMS_VERSION).replace("@DKMS_NAME@", dkms_name)
    return text.replace("@MODULES@", " ".join(MODULES))


def kernel_source(broken, dkms_name=DRIVER, modules=MODULES, more=""):
    """What /usr/src holds for dkms: one small module a name; mlx5_ib gives functions a port."""
    top = f"/usr/src/{dkms_name}-{DKMS_VERSION}"
    conf = f'PACKAGE_NAME="{dkms_name}"\nPACKAGE_VERSION="{DKMS_VERSION}"\n' \
        'MAKE[0]="make -j2 KVER=${kernelver}"\nCLEAN="make clean KVER=${kernelver}"\nAUTOINSTALL="yes"\n' + more
    files = {}
    for n, name in enumerate(modules):
        source = text_of("mlx5_ib.c.in" if name == "mlx5_ib" else "module.c.in")
        source = source.replace("@NAME@", name).replace("@VERSION@", LEVEL)
        if broken:
            source += "#error this kernel is not supported by this release\n"
        files[f"{top}/{name}.c"] = (source, 0o644)
        conf += f'BUILT_MODULE_NAME[{n}]="{name}"\nDEST_MODULE_LOCATION[{n}]="/updates"\n'
    objects = " ".join(f"{name}.o" for name in modules)
    files[f"{top}/dkms.conf"] = (conf, 0o644)
    files[f"{top}/Makefile"] = (f"obj-m := {objects}\nKDIR := /lib/modules/$(KVER)/build\n"
                                 "all:\n\t@echo 'KCFLAGS: $(KCFLAGS)'\n\t$(MAKE) -C $(KDIR) M=$(CURDIR) modules\n"
                                 "clean:\n\t$(MAKE) -C $(KDIR) M=$(CURDIR) clean\n", 0o644)
    return files


def own_modules():
    """The same, of modules that work."""
    names = (*MODULES, COMPILED)
    conf = f'PACKAGE_NAME="mlnx-ofed-kernel"\nPACKAGE_VERSION="{DKMS_VERSION}"\nAUTOINSTALL="yes"\n' \
        f'MAKE[0]="sh own-modules ${{kernelver}} {" ".join(MODULES)}"\n'
    for n, name in enumerate(names):
        conf += f'BUILT_MODULE_NAME[{n}]="{name}"\nDEST_MODULE_LOCATION[{n}]="/updates"\n'
    compiled = text_of("module.c.in").replace("@NAME@", COMPILED).replace("@VERSION@", LEVEL)
    return {f"{SOURCE}/dkms.conf": (conf, 0o644),
            f"{SOURCE}/own-modules": (text_of("own-modules"), 0o644),
            f"{SOURCE}/Makefile": (f"obj-m := {COMPILED}.o\n", 0o644),
            f"{SOURCE}/{COMPILED}.c": (compiled, 0o644)}


def others(variant):
    """By the name that dkms has for each: its source."""
    return {name: kernel_source(variant == "broken-others" and name == "iser", name, (module,),
                                f'BUILD_DEPENDS[0]="{DRIVER}"\n' if name == "iser" else "")
            for name, _, module in OTHERS}


def dkms_package(work, pool, name, source, broken=False):
    """The package's name, which is that of the module with -dkms in the end. broken: it fails when dkms does."""
    package = name if name.endswith("-dkms") else f"{name}-dkms"
    postinst = text_of("dkms-postinst", name)
    deb(work, pool, package, f"{DKMS_VERSION}-1",
        depends="dkms, gcc, make" + ("" if name == DRIVER else f", {DRIVER}-dkms"), files=source,
        scripts={"postinst": postinst.replace(" || true", "") if broken else postinst,
                 "prerm": text_of("dkms-prerm", name)})
    return package


def packages(work, pool, variant, userland, sources):
    drives = variant == "drives"
    sources = sources or {
        DRIVER: own_modules() if drives else kernel_source(broken=variant == "broken-build"), **others(variant)}
    compiled = [dkms_package(work, pool, name, source, variant == "broken-others" and name == "iser")
                for name, source in sources.items()]
    deb(work, pool, "mlnx-ofed-kernel-utils", f"{DKMS_VERSION}-1", files={
        "/etc/init.d/openibd": (text_of("openibd-loads" if drives else "openibd"), 0o755),
        "/lib/systemd/system/openibd.service": (text_of("openibd.service"), 0o644),
        "/etc/infiniband/openib.conf": ("# stand-in of the test\nONBOOT=yes\nIPOIB_LOAD=yes\n", 0o644)},
        scripts={"postinst": text_of("utils-postinst")})
    deb(work, pool, "ofed-scripts", f"{LEVEL}", files={
        "/usr/bin/ofed_info": (text_of("ofed_info"), 0o755)},
        scripts={"postinst": text_of("asks-postinst"), "templates": text_of("asks-templates")}
        if variant == "asks" else None)
    # Higher than any distribution's, and broken for whoever takes it.
    deb(work, pool, "dkms", "99.0-1", scripts={"preinst": "#!/bin/sh\nexit 1\n"})
    depends = ", ".join([*DRIVER_PACKAGES[2:], *compiled, *userland])
    if variant == "new-kernel":
        release = "6.99.0-1-azure"
        deb(work, pool, f"linux-image-{release}", "6.99.0-1",
            files={f"/boot/vmlinuz-{release}": ("no kernel\n", 0o644)})
        depends += f", linux-image-{release}"
    if variant == "replaces":
        deb(work, pool, "rig-lib", "2")
        depends += ", rig-lib (>= 2)"
    deb(work, pool, "doca-ofed", f"{DOCA}-019000", depends=depends)


class Keys:
    """Throw-away signing keys; needs a short folder name for the agent's socket."""

    def __init__(self, home):
        home.mkdir(mode=0o700)
        self.env = dict(os.environ, GNUPGHOME=str(home))

    def gpg(self, *args, **more):
        return subprocess.run(["gpg", "--batch", "--quiet", "--yes", *args], env=self.env, check=True,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, **more)

    def make(self, name):
        self.gpg("--passphrase", "", "--quick-generate-key", name, "rsa2048", "sign", "1d")

    def public(self, name):
        return self.gpg("--export", name, stdout=subprocess.PIPE).stdout

    def sign(self, name, folder):
        for option, out in (("--clearsign", "InRelease"), ("--detach-sign", "Release.gpg")):
            self.gpg("--local-user", name, option, "--output", str(folder / out), str(folder / "Release"))

    def fingerprint(self, name):
        listed = self.gpg("--with-colons", "--fingerprint", "--list-keys", name, stdout=subprocess.PIPE)
        return next(line.split(":")[9] for line in listed.stdout.decode().splitlines()
                    if line.startswith("fpr:"))

    def close(self):
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], env=self.env, check=False)


def ftparchive(command, folder, options=()):
    done = subprocess.run(["apt-ftparchive", *options, command, "."], cwd=folder, stdout=subprocess.PIPE, check=True)
    return done.stdout


def build(work, variant="good", userland=(), sources=None):
    """Build the doca-host .deb of one variant in WORK: (its path, its sha256, its key's fingerprint).

    userland: packages of the distribution that doca-ofed wants beside its own.
    sources: files of other modules for dkms, by their names there, in place of the small ones.
    """
    work = pathlib.Path(work)
    pool = work / "pool"
    pool.mkdir(parents=True)
    packages(work, pool, variant, userland, sources)
    (pool / "Packages").write_bytes(ftparchive("packages", pool))
    (pool / "Release").write_bytes(ftparchive("release", pool))
    keys = Keys(work / "gpg")
    keys.make("vendor")
    if variant == "other-key":
        keys.make("stranger")
    keys.sign("stranger" if variant == "other-key" else "vendor", pool)
    (pool / "GPG-KEY-Mellanox.pub").write_bytes(keys.public("vendor"))  # for who uses it by address
    public, fingerprint = keys.public("vendor"), keys.fingerprint("vendor")
    keys.close()

    files = {f"{HOME}/repo/{path.name}": (path.read_bytes(), 0o644) for path in pool.iterdir()}
    files[KEYRING] = (public, 0o644)
    files["/etc/apt/sources.list.d/doca.list"] = (
        f"deb [signed-by={KEYRING}] file:{HOME}/repo ./\n", 0o644)
    deb(work, work / ARTEFACT, "doca-host", f"{DOCA}-019000-25.10-ubuntu2404", arch="amd64", files=files)
    digest = hashlib.sha256((work / ARTEFACT).read_bytes()).hexdigest()
    return work / ARTEFACT, digest, fingerprint
