"""A head's report in words: the page beside its card, and the notice of what it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium_tools.train.measure import AN_HOUR

if TYPE_CHECKING:
    from collections.abc import Mapping

_VOICES = {
    "espeak-ng": "eSpeak NG (GPL-3.0-or-later; what it speaks is its user's)",
    "festival": "Festival with the voices of festvox-kallpc16k and festvox-kdlpc16k (BSD-style)",
    "flite": "Flite (BSD-style)",
    "kokoro": "Kokoro-82M (Apache-2.0)",
    "piper": "Piper's voice en_US-joe-medium (recordings of joe: CC0; it was fine-tuned from "
             "Piper's voice lessac, whose recordings have a licence of their own)",
}
_RECORDED = (
    "Asterisk's core sounds (Allison Smith, June Wallack and others; CC-BY-SA-3.0), heard as "
    "speech that is not the phrase"
)


def readme(report: Mapping[str, Any]) -> str:
    """The page."""
    machine = report["machine"]
    lines = [
        f"# {report['name']}",
        "",
        f'A head on the engine speech-embedding that hears "{report["phrase"]}".',
        "",
        f"Written by `{report['command']}` on {report['date']}: {machine['processor']}, "
        f"{machine['cores']} cores, {machine['system']}; {report['seconds']:.0f} s in all.",
        "",
        *table(report),
        "",
        *_words(report),
        "",
    ]
    return "\n".join(lines)


def table(report: Mapping[str, Any]) -> list[str]:
    """Misses and false accepts, as Markdown."""
    return [
        "| voices that were held out | missed | of | share | at most (95 %) |",
        "|---|---|---|---|---|",
        *(
            f"| {row['voice']} | {row['missed']} | {row['clips']} | {row['share']:.1%} | "
            f"{row['most']:.1%} |"
            for row in report["phrases"]
        ),
        "",
        "| without the phrase | accepted | hours | an hour | at most (95 %) |",
        "|---|---|---|---|---|",
        *(
            f"| {row['kind']} | {row['accepted']} | {row['hours']:.2f} | {row['an_hour']:.2f} | "
            f"{row['most']:.2f} |"
            for row in report["others"]
        ),
    ]


def _words(report: Mapping[str, Any]) -> list[str]:
    near, heard = report["near"], report["unheard"]
    words = [
        f"Threshold: {report['threshold']:.3f}, chosen for {AN_HOUR} false accepts an hour on "
        f"{report['choosing_hours']:.1f} hours of voices and sounds that are in neither table, nor "
        "in the training.",
        *_second_stage(report),
        f"{len(report['seeds'])} heads, whose logits are averaged, were fitted from the seeds "
        f"{', '.join(map(str, report['seeds']))} to {report['training_hours']:.1f} hours without "
        "the phrase, of which they looked for the hardest parts again and again.",
        f"Near phrases (parts of it, words that sound alike): {near['accepted']} of "
        f"{near['clips']} taken for it.",
        f"A detection comes {report['late_ms']:.0f} ms after the phrase's end (median); the phrase "
        f"takes {report['length_ms']:.0f} ms.",
        "Clips are in rooms, over noise of 3 to 40 dB, through microphones, soft and loud; the "
        "recorded speech is "
        f"{report['recorded_minutes']['held_out']:.0f} minutes that were kept out of training.",
        f"Synthesisers of which no voice was in the training: {', '.join(heard) or 'none'}. People "
        "saying the phrase were not to be had: how well it hears them is not established.",
    ]
    return [line for word in words for line in (word, "")][:-1]


def _second_stage(report: Mapping[str, Any]) -> list[str]:
    """Where doubts are checked: how, and what it is worth."""
    if "check" not in report:
        return ["Its score alone decides: no thresholds were chosen for a check by Whisper."]
    check, alone = report["check"], report["alone"]
    missed, woken, near = alone["phrases"][-1], alone["others"][-1], alone["near"]
    return [
        f"From a score of {check['doubt']:.2f} on it is in doubt, {check['an_hour']:.1f} times an "
        f"hour here, and the sound is heard again by Whisper ({', '.join(check['engines'])}): it "
        f"is the phrase where its text has a log-likelihood of {check['limit']:.1f} or more. From "
        f"{check['sure']:.3f} on it is sure. Both were chosen on the same sounds, for "
        f"{AN_HOUR / 2:g} false accepts an hour each.",
        "Without the check (`check = false`, or where those engines are not built), the threshold "
        f"alone: {missed['missed']} of {missed['clips']} missed ({missed['share']:.1%}), "
        f"{woken['accepted']} accepted in {woken['hours']:.2f} hours ({woken['an_hour']:.2f} an "
        f"hour, at most {woken['most']:.2f}), {near['accepted']} of {near['clips']} near phrases.",
    ]


def notice(report: Mapping[str, Any]) -> str:
    """What the sounds of the training came from."""
    named = sorted({voice.split("/")[0] for voice in report["voices"]["training"]})
    lines = [
        f'The engine {report["name"]} hears "{report["phrase"]}". Its weights were trained by',
        f"Sensorium ({report['command']})",
        "on sounds of these makers, of which it holds none:",
        "",
        *(f"- {_VOICES[name]}" for name in named),
    ]
    if report["recorded_minutes"]["training"]:
        lines.append(f"- {_RECORDED}")
    lines += ["", "It runs on Google's speech embedding; see the NOTICE of speech-embedding.", ""]
    return "\n".join(lines)
