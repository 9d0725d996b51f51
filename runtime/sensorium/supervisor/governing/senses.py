"""The senses of a configuration, as the governor governs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.errors import EngineError
from sensorium.inference import plans, store
from sensorium.inference.cuda.driver import is_installed
from sensorium.inference.device import CPU
from sensorium.inference.governor.decision import Governed
from sensorium.inference.governor.tempo import DEFAULT
from sensorium.process import registry

if TYPE_CHECKING:
    from sensorium.config import Config
    from sensorium.process.registry import Part


def governed(config: Config) -> tuple[Governed, ...]:
    """The enabled senses in the daemon's order, as they say of themselves and as the owner has it.

    Raises:
        ConfigError: Names file, line and key of a bad option.
    """
    return tuple(_governed(config, part) for part in registry.senses(config))


def _governed(config: Config, part: Part) -> Governed:
    own = getattr(part.kind, "TEMPO", DEFAULT)
    tempo = own._replace(
        priority=config.governor.priority.get(part.name, own.priority),
        longest_ms=config.governor.longest_ms.get(part.name, own.longest_ms),
    )
    engines = (*part.engines(), *part.may_use())
    return Governed(
        part.name, tempo, max(engines, key=_size, default=""),
        smaller=part.smaller is not None and all(map(_is_built, part.smaller.engines())),
        other_device=_may_use_gpu(config) and any(map(plans.is_planned, engines)),
    )


def _may_use_gpu(config: Config) -> bool:
    return config.inference.device != CPU and is_installed(config.inference.cuda)


def _is_built(engine: str) -> bool:
    try:
        store.built(store.find_card(engine))
    except EngineError:
        return False
    return True


def _size(engine: str) -> int:
    """Bytes of a built engine; 0 where it is not built."""
    try:
        return sum(path.stat().st_size for path in store.built_folder(engine).iterdir())
    except OSError:
        return 0
