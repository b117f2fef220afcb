#!/usr/bin/env python3
"""Turns `gazetted articles list --json` into what a scorer of regions reads.

    gazetted articles list --json | regions.py > PRED.jsonl

A line for each article: its guid as `id`, its countries as `places` (ISO 3166-1
alpha-2, best first), and as `region` the M49 sub-region of its first region, or
the M49 region if that is wider; null if it stands under `world`.
"""
import json
import pathlib
import sys

TABLE = pathlib.Path(__file__).resolve().parents[2] / "src/region/data/regions.tsv"


def regions():
    """Each slug of the built-in tree -> the code of its M49 (sub-)region."""
    found = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        code, parent, slug = line.split("\t")[:3]
        found[slug] = code if code.isdigit() else parent
    return found


def main():
    codes = regions()
    for line in sys.stdin:
        article = json.loads(line)
        code = codes.get(article["region"].rsplit("/", 1)[-1])
        made = {"id": article["guid"], "places": article["countries"], "region": None if code == "001" else code}
        print(json.dumps(made))


if __name__ == "__main__":
    main()
