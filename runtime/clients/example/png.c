/* SPDX-License-Identifier: Apache-2.0 */
#include "png.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ADLER 65521u
#define BLOCK 65535u

typedef struct sink {
  FILE *file;
  uint32_t crc;          /* of the chunk */
  uint32_t low, high;    /* Adler-32 of the image data */
  uint32_t left, room;   /* bytes of image data to come, and of its stored block */
} sink;

static void put(sink *s, const void *bytes, size_t count) {
  const unsigned char *at = bytes;
  size_t i;
  int bit;
  for (i = 0; i < count; i++) {
    s->crc ^= at[i];
    for (bit = 0; bit < 8; bit++) s->crc = s->crc >> 1 ^ (0xedb88320u & (0u - (s->crc & 1u)));
  }
  fwrite(bytes, 1, count, s->file);
}

static void put_u32(sink *s, uint32_t value) {
  const unsigned char bytes[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                                  (unsigned char)(value >> 8), (unsigned char)value};
  put(s, bytes, 4);
}

static void begin(sink *s, const char *kind, uint32_t size) {
  put_u32(s, size);
  s->crc = 0xffffffffu;
  put(s, kind, 4);
}

static void end(sink *s) { put_u32(s, ~s->crc); }

/* Image data, cut into stored blocks of the zlib stream. */
static void put_image(sink *s, const unsigned char *bytes, uint32_t count) {
  uint32_t i;
  while (count) {
    uint32_t part = count;
    if (!s->room) {
      unsigned char head[5];
      s->room = s->left < BLOCK ? s->left : BLOCK;
      head[0] = s->room == s->left;
      head[1] = (unsigned char)s->room;
      head[2] = (unsigned char)(s->room >> 8);
      head[3] = (unsigned char)~head[1];
      head[4] = (unsigned char)~head[2];
      put(s, head, 5);
    }
    if (part > s->room) part = s->room;
    for (i = 0; i < part; i++) {
      s->low = (s->low + bytes[i]) % ADLER;
      s->high = (s->high + s->low) % ADLER;
    }
    put(s, bytes, part);
    s->room -= part;
    s->left -= part;
    bytes += part;
    count -= part;
  }
}

int png_write(const char *path, const unsigned char *rgb, int width, int height) {
  static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  static const unsigned char rgb8[5] = {8, 2, 0, 0, 0}, zlib[2] = {0x78, 0x01}, no_filter = 0;
  const uint32_t row = 3u * (uint32_t)width, size = (row + 1) * (uint32_t)height;
  sink s;
  int y, failed;
  memset(&s, 0, sizeof s);
  s.file = fopen(path, "wb");
  if (!s.file) return 0;
  put(&s, signature, sizeof signature);
  begin(&s, "IHDR", 13);
  put_u32(&s, (uint32_t)width);
  put_u32(&s, (uint32_t)height);
  put(&s, rgb8, sizeof rgb8);
  end(&s);
  s.low = 1;
  s.left = size;
  begin(&s, "IDAT", 2 + size + 5 * ((size + BLOCK - 1) / BLOCK) + 4);
  put(&s, zlib, sizeof zlib);
  for (y = height - 1; y >= 0; y--) {
    put_image(&s, &no_filter, 1);
    put_image(&s, rgb + (size_t)y * row, row);
  }
  put_u32(&s, s.high << 16 | s.low);
  end(&s);
  begin(&s, "IEND", 0);
  end(&s);
  failed = ferror(s.file);
  return !fclose(s.file) && !failed;
}
