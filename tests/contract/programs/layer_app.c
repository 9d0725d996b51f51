/* layer_app.c - see layer_app.h. */
#include "layer_app.h"

#include <string.h>

#include "layer_mock.h"

static XrResult note(app_t *app, int64_t answer) {
  if (app->count < APP_MOST_ANSWERS) app->answers[app->count++] = answer;
  return (XrResult)answer;
}

void app_create(app_t *app) {
  static negotiation_next_info_t next = {
      .kind = NEGOTIATION_NEXT_INFO, .version = 1, .size = sizeof next, .layer_name = LAYER_NAME};
  negotiation_create_info_t chain = {
      .kind = NEGOTIATION_CREATE_INFO, .version = 1, .size = sizeof chain, .next = &next};
  XrInstanceCreateInfo info = {.type = XR_TYPE_INSTANCE_CREATE_INFO};
  XrSessionCreateInfo session = {.type = XR_TYPE_SESSION_CREATE_INFO};
  const char *name = app->name ? app->name : "mock game";
  const char *const eyes = XR_EXT_EYE_GAZE_INTERACTION_EXTENSION_NAME;
  next.get = mock_get;
  next.create = mock_create;
  /* A name may fill its place, as no app should have it: without an end. */
  memcpy(info.applicationInfo.applicationName, name,
         strlen(name) < XR_MAX_APPLICATION_NAME_SIZE ? strlen(name) + 1 : XR_MAX_APPLICATION_NAME_SIZE);
  strcpy(info.applicationInfo.engineName, "mock engine");
  info.applicationInfo.apiVersion = XR_CURRENT_API_VERSION;
  if (app->eyes) {
    info.enabledExtensionCount = 1;
    info.enabledExtensionNames = &eyes;
  }
  app->instance = XR_NULL_HANDLE;
  app->session = XR_NULL_HANDLE;
  if (XR_FAILED(note(app, app->create(&info, &chain, &app->instance)))) return;
  app->calls.get = app->get;
  note(app, calls_find_timing(&app->calls, app->instance) + calls_find_input(&app->calls, app->instance));
  note(app, app->calls.CreateSession(app->instance, &session, &app->session));
}

static void make_action(app_t *app, const char *name, XrActionType type, uint32_t hands, XrAction *out) {
  XrActionCreateInfo info = {.type = XR_TYPE_ACTION_CREATE_INFO, .actionType = type, .countSubactionPaths = hands};
  XrPath paths[2] = {0, 0};
  app->calls.StringToPath(app->instance, "/user/hand/left", &paths[0]);
  app->calls.StringToPath(app->instance, "/user/hand/right", &paths[1]);
  info.subactionPaths = paths;
  strcpy(info.actionName, name);
  strcpy(info.localizedActionName, name);
  note(app, app->calls.CreateAction(app->set, &info, out));
}

static void bind(app_t *app, XrActionSuggestedBinding *out, XrAction action, const char *path) {
  out->action = action;
  note(app, app->calls.StringToPath(app->instance, path, &out->binding));
}

static void suggest(app_t *app, const char *profile, uint32_t count, const XrActionSuggestedBinding *bindings) {
  XrInteractionProfileSuggestedBinding suggested = {
      .type = XR_TYPE_INTERACTION_PROFILE_SUGGESTED_BINDING, .countSuggestedBindings = count,
      .suggestedBindings = bindings};
  note(app, app->calls.StringToPath(app->instance, profile, &suggested.interactionProfile));
  note(app, app->calls.SuggestInteractionProfileBindings(app->instance, &suggested));
}

void app_actions(app_t *app) {
  XrActionSetCreateInfo set = {.type = XR_TYPE_ACTION_SET_CREATE_INFO, .priority = 1};
  XrActionSuggestedBinding bindings[9], of_eyes;
  XrSessionActionSetsAttachInfo attach = {
      .type = XR_TYPE_SESSION_ACTION_SETS_ATTACH_INFO, .countActionSets = 1, .actionSets = &app->set};
  memset(bindings, 0, sizeof bindings);
  strcpy(set.actionSetName, "game");
  strcpy(set.localizedActionSetName, "game");
  note(app, app->calls.CreateActionSet(app->instance, &set, &app->set));
  make_action(app, "app_grip", XR_ACTION_TYPE_POSE_INPUT, 2, &app->pose);
  make_action(app, "app_primary", XR_ACTION_TYPE_BOOLEAN_INPUT, 2, &app->press);
  make_action(app, "app_squeeze", XR_ACTION_TYPE_FLOAT_INPUT, 2, &app->squeeze);
  make_action(app, "app_stick", XR_ACTION_TYPE_VECTOR2F_INPUT, 2, &app->stick);
  make_action(app, "app_left", XR_ACTION_TYPE_FLOAT_INPUT, 0, &app->left_only);
  make_action(app, "app_both", XR_ACTION_TYPE_BOOLEAN_INPUT, 0, &app->both_hands);
  bind(app, &bindings[0], app->pose, "/user/hand/left/input/grip/pose");
  bind(app, &bindings[1], app->press, "/user/hand/left/input/x/click");
  bind(app, &bindings[2], app->squeeze, "/user/hand/left/input/squeeze");
  bind(app, &bindings[3], app->left_only, "/user/hand/left/input/trigger/value");
  bind(app, &bindings[4], app->both_hands, "/user/hand/left/input/y/click");
  bind(app, &bindings[5], app->both_hands, "/user/hand/right/input/b/click");
  bind(app, &bindings[6], app->squeeze, "/user/hand/right/input/squeeze/value");
  bind(app, &bindings[7], app->stick, "/user/hand/right/input/thumbstick");
  bind(app, &bindings[8], app->pose, "/user/hand/right/input/grip/pose");
  suggest(app, "/interaction_profiles/oculus/touch_controller", app->left_alone ? 5 : 9, bindings);
  suggest(app, "/interaction_profiles/khr/simple_controller", 0, bindings);
  if (app->eyes) {
    bind(app, &of_eyes, app->pose, "/user/eyes_ext/input/gaze_ext/pose");
    suggest(app, "/interaction_profiles/ext/eye_gaze_interaction", 1, &of_eyes);
  }
  note(app, app->calls.AttachSessionActionSets(app->session, &attach));
}

void app_begin(app_t *app) {
  XrSessionBeginInfo info = {.type = XR_TYPE_SESSION_BEGIN_INFO};
  note(app, app->calls.BeginSession(app->session, &info));
}

void app_frame(app_t *app) {
  XrFrameState state = {.type = XR_TYPE_FRAME_STATE};
  XrFrameEndInfo end = {.type = XR_TYPE_FRAME_END_INFO};
  XrActiveActionSet active = {app->set, XR_NULL_PATH};
  XrActionsSyncInfo sync = {.type = XR_TYPE_ACTIONS_SYNC_INFO, .countActiveActionSets = 1, .activeActionSets = &active};
  XrEventDataBuffer event = {.type = XR_TYPE_EVENT_DATA_BUFFER};
  note(app, app->calls.PollEvent(app->instance, &event));
  note(app, app->calls.SyncActions(app->session, &sync));
  note(app, app->calls.WaitFrame(app->session, NULL, &state));
  note(app, state.predictedDisplayTime);
  note(app, state.predictedDisplayPeriod);
  note(app, app->calls.BeginFrame(app->session, NULL));
  end.displayTime = state.predictedDisplayTime;
  note(app, app->calls.EndFrame(app->session, &end));
}

static XrTime wait_frame(app_t *app) {
  XrFrameState state = {.type = XR_TYPE_FRAME_STATE};
  note(app, app->calls.WaitFrame(app->session, NULL, &state));
  return state.predictedDisplayTime;
}

static void begin_frame(app_t *app) { note(app, app->calls.BeginFrame(app->session, NULL)); }

static void end_frame(app_t *app, XrTime time) {
  XrFrameEndInfo info = {.type = XR_TYPE_FRAME_END_INFO, .displayTime = time};
  note(app, app->calls.EndFrame(app->session, &info));
}

void app_odd_frame(app_t *app, const char *how) {
  XrTime time = wait_frame(app), next;
  if (!strcmp(how, "lapse")) {
    app_end(app);
    app_begin(app);
  } else if (!strcmp(how, "refused begin")) {
    atomic_store(&mock.failing, "xrBeginFrame");
    begin_frame(app);
    atomic_store(&mock.failing, "");
  } else if (!strcmp(how, "refused end")) {
    begin_frame(app);
    atomic_store(&mock.failing, "xrEndFrame");
    end_frame(app, time);
    atomic_store(&mock.failing, "");
    end_frame(app, time);
  } else if (!strcmp(how, "overlap")) {
    begin_frame(app);
    next = wait_frame(app);
    end_frame(app, time);
    begin_frame(app);
    end_frame(app, next);
  } else if (!strcmp(how, "discarded")) {
    begin_frame(app);
    next = wait_frame(app);
    atomic_store(&mock.discard, 1);
    begin_frame(app);
    end_frame(app, next);
  } else if (!strcmp(how, "other time")) {
    begin_frame(app);
    end_frame(app, time + 1);
  }
}

void app_end(app_t *app) { note(app, app->calls.EndSession(app->session)); }

void app_destroy(app_t *app) {
  note(app, app->calls.DestroySession(app->session));
  note(app, app->calls.DestroyActionSet(app->set));
  note(app, app->calls.DestroyInstance(app->instance));
}

void app_live(app_t *app, int frames) {
  app_create(app);
  if (app->instance == XR_NULL_HANDLE) return;
  app_actions(app);
  app_begin(app);
  while (frames-- > 0) app_frame(app);
  app_end(app);
  app_destroy(app);
}
