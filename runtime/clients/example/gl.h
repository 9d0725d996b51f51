/* gl.h - OpenGL 2.1: the functions that came after 1.1, looked up by name, and shaders.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VIEWER_GL_H
#define VIEWER_GL_H

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#endif
#include <GL/gl.h>
#include <GL/glext.h>
#include <stddef.h>

#define GL_FUNCTIONS(USE)                                   \
  USE(PFNGLCREATESHADERPROC, glCreateShader)                \
  USE(PFNGLSHADERSOURCEPROC, glShaderSource)                \
  USE(PFNGLCOMPILESHADERPROC, glCompileShader)              \
  USE(PFNGLGETSHADERIVPROC, glGetShaderiv)                  \
  USE(PFNGLGETSHADERINFOLOGPROC, glGetShaderInfoLog)        \
  USE(PFNGLDELETESHADERPROC, glDeleteShader)                \
  USE(PFNGLCREATEPROGRAMPROC, glCreateProgram)              \
  USE(PFNGLATTACHSHADERPROC, glAttachShader)                \
  USE(PFNGLBINDATTRIBLOCATIONPROC, glBindAttribLocation)    \
  USE(PFNGLLINKPROGRAMPROC, glLinkProgram)                  \
  USE(PFNGLGETPROGRAMIVPROC, glGetProgramiv)                \
  USE(PFNGLGETPROGRAMINFOLOGPROC, glGetProgramInfoLog)      \
  USE(PFNGLUSEPROGRAMPROC, glUseProgram)                    \
  USE(PFNGLGETUNIFORMLOCATIONPROC, glGetUniformLocation)    \
  USE(PFNGLUNIFORM1FPROC, glUniform1f)                      \
  USE(PFNGLUNIFORM2FPROC, glUniform2f)                      \
  USE(PFNGLUNIFORM3FPROC, glUniform3f)                      \
  USE(PFNGLUNIFORM4FPROC, glUniform4f)                      \
  USE(PFNGLUNIFORM3FVPROC, glUniform3fv)                    \
  USE(PFNGLUNIFORMMATRIX3FVPROC, glUniformMatrix3fv)        \
  USE(PFNGLUNIFORMMATRIX4FVPROC, glUniformMatrix4fv)        \
  USE(PFNGLGENBUFFERSPROC, glGenBuffers)                    \
  USE(PFNGLBINDBUFFERPROC, glBindBuffer)                    \
  USE(PFNGLBUFFERDATAPROC, glBufferData)                    \
  USE(PFNGLVERTEXATTRIBPOINTERPROC, glVertexAttribPointer)  \
  USE(PFNGLENABLEVERTEXATTRIBARRAYPROC, glEnableVertexAttribArray)

#define GL_DECLARE(type, name) extern type viewer_##name;
GL_FUNCTIONS(GL_DECLARE)
#undef GL_DECLARE

/* Looks all of them up; gives the name of the first that is missing, or NULL. */
const char *gl_load(void);

/* Compiles and links two shaders; `attributes` are bound to 0, 1, ... and end with NULL.
 * 0 and the compiler's words in gl_error() when it fails. */
GLuint gl_program(const char *vertex, const char *fragment, const char *const *attributes);
const char *gl_error(void);

#endif
