/* SPDX-License-Identifier: Apache-2.0 */
#include "floor.h"

#include "gl.h"

static const char sky_vertex[] =
    "#version 120\n"
    "attribute vec2 position; varying float up;\n"
    "void main() { up = 0.5 + 0.5 * position.y; gl_Position = vec4(position, 0.9999, 1.0); }\n";

static const char sky_fragment[] =
    "#version 120\n"
    "varying float up;\n"
    "void main() { gl_FragColor = vec4(mix(vec3(0.055, 0.063, 0.082), vec3(0.105, 0.122, 0.160), up * up), 1.0); }\n";

static const char floor_vertex[] =
    "#version 120\n"
    "attribute vec2 position; uniform mat4 projection; uniform float height; varying vec2 at;\n"
    "void main() { at = position * 8.0; gl_Position = projection * vec4(at.x, height, at.y, 1.0); }\n";

static const char floor_fragment[] =
    "#version 120\n"
    "uniform vec3 shadows[3]; varying vec2 at;\n"
    "float grid(float step_m) {\n"
    "  vec2 p = at / step_m, d = fwidth(p);\n"
    "  vec2 line = 1.0 - smoothstep(vec2(0.0), d * 1.4, abs(fract(p - 0.5) - 0.5));\n"
    "  line *= 1.0 - smoothstep(0.15, 0.6, d);\n"
    "  return max(line.x, line.y);\n"
    "}\n"
    "void main() {\n"
    "  float fade = 1.0 - smoothstep(1.2, 6.0, length(at)), dark = 0.0;\n"
    "  for (int i = 0; i < 3; i++) {\n"
    "    vec2 d = at - shadows[i].xy;\n"
    "    float far = 1.0 + dot(d, d) * shadows[i].z;\n"
    "    dark += shadows[i].z > 0.0 ? 0.5 / (far * far) : 0.0;\n"
    "  }\n"
    "  float line = max(grid(0.25) * 0.35, grid(1.0) * 0.8);\n"
    "  vec3 c = mix(vec3(0.075, 0.086, 0.110), vec3(0.30, 0.38, 0.50), line);\n"
    "  gl_FragColor = vec4(c * (1.0 - min(dark, 0.8)), fade);\n"
    "}\n";

static struct {
  GLuint sky, floor, buffer;
  GLint projection, height, shadows;
} gpu;

int floor_open(void) {
  static const char *const attributes[] = {"position", NULL};
  static const float square[] = {-1, -1, 1, -1, 1, 1, -1, -1, 1, 1, -1, 1};
  gpu.sky = gl_program(sky_vertex, sky_fragment, attributes);
  gpu.floor = gpu.sky ? gl_program(floor_vertex, floor_fragment, attributes) : 0;
  if (!gpu.floor) return 0;
  gpu.projection = viewer_glGetUniformLocation(gpu.floor, "projection");
  gpu.height = viewer_glGetUniformLocation(gpu.floor, "height");
  gpu.shadows = viewer_glGetUniformLocation(gpu.floor, "shadows");
  viewer_glGenBuffers(1, &gpu.buffer);
  viewer_glBindBuffer(GL_ARRAY_BUFFER, gpu.buffer);
  viewer_glBufferData(GL_ARRAY_BUFFER, sizeof square, square, GL_STATIC_DRAW);
  return 1;
}

void floor_draw(const view *v, float height_m, const vec3 shadows[FLOOR_SHADOWS]) {
  vec3 spots[FLOOR_SHADOWS];
  int i;
  glClear(GL_DEPTH_BUFFER_BIT);
  glDisable(GL_DEPTH_TEST);
  viewer_glBindBuffer(GL_ARRAY_BUFFER, gpu.buffer);
  viewer_glEnableVertexAttribArray(0);
  viewer_glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, (const void *)0);
  viewer_glUseProgram(gpu.sky);
  glDrawArrays(GL_TRIANGLES, 0, 6);
  glEnable(GL_BLEND);
  glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
  viewer_glUseProgram(gpu.floor);
  viewer_glUniformMatrix4fv(gpu.projection, 1, GL_FALSE, v->projection.m);
  viewer_glUniform1f(gpu.height, height_m);
  for (i = 0; i < FLOOR_SHADOWS; i++) { /* the radius goes as 1 / radius^2 */
    float r = shadows[i].z;
    spots[i] = v3(shadows[i].x, shadows[i].y, r > 0 ? 1 / (r * r) : 0);
  }
  viewer_glUniform3fv(gpu.shadows, FLOOR_SHADOWS, &spots[0].x);
  glDrawArrays(GL_TRIANGLES, 0, 6);
  glDisable(GL_BLEND);
  glEnable(GL_DEPTH_TEST);
}
