/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "floor.h"
#include "gl.h"

#define POSITION_VALID 2u
#define SPACE_LOCAL 3u
#define SITTING_EYE_M 1.4f /* height of LOCAL's origin above a floor that it does not know */
#define FINGERS 5
#define PALM 0
#define WRIST 1
#define SOFTNESS_S 1.5f
#define HEAD_WEIGHT 1.4f /* of the head beside each hand, where the camera looks */

const colour LEFT_COLOUR = {0.16f, 0.70f, 0.93f, 1}, RIGHT_COLOUR = {1.0f, 0.56f, 0.18f, 1},
             GREY_COLOUR = {0.42f, 0.44f, 0.47f, 1};

/* OpenXR's joints of each finger from the palm outwards, thumb first; the thumb has one less. */
static const int fingers[FINGERS][5] = {
    {2, 3, 4, 5, -1}, {6, 7, 8, 9, 10}, {11, 12, 13, 14, 15}, {16, 17, 18, 19, 20}, {21, 22, 23, 24, 25}};

static float floor_height(const senses_t *s) { return s->head.space == SPACE_LOCAL ? -SITTING_EYE_M : 0.0f; }

void camera_start(camera_t *c) {
  c->around = 0.78f;
  c->up = 0.30f;
  c->away = 1.42f;
  c->fov_y = 0.66f;
  c->pivot = v3(0, 1.25f, -0.2f);
  c->eye = c->pivot;
}

static int place_of_hand(const senses_t *s, int side, vec3 *place) {
  if (!sense_shows(&s->of_hand[side]) || !(s->hand[side].joints[PALM].flags & POSITION_VALID)) return 0;
  *place = v3_from(s->hand[side].joints[PALM].position);
  return 1;
}

void camera_follow(camera_t *c, const senses_t *s, float seconds) {
  vec3 sum = v3(0, 0, 0), place;
  float weight = 0, k = 1 - expf(-seconds / SOFTNESS_S);
  int side;
  if (sense_shows(&s->of_head) && (s->head.pose.flags & POSITION_VALID)) {
    sum = scaled(v3_from(s->head.pose.position), HEAD_WEIGHT);
    weight = HEAD_WEIGHT;
  }
  for (side = 0; side < 2; side++)
    if (place_of_hand(s, side, &place)) {
      sum = add(sum, place);
      weight += 1;
    }
  if (weight > 0) c->pivot = blend(c->pivot, scaled(sum, 1 / weight), k);
  c->eye = add(c->pivot, scaled(v3(sinf(c->around) * cosf(c->up), sinf(c->up), cosf(c->around) * cosf(c->up)),
                                c->away));
}

static float radius_of(const sensorium_joint_t *joint) {
  return joint->radius > 0.002f && joint->radius < 0.05f ? joint->radius : 0.008f;
}

static void draw_bone(const sensorium_hand_t *hand, int from, int to, float thick, colour c) {
  const sensorium_joint_t *a = &hand->joints[from], *b = &hand->joints[to];
  if (!(a->flags & b->flags & POSITION_VALID)) return;
  mesh_tube(v3_from(a->position), v3_from(b->position), radius_of(a) * thick, radius_of(b) * thick, c, 0);
}

static void draw_hand(const sensorium_hand_t *hand, colour c, float glow) {
  const colour joint_colour = {c.r * 0.55f + 0.45f, c.g * 0.55f + 0.45f, c.b * 0.55f + 0.45f, 1};
  const colour web = {c.r * 0.7f, c.g * 0.7f, c.b * 0.7f, 1};
  int finger, i;
  for (finger = 0; finger < FINGERS; finger++) {
    draw_bone(hand, WRIST, fingers[finger][0], 0.55f, web);
    for (i = 0; i < 4 && fingers[finger][i + 1] >= 0; i++)
      draw_bone(hand, fingers[finger][i], fingers[finger][i + 1], 0.78f, c);
    if (finger) draw_bone(hand, fingers[finger - 1][1], fingers[finger][1], 0.55f, web);
  }
  for (i = 0; i < SENSORIUM_HAND_JOINTS; i++) {
    const sensorium_joint_t *joint = &hand->joints[i];
    int last = i == 5 || i == 10 || i == 15 || i == 20 || i == 25;
    if (i == PALM || !(joint->flags & POSITION_VALID)) continue;
    mesh_ball(v3_from(joint->position), radius_of(joint) * (last ? 0.85f : 0.92f), last ? c : joint_colour, glow);
  }
}

/* A line down to the floor tells how far away a hand is. */
static void draw_plumb(vec3 from, float floor_m, colour c) {
  const colour faint = {c.r * 0.4f, c.g * 0.4f, c.b * 0.4f, 1};
  const mat3 straight = mat3_identity();
  const vec3 foot = v3(from.x, floor_m, from.z);
  mesh_tube(foot, v3(from.x, from.y - 0.06f, from.z), 0.0012f, 0.0012f, faint, 1);
  mesh_draw(SHAPE_BALL, foot, &straight, v3(0.022f, 0.003f, 0.022f), faint, 1);
}

static vec3 on_head(const mat3 *turn, vec3 place, float x, float y, float z) {
  return add(place, turned(turn, v3(x, y, z)));
}

/* A head with a visor and its strap; the pose is the point between the eyes, -z looks ahead. */
static void draw_head(const sensorium_pose_t *pose, int stale) {
  const colour skin = stale ? GREY_COLOUR : (colour){0.47f, 0.51f, 0.58f, 1};
  const colour shell = {0.17f, 0.19f, 0.23f, 1}, strap = {0.11f, 0.12f, 0.15f, 1};
  const colour light = stale ? GREY_COLOUR : (colour){0.45f, 0.92f, 0.72f, 1};
  const mat3 turn = mat3_turn(pose->orientation);
  const vec3 place = v3_from(pose->position);
  mesh_draw(SHAPE_BALL, on_head(&turn, place, 0, 0.005f, 0.085f), &turn, v3(0.076f, 0.112f, 0.094f), skin, 0);
  mesh_draw(SHAPE_BALL, on_head(&turn, place, 0, -0.062f, 0.052f), &turn, v3(0.055f, 0.062f, 0.060f), skin, 0);
  mesh_tube(on_head(&turn, place, 0, -0.06f, 0.09f), on_head(&turn, place, 0, -0.16f, 0.11f), 0.044f, 0.046f, skin, 0);
  mesh_draw(SHAPE_BALL, on_head(&turn, place, 0, -0.16f, 0.11f), &turn, v3(0.046f, 0.016f, 0.046f), skin, 0);
  mesh_draw(SHAPE_BLOCK, on_head(&turn, place, 0, 0, -0.022f), &turn, v3(0.096f, 0.052f, 0.048f), shell, 0);
  mesh_draw(SHAPE_BALL, on_head(&turn, place, 0, 0.012f, 0.085f), &turn, v3(0.084f, 0.022f, 0.101f), strap, 0);
  mesh_draw(SHAPE_BLOCK, on_head(&turn, place, 0, 0.006f, -0.069f), &turn, v3(0.074f, 0.007f, 0.004f), light, 1);
  mesh_draw(SHAPE_BLOCK, on_head(&turn, place, 0.095f, 0.006f, -0.022f), &turn, v3(0.004f, 0.007f, 0.03f), light, 1);
  mesh_draw(SHAPE_BLOCK, on_head(&turn, place, -0.095f, 0.006f, -0.022f), &turn, v3(0.004f, 0.007f, 0.03f), light, 1);
  mesh_tube(on_head(&turn, place, 0, 0, -0.09f), on_head(&turn, place, 0, 0, -0.34f), 0.0022f, 0.0005f, light, 1);
}

static void draw_targets(const sensorium_scene_t *scene) {
  static const colour colours[SENSES_TARGETS] = {
      {0.86f, 0.74f, 0.42f, 1}, {0.36f, 0.30f, 0.27f, 1}, {0.17f, 0.23f, 0.33f, 1}};
  uint32_t i;
  for (i = 0; i < scene->count && i < SENSES_TARGETS; i++) {
    const sensorium_scene_target_t *target = &scene->targets[i];
    const mat3 turn = mat3_turn(target->orientation);
    const vec3 place = v3_from(target->position);
    if (target->radius > 0) mesh_ball(place, target->radius, colours[i], 0.35f);
    else mesh_draw(SHAPE_BLOCK, place, &turn, v3_from(target->half_extents), colours[i], 0);
  }
}

void scene_draw(const camera_t *c, const senses_t *s, int width, int height) {
  const float floor_m = floor_height(s);
  mat4 projection = mat4_perspective(c->fov_y, (float)width / (float)(height > 0 ? height : 1), 0.05f, 40.0f);
  mat4 look = mat4_look(c->eye, c->pivot);
  vec3 shadows[FLOOR_SHADOWS] = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}}, place;
  const int head = sense_shows(&s->of_head) && (s->head.pose.flags & POSITION_VALID);
  view v;
  int side;
  v.projection = mat4_product(&projection, &look);
  v.eye = c->eye;
  if (head) shadows[2] = v3(s->head.pose.position[0], s->head.pose.position[2], 0.22f);
  for (side = 0; side < 2; side++)
    if (place_of_hand(s, side, &place)) shadows[side] = v3(place.x, place.z, 0.12f);
  glViewport(0, 0, width, height);
  glEnable(GL_DEPTH_TEST);
  glClear(GL_DEPTH_BUFFER_BIT);
  mesh_begin(&v);
  draw_targets(&s->scene);
  for (side = 0; side < 2; side++) {
    const int stale = s->of_hand[side].status == SENSORIUM_STALE;
    const colour c2 = stale ? GREY_COLOUR : side ? RIGHT_COLOUR : LEFT_COLOUR;
    if (!sense_shows(&s->of_hand[side])) continue;
    draw_hand(&s->hand[side], c2, 0);
    if (place_of_hand(s, side, &place)) draw_plumb(place, floor_m, c2);
  }
  if (head) draw_head(&s->head.pose, s->of_head.status == SENSORIUM_STALE);
  floor_draw(&v, floor_m, shadows, height);
}
