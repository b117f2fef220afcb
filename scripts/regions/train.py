#!/usr/bin/env python3
"""Fits the numbers of src/region/data/model.tsv, and says how well they generalise.

    cargo run --release --example region_features < INPUT.jsonl > FEATURES.jsonl
    train.py FEATURES.jsonl GOLD.jsonl [FEATURES.jsonl GOLD.jsonl] [--write]

GOLD has `id`, `places` (ISO 3166-1 alpha-2) and `primary`. Of a second pair of
files only the primary countries are believed. Needs numpy and scipy.
A logistic model over (article, country) pairs that is fitted to tell an
article's countries from others and its primary country from all others. Its
regularisation and the two thresholds are chosen by ten-fold cross-validation,
and the scores printed first are those of articles that it has not seen.
"""
import json
import pathlib
import re
import sys

import numpy
from scipy.optimize import minimize

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "src/region/data/model.tsv"
FOLDS = 10
# Of the home country and of labels nothing is learnt from text alone: set by hand.
BY_HAND = {"home": 1.2}
# How much the primary country counts beside the list, and an article whose list is not known.
RANKING, WEAK = 1.0, 0.3


def names():
    code = (ROOT / "src/region/weigh.rs").read_text(encoding="utf-8")
    return re.findall(r'"([a-z0-9-]+)"', code[code.index("const FEATURES") : code.index("];", code.index("const FEATURES"))])


def read(path):
    return [json.loads(line) for line in open(path, encoding="utf-8") if line.strip()]


def likely(model, rows):
    return 1 / (1 + numpy.exp(-(rows @ model[0] + model[1])))


def fit(articles, ridge, used):
    """Weights that tell the countries of an article from the others, and its primary country from all others."""
    articles = [a for a in articles if len(a["rows"])]
    x = numpy.concatenate([a["rows"] for a in articles])[:, used]
    y = numpy.array([c in a["gold"] for a in articles for c in a["countries"]], dtype=float)
    owner = numpy.repeat(numpy.arange(len(articles)), [len(a["rows"]) for a in articles])
    known = numpy.array([a["listed"] for a in articles], dtype=float)[owner]
    first = numpy.array([c == a["primary"] for a in articles for c in a["countries"]], dtype=float)
    ranked = numpy.array([a["primary"] in a["countries"] for a in articles], dtype=float)
    ranked *= numpy.where([a["listed"] for a in articles], 1.0, WEAK)
    scale = x.std(axis=0) + 1e-9

    def loss(parameters):
        weights, bias = parameters[:-1] / scale, parameters[-1]
        z = x @ weights
        p = 1 / (1 + numpy.exp(-(z + bias)))
        listing = -(known * (y * numpy.log(p + 1e-12) + (1 - y) * numpy.log(1 - p + 1e-12))).sum()
        top = numpy.full(len(articles), -numpy.inf)
        numpy.maximum.at(top, owner, z)
        e = numpy.exp(z - top[owner])
        q = e / numpy.bincount(owner, e)[owner]
        ranking = -(ranked[owner] * first * numpy.log(q + 1e-12)).sum()
        dz = known * (p - y) + RANKING * ranked[owner] * (q - first)
        gradient = numpy.append((x.T @ dz) / scale + 2 * ridge * parameters[:-1], (known * (p - y)).sum())
        return listing + RANKING * ranking + ridge * (parameters[:-1] ** 2).sum(), gradient

    found = minimize(loss, numpy.zeros(len(used) + 1), jac=True, method="L-BFGS-B", options={"maxiter": 3000}).x
    weights = numpy.zeros(articles[0]["rows"].shape[1])
    weights[used] = found[:-1] / scale
    return weights, found[-1]


def score(articles, chances, first, further):
    tp = fp = fn = right = with_primary = silent = 0
    for a, chance in zip(articles, chances):
        ranked = sorted(zip(a["countries"], chance), key=lambda pair: (-pair[1], pair[0]))
        found = [c for n, (c, p) in enumerate(ranked) if p >= (further if n else first)]
        tp += len(a["gold"] & set(found))
        fp += len(set(found) - a["gold"])
        fn += len(a["gold"] - set(found))
        if a["primary"]:
            with_primary += 1
            right += bool(found) and found[0] == a["primary"]
        silent += not found
    return 2 * tp / (2 * tp + fp + fn), right / with_primary, silent / len(articles)


def load(features, gold, labels, listed):
    found = {row["id"]: row["features"] for row in read(features)}
    articles = []
    for article in read(gold):
        own = found[article["id"]]
        rows = numpy.array([own[c] for c in own]).reshape(len(own), len(labels))
        places, primary = set(article["places"]), article["primary"]
        articles.append({"id": article["id"], "gold": places, "primary": primary, "listed": listed, "countries": list(own), "rows": rows})
    return articles


def main():
    files = [name for name in sys.argv[1:] if not name.startswith("--")]
    labels = names()
    used = [n for n, name in enumerate(labels) if name not in BY_HAND]
    articles = load(files[0], files[1], labels, listed=True)
    weak = load(files[2], files[3], labels, listed=False) if len(files) > 2 else []
    order = numpy.random.default_rng(7).permutation(len(articles))
    best = None
    for c in (0.3, 1, 3, 10):
        chances = [None] * len(articles)
        for fold in range(FOLDS):
            test = order[fold::FOLDS]
            train = [articles[n] for n in numpy.setdiff1d(order, test)]
            seen = {articles[n]["id"] for n in test}
            model = fit(train + [a for a in weak if a["id"] not in seen], c, used)
            for n in test:
                chances[n] = likely(model, articles[n]["rows"]) if len(articles[n]["rows"]) else []
        for further in numpy.arange(0.3, 0.6, 0.02):
            for first in numpy.arange(0.26, 0.5, 0.02):
                f1, primary, silent = score(articles, chances, first, further)
                # A piece that says little says nothing: no guessing below one in four.
                value = f1 + 0.5 * primary + (0 if silent <= 0.03 else -1)
                if best is None or value > best[0]:
                    best = (value, c, first, further, f1, primary, silent)
    _, c, first, further, f1, primary, silent = best
    print(f"cross-validated: country F1 {f1:.3f}, primary country {primary:.3f}, silent {silent:.3f} (ridge {c}, first {first:.2f}, further {further:.2f})")
    weights, bias = fit(articles + weak, c, used)
    for name, value in BY_HAND.items():
        weights[labels.index(name)] = value
    chances = [likely((weights, bias), a["rows"]) if len(a["rows"]) else [] for a in articles]
    print("on the same articles: country F1 %.3f, primary country %.3f, silent %.3f" % score(articles, chances, first, further))
    lines = ["# Numbers by which a country's features are weighed; written by scripts/regions/train.py.", f"bias\t{bias:.3f}"]
    lines += [f"{name}\t{weight:.3f}" for name, weight in zip(labels, weights)]
    lines += [f"first\t{first:.2f}", f"further\t{further:.2f}", ""]
    print("\n".join(lines))
    if "--write" in sys.argv:
        MODEL.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
