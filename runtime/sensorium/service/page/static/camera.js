// A camera that turns around a point, and the projection of the stage (y up, metres) to pixels.
const NEAR = 0.05;
const REST = { yaw: 0.55, pitch: 0.28, distance: 1.5 };

export class Camera {
  constructor() {
    Object.assign(this, REST);
    this.about = [0, 1.3, -0.3];
    this.set(1, 1);
  }

  reset() {
    Object.assign(this, REST);
  }

  /** From where it looks, as a text. */
  get place() {
    return `${this.yaw} ${this.pitch} ${this.distance}`;
  }

  turn(yaw, pitch) {
    this.yaw += yaw;
    this.pitch = Math.min(1.5, Math.max(-1.2, this.pitch + pitch));
  }

  /** Comes closer (below 1) or goes further. */
  move(factor) {
    this.distance = Math.min(8, Math.max(0.4, this.distance * factor));
  }

  /** Once a frame: the size of the picture. */
  set(width, height) {
    this.middle = [width / 2, height / 2];
    this.focus = Math.min(width, height) * 0.95;
    [this.sy, this.cy] = [Math.sin(this.yaw), Math.cos(this.yaw)];
    [this.sp, this.cp] = [Math.sin(this.pitch), Math.cos(this.pitch)];
  }

  /** A point as the camera has it: right, up, depth. */
  seen(p) {
    const x = p[0] - this.about[0], y = p[1] - this.about[1], z = p[2] - this.about[2];
    const right = this.cy * x - this.sy * z;
    const back = this.sy * x + this.cy * z;
    return [right, this.cp * y - this.sp * back, this.distance - (this.sp * y + this.cp * back)];
  }

  /** Pixels of what the camera has in front of it; the third: pixels of a metre there. */
  flat(seen) {
    const scale = this.focus / seen[2];
    return [this.middle[0] + seen[0] * scale, this.middle[1] - seen[1] * scale, scale];
  }

  /** A point in pixels; null behind the camera. */
  point(p) {
    const seen = this.seen(p);
    return seen[2] < NEAR ? null : this.flat(seen);
  }

  /** A line in pixels, cut off where it goes behind the camera; null where all of it is. */
  line(a, b) {
    let from = this.seen(a), to = this.seen(b);
    if (from[2] < NEAR && to[2] < NEAR) return null;
    if (from[2] < NEAR) from = cut(to, from);
    else if (to[2] < NEAR) to = cut(from, to);
    return [this.flat(from), this.flat(to)];
  }
}

function cut(near, behind) {
  const share = (near[2] - NEAR) / (near[2] - behind[2]);
  return near.map((value, axis) => value + share * (behind[axis] - value));
}

/** A vector turned by a unit quaternion xyzw. */
export function rotate(q, v) {
  const [x, y, z, w] = q;
  const tx = 2 * (y * v[2] - z * v[1]);
  const ty = 2 * (z * v[0] - x * v[2]);
  const tz = 2 * (x * v[1] - y * v[0]);
  return [
    v[0] + w * tx + y * tz - z * ty,
    v[1] + w * ty + z * tx - x * tz,
    v[2] + w * tz + x * ty - y * tx,
  ];
}

export const add = (a, b, scale = 1) => [
  a[0] + scale * b[0], a[1] + scale * b[1], a[2] + scale * b[2],
];
export const known = (v) => v.every((value) => value !== null && Number.isFinite(value));
