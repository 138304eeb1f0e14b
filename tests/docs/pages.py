# SPDX-License-Identifier: GPL-2.0-or-later
"""The man pages and the other documents, against the program."""
import json
import pathlib
import re
import tempfile

import jsonschema
import yaml

from common import TOP, ask, commands, ofed_init, schema

STANZA = TOP / "doc/ofed-init.yaml.5"
CATALOG = TOP / "doc/ofed-init-catalog.5"
PROGRAM_PAGE = TOP / "doc/ofed-init.8"


def plain(roff):
    """The text of a line of the page, without requests and escapes."""
    roff = re.sub(r"^\.(B|I|BR|IR|BI|RI|RB) ", "", roff).strip('"')
    return roff.replace("\\-", "-").replace("\\(dq", '"').replace("\\(bu", "*")


def entries(page, part):
    """{name: lines} of the .TP paragraphs below .SH @part."""
    text = re.split(r"^\.SH ", page.read_text(), flags=re.M)
    section, = [s for s in text if s.startswith(part + "\n")]
    found = {}
    for block in re.split(r"^\.TP\n", section, flags=re.M)[1:]:
        lines = re.split(r"^\.S[SH] ", block, flags=re.M)[0].splitlines()
        name = plain(lines[0])
        assert name not in found, f"{page.name}: {name} stands there twice"
        found[name] = [plain(line) for line in lines[1:]]
    return found


def kind(key):
    """The type of a key in the words of the page."""
    def numbers(of):
        return f"whole number, {of['minimum']} to {of['maximum']}"

    names = key.get("type")
    if "enum" in key:
        words = [w if isinstance(w, str) else str(w).lower() for w in key["enum"]]
        return ", ".join(words[:-1]) + " or " + words[-1]
    if "anyOf" in key:
        return "auto or a " + numbers(key["anyOf"][1])
    if names == "integer":
        return numbers(key)
    if names == "boolean":
        return "boolean"
    if names == "string":
        return "string"
    return {"object": "map", "array": "list of strings", "string": "string or null"}[names[0]]


def test_stanza_page_has_every_key():
    described = entries(STANZA, "KEYS")
    wanted = schema()
    assert set(described) == set(wanted), sorted(set(described) ^ set(wanted))
    for name, key in wanted.items():
        line = described[name][0]
        types, _, default = line.rstrip(".").partition("; default ")
        assert types == kind(key), f"{name}: {types!r} is {kind(key)!r}"
        if "default" in key:
            assert yaml.safe_load(default) == key["default"], f"{name}: {line}"
        else:
            assert not default, f"{name}: {line}"
    return sorted(described)


def examples_of_keys():
    """(key, the example as text, the stanza it makes)."""
    for name, lines in entries(STANZA, "KEYS").items():
        at = lines.index(".br")
        text = lines[at + 1]
        stanza = yaml.safe_load(text)
        assert list(stanza) == [name.split(".")[-1]], f"{name}: {text}"
        for group in reversed(name.split(".")[:-1]):
            stanza = {group: stanza}
        yield name, text, stanza


def test_stanza_page_examples_are_taken():
    """Each example by itself; with what it needs beside it."""
    digest = "0f1e2d3c" * 8
    beside = {"source.identity": {"mirrors": ["https://s.example/d"]}, "source.url": {"sha256": digest},
              "source.sha256": {"url": "https://s.example/a.deb"},
              "secure_boot.key": {"certificate": "/c"}, "secure_boot.certificate": {"key": "/k"},
              "modules_cache.publish": {"url": "/mnt/m"},
              "modules_cache.public_key": {"url": "/mnt/m"}}
    seen = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, _, stanza in examples_of_keys():
            if name == "source.sha256":
                stanza["source"]["sha256"] = digest  # the page shortens it, and says so
            stanza.get(name.split(".")[0], {}).update(beside[name]) if name in beside else None
            file = pathlib.Path(folder) / "stanza.yaml"
            file.write_text(json.dumps({"infiniband": stanza}))
            ofed_init("validate", str(file))
            seen += 1
        whole = re.search(r"^#cloud.*?(?=^\.fi)", plain(STANZA.read_text()), re.M | re.S)[0]
        file.write_text(whole)
        ofed_init("validate", str(file))
    assert seen == len(schema())


def test_defaults_of_the_program_page():
    """The stanza that ofed-init(8) shows is the defaults, all of them."""
    shown = re.search(r"^infiniband:\n.*?(?=^\.fi)", PROGRAM_PAGE.read_text(), re.M | re.S)[0]
    given = yaml.safe_load(plain(shown))["infiniband"]
    for name, key in schema().items():
        if "default" not in key:
            continue
        value = given
        for part in name.split("."):
            assert part in value, f"{name} is not shown"
            value = value[part]
        assert value == key["default"], f"{name}: {value!r} is shown"


def test_program_page_has_every_command_and_option():
    text = plain(PROGRAM_PAGE.read_text())
    listed, longs = commands()
    described = set(re.findall(r"^\.TP\n\.\w+ \"?([a-z-]+)", text, re.M))
    assert listed <= described, sorted(listed - described)
    missing = [option for option in longs if option not in text]
    assert not missing, missing


def test_catalog_page_has_every_table_and_column():
    page = CATALOG.read_text()
    parts = dict(re.findall(r"^\.SS (\S+\.tsv)\n(.*?)(?=^\.S)", page, re.M | re.S))
    tables = {table.name: table for table in (TOP / "dist/catalog").glob("*.tsv")}
    assert set(parts) == set(tables), sorted(set(parts) ^ set(tables))
    rows = (TOP / "src/model/catalog_rows.c").read_text()
    for name, table in tables.items():
        header = next(line for line in table.read_text().splitlines()
                      if line and line[0] != "#").split("\t")
        required = set()
        described = set()
        for block in re.split(r"^\.TP\n", parts[name], flags=re.M)[1:]:
            lines = block.splitlines()
            words = re.findall(r"[a-z0-9_]+", plain(lines[0]))
            described.update(words)
            if lines[1].startswith("(*)"):
                required.update(words)
        assert described == set(header), f"{name}: {sorted(described ^ set(header))}"
        for column in header:  # named in the page's words as required, and by the program
            known = re.findall(r'\{ "%s", (true|false), ' % column, rows)
            if known and len(set(known)) == 1:
                assert (known[0] == "true") == (column in required), f"{name}: {column}"


def test_catalog_page_example_is_taken():
    page = plain(CATALOG.read_text())
    name, body = re.search(r'^\.\\" example: (\S+)\n(.*?)(?=^\.fi)', page, re.M | re.S).groups()
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / name).write_text(body.replace(" ", "\t"))
        said = ofed_init("--catalog", folder, "catalog")
    assert "9.9.9" in said, said[-1000:]


def test_pages_are_clean():
    for page in sorted((TOP / "doc").glob("*.[58]")):
        said = ask("groff", "-man", "-Tutf8", "-ww", "-z", str(page))
        assert not said, said
        ask("grep", "-qF", str(page.relative_to(TOP)), str(TOP / "Makefile.am"))


def test_editor_lines_are_the_same_everywhere():
    line = "# yaml-language-server: $schema=/usr/share/ofed-init/"
    assert line + "stanza.schema.json" in plain(STANZA.read_text())
    for page in STANZA, TOP / "README.md":
        assert line + "schemas/cloud-config.schema.json" in plain(page.read_text()), page


def test_schema_of_documents_judges_the_stanza():
    """By the stanza's own schema, which lies in the folder above; what else a cloud-config has is cloud-init's."""
    document = json.loads((TOP / "doc/schemas/cloud-config.schema.json").read_text())
    base = "file:///usr/share/ofed-init/"
    resolver = jsonschema.RefResolver(base + "schemas/cloud-config.schema.json", document,
                                      store={base + "stanza.schema.json": json.loads(ofed_init("schema"))})
    judge = jsonschema.Draft7Validator(document, resolver=resolver)
    for value, wanted in (({"infiniband": {"driver": "auto"}, "runcmd": ["ls"]}, []), ({"packages": ["hello"]}, []),
                          ({"infiniband": {"drivr": "auto"}}, [["infiniband"]]),
                          ({"infiniband": {"driver": "any"}}, [["infiniband", "driver"]])):
        assert [list(e.absolute_path) for e in judge.iter_errors(value)] == wanted, value


def documents():
    found = [*TOP.glob("*.md"), *(TOP / "doc").glob("*.md"), *(TOP / "examples").rglob("*.md"),
             *(TOP / "dist").rglob("*.md")]
    assert len(found) > 10
    return found


def anchors(text):
    """As the platforms make them of headings."""
    heads = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def test_links_lead_somewhere():
    """Those into the tree, with their anchors; addresses are not asked."""
    seen = 0
    for page in documents():
        text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.exists() and target.is_relative_to(TOP), f"{page.name}: {link}"
            assert not anchor or anchor in anchors(target.read_text()), f"{page.name}: {link}"
            seen += 1
    assert seen > 20, seen


def stanzas_in(document):
    """The infiniband: values of a cloud-config: as its key, or in a file that it writes."""
    if not isinstance(document, dict):
        return
    if "infiniband" in document:
        yield document["infiniband"]
    for file in document.get("write_files") or []:
        if file["path"].startswith("/etc/ofed-init/conf.d/"):
            yield yaml.safe_load(file["content"])["infiniband"]


def test_stanzas_in_documents_are_taken():
    seen = 0
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "stanza.yaml"
        for page in documents():
            for block in re.findall(r"^```yaml\n(.*?)^```$", page.read_text(), re.M | re.S):
                for stanza in stanzas_in(yaml.safe_load(block)):
                    file.write_text(json.dumps({"infiniband": stanza}))
                    said = ofed_init("validate", str(file), status=None)
                    assert said.endswith(": valid\n"), f"{page.name}: {said}{block}"
                    seen += 1
    assert seen > 12, seen
