# SPDX-License-Identifier: GPL-2.0-or-later
"""Two machines on which `ofed-init run` has nothing to do, synthesized; the benchmarks have them too."""
import collections
import json
import shutil

from rig import machine

RELEASE = "6.1.0-50-amd64"
DEBIAN_12 = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
MODULES = ["drivers/infiniband/core/ib_core", "drivers/infiniband/core/ib_uverbs",
           "drivers/infiniband/core/ib_umad", "drivers/infiniband/core/ib_cm",
           "drivers/infiniband/core/rdma_ucm",
           "drivers/infiniband/ulp/ipoib/ib_ipoib", "drivers/infiniband/hw/mlx5/mlx5_ib",
           "drivers/net/ethernet/mellanox/mlx5/core/mlx5_core"]
OTHERS = 4200  # as many as Debian's kernel has
PACKAGES = 400

# before: how many runs have come before the one that is looked at
Case = collections.namedtuple("Case", "size infiniband before exit_code reason")
CASES = {
    "no-infiniband": Case("Standard_F2s_v2", False, 0, 13, "size-not-rdma"),
    "second-boot": Case("Standard_HB120rs_v3", True, 1, 0, "unchanged"),
}


def make(top, case):
    """A tree that is both the machine to look at and the one to change."""
    shutil.rmtree(top, ignore_errors=True)
    machine.build(top, release=RELEASE, os_release=DEBIAN_12, infiniband=case.infiniband)
    tree = machine.Tree(top)
    compute = {"vmSize": case.size, "location": "westeurope"}
    tree.put("run/cloud-init/instance-data.json",
             json.dumps({"ds": {"meta_data": {"imds": {"compute": compute}}}}))
    tree.put("run/cloud-init/.instance-id", "i-budget")
    tree.put("run/cloud-init/combined-cloud-config.json", json.dumps(
        {"infiniband": {"driver": "inbox"}, "packages": [f"p{n}" for n in range(200)],
         "write_files": [{"path": "/f", "content": "x" * 16000}]}, indent=1))
    tree.folder("usr/bin")
    paragraphs = [f"Package: p{n}\nStatus: install ok installed\nVersion: 1.{n}\n"
                  f"Description: a package\n {'words ' * 100}\n" for n in range(PACKAGES)]
    paragraphs.append("Package: rdma-core\nStatus: install ok installed\nVersion: 44.0-2\n")
    tree.put("var/lib/dpkg/status", "\n".join(paragraphs) + "\n")
    tree.put("var/lib/dpkg/info/rdma-core.list", "/.")
    home = f"lib/modules/{RELEASE}"
    for name in MODULES:
        tree.put(f"{home}/kernel/{name}.ko", "no module\n")
    others = [f"kernel/drivers/some/where/module_{n}.ko: kernel/lib/other_{n}.ko" for n in range(OTHERS)]
    tree.put(f"{home}/modules.dep", "\n".join(
        [*others, *(f"kernel/{name}.ko:" for name in MODULES)]))
    tree.put(f"{home}/modules.builtin", "\n".join(f"kernel/b/builtin_{n}.ko" for n in range(300)))
