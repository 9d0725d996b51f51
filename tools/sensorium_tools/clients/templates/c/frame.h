
/* ---- Frame times: what the daemon uses to stay out of the game's way --------------------------- */

/* A frame begins. `frame` is yours to keep; bind its channel "frame_timing" once. */
static inline void sensorium_frame_begin(sensorium_t *s, sensorium_frame_timing_t *frame, uint64_t now_ns) {
  uint64_t last = frame->begin_ns, period = frame->period_ns;
  if (last && period && now_ns > last + period + period / 2) frame->missed += (now_ns - last + period / 2) / period - 1;
  frame->frame = ++s->frames;
  frame->begin_ns = now_ns;
  frame->end_ns = 0;
  frame->source = 1;
}

/* The frame was submitted: publishes its times. Fill display_ns, period_ns, cpu_ns and gpu_ns
 * before, where you know them. */
static inline sensorium_status sensorium_frame_end(sensorium_channel_t *c, sensorium_frame_timing_t *frame,
                                                   uint64_t now_ns) {
  frame->end_ns = now_ns;
  return sensorium_write_frame_timing(c, frame, frame->begin_ns, now_ns);
}

#if defined(_MSC_VER)
#pragma warning(pop)
#endif

#endif /* SENSORIUM_H */
