/* window_x11.c - the window on Linux: Xlib and GLX 1.3, nothing else.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#if !defined(_WIN32)
#define _GNU_SOURCE 1

#include "window.h"

#include <GL/glx.h>
#include <X11/Xlib.h>
#include <X11/keysym.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct window {
  Display *display;
  Window window;     /* 0 while hidden */
  GLXDrawable drawable;
  GLXWindow surface; /* of the window, GLX's own */
  GLXPbuffer buffer; /* of a hidden window */
  GLXContext context;
  Colormap colours;
  Atom delete_message;
  int width, height, dragging, drag_x, drag_y;
};

static char problem[160];

const char *window_error(void) { return problem; }

static window_t *fail(window_t *w, const char *what) {
  snprintf(problem, sizeof problem, "%s", what);
  window_close(w);
  return NULL;
}

static GLXFBConfig choose(Display *display, int hidden, int samples) {
  for (;; samples = samples > 1 ? samples / 2 : 0) {
    const int wanted[] = {GLX_DRAWABLE_TYPE, hidden ? GLX_PBUFFER_BIT : GLX_WINDOW_BIT,
                          GLX_RENDER_TYPE, GLX_RGBA_BIT,
                          GLX_DOUBLEBUFFER, True,
                          GLX_RED_SIZE, 8, GLX_GREEN_SIZE, 8, GLX_BLUE_SIZE, 8,
                          GLX_DEPTH_SIZE, 24,
                          GLX_SAMPLE_BUFFERS, samples > 1, GLX_SAMPLES, samples > 1 ? samples : 0,
                          None};
    int count = 0;
    GLXFBConfig chosen = NULL, *found = glXChooseFBConfig(display, DefaultScreen(display), wanted, &count);
    if (found && count) chosen = found[0];
    if (found) XFree(found);
    if (chosen || samples < 2) return chosen;
  }
}

static int open_surface(window_t *w, GLXFBConfig config, const char *title) {
  XVisualInfo *visual = glXGetVisualFromFBConfig(w->display, config);
  XSetWindowAttributes attributes;
  Window root = DefaultRootWindow(w->display);
  if (!visual) return 0;
  memset(&attributes, 0, sizeof attributes);
  attributes.colormap = w->colours = XCreateColormap(w->display, root, visual->visual, AllocNone);
  attributes.event_mask =
      StructureNotifyMask | KeyPressMask | ButtonPressMask | ButtonReleaseMask | PointerMotionMask;
  w->window = XCreateWindow(w->display, root, 0, 0, (unsigned)w->width, (unsigned)w->height, 0, visual->depth,
                            InputOutput, visual->visual, CWColormap | CWEventMask, &attributes);
  XFree(visual);
  if (!w->window) return 0;
  XStoreName(w->display, w->window, title);
  w->delete_message = XInternAtom(w->display, "WM_DELETE_WINDOW", False);
  XSetWMProtocols(w->display, w->window, &w->delete_message, 1);
  XMapWindow(w->display, w->window);
  w->surface = glXCreateWindow(w->display, config, w->window, NULL);
  w->drawable = w->surface;
  return 1;
}

static int open_buffer(window_t *w, GLXFBConfig config) {
  const int size[] = {GLX_PBUFFER_WIDTH, w->width, GLX_PBUFFER_HEIGHT, w->height, GLX_PRESERVED_CONTENTS, True,
                      None};
  w->buffer = glXCreatePbuffer(w->display, config, size);
  w->drawable = w->buffer;
  return w->buffer != 0;
}

window_t *window_open(const char *title, int width, int height, int hidden, int samples) {
  window_t *w = calloc(1, sizeof *w);
  GLXFBConfig config;
  int error, event;
  if (!w) return fail(w, "out of memory");
  w->width = width;
  w->height = height;
  w->display = XOpenDisplay(NULL);
  if (!w->display) return fail(w, "no X display (is DISPLAY set?)");
  if (!glXQueryExtension(w->display, &error, &event)) return fail(w, "the X server has no GLX: no OpenGL here");
  config = choose(w->display, hidden, samples);
  if (!config) return fail(w, "no OpenGL surface with 24 bits of colour and of depth");
  if (!(hidden ? open_buffer(w, config) : open_surface(w, config, title)))
    return fail(w, "the OpenGL surface cannot be made");
  w->context = glXCreateNewContext(w->display, config, GLX_RGBA_TYPE, NULL, True);
  if (!w->context || !glXMakeContextCurrent(w->display, w->drawable, w->drawable, w->context))
    return fail(w, "no OpenGL context can be made");
  return w;
}

static void on_event(window_t *w, const XEvent *event, window_input_t *input) {
  switch (event->type) {
    case ConfigureNotify:
      w->width = event->xconfigure.width;
      w->height = event->xconfigure.height;
      break;
    case ClientMessage:
      if ((Atom)event->xclient.data.l[0] == w->delete_message) input->closed = 1;
      break;
    case KeyPress: {
      KeySym key = XLookupKeysym((XKeyEvent *)&event->xkey, 0);
      if (key == XK_Escape || key == XK_q) input->closed = 1;
      break;
    }
    case ButtonPress:
      if (event->xbutton.button == Button4) input->wheel += 1;
      if (event->xbutton.button == Button5) input->wheel -= 1;
      if (event->xbutton.button == Button1) {
        w->dragging = 1;
        w->drag_x = event->xbutton.x;
        w->drag_y = event->xbutton.y;
      }
      break;
    case ButtonRelease:
      if (event->xbutton.button == Button1) w->dragging = 0;
      break;
    case MotionNotify:
      if (!w->dragging) break;
      input->drag_x += (float)(event->xmotion.x - w->drag_x);
      input->drag_y += (float)(event->xmotion.y - w->drag_y);
      w->drag_x = event->xmotion.x;
      w->drag_y = event->xmotion.y;
      break;
    default: break;
  }
}

void window_poll(window_t *w, window_input_t *input) {
  memset(input, 0, sizeof *input);
  while (XPending(w->display)) {
    XEvent event;
    XNextEvent(w->display, &event);
    on_event(w, &event, input);
  }
}

void window_size(const window_t *w, int *width, int *height) {
  *width = w->width;
  *height = w->height;
}

static int has(window_t *w, const char *extension) {
  const char *all = glXQueryExtensionsString(w->display, DefaultScreen(w->display));
  return all && strstr(all, extension) != NULL;
}

double window_rate(window_t *w) {
  typedef Bool (*rate_function)(Display *, GLXDrawable, int32_t *, int32_t *);
  int32_t top = 0, bottom = 0;
  rate_function rate;
  if (w->buffer || !has(w, "GLX_OML_sync_control")) return 0;
  rate = (rate_function)window_lookup("glXGetMscRateOML");
  if (!rate || !rate(w->display, w->drawable, &top, &bottom) || bottom <= 0 || top <= 0) return 0;
  return (double)top / (double)bottom;
}

int window_sync(window_t *w, int wait) {
  if (has(w, "GLX_EXT_swap_control")) {
    typedef void (*interval_function)(Display *, GLXDrawable, int);
    interval_function interval = (interval_function)window_lookup("glXSwapIntervalEXT");
    if (interval) interval(w->display, w->drawable, wait);
    return interval != NULL;
  }
  if (has(w, "GLX_MESA_swap_control")) {
    typedef int (*interval_function)(unsigned);
    interval_function interval = (interval_function)window_lookup("glXSwapIntervalMESA");
    return interval && !interval((unsigned)wait);
  }
  return 0;
}

void window_swap(window_t *w) { glXSwapBuffers(w->display, w->drawable); }

window_function window_lookup(const char *name) { return glXGetProcAddressARB((const GLubyte *)name); }

void window_sleep_until(uint64_t ns) {
  struct timespec time;
  time.tv_sec = (time_t)(ns / 1000000000u);
  time.tv_nsec = (long)(ns % 1000000000u);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {
  }
}

void window_close(window_t *w) {
  if (!w) return;
  if (w->display) {
    glXMakeContextCurrent(w->display, None, None, NULL);
    if (w->context) glXDestroyContext(w->display, w->context);
    if (w->surface) glXDestroyWindow(w->display, w->surface);
    if (w->buffer) glXDestroyPbuffer(w->display, w->buffer);
    if (w->window) XDestroyWindow(w->display, w->window);
    if (w->colours) XFreeColormap(w->display, w->colours);
    XCloseDisplay(w->display);
  }
  free(w);
}

#else
typedef int window_x11_is_not_for_windows;
#endif
