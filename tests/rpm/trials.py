# SPDX-License-Identifier: GPL-2.0-or-later
"""The inside of the jail: one machine a trial, ofed-init at work in it, and what came of it."""
import argparse
import functools
import json
import os
import pathlib
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import our_rpm  # noqa: E402
import rpms  # noqa: E402
import vendor_rpm  # noqa: E402
from rig import container, jail, machine, words  # noqa: E402

SYSROOT = "/srv/azure"
EL_KERNEL = "5.14.0-611.5.1.el9_8.x86_64"
SLES_KERNEL = "6.4.0-150700.53.3-azure"
ALMA = 'ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.8"\nPRETTY_NAME="AlmaLinux 9.8"\n'
SLES = 'ID="sles"\nID_LIKE="suse"\nVERSION_ID="15.7"\nPRETTY_NAME="SUSE Linux Enterprise Server 15 SP7"\n'
DNF_CONF = "[main]\ngpgcheck=1\nbest=True\nexclude=kernel* rdma-core\n  mlnx*\n"
INSTANCE = {"ds": {"meta_data": {"imds": {"compute": {"vmSize": "Standard_HB120rs_v3"}}}},
            "v1": {"instance_id": "i-first", "cloud_name": "azure"}}
QUIET = ("var/", "run/", "tmp/", "srv/", "root/", "dev/", "proc/", "sys/")


class Machine:
    """A Debian root that looks like an EL or SLES machine of Azure's."""

    def __init__(self, env, name, os_release, kernel, base):
        work = env.work / "machines" / name
        work.mkdir(parents=True)
        self.env, self.name, self.kernel = env, name, kernel
        self.root = container.overlay([env.root], work)
        self.upper = work / "upper"
        machine.build(self.path(SYSROOT), release=kernel, os_release=os_release, arch="x86_64")
        self.write(f"{SYSROOT}/run/cloud-init/instance-data.json", json.dumps(INSTANCE))
        for program, place in (("ofed-init", "usr/sbin"), ("ofed-fetch", "usr/libexec/ofed-init")):
            self.write(f"{place}/{program}", (env.build / program).read_bytes(), 0o755)
        self.write("srv/catalog/test.signing-keys.tsv", env.vendor.catalog())
        # Debian's rpm has its database in root's home; dnf and zypper look where all others have it.
        self.write("etc/rpm/macros", "%_dbpath /var/lib/rpm\n")
        self.write("etc/dnf/dnf.conf", DNF_CONF)
        (self.path("usr/lib/modules") / kernel).mkdir(parents=True, exist_ok=True)
        self.zypper = "sles" in os_release
        self.write("etc/zypp/systemCheck", "")  # no rpm has this root's libc: that breaks no system
        folder = "etc/zypp/repos.d" if self.zypper else "etc/yum.repos.d"
        self.base_repo = f"{folder}/base.repo"
        self.write(self.base_repo, "[base]\nname=base\nbaseurl=file:///srv/base\nenabled=1\n"
                   "gpgcheck=0\n" + ("autorefresh=0\n" if self.zypper else "exclude=gcc perftest\n"))
        subprocess.run(["cp", "-r", str(base), str(self.path("srv/base"))], check=True)

    def path(self, name):
        return self.root / name.lstrip("/")

    def write(self, name, content, mode=0o644):
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        target.chmod(mode)

    def inside(self, *argv):
        """Run a program in it, without a network of any kind: (exit status, its words)."""
        done = subprocess.run(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--pipe", "--private-network",
             f"--machine={self.name}", f"--directory={self.root}", "--resolv-conf=off", "--", *argv],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=container.nspawn_env(), check=False, timeout=600)
        text = done.stdout.decode(errors="replace")
        with open(self.env.logs / f"{self.name}.log", "a") as log:
            log.write(f"$ {' '.join(argv)}\n{text}exit {done.returncode}\n")
        return done.returncode, text

    def packages(self):
        """name -> version of all that rpm has; keys count too."""
        _, text = self.inside("rpm", "-qa", "--queryformat", "%{NAME} %{VERSION}\\n")
        return dict(line.split(" ") for line in text.splitlines() if line.count(" ") == 1)

    def files(self):
        """Everything that is not state: path -> content, of what differs from the base root."""
        found = {}
        for folder, _, names in os.walk(self.upper):
            for name in names:
                path = pathlib.Path(folder) / name
                where = str(path.relative_to(self.upper))
                if not where.startswith(QUIET):
                    found[where] = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        return found

    def stanza(self, **keys):
        self.write("srv/stanza.yaml", json.dumps({"infiniband": {
            "timeout_seconds": 90, "verify": {"wait_seconds": 1}, **keys}}))

    def ofed_init(self, *before):
        """Run the main job: (exit code, reason, status log)."""
        command = f"/usr/sbin/ofed-init run --sysroot {SYSROOT} --config /srv/stanza.yaml --catalog /srv/catalog"
        code, text = self.inside("sh", "-c", f"{' '.join(before)} {command}")
        result = words.agree(json.loads(self.path("var/lib/ofed-init/result.json").read_text()))
        return code, result.get("reason"), text


class Trials:
    def __init__(self, args):
        self.root, self.work = pathlib.Path(args.root), pathlib.Path(args.work)
        self.logs, self.build = pathlib.Path(args.logs), pathlib.Path(args.build)
        self.results = []
        self.vendor = vendor_rpm.Vendor(self.work / "v")
        self.el = self.work / "el"
        vendor_rpm.distribution(self.work / "b1", self.el, EL_KERNEL)
        self.sles = self.work / "sles"
        vendor_rpm.distribution(self.work / "b2", self.sles, SLES_KERNEL, headers=False)

    def check(self, ok, what, detail=""):
        self.results.append({"ok": bool(ok), "what": f"{self.name}: {what}",
                             "detail": "" if ok else str(detail)})

    def equal(self, seen, wanted, what):
        self.check(seen == wanted, what, f"expected {wanted!r}, got {seen!r}")

    def run(self, only):
        for trial in (self.el_doca, self.el_ahead, self.el_ahead_in_vain, self.sles_ahead,
                      self.el_upgrade, self.el_address,
                      self.el_address_other_key, self.el_address_unsigned, self.sles_address, self.el_yum, self.el_two_keys, self.el_other_key, self.el_unsigned,
                      self.el_wrongly_signed, self.el_key_of_sha1, self.el_replaced, self.el_replaced_for_good, self.el_half_a_stack, self.el_removal, self.sles_removal,
                      self.el_versionlock, self.sles_lock, self.el_dead_repository, self.sles_dead_repository,
                      self.el_optional, self.el_new_kernel, self.el_no_headers, self.el_no_epel,
                      self.el_inbox, self.el_lock, self.el_killed,
                      self.el_script_fails, self.el_module_script_fails, self.sles_script_fails,
                      self.sles_posttrans_fails,
                      self.el_uninstall, self.el_uninstall_inbox, self.sles_uninstall,
                      self.sles_inbox, self.sles_doca, self.sles_other_key, self.sles_unsigned,
                      self.sles_replaced, self.sles_new_kernel, self.el_user_data, self.sles_user_data):
            self.name = trial.__name__.replace("_", "-")
            if only and self.name not in only:
                continue
            try:
                trial()
            except Exception:  # a trial that breaks is a failure like any other
                self.check(False, "the trial itself", traceback.format_exc())
        self.vendor.close()
        return self.results

    # --- what is asserted again and again ---------------------------------------------------

    def alma(self, base=None):
        return Machine(self, self.name, ALMA, EL_KERNEL, base or self.el)

    def suse(self, base=None):
        return Machine(self, self.name, SLES, SLES_KERNEL, base or self.sles)

    def doca(self, m, **variant):
        package, digest = self.vendor.doca_host(self.name, m.kernel, **variant)
        m.write("srv/doca-host.rpm", package.read_bytes())
        m.stanza(driver="doca-ofed", source={"url": "file:///srv/doca-host.rpm", "sha256": digest})

    def refused(self, m, reason, *, packages=()):
        """Ends with 14 and the reason, and changes nothing but the packages named."""
        had, files = m.packages(), m.files()
        code, why, text = m.ofed_init()
        self.equal((code, why), (14, reason), f"ends with {reason}")
        self.equal({k: v for k, v in m.packages().items() if k not in packages}, had,
                   "rpm's database is as before")
        if not packages:
            self.equal(sorted(k for k, v in m.files().items() if k not in files or files[k] != v), [],
                       "no file outside our own state was changed")
        return text

    def installed(self, m, names, before):
        code, why, text = m.ofed_init(*before)
        self.check((code, why) in ((0, "installed"), (0, "installed-unproven")) or
                   why == "module-stale", "ends well, as far as a container can tell",
                   f"{code} {why}: {text[-3000:]}")
        have = m.packages()
        for name in names:
            self.check(name in have, f"{name} is installed", text[-3000:])
        return text, have

    # --- AlmaLinux 9.8, dnf -----------------------------------------------------------------

    def el_doca(self):
        m = self.alma()
        self.doca(m)
        conf, repo = m.path("etc/dnf/dnf.conf").read_bytes(), m.path(m.base_repo).read_bytes()
        text, have = self.installed(m, vendor_rpm.DRIVER + ("gcc", "dkms", "kernel-devel", "doca-host"), ())
        self.equal(have.get("rdma-core"), "2510", "rdma-core is the vendor's, not baseos' of a higher version")
        self.equal(have.get("kernel-devel"), "5.14.0", "the headers are those of the running kernel")
        self.check("kernel-mft-dkms" in have, "what has a kernel's name alone is no kernel", have)
        self.equal(m.path("etc/dnf/dnf.conf").read_bytes(), conf, "exclude= in dnf.conf is as it was")
        self.equal(m.path(m.base_repo).read_bytes(), repo, "exclude= of the repository is as it was")
        self.check(not m.path("var/lib/ofed-init/rpm").exists(), "private state is gone")
        record = json.loads(m.path("var/lib/ofed-init/installed.json").read_text())
        noted = " ".join(record["packages"])
        for name in ("doca-ofed", "kernel-devel", "gpg-pubkey-"):
            self.check(name in noted, f"{name} is in the record", noted)
        self.equal(record["repository"], ["doca-host"], "so is the repository's package")

    def served(self, m, base="base"):
        """Run with the vendor's package and the distribution's repository on a web server: (exit code, log, requests)."""
        package, digest = self.vendor.doca_host(self.name, m.kernel)
        m.write("srv/www/doca-host.rpm", package.read_bytes())
        m.path("srv/base").rename(m.path("srv/www/base"))
        m.write(m.base_repo, m.path(m.base_repo).read_text().replace("file:///srv/base", f"{our_rpm.SITE}/{base}"))
        m.stanza(driver="doca-ofed", source={"url": f"{our_rpm.SITE}/doca-host.rpm", "sha256": digest})
        m.write("srv/script", f"ofed-init run --sysroot {SYSROOT} --config /srv/stanza.yaml --catalog /srv/catalog\n")
        code, text = m.inside("sh", "-c", our_rpm.SERVED)
        return code, text, m.path("srv/www.log").read_text()

    def ahead(self, m):
        """The distribution's lists come beside the vendor's package, and not once more after it."""
        _, text, asked = self.served(m)
        have = m.packages()
        for name in vendor_rpm.DRIVER:
            self.check(name in have, f"{name} is installed", text[-3000:])
        self.check(-1 < text.find("sources in the background") < text.find("step stage-repository: done"),
                   "the lists are fetched beside the download", text)
        self.check(asked.count("primary.xml") == 1, "and only once", asked)

    def el_ahead(self):
        self.ahead(self.alma())

    def el_ahead_in_vain(self):
        """The distribution's repository is not to be had: said as ever, and nothing changed."""
        m = self.alma()
        code, text, _ = self.served(m, "not-there")
        self.check(code == 14 and ": package-lists-failed: " in text.splitlines()[-1],
                   "ends with package-lists-failed", text[-2000:])
        self.equal(m.packages(), {}, "nothing is installed")
        self.check(not m.path("var/lib/ofed-init/rpm/main.conf").exists(), "nor is a configuration left behind")

    def sles_ahead(self):
        m = self.suse()
        m.write(f"lib/modules/{m.kernel}/build/Makefile", "all:\n")
        self.ahead(m)

    def el_upgrade(self):
        """Beside a baseos with a higher rdma-core the vendor's stays, upgrade or not."""
        m = self.alma()
        had, files = m.packages(), m.files()
        self.doca(m)
        self.installed(m, vendor_rpm.DRIVER, ())
        _, text = m.inside("dnf", "-y", "--disableexcludes=all", "upgrade")
        self.equal(m.packages().get("rdma-core"), "2510", "dnf upgrade leaves the vendor's rdma-core")
        self.check("priority=40" in m.path("etc/yum.repos.d/doca.repo").read_text(),
                   "by a priority in the vendor's own repository file", text)
        self.undone(m, had, files)

    def address(self, m, folder="etc/yum.repos.d", **variant):
        """A row of the catalog that is an address, and a folder as its mirror."""
        os_id, version = ("sles", "15.7") if m.zypper else ("almalinux", "9.8")
        m.write("srv/catalog/test.releases.tsv",
                "stack\tversion\tofed_version\tdistro_id\tdistro_version\tarch\tnic_generations\turl\t"
                f"sha256\tkind\tstatus\ndoca-ofed\t9.9.9\t25.10\t{os_id}\t{version}\tx86_64\tcx6\t"
                "https://vendor.test/doca/9.9.9/\t-\trpm-repo\tcurrent\n")
        self.vendor.repository(self.name, m.kernel, m.path("srv/doca-repo"), **variant)
        m.stanza(driver="doca-ofed", version="9.9.9", source={"directory": "/srv/doca-repo"})
        had, files = m.packages(), m.files()
        code, why, text = m.ofed_init()
        return code, why, text, had, files, m.path(folder) / "ofed-init-doca.repo"

    def el_address(self):
        m = self.alma()
        _, _, text, had, files, repo = self.address(m)
        have = m.packages()
        for name in vendor_rpm.DRIVER:
            self.check(name in have, f"{name} is installed", text[-3000:])
        self.equal(have.get("rdma-core"), "2510", "rdma-core is the vendor's")
        self.check(repo.exists() and "gpgcheck=1" in repo.read_text(), "the repository is written down")
        self.undone(m, had, files)

    def el_address_other_key(self):
        m = self.alma()
        code, why, text, had, files, _ = self.address(m, key="stranger", signer="stranger")
        self.equal((code, why), (14, "repository-untrusted"), "ends with repository-untrusted")
        self.equal((m.packages(), m.files()), (had, files), "nothing was changed")
        self.check("is refused by the catalog" in text, "the log says why", text)

    def el_address_unsigned(self):
        m = self.alma()
        code, why, text, had, files, _ = self.address(m, unsigned=("ofed-scripts",))
        self.equal((code, why), (14, "repository-untrusted"), "ends with repository-untrusted")
        self.equal((m.packages(), m.files()), (had, files), "nothing was changed")
        self.check("ofed-scripts" in text, "the log says which package", text)

    def sles_address(self):
        m = self.suse()
        m.write(f"lib/modules/{m.kernel}/build/Makefile", "all:\n")
        _, _, text, had, files, repo = self.address(m, "etc/zypp/repos.d")
        have = m.packages()
        for name in vendor_rpm.DRIVER:
            self.check(name in have, f"{name} is installed", text[-3000:])
        self.check(repo.exists(), "the repository is written down")
        self.undone(m, had, files)

    def el_yum(self):
        """No dnf but yum (the symlink of EL 8 and later), packages without signatures inside the
        package whose digest was checked."""
        m = self.alma()
        self.doca(m, signer=None, gpgcheck=0)
        m.path("usr/bin/dnf").unlink()
        m.path("usr/bin/yum").symlink_to("dnf-3")
        self.installed(m, vendor_rpm.DRIVER, ())

    def el_two_keys(self):
        m = self.alma()
        self.doca(m, keys=("vendor", "stranger"))
        text, _ = self.installed(m, vendor_rpm.DRIVER, ())
        _, keys = m.inside("rpm", "-q", "gpg-pubkey")
        wanted = self.vendor.fingerprint("vendor")[-8:].lower()
        self.equal([k.split("-")[2] for k in keys.split()], [wanted], "only the accepted key is trusted")
        self.check(f"{self.vendor.fingerprint('stranger')} is refused by the catalog" in text,
                   "the log says which key was left out", text)

    def el_other_key(self):
        m = self.alma()
        self.doca(m, signer="stranger", keys=("stranger",))
        self.refused(m, "repository-untrusted")

    def el_unsigned(self):
        """Found before the repository's own package is installed."""
        m = self.alma()
        self.doca(m, signer=None)
        text = self.refused(m, "repository-untrusted")
        self.check("is not signed by an accepted key" in text, "the log says which", text[-2000:])

    def el_wrongly_signed(self):
        """The key is the vendor's, and the packages are signed by another."""
        m = self.alma()
        self.doca(m, signer="stranger")
        text = self.refused(m, "repository-untrusted")
        self.check("NOKEY" in text, "the log has rpmkeys' word", text[-2000:])

    def el_key_of_sha1(self):
        """The vendor's own key, bound by SHA-1: rpm with Sequoia's policy (EL 9, rpm 6) takes none such."""
        if not self.vendor.old_key:
            self.vendor.keys.make("old", "SHA1")
            self.vendor.old_key = True
        m = self.alma()
        m.write("srv/catalog/test.signing-keys.tsv", self.vendor.catalog(accept="old"))
        self.doca(m, signer="old", keys=("old",))
        if not list(m.path("usr/lib").glob("*/librpm_sequoia.so*")):
            self.installed(m, vendor_rpm.DRIVER, ())
            return
        text = self.refused(m, "repository-key-policy")
        self.check("SHA1 is not considered secure" in text.splitlines()[-1], "the last line has rpm's words", text[-2000:])

    def el_replaced(self):
        """A library of the image is replaced by the vendor's: it comes back."""
        m = self.alma()
        m.inside("dnf", "-q", "-y", "install", "libibverbs")
        had, files = m.packages(), m.files()
        self.equal(had.get("libibverbs"), "61", "the distribution's libibverbs is there")
        self.doca(m)
        _, have = self.installed(m, vendor_rpm.DRIVER, ())
        self.equal(have.get("libibverbs"), "2510", "it is the vendor's afterwards")
        self.undone(m, had, files)

    def removal(self, m):
        """The vendor's package takes the place of a site's library, which stands in no package manager's summary."""
        def more(top, pool):
            rpms.rpm(top, pool, "vendor-verbs", "2510", obsoletes=["site-verbs"])
            return ["vendor-verbs"]
        site = rpms.rpm(self.work / f"site-{self.name}", self.work / f"site-{self.name}", "site-verbs", "44")
        m.write("srv/site-verbs.rpm", site.read_bytes())
        m.inside("rpm", "-i", "/srv/site-verbs.rpm")
        self.doca(m, more=more)
        text = self.refused(m, "removal-takes-others")
        self.check("site-verbs would be removed" in text.splitlines()[-1] and "may_remove" in text.splitlines()[-1],
                   "the last line names it, and the key", text.splitlines()[-1])
        m.write("srv/stanza.yaml", m.path("srv/stanza.yaml").read_text().replace(
            '"driver"', '"may_remove": ["site-*"], "driver"'))
        text = m.ofed_init()[2]
        result = json.loads(m.path("var/lib/ofed-init/result.json").read_text())
        have = m.packages()
        self.check("doca-ofed" in have and "site-verbs" not in have, "the stanza may allow it", text[-2000:])
        self.equal(result["removed"], ["site-verbs 44-1"], "result.json has what went")
        self.check("removed: site-verbs 44-1" in text.splitlines()[-1], "so has the last line", text.splitlines()[-1])

    def el_half_a_stack(self):
        """rdma-core of the distribution was there before, and the vendor's packages are content with it."""
        m = self.alma()
        m.inside("dnf", "-q", "-y", "--disableexcludes=all", "install", "rdma-core")
        self.doca(m)
        text = m.ofed_init()[2]
        self.equal(m.packages().get("rdma-core"), "9999", "it stays")
        self.check("half a stack: rdma-core 9999-1 beside libibverbs 2510-1" in text, "both versions are warned of",
                   text[-3000:])

    def el_removal(self):
        self.removal(self.alma())

    def sles_removal(self):
        m = self.suse()
        m.write(f"lib/modules/{m.kernel}/build/Makefile", "all:\n")
        self.removal(m)

    def el_versionlock(self):
        """A site has locked kernel and headers at a release that does not run any more."""
        m = self.alma()
        here = pathlib.Path("/usr/lib/python3/dist-packages")
        for file in [here / "dnf-plugins/versionlock.py", *(here / "dnfpluginscore").glob("*.py")]:
            m.write(str(file), file.read_bytes())
        m.write("etc/dnf/plugins/versionlock.conf", "[main]\nenabled=1\nlocklist=/etc/dnf/plugins/site.list\n")
        m.write("etc/dnf/plugins/site.list", "# the site's\nkernel-0:5.14.0-570.12.1.el9_6.*\n"
                "kernel-devel-0:5.14.0-570.12.1.el9_6.*\n")
        self.equal(m.inside("dnf", "-q", "versionlock", "list")[0], 0, "dnf has its plugin")  # and Python's cache of it
        self.doca(m)
        text = self.refused(m, "headers-missing")
        self.check("filtered out by exclude filtering" in text, "the log has dnf's words", text[-2000:])
        self.check("is kept back by /etc/dnf/plugins/site.list:3" in text.splitlines()[-1],
                   "the last line names file and line", text.splitlines()[-1])
        # The same for a library that only a dependency asks for.
        m.write("etc/dnf/plugins/site.list", "libibverbs-0:61-1.*\n")
        text = self.refused(m, "packages-held")
        self.check("libibverbs-2510-1.noarch is kept back by /etc/dnf/plugins/site.list:1" in text.splitlines()[-1],
                   "the last line names file and line", text.splitlines()[-1])

    def sles_lock(self):
        m = self.suse()
        m.write(f"lib/modules/{m.kernel}/build/Makefile", "all:\n")
        m.inside("zypper", "addlock", "perftest", "libibverbs")
        self.doca(m)
        text = self.refused(m, "packages-held")
        self.check("libibverbs-2510-1.noarch is kept back by /etc/zypp/locks:" in text.splitlines()[-1],
                   "the last line names file and line", text.splitlines()[-1])

    def dead_repository(self, m):
        """One of the site's repositories answers nobody: said, and the rest goes on."""
        m.write(m.base_repo.replace("base", "dead"), "[dead]\nname=Site's own\nbaseurl=http://127.0.0.1:9/x\n"
                "enabled=1\ngpgcheck=0\nskip_if_unavailable=0\n")
        self.doca(m)
        text = m.ofed_init()[2]
        self.check("doca-ofed" in m.packages(), "the driver is installed", text[-3000:])
        self.check("continuing without the repositories" in text, "the repository is named in a warning", text[-3000:])

    def el_dead_repository(self):
        m = self.alma()
        self.dead_repository(m)
        # What only it might have is missed, and then that is the cause.
        m = Machine(self, self.name + "-headers", ALMA, EL_KERNEL, self.no_headers)
        m.write("etc/yum.repos.d/dead.repo", "[dead]\nname=dead\nbaseurl=http://127.0.0.1:9/x\nenabled=1\n")
        package, digest = self.vendor.doca_host(self.name + "-2", m.kernel)
        m.write("srv/doca-host.rpm", package.read_bytes())
        m.stanza(driver="doca-ofed", source={"url": "file:///srv/doca-host.rpm", "sha256": digest})
        text = self.refused(m, "package-lists-failed")
        self.check("not fetched: dead" in text.splitlines()[-1], "the last line names it", text.splitlines()[-1])

    def sles_dead_repository(self):
        m = self.suse()
        m.write(f"lib/modules/{m.kernel}/build/Makefile", "all:\n")
        self.dead_repository(m)

    @functools.cached_property
    def no_headers(self):
        base = self.work / "without-headers"
        vendor_rpm.distribution(self.work / "b6", base, EL_KERNEL, headers=False)
        return base

    def el_replaced_for_good(self):
        """The distribution has it no more: said, and the rest goes."""
        m = self.alma()
        m.inside("dnf", "-q", "-y", "install", "libibverbs")
        self.doca(m)
        self.installed(m, vendor_rpm.DRIVER, ())
        m.write(m.base_repo, "")
        _, text = m.inside("ofed-init", "uninstall")
        have = m.packages()
        self.check("left as they are now" in text, "the log says that they stay", text[-2000:])
        self.equal((have.get("libibverbs"), "doca-ofed" in have), ("2510", False), "and the rest is gone")

    def el_optional(self):
        """Of the optional ones only that which does not fit is left out."""
        base = self.work / "optional"
        vendor_rpm.distribution(self.work / "b5", base, EL_KERNEL, bad_optional="perftest")
        m = self.alma(base)
        m.write("srv/catalog/test.inbox.tsv",
                "distro_id\tdistro_version\tarch\tnic_generations\tmethod\tpackages\toptional\n"
                "almalinux\t9*\tx86_64,aarch64\tcx6\tdnf\trdma-core\tnot-there,perftest,ibacm\n")
        m.stanza(driver="inbox")
        text = m.ofed_init()[2]
        have = m.packages()
        self.check("without perftest, which does not fit" in text, "the log says which", text[-2000:])
        self.check("rdma-core" in have and "perftest" not in have and "ibacm" in have,
                   "the others are installed", have)

    def el_new_kernel(self):
        m = self.alma()
        self.doca(m, new_kernel=True)
        self.refused(m, "kernel-would-change")

    def el_no_headers(self):
        base = self.work / "no-headers"
        vendor_rpm.distribution(self.work / "b3", base, EL_KERNEL, headers=False)
        m = self.alma(base)
        self.doca(m)
        text = self.refused(m, "headers-missing")
        self.check("kernel-devel-" + EL_KERNEL in text, "names the package", text)

    def el_no_epel(self):
        """dkms is in no repository: said in the plan, and found by dnf before anything is changed."""
        base = self.work / "no-epel"
        vendor_rpm.distribution(self.work / "b5", base, EL_KERNEL, dkms=False)
        m = self.alma(base)
        self.doca(m)
        text = self.refused(m, "repository-not-enabled")
        self.check("rule repository-epel: unknown: warning: EPEL is needed" in text, "the plan says it", text)
        self.check("dnf install epel-release" in text, "and what to do", text)

    def el_inbox(self):
        m = self.alma()
        m.stanza(driver="inbox")
        m.ofed_init()
        have = m.packages()
        self.equal(have.get("rdma-core"), "9999", "rdma-core is the distribution's")
        self.check("perftest" in have, "what the repository's exclude= names is installed too", have)

    def el_lock(self):
        m = self.alma()
        m.stanza(driver="inbox")
        text = m.ofed_init("dnf -q -y install slow & n=0; until [ -e /var/lib/dnf/rpmdb_lock.pid ] || "
                           "[ $n = 300 ]; do sleep 0.1; n=$((n + 1)); done;")[2]
        have = m.packages()
        self.check("waiting for the lock" in text and "dnf -q -y install slow" in text,
                   "the other dnf is named", text)
        self.check("slow" in have and "rdma-core" in have, "both got their turn", have)

    def el_killed(self):
        """The machine stops hard while dnf is at work: the next run ends where an undisturbed one does."""
        post = ("[ -e /var/lib/in-post ] || { touch /var/lib/in-post; sleep 100; }; "
                "echo yes >/etc/ofed-scripts-are-done")
        good, m = (Machine(self, self.name + more, ALMA, EL_KERNEL, self.el) for more in ("-not", ""))
        for one in good, m:
            one.inside("dnf", "-q", "-y", "install", "libibverbs")
        package, digest = self.vendor.doca_host(self.name, m.kernel, post=post)
        for one in good, m:
            one.write("srv/doca-host.rpm", package.read_bytes())
            one.stanza(driver="doca-ofed", source={"url": "file:///srv/doca-host.rpm", "sha256": digest})
        good.write("var/lib/in-post", "")
        self.installed(good, vendor_rpm.DRIVER, ())
        # sh is the first process: when it ends, the kernel kills all others
        m.inside("sh", "-c", f"/usr/sbin/ofed-init run --sysroot {SYSROOT} --config /srv/stanza.yaml "
                 "--catalog /srv/catalog & n=0; until [ -e /var/lib/in-post ] || [ $n = 600 ]; do "
                 "sleep 0.1; n=$((n + 1)); done")
        _, text = m.inside("rpm", "-q", "ofed-scripts", "libibverbs")
        self.equal(sorted(line.rsplit("-", 1)[0] for line in text.splitlines()),
                   ["libibverbs-2510", "libibverbs-61", "ofed-scripts-25.10"],
                   "it was killed with libibverbs there twice, and with a script that has not ended")
        self.check(not m.path("etc/ofed-scripts-are-done").exists() and
                   m.path("var/lib/dnf/rpmdb_lock.pid").exists(), "and dnf's lock was left behind")
        # As rpm names what it writes; too short a time to hit it there.
        half, theirs = f"usr/bin/ofed_info;{int(time.time()):08x}", "usr/bin/theirs;00000001"
        m.write(half, "half")
        m.write(theirs, "whole")
        text, _ = self.installed(m, vendor_rpm.DRIVER, ())
        self.check("installed twice, so the older goes: libibverbs-61" in text, "the log says what it did", text)
        have, wanted = (sorted(one.inside("rpm", "-qa")[1].splitlines()) for one in (m, good))
        self.equal(have, wanted, "rpm's database is as after an undisturbed run, nothing there twice")
        files, wanted = m.files(), good.files()
        self.check(theirs in files, "another's file with a semicolon is left")
        files.pop(theirs, None)
        self.equal(sorted(k for k in {**files, **wanted} if files.get(k, b"") != wanted.get(k, b"")), [],
                   "so is every file, excludes and repositories too")

    def script_failed(self, m, section, package):
        """Ends with 14; the reason has the script and its words; the next run does it once more, whole."""
        code, why, text = m.ofed_init()
        last = [line for line in text.splitlines() if " exit " in line][-1]
        self.equal((code, why), (14, "packages-failed"), "a script that fails is a failure, whatever the manager says")
        self.check(f"{package} {section} failed, exit status 3 (words of the script)" in last,
                   "the last line has the script and its words", last)
        self.check("words of the script" in text.replace(last, ""), "so has the log", text[-3000:])
        m.write("etc/may-go", "")
        self.installed(m, vendor_rpm.DRIVER, ())
        self.check(m.path("etc/script-was-here").exists(), "the next run has it run once more")

    FAILS = "echo words of the script; [ -e /etc/may-go ] || exit 3; echo >/etc/script-was-here"

    def el_script_fails(self):
        m = self.alma()
        self.doca(m, post=self.FAILS)
        self.script_failed(m, "%post", "ofed-scripts-25.10-1.noarch")

    def el_module_script_fails(self):
        """weak-modules and dkms in packages of modules: whether those are there is looked at by itself."""
        m = self.alma()
        self.doca(m, mft_post="echo no weak-modules here; exit 3")
        text, _ = self.installed(m, vendor_rpm.DRIVER, ())
        self.check("kernel-mft-dkms-4.34.1-10.noarch %post failed, exit status 3 (no weak-modules here)" in text,
                   "it is in the log", text[-3000:])

    def suse_with_a_package(self):
        """rpmdb2solv takes a database that has become empty for a broken one; a machine's never is."""
        m = self.suse()
        m.write(f"lib/modules/{m.kernel}/build/Makefile", "all:\n")
        m.inside("zypper", "--non-interactive", "install", "make")
        return m

    def sles_script_fails(self):
        m = self.suse_with_a_package()
        self.doca(m, post=self.FAILS)
        self.script_failed(m, "%post", "ofed-scripts-25.10-1.noarch")

    def sles_posttrans_fails(self):
        """zypper ends with 0 then."""
        m = self.suse_with_a_package()
        self.doca(m, posttrans=self.FAILS)
        self.script_failed(m, "%posttrans", "ofed-scripts-25.10-1.noarch")

    def undone(self, m, had, files):
        """uninstall, and once more: rpm's database and every file are as they were."""
        code, text = m.inside("ofed-init", "uninstall")
        self.equal(code, 0, "uninstall ends well")
        self.equal(m.packages(), had, "rpm's database is as before, keys included")
        after = m.files()
        self.equal(sorted(k for k in {**files, **after} if files.get(k, b"") != after.get(k, b"")), [],
                   "every file is as before")
        self.check(list(m.path("var/lib/ofed-init").iterdir()) == [], "no state is left", text)
        code, text = m.inside("ofed-init", "uninstall")
        self.check(code == 0 and "nothing-installed" in text, "there is nothing more to do", text)

    def el_uninstall(self):
        m = self.alma()
        had, files = m.packages(), m.files()
        self.doca(m)
        self.installed(m, vendor_rpm.DRIVER, ())
        self.undone(m, had, files)

    def el_uninstall_inbox(self):
        m = self.alma()
        m.inside("dnf", "-q", "-y", "install", "slow")  # the user's: it stays
        had, files = m.packages(), m.files()
        m.stanza(driver="inbox")
        m.ofed_init()
        self.check("rdma-core" in m.packages(), "rdma-core is installed")
        self.undone(m, had, files)

    def sles_uninstall(self):
        m = self.suse()
        m.write(f"lib/modules/{m.kernel}/build/Makefile", "all:\n")
        had, files = m.packages(), m.files()
        self.doca(m)
        m.ofed_init()
        self.check("doca-ofed" in m.packages(), "doca-ofed is installed")
        self.undone(m, had, files)

    # --- SLES 15 SP7, zypper ----------------------------------------------------------------

    def sles_inbox(self):
        m = self.suse()
        m.stanza(driver="inbox")
        text = m.ofed_init()[2]
        have = m.packages()
        for name in ("rdma-core", "libibverbs-utils", "perftest"):
            self.check(name in have, f"{name} is installed", text)

    def sles_doca(self):
        m = self.suse()
        self.doca(m)
        text = m.ofed_init()[2]
        self.check("kernel-azure-devel" in text, "headers of the running kernel are asked for", text)
        self.equal(m.packages(), {}, "and without them nothing is installed, no key either")
        m.write(f"lib/modules/{m.kernel}/build/Makefile", "all:\n")
        text = m.ofed_init()[2]
        have = m.packages()
        for name in vendor_rpm.DRIVER:
            self.check(name in have, f"{name} is installed", text)
        self.equal(have.get("rdma-core"), "2510", "rdma-core is the vendor's")
        self.check("kernel-mft-mlnx-kmp-azure" in have, "what has a kernel's name alone is no kernel", have)

    def sles_other_key(self):
        m = self.suse()
        m.write(f"lib/modules/{m.kernel}/build/Makefile", "all:\n")
        self.doca(m, signer="stranger")
        self.refused(m, "repository-untrusted")

    def sles_unsigned(self):
        """The index is signed by the accepted key, one package is not signed at all."""
        m = self.suse()
        m.write(f"lib/modules/{m.kernel}/build/Makefile", "all:\n")
        self.doca(m, unsigned=("ofed-scripts",))
        text = self.refused(m, "repository-untrusted")
        self.check("ofed-scripts" in text, "the log says which", text[-2000:])

    def sles_replaced(self):
        m = self.suse()
        m.write(f"lib/modules/{m.kernel}/build/Makefile", "all:\n")
        m.inside("zypper", "--non-interactive", "install", "libibverbs")
        had, files = m.packages(), m.files()
        self.equal(had.get("libibverbs"), "61", "the distribution's libibverbs is there")
        self.doca(m)
        m.ofed_init()
        self.equal(m.packages().get("libibverbs"), "2510", "it is the vendor's afterwards")
        self.undone(m, had, files)

    def sles_new_kernel(self):
        base = self.work / "sles-kernel"
        vendor_rpm.distribution(self.work / "b4", base, SLES_KERNEL, headers=False,
                                kernel_with_rdma="kernel-azure")
        m = self.suse(base)
        m.stanza(driver="inbox")
        self.refused(m, "kernel-would-change")

    # --- our own package, by the script of `user-data --package-url` ------------------------

    @functools.cached_property
    def ours(self):
        return our_rpm.build(self.build, self.work)

    def user_data(self, m):
        """The package is fetched, its digest checked, and installed once; what it needs comes along."""
        package, needs = self.ours
        base = m.path("srv/base")
        rpms.rpm(self.work / "system" / self.name, base, "system-libraries", "1", provides=needs)
        rpms.repository(base)
        for place in ("usr/sbin/ofed-init", "usr/libexec/ofed-init/ofed-fetch"):
            m.path(place).unlink()
        m.stanza(driver="inbox")
        m.write("srv/www/ofed-init.rpm", package.read_bytes())
        m.path("var/lib/cloud/instance/sem").mkdir(parents=True)
        program, stanza = self.build / "ofed-init", m.path("srv/stanza.yaml")

        m.write("srv/script", our_rpm.script(program, stanza, package, "0" * 64))
        code, text = m.inside("sh", "-c", our_rpm.SERVED)
        self.check(code != 0 and "ofed-init" not in m.packages(), "another digest: refused", f"{code}: {text}")
        m.write("srv/script", our_rpm.script(program, stanza, package))
        code, text = m.inside("sh", "-c", our_rpm.SERVED)
        self.check(code == 0, "the script ends well", f"{code}: {text[-3000:]}")
        have = m.packages()
        self.equal((have.get("ofed-init"), have.get("system-libraries")), ("0.0.1", "1"),
                   "the package is installed, and what it needs from the distribution")
        self.equal(m.inside("/usr/sbin/ofed-init", "validate", "/srv/stanza.yaml")[0], 0, "the program runs")
        self.check(m.path("var/lib/cloud/handlers/ofed_init_cloud.py").exists(), "its %post has run")
        self.check(not m.path("run/ofed-init-package.rpm").exists(), "the file is not left behind")
        m.path("srv/www/ofed-init.rpm").unlink()
        self.equal(m.inside("sh", "-c", our_rpm.SERVED)[0], 0, "once more: nothing is to be done, nobody is asked")

    def el_user_data(self):
        self.user_data(self.alma())

    def sles_user_data(self):
        m = self.suse()
        m.path("usr/bin/dnf").unlink()
        self.user_data(m)


def main():
    parser = argparse.ArgumentParser()
    for option in ("--root", "--work", "--logs", "--build"):
        parser.add_argument(option, required=True)
    parser.add_argument("only", nargs="*")
    args = parser.parse_args()
    jail.private_run()
    results = Trials(args).run(args.only)
    (pathlib.Path(args.logs) / "assertions.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
