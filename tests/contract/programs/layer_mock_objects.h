/* layer_mock_objects.h - what the mock runtime knows of its objects, for its own files. */
#ifndef LAYER_MOCK_OBJECTS_H
#define LAYER_MOCK_OBJECTS_H

#include "calls.h"
#include "layer_mock.h"
#include "platform.h"

#define MOCK_MOST 65536
#define MOCK_MOST_PATHS 512

enum kind { NONE, INSTANCE, SESSION, SPACE, SET, ACTION, TRACKER };

/* What each handle is; handles are their number here. */
extern struct object {
  enum kind kind;
  uint32_t parent;
  XrActionType type; /* of an action */
  int subactions, own, attached;
  uint32_t action; /* of a space */
  XrPath path;     /* of a space: its subaction */
  XrReferenceSpaceType reference;
  char name[64];
} mock_objects[MOCK_MOST];
extern char mock_paths[MOCK_MOST_PATHS][XR_MAX_PATH_LENGTH];
extern uint32_t mock_path_count;
extern lock_t mock_mutex;

#define CALL(name) XRAPI_ATTR XrResult XRAPI_CALL mock_##name
#define ENTER(name)                          \
  if (mock_fails(name)) return XR_ERROR_RUNTIME_FAILURE
#define NUMBER(handle) ((uint32_t)(uint64_t)(handle))
#define HANDLE(type, number) ((type)(uintptr_t)(number))

/* Counts a call; whether it is to fail. */
int mock_fails(const char *name);
/* Whether a number is of an object of this kind; counts it where it is not. */
int mock_is(uint32_t number, enum kind kind);
struct object *mock_make(enum kind kind, uint32_t parent, uint32_t *number);
/* Answers a call that only needs a session. */
XrResult mock_session(XrSession session, const char *name);

/* Every function of the runtime, as OpenXR declares it. */
#define X(name) extern __typeof__(*(PFN_xr##name)0) mock_##name;
CALLS_OF_TIMING(X) CALLS_OF_INPUT(X) CALLS_OF_HANDS(X) CALLS_OF_CLOCK(X)
#undef X

#endif
