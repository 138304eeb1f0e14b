# SPDX-License-Identifier: GPL-2.0-or-later
"""A driver that takes its time to compile: the kernel's own mlx5 modules, of Debian's linux-source.

The vendor's cannot be had here. It grew out of this one, and is larger: what is compiled below is its
core, the InfiniBand core and IPoIB, without the layer that fits them to many kernels. Beside it, as the
vendor has them, iSER and SRP: each a package of its own for dkms.
"""
import pathlib
import re
import subprocess

DRIVER = {
    "drivers/infiniband/core": ("ib_core", "ib_cm", "iw_cm", "rdma_cm", "ib_umad", "ib_uverbs", "rdma_ucm"),
    "drivers/infiniband/hw/mlx5": ("mlx5_ib",),
    "drivers/infiniband/ulp/ipoib": ("ib_ipoib",),
    "drivers/net/ethernet/mellanox/mlx5/core": ("mlx5_core",),
}
HEADERS = ("drivers/net/ethernet/mellanox/mlxfw",)
OTHERS = {name: {f"drivers/infiniband/ulp/{name}": (f"ib_{name}",)} for name in ("iser", "isert", "srp")}
# The core's trace points name their header by a path from the kernel's include/trace.
KBUILD = "subdir-ccflags-y += -I$(src)/include/trace\nobj-y += {}\n"
MAKEFILE = """KDIR := /lib/modules/$(KVER)/build
all:
\t$(MAKE) -C $(KDIR) M=$(CURDIR) modules
clean:
\t$(MAKE) -C $(KDIR) M=$(CURDIR) clean
"""


def package(kernel):
    """Debian's package that has the source of KERNEL."""
    return "linux-source-" + re.match(r"\d+\.\d+", kernel)[0]


def unpack(deb, name, into):
    """What is wanted of the kernel's source in DEB, the package NAME."""
    wanted = [f"{name}/{folder}" for folder in (*DRIVER, *HEADERS, *sum(map(list, OTHERS.values()), []))]
    into.mkdir()
    subprocess.run(["bash", "-c", "set -o pipefail; deb=$1 name=$2 into=$3; shift 3;"
                    ' dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/src/$name.tar.xz" |'
                    ' tar -xJ -C "$into" --strip-components=1 "$@"',
                    "bash", deb, name, into, *wanted], check=True)


def files(tree, name, version, folders, headers=(), needs=""):
    """FOLDERS of TREE as dkms wants them in /usr/src: a path, its content and mode."""
    home = f"/usr/src/{name}-{version}"
    conf = f'PACKAGE_NAME="{name}"\nPACKAGE_VERSION="{version}"\nAUTOINSTALL="yes"\n' \
        'MAKE[0]="make -j${parallel_jobs:-$(nproc)} KVER=${kernelver}"\nCLEAN="make clean KVER=${kernelver}"\n' + needs
    modules = [(folder, module) for folder, names in folders.items() for module in names]
    for n, (folder, module) in enumerate(modules):
        conf += f'BUILT_MODULE_NAME[{n}]="{module}"\nBUILT_MODULE_LOCATION[{n}]="{folder}"\n' \
            f'DEST_MODULE_LOCATION[{n}]="/updates"\n'
    made = {f"{home}/dkms.conf": (conf, 0o644), f"{home}/Makefile": (MAKEFILE, 0o644),
            f"{home}/Kbuild": (KBUILD.format(" ".join(f"{folder}/" for folder in folders)), 0o644),
            f"{home}/include/trace/README": ("The way from here is all that counts.\n", 0o644)}
    tree = pathlib.Path(tree)
    for path in sorted(path for folder in (*folders, *headers) for path in (tree / folder).rglob("*")):
        if path.is_file():
            made[f"{home}/{path.relative_to(tree)}"] = (versioned(path.read_text(), version), 0o644)
    return made


def all_files(tree, name, version):
    """The driver, called NAME, and the others: by the name that dkms has for each."""
    made = {name: files(tree, name, version, DRIVER, HEADERS)}
    for other, folders in OTHERS.items():
        made[other] = files(tree, other, version, folders, needs=f'BUILD_DEPENDS[0]="{name}"\n')
    return made


def versioned(text, version):
    """dkms does not put a module in place that is the kernel's own by version and source."""
    return f'{text}\nMODULE_VERSION("{version}");\n' if re.search("^MODULE_LICENSE", text, re.MULTILINE) else text
