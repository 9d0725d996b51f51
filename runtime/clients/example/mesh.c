/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh.h"

#include "gl.h"

#define SLICES 20
#define RINGS 14
#define EDGE 0.2f /* exponent of the block's superellipsoid: 1 a ball, 0 a sharp box */
#define PI 3.14159265f

static const char vertex_source[] =
    "#version 120\n"
    "attribute vec3 position; attribute vec3 normal;\n"
    "uniform mat4 projection; uniform mat3 turn; uniform vec3 place, size; uniform vec2 taper;\n"
    "varying vec3 world, facing;\n"
    "void main() {\n"
    "  vec3 p = position; p.xy *= mix(taper.x, taper.y, p.z);\n"
    "  world = turn * (p * size) + place;\n"
    "  facing = turn * (normal / size);\n"
    "  gl_Position = projection * vec4(world, 1.0);\n"
    "}\n";

static const char fragment_source[] =
    "#version 120\n"
    "uniform vec4 tint; uniform vec3 eye; uniform float glow;\n"
    "varying vec3 world, facing;\n"
    "void main() {\n"
    "  vec3 n = normalize(facing), v = normalize(eye - world);\n"
    "  const vec3 key = vec3(-0.43, 0.78, 0.45), fill = vec3(0.80, 0.10, -0.59);\n"
    "  float lit = max(dot(n, key), 0.0) * 0.85 + max(dot(n, fill), 0.0) * 0.22;\n"
    "  float sky = 0.5 + 0.5 * n.y;\n"
    "  float shine = pow(max(dot(n, normalize(key + v)), 0.0), 40.0);\n"
    "  float rim = pow(1.0 - max(dot(n, v), 0.0), 3.0);\n"
    "  vec3 c = tint.rgb * (0.16 + 0.24 * sky + lit);\n"
    "  c += vec3(0.30) * shine + tint.rgb * rim * 0.35;\n"
    "  gl_FragColor = vec4(mix(c, tint.rgb, glow), tint.a);\n"
    "}\n";

static struct {
  GLuint program, buffers[SHAPES];
  GLsizei counts[SHAPES];
  GLint projection, turn, place, size, taper, tint, eye, glow;
  int bound;
} gpu;

typedef struct corner {
  float position[3], normal[3];
} corner;

static float powered(float value, float exponent) {
  return value < 0 ? -powf(-value, exponent) : powf(value, exponent);
}

/* A point of the superellipsoid (a ball with exponent 1) at two angles, with its normal. */
static corner round_corner(float up, float around, float exponent) {
  float cu = fabsf(up) < 0.4999f * PI ? cosf(up) : 0, su = sinf(up);
  float ca = cosf(around), sa = sinf(around), back = 2.0f - exponent;
  corner c;
  vec3 n;
  c.position[0] = powered(cu, exponent) * powered(ca, exponent);
  c.position[1] = powered(su, exponent);
  c.position[2] = powered(cu, exponent) * powered(sa, exponent);
  n = unit(v3(powered(cu, back) * powered(ca, back), powered(su, back), powered(cu, back) * powered(sa, back)));
  c.normal[0] = n.x;
  c.normal[1] = n.y;
  c.normal[2] = n.z;
  return c;
}

static corner tube_corner(float z, float around) {
  corner c = {{cosf(around), sinf(around), z}, {cosf(around), sinf(around), 0}};
  return c;
}

static corner shape_corner(shape which, int ring, int rings, int slice) {
  float k = (float)ring / (float)rings, around = 2 * PI * (float)slice / SLICES;
  if (which == SHAPE_TUBE) return tube_corner(k, around);
  return round_corner(PI * (k - 0.5f), around, which == SHAPE_BLOCK ? EDGE : 1.0f);
}

static void build(shape which) {
  static corner corners[RINGS * SLICES * 6];
  int rings = which == SHAPE_TUBE ? 1 : RINGS, ring, slice;
  GLsizei n = 0;
  for (ring = 0; ring < rings; ring++)
    for (slice = 0; slice < SLICES; slice++) {
      corner a = shape_corner(which, ring, rings, slice), b = shape_corner(which, ring + 1, rings, slice);
      corner c = shape_corner(which, ring + 1, rings, slice + 1), d = shape_corner(which, ring, rings, slice + 1);
      const corner two_triangles[6] = {a, b, c, a, c, d};
      int i;
      for (i = 0; i < 6; i++) corners[n++] = two_triangles[i];
    }
  gpu.counts[which] = n;
  viewer_glBindBuffer(GL_ARRAY_BUFFER, gpu.buffers[which]);
  viewer_glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)((size_t)n * sizeof *corners), corners, GL_STATIC_DRAW);
}

int mesh_open(void) {
  static const char *const attributes[] = {"position", "normal", NULL};
  int i;
  gpu.program = gl_program(vertex_source, fragment_source, attributes);
  if (!gpu.program) return 0;
  gpu.projection = viewer_glGetUniformLocation(gpu.program, "projection");
  gpu.turn = viewer_glGetUniformLocation(gpu.program, "turn");
  gpu.place = viewer_glGetUniformLocation(gpu.program, "place");
  gpu.size = viewer_glGetUniformLocation(gpu.program, "size");
  gpu.taper = viewer_glGetUniformLocation(gpu.program, "taper");
  gpu.tint = viewer_glGetUniformLocation(gpu.program, "tint");
  gpu.eye = viewer_glGetUniformLocation(gpu.program, "eye");
  gpu.glow = viewer_glGetUniformLocation(gpu.program, "glow");
  viewer_glGenBuffers(SHAPES, gpu.buffers);
  for (i = 0; i < SHAPES; i++) build((shape)i);
  return 1;
}

void mesh_begin(const view *v) {
  viewer_glUseProgram(gpu.program);
  viewer_glUniformMatrix4fv(gpu.projection, 1, GL_FALSE, v->projection.m);
  viewer_glUniform3f(gpu.eye, v->eye.x, v->eye.y, v->eye.z);
  gpu.bound = -1;
}

static void draw(shape which, vec3 place, const mat3 *turn, vec3 size, float taper_a, float taper_b, colour c,
                 float glow) {
  if (gpu.bound != (int)which) {
    gpu.bound = (int)which;
    viewer_glBindBuffer(GL_ARRAY_BUFFER, gpu.buffers[which]);
    viewer_glEnableVertexAttribArray(0);
    viewer_glEnableVertexAttribArray(1);
    viewer_glVertexAttribPointer(0, 3, GL_FLOAT, GL_FALSE, sizeof(corner), (const void *)0);
    viewer_glVertexAttribPointer(1, 3, GL_FLOAT, GL_FALSE, sizeof(corner), (const void *)(3 * sizeof(float)));
  }
  viewer_glUniform3f(gpu.place, place.x, place.y, place.z);
  viewer_glUniform3f(gpu.size, size.x, size.y, size.z);
  viewer_glUniform2f(gpu.taper, taper_a, taper_b);
  viewer_glUniformMatrix3fv(gpu.turn, 1, GL_FALSE, turn->m);
  viewer_glUniform4f(gpu.tint, c.r, c.g, c.b, c.a);
  viewer_glUniform1f(gpu.glow, glow);
  glDrawArrays(GL_TRIANGLES, 0, gpu.counts[which]);
}

void mesh_draw(shape which, vec3 place, const mat3 *turn, vec3 size, colour c, float glow) {
  draw(which, place, turn, size, 1, 1, c, glow);
}

void mesh_tube(vec3 a, vec3 b, float radius_a, float radius_b, colour c, float glow) {
  vec3 along = sub(b, a);
  float far_m = length(along);
  mat3 turn;
  if (far_m < 1e-5f) return;
  turn = mat3_along(scaled(along, 1 / far_m));
  draw(SHAPE_TUBE, a, &turn, v3(1, 1, far_m), radius_a, radius_b, c, glow);
}

void mesh_ball(vec3 place, float radius, colour c, float glow) {
  mat3 straight = mat3_identity();
  draw(SHAPE_BALL, place, &straight, v3(radius, radius, radius), 1, 1, c, glow);
}
