"""Which target is taken for the one that is meant: the best, unless another one hardly is better.

The one that was chosen, none among them, is more probable than the rays alone say: who means
something will mostly mean it in the next frame, too. So another one is chosen when it is that much
more probable, and a choice between two does not flicker. The first samples of a fixation must say
more, as far as what they say is noise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sensorium.perception.targets.belief import Belief
    from sensorium.perception.targets.scene import Scene

STAY, STAY_FIRST = 1.25, 3.0
"""How much more probable another one must be: `STAY * STAY_FIRST ^ unsure`. Our own figures."""
RANKED = 3
"""So many targets are listed at most."""
_LEAST = 0.005
"""A less probable target is not listed."""


class Ranking(NamedTuple):
    """The probabilities of one way to refer.

    Attributes:
        ids: At most three, the most probable first.
        scores: Their probabilities.
        nothing: The probability of no target.
    """

    ids: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()
    nothing: float = 1.0

    @property
    def chosen(self) -> int:
        """The id that is most probable; 0: none."""
        return self.ids[0] if self.ids and self.scores[0] >= self.nothing else 0


NOTHING = Ranking()


def rank(scene: Scene, belief: Belief, chosen: int, leader: int = -1) -> Ranking:
    """The probabilities, with what `STAY` says.

    Args:
        scene: That the belief is of.
        belief: Of the evidence.
        chosen: The id that was chosen before; 0: none.
        leader: Its place in the scene; -1: nowhere.
    """
    stay = math.log(STAY) + belief.unsure * math.log(STAY_FIRST)
    places, weights, nothing = belief.places, belief.weights, belief.nothing
    if not chosen:
        nothing += stay
    elif leader >= 0:
        weights = [
            weight + stay if place == leader else weight
            for place, weight in zip(places, weights, strict=True)
        ]
    top = max(nothing, *weights) if weights else nothing
    shares = [math.exp(weight - top) for weight in weights]
    none = math.exp(nothing - top)
    total = sum(shares) + none
    best = sorted(range(len(shares)), key=shares.__getitem__, reverse=True)[:RANKED]
    listed = [at for at in best if shares[at] / total >= _LEAST]
    return Ranking(
        tuple([int(scene.ids[places[at]]) for at in listed]),
        tuple([shares[at] / total for at in listed]),
        none / total,
    )
