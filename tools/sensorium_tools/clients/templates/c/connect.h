
/* ---- Connecting, outside the frame ------------------------------------------------------------ */

static inline const char *sensorium_region_name(int region) {
  static const char *const names[SENSORIUM_REGIONS] = {SENSORIUM_REGION_NAMES};
  return names[region];
}

/* The newest generation of the public region, as the file `current` names it; 0: none was there. */
static inline uint64_t sensorium_current(const sensorium_t *s) {
  char path[560], text[32];
  size_t length;
  FILE *file;
  snprintf(path, sizeof path, "%s/current", s->directory);
  file = fopen(path, "rb");
  if (!file) return 0;
  length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  return strtoull(text, NULL, 10);
}

/* Maps the public region that lies in session.directory; UNAVAILABLE: no daemon has one there. */
static inline sensorium_status sensorium_map_newest(sensorium_t *s) {
  sensorium_region_t *r = &s->regions[SENSORIUM_REGION_PUBLIC];
  char path[600];
  uint64_t generation = sensorium_current(s);
  int tries;
  for (tries = 0; generation && tries < SENSORIUM_TRIES; tries++) {
    snprintf(path, sizeof path, "%s/public.%llu", s->directory, (unsigned long long)generation);
    if (sensorium_map_file(s, r, path) != SENSORIUM_UNAVAILABLE) {
      if (r->base) sensorium_clock_settle(r);
      return r->status;
    }
    generation = sensorium_current(s); /* replaced between the two looks */
  }
  return SENSORIUM_UNAVAILABLE;
}

static inline void sensorium_look_elsewhere(sensorium_t *s) {
  char other[sizeof s->directory];
  memcpy(other, s->elsewhere, sizeof other);
  memcpy(s->elsewhere, s->directory, sizeof other);
  memcpy(s->directory, other, sizeof other);
}

static inline sensorium_status sensorium_map_public(sensorium_t *s) {
  sensorium_region_t *r = &s->regions[SENSORIUM_REGION_PUBLIC];
  sensorium_status status;
  if (r->base && r->generation == sensorium_current(s) &&
      sensorium_load(r->base + SENSORIUM_HEADER_STATE) == SENSORIUM_REGION_LIVE)
    return SENSORIUM_OK;
  sensorium_region_unmap(r);
  s->binding++;
  status = sensorium_map_newest(s);
  if (status == SENSORIUM_UNAVAILABLE && s->elsewhere[0]) {
    sensorium_look_elsewhere(s);
    status = sensorium_map_newest(s);
    if (status == SENSORIUM_UNAVAILABLE) sensorium_look_elsewhere(s);
  }
  if (status != SENSORIUM_UNAVAILABLE) return status;
  r->status = SENSORIUM_CLOSED;
  snprintf(s->message, sizeof s->message, "no Sensorium daemon runs (looked in %.200s%s%.60s)", s->directory,
           s->elsewhere[0] ? " and " : "", s->elsewhere);
  return sensorium_fail(s, SENSORIUM_UNAVAILABLE, s->message, "sensorium run");
}

static inline sensorium_status sensorium_refused(sensorium_t *s, const char *reply) {
  char error[32];
  sensorium_json_text(reply, "error", error, sizeof error);
  sensorium_json_text(reply, "message", s->message, sizeof s->message);
  sensorium_json_text(reply, "remedy", s->remedy, sizeof s->remedy);
  if (!strcmp(error, "DENIED")) return SENSORIUM_DENIED;
  if (!strcmp(error, "VERSION")) return SENSORIUM_VERSION;
  return SENSORIUM_UNAVAILABLE;
}

/* Says hello over control, which is what private regions and sleeping need; reading public ones
 * does without. */
static inline sensorium_status sensorium_hello(sensorium_t *s) {
  char request[900], name[700], reply[2048];
  intptr_t handles[2];
  if (s->control != -1) {
    sensorium_open_page(s);
    return SENSORIUM_OK;
  }
  if (!sensorium_control_open(s))
    return sensorium_fail(s, SENSORIUM_UNAVAILABLE, "the daemon's control does not answer", "sensorium run");
  if (!sensorium_json_quote(name, sizeof name, s->app)) {
    sensorium_control_close(s);
    return sensorium_fail(s, SENSORIUM_BAD, "the app's name is too long", "");
  }
  snprintf(request, sizeof request,
           "{\"op\":\"hello\",\"app\":%s,\"client\":\"c %s\",\"layout_major\":%d,\"layout_minor\":%d}", name,
           SENSORIUM_CLIENT_VERSION, SENSORIUM_LAYOUT_MAJOR, SENSORIUM_LAYOUT_MINOR);
  if (!sensorium_exchange(s, request, reply, sizeof reply, handles)) {
    sensorium_control_close(s);
    return sensorium_fail(s, SENSORIUM_UNAVAILABLE, "the daemon's control broke off", "");
  }
  if (!sensorium_json_true(reply, "ok")) {
    sensorium_control_close(s);
    return sensorium_refused(s, reply);
  }
  s->session = (uint32_t)sensorium_json_number(reply, "session");
  sensorium_open_page(s);
  return SENSORIUM_OK;
}

/* Opens a region by its grant class: "motion", "gaze", ..., or "app", the app's own. DENIED: the
 * owner has not granted it; session.remedy is the command that does. */
static inline sensorium_status sensorium_open(sensorium_t *s, const char *region) {
  char request[128], reply[2048];
  intptr_t handles[2];
  sensorium_region_t *r;
  sensorium_status status;
  int i;
  for (i = 0; i < SENSORIUM_REGIONS; i++)
    if (!strcmp(region, sensorium_region_name(i))) break;
  if (i == SENSORIUM_REGIONS) return sensorium_fail(s, SENSORIUM_BAD, "no such region", "");
  r = &s->regions[i];
  r->wanted = 1;
  r->writable = i == SENSORIUM_REGION_APP;
  if (i == SENSORIUM_REGION_PUBLIC) return sensorium_map_public(s);
  if (r->base && sensorium_load(r->base + SENSORIUM_HEADER_STATE) == SENSORIUM_REGION_LIVE) return SENSORIUM_OK;
  sensorium_region_unmap(r);
  s->binding++;
  r->status = SENSORIUM_CLOSED;
  status = sensorium_hello(s);
  if (status != SENSORIUM_OK) {
    if (status == SENSORIUM_DENIED || status == SENSORIUM_VERSION) r->status = status;
    return status;
  }
  snprintf(request, sizeof request, "{\"op\":\"open\",\"region\":\"%s\"}", region);
  if (!sensorium_exchange(s, request, reply, sizeof reply, handles)) {
    sensorium_control_close(s);
    return sensorium_fail(s, SENSORIUM_UNAVAILABLE, "the daemon's control broke off", "");
  }
  if (!sensorium_json_true(reply, "ok")) {
    status = sensorium_refused(s, reply);
    if (status == SENSORIUM_DENIED || status == SENSORIUM_VERSION) r->status = status;
    return status;
  }
  status = sensorium_map_handles(s, r, handles, sensorium_json_number(reply, "size"));
  if (status == SENSORIUM_OK) sensorium_clock_settle(r);
  return status;
}

/* Where the system starts the daemon on demand, a connection is what starts it: sensorium_reconnect
 * finds it a second later. */
static inline void sensorium_knock(sensorium_t *s) {
#ifndef _WIN32
  if (s->control == -1 && sensorium_control_open(s)) sensorium_control_close(s);
#else
  (void)s;
#endif
}

/* Finds the running daemon and maps its public region; private ones and the app's own are opened
 * by sensorium_open or sensorium_bind. The session is usable whatever this returns: without a
 * daemon every read says CLOSED, until sensorium_reconnect finds one.
 * `directory`: NULL for the user's own: SENSORIUM_RUNTIME_DIR, else the first of XDG_RUNTIME_DIR/sensorium
 * and /dev/shm/sensorium-UID that has a daemon's files (Windows: Temp\sensorium of the user). */
static inline sensorium_status sensorium_connect(sensorium_t *s, const char *app, const char *directory) {
  const char *chosen = directory ? directory : getenv("SENSORIUM_RUNTIME_DIR");
  sensorium_status status;
  int i;
  memset(s, 0, sizeof *s);
  s->control = -1;
  s->binding = 1;
  for (i = 0; i < SENSORIUM_REGIONS; i++) s->regions[i].status = SENSORIUM_CLOSED;
  s->regions[SENSORIUM_REGION_PUBLIC].wanted = 1;
  snprintf(s->app, sizeof s->app, "%s", app);
  if (chosen && *chosen) snprintf(s->directory, sizeof s->directory, "%s", chosen);
  else sensorium_default_directory(s);
  status = sensorium_map_public(s);
  if (status == SENSORIUM_OK) sensorium_hello(s); /* public is read without it */
  else sensorium_knock(s);
  return status;
}

/* Looks for a newer daemon or region and opens again what was open. Channels follow by
 * themselves. Cheap when nothing changed; no other call on this session may run meanwhile. */
static inline sensorium_status sensorium_reconnect(sensorium_t *s) {
  uint32_t before = s->binding;
  sensorium_status status = sensorium_map_public(s);
  int i;
  if (status != SENSORIUM_OK || s->binding != before) { /* another daemon's, perhaps */
    sensorium_control_close(s);
    for (i = 1; i < SENSORIUM_REGIONS; i++) {
      sensorium_region_unmap(&s->regions[i]);
      s->regions[i].status = SENSORIUM_CLOSED;
    }
    s->binding++;
  }
  if (status != SENSORIUM_OK) {
    sensorium_knock(s);
    return status;
  }
  sensorium_hello(s);
  for (i = 1; i < SENSORIUM_REGIONS; i++)
    if (s->regions[i].wanted) sensorium_open(s, sensorium_region_name(i));
  return SENSORIUM_OK;
}

static inline void sensorium_close(sensorium_t *s) {
  int i;
  for (i = 0; i < SENSORIUM_REGIONS; i++) {
    sensorium_region_unmap(&s->regions[i]);
    s->regions[i].status = SENSORIUM_CLOSED;
  }
  s->binding++;
  sensorium_control_close(s);
}

/* Prepares a channel of the catalogue and opens its region when it is not open yet. The channel is
 * usable whatever this returns: it says DENIED, CLOSED or VERSION until that changes. The session
 * must stay where it is while the channel is used. */
static inline sensorium_status sensorium_bind(sensorium_t *s, sensorium_channel_t *c, const char *name) {
  const sensorium_known_t *known = sensorium_catalogue(name);
  sensorium_status status;
  memset(c, 0, sizeof *c);
  c->session = s;
  c->region = &s->regions[SENSORIUM_REGION_PUBLIC];
  c->status = SENSORIUM_BAD;
  c->binding = s->binding;
  if (!known) {
    snprintf(s->message, sizeof s->message, "no channel is called %.64s", name);
    return sensorium_fail(s, SENSORIUM_BAD, s->message, "sensorium channels");
  }
  snprintf(c->name, sizeof c->name, "%s", name);
  c->region_index = known->region;
  c->region = &s->regions[known->region];
  c->record_id = known->record_id;
  c->record_major = known->record_major;
  c->record_size = known->record_size;
  c->follows = known->event;
  c->cursor = 1;
  if (!c->region->base) {
    status = sensorium_open(s, sensorium_region_name((int)known->region));
    if (status != SENSORIUM_OK) {
      sensorium_rebind(c);
      return status;
    }
  }
  status = sensorium_rebind(c);
  if (status != SENSORIUM_OK) sensorium_explain(c, s->message, sizeof s->message);
  else c->cursor = sensorium_latest(c) + 1;
  return status;
}
