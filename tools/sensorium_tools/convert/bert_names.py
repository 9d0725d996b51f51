"""What checkpoints call the tensors of BERT and DistilBERT."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LayerNames:
    """Of one layer; each but the norms is a `.weight` and a `.bias`.

    Attributes:
        query: And `key`, `value`, `mixed`: the products of the attention, in their order.
        attention_norm: Behind the attention.
        inner: And `outer`: of the feed-forward step.
        output_norm: Behind it.
    """

    query: str
    key: str
    value: str
    mixed: str
    attention_norm: str
    inner: str
    outer: str
    output_norm: str

    def at(self, layer: int) -> LayerNames:
        """The names of one layer; `{}` stands for its number."""
        return LayerNames(**{key: text.format(layer) for key, text in vars(self).items()})


@dataclass(frozen=True)
class HeadNames:
    """Of the head that names masked words.

    Attributes:
        dense: Its product; then the activation.
        norm: Behind it.
        table: The words' table, where it is not that of the input.
        biases: Of the words; the first that is there.
    """

    dense: str
    norm: str
    table: str
    biases: tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """Of one kind of model.

    Attributes:
        prefix: Of the encoder's tensors, in a checkpoint that has a head, too.
        layer: Of each layer.
        words: Of the head for masked words.
        classes: Of the product before the classes', of the first token.
        curve: What follows that product.
    """

    prefix: str
    layer: LayerNames
    words: HeadNames
    classes: str
    curve: str


NAMES = {
    "bert": Names(
        "bert.",
        LayerNames(
            "encoder.layer.{}.attention.self.query",
            "encoder.layer.{}.attention.self.key",
            "encoder.layer.{}.attention.self.value",
            "encoder.layer.{}.attention.output.dense",
            "encoder.layer.{}.attention.output.LayerNorm",
            "encoder.layer.{}.intermediate.dense",
            "encoder.layer.{}.output.dense",
            "encoder.layer.{}.output.LayerNorm",
        ),
        HeadNames(
            "cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
            "cls.predictions.decoder.weight",
            ("cls.predictions.bias", "cls.predictions.decoder.bias"),
        ),
        "bert.pooler.dense", "Tanh",
    ),
    "distilbert": Names(
        "distilbert.",
        LayerNames(
            "transformer.layer.{}.attention.q_lin",
            "transformer.layer.{}.attention.k_lin",
            "transformer.layer.{}.attention.v_lin",
            "transformer.layer.{}.attention.out_lin",
            "transformer.layer.{}.sa_layer_norm",
            "transformer.layer.{}.ffn.lin1",
            "transformer.layer.{}.ffn.lin2",
            "transformer.layer.{}.output_layer_norm",
        ),
        HeadNames(
            "vocab_transform", "vocab_layer_norm", "vocab_projector.weight",
            ("vocab_projector.bias",),
        ),
        "pre_classifier", "Relu",
    ),
}  # fmt: skip
"""model_type of a config.json to the names."""
