"""Verifies each DKIM signature of the messages named, with dkimpy.

    verify.py DNS.json FILE...

DNS.json maps names, with a dot at their end, to TXT records; nothing else is
asked. Prints a JSON object for each message: the file, and for each signature
its algorithm, its domain, the headers it signs, and whether it is good.
"""

import json
import re
import sys

import dkim

with open(sys.argv[1]) as file:
    records = {name: text.encode() for name, text in json.load(file).items()}


def lookup(name, timeout=5):
    name = name.decode() if isinstance(name, bytes) else name
    return records.get(name.rstrip(".") + ".")


for path in sys.argv[2:]:
    with open(path, "rb") as file:
        message = file.read()
    found = []
    headers = dkim.DKIM(message).headers
    signatures = [value for name, value in headers if name.lower() == b"dkim-signature"]
    for nth, signature in enumerate(signatures):
        plain = re.sub(rb"\s", b"", signature).decode()
        tags = dict(tag.split("=", 1) for tag in plain.rstrip(";").split(";"))
        try:
            good = dkim.DKIM(message).verify(idx=nth, dnsfunc=lookup)
        except dkim.DKIMException as error:
            good, tags["error"] = False, str(error)
        found.append({
            "algorithm": tags["a"],
            "domain": tags["d"],
            "signed": tags["h"].lower().split(":"),
            "length": "l" in tags,
            "good": good,
            "error": tags.get("error"),
        })
    print(json.dumps({"file": path, "signatures": found}))
