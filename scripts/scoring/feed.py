#!/usr/bin/env python3
"""Makes a JSON Feed from labelled articles, and a config that takes it in.

    feed.py INPUT.jsonl FOLDER

INPUT has one article a line: id, title, body and, if known, date and dateline.
FOLDER gets feed-N.json (at most 20,000 entries each) and gazetted.toml, so that

    cd FOLDER && gazetted ingest && gazetted articles list --json | regions.py > PRED.jsonl

gives what a scorer of regions reads. The id is kept as the guid; a dateline
becomes the first words of the body, as agencies print it. Nothing else is
told: no labels, no home country, no language.
"""
import json
import pathlib
import sys

ENTRIES = 20_000


def item(article):
    body = article["body"]
    if article.get("dateline"):
        body = f"{article['dateline']} {body}"
    date = article.get("date")
    if date and len(date) == 10:
        date += "T12:00:00Z"
    made = {"id": article["id"], "title": article.get("title", ""), "content_text": body, "date_published": date}
    return {key: value for key, value in made.items() if value}


def main():
    source, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    items = [item(json.loads(line)) for line in source.open(encoding="utf-8") if line.strip()]
    config = [
        '[site]\ntitle = "Scoring"\nurl = "http://127.0.0.1:1"\n',
        '[mail]\nfrom = "scoring@example.org"\ntransport = "directory:out"\n',
    ]
    for n, start in enumerate(range(0, len(items), ENTRIES)):
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": source.stem, "items": items[start : start + ENTRIES]}
        path = folder.resolve() / f"feed-{n}.json"
        path.write_text(json.dumps(feed, ensure_ascii=False), encoding="utf-8")
        config.append(f'[[source]]\nname = "feed-{n}"\nkind = "feed"\nurl = "{path.as_uri()}"\nmax_bytes = "200MB"\n')
    (folder / "gazetted.toml").write_text("\n".join(config), encoding="utf-8")
    print(len(items), "articles")


if __name__ == "__main__":
    main()
