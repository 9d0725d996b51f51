"""`sensorium doctor`: what is there, what is not, what to install, and whether data arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sensorium import config as configuration
from sensorium import folders
from sensorium.bridges.bridge import BRIDGES
from sensorium.cli.doctor import bridges, devices, governor, live, system
from sensorium.cli.doctor.finding import Finding, Verdict
from sensorium.control.grants import Grants
from sensorium.errors import ConfigError, SensoriumError
from sensorium.perception.sense import SENSES
from sensorium.sensors.sensor import SENSORS
from sensorium.supervisor import check_names

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from sensorium.cli.output import Output

_STYLES = {Verdict.OK: "green", Verdict.NOTE: "yellow", Verdict.MISSING: "bold red"}
_TOPIC_WIDTH = 22


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    parser.add_argument(
        "--config", default="", metavar="FILE",
        help="what to look for; default: that of the running daemon, else as `sensorium run`",
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Looks at everything; 1 when something that is configured cannot work."""
    findings = []
    for finding in _look(args.config):
        findings.append(finding)
        _show(finding, output)
    missing = [finding for finding in findings if finding.verdict is Verdict.MISSING]
    output.document(
        {"ok": not missing, "findings": [finding.document() for finding in findings]}
    )
    if missing:
        output.console.print(f"\n[bold red]{len(missing)} missing[/]: see the remedies above")
    else:
        output.console.print("\n[bold green]all that is configured can run[/]")
    return 1 if missing else 0


def _look(name: str) -> Iterator[Finding]:
    yield from system.look()
    status = live.status()
    try:
        running = {} if name or status is None else status
        config = configuration.load(
            configuration.find(name or running.get("config", "")),
            sensors=SENSORS, senses=SENSES, bridges=BRIDGES,
            overrides=running.get("overrides"),
        )
        check_names(config)
    except SensoriumError as error:
        topic = "configuration" if isinstance(error, ConfigError) else "recording"
        yield Finding(topic, Verdict.MISSING, error.message, error.remedy)
    else:
        yield Finding("configuration", Verdict.OK, str(config.source.path))
        yield from devices.look(config)
        yield from governor.look(config)
    yield _grants()
    yield from live.look(status)
    yield from bridges.look(status)


def _grants() -> Finding:
    path = folders.config_dir() / "grants.toml"
    try:
        listed = Grants(path).listed
    except SensoriumError as error:
        return Finding("grants", Verdict.MISSING, error.message, error.remedy)
    apps = {grant.app for grant in listed if grant.allowed}
    return Finding("grants", Verdict.OK, f"{len(apps)} apps may read private channels")


def _show(finding: Finding, output: Output) -> None:
    console = output.console
    line = Text(f"{finding.verdict.value:<8}", _STYLES[finding.verdict])
    line.append(f"{finding.topic:<{_TOPIC_WIDTH}} ", "bold")
    line.append(finding.detail)
    console.print(line)
    if finding.remedy and finding.verdict is not Verdict.OK:
        console.print(Text(f"{'':8}{'':{_TOPIC_WIDTH}} -> {finding.remedy}", "cyan"))
