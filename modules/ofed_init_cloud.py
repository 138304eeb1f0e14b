#part-handler
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the infiniband stanza known to cloud-init.

Two carriers: the plain `infiniband:` key of a cloud-config, which cloud-init would
otherwise call unknown ("degraded done", exit 2), and a part of type text/x-infiniband,
whose text is handed to ofed-init in /run/ofed-init/stanza.yaml.

Lies in /var/lib/cloud/handlers/, or is given as a part of the user-data itself, before
the parts that need it. cloud-init imports handlers just before it validates user-data in
the same process; the schema is made known during that import. If cloud-init changes, its
warning comes back and nothing else happens.
"""

import json
import logging
import os

LOG = logging.getLogger("ofed-init")
SCHEMA = "/usr/share/ofed-init/stanza.schema.json"
STANZA = "/run/ofed-init/stanza.yaml"

handler_version = 2
frequency = "always"


def list_types():
    return ["text/x-infiniband"]


def handle_part(data, ctype, filename, payload, frequency):
    if ctype in ("__begin__", "__end__"):
        return
    try:
        if isinstance(payload, str):
            payload = payload.encode()
        os.makedirs(os.path.dirname(STANZA), 0o755, exist_ok=True)
        beside = STANZA + ".new"
        try:
            os.unlink(beside)  # of one that was killed
        except FileNotFoundError:
            pass
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "wb") as f:
            f.write(payload)
        os.replace(beside, STANZA)
    except Exception as e:
        # The user asked for InfiniBand and will not get it: worth cloud-init's notice.
        LOG.warning("%s: cannot keep part %s: %s", STANZA, filename, e)


def stanza_schema():
    """The schema of the stanza, or one that takes anything where the package is not there."""
    try:
        with open(SCHEMA, encoding="utf-8") as f:
            found = json.load(f)
        if not isinstance(found, dict):
            return {}
        # These would move the base of the references in the document we put it into.
        for key in ("$schema", "$id", "id"):
            found.pop(key, None)
        return found
    except Exception:
        return {}


def teach(schema):
    """Wrap the function that cloud-init loads its schema with."""
    get_schema = schema.get_schema
    if getattr(get_schema, "ofed_init", False):
        return

    def get_schema_with_infiniband(*args, **kwargs):
        found = get_schema(*args, **kwargs)
        try:
            found["properties"].setdefault("infiniband", stanza_schema())
        except Exception as e:
            LOG.debug("cloud-init's schema is not as expected: %r", e)
        return found

    get_schema_with_infiniband.ofed_init = True
    schema.get_schema = get_schema_with_infiniband


try:
    from cloudinit.config import schema as _schema

    teach(_schema)
except Exception as _e:
    LOG.debug("the infiniband key stays unknown to cloud-init: %r", _e)
