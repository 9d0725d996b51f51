"""Records that senses write: gestures, intents, emotion, objects, targets."""

from __future__ import annotations

from sensorium.records.fields import Record, Struct, array, scalar, text

LABELS = 16

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
        scalar("kind", "u32", "1 word, 2 fixation, 3 pointing ray, 4 grab, 5 the wearer's own "
               "place, 6 what was meant before"),
        scalar("word", "u32", "index in the transcript"),
        scalar("target", "u64", "id that it pointed to"),
        scalar("start_ns", "u64", "capture time of its begin"),
        scalar("end_ns", "u64", "capture time of its end"),
        scalar("weight", "f32", "0..1"),
        scalar("reserved", "u32", "0"),
    ),
    "Why an intent was read so.",
)

EVIDENT_WORD = Struct(
    "evident_word",
    (text("text", 16, "as plain word; empty unless `kind` is 1"),),
    "The word of one piece of evidence.",
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
        array("evidence", EVIDENCE, 8, "word by word: each is followed by what it was read from"),
        array("words", EVIDENT_WORD, 8, "of `evidence`, in its order"),
        scalar("unresolved", "u32", "words that refer to something that was not found"),
        scalar("evidence_lost", "u32", "evidence beyond the 8, not listed"),
        scalar("place_target", "u64", "id of the target that `place` is on; 0 none"),
        scalar("space", "u32", "of `place`: 1 STAGE, 2 LOCAL_FLOOR, 3 LOCAL; 0 unknown"),
        scalar("space_generation", "u32", "of `place`: counts recentres of that space"),
        scalar("start_ns", "u64", "capture time of the utterance's begin"),
        scalar("end_ns", "u64", "capture time of its end"),
    ),
    "What the wearer means.",
    id=13,
    minor=1,
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
        array("grabbed", RANKED, 2, "by the left, the right hand; of those that are movable"),
        scalar("scene_state", "u32", "0 used, 1 withdrawn by the app, 2 bad transform, 3 more "
               "targets than there is room for, 4 made for a space that is not known any more, "
               "5 unreadable, 6 none was published"),
        scalar("ignored", "u32", "targets of the scene that broke a rule"),
        scalar("looked_source", "u32", "1 eye gaze, 2 the head's ray; 0 none now"),
        scalar("hands", "u32", "bits: 1 the left points, 2 the right; 4 the left grips, 8 the "
               "right, whether at a target or not"),
        array("nothing", "f32", 5, "probabilities of no target: looked at, pointed at by the left, "
              "the right hand, grabbed by the left, the right hand"),
        scalar("space_generation", "u32", "of the head's newest pose: what a scene should name"),
        array("since_ns", "u64", 5, "in that order: capture time since when the first id is the "
              "one that is meant; 0: none is"),
        array("changes", "u64", 5, "in that order: how often what is meant has changed since the "
              "app or the sense began, to none included"),
    ),
    "Which of the app's targets the wearer attends to.",
    id=18,
    minor=1,
)
