/* SPDX-License-Identifier: Apache-2.0 */
#include "gl.h"

#include "window.h"

#include <stdio.h>

#define GL_DEFINE(type, name) type viewer_##name;
GL_FUNCTIONS(GL_DEFINE)
#undef GL_DEFINE

static char problem[512];

const char *gl_error(void) { return problem; }

const char *gl_load(void) {
#define GL_LOOK_UP(type, name)                                                  \
  if (!(viewer_##name = (type)window_lookup(#name))) return #name;
  GL_FUNCTIONS(GL_LOOK_UP)
#undef GL_LOOK_UP
  return NULL;
}

static GLuint compile(GLenum kind, const char *source) {
  GLuint shader = viewer_glCreateShader(kind);
  GLint done = 0;
  viewer_glShaderSource(shader, 1, &source, NULL);
  viewer_glCompileShader(shader);
  viewer_glGetShaderiv(shader, GL_COMPILE_STATUS, &done);
  if (done) return shader;
  viewer_glGetShaderInfoLog(shader, sizeof problem, NULL, problem);
  viewer_glDeleteShader(shader);
  return 0;
}

GLuint gl_program(const char *vertex, const char *fragment, const char *const *attributes) {
  GLuint first = compile(GL_VERTEX_SHADER, vertex);
  GLuint second = first ? compile(GL_FRAGMENT_SHADER, fragment) : 0, program, i;
  GLint done = 0;
  if (!first || !second) return 0;
  program = viewer_glCreateProgram();
  viewer_glAttachShader(program, first);
  viewer_glAttachShader(program, second);
  for (i = 0; attributes[i]; i++) viewer_glBindAttribLocation(program, i, attributes[i]);
  viewer_glLinkProgram(program);
  viewer_glDeleteShader(first);
  viewer_glDeleteShader(second);
  viewer_glGetProgramiv(program, GL_LINK_STATUS, &done);
  if (done) return program;
  viewer_glGetProgramInfoLog(program, sizeof problem, NULL, problem);
  return 0;
}
