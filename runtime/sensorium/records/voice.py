"""Records of the voice: activity, utterances, words, commands, the speaker, the mouth's shape.

A stream of sound is numbered by *sample index*: sample `i` of record `n` of channel `audio` (or
`clean_audio`) has the index (n - 1) * 512 + i. An index is unique within the region's generation,
also when the microphone is opened again, and says where in the ring its sound lies.
"""

from __future__ import annotations

from sensorium.records.fields import Record, Struct, array, scalar, text

TEXT_BYTES = 1024
WORDS = 64
VISEMES = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")
"""The 15 mouth shapes of Meta's OVRLipSync, in its order, by which VR avatars are made."""
VISEME_FRAMES = 4

VOICE_ACTIVITY = Record(
    "voice_activity",
    (
        scalar("speaking", "u32", "1 while the wearer speaks, after hysteresis"),
        scalar("event", "u32", "0 none, 1 onset, 2 offset (on channel voice_event)"),
        scalar("probability", "f32", "0..1, of speech in this block"),
        scalar("loudness", "f32", "dBFS of this block, RMS"),
        scalar("onsets", "u64", "onsets since start"),
        scalar("offsets", "u64", "offsets since start"),
        scalar("onset_ns", "u64", "capture time of the newest onset; 0 none"),
        scalar("offset_ns", "u64", "capture time of the newest offset; 0 none"),
        scalar("first_sample", "u64", "of the audio block that it was made from"),
        scalar("sample", "u64", "index of that block's first sample in the stream of sound"),
    ),
    "Whether somebody speaks.",
    id=8,
    minor=1,
)

UTTERANCE = Record(
    "utterance",
    (
        scalar("utterance", "u64", "id: the sound's generation * 2^40 + `onset`"),
        scalar("event", "u32", "1 begin, 2 progress, 3 pause: perhaps the end, 4 end"),
        scalar("ending", "u32", "of event 4: 1 silence, 2 length: speech goes on in the next "
               "utterance, 3 the sound's input was lost"),
        scalar("first", "u64", "index of the first sample to hear, with lead-in"),
        scalar("last", "u64", "index behind the last sample to hear, with lead-out"),
        scalar("onset", "u64", "index of the first sample of speech"),
        scalar("offset", "u64", "index behind the last sample of speech so far"),
        scalar("start_ns", "u64", "capture time of `onset`"),
        scalar("end_ns", "u64", "capture time of `offset`"),
        scalar("session", "u32", "of the microphone"),
        scalar("continues", "u32", "1 when it goes on from one that ended by its length"),
        scalar("speech", "f32", "0..1, share of the blocks so far that are speech"),
        scalar("peak", "f32", "0..1, largest probability of speech so far"),
    ),
    "A stretch of speech, from its begin to its end. Holds no sound and no words.",
    id=19,
)

WORD = Struct(
    "word",
    (
        scalar("start_ns", "u64", "capture time of its begin"),
        scalar("end_ns", "u64", "capture time of its end"),
        scalar("confidence", "f32", "0..1"),
        scalar("offset", "u16", "byte in `text`"),
        scalar("length", "u16", "bytes"),
    ),
    "One word of a transcript.",
)

TRANSCRIPT = Record(
    "transcript",
    (
        scalar("utterance", "u64", "id, the same in all parts and partials"),
        scalar("start_ns", "u64", "capture time of the begin"),
        scalar("end_ns", "u64", "capture time of the end"),
        scalar("is_final", "u32", "1 when it will not change any more"),
        scalar("part", "u32", "i of `parts`, from 1"),
        scalar("parts", "u32", "k"),
        scalar("revision", "u32", "counts partials of this utterance"),
        scalar("no_speech", "f32", "0..1, probability that nothing was said"),
        scalar("word_count", "u32", "valid entries in `words`"),
        scalar("words_lost", "u32", "words beyond the 64, not listed"),
        text("language", 8, "ISO 639-1"),
        array("words", WORD, WORDS, "in order"),
        text("text", TEXT_BYTES, "UTF-8"),
        scalar("outcome", "u32", "1 said, 2 nothing was said, 3 lost: its sound was overwritten "
               "before it could be recognised"),
        scalar("ending", "u32", "as in the utterance: 1 silence, 2 length, 3 input lost"),
        scalar("continues", "u32", "1 when it goes on from the utterance before"),
        scalar("backlog", "u32", "utterances that wait to be recognised"),
        scalar("lost", "u64", "utterances lost since start"),
    ),
    "What was said.",
    id=10,
    minor=1,
)

WAKE_WORD = Record(
    "wake_word",
    (
        scalar("detected_ns", "u64", "capture time of its end"),
        scalar("detections", "u64", "since start"),
        scalar("score", "f32", "0..1"),
        scalar("threshold", "f32", "0..1"),
        text("phrase", 64, "the phrase"),
        scalar("sample", "u64", "index of its last sample in the stream of sound, see `utterance`"),
        scalar("start_ns", "u64", "capture time of its begin, about; 0 unknown"),
        scalar("likelihood", "f32", "natural logarithm, of the phrase's text in the sound around "
               "it; NaN: it was not checked"),
    ),
    "A wake word was heard.",
    id=11,
    minor=2,
)

SLOT = Struct(
    "slot",
    (
        text("name", 32, "the slot's name"),
        text("value", 64, "as said"),
        scalar("number", "f64", "where the slot is a number; else NaN"),
        scalar("start_ns", "u64", "capture time of its begin"),
        scalar("end_ns", "u64", "capture time of its end"),
    ),
    "One slot of a command.",
)

COMMAND = Record(
    "command",
    (
        scalar("utterance", "u64", "of the transcript"),
        scalar("start_ns", "u64", "capture time of the begin"),
        scalar("end_ns", "u64", "capture time of the end"),
        scalar("score", "f32", "0..1"),
        scalar("method", "u32", "1 exact, 2 close phrase, 3 meaning; 0 nothing matched"),
        scalar("slot_count", "u32", "valid entries in `slots`"),
        scalar("slots_lost", "u32", "slots beyond the 8, not listed"),
        text("vocabulary", 32, "the app's vocabulary"),
        text("name", 64, "the command's name in it"),
        array("slots", SLOT, 8, "in order"),
        scalar("gate", "u32", "bits, what let it pass: 1 always, 2 push to talk, 4 wake word"),
        scalar("reserved", "u32", "0"),
    ),
    "A phrase of the app's vocabulary was said, or something that matches none.",
    id=12,
    minor=1,
)

SPEAKER = Record(
    "speaker",
    (
        scalar("utterance", "u64", "id of the utterance"),
        scalar("start_ns", "u64", "capture time of its begin"),
        scalar("end_ns", "u64", "capture time of its end"),
        scalar("score", "f32", "-1..1, likeness to the enrolled voice; NaN where unknown"),
        scalar("threshold", "f32", "the wearer from this score on"),
        scalar("wearer", "u32", "0 no, 1 yes, 2 unknown: nobody enrolled, or too short"),
        scalar("sentences", "u32", "that the wearer was enrolled with"),
        scalar("seconds", "f32", "of speech that the score is made from"),
        scalar("reserved", "u32", "0"),
    ),
    "Whether an utterance was the wearer's.",
    id=20,
)

VOICE_MEASURES = Record(
    "voice_measures",
    (
        scalar("utterance", "u64", "id of the utterance"),
        scalar("start_ns", "u64", "capture time of its begin"),
        scalar("end_ns", "u64", "capture time of its end"),
        scalar("loudness", "f32", "dBFS, root mean square of its speech"),
        scalar("peak", "f32", "dBFS, largest sample"),
        scalar("pitch", "f32", "Hz, median of voiced frames; NaN where none"),
        scalar("pitch_low", "f32", "Hz, 10th percentile; NaN where none"),
        scalar("pitch_high", "f32", "Hz, 90th percentile; NaN where none"),
        scalar("voiced", "f32", "0..1, share of frames that have a pitch"),
        scalar("tempo", "f32", "syllables/s; NaN where none"),
        scalar("seconds", "f32", "of sound measured"),
        scalar("reserved", "u32", "0"),
    ),
    "Plain measures of one utterance's sound.",
    id=21,
)

VISEME = Record(
    "viseme",
    (
        scalar("frame_count", "u32", "valid frames in `frames`"),
        scalar("strongest", "u32", "index of the newest frame's largest weight"),
        scalar("first_ns", "u64", "capture time of the first frame"),
        scalar("step_ns", "u64", "from frame to frame"),
        scalar("delay_ns", "u64", "how far behind the sound's end the newest frame is"),
        array("weights", "f32", len(VISEMES), "of the newest frame, 0..1, in the order "
              + " ".join(VISEMES)),
        array("frames", "f32", VISEME_FRAMES * len(VISEMES), "each frame's weights, oldest first"),
    ),
    "The mouth's shape while one speaks.",
    id=22,
)

PUSH_TO_TALK = Record(
    "push_to_talk",
    (
        scalar("held", "u32", "1 pressed, 0 released"),
        scalar("side", "u32", "1 left, 2 right"),
        scalar("button", "u32", "one bit, as in `controller.pressed`"),
        scalar("reserved", "u32", "0"),
        scalar("presses", "u64", "since start"),
        scalar("pressed_ns", "u64", "capture time of the newest press"),
        scalar("released_ns", "u64", "capture time of the newest release; 0 while held"),
    ),
    "The button that lets commands pass while it is held.",
    id=23,
)
