/* hooks.h - the functions of OpenXR that the layer stands in front of.
 *
 * Each calls the one below it with what the app gave, and returns what that returns. What the layer does
 * besides may fail; then it is left out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_HOOKS_H
#define LAYER_HOOKS_H

#include "openxr_headers.h"
#include "tracked.h"

/* In the modes timing and thread. */
#define HOOKS_OF_TIMING(X) \
  X(DestroyInstance) X(CreateSession) X(DestroySession) X(BeginSession) X(EndSession) X(WaitFrame) X(BeginFrame) \
  X(EndFrame)

/* In the mode thread alone. */
#define HOOKS_OF_INPUT(X) \
  X(PollEvent) X(CreateActionSet) X(DestroyActionSet) X(CreateAction) \
  X(DestroyAction) \
  X(SuggestInteractionProfileBindings) X(AttachSessionActionSets) X(SyncActions)

/* Forgets the frames under way, of a session that does not run: the app begins and ends none of them. */
void frames_forget(session_t *session);

XRAPI_ATTR XrResult XRAPI_CALL hook_DestroyInstance(XrInstance handle);
XRAPI_ATTR XrResult XRAPI_CALL hook_CreateSession(XrInstance handle, const XrSessionCreateInfo *info, XrSession *out);
XRAPI_ATTR XrResult XRAPI_CALL hook_DestroySession(XrSession handle);
XRAPI_ATTR XrResult XRAPI_CALL hook_BeginSession(XrSession handle, const XrSessionBeginInfo *info);
XRAPI_ATTR XrResult XRAPI_CALL hook_EndSession(XrSession handle);
XRAPI_ATTR XrResult XRAPI_CALL hook_WaitFrame(XrSession handle, const XrFrameWaitInfo *info, XrFrameState *state);
XRAPI_ATTR XrResult XRAPI_CALL hook_BeginFrame(XrSession handle, const XrFrameBeginInfo *info);
XRAPI_ATTR XrResult XRAPI_CALL hook_EndFrame(XrSession handle, const XrFrameEndInfo *info);

XRAPI_ATTR XrResult XRAPI_CALL hook_PollEvent(XrInstance handle, XrEventDataBuffer *event);
XRAPI_ATTR XrResult XRAPI_CALL hook_CreateActionSet(
    XrInstance handle, const XrActionSetCreateInfo *info, XrActionSet *out);
XRAPI_ATTR XrResult XRAPI_CALL hook_CreateAction(XrActionSet set, const XrActionCreateInfo *info, XrAction *out);
XRAPI_ATTR XrResult XRAPI_CALL hook_DestroyAction(XrAction action);
XRAPI_ATTR XrResult XRAPI_CALL hook_DestroyActionSet(XrActionSet set);
XRAPI_ATTR XrResult XRAPI_CALL hook_SuggestInteractionProfileBindings(
    XrInstance handle, const XrInteractionProfileSuggestedBinding *suggested);
XRAPI_ATTR XrResult XRAPI_CALL hook_AttachSessionActionSets(
    XrSession handle, const XrSessionActionSetsAttachInfo *info);
XRAPI_ATTR XrResult XRAPI_CALL hook_SyncActions(XrSession handle, const XrActionsSyncInfo *info);

#endif
