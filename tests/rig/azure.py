# SPDX-License-Identifier: GPL-2.0-or-later
"""An Azure network of two machines: the container's, and a host that answers as Azure's does.

Two network namespaces joined by a veth pair, with no way out of either: the link-local and the
wireserver address exist only in there. The namespaces have no names; they last as long as the
processes that hold them, which end with the jail.
"""
import base64
import pathlib
import re
import subprocess
import time

from rig.azure_host import MAC, METADATA, WIRESERVER

HERE = pathlib.Path(__file__).resolve().parent
ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"

CLOUD_CFG = """datasource_list: [Azure]
locale: C.UTF-8
ssh_genkeytypes: [ed25519]
apt: {preserve_sources_list: true}
growpart: {mode: 'off'}
resize_rootfs: false
"""
# There is no DMI in a container; cloud-init asks this program then.
DMIDECODE = f"""#!/bin/sh
case "$* " in
*chassis-asset-tag*) echo {ASSET_TAG} ;;
*system-uuid*) echo 527c2691-029f-fe4c-b1f4-a4da7ebac2ff ;;
*) echo ;;
esac
"""
OVF = """<?xml version="1.0" encoding="utf-8"?>
<ns0:Environment xmlns:ns0="http://schemas.dmtf.org/ovf/environment/1"
 xmlns:ns1="http://schemas.microsoft.com/windowsazure"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<ns1:ProvisioningSection><ns1:Version>1.0</ns1:Version><ns1:LinuxProvisioningConfigurationSet>
<ns1:ConfigurationSetType>LinuxProvisioningConfiguration</ns1:ConfigurationSetType>
<ns1:HostName>hpc0</ns1:HostName><ns1:UserName>azureuser</ns1:UserName>
<ns1:DisableSshPasswordAuthentication>true</ns1:DisableSshPasswordAuthentication>
<ns1:CustomData>@CUSTOM_DATA@</ns1:CustomData>
</ns1:LinuxProvisioningConfigurationSet></ns1:ProvisioningSection>
<ns1:PlatformSettingsSection><ns1:Version>1.0</ns1:Version><ns1:PlatformSettings>
<ns1:ProvisionGuestAgent>false</ns1:ProvisionGuestAgent>
<ns1:PreprovisionedVm>false</ns1:PreprovisionedVm>
</ns1:PlatformSettings></ns1:PlatformSettingsSection></ns0:Environment>
"""


class Network:
    """sizes: what the metadata service says, before and after the first report of readiness."""

    def __init__(self, folder, sizes):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.near, self.far = self.hold(), self.hold()
        self.set_up()
        self.start("dnsmasq", "--no-daemon", "--port=0", "--interface=p0", "--bind-interfaces",
                   "--dhcp-range=10.0.0.4,10.0.0.9,1h", f"--dhcp-host={MAC},id:*,10.0.0.4",
                   "--dhcp-option=3,10.0.0.1", f"--dhcp-option=245,{WIRESERVER}",
                   f"--dhcp-leasefile={self.folder}/leases", "--conf-file=/dev/null",
                   f"--dhcp-option=121,0.0.0.0/0,10.0.0.1,{WIRESERVER}/32,10.0.0.1,{METADATA}/32,10.0.0.1")
        self.start("/usr/bin/python3", str(HERE / "azure_host.py"), *sizes)
        self.wait_for("azure_host.py.log", "ready")

    @staticmethod
    def hold():
        """A new network namespace: the process that keeps it."""
        ours = pathlib.Path("/proc/self/ns/net").readlink()
        holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        while pathlib.Path(f"/proc/{holder.pid}/ns/net").readlink() == ours:
            time.sleep(0.01)
        return holder

    def set_up(self):
        # Of the fabric that is faked here, nothing may reach a namespace that is not ours.
        for holder in (self.near, self.far):
            self.ip(holder, "link", "set", "lo", "up")
        self.ip(self.near, "link", "add", "eth0", "address", MAC, "type", "veth",
                "peer", "name", "p0", "netns", str(self.far.pid))
        self.ip(self.far, "link", "set", "p0", "up")
        self.ip(self.far, "addr", "add", "10.0.0.1/24", "dev", "p0")
        for address in (METADATA, WIRESERVER):
            self.ip(self.far, "addr", "add", f"{address}/32", "dev", "lo")

    @staticmethod
    def inside(holder):
        return ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]

    def ip(self, holder, *args):
        subprocess.run([*self.inside(holder), "ip", *args], check=True)

    def start(self, *argv):
        name = next(pathlib.Path(a).name for a in argv if a != "/usr/bin/python3")
        with open(self.folder / f"{name}.log", "wb") as out:
            subprocess.Popen([*self.inside(self.far), *argv], stdin=subprocess.DEVNULL,
                             stdout=out, stderr=out)

    def wait_for(self, log, word):
        deadline = time.monotonic() + 120
        while word not in (self.folder / log).read_text():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{log}: {(self.folder / log).read_text()}")
            time.sleep(0.05)

    def requests(self):
        return (self.folder / "azure_host.py.log").read_text().splitlines()


def move_in(container, network, custom_data):
    """Make a container boot in NETWORK, and take its configuration from Azure's datasource."""
    container.enter = network.inside(network.near)
    container.nspawn_options += ["--capability=CAP_NET_ADMIN,CAP_SYSLOG"]
    container.write("etc/cloud/cloud.cfg.d/99-rig.cfg", CLOUD_CFG)
    container.write("usr/sbin/dmidecode", DMIDECODE, mode=0o755)
    encoded = base64.b64encode(custom_data.encode()).decode()
    container.write("var/lib/cloud/seed/azure/ovf-env.xml", OVF.replace("@CUSTOM_DATA@", encoded))
    # cloud-init believes no DMI in a container, so it must not notice that it is in one.
    util = "usr/lib/python3/dist-packages/cloudinit/util.py"
    text = container.path(util).read_text()
    text, found = re.subn(r"^def is_container\(\)(.*):$", r"def is_container()\1:\n    return False",
                          text, count=1, flags=re.M)
    if not found:
        raise ValueError("this cloud-init has no is_container() to replace")
    container.write(util, text)
