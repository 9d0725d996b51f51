/* window_win32.c - the window on Windows: user32, gdi32 and WGL. Compiled by mingw-w64 and run
 * under wine; not yet run on a Windows machine.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX

#include "window.h"

#include <windows.h>
#include <windowsx.h>

#include <GL/gl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct window {
  HWND handle;
  HDC device;
  HGLRC context;
  window_input_t input;
  int width, height, dragging, drag_x, drag_y;
};

static char problem[160];

const char *window_error(void) { return problem; }

static window_t *fail(window_t *w, const char *what) {
  snprintf(problem, sizeof problem, "%s (Windows error %lu)", what, (unsigned long)GetLastError());
  window_close(w);
  return NULL;
}

static void drag(window_t *w, LPARAM at, int begin) {
  int x = GET_X_LPARAM(at), y = GET_Y_LPARAM(at);
  if (!begin) {
    w->input.drag_x += (float)(x - w->drag_x);
    w->input.drag_y += (float)(y - w->drag_y);
  }
  w->drag_x = x;
  w->drag_y = y;
}

static LRESULT CALLBACK on_message(HWND handle, UINT message, WPARAM first, LPARAM second) {
  window_t *w = (window_t *)GetWindowLongPtrA(handle, GWLP_USERDATA);
  if (!w) return DefWindowProcA(handle, message, first, second);
  switch (message) {
    case WM_CLOSE: w->input.closed = 1; return 0;
    case WM_SIZE:
      w->width = LOWORD(second);
      w->height = HIWORD(second);
      return 0;
    case WM_KEYDOWN:
      if (first == VK_ESCAPE || first == 'Q') w->input.closed = 1;
      return 0;
    case WM_LBUTTONDOWN:
      w->dragging = 1;
      drag(w, second, 1);
      SetCapture(handle);
      return 0;
    case WM_LBUTTONUP:
      w->dragging = 0;
      ReleaseCapture();
      return 0;
    case WM_MOUSEMOVE:
      if (w->dragging) drag(w, second, 0);
      return 0;
    case WM_MOUSEWHEEL: w->input.wheel += (float)GET_WHEEL_DELTA_WPARAM(first) / WHEEL_DELTA; return 0;
    default: return DefWindowProcA(handle, message, first, second);
  }
}

window_t *window_open(const char *title, int width, int height, int hidden, int samples) {
  window_t *w = calloc(1, sizeof *w);
  WNDCLASSA kind;
  PIXELFORMATDESCRIPTOR format;
  RECT frame = {0, 0, width, height};
  int chosen;
  (void)samples; /* a plain WGL pixel format has none */
  if (!w) return fail(w, "out of memory");
  w->width = width;
  w->height = height;
  memset(&kind, 0, sizeof kind);
  kind.style = CS_OWNDC;
  kind.lpfnWndProc = on_message;
  kind.hInstance = GetModuleHandleA(NULL);
  kind.hCursor = LoadCursor(NULL, IDC_ARROW);
  kind.lpszClassName = "sensorium-example";
  RegisterClassA(&kind);
  AdjustWindowRect(&frame, WS_OVERLAPPEDWINDOW, FALSE);
  w->handle = CreateWindowExA(0, kind.lpszClassName, title, WS_OVERLAPPEDWINDOW, CW_USEDEFAULT, CW_USEDEFAULT,
                              frame.right - frame.left, frame.bottom - frame.top, NULL, NULL, kind.hInstance, NULL);
  if (!w->handle) return fail(w, "the window cannot be made");
  SetWindowLongPtrA(w->handle, GWLP_USERDATA, (LONG_PTR)w);
  w->device = GetDC(w->handle);
  memset(&format, 0, sizeof format);
  format.nSize = sizeof format;
  format.nVersion = 1;
  format.dwFlags = PFD_DRAW_TO_WINDOW | PFD_SUPPORT_OPENGL | PFD_DOUBLEBUFFER;
  format.iPixelType = PFD_TYPE_RGBA;
  format.cColorBits = 24;
  format.cDepthBits = 24;
  chosen = ChoosePixelFormat(w->device, &format);
  if (!chosen || !SetPixelFormat(w->device, chosen, &format)) return fail(w, "no OpenGL pixel format");
  w->context = wglCreateContext(w->device);
  if (!w->context || !wglMakeCurrent(w->device, w->context)) return fail(w, "no OpenGL context can be made");
  if (!hidden) ShowWindow(w->handle, SW_SHOW);
  return w;
}

void window_poll(window_t *w, window_input_t *input) {
  MSG message;
  while (PeekMessageA(&message, NULL, 0, 0, PM_REMOVE)) {
    TranslateMessage(&message);
    DispatchMessageA(&message);
  }
  *input = w->input;
  memset(&w->input, 0, sizeof w->input);
}

void window_size(const window_t *w, int *width, int *height) {
  *width = w->width;
  *height = w->height;
}

double window_rate(window_t *w) {
  int rate = GetDeviceCaps(w->device, VREFRESH);
  return rate > 1 ? rate : 0;
}

int window_sync(window_t *w, int wait) {
  typedef BOOL(WINAPI * interval_function)(int);
  interval_function interval = (interval_function)(void (*)(void))wglGetProcAddress("wglSwapIntervalEXT");
  (void)w;
  return interval && interval(wait);
}

void window_swap(window_t *w) { SwapBuffers(w->device); }

/* WGL gives only what came after OpenGL 1.1; the rest stands in opengl32.dll. */
window_function window_lookup(const char *name) {
  window_function found = (window_function)wglGetProcAddress(name);
  if ((intptr_t)found >= -1 && (intptr_t)found <= 3)
    found = (window_function)GetProcAddress(GetModuleHandleA("opengl32.dll"), name);
  return found;
}

/* Sleeps in whole milliseconds and waits out the rest: Sleep is no finer. */
void window_sleep_until(uint64_t ns) {
  LARGE_INTEGER hz, ticks;
  QueryPerformanceFrequency(&hz);
  for (;;) {
    uint64_t now;
    QueryPerformanceCounter(&ticks);
    now = (uint64_t)ticks.QuadPart / (uint64_t)hz.QuadPart * 1000000000u +
          (uint64_t)ticks.QuadPart % (uint64_t)hz.QuadPart * 1000000000u / (uint64_t)hz.QuadPart;
    if (now >= ns) return;
    if (ns - now > 2000000u) Sleep((DWORD)((ns - now) / 1000000u - 1));
    else YieldProcessor();
  }
}

void window_close(window_t *w) {
  if (!w) return;
  wglMakeCurrent(NULL, NULL);
  if (w->context) wglDeleteContext(w->context);
  if (w->device) ReleaseDC(w->handle, w->device);
  if (w->handle) DestroyWindow(w->handle);
  free(w);
}

#else
typedef int window_win32_is_for_windows_only;
#endif
