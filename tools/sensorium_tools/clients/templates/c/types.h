
/* ---- What an app holds ---------------------------------------------------------------------- */

typedef enum sensorium_status {
  SENSORIUM_OK = 0,          /* connect, open, bind, write: done */
  SENSORIUM_NEW = 1,         /* a record that this channel has not returned before */
  SENSORIUM_SAME = 2,        /* the same record as last time, still fresh; *out is untouched */
  SENSORIUM_STALE = 3,       /* the last record, but too old, or its writer or the daemon is gone */
  SENSORIUM_INVALID = 4,     /* the writer has nothing to give: info.reason says why */
  SENSORIUM_DENIED = 5,      /* the owner of the PC has not granted it: session.remedy */
  SENSORIUM_CLOSED = 6,      /* no daemon, or it stopped: sensorium_reconnect outside the frame */
  SENSORIUM_VERSION = 7,     /* another major version: session.message has both numbers */
  SENSORIUM_UNAVAILABLE = 8, /* connect, open, wait: not there, see session.message */
  SENSORIUM_BAD = 9          /* a wrong argument: no such channel, another record's function */
} sensorium_status;

/* What goes with the last record of a channel. Times are in the daemon's clock. */
typedef struct sensorium_info {
  uint64_t n;           /* number of the record, from 1; 0: none was read yet */
  uint64_t capture_ns;  /* when the world was so */
  uint64_t publish_ns;  /* when the record was written */
  uint64_t age_ns;      /* the caller's now_ns - publish_ns */
  uint32_t valid;       /* 1, or 0: see reason */
  uint32_t reason;      /* SENSORIUM_REASON_*, of an INVALID or STALE answer */
  float confidence;     /* 0..1; NaN: the source gives none */
  uint32_t precision;   /* SENSORIUM_PRECISION_* */
  uint32_t device;      /* SENSORIUM_DEVICE_* */
  uint32_t flags;       /* bit 0: something did not fit; the record's own counts say what */
  uint32_t epoch;       /* counts owners of the channel */
  uint32_t engine_hash; /* first four bytes of the engine file's sha256 */
  uint32_t length;      /* bytes that the writer published */
  uint32_t foreign_clock; /* 1: the daemon has another clock, so age_ns is an estimate */
  char engine[40];      /* name of the engine's card; empty for none */
} sensorium_info_t;

/* One mapped region. Fields are the header's own. */
typedef struct sensorium_region {
  uint8_t *base;             /* NULL while it is not mapped */
  uint64_t size;
  uint8_t *waiters;          /* over control only; NULL: nobody can be woken, so waiting naps */
  void *event;               /* Windows: wakes this session while it waits; NULL: not taken yet */
  uint32_t seat;             /* Windows: the event's number and word in the waiters' page */
  uint64_t generation, started_ns; /* which ring set this is: numbers in another start anew */
  sensorium_status status;   /* why it is not mapped */
  uint32_t wanted;           /* 1: reconnect opens it again */
  uint32_t writable;
  uint32_t foreign_clock;    /* 1: its times are of another clock than ours */
  uint32_t layout_major, layout_minor;
  int64_t clock_offset_ns;   /* ours - theirs, an upper bound that tightens with every heartbeat */
  uint64_t clock_heartbeat_ns, clock_seen_ns;
} sensorium_region_t;

typedef struct sensorium {
  sensorium_region_t regions[SENSORIUM_REGIONS];
  uint32_t binding;          /* grows when regions are mapped anew; channels follow by themselves */
  uint32_t session;          /* the daemon's number for this connection; 0: no control */
  uint32_t daemon_major, daemon_minor; /* layout version of the daemon; 0: none seen */
  intptr_t control;          /* socket or pipe; -1: not connected */
  uint64_t frames;           /* frames begun with sensorium_frame_begin */
  char app[260];
  char directory[512];       /* where the daemon is, or is expected */
  char elsewhere[512];       /* the other folder where it may be; empty: none */
  char message[320];         /* what went wrong last, in one sentence */
  char remedy[160];          /* what the user can do about it; may be empty */
} sensorium_t;

/* One channel as one thread sees it. Read the documented fields, write none. */
typedef struct sensorium_channel {
  sensorium_t *session;
  sensorium_region_t *region;
  const uint8_t *base;       /* the region; NULL while the channel is out of reach */
  const uint8_t *entry;
  const uint8_t *ring;
  uint64_t slots, stride;
  uint64_t mask;             /* slots - 1 where slots is a power of two; else 0 */
  uint64_t max_age_ns;       /* STALE when published longer ago; 0: never too old */
  uint64_t n;                /* last record that sensorium_read_* returned */
  uint64_t cursor;           /* next record that sensorium_next_* returns */
  uint64_t lost;             /* records that were overwritten before sensorium_next_* came to them */
  uint64_t resets;           /* times that a new generation took the ring's place */
  uint64_t generation, started_ns; /* of the region that n and cursor belong to */
  uint32_t binding;
  uint32_t follows;          /* 1: used with sensorium_next_*, 0: with sensorium_read_* */
  uint32_t index;            /* of its word in the waiters' page */
  uint32_t region_index;
  uint32_t record_id, record_major, record_size;     /* that this header knows */
  uint32_t their_id, their_major, their_minor, their_size; /* that the daemon carries */
  uint32_t record_reason;    /* the last record's own; info.reason may be its lost writer's */
  sensorium_status status;   /* why it is out of reach */
  sensorium_info_t info;     /* of the last record */
  char name[SENSORIUM_NAME_BYTES];
} sensorium_channel_t;
