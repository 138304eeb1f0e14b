# SPDX-License-Identifier: GPL-2.0-or-later
"""No stanza, and stanzas that are wrong."""
import expect
import user_data
from scenarios import BOOKWORM, BOTH, scenario

MISSPELT = """
    infiniband:
      enabled: true
      drivr: inbox
    """


@scenario(BOTH)
def no_stanza(t):
    vm = t.vm()
    before = vm.packages()
    vm.user_data("#cloud-config\n" + user_data.ONLY_RUNCMD)
    boot = vm.boot()
    t.equal(boot.exit_code, 0, "exit 0")
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    expect.nothing_installed(t, before, boot)
    t.equal(boot.dpkg_runs(), [], "dpkg was not run at all")
    t.equal(vm.imds.requests, [], "nobody was asked")


@scenario(BOTH)
def broken_stanza(t):
    """A misspelt key, in the carrier: file, line, column and the right spelling are named."""
    vm = t.vm()
    before = vm.packages()
    vm.user_data(user_data.carried(MISSPELT))
    boot = vm.boot()
    expect.ended(t, boot, 1, "stanza-unknown-key")
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    expect.nothing_installed(t, before, boot)
    carrier = boot.file("/etc/ofed-init/conf.d/50-user.yaml").splitlines()
    line = 1 + next(n for n, text in enumerate(carrier) if "drivr" in text)
    column = 1 + carrier[line - 1].index("drivr")
    t.contains(boot.status_log, f"/etc/ofed-init/conf.d/50-user.yaml:{line}:{column}",
               "the status log names file, line and column")
    t.contains(boot.status_log, "drivr", "the status log names the key")
    t.contains(boot.status_log.replace("drivr", ""), "driver", "the status log names the nearest key")


@scenario(BOOKWORM)
def unquoted_version(t):
    """In plain user-data: YAML has made a number of it, which the schema and the run both say."""
    vm = t.vm()
    vm.user_data(user_data.plain("infiniband:\n  version: 23.10\n"))
    boot = vm.boot()
    expect.ended(t, boot, 1, "stanza-quote-version")
    t.contains(boot.status_log, "infiniband.version", "the status log names the key")
    t.contains(boot.status_log, '"23.10"', "the status log shows it in quotes, as the user wrote it")


@scenario(BOTH)
def stanza_as_part(t):
    """A text/x-infiniband part beside the cloud-config, for the part handler of the package."""
    vm = t.vm()
    vm.user_data("#cloud-config-archive\n"
                 "- type: text/cloud-config\n"
                 "  content: |\n"
                 "    #cloud-config\n"
                 "    runcmd: [[mark, runcmd]]\n"
                 "- type: text/x-infiniband\n"
                 "  content: |\n"
                 "    enabled: false\n")
    boot = vm.boot()
    expect.ended(t, boot, 0, "disabled")
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
