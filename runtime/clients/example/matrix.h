/* matrix.h - the little linear algebra that a viewer needs: vectors, turns, a camera.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Right-handed, y up, metres, quaternions xyzw: OpenXR's axes. Matrices are column-major, as
 * OpenGL takes them.
 */
#ifndef VIEWER_MATRIX_H
#define VIEWER_MATRIX_H

#include <math.h>

typedef struct vec3 {
  float x, y, z;
} vec3;

typedef struct mat3 {
  float m[9];
} mat3;

typedef struct mat4 {
  float m[16];
} mat4;

static inline vec3 v3(float x, float y, float z) {
  vec3 v = {x, y, z};
  return v;
}
static inline vec3 v3_from(const float *at) { return v3(at[0], at[1], at[2]); }
static inline vec3 add(vec3 a, vec3 b) { return v3(a.x + b.x, a.y + b.y, a.z + b.z); }
static inline vec3 sub(vec3 a, vec3 b) { return v3(a.x - b.x, a.y - b.y, a.z - b.z); }
static inline vec3 scaled(vec3 a, float k) { return v3(a.x * k, a.y * k, a.z * k); }
static inline float dot(vec3 a, vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static inline vec3 cross(vec3 a, vec3 b) {
  return v3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}
static inline float length(vec3 a) { return sqrtf(dot(a, a)); }
static inline vec3 unit(vec3 a) {
  float n = length(a);
  return n > 1e-9f ? scaled(a, 1.0f / n) : v3(0, 0, 1);
}
static inline vec3 blend(vec3 a, vec3 b, float k) { return add(a, scaled(sub(b, a), k)); }

static inline mat3 mat3_identity(void) {
  mat3 r = {{1, 0, 0, 0, 1, 0, 0, 0, 1}};
  return r;
}

/* The rotation of a quaternion xyzw. */
static inline mat3 mat3_turn(const float q[4]) {
  float x = q[0], y = q[1], z = q[2], w = q[3];
  mat3 r = {{1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w),
             2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w),
             2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y)}};
  return r;
}

/* A rotation that takes +z to `direction`, a unit vector. */
static inline mat3 mat3_along(vec3 direction) {
  vec3 side = fabsf(direction.y) < 0.95f ? v3(0, 1, 0) : v3(1, 0, 0);
  vec3 x = unit(cross(side, direction)), y = cross(direction, x);
  mat3 r = {{x.x, x.y, x.z, y.x, y.y, y.z, direction.x, direction.y, direction.z}};
  return r;
}

static inline vec3 turned(const mat3 *t, vec3 v) {
  return v3(t->m[0] * v.x + t->m[3] * v.y + t->m[6] * v.z, t->m[1] * v.x + t->m[4] * v.y + t->m[7] * v.z,
            t->m[2] * v.x + t->m[5] * v.y + t->m[8] * v.z);
}

static inline mat4 mat4_product(const mat4 *a, const mat4 *b) {
  mat4 r;
  int i, k;
  for (i = 0; i < 4; i++)
    for (k = 0; k < 4; k++)
      r.m[i * 4 + k] = a->m[k] * b->m[i * 4] + a->m[4 + k] * b->m[i * 4 + 1] +
                       a->m[8 + k] * b->m[i * 4 + 2] + a->m[12 + k] * b->m[i * 4 + 3];
  return r;
}

/* `fov_y` in radians; gives clip space from view space. */
static inline mat4 mat4_perspective(float fov_y, float aspect, float near_m, float far_m) {
  float f = 1.0f / tanf(fov_y * 0.5f);
  mat4 r = {{f / aspect, 0, 0, 0, 0, f, 0, 0, 0, 0, (far_m + near_m) / (near_m - far_m), -1, 0, 0,
             2 * far_m * near_m / (near_m - far_m), 0}};
  return r;
}

static inline mat4 mat4_look(vec3 eye, vec3 target) {
  vec3 back = unit(sub(eye, target)), right = unit(cross(v3(0, 1, 0), back)), up = cross(back, right);
  mat4 r = {{right.x, up.x, back.x, 0, right.y, up.y, back.y, 0, right.z, up.z, back.z, 0,
             -dot(right, eye), -dot(up, eye), -dot(back, eye), 1}};
  return r;
}

#endif
