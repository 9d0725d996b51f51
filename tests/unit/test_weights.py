"""Which layers have weights, which go to INT8, and what is said of those that do not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from fixtures import small_models
from fixtures.families import ENCODER, FAMILIES, GRU, LSTM, RNN

from sensorium.errors import EngineError
from sensorium.inference.card_tables import Quantisation
from sensorium_tools.candidates import quantiser
from sensorium_tools.quantise.dynamic import DynamicQuantiser
from sensorium_tools.quantise.prepare import prepare
from sensorium_tools.quantise.static import StaticQuantiser
from sensorium_tools.quantise.weights import FORMS, chosen, coverage, weighted

if TYPE_CHECKING:
    from fixtures.families.family import Family


def covered(family: Family, kept=(), **recipe) -> dict[str, str]:
    prepared = prepare(family.name, family.model.SerializeToString())
    card = Quantisation(**recipe)
    feeds = [family.feeds(np.random.default_rng(seed)) for seed in range(2)]
    made = (
        DynamicQuantiser(family.name, prepared, card) if card.scheme == "dynamic"
        else StaticQuantiser(family.name, prepared, card, feeds)
    )
    data = made.quantise("cpu", kept)
    return coverage(prepared, onnx.load_from_string(data), card, dict.fromkeys(kept, 12.3))


def test_a_product_of_two_activations_has_no_weights() -> None:
    prepared = prepare("encoder", ENCODER.model.SerializeToString())
    names = {node.name.partition("/")[0] for node in weighted(prepared)}
    assert names == ENCODER.int8
    for scheme in FORMS:
        picked = chosen(prepared, Quantisation(scheme=scheme))
        assert {name.partition("/")[0] for name in picked} == ENCODER.int8


@pytest.mark.parametrize("family", [RNN, GRU, LSTM], ids=lambda family: family.name)
def test_a_recurrent_cell_has_no_static_form(family: Family) -> None:
    operator = family.name.upper()
    found = covered(family, scheme="static")
    assert found.pop("head") == "int8"
    assert set(found.values()) == {f"{operator} has no static INT8 form"}


def test_an_lstm_has_a_dynamic_form_and_a_gru_has_none() -> None:
    operators = ("LSTM", "GRU", "Gemm")
    found = covered(LSTM, scheme="dynamic", operators=operators)
    assert found == dict.fromkeys(("one", "two", "head"), "int8")
    assert covered(GRU, scheme="dynamic", operators=operators) == {
        "cell": "GRU has no dynamic INT8 form", "head": "int8",
    }


def test_a_recipe_of_nothing_that_goes_to_int8_is_refused() -> None:
    card = replace(
        small_models.card(GRU.model, "gru"),
        quantisation=Quantisation(scheme="dynamic", operators=("GRU",)),
    )
    prepared = prepare("gru", GRU.model.SerializeToString())
    with pytest.raises(EngineError, match="none of its nodes is a GRU that goes to dynamic INT8"):
        quantiser(card, prepared, [], {})


def test_each_reason_is_said() -> None:
    cnn = FAMILIES[0]
    found = covered(
        cnn, ("stride",), scheme="static", operators=("Conv",), exclude=("depth*",)
    )
    assert found == {
        "stem": "int8", "depthwise": "its card excludes it", "pointwise": "int8",
        "stride": "INT8 leaves it 12.3 dB", "head": "its card's recipe does not name Gemm",
    }
