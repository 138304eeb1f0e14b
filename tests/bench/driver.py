# SPDX-License-Identifier: GPL-2.0-or-later
"""A driver that takes its time to compile: the kernel's own mlx5 modules, of Debian's linux-source.

The vendor's cannot be had here. It grew out of this one, and is larger: what is compiled below is its
core, the InfiniBand core and IPoIB, without the layer that fits them to many kernels, but with scripts that build as
the vendor's do (tests/rig/vendor.py). Beside it iSER and SRP, each a package of its own for dkms.
"""
import pathlib
import re
import subprocess

from rig import vendor

DRIVER = {
    "drivers/infiniband/core": ("ib_core", "ib_cm", "iw_cm", "rdma_cm", "ib_umad", "ib_uverbs", "rdma_ucm"),
    "drivers/infiniband/hw/mlx5": ("mlx5_ib",),
    "drivers/infiniband/ulp/ipoib": ("ib_ipoib",),
    "drivers/net/ethernet/mellanox/mlx5/core": ("mlx5_core",),
}
HEADERS = ("drivers/net/ethernet/mellanox/mlxfw",)
OTHERS = {name: {f"drivers/infiniband/ulp/{name}": (f"ib_{name}",)} for name in ("iser", "isert", "srp")}
# The core's trace points name their header by a path from the kernel's include/trace.
COMPAT = "obj-m += mlx_compat.o\nccflags-y += -I$(src)/include -I$(src)/compat\n"
KBUILD = "subdir-ccflags-y += -I$(src)/include/trace\nobj-y += {}\n"
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


def files(tree, home, version, folders, headers=()):
    """FOLDERS of TREE as they lie in HOME: a path, its content and mode."""
    made = {f"{home}/Kbuild": (KBUILD.format(" ".join(f"{folder}/" for folder in folders)), 0o644),
            f"{home}/include/trace/README": ("The way from here is all that counts.\n", 0o644)}
    tree = pathlib.Path(tree)
    for path in sorted(path for folder in (*folders, *headers) for path in (tree / folder).rglob("*")):
        if path.is_file():
            made[f"{home}/{path.relative_to(tree)}"] = (versioned(path.read_text(), version), 0o644)
    return made


def all_files(tree, version, questions):
    """The driver, which asks that much before it compiles, and the others: by the name that dkms has for each."""
    modules = [(".", "mlx_compat"), *((folder, name) for folder, names in DRIVER.items() for name in names)]
    home = vendor.SOURCE
    own = files(tree, home, version, DRIVER, HEADERS)
    own[f"{home}/Kbuild"] = (own[f"{home}/Kbuild"][0] + COMPAT, 0o644)
    own[f"{home}/mlx_compat.c"] = (vendor.text_of("driver/mlx_compat.c"), 0o644)
    own[f"{home}/Makefile"] = vendor.driver_makefile()
    own[f"{home}/dkms.conf"] = (vendor.driver_conf(modules), 0o644)
    made = {vendor.DRIVER: {**own, **vendor.driver_scripts(questions)}}
    for other, folders in OTHERS.items():
        module, = sum(folders.values(), ())
        made[other] = {**files(tree, f"/usr/src/{other}-{version}", version, folders),
                       **vendor.client_files(other, module, next(iter(folders)))}
    return made


def versioned(text, version):
    """dkms does not put a module in place that is the kernel's own by version and source."""
    return f'{text}\nMODULE_VERSION("{version}");\n' if re.search("^MODULE_LICENSE", text, re.MULTILINE) else text
