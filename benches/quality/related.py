#!/usr/bin/env python3
"""Runs a labelled set through the program as a user would, and writes the rankings as a scorer reads them.

    related.py INPUT.jsonl PRED.jsonl [--gazetted PATH] [--keep DIR] [--articles FILE]

INPUT holds one article a line: {"id", "date", "title", ["dateline"], "body"}. It becomes a JSON Feed whose items
keep `id` as their guid; a dateline is the first words of the body. The feed is taken in by `gazetted ingest`, and
`gazetted related --all --json` becomes PRED, a line for each article: {"id", "related": [ids, best first],
"scores": [...]}. Without --keep nothing stays behind. --articles keeps what `articles list --json` says as well.
"""
import argparse, json, os, pathlib, shutil, subprocess, sys, tempfile, time


def item(article):
    """An article as an item of a JSON Feed."""
    body = article.get("body") or ""
    if article.get("dateline"):
        body = f"{article['dateline']} {body}"
    date = article["date"] if article["date"].endswith("Z") or "+" in article["date"] else article["date"] + "Z"
    return {"id": article["id"], "title": article.get("title") or "", "content_text": body, "date_published": date}


def prepare(folder, articles):
    """Writes a feed of the articles and a configuration that knows nothing else."""
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "set", "items": [item(a) for a in articles]}
    (folder / "feed.json").write_text(json.dumps(feed), encoding="utf-8")
    (folder / "gazetted.toml").write_text(
        f"""[site]
title = "Measuring"
url = "http://127.0.0.1"

[[source]]
name = "set"
kind = "feed"
url = "file:{folder}/feed.json"
max_bytes = "200MB"

[mail]
from = "Measuring <digest@news.example.org>"
transport = "directory:out"

[[digest]]
name = "none"
schedule = "0 7 * * Mon"
""",
        encoding="utf-8",
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input")
    parser.add_argument("pred")
    parser.add_argument("--gazetted", default="gazetted")
    parser.add_argument("--keep")
    parser.add_argument("--articles")
    given = parser.parse_args()
    with open(given.input, encoding="utf-8") as lines:
        articles = [json.loads(line) for line in lines if line.strip()]
    folder = pathlib.Path(given.keep or tempfile.mkdtemp(prefix="gazetted-quality-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        prepare(folder, articles)
        run = [given.gazetted, "--config", str(folder / "gazetted.toml"), "--json", "-q"]
        started = time.monotonic()
        subprocess.run([*run, "ingest"], check=True, stdout=subprocess.DEVNULL)
        taken = time.monotonic()
        ranked = subprocess.run([*run, "related", "--all"], check=True, stdout=subprocess.PIPE).stdout
        done = time.monotonic()
        print(f"{len(articles)} articles: ingest {taken - started:.1f} s, related --all {done - taken:.1f} s", file=sys.stderr)
        if given.articles:
            listed = subprocess.run([*run, "articles", "list", "--limit", "1000000"], check=True, stdout=subprocess.PIPE).stdout
            pathlib.Path(given.articles).write_bytes(listed)
        with open(given.pred, "w", encoding="utf-8") as pred:
            for line in ranked.splitlines():
                row = json.loads(line)
                beside = row["related"]
                pred.write(json.dumps({"id": row["guid"], "related": [b["guid"] for b in beside],
                                       "scores": [round(b["score"], 4) for b in beside]}) + "\n")
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
