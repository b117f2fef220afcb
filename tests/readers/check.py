#!/usr/bin/env python3
"""check.py PLACE [FEED…]: reads feeds with programs that people use and holds
what they understood against the JSON Feed of the same pieces, which leaves
nothing to understand: ids, titles, links, authors, dates, texts, order.

PLACE is a running gazetted (http://127.0.0.1:8080) or a folder with
FEED.rss, FEED.atom and FEED.json. Needs feedparser, fastfeedparser, reader and
sgmllib3k from PyPI, and newsboat.
"""
import calendar
import datetime
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request

import fastfeedparser
import feedparser
import reader

failures = 0


def check(what, got, wanted):
    global failures
    if got != wanted:
        failures += 1
        print(f"FAIL {what}\n  got    {got!r:.300}\n  wanted {wanted!r:.300}")


def seconds(text):
    """An RFC 3339 moment, in whole seconds."""
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def fetch(address):
    with urllib.request.urlopen(address, timeout=20) as answer:
        return answer.read()


class Piece:
    """A piece as it was written."""

    def __init__(self, item):
        self.id, self.title, self.link = item["id"], item["title"], item["url"]
        self.authors = [author["name"] for author in item.get("authors", [])]
        published, updated = item.get("date_published"), item["date_modified"]
        self.published = published and seconds(published)
        self.updated = seconds(updated)
        self.body = item.get("content_html")
        self.teaser = item.get("summary")


def by_feedparser(what, document, pieces):
    # Its own cleaning would hide what is in the feed.
    parsed = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    check(f"{what}: well-formed", parsed.bozo, False)
    check(f"{what}: ids", [entry.id for entry in parsed.entries], [piece.id for piece in pieces])
    for entry, piece in zip(parsed.entries, pieces):
        name = f"{what}: {piece.id}"
        check(f"{name}: title", entry.title, piece.title)
        check(f"{name}: link", entry.link, piece.link)
        dated = calendar.timegm(entry.published_parsed) if "published" in entry else None
        check(f"{name}: published", dated, piece.published)
        if "updated" in entry:
            check(f"{name}: updated", calendar.timegm(entry.updated_parsed), piece.updated)
        names = [author["name"] for author in entry.get("authors", []) if "name" in author]
        check(f"{name}: authors", names, piece.authors)
        body = entry.content[0].value if "content" in entry else None
        check(f"{name}: text", body, piece.body)


def by_fastfeedparser(what, document, pieces):
    parsed = fastfeedparser.parse(document)
    check(f"{what}: ids", [entry.id for entry in parsed.entries], [piece.id for piece in pieces])
    for entry, piece in zip(parsed.entries, pieces):
        name = f"{what}: {piece.id}"
        check(f"{name}: title", entry.title, piece.title)
        check(f"{name}: link", entry.link, piece.link)
        # A piece without a date gets that of its last change.
        dated = seconds(entry.published) if entry.get("published") else None
        known = [piece.published] if piece.published else [None, piece.updated]
        check(f"{name}: published, one of {known}", dated in known, True)
        # Of several `dc:creator` it takes the first.
        names = [author["name"] for author in entry.get("authors", [])]
        check(f"{name}: authors", names[:1], piece.authors[:1])
        body = entry.content[0]["value"] if entry.get("content") else None
        check(f"{name}: text", body, piece.body)


def by_reader(what, address, pieces):
    with tempfile.TemporaryDirectory() as folder:
        with reader.make_reader(os.path.join(folder, "reader.db"), feed_root="") as client:
            client.add_feed(address)
            client.update_feed(address)
            entries = {entry.id: entry for entry in client.get_entries()}
            check(f"{what}: ids", sorted(entries), sorted(piece.id for piece in pieces))
            for piece in pieces:
                entry = entries.get(piece.id)
                if not entry:
                    continue
                name = f"{what}: {piece.id}"
                check(f"{name}: title", entry.title, piece.title)
                check(f"{name}: link", entry.link, piece.link)
                dated = entry.published and int(entry.published.timestamp())
                check(f"{name}: published", dated, piece.published)
            # Asked again, it has nothing new.
            again = client.update_feed(address)
            check(f"{what}: again", again and (again.new, again.modified), again and (0, 0))


def by_newsboat(what, address, pieces):
    with tempfile.TemporaryDirectory() as folder:
        urls, cache, config = (os.path.join(folder, name) for name in ("urls", "cache.db", "config"))
        with open(urls, "w") as file:
            file.write(address + "\n")
        open(config, "w").close()
        command = ["newsboat", "-q", "-u", urls, "-c", cache, "-C", config, "-x", "reload"]
        subprocess.run(command, check=True, timeout=60, env={**os.environ, "HOME": folder, "TERM": "dumb"})
        rows = sqlite3.connect(cache).execute("select guid, title, url, author, pubDate, content from rss_item")
        read = {row[0]: row[1:] for row in rows.fetchall()}
        check(f"{what}: ids", sorted(read), sorted(piece.id for piece in pieces))
        for piece in pieces:
            if piece.id not in read:
                continue
            name = f"{what}: {piece.id}"
            title, url, author, dated, content = read[piece.id]
            check(f"{name}: title", title, piece.title)
            check(f"{name}: link", url, piece.link)
            if piece.published:
                check(f"{name}: published", dated, piece.published)
            # Of several `dc:creator` it takes the last.
            known = [", ".join(piece.authors), *piece.authors[-1:]]
            check(f"{name}: author {author!r}, one of {known}", author in known, True)
            check(f"{name}: text", content, piece.body or "")


def main():
    place, feeds = sys.argv[1], sys.argv[2:] or ["all"]
    is_folder = os.path.isdir(place)
    for feed in feeds:
        base = f"file://{os.path.abspath(place)}/{feed}" if is_folder else f"{place}/feeds/{feed}"
        pieces = [Piece(item) for item in json.loads(fetch(f"{base}.json"))["items"]]
        check(f"{feed}: something to read", bool(pieces), True)
        for ending in ("rss", "atom"):
            address = f"{base}.{ending}"
            document = fetch(address)
            by_feedparser(f"feedparser {feed}.{ending}", document, pieces)
            by_fastfeedparser(f"fastfeedparser {feed}.{ending}", document, pieces)
            by_reader(f"reader {feed}.{ending}", address, pieces)
            by_newsboat(f"newsboat {feed}.{ending}", address, pieces)
    print(f"{len(feeds)} feeds read by feedparser, fastfeedparser, reader, newsboat: {failures} differences")
    sys.exit(bool(failures))


main()
