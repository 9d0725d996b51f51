"""Records that senses write: voice, gestures, words, commands, intents, emotion, objects."""

from __future__ import annotations

from sensorium.records.fields import Record, Struct, array, scalar, text

TEXT_BYTES = 1024
WORDS = 64
LABELS = 16

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
    ),
    "Whether somebody speaks.",
    id=8,
)

GESTURE = Record(
    "gesture",
    (
        scalar("side", "u32", "1 left, 2 right"),
        scalar("gesture", "u32", "index into the labels of `name`'s engine; 0 none"),
        scalar("phase", "u32", "0 none, 1 begin, 2 hold, 3 end"),
        scalar("event", "u32", "0 none, 1 begin, 2 end (on channel gesture_event)"),
        scalar("score", "f32", "0..1, of `gesture`"),
        scalar("pinch", "f32", "0 open..1 thumb and index touch; from geometry"),
        scalar("grab", "f32", "0 open..1 fist; from geometry"),
        scalar("label_count", "u32", "valid entries in `scores`"),
        array("scores", "f32", LABELS, "raw score of each label, before hysteresis"),
        array("pinches", "f32", 4, "thumb to index, middle, ring, little: 0..1"),
        scalar("begins", "u64", "begins since start, of this hand"),
        scalar("ends", "u64", "ends since start, of this hand"),
        scalar("begin_ns", "u64", "capture time of the newest begin"),
        scalar("end_ns", "u64", "capture time of the newest end"),
        text("name", 32, "label of `gesture`; empty for none"),
    ),
    "What one hand shows.",
    id=9,
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
    ),
    "What was said.",
    id=10,
)

WAKE_WORD = Record(
    "wake_word",
    (
        scalar("detected_ns", "u64", "capture time of its end"),
        scalar("detections", "u64", "since start"),
        scalar("score", "f32", "0..1"),
        scalar("threshold", "f32", "0..1"),
        text("phrase", 64, "the phrase"),
    ),
    "A wake word was heard.",
    id=11,
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
        scalar("method", "u32", "1 exact, 2 close phrase, 3 meaning"),
        scalar("slot_count", "u32", "valid entries in `slots`"),
        scalar("slots_lost", "u32", "slots beyond the 8, not listed"),
        text("vocabulary", 32, "the app's vocabulary"),
        text("name", 64, "the command's name in it"),
        array("slots", SLOT, 8, "in order"),
    ),
    "A phrase of the app's vocabulary was said.",
    id=12,
)

ALTERNATIVE = Struct(
    "alternative",
    (
        text("verb", 64, "verb"),
        scalar("object", "u64", "first object's id"),
        array("place", "f32", 3, "m, in stage space"),
        scalar("score", "f32", "0..1"),
    ),
    "Another reading of an intent.",
)

EVIDENCE = Struct(
    "evidence",
    (
        scalar("kind", "u32", "1 word, 2 fixation, 3 pointing ray, 4 grab"),
        scalar("word", "u32", "index in the transcript"),
        scalar("target", "u64", "id that it pointed to"),
        scalar("start_ns", "u64", "capture time of its begin"),
        scalar("end_ns", "u64", "capture time of its end"),
        scalar("weight", "f32", "0..1"),
        scalar("reserved", "u32", "0"),
    ),
    "Why an intent was read so.",
)

INTENT = Record(
    "intent",
    (
        scalar("intent", "u64", "id, for `sensorium why ID`"),
        scalar("utterance", "u64", "of the transcript"),
        scalar("score", "f32", "0..1"),
        scalar("quantity", "f32", "NaN where none was said"),
        scalar("object_count", "u32", "valid entries in `objects`"),
        scalar("objects_lost", "u32", "objects beyond the 8, not listed"),
        scalar("has_place", "u32", "1 when `place` is valid"),
        scalar("evidence_count", "u32", "valid entries in `evidence`"),
        array("place", "f32", 3, "m, in stage space"),
        scalar("alternative_count", "u32", "valid entries in `alternatives`"),
        array("objects", "u64", 8, "ids of the app's targets"),
        text("verb", 64, "verb of the app's vocabulary"),
        array("alternatives", ALTERNATIVE, 3, "best first"),
        array("evidence", EVIDENCE, 8, "strongest first"),
    ),
    "What the wearer means.",
    id=13,
)

EMOTION = Record(
    "emotion",
    (
        scalar("source", "u32", "1 face, 2 voice, 3 text"),
        scalar("label_count", "u32", "valid entries in `scores`"),
        scalar("label", "u32", "index of the best; an estimate, never a fact"),
        scalar("score", "f32", "0..1, of the best"),
        array("scores", "f32", LABELS, "of each label"),
        scalar("loudness", "f32", "dBFS; a plain measure; NaN where none"),
        scalar("pitch", "f32", "Hz; a plain measure; NaN where none"),
        scalar("tempo", "f32", "syllables/s; a plain measure; NaN where none"),
        text("name", 32, "label of the best"),
    ),
    "An estimate of emotion; off by default.",
    id=14,
)

OBJECT = Struct(
    "object",
    (
        array("box", "f32", 4, "x0 y0 x1 y1, 0..1 of the image"),
        scalar("score", "f32", "0..1"),
        scalar("label", "u32", "class index"),
        scalar("track", "u64", "id over time; 0 none"),
        text("name", 32, "class name"),
    ),
    "One object in a frame.",
)

OBJECTS = Record(
    "objects",
    (
        scalar("frame", "u64", "of the camera or app frame"),
        scalar("width", "u32", "pixels"),
        scalar("height", "u32", "pixels"),
        scalar("count", "u32", "valid entries in `objects`"),
        scalar("lost", "u32", "objects beyond the 64, not listed"),
        array("objects", OBJECT, 64, "best first"),
    ),
    "Objects seen in a frame.",
    id=15,
)

RANKED = Struct(
    "ranked",
    (
        array("ids", "u64", 3, "best first; 0 none"),
        array("scores", "f32", 3, "probabilities"),
        scalar("count", "u32", "valid entries"),
    ),
    "The best three targets of one way to refer.",
)

TARGET = Record(
    "target",
    (
        array("looked_at", RANKED, 1, "by gaze"),
        array("pointed_at", RANKED, 2, "by the left, the right hand"),
        array("grabbed", RANKED, 2, "by the left, the right hand"),
    ),
    "Which of the app's targets the wearer attends to.",
    id=18,
)
