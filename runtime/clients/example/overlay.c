/* SPDX-License-Identifier: Apache-2.0 */
#include "overlay.h"

#include "font.h"
#include "gl.h"

#include <stdint.h>

#define BOXES 8192
#define HEIGHT 720.0f
#define STROKE 0.115f /* half the width of a stroke for a capital's height of 1 */

/* A corner of a box: where it is, where that is from the box's middle, and the box. */
typedef struct corner {
  float x, y, from_x, from_y, half_x, half_y, round;
  unsigned char tint[4];
} corner;

static const char vertex_source[] =
    "#version 120\n"
    "attribute vec2 position, from_middle; attribute vec3 box; attribute vec4 tint;\n"
    "uniform vec2 screen; varying vec2 from; varying vec3 shape; varying vec4 c;\n"
    "void main() {\n"
    "  from = from_middle; shape = box; c = tint;\n"
    "  gl_Position = vec4(position.x / screen.x * 2.0 - 1.0, 1.0 - position.y / screen.y * 2.0, 0.0, 1.0);\n"
    "}\n";

static const char fragment_source[] =
    "#version 120\n"
    "uniform float pixel; varying vec2 from; varying vec3 shape; varying vec4 c;\n"
    "void main() {\n"
    "  vec2 q = abs(from) - shape.xy + shape.z;\n"
    "  float outside = length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - shape.z;\n"
    "  gl_FragColor = vec4(c.rgb, c.a * clamp(0.5 - outside / pixel, 0.0, 1.0));\n"
    "}\n";

static struct {
  GLuint program, buffer;
  GLint screen, pixel;
  float width, unit; /* of the screen, and of a pixel, in overlay units */
  int boxes;
  corner corners[BOXES * 4];
} gpu;

int overlay_open(void) {
  static const char *const attributes[] = {"position", "from_middle", "box", "tint", NULL};
  gpu.program = gl_program(vertex_source, fragment_source, attributes);
  if (!gpu.program) return 0;
  gpu.screen = viewer_glGetUniformLocation(gpu.program, "screen");
  gpu.pixel = viewer_glGetUniformLocation(gpu.program, "pixel");
  viewer_glGenBuffers(1, &gpu.buffer);
  return 1;
}

float overlay_begin(int width, int height) {
  gpu.boxes = 0;
  gpu.unit = HEIGHT / (float)(height > 0 ? height : 1);
  gpu.width = (float)width * gpu.unit;
  return gpu.width;
}

static unsigned char byte_of(float value) {
  return (unsigned char)(value <= 0 ? 0 : value >= 1 ? 255 : value * 255 + 0.5f);
}

/* A box about (x, y) whose own x axis points along (ax, ay). */
static void box(float x, float y, float half_x, float half_y, float ax, float ay, float corner_radius, colour c) {
  static const float signs[4][2] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};
  corner *at = &gpu.corners[gpu.boxes * 4];
  int i;
  if (gpu.boxes >= BOXES) return;
  gpu.boxes++;
  for (i = 0; i < 4; i++, at++) {
    at->from_x = signs[i][0] * (half_x + gpu.unit);
    at->from_y = signs[i][1] * (half_y + gpu.unit);
    at->x = x + at->from_x * ax - at->from_y * ay;
    at->y = y + at->from_x * ay + at->from_y * ax;
    at->half_x = half_x;
    at->half_y = half_y;
    at->round = corner_radius;
    at->tint[0] = byte_of(c.r);
    at->tint[1] = byte_of(c.g);
    at->tint[2] = byte_of(c.b);
    at->tint[3] = byte_of(c.a);
  }
}

void overlay_box(float x, float y, float width, float height, float corner_radius, colour c) {
  box(x + width / 2, y + height / 2, width / 2, height / 2, 1, 0, corner_radius, c);
}

void overlay_dot(float x, float y, float radius, colour c) { box(x, y, radius, radius, 1, 0, radius, c); }

static void stroke(float xa, float ya, float xb, float yb, float radius, colour c) {
  float dx = xb - xa, dy = yb - ya, n = sqrtf(dx * dx + dy * dy);
  if (n < 1e-3f) box(xa, ya, radius * 1.25f, radius * 1.25f, 1, 0, radius * 1.25f, c);
  else box((xa + xb) / 2, (ya + yb) / 2, n / 2 + radius, radius, dx / n, dy / n, radius, c);
}

float overlay_text(float x, float y, float size, colour c, const char *text) {
  const float step = size / FONT_CAPITAL, bottom = y + size + FONT_BASELINE * step;
  const float start = x, radius = size * STROKE > 0.55f * gpu.unit ? size * STROKE * 0.62f : 0.5f * gpu.unit;
  for (; *text; text++) {
    const char *at = font_strokes(*text);
    float xa = 0, ya = 0;
    int first, columns, down = 0;
    font_extent(*text, &first, &columns);
    for (; *at; at++) {
      float xb, yb;
      if (*at == ' ') {
        down = 0;
        continue;
      }
      xb = x + (float)(*at++ - '0' - first) * step;
      yb = bottom - (float)(*at - '0') * step;
      if (down) stroke(xa, ya, xb, yb, radius, c);
      down = 1;
      xa = xb;
      ya = yb;
    }
    x += (float)columns * step;
  }
  return x - start;
}

float overlay_text_width(float size, const char *text) {
  float width = 0;
  for (; *text; text++) {
    int first, columns;
    font_extent(*text, &first, &columns);
    width += (float)columns * size / FONT_CAPITAL;
  }
  return width;
}

static const void *offset_of(size_t bytes) { return (const void *)(uintptr_t)bytes; }

void overlay_end(void) {
  GLsizei stride = sizeof(corner);
  glDisable(GL_DEPTH_TEST);
  glEnable(GL_BLEND);
  glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
  viewer_glUseProgram(gpu.program);
  viewer_glUniform2f(gpu.screen, gpu.width, HEIGHT);
  viewer_glUniform1f(gpu.pixel, gpu.unit);
  viewer_glBindBuffer(GL_ARRAY_BUFFER, gpu.buffer);
  viewer_glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)((size_t)gpu.boxes * 4 * sizeof(corner)), gpu.corners,
                      GL_STREAM_DRAW);
  viewer_glEnableVertexAttribArray(0);
  viewer_glEnableVertexAttribArray(1);
  viewer_glEnableVertexAttribArray(2);
  viewer_glEnableVertexAttribArray(3);
  viewer_glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, stride, offset_of(offsetof(corner, x)));
  viewer_glVertexAttribPointer(1, 2, GL_FLOAT, GL_FALSE, stride, offset_of(offsetof(corner, from_x)));
  viewer_glVertexAttribPointer(2, 3, GL_FLOAT, GL_FALSE, stride, offset_of(offsetof(corner, half_x)));
  viewer_glVertexAttribPointer(3, 4, GL_UNSIGNED_BYTE, GL_TRUE, stride, offset_of(offsetof(corner, tint)));
  glDrawArrays(GL_QUADS, 0, gpu.boxes * 4);
  glDisable(GL_BLEND);
}
