# SPDX-License-Identifier: GPL-2.0-or-later
"""Secrets of the user-data, looked for where a boot leaves words: more than tests/guard sees."""
import user_data
from scenarios import BOOKWORM, scenario

PASSWORD = "pw-canary-0f3b"
SIGNATURE = "sig-canary-one%2Babc%3D"
STANZA = f"""
    infiniband:
      driver: doca-ofed
      timeout_seconds: 60
      source:
        url: "https://127.0.0.1:1/doca-host.deb?sv=2022-11-02&se=2030-01-01&sr=b&sp=r&sig={SIGNATURE}"
        sha256: {"a" * 64}
        proxy: "http://user-canary:{PASSWORD}@127.0.0.1:2"
    """


@scenario(BOOKWORM)
def secrets(t):
    """A proxy's password and a signed address, with nobody there: errors of all kinds."""
    vm = t.vm()
    vm.user_data(user_data.plain(STANZA))
    boot = vm.boot()
    t.equal(boot.exit_code, 14, "the download fails")
    t.contains(boot.status_log, "fetch", "it was tried")
    t.contains(boot.journal, "ofed-init", "the journal tells of it")
    # cloud-init keeps its own copies of the user-data, readable by root only; ours are the rest.
    ours = {"the journal": "\n".join(line for line in boot.journal.splitlines()
                                     if "ofed-init" in line or "InfiniBand" in line),
            "the status log": boot.status_log}
    for name in ("result.json", "agent.status"):
        ours[name] = boot.file(f"/var/lib/ofed-init/{name}") or ""
    for what, text in ours.items():
        t.check(text, f"there is {what}")
        for secret in PASSWORD, "user-canary", "sig-canary":
            t.check(secret not in text, f"no {secret} in {what}", text[-3000:])
