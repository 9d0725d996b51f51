
/* ---- Control messages: flat JSON, written by snprintf and read by a scanner ------------------- */

/* Appends `text` as a JSON string, quotes included; gives 0 when there is no room. */
static inline int sensorium_json_quote(char *at, size_t room, const char *text) {
  size_t i = 0;
  if (room < 3) return 0;
  at[i++] = '"';
  for (; *text; text++) {
    unsigned char letter = (unsigned char)*text;
    if (i + 8 > room) return 0;
    if (letter == '"' || letter == '\\') {
      at[i++] = '\\';
      at[i++] = (char)letter;
    } else if (letter < 0x20) {
      i += (size_t)snprintf(at + i, room - i, "\\u%04x", letter);
    } else {
      at[i++] = (char)letter;
    }
  }
  at[i++] = '"';
  at[i] = 0;
  return 1;
}

/* Behind the string that starts at `at` (a quote), or NULL. */
static inline const char *sensorium_json_skip(const char *at) {
  for (at++; *at && *at != '"'; at++)
    if (*at == '\\' && *++at == 0) return NULL;
  return *at ? at + 1 : NULL;
}

/* The value of a key of the outermost object, or NULL. */
static inline const char *sensorium_json_find(const char *json, const char *key) {
  size_t length = strlen(key);
  int depth = 0, is_key = 0;
  const char *at = json;
  while (*at) {
    if (*at == '"') {
      const char *end = sensorium_json_skip(at);
      if (!end) return NULL;
      if (depth == 1 && is_key && (size_t)(end - at) == length + 2 && !strncmp(at + 1, key, length)) {
        while (*end == ' ' || *end == ':') end++;
        return *end ? end : NULL;
      }
      at = end;
      continue;
    }
    if (*at == '{' || *at == '[') {
      depth++;
      is_key = *at == '{';
    } else if (*at == '}' || *at == ']') {
      depth--;
      is_key = 0;
    } else if (*at == ':') {
      is_key = 0;
    } else if (*at == ',') {
      is_key = 1;
    }
    at++;
  }
  return NULL;
}

/* A text value without its quotes and escapes; \u is given as `?`. */
static inline void sensorium_json_text(const char *json, const char *key, char *out, size_t size) {
  const char *at = sensorium_json_find(json, key);
  size_t i = 0;
  out[0] = 0;
  if (!at || *at != '"') return;
  for (at++; *at && *at != '"' && i + 1 < size; at++) {
    if (*at == '\\' && at[1]) {
      at++;
      if (*at == 'u') {
        int k;
        for (k = 0; k < 4 && at[1]; k++) at++;
        out[i++] = '?';
      } else {
        out[i++] = *at == 'n' ? '\n' : *at == 't' ? '\t' : *at;
      }
    } else {
      out[i++] = *at;
    }
  }
  out[i] = 0;
}

static inline uint64_t sensorium_json_number(const char *json, const char *key) {
  const char *at = sensorium_json_find(json, key);
  return at && *at >= '0' && *at <= '9' ? strtoull(at, NULL, 10) : 0;
}

static inline int sensorium_json_true(const char *json, const char *key) {
  const char *at = sensorium_json_find(json, key);
  return at && !strncmp(at, "true", 4);
}
