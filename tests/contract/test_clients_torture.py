"""No torn, wrong or backward read while a writer at full speed is killed and started again.

The long version, with 100 million reads, is tests/benchmarks/torture.py.
"""

from __future__ import annotations

import sys

import pytest
from fixtures import torture
from fixtures.live_regions import LiveRegions

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills writers with SIGKILL")


@pytest.mark.parametrize(
    ("language", "channel", "follow", "reads"),
    [
        ("c", "gesture_right", False, 6_000_000),
        ("c", "gesture_event", True, 6_000_000),
        ("c", "scene", False, 2_000_000),
        ("csharp", "gesture_right", False, 2_000_000),
        ("csharp", "gesture_event", True, 2_000_000),
        ("python", "gesture_right", False, 100_000),
        ("python", "gesture_event", True, 100_000),
    ],
)
def test_reader_never_sees_a_torn_record(tmp_path_factory, language, channel, follow, reads):
    command = torture.reader(language, tmp_path_factory.mktemp("torture"))
    with LiveRegions(tmp_path_factory.mktemp("run")) as live:
        seen = torture.run(command, live, channel, follow=follow, reads=reads, kill_s=0.2)
    print(seen)
    assert seen["kills"] > 0
    assert seen["new"] >= 1000
    assert (seen["torn"], seen["backward"], seen.get("unaccounted", 0)) == (0, 0, 0)
