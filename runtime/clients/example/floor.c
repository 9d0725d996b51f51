/* SPDX-License-Identifier: Apache-2.0 */
#include "floor.h"

#include "gl.h"

#define SKY \
  "vec3 sky(float up) { return mix(vec3(0.055, 0.063, 0.082), vec3(0.105, 0.122, 0.160), up * up); }\n"

static const char sky_vertex[] =
    "#version 120\n"
    "attribute vec2 position; varying float up;\n"
    "void main() { up = 0.5 + 0.5 * position.y; gl_Position = vec4(position, 0.99999, 1.0); }\n";

static const char sky_fragment[] =
    "#version 120\n"
    "varying float up;\n" SKY
    "void main() { gl_FragColor = vec4(sky(up), 1.0); }\n";

static const char floor_vertex[] =
    "#version 120\n"
    "attribute vec2 position; uniform mat4 projection; uniform float height; varying vec2 at;\n"
    "void main() { at = position * 6.0; gl_Position = projection * vec4(at.x, height, at.y, 1.0); }\n";

static const char floor_fragment[] =
    "#version 120\n"
    "uniform vec3 shadows[3]; uniform float rows; varying vec2 at;\n" SKY
    "float grid(vec2 p, vec2 d) {\n" /* d: how much p changes in a pixel */
    "  vec2 line = clamp(1.25 - abs(fract(p - 0.5) - 0.5) / d, 0.0, 1.0) * clamp(1.4 - 2.3 * d, 0.0, 1.0);\n"
    "  return max(line.x, line.y);\n"
    "}\n"
    "float shadow(vec3 s) {\n"
    "  vec2 d = at - s.xy; float far = 1.0 + dot(d, d) * s.z;\n"
    "  return 0.5 * step(0.001, s.z) / (far * far);\n"
    "}\n"
    "void main() {\n"
    "  vec2 d = fwidth(at);\n"
    "  float fade = clamp((6.0 - length(at)) * 0.2, 0.0, 1.0);\n"
    "  float dark = shadow(shadows[0]) + shadow(shadows[1]) + shadow(shadows[2]);\n"
    "  float line = max(grid(at * 4.0, d * 4.0) * 0.4, grid(at, d) * 0.8);\n"
    "  vec3 c = mix(vec3(0.075, 0.086, 0.110), vec3(0.30, 0.38, 0.50), line) * (1.0 - min(dark, 0.8));\n"
    "  gl_FragColor = vec4(mix(sky(gl_FragCoord.y / rows), c, fade), 1.0);\n"
    "}\n";

static struct {
  GLuint sky, floor, buffer;
  GLint projection, height, shadows, rows;
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
  gpu.rows = viewer_glGetUniformLocation(gpu.floor, "rows");
  viewer_glGenBuffers(1, &gpu.buffer);
  viewer_glBindBuffer(GL_ARRAY_BUFFER, gpu.buffer);
  viewer_glBufferData(GL_ARRAY_BUFFER, sizeof square, square, GL_STATIC_DRAW);
  return 1;
}

void floor_draw(const view *v, float height_m, const vec3 shadows[FLOOR_SHADOWS], int rows) {
  vec3 spots[FLOOR_SHADOWS];
  int i;
  viewer_glBindBuffer(GL_ARRAY_BUFFER, gpu.buffer);
  viewer_glEnableVertexAttribArray(0);
  viewer_glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, (const void *)0);
  viewer_glUseProgram(gpu.floor);
  viewer_glUniformMatrix4fv(gpu.projection, 1, GL_FALSE, v->projection.m);
  viewer_glUniform1f(gpu.height, height_m);
  viewer_glUniform1f(gpu.rows, (float)rows);
  for (i = 0; i < FLOOR_SHADOWS; i++) { /* the radius goes as 1 / radius^2 */
    float r = shadows[i].z;
    spots[i] = v3(shadows[i].x, shadows[i].y, r > 0 ? 1 / (r * r) : 0);
  }
  viewer_glUniform3fv(gpu.shadows, FLOOR_SHADOWS, &spots[0].x);
  glDrawArrays(GL_TRIANGLES, 0, 6);
  viewer_glUseProgram(gpu.sky);
  glDrawArrays(GL_TRIANGLES, 0, 6);
}
