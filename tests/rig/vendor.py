# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for the vendor's doca-host package: a .deb that holds a signed apt repository.

The shape is the vendor's (names, dependencies, scripts, dkms, where files go), the words and the code are ours. The
dkms packages are real: they compile modules of the real names against the real headers in the container. Nothing of
the vendor is fetched or contained.

What the packages do, and what they do badly, was measured at public sources of the vendor: mlnx-ofed-kernel 24.07
with its own packaging, and iser, isert, srp, kernel-mft and ofed-scripts of 5.9. Each rule names in a comment of the
file in vendor/ what it imitates, and of which version. Left out are dependencies that a bare image has not
(libc6-dev, pciutils, procps, lsof, mlnx-tools) and files that nobody looks at.

Variants, each a way in which a real one goes wrong or must be handled with care:
    good            everything fits; it also offers a newer dkms, which must not be taken
    broken-build    the driver does not compile
    other-key       the repository is signed by a key that the package does not carry
    new-kernel      doca-ofed depends on another kernel
    asks            a package's script asks, by debconf and on the terminal, as shim's do
    replaces        doca-ofed wants a newer rig-lib than the machine has
    broken-others   a module that the fabric does not need does not compile

And one for a machine with a kernel of its own:
    drives          its modules do what the kernel's own do, since they are those, as another build (driver/own-modules)
"""
import hashlib
import os
import pathlib
import subprocess

from rig.deb import FOLDER, Link, deb

HERE = pathlib.Path(__file__).resolve().parent / "vendor"

DOCA = "3.2.3"
LEVEL = "25.10-1.2.8"
DKMS_VERSION = "25.10.OFED.25.10.1.2.8.1"
ARTEFACT = f"doca-host_{DOCA}-019000-25.10-ubuntu2404_amd64.deb"
HOME = f"/usr/share/doca-host-{DOCA}-019000-25.10-ubuntu2404"
KEYRING = "/usr/share/keyrings/GPG-KEY-Mellanox.gpg"
# 24.07 on Debian 12: twelve that are always built, and two that its configuration asks for. Those of the second
# line are the vendor's alone, or dummies.
OF_THE_KERNEL = ("ib_core", "ib_cm", "iw_cm", "ib_umad", "ib_uverbs", "rdma_cm", "rdma_ucm", "mlx5_core", "mlx5_ib",
                 "mlxfw", "ib_ipoib")
COMPILED = ("mlx_compat", "mlxdevm", "irdma")
MODULES = (*OF_THE_KERNEL, *COMPILED)
# 24.07: a build of Debian's kernel has source versions where a module has a version, and that is this one only.
VERSIONED = "mlx5_core"
# What openibd loads when all of its lines are there; the other modules come with these.
LOADED = ("mlx5_core", "mlx5_ib", "ib_umad", "ib_uverbs", "ib_ipoib", "rdma_cm", "rdma_ucm")
# 24.07: the lines that a build adds to openib.conf.
LOAD_LINES = tuple(f"{key}_LOAD=yes" for key in ("UMAD", "UVERBS", "RDMA_CM", "RDMA_UCM", "MLX5", "IPOIB"))
DRIVER = "mlnx-ofed-kernel"
SOURCE = f"/usr/src/{DRIVER}-{DKMS_VERSION}"
DRIVER_PACKAGES = ("doca-ofed", "mlnx-ofed-kernel-dkms", "mlnx-ofed-kernel-utils", "ofed-scripts")
# What else the vendor has dkms compile: its name there, its package, and its module.
OTHERS = (("iser", "iser-dkms", "ib_iser"), ("srp", "srp-dkms", "ib_srp"),
          ("kernel-mft-dkms", "kernel-mft-dkms", "mst_pci"))
# What the driver asks the kernel's headers before it compiles; 24.07 has 750 such questions.
QUESTIONS = (("HAVE_NETDEV_PRIV", "netdev_priv(NULL)"), ("HAVE_NETDEV_TELEPORT", "netdev_teleport(NULL)"))
ALL_QUESTIONS = 750
UNFIT_WORDS = "this kernel is not supported by this release"
UNFIT = f"#error {UNFIT_WORDS}\n"


def text_of(name, dkms_name=DRIVER):
    text = (HERE / name).read_text()
    text = text.replace("@LEVEL@", LEVEL).replace("@DKMS_VERSION@", DKMS_VERSION).replace("@DKMS_NAME@", dkms_name)
    text = text.replace("@SCRIPTS@", "ofed_scripts/" if dkms_name == DRIVER else "")
    text = text.replace("@ARCH@", "dpkg --print-architecture" if dkms_name == "kernel-mft-dkms" else "uname -m")
    return text.replace("@VERSIONED@", VERSIONED)


def module_source(name):
    text = text_of("module.c.in").replace("@NAME@", name)
    if name == VERSIONED:
        text += f'MODULE_VERSION("{LEVEL}");\n'
    return text


def driver_conf(modules, version=DKMS_VERSION):
    """dkms.conf of the driver; modules: (folder of the source, name)."""
    # 24.07: all is done by one MAKE; there is no MAKE[0], PRE_BUILD or BUILD_DEPENDS, and modules are counted.
    conf = 'is_set()\n{\n\tgrep -q "^$1=[ym]" "$kernel_source_dir/.config" 2>/dev/null\n}\n' \
        'kernelver=${kernelver:-$(uname -r)}\nkernel_source_dir=${kernel_source_dir:-/lib/modules/$kernelver/build}\ni=0\n'
    for folder, name in modules:
        lines = f"BUILT_MODULE_NAME[$i]={name}\nBUILT_MODULE_LOCATION[$i]={folder}\nDEST_MODULE_NAME[$i]={name}\n" \
            f"DEST_MODULE_LOCATION[$i]=/updates\nSTRIP[$i]=yes\nlet i++\n"
        conf += f"if is_set CONFIG_INFINIBAND_IRDMA; then\n{lines}fi\n" if name == "irdma" else lines
    return conf + f'MAKE="./ofed_scripts/pre_build.sh $kernelver $kernel_source_dir {DRIVER} {version}"\n' \
        f'CLEAN="make clean"\nPACKAGE_NAME={DRIVER}\nPACKAGE_VERSION={version}\nAUTOINSTALL=yes\n' \
        'POST_INSTALL="ofed_scripts/dkms_build_ulps.sh $kernelver"\n'


def driver_scripts(questions=QUESTIONS):
    """What the driver's source has beside what is compiled."""
    names = {"configure": ".", **dict.fromkeys(("pre_build.sh", "install_helper", "dkms_ofed_post_build.sh",
                                                "dkms_build_ulps.sh", "conftest.c.in"), "ofed_scripts")}
    files = {f"{SOURCE}/{folder}/{name}": (text_of(f"driver/{name}"), 0o755) for name, folder in names.items()}
    files[f"{SOURCE}/ofed_scripts/common.postinst"] = (text_of("common.postinst"), 0o755)
    files[f"{SOURCE}/ofed_scripts/openib.conf"] = (text_of("utils/openib.conf"), 0o644)
    files[f"{SOURCE}/ofed_scripts/questions"] = ("".join(f"{name} {what}\n" for name, what in questions), 0o644)
    files[f"{SOURCE}/include/ofed_rig.h"] = (text_of("driver/ofed_rig.h"), 0o644)
    return files


def driver_makefile(more="@:"):
    return (text_of("driver/Makefile").replace("@MORE@", more), 0o644)


def objects(modules):
    return " ".join(f"{name}.o" for name in modules)


def all_questions():
    """As many as the vendor's driver asks."""
    more = ((f"HAVE_NETDEV_PRIV_{n}", QUESTIONS[n % 2][1]) for n in range(ALL_QUESTIONS - len(QUESTIONS)))
    return (*QUESTIONS, *more)


def driver_source(broken=False, drives=False):
    """What /usr/src holds for dkms."""
    files = driver_scripts()
    compiled = COMPILED if drives else MODULES
    for name in compiled:
        source = text_of("driver/mlx_compat.c") if name == "mlx_compat" else module_source(name)
        files[f"{SOURCE}/{name}.c"] = (source + (UNFIT if broken else ""), 0o644)
    files[f"{SOURCE}/Makefile"] = driver_makefile(f"./own-modules $(KVER) {' '.join(OF_THE_KERNEL)}" if drives else "@:")
    files[f"{SOURCE}/Kbuild"] = (text_of("driver/Kbuild").replace("@OBJECTS@", objects(compiled)), 0o644)
    if drives:
        files[f"{SOURCE}/own-modules"] = (text_of("driver/own-modules"), 0o755)
    files[f"{SOURCE}/dkms.conf"] = (driver_conf([(".", name) for name in MODULES]), 0o644)
    return files


def plain_source(name, module, more=""):
    """A package's source that needs nothing of the driver."""
    top = f"/usr/src/{name}-{DKMS_VERSION}"
    conf = f'PACKAGE_NAME="{name}"\nPACKAGE_VERSION="{DKMS_VERSION}"\nCLEAN="make clean"\nAUTOINSTALL="yes"\n' \
        f'MAKE[0]="make all KVER=$kernelver"\nBUILT_MODULE_NAME[0]="{module}"\nDEST_MODULE_LOCATION[0]="/updates"\n'
    source = module_source(module).replace("#include <ofed_rig.h>\n", "").replace("ofed_rig_present()", "0")
    return {f"{top}/dkms.conf": (conf, 0o644), f"{top}/{module}.c": (source + more, 0o644),
            f"{top}/Kbuild": (f"obj-m := {module}.o\n", 0o644),
            f"{top}/Makefile": (text_of("Makefile.other", name).replace("@SYMBOLS@", ""), 0o644),
            f"{top}/common.postinst": (text_of("common.postinst"), 0o755)}


def client_files(name, module, folder="."):
    """What a source that is compiled against the driver's has beside what is compiled."""
    top = f"/usr/src/{name}-{DKMS_VERSION}"
    # 5.9: not compiled by itself for a kernel that comes, but by the driver's POST_INSTALL.
    conf = f'PACKAGE_NAME="{name}"\nPACKAGE_VERSION="{DKMS_VERSION}"\nCLEAN="make clean"\nAUTOINSTALL=\n' \
        'MAKE="make -j$(grep ^processor /proc/cpuinfo | wc -l) KVER=$kernelver KDIR=/lib/modules/$kernelver/build"\n' \
        f'BUILT_MODULE_NAME[0]="{module}"\nBUILT_MODULE_LOCATION[0]="{folder}"\nDEST_MODULE_LOCATION[0]="/updates"\n'
    symbols = "$(OFED)/Module.symvers"
    return {f"{top}/dkms.conf": (conf, 0o644), f"{top}/common.postinst": (text_of("common.postinst"), 0o755),
            f"{top}/Makefile": (text_of("Makefile.other", name).replace("@SYMBOLS@", symbols), 0o644)}


def client_source(name, module, more=""):
    top = f"/usr/src/{name}-{DKMS_VERSION}"
    return {**client_files(name, module), f"{top}/{module}.c": (module_source(module) + more, 0o644),
            f"{top}/Kbuild": (f"obj-m := {module}.o\nccflags-y := -I$(OFED)/include\n", 0o644)}


def sources_of(variant):
    """By the name that dkms has for each: its source."""
    made = {DRIVER: driver_source(variant == "broken-build", variant == "drives")}
    for name, _, module in OTHERS:
        source = plain_source if name == "kernel-mft-dkms" else client_source
        made[name] = source(name, module, UNFIT if variant == "broken-others" and name == "iser" else "")
    return made


def dkms_package(work, pool, name, source):
    """The package's name, which is that of the module with -dkms in the end."""
    package = name if name.endswith("-dkms") else f"{name}-dkms"
    scripts = {"postinst": text_of("dkms-postinst", name), "prerm": text_of("dkms-prerm", name)}
    depends = "dkms, make"
    if name == DRIVER:
        depends = "dkms, mlnx-ofed-kernel-utils, gcc"
        # 24.07, where it was packaged by dkms 3: an initramfs is made by dpkg's trigger and not by dkms.
        scripts.update(prerm=text_of("driver/prerm"), triggers="activate-await update-initramfs\n")
        source = {**source, f"/usr/src/ofa_kernel-{DKMS_VERSION}": Link(f"{DRIVER}-{DKMS_VERSION}"),
                  "/usr/src/ofa_kernel": FOLDER,
                  f"/usr/share/dkms/modules_to_force_install/{DRIVER}.force": (f"{DRIVER}\n", 0o644)}
    elif name != "kernel-mft-dkms":
        depends += f", {DRIVER}-dkms"
    deb(work, pool, package, f"{DKMS_VERSION}-1", depends=depends, files=source, scripts=scripts)
    return package


def utils_package(work, pool):
    # 24.07: these only; the init script, as all else, is no conffile.
    conffiles = {"/etc/infiniband/openib.conf": text_of("utils/openib.conf"),
                 "/etc/infiniband/mlx5.conf": "# nothing is set\n",
                 "/etc/modprobe.d/ib_ipoib.conf": text_of("utils/ib_ipoib.conf"),
                 "/etc/modprobe.d/mlnx.conf": "# nothing is set\n"}
    files = {path: (text, 0o644) for path, text in conffiles.items()}
    files["/etc/infiniband/info"] = (text_of("utils/info"), 0o755)
    files["/etc/init.d/openibd"] = (text_of("utils/openibd"), 0o755)
    files["/lib/systemd/system/openibd.service"] = (text_of("utils/openibd.service"), 0o644)
    deb(work, pool, "mlnx-ofed-kernel-utils", f"{DKMS_VERSION}-1", depends="coreutils, grep, kmod", files=files,
        scripts={"postinst": text_of("utils/postinst"), "prerm": text_of("utils/prerm")}, conffiles=conffiles)


def packages(work, pool, variant, userland, sources):
    sources = sources or sources_of(variant)
    compiled = [dkms_package(work, pool, name, source) for name, source in sources.items()]
    utils_package(work, pool)
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

    def make(self, name, digest="SHA512"):
        """digest: by which the key is bound to its name; newer systems take none that is by SHA1."""
        self.gpg("--passphrase", "", "--cert-digest-algo", digest, "--quick-generate-key", name, "rsa2048", "sign",
                 "1d")

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
