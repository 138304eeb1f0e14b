# SPDX-License-Identifier: GPL-2.0-or-later
"""The user-data that the scenarios give cloud-init: what a user would write, plus marks."""
import email.mime.multipart
import email.mime.text
import textwrap

# The first user workloads of each kind; `hello` is a small real package.
WORKLOADS = """packages: [hello]
runcmd:
  - [mark, runcmd]
"""
ONLY_RUNCMD = """runcmd:
  - [mark, runcmd]
"""


def plain(stanza, workloads=ONLY_RUNCMD):
    """The `infiniband:` key in the cloud-config itself."""
    return "#cloud-config\n" + textwrap.dedent(stanza) + workloads


def carried(stanza, workloads=ONLY_RUNCMD, more=""):
    """The stanza as a file in /etc/ofed-init/conf.d, by write_files."""
    return "#cloud-config\n" + more + "write_files:\n  - path: /etc/ofed-init/conf.d/50-user.yaml\n" \
        "    content: |\n" + textwrap.indent(textwrap.dedent(stanza), " " * 6) + workloads


def with_script(cloud_config):
    """The same, and a user script as a second MIME part."""
    parts = email.mime.multipart.MIMEMultipart()
    parts.attach(email.mime.text.MIMEText(cloud_config, "cloud-config"))
    parts.attach(email.mime.text.MIMEText("#!/bin/sh\nmark user-script\n", "x-shellscript"))
    return parts.as_string()
